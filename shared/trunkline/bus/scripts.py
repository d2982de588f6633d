"""The log's scripts on Redis. They move bytes and leases only; routing state lives elsewhere, on the board."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha1
from typing import Any, NamedTuple

import redis.asyncio as redis
from redis.exceptions import NoScriptError


class Script(NamedTuple):
    """A script and the name the server knows it by."""

    text: str
    sha: str


def _script(text: str) -> Script:
    return Script(text, sha1(text.encode(), usedforsecurity=False).hexdigest())


APPEND = _script("""
-- Append batches to streams, each whole and in order; returns each batch's first offset.
-- KEYS[i] stream of batch i.  ARGV: per batch its count; per record its field count, then fields.
local at, answers, now = 1, {}, redis.call('TIME')
local ms = now[1] * 1000 + math.floor(now[2] / 1000)
for i, stream in ipairs(KEYS) do
  local count = tonumber(ARGV[at]); at = at + 1
  for n = 1, count do
    local size = tonumber(ARGV[at])
    local id = redis.call('XADD', stream, '0-*', 't', string.format('%.0f', ms), unpack(ARGV, at + 1, at + size))
    at = at + size + 1
    if n == 1 then answers[i] = tonumber(string.sub(id, 3)) - 1 end
  end
end
return answers
""")

EXPIRE = _script("""
-- Trim entries older than ARGV[1] ms from a stream, but never its last one. KEYS[1] stream.
local now = redis.call('TIME')
local limit = now[1] * 1000 - tonumber(ARGV[1])
local dropped = 0
while dropped < 100000 do
  local page = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 100)
  if #page < 2 then return dropped end
  local keep
  for i, entry in ipairs(page) do
    local t
    for f = 1, #entry[2], 2 do if entry[2][f] == 't' then t = tonumber(entry[2][f + 1]) end end
    if t >= limit or (i == #page and #page < 100) then keep = entry[1] break end
  end
  dropped = dropped + redis.call('XTRIM', KEYS[1], 'MINID', keep or page[#page][1])
  if keep then return dropped end
end
return dropped
""")

HEARTBEAT = _script("""
-- Prolong a member's session and settle leases: each partition has one member, shares differ by at most one.
-- KEYS[1] members, KEYS[2] leases.  ARGV: member, session ms, partitions.  Returns the partitions held.
local now = redis.call('TIME')
local ms = now[1] * 1000 + math.floor(now[2] / 1000)
local me, session, count = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('(%.0f', ms))
redis.call('ZADD', KEYS[1], string.format('%.0f', ms + session), me)
local members = redis.call('ZRANGE', KEYS[1], 0, -1)
local load = {}
for _, name in ipairs(members) do load[name] = 0 end
local held, free = {}, {}
for p = 0, count - 1 do
  local owner = redis.call('HGET', KEYS[2], p)
  if owner and load[owner] then
    load[owner] = load[owner] + 1
    if owner == me then held[#held + 1] = p end
  else
    free[#free + 1] = p
  end
end
-- count % members of us may hold one more than the others.
local least, more = math.floor(count / #members), 0
for name, n in pairs(load) do if name ~= me and n > least then more = more + 1 end end
local most = more < count % #members and least + 1 or least
while #held > most do
  redis.call('HDEL', KEYS[2], held[#held]); held[#held] = nil
end
for _, p in ipairs(free) do
  if #held >= most then break end
  redis.call('HSET', KEYS[2], p, me); held[#held + 1] = p
end
return held
""")


async def run(client: redis.Redis, script: Script, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
    """Run a script, loading it when the server does not know it."""
    try:
        return await client.evalsha(script.sha, len(keys), *keys, *arguments)
    except NoScriptError:
        return await client.eval(script.text, len(keys), *keys, *arguments)
