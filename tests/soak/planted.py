"""Faults of the script, each a line changed in a copy of it: a soak that does not find them proves nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from trunkline.board import client, owner
from trunkline.board.script import Library, composed


class Fault(NamedTuple):
    """A line of the script, what stands there instead, and a word of what is then found."""

    line: str
    instead: str
    found: str


FAULTS = {
    "room is counted one too high": Fault(
        "return taken + r.weight <= m.capacity", "return taken + r.weight <= m.capacity + 1", "above capacity"
    ),
    "an offer has two outcomes": Fault(
        "  local id = commit(c, OFFER .. 'accepted.v1'",
        "  commit(c, OFFER .. 'declined.v1', { agents = a[2] })\n  local id = commit(c, OFFER .. 'accepted.v1'",
        "another outcome of offer",
    ),
    "an operation is forgotten": Fault(
        "return operation ~= '' and redis.call('GET', P .. 'op:' .. operation) or false", "return false", "made twice"
    ),
    "a version is skipped": Fault(
        "c.version = int(num(c.version) + 1)",
        "c.version = int(num(c.version) + (num(c.version) % 8 == 7 and 2 or 1))",
        "versions are not dense",
    ),
    "who closes is given nothing new": Fault("  pull(name)\n  pull_each(asked)", "  pull_each(asked)", "could take it"),
    "a transfer to a queue keeps its room": Fault(
        "  release(a[2], c)\n  clocks.move(c, a[11])", "  clocks.move(c, a[11])", "holds"
    ),
    "who comes serves a shut queue": Fault(
        "if now == SATISFIES and not is_shut(id) then join(m, id, skills, r)\n    elseif",
        "if now == SATISFIES then join(m, id, skills, r)\n    elseif",
        "and queue s",
    ),
    "who drains is offered work": Fault(
        "local function takes_work(a) return a.presence == 'available' and a.draining ~= '1' end",
        "local function takes_work(a) return a.presence == 'available' end",
        "and agent agent-",
    ),
    "who takes over needs no room": Fault(
        "if a[4] ~= '1' and not has_room(measure(to), requirement(c.requirement)) then",
        "if false then",
        "above capacity",
    ),
    "a consultation outlasts its owner": Fault(
        "if not works or redis.call('HGET', P .. 'c:' .. c.id, 'owner') ~= c.owner then dismiss(c) end",
        "if not works then dismiss(c) end",
        "are consulted",
    ),
    "who was in front stays there": Fault(
        "  if num(c.front) > 0 then c.front = '0' end\n", "", "at the front of a line"
    ),
    "a message is dropped": Fault(
        "if seen then advance(a); return { 'duplicate' } end",
        "if seen or num(a[3]) % 40 == 39 then advance(a); return { 'duplicate' } end",
        "was lost",
    ),
}


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Meanwhile this process's boards use the copy with this fault."""
    fault = FAULTS[name]
    copy = composed().changed(fault.line, fault.instead)
    _compose(lambda: copy)
    try:
        yield
    finally:
        _compose(composed)


def _compose(how: Callable[[], Library]) -> None:
    for module in (client, owner):
        vars(module).update(composed=how)
