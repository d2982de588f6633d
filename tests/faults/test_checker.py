"""The judge judged: a sound run passes, and one seeded violation of each kind is found by the check that is for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.faults.checker import CHECKS, violations, within_capacity
from tests.faults.evidence import Accepted, Action, BoardSide, Evidence, RecordSide, Told, holders
from trunkline.events import (
    AgentArrived,
    ConversationClosed,
    ConversationOffered,
    ConversationOpened,
    ConversationQuieted,
    MessageAdded,
    OfferAccepted,
    ReplySent,
    ReplyWritten,
    SendFailed,
    Taken,
)

ANN, BOB = "ann", "bob"
FIRST, SECOND = "0-first", "0-second"
START_MS = 1_000_000


class _Log:
    """Writes one shard of `routing-events`, a millisecond an event."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self._states: dict[str, dict[str, Any]] = {}

    def agent(self, name: str, capacity: int) -> None:
        state = {"id": name, "presence": "available", "capacity": capacity}
        self._add(AgentArrived.type, name, state=state, data={"version": 0})

    def owner(self, generation: str) -> None:
        self._add(Taken.type, "router-0", generation=generation)

    def say(
        self, kind: str, name: str, *, operation: str = "", message: str = "", details: Any = None, **to: Any
    ) -> None:
        state = self._states.get(name) or {
            "id": name, "thread": f"thread-{name}", "contact": f"+{name}", "status": "queued", "owner": "",
            "offered_to": "", "keeps": "", "weight": 1, "requirement": "support|sms|1|", "version": 0,
        }  # fmt: skip
        state = self._states[name] = state | to | {"version": state["version"] + 1}
        data = {"version": state["version"], "state": state, "details": details}
        self._add(kind, name, state=state, data=data, version=state["version"], operation=operation, message=message)

    def _add(self, kind: str, subject: str, **given: Any) -> None:
        at = len(self.told)
        given = {"generation": "1-a", **given}
        self.told.append(
            Told(shard=0, offset=at, type=kind, id=f"event-{at}", subject=subject, at_ms=START_MS + at, **given)
        )


def sound() -> Evidence:
    """Two customers, two agents: the first is answered and closed, the second is answered and still open."""
    log = _Log()
    log.owner("1-a")
    log.agent(ANN, 1)
    log.agent(BOB, 1)
    log.say(ConversationOpened.type, FIRST, operation="m1", message="m1", status="queued")
    log.say(ConversationOffered.type, FIRST, status="offered", offered_to=ANN)
    log.say(OfferAccepted.type, FIRST, operation="o1", status="active", owner=ANN, offered_to="")
    log.say(ConversationOpened.type, SECOND, operation="m2", message="m2", status="queued")
    log.say(ConversationOffered.type, SECOND, status="offered", offered_to=BOB)
    log.say(OfferAccepted.type, SECOND, operation="o2", status="active", owner=BOB, offered_to="")
    log.say(MessageAdded.type, SECOND, operation="m3", message="m3")
    for name, reply in ((FIRST, "r1"), (SECOND, "r2")):
        details = {"message": {"id": reply, "parts": [{"text": f"text of {reply}"}]}}
        log.say(ReplyWritten.type, name, operation=reply, details=details)
    log.say(ConversationClosed.type, FIRST, operation="o3", status="closed", owner="")
    evidence = Evidence(
        accepted=[Accepted("m1", "+first", 1), Accepted("m2", "+second", 1), Accepted("m3", "+second", 2)],
        acknowledged=[
            Action("o1", "accept", ANN, FIRST), Action("r1", "reply", ANN, FIRST, "text of r1"),
            Action("o2", "accept", BOB, SECOND), Action("r2", "reply", BOB, SECOND, "text of r2"),
        ],
        sent=["text of r1", "text of r2"],
        inbound={0: [(0, "m1"), (1, "m2"), (2, "m2"), (3, "m3")]},
        routing={0: log.told},
        deliveries=[_end("r1"), _end("r2")],
    )  # fmt: skip
    evidence.frames = {ANN: [_frame(one) for one in log.told if one.subject == FIRST]}
    return _agreeing(evidence)


def _agreeing(evidence: Evidence) -> Evidence:
    """Give it the board and the record that its log makes."""
    last = {name: told[-1] for name, told in evidence.story().items()}
    held = {agent: frozenset(name for name, one in last.items() if agent in holders(one.state)) for agent in (ANN, BOB)}
    evidence.board = BoardSide(
        "1-a",
        {name: {key: str(value) for key, value in (one.state or {}).items()} for name, one in last.items()},
        held,
        {agent: len(names) for agent, names in held.items()},
    )
    evidence.record = {
        FIRST: RecordSide(last[FIRST].version, "closed", "", ("m1", "r1")),
        SECOND: RecordSide(last[SECOND].version, "active", BOB, ("m2", "m3", "r2")),
    }
    return evidence


