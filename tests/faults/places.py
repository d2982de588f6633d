"""Three places, one story: the board and the record are what the log makes of them. Each gives its violations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from tests.faults.evidence import Evidence, Told, holders
from trunkline.events import ReplyWritten, Status

_UNTOLD = {"opted_out", "shown", "deadline"}
"""Fields of a conversation's hash that change without an event: an opt-out of the thread has an event of its own, an
offer shown counts only for missing it, and `spare` gives a deadline one full period after a pause."""


def board_agrees(evidence: Evidence) -> list[str]:
    """The board's conversations are the last states of the log, and its sets and loads follow from them."""
    board, last = evidence.board, {name: told[-1] for name, told in evidence.story().items()}
    found = [f"the board has {name}, of which the log says nothing" for name in board.conversations if name not in last]
    held: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for name, one in last.items():
        state = one.state or {}
        for agent, weight in holders(state).items():
            held[agent][name] = weight
        found += _differences(name, state, board.conversations.get(name))
        waits = board.waiting.get(name)
        if waits != (state["requirement"] if state["status"] == Status.QUEUED else None):
            found.append(f"{name} is {state['status']} and waits in {waits}")
    for agent in set(held) | set(board.holdings):
        mine, load = held.get(agent, {}), board.loads.get(agent)
        if set(mine) != board.holdings.get(agent, frozenset()):
            found.append(f"{agent} holds {sorted(mine)} by the log and {sorted(board.holdings.get(agent, ()))} there")
        if load is not None and load != sum(mine.values()):
            found.append(f"{agent} has load {load} on the board and {sum(mine.values())} by the log")
    return found


def _differences(name: str, state: Mapping[str, Any], there: Mapping[str, str] | None) -> list[str]:
    if there is None:
        return [] if state["status"] == Status.CLOSED else [f"{name} ({state['status']}) is not on the board"]
    differ = {
        key: (value, there.get(key, ""))
        for key, value in state.items()
        if key not in _UNTOLD and there.get(key, "0" if isinstance(value, int) else "") != str(value)
    }
    return [f"{name} differs, (log, board): {differ}"] if differ else []


def record_agrees(evidence: Evidence) -> list[str]:
    """The record has each conversation at its last version, with the log's messages in the log's order."""
    found: list[str] = []
    for name, told in evidence.story().items():
        row = evidence.record.get(name)
        if row is None:
            found.append(f"{name} is not in the record")
            continue
        state = told[-1].state or {}
        wanted = (told[-1].version, state["status"], state["owner"])
        if (row.version, row.status, row.owner) != wanted:
            found.append(f"{name} is {wanted} in the log and {(row.version, row.status, row.owner)} in the record")
        if row.messages != (said := tuple(_said(told))):
            found.append(f"{name} has messages {said} in the log and {row.messages} in the record")
        found += [f"reply {one} of {name} has no status in the record" for one in row.unsent]
    return found


def _said(told: list[Told]) -> Iterator[str]:
    for one in told:
        if one.message:
            yield one.message
        elif one.type == ReplyWritten.type:
            yield one.data["details"]["message"]["id"]
