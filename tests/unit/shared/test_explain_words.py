"""What `trunkline explain` prints reads well to a person."""

from __future__ import annotations

from datetime import UTC, datetime

from trunkline.cli.explain import told
from trunkline.events import OfferDetails, PassedOver, Presence, Status
from trunkline.events.offers import IndexParts, Ranked
from trunkline.explanation import AgentNow, Asked, AskedBeside, Decided, Explanation, Now, Reason, Wider

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
LATVIAN = "support|twilio-sms|1|lang.lv:3"

REASONS = OfferDetails(
    requirement=LATVIAN, rules="a1b2c3d4e5f6:latvian", waited_ms=41_000, present=4,
    passed_over=PassedOver(skill=2, room=1), best=(Ranked(agent="ana", index=-0.82), Ranked(agent="berk", index=-0.3)),
    parts=IndexParts(skill=-1.2, load=0.5, turn=-0.12),
)  # fmt: skip
MADE = Decided(
    at=NOON, version=2, agent="ana", name="Ana", given="", asked=Asked.of(LATVIAN), reasons=REASONS, outcome="declined"
)
WAITING = Now(
    at=NOON, asked=Asked.of(LATVIAN), waited_s=300, due_in_s=-20, passed_over=PassedOver(level=1, declined=1),
    could_be_asked=0, roster_able=0, roster_lacks={"lang.lv": 3},
    wider=[Wider(in_s=60, asked=Asked.of("support+sales|twilio-sms|1|"), would_do=2, tells="")],
    shut=False, shut_until=None,
    agents=[
        AgentNow(
            agent="berk", name="Berk", presence=Presence.AVAILABLE, reason=Reason.LEVEL, lacks={"lang.lv": 3}, load=1,
            capacity=3, index=None,
        )
    ],
)  # fmt: skip


def explanation(**changes: object) -> Explanation:
    whole = Explanation(
        conversation="3-1", version=2, status=Status.QUEUED, rules=("latvian",), configuration="a1b2c3d4e5f6",
        decisions=[MADE], now=WAITING,
    )  # fmt: skip
    return whole.model_copy(update=changes)


def test_what_is_due_by_a_promise_says_by_which() -> None:
    lines = list(told(explanation(now=WAITING.model_copy(update={"due_by": "next_reply"}))))

    assert "It has waited 5 min, due 20 s ago (a reply was promised). 0 of 2 agents could be asked." in lines


def test_what_waits_says_who_was_asked_who_could_not_be_and_what_would_change_it() -> None:
    assert list(told(explanation())) == [
        "Conversation 3-1 is queued.",
        "Routed by the rules latvian of configuration a1b2c3d4e5f6.",
        "",
        "Now it asks for support by twilio-sms: lang.lv ≥ 3; index first.",
        "It has waited 5 min, due 20 s ago. 0 of 2 agents could be asked.",
        "  Not asked: 1 have too low a level, 1 had declined it.",
        "Nobody of the whole roster can ever take it as it is: give somebody lang.lv ≥ 3.",
        "In 60 s it asks for support or sales by twilio-sms: no skill; index first; 2 present agents satisfy that.",
        "  Berk                     too low in lang.lv ≥ 3 (load 1 of 3)",
        "",
        "2026-01-02 12:00:00 offered to Ana, declined.",
        "  It asked for support by twilio-sms: lang.lv ≥ 3; index first, after 41 s of waiting.",
        "  Lowest index of those with room: skill -1.200 load +0.500 turn -0.120.",
        "  Next: berk -0.300.",
        "  Not asked: 2 lack a skill, 1 have no room.",
    ]


def test_an_offer_of_an_earlier_version_says_that_its_reasons_were_not_kept() -> None:
    older = MADE.model_copy(update={"reasons": None, "asked": None, "outcome": ""})
    lines = list(told(explanation(decisions=[older], now=None, rules=(), configuration="")))

    assert lines[-2:] == [
        "2026-01-02 12:00:00 offered to Ana, open.",
        "  Its reasons were not kept: an earlier version made it.",
    ]


def test_what_was_given_is_not_said_to_have_won() -> None:
    given = MADE.model_copy(update={"given": "transfer", "reasons": REASONS.model_copy(update={"parts": None})})

    assert "  Given without being compared (transfer)." in list(told(explanation(decisions=[given])))


def test_what_nobody_was_ever_offered_says_so() -> None:
    assert list(told(explanation(decisions=[], now=None, status=Status.CLOSED)))[-1] == "It was offered to nobody."


def test_a_shut_queue_is_why_it_waits_and_a_step_says_what_the_customer_is_told() -> None:
    step = Wider(in_s=60, asked=Asked.of("support|twilio-sms|1|"), would_do=2, tells="overflow")
    until = WAITING.model_copy(update={"shut": True, "shut_until": NOON, "wider": [step]})
    lines = list(told(explanation(now=until)))
    assert (
        "It has waited 5 min, due 20 s ago. Its queue is shut until 2026-01-02 12:00 UTC: nobody is offered it."
        in lines
    )
    assert (
        "In 60 s the customer is told the queue's `overflow`, and it asks for support by twilio-sms: no skill; index"
        " first; 2 present agents satisfy that." in lines
    )
    by_hand = WAITING.model_copy(update={"shut": True})
    assert any("Its queue is shut until somebody opens it" in line for line in told(explanation(now=by_hand)))


def test_whom_else_it_was_offered_to_and_what_was_given_without_asking() -> None:
    berk = AskedBeside(agent="berk", name="Berk", outcome="rescinded")
    cem = AskedBeside(agent="cem", name="Cem", outcome="")
    several = MADE.model_copy(update={"outcome": "accepted", "beside": (berk, cem)})
    given = MADE.model_copy(update={"outcome": "auto-accepted"})

    said = "\n".join(told(explanation(decisions=[several, given])))

    at = "2026-01-02 12:00:00"
    assert f"{at} offered to Ana, accepted; at the same time to Berk, rescinded; at the same time to Cem, open." in said
    assert f"{at} given to Ana: its queue asks nobody." in said