def _end(reply: str, *, kind: str = ReplySent.type, flagged: bool = False, at: int = 0) -> Told:
    data = {"message": reply, "possible_duplicate": flagged}
    return Told(0, at, kind, f"end-{reply}-{at}", FIRST, START_MS, data=data)


def _frame(told: Told) -> dict[str, Any]:
    return {"id": told.id, "source": "trunkline/router", "subject": told.subject, "data": dict(told.data)}


def _place(evidence: Evidence, kind: str, name: str) -> int:
    return next(n for n, one in enumerate(evidence.routing[0]) if one.type == kind and one.subject == name)


def _change(evidence: Evidence, kind: str, name: str, **changes: Any) -> None:
    """Tell this event differently: `changes` are its fields, or its state's."""
    at = _place(evidence, kind, name)
    one = evidence.routing[0][at]
    fields = {key: value for key, value in changes.items() if key in Told.__dataclass_fields__}
    state = dict(one.state or {}) | {key: value for key, value in changes.items() if key not in fields}
    evidence.routing[0][at] = replace(one, **fields, state=state)


def test_a_sound_run_has_no_violation() -> None:
    assert violations(sound()) == []


def lost_message(evidence: Evidence) -> None:
    evidence.accepted.append(Accepted("m9", "+ninth", 1))


def doubled_message(evidence: Evidence) -> None:
    _change(evidence, MessageAdded.type, SECOND, message="m1")


def invented_message(evidence: Evidence) -> None:
    del evidence.inbound[0][0]


def reordered_partition(evidence: Evidence) -> None:
    evidence.inbound[0] = [(0, "m2"), (1, "m1"), (2, "m3")]


def reordered_customer(evidence: Evidence) -> None:
    evidence.inbound[0] = [(0, "m1"), (1, "m3"), (2, "m2")]
    _change(evidence, ConversationOpened.type, SECOND, message="m3")
    _change(evidence, MessageAdded.type, SECOND, message="m2")


def two_open_conversations(evidence: Evidence) -> None:
    for kind in (ConversationOpened.type, ConversationOffered.type):
        _change(evidence, kind, SECOND, thread=f"thread-{FIRST}")


def repeated_version(evidence: Evidence) -> None:
    _change(evidence, MessageAdded.type, SECOND, version=3)


def missing_version(evidence: Evidence) -> None:
    del evidence.routing[0][_place(evidence, ConversationOffered.type, SECOND)]


def owner_without_offer(evidence: Evidence) -> None:
    _change(evidence, ConversationOffered.type, SECOND, offered_to=ANN)


def two_owners(evidence: Evidence) -> None:
    _change(evidence, MessageAdded.type, SECOND, owner=ANN)


def forgotten_action(evidence: Evidence) -> None:
    evidence.acknowledged.append(Action("o9", "close", ANN, FIRST))


def doubled_action(evidence: Evidence) -> None:
    _change(evidence, MessageAdded.type, SECOND, operation="o2")


def refused_action(evidence: Evidence) -> None:
    evidence.refused.append(evidence.acknowledged.pop())


def action_on_another(evidence: Evidence) -> None:
    _change(evidence, OfferAccepted.type, FIRST, operation="o2")
    _change(evidence, OfferAccepted.type, SECOND, operation="o1")


def false_frame(evidence: Evidence) -> None:
    evidence.frames[ANN][0] = {**evidence.frames[ANN][0], "id": "of-a-paused-owner"}


def over_capacity(evidence: Evidence) -> None:
    for kind in (ConversationOffered.type, OfferAccepted.type):
        _change(evidence, kind, SECOND, offered_to=ANN, owner=ANN)


def unsent_reply(evidence: Evidence) -> None:
    evidence.sent.remove("text of r1")


def doubled_reply(evidence: Evidence) -> None:
    evidence.sent.append("text of r1")


def invented_reply(evidence: Evidence) -> None:
    evidence.sent.append("nobody's words")


def endless_reply(evidence: Evidence) -> None:
    del evidence.deliveries[0]


def two_ends(evidence: Evidence) -> None:
    evidence.deliveries.append(_end("r1", at=1))


def failed_reply(evidence: Evidence) -> None:
    evidence.deliveries[0] = _end("r1", kind=SendFailed.type)


def untold_failure(evidence: Evidence) -> None:
    failed_reply(evidence)
    evidence.unreachable = frozenset({f"+{FIRST}"})


def unlogged_reply(evidence: Evidence) -> None:
    evidence.acknowledged.append(Action("r9", "reply", ANN, FIRST, "text of r9"))


