"""Judges a run by what it left behind (reference/reliability.md 8): each check gives its violations, [] if none.

What is only in doubt (an action never answered, a message never answered 200) is no violation either way. The checks
are themselves tested: `test_checker` seeds one violation for each.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.faults.evidence import Evidence, Told, holders
from tests.faults.places import board_agrees, record_agrees
from trunkline.events import (
    ConversationOpened,
    MessageAdded,
    OfferAccepted,
    OfferAutoAccepted,
    ReplyFailed,
    ReplySent,
    ReplyWritten,
    SendFailed,
    Status,
    StepAccepted,
    Taken,
)

Violations = list[str]

_GRACE_MS = 15_000
"""Before a rebuild an agent may have been given work for room whose release was never told: it was lost un-relayed.
Agents' actions are refused when an outbox is 10 s behind; 5 s more for what was under way."""


def violations(evidence: Evidence) -> Violations:
    """All that is wrong, each line headed by the check that found it."""
    return [f"{check.__name__}: {one}" for check in CHECKS for one in check(evidence)]


# --- messages ----------------------------------------------------------------------------------------------


def conserved(evidence: Evidence) -> Violations:
    """Every accepted message is in exactly one conversation, or a dead letter says why not; none came from nowhere."""
    applied = Counter(one.message for one in _routing(evidence) if one.message)
    given = {name for items in evidence.inbound.values() for _, name in items}
    buried = _buried(evidence)
    found = [
        f"accepted message {one.id} (number {one.number} of {one.customer}) is nowhere; "
        f"{'in' if one.id in given else 'not in'} the log's inbound"
        for one in evidence.accepted
        if not applied[one.id] and one.id not in buried
    ]
    found += [f"message {name} was applied {times} times: {_where(evidence, name)}" for name, times in applied.items()
              if times > 1]  # fmt: skip
    found += [f"message {name} was applied and is not in inbound" for name in applied if name not in given]
    return found


def ordered(evidence: Evidence) -> Violations:
    """Messages are applied in the order of their partition, and a customer's in the order they were written."""
    found: Violations = []
    for shard, told in evidence.routing.items():
        first: dict[str, int] = {}
        for offset, name in evidence.inbound.get(shard, []):
            first.setdefault(name, offset)
        last = -1
        for one in told:
            at = first.get(one.message, -1)
            if one.message and at < last:
                found.append(f"shard {shard}: message {one.message} of offset {at} was applied after offset {last}")
            last = max(last, at)
    return found + _customers_order(evidence)


def _customers_order(evidence: Evidence) -> Violations:
    place = {one.message: (one.shard, one.offset) for one in _routing(evidence) if one.message}
    found: Violations = []
    last: dict[str, tuple[int, tuple[int, int]]] = {}
    for one in sorted(evidence.accepted, key=lambda each: (each.customer, each.number)):
        at = place.get(one.id)
        if at is None:
            continue
        before = last.get(one.customer)
        if before is not None and at < before[1]:
            found.append(f"{one.customer}: number {one.number} at {at} was applied before number {before[0]}")
        last[one.customer] = (one.number, at)
    return found


def one_open_conversation(evidence: Evidence) -> Violations:
    """A thread has one conversation that is not closed."""
    found: Violations = []
    for shard, told in evidence.routing.items():
        current: dict[str, tuple[str, str]] = {}
        for one in told:
            if not one.version or one.state is None:
                continue
            thread, status = one.state["thread"], one.state["status"]
            known = current.get(thread)
            if known is not None and known[0] != one.subject and known[1] != Status.CLOSED:
                found.append(f"shard {shard}: {one.subject} version {one.version} while {known[0]} is {known[1]}")
            if known is None or known[0] == one.subject or one.type == ConversationOpened.type:
                current[thread] = (one.subject, status)
    return found


# --- conversations -----------------------------------------------------------------------------------------


