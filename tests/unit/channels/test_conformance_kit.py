"""The kit is worth nothing if it cannot fail: each broken channel here must be caught by the case that is for it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from trunkline.channels.base import (
    Accepted,
    Account,
    AckPolicy,
    Answer,
    Failed,
    FailureClass,
    MessageIn,
    NoResponse,
    Outcome,
    Parsed,
    RawRequest,
    Receipt,
    Response,
    SendStep,
    Verdict,
    Verified,
)
from trunkline.channels.testing import Vectors, kit_cases
from trunkline.channels.twilio import TwilioSettings, TwilioSms
from trunkline.messages import Address, OutboundMessage
from trunkline.testing.twilio_calls import sign as twilio_signature

SECRET = "f0e1d2c3b4a5968778695a4b3c2d1e0f"
ACCOUNT = Account(
    name="sms",
    channel="twilio-sms",
    public_url="https://sms.example",
    settings=TwilioSettings.model_validate(
        {"account_sid": f"AC{'0123456789abcdef' * 2}", "auth_token": SECRET, "sender": "+15005550006"}
    ),
)
VECTORS = Vectors.read(Path(__file__).parents[2] / "payloads" / "twilio-sms")


def sign(request: RawRequest, secret: str) -> RawRequest:
    signature = twilio_signature(secret, request.url, dict(parse_qsl(request.body.decode(), keep_blank_values=True)))
    return request.model_copy(update={"headers": (*request.headers, ("x-twilio-signature", signature))})


class Gullible(TwilioSms):
    def verify(self, request: RawRequest, account: Account) -> Verdict:
        return Verified()


class TakesAnyOfTwo(TwilioSms):
    def verify(self, request: RawRequest, account: Account) -> Verdict:
        given = [pair for pair in request.headers if pair[0] == "x-twilio-signature"]
        kept = tuple(pair for pair in request.headers if pair not in given)
        tries = [request.model_copy(update={"headers": (*kept, pair)}) for pair in given] or [request]
        verdicts = [super(TakesAnyOfTwo, self).verify(one, account) for one in tries]
        return next((verdict for verdict in verdicts if verdict == Verified()), verdicts[0])


class BodyBlind(TwilioSms):
    def verify(self, request: RawRequest, account: Account) -> Verdict:
        if request.body.startswith(b"AccountSid") and request.header("x-twilio-signature"):
            return Verified()
        return super().verify(request, account)


class Raises(TwilioSms):
    def parse(self, request: RawRequest, account: Account) -> Parsed:
        request.body.decode()
        return super().parse(request, account)


class Counts(TwilioSms):
    calls = 0

    def plan(self, message: OutboundMessage, account: Account) -> Sequence[SendStep]:
        Counts.calls += 1
        headers = {"x-attempt": str(Counts.calls)}
        return [step.model_copy(update={"headers": headers}) for step in super().plan(message, account)]


class Clocked(TwilioSms):
    def parse(self, request: RawRequest, account: Account) -> Parsed:
        events = tuple(
            event.model_copy(update={"sent_at": request.received_at}) if isinstance(event, MessageIn) else event
            for event in super().parse(request, account).events
        )
        return Parsed(events=events)


class GivesUp(TwilioSms):
    def interpret(self, step: SendStep, outcome: Response | NoResponse, account: Account) -> Outcome:
        known = super().interpret(step, outcome, account)
        if isinstance(known, Failed) and known.kind.transient:
            return known.model_copy(update={"kind": FailureClass.INVALID})
        return known


class Repeats(TwilioSms):
    def interpret(self, step: SendStep, outcome: Response | NoResponse, account: Account) -> Outcome:
        if isinstance(outcome, NoResponse):
            return Failed(kind=FailureClass.RETRY, text="again")
        return super().interpret(step, outcome, account)


class Optimist(TwilioSms):
    def interpret(self, step: SendStep, outcome: Response | NoResponse, account: Account) -> Outcome:
        if isinstance(outcome, Response) and outcome.status < 500:
            return Accepted(provider_ids=("x",))
        return super().interpret(step, outcome, account)


class Talkative(TwilioSms):
    def interpret(self, step: SendStep, outcome: Response | NoResponse, account: Account) -> Outcome:
        known = super().interpret(step, outcome, account)
        if isinstance(known, Failed) and isinstance(outcome, Response):
            return known.model_copy(update={"text": f"{known.text} {outcome.body.decode(errors='replace')}"})
        return known


class OneThread(TwilioSms):
    def thread_key(self, contact: Address, account: Account) -> str:
        return contact.value


class Slow(TwilioSms):
    def parse(self, request: RawRequest, account: Account) -> Parsed:
        if len(request.body) > 1_000_000:
            until = time.perf_counter() + 1.1
            while time.perf_counter() < until:
                pass
        return super().parse(request, account)


class Bouncer(TwilioSms):
    manifest = TwilioSms.manifest.model_copy(
        update={
            "ack": AckPolicy(
                accepted=Answer(status=200),
                retry_later=Answer(status=200),
                refused=Answer(status=403),
                budget_s=15,
            )
        }
    )


class Forgetful(TwilioSms):
    def parse(self, request: RawRequest, account: Account) -> Parsed:
        parsed = super().parse(request, account)
        return parsed.model_copy(update={"events": tuple(e for e in parsed.events if not isinstance(e, Receipt))})


@pytest.mark.parametrize(
    ("broken", "case"),
    [
        (Gullible, "tampered body"),
        (Gullible, "tampered url"),
        (Gullible, "tampered headers"),
        (Gullible, "signature missing or doubled"),
        (Gullible, "secrets rotate"),
        (Gullible, "monsters are survived"),
        (TakesAnyOfTwo, "signature missing or doubled"),
        (BodyBlind, "tampered body"),
        (Clocked, "repeats are equal"),
        (Counts, "plans are pure"),
        (GivesUp, "every answer is understood"),
        (GivesUp, "transient answers are tried again"),
        (Repeats, "silence is ambiguous"),
        (Optimist, "every answer is understood"),
        (Talkative, "secrets stay secret"),
        (OneThread, "threads are stable"),
        (Slow, "monsters are survived"),
        (Bouncer, "manifest is complete"),
        (Forgetful, "vector: status delivered"),
    ],
)
def test_the_kit_catches_a_broken_channel(broken: type[TwilioSms], case: str) -> None:
    cases = {one.name: one for one in kit_cases(broken(), ACCOUNT, VECTORS, sign=sign, secrets=[SECRET])}

    with pytest.raises(AssertionError):
        cases[case].run()


def test_an_exception_of_the_channel_is_not_hidden() -> None:
    cases = {one.name: one for one in kit_cases(Raises(), ACCOUNT, VECTORS, sign=sign, secrets=[SECRET])}

    with pytest.raises(UnicodeDecodeError):
        cases["monsters are survived"].run()


def test_an_account_that_shows_its_secret_is_caught() -> None:
    leaky = ACCOUNT.model_copy(update={"public_url": f"https://{SECRET}.example"})
    cases = {one.name: one for one in kit_cases(TwilioSms(), leaky, VECTORS, sign=sign, secrets=[SECRET])}

    with pytest.raises(AssertionError, match="a secret shows in Account"):
        cases["secrets stay secret"].run()


def test_vectors_without_anything_unknown_are_sent_back() -> None:
    known = VECTORS.model_copy(update={"requests": tuple(v for v in VECTORS.requests if "unknown" not in v.problems)})
    cases = {one.name: one for one in kit_cases(TwilioSms(), ACCOUNT, known, sign=sign, secrets=[SECRET])}

    with pytest.raises(AssertionError, match="no vector shows an unknown"):
        cases["unknown is a problem"].run()
