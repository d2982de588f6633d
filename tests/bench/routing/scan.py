"""The board with a plain scan in the place of its index: what the index is measured against.

A copy of the script in which nothing is kept by requirement set. Each skill has its free agents, longest idle first; a
claim goes through those of the rarest skill asked for and looks each of them up, and who gives work back is put back
under each skill. All else (routing, reasons, capacity, counters, events) is as it is, so the difference is the index's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from trunkline.board import client, owner
from trunkline.board.script import Library, composed

_BEFORE = "-- 90_run.lua"
_SCAN = """
local function under(skill) return P .. 'scan:' .. skill end

rank = function() end

rerank = function(a)
  local free = a.presence == 'available' and num(a.load) < num(a.capacity)
  for _, skill in ipairs(redis.call('HKEYS', P .. 'as:' .. a.id)) do
    if free then redis.call('ZADD', under(skill), a.idle_since, a.id)
    else redis.call('ZREM', under(skill), a.id) end
  end
end

best_agent = function(c)
  local wanted, rarest, fewest = {}, nil, nil
  for skill, level in string.gmatch(requirement(c.requirement).skills, '([^,:]+):(%d+)') do
    local many = redis.call('ZCARD', under(skill))
    wanted[#wanted + 1] = { skill, num(level) }
    if not fewest or many < fewest then rarest, fewest = skill, many end
  end
  for from = 0, fewest - 1, 16 do
    for _, name in ipairs(redis.call('ZRANGE', under(rarest), from, from + 15)) do
      local fits = true
      for _, want in ipairs(wanted) do
        fits = fits and num(redis.call('HGET', P .. 'as:' .. name, want[1])) >= want[2]
      end
      if fits then return name end
    end
  end
end
"""


@cache
def _scanning() -> Library:
    return composed().changed(_BEFORE, f"{_SCAN}\n{_BEFORE}")


@contextmanager
def scanning() -> Iterator[None]:
    """Meanwhile boards of this process use the copy."""
    for module in (client, owner):
        vars(module).update(composed=_scanning)
    try:
        yield
    finally:
        for module in (client, owner):
            vars(module).update(composed=composed)