def dense(evidence: Evidence) -> Violations:
    """A conversation's versions are 1, 2, 3 …, each once."""
    found: Violations = []
    for name, told in evidence.story().items():
        versions = [one.version for one in told]
        if versions != list(range(1, len(versions) + 1)):
            odd = [
                f"{before.version}@{before.offset} then {after.version}@{after.offset}"
                for before, after in itertools.pairwise(told)
                if after.version != before.version + 1
            ]
            found.append(f"{name} begins at {versions[0]} and goes {odd[:5]}")
    return found


def one_owner(evidence: Evidence) -> Violations:
    """An owner begins only by accepting an offer that is left to just that agent, or where the queue gives it without
    asking; and after the one before has ended."""
    found: Violations = []
    for name, told in evidence.story().items():
        before: Mapping[str, Any] = {"owner": "", "offered_to": "", "keeps": ""}
        for one in told:
            state = one.state or before
            owner, earlier = state["owner"], before["owner"]
            if owner and owner != earlier:
                given = one.type == OfferAutoAccepted.type
                if not given and (one.type != OfferAccepted.type or before["offered_to"] != owner):
                    found.append(
                        f"{name} version {one.version}: {owner} became owner by {one.type}, was {dict(before)}"
                    )
                elif earlier and before["keeps"] != earlier:
                    found.append(f"{name} version {one.version}: {owner} and {earlier} both own it")
            before = state
    return found


def actions_told(evidence: Evidence) -> Violations:
    """An action answered `done` is in the log once, a refused one is not, and one in doubt is not there twice."""
    told: defaultdict[str, list[Told]] = defaultdict(list)
    for one in _routing(evidence):
        if one.operation:
            told[one.operation].append(one)
    found: Violations = []
    for ack in evidence.acknowledged:
        if [one.subject for one in told[ack.operation]] != [ack.conversation]:
            found.append(f"{ack} was answered done; the log has {_places(told[ack.operation])}")
    found += [f"{no} was refused; the log has {_places(told[no.operation])}" for no in evidence.refused
              if told[no.operation]]  # fmt: skip
    return found + [f"operation {name} was made {len(some)} times: {_places(some)}" for name, some in told.items()
                    if len(some) > 1]  # fmt: skip


def _places(told: list[Told]) -> list[tuple[str, str, int, int]]:
    return [(one.type, one.subject, one.shard, one.offset) for one in told]


def frames_are_true(evidence: Evidence) -> Violations:
    """What agents were shown of a conversation is what the log says at that version."""
    true = {(one.subject, one.version): one.id for one in _routing(evidence) if one.version}
    found: Violations = []
    for agent, frames in evidence.frames.items():
        for frame in frames:
            version = frame["data"].get("version", 0)
            if frame["source"] != "trunkline/router" or not version:
                continue
            known = true.get((frame["subject"], version))
            if known != frame["id"]:
                found.append(f"{agent} was shown {frame['id']} of {frame['subject']} {version}; the log has {known}")
    return found


# --- room --------------------------------------------------------------------------------------------------


def within_capacity(evidence: Evidence) -> Violations:
    """No agent is given work beyond the capacity. All of one millisecond is judged together: scripts have one clock.

    A quiet customer who writes weighs in full again, whatever room there is: that alone may take an agent beyond it.
    """
    held: dict[str, dict[str, int]] = {}
    loads: Counter[str] = Counter()
    capacity: dict[str, int] = {}
    grace = _before_rebuilds(evidence)
    found: Violations = []
    for at_ms, moment in _moments(evidence):
        before = Counter(loads)
        for one in moment:
            if one.type == MessageAdded.type:  # what those who hold it had room for, had it never been quiet
                before.update(_weighed_more(held.get(one.subject, {}), holders(one.state)))
        for one in moment:
            if one.state is None:
                continue
            if not one.version:
                capacity[one.subject] = int(one.state["capacity"])
                continue
            loads.subtract(held.get(one.subject, {}))
            held[one.subject] = holders(one.state)
            loads.update(held[one.subject])
        for agent in {name for one in moment if one.version for name in holders(one.state)}:
            most = capacity.get(agent)
            if most is None or (loads[agent] > most and loads[agent] > before[agent] and not grace(at_ms)):
                holding = sorted(name for name, who in held.items() if agent in who)
                found.append(f"{agent} holds {loads[agent]} of {most} at {at_ms}: {holding}")
    return found