def board_differs(evidence: Evidence) -> None:
    there = {SECOND: dict(evidence.board.conversations[SECOND]) | {"owner": ANN}}
    evidence.board = replace(evidence.board, conversations=there)


def board_invents(evidence: Evidence) -> None:
    evidence.board = replace(evidence.board, conversations={**evidence.board.conversations, "0-third": {}})


def board_forgets(evidence: Evidence) -> None:
    evidence.board = replace(evidence.board, conversations={})


def board_miscounts(evidence: Evidence) -> None:
    evidence.board = replace(evidence.board, loads={ANN: 1, BOB: 1})


def board_lets_wait(evidence: Evidence) -> None:
    evidence.board = replace(evidence.board, waiting={SECOND: "support|sms|1|"})


def record_behind(evidence: Evidence) -> None:
    evidence.record[SECOND] = replace(evidence.record[SECOND], version=3)


def record_lacks_a_message(evidence: Evidence) -> None:
    evidence.record[SECOND] = replace(evidence.record[SECOND], messages=("m2", "r2"))


def record_lacks_a_status(evidence: Evidence) -> None:
    evidence.record[FIRST] = replace(evidence.record[FIRST], unsent=frozenset({"r1"}))


def record_lacks_a_conversation(evidence: Evidence) -> None:
    del evidence.record[FIRST]


SEEDS: list[tuple[str, Callable[[Evidence], None]]] = [
    ("conserved", lost_message), ("conserved", doubled_message), ("conserved", invented_message),
    ("ordered", reordered_partition), ("ordered", reordered_customer),
    ("one_open_conversation", two_open_conversations),
    ("dense", repeated_version), ("dense", missing_version),
    ("one_owner", owner_without_offer), ("one_owner", two_owners),
    ("actions_told", forgotten_action), ("actions_told", doubled_action), ("actions_told", refused_action),
    ("actions_told", action_on_another),
    ("frames_are_true", false_frame),
    ("within_capacity", over_capacity),
    ("replies", unsent_reply), ("replies", doubled_reply), ("replies", invented_reply), ("replies", endless_reply),
    ("replies", two_ends), ("replies", failed_reply), ("replies", untold_failure), ("replies", unlogged_reply),
    ("board_agrees", board_differs), ("board_agrees", board_invents), ("board_agrees", board_forgets),
    ("board_agrees", board_miscounts), ("board_agrees", board_lets_wait),
    ("record_agrees", record_behind), ("record_agrees", record_lacks_a_message),
    ("record_agrees", record_lacks_a_status), ("record_agrees", record_lacks_a_conversation),
]  # fmt: skip


@pytest.mark.parametrize(("check", "seed"), SEEDS, ids=[seed.__name__ for _, seed in SEEDS])
def test_a_seeded_violation_is_found_by_the_check_that_is_for_it(check: str, seed: Callable[[Evidence], None]) -> None:
    evidence = sound()
    seed(evidence)

    found = violations(evidence)

    assert [one for one in found if one.startswith(f"{check}:")], found


def test_every_check_has_a_violation_that_it_must_find() -> None:
    assert {check.__name__ for check in CHECKS} == {name for name, _ in SEEDS}


def test_a_flagged_repeat_of_a_reply_is_no_violation() -> None:
    evidence = sound()
    evidence.sent.append("text of r1")
    evidence.deliveries[0] = _end("r1", flagged=True)

    assert violations(evidence) == []


def test_a_dead_letter_accounts_for_a_message() -> None:
    evidence = sound()
    evidence.inbound[0].append((4, "m4"))
    evidence.accepted.append(Accepted("m4", "+fourth", 1))
    evidence.dead.add("inbound/0/4")

    assert violations(evidence) == []


def test_work_given_for_room_that_a_rebuild_forgot_was_free_is_no_violation() -> None:
    evidence = sound()
    over_capacity(evidence)
    log = evidence.routing[0]
    log.append(Told(0, len(log), Taken.type, "taken", "router-1", log[-1].at_ms + 1, generation="2-b"))

    assert not [one for one in violations(evidence) if one.startswith("within_capacity")]


@pytest.mark.parametrize(("kind", "fine"), [(MessageAdded.type, True), (OfferAccepted.type, False)])
def test_a_quiet_customer_who_writes_may_take_an_agent_above_capacity_and_nothing_else_may(
    kind: str, *, fine: bool
) -> None:
    log = _Log()
    log.agent(ANN, 1)
    log.say(OfferAccepted.type, FIRST, status="active", owner=ANN)
    log.say(ConversationQuieted.type, FIRST, relief=1)
    log.say(OfferAccepted.type, SECOND, status="active", owner=ANN)
    log.say(kind, FIRST, relief=0)
    evidence = Evidence(routing={0: log.told})

    assert bool(within_capacity(evidence)) is not fine
