# ruff: noqa: S101  a kit asserts
"""An author's vectors, and what runs them: request to events, message to steps, answer to outcome."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from pydantic import BaseModel, ConfigDict, Field

from trunkline.channels.base import (
    Account,
    Challenge,
    Channel,
    NoResponse,
    RawRequest,
    Rejected,
    Response,
    SendStep,
    Verified,
)
from trunkline.messages import OutboundMessage

RECEIVED_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

Signer = Callable[[RawRequest, str], RawRequest]
"""Signs a request with a secret as the provider would; best written with the provider's own library."""


class _Vector(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    why: str = Field(default="", description="where the fact is documented")


class RequestVector(_Vector):
    """A request of the provider's, and what must come of it. What is expected may leave fields out."""

    method: str = "POST"
    query: str = ""
    headers: Mapping[str, str] = {}
    form: Mapping[str, str] | None = None
    text: str | None = None
    events: tuple[Mapping[str, Any], ...] = Field(default=(), description="each with `type`: the event's class")
    problems: tuple[str, ...] = Field(default=(), description="their kinds")

    def request(self, account: Account) -> RawRequest:
        """The request as ingest would hand it to the channel, unsigned."""
        body = urlencode(self.form) if self.form is not None else self.text or ""
        kind = {"content-type": "application/x-www-form-urlencoded"} if self.form is not None else {}
        return RawRequest(
            method=self.method,
            url=account.webhook_url + (f"?{self.query}" if self.query else ""),
            headers=tuple((kind | dict(self.headers)).items()),
            body=body.encode(),
            received_at=RECEIVED_AT,
        )


class MessageVector(_Vector):
    """A reply, and the steps that must send it; or `error`, words of the sentence that the agent must read."""

    message: OutboundMessage
    steps: tuple[Mapping[str, Any], ...] = Field(default=(), description="`form` stands for an encoded body")
    error: str | None = None


class AnswerVector(_Vector):
    """A provider's answer, or its silence, and the outcome it must mean."""

    status: int | None = None
    headers: Mapping[str, str] = {}
    json_body: Any = None
    text: str = ""
    sent: bool = Field(default=True, description="when there is no status: may the request have arrived?")
    outcome: Mapping[str, Any]

    def answer(self) -> Response | NoResponse:
        """What `interpret` is given."""
        if self.status is None:
            return NoResponse(sent=self.sent, reason="no answer")
        body = json.dumps(self.json_body) if self.json_body is not None else self.text
        return Response(status=self.status, headers=self.headers, body=body.encode())


class Vectors(BaseModel):
    """All that an author tells the kit. Answers are interpreted for the first step of the first message."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    signature_headers: tuple[str, ...] = Field(min_length=1)
    requests: tuple[RequestVector, ...] = Field(min_length=1)
    messages: tuple[MessageVector, ...] = Field(min_length=1)
    answers: tuple[AnswerVector, ...] = Field(min_length=1)

    @classmethod
    def read(cls, folder: Path) -> Vectors:
        """From the JSON files of a folder, each of which holds some of the four."""
        merged: dict[str, list[Any]] = {}
        for file in sorted(folder.glob("*.json")):
            for name, entries in json.loads(file.read_bytes()).items():
                merged.setdefault(name, []).extend(entries)
        return cls.model_validate(merged)


@dataclass(frozen=True)
class Subject:
    """What is examined."""

    channel: Channel
    account: Account
    vectors: Vectors
    sign: Signer
    secrets: tuple[str, ...]

    def signed(self, vector: RequestVector) -> RawRequest:
        """A vector's request, signed with the first secret."""
        return self.sign(vector.request(self.account), self.secrets[0])


def run_request(subject: Subject, vector: RequestVector) -> None:
    """A genuine request is verified, and says what the author says it says."""
    request = subject.signed(vector)
    verdict = subject.channel.verify(request, subject.account)
    if isinstance(verdict, Challenge):
        return
    assert verdict == Verified(), f"a genuine request was not verified: {verdict}"
    parsed = subject.channel.parse(request, subject.account)
    events = [{"type": type(event).__name__} | event.model_dump(mode="json") for event in parsed.events]
    _match(events, list(vector.events), where="events")
    _match([problem.kind for problem in parsed.problems], list(vector.problems), where="problems")


def run_message(subject: Subject, vector: MessageVector) -> None:
    """A reply is planned as the author says, or refused in those words."""
    if vector.error is not None:
        try:
            subject.channel.plan(vector.message, subject.account)
        except ValueError as error:
            sentence = str(error)
        else:
            raise AssertionError("planned, though the channel cannot say it")
        assert vector.error in sentence, f"the agent reads {sentence}"
        return
    steps = []
    for step in subject.channel.plan(vector.message, subject.account):
        body = step.body.decode()
        form = [list(pair) for pair in parse_qsl(body, keep_blank_values=True)]
        steps.append(step.model_dump(mode="json", exclude={"body"}) | {"body": body, "form": form})
    _match(steps, list(vector.steps), where="steps")


def run_answer(subject: Subject, vector: AnswerVector) -> None:
    """An answer means what the author says it means."""
    outcome = subject.channel.interpret(first_step(subject), vector.answer(), subject.account)
    told = {"type": type(outcome).__name__} | outcome.model_dump(mode="json")
    _match(told, dict(vector.outcome), where="outcome")


def first_step(subject: Subject) -> SendStep:
    """The first step of the first message that can be planned."""
    message = next(vector.message for vector in subject.vectors.messages if vector.error is None)
    return subject.channel.plan(message, subject.account)[0]


def _match(actual: Any, wanted: Any, *, where: str) -> None:
    """Every field that is named must be equal; lists must have the same length."""
    if isinstance(wanted, Mapping) and isinstance(actual, Mapping):
        for key, value in wanted.items():
            assert key in actual, f"{where}: no {key!r} in {actual}"
            _match(actual[key], value, where=f"{where}.{key}")
    elif isinstance(wanted, list) and isinstance(actual, list):
        assert len(actual) == len(wanted), f"{where}: {len(actual)} instead of {len(wanted)}: {actual}"
        for index, (one, other) in enumerate(zip(actual, wanted, strict=True)):
            _match(one, other, where=f"{where}[{index}]")
    else:
        assert actual == wanted, f"{where}: {actual!r} instead of {wanted!r}"


def is_rejected(subject: Subject, request: RawRequest) -> bool:
    """Did `verify` refuse it?"""
    return isinstance(subject.channel.verify(request, subject.account), Rejected)