def _weighed_more(before: Mapping[str, int], now: Mapping[str, int]) -> dict[str, int]:
    return {agent: now[agent] - weight for agent, weight in before.items() if agent in now}


def _moments(evidence: Evidence) -> Iterator[tuple[int, list[Told]]]:
    by_time: defaultdict[int, list[Told]] = defaultdict(list)
    for one in _routing(evidence):
        by_time[one.at_ms].append(one)
    for at_ms in sorted(by_time):
        yield at_ms, by_time[at_ms]


def _before_rebuilds(evidence: Evidence) -> Callable[[int], bool]:
    named: dict[str, int] = {}
    for one in _routing(evidence):
        if one.type == Taken.type and one.generation:
            named[one.generation] = min(named.get(one.generation, one.at_ms), one.at_ms)
    rebuilt = sorted(named.values())[1:]
    return lambda at_ms: any(moment - _GRACE_MS <= at_ms <= moment for moment in rebuilt)


# --- replies -----------------------------------------------------------------------------------------------


def replies(evidence: Evidence) -> Violations:
    """Every reply in the log has one end and is at the provider, once unless flagged; the provider has no others."""
    written = {one.data["details"]["message"]["id"]: one for one in _routing(evidence) if one.type == ReplyWritten.type}
    ends = Counter(one.data["message"] for one in evidence.deliveries if one.type in {ReplySent.type, SendFailed.type})
    failed = {one.data["message"]: one.data for one in evidence.deliveries if one.type == SendFailed.type}
    flagged = {
        one.data["message"]
        for one in evidence.deliveries
        if one.type in {ReplySent.type, StepAccepted.type} and one.data["possible_duplicate"]
    }
    times = Counter(evidence.sent)
    found = [f"acknowledged reply {ack.operation} is not in the log" for ack in evidence.acknowledged
             if ack.verb == "reply" and ack.operation not in written]  # fmt: skip
    bodies = {_body(one): name for name, one in written.items()}
    for body, name in bodies.items():
        one = written[name]
        if ends[name] != 1:
            found.append(
                f"reply {name} ({one.subject} version {one.version}, offset {one.offset}) has {ends[name]} ends"
            )
        if name in failed:
            found += _judge_failure(evidence, one, failed[name])
        elif times[body] != 1 and not (times[body] > 1 and name in flagged):
            flag = "flagged" if name in flagged else "not flagged"
            found.append(f"reply {name} of {one.subject} is {times[body]} times at the provider, {flag}")
    return found + [f"the provider has {body!r}, which nobody wrote" for body in times if body not in bodies]


def _body(reply: Told) -> str:
    return "\n".join(part.get("text", "") for part in reply.data["details"]["message"]["parts"])


def _judge_failure(evidence: Evidence, reply: Told, failure: Mapping[str, Any]) -> Violations:
    contact, name = (reply.state or {})["contact"], failure["message"]
    if contact not in evidence.unreachable:
        return [f"reply {name} to {contact} failed: {failure}"]
    told = [
        one for one in _routing(evidence) if one.type == ReplyFailed.type and one.data["details"]["message"] == name
    ]
    return [] if len(told) == 1 else [f"reply {name} failed and its agent was told {len(told)} times"]


def _routing(evidence: Evidence) -> Iterator[Told]:
    for told in evidence.routing.values():
        yield from told


def _buried(evidence: Evidence) -> set[str]:
    return {
        name
        for shard, items in evidence.inbound.items()
        for offset, name in items
        if f"inbound/{shard}/{offset}" in evidence.dead
    }


def _where(evidence: Evidence, message: str) -> list[tuple[str, int, int]]:
    return [(one.subject, one.version, one.offset) for one in _routing(evidence) if one.message == message]


CHECKS: tuple[Callable[[Evidence], Violations], ...] = (
    conserved, ordered, one_open_conversation, dense, one_owner, actions_told, frames_are_true, within_capacity,
    replies, board_agrees, record_agrees,
)  # fmt: skip
