# ruff: noqa: S101  a kit asserts
"""What the conformance kit brings by itself: tampering, repeats, monsters, every kind of answer, leaks."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator, Mapping

from trunkline.channels.base import (
    API_VERSION,
    Accepted,
    Failed,
    FailureClass,
    NoResponse,
    Outcome,
    Parsed,
    RawRequest,
    Response,
)
from trunkline.channels.testing_vectors import RequestVector, Subject, first_step, is_rejected

Check = Callable[[Subject], None]
SLOWEST_S = 1.0
"""Longest that verifying and parsing the worst body may take."""


def _requests(subject: Subject) -> Iterator[tuple[RequestVector, RawRequest]]:
    for vector in subject.vectors.requests:
        yield vector, subject.signed(vector)


def _flips(data: bytes) -> Iterator[bytes]:
    for at in range(len(data)):
        yield data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
    yield data + b"x"


def _with_header(request: RawRequest, name: str, *values: str) -> RawRequest:
    kept = tuple(pair for pair in request.headers if pair[0] != name)
    return request.model_copy(update={"headers": kept + tuple((name, value) for value in values)})


def tampered_body(subject: Subject) -> None:
    """A genuine request of which one byte was changed, wherever it is, is rejected."""
    for vector, request in _requests(subject):
        for body in _flips(request.body):
            changed = request.model_copy(update={"body": body})
            assert is_rejected(subject, changed), f"{vector.name}: verified with the body {body!r}"


def tampered_url(subject: Subject) -> None:
    """The same for the URL; its host is ours to configure and comes from no request."""
    for vector, request in _requests(subject):
        start = len(subject.account.public_url)
        for rest in _flips(request.url[start:].encode()):
            changed = request.model_copy(update={"url": request.url[:start] + rest.decode("ascii", "replace")})
            assert is_rejected(subject, changed), f"{vector.name}: verified at {changed.url}"


def tampered_headers(subject: Subject) -> None:
    """A changed header is rejected, or means nothing: then the same events come of it."""
    for vector, request in _requests(subject):
        genuine = subject.channel.parse(request, subject.account)
        for name, value in request.headers:
            for flipped in _flips(value.encode()):
                changed = _with_header(request, name, flipped.decode("latin-1"))
                if is_rejected(subject, changed):
                    continue
                assert name not in subject.vectors.signature_headers, f"{vector.name}: verified with {flipped!r}"
                assert subject.channel.parse(changed, subject.account) == genuine, f"{vector.name}: {name} unsigned"


def signature_missing_or_doubled(subject: Subject) -> None:
    """Without its signature, or with two, a request is rejected: also if one of the two is right."""
    for vector, request in _requests(subject):
        for name in subject.vectors.signature_headers:
            right = request.header(name) or ""
            for values in ((), ("",), (right, right), (right, "x"), ("x", right)):
                assert is_rejected(subject, _with_header(request, name, *values)), f"{vector.name}: {len(values)}"


def secrets_rotate(subject: Subject) -> None:
    """Every active secret verifies; another does not, nor does an empty one."""
    for vector in subject.vectors.requests:
        bare = vector.request(subject.account)
        for secret in subject.secrets:
            assert not is_rejected(subject, subject.sign(bare, secret)), f"{vector.name}: an active secret"
        for secret in ("", "wrong", subject.secrets[0][:-1], subject.secrets[0] + " "):
            assert is_rejected(subject, subject.sign(bare, secret)), f"{vector.name}: signed with {secret!r}"


def repeats_are_equal(subject: Subject) -> None:
    """The same request gives the same events and ids each time: duplicates are recognised by them."""
    for vector, request in _requests(subject):
        later = request.model_copy(update={"received_at": request.received_at.replace(year=2027)})
        first, second = (subject.channel.parse(one, subject.account) for one in (request, later))
        assert first == second, vector.name
        for event in first.events:
            assert event.provider_id, f"{vector.name}: an event without the provider's id"


def unknown_is_a_problem(subject: Subject) -> None:
    """The author showed what an unknown type or status looks like, and it becomes a problem, not an exception."""
    kinds = [kind for vector in subject.vectors.requests for kind in vector.problems]
    assert "unknown" in kinds, "no vector shows an unknown type or status"


_MONSTERS: Mapping[str, bytes] = {
    "empty": b"",
    "two megabytes": b"a=" + b"x" * 2_000_000,
    "invalid UTF-8": b"Body=\xff\xfe%FF%80&From=%C3",
    "NULs": b"\0" * 1_000 + b"a=%00&b=\0",
    "ten thousand parameters": b"&".join(b"p%d=1" % index for index in range(10_000)),
    "deep JSON": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "deep JSON array": b"[" * 200_000,
    "huge number": b'{"id":' + b"9" * 100_000 + b"}",
    "separators": b"&=;" * 50_000,
    "broken escapes": b"%" * 100_000,
}


def monsters_are_survived(subject: Subject) -> None:
    """No body makes verify or parse raise, invent a message, or take more than a second; signed or not."""
    shapes = {(vector.method, tuple(vector.request(subject.account).headers)) for vector in subject.vectors.requests}
    for method, headers in sorted(shapes):
        template = subject.signed(subject.vectors.requests[0])
        for name, body in _MONSTERS.items():
            request = template.model_copy(update={"method": method, "headers": headers, "body": body})
            began = time.perf_counter()
            assert is_rejected(subject, request), f"{name}: verified unsigned"
            parsed = subject.channel.parse(request, subject.account)
            took = time.perf_counter() - began
            assert isinstance(parsed, Parsed), name
            assert took < SLOWEST_S, f"{name}: {took:.1f} s"
            assert not parsed.events or method == "GET", f"{name}: {parsed.events}"
            for problem in parsed.problems:
                assert len(problem.original.encode()) <= 4_096, f"{name}: the problem holds too much"


def plans_are_pure(subject: Subject) -> None:
    """A plan is the same bytes each time, also from copies, and its parts are numbered."""
    for vector in subject.vectors.messages:
        if vector.error is not None:
            continue
        first = subject.channel.plan(vector.message, subject.account)
        again = subject.channel.plan(vector.message.model_copy(deep=True), subject.account.model_copy(deep=True))
        assert [step.model_dump() for step in first] == [step.model_dump() for step in again], vector.name
        assert [step.part for step in first] == list(range(len(first))), f"{vector.name}: parts not numbered"
        assert {step.parts for step in first} == {len(first)}, f"{vector.name}: parts miscounted"
        assert all(step.cost > 0 and step.timeout_s > 0 and step.bucket for step in first), vector.name


_DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
_AFTER_TWO_MINUTES = "Sun, 06 Nov 1994 08:51:37 GMT"
_UNPARSEABLE = (b"", b"\xff\xfe\0", b"<html>busy</html>", b"[" * 50_000, b"null", b'{"sid":', b"x" * 1_000_000)


def _outcome(subject: Subject, status: int, body: bytes = b"", **headers: str) -> Outcome:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = Response(status=status, headers=named, body=body)
    return subject.channel.interpret(first_step(subject), answer, subject.account)


def every_answer_is_understood(subject: Subject) -> None:
    """Whatever status comes, with whatever nonsense as its body, there is an outcome with a sentence."""
    for body in _UNPARSEABLE:
        for status in (301, 400, 401, 403, 404, 408, 409, 413, 418, 429, 500, 502, 503, 504):
            outcome = _outcome(subject, status, body)
            assert isinstance(outcome, Failed), f"{status} is no success"
            assert outcome.text, f"{status}: the agent reads nothing"
        for status in (200, 201, 202):
            outcome = _outcome(subject, status, body)
            transient = isinstance(outcome, Accepted) or outcome.kind.transient
            assert transient, f"{status} with nonsense may have been taken: it is no final failure"


def transient_answers_are_tried_again(subject: Subject) -> None:
    """429 and 5xx are tried again, after as long as the provider asks, by its own clock; 401 never ends a reply."""
    for status in (429, 500, 503):
        outcome = _outcome(subject, status)
        assert isinstance(outcome, Failed), status
        assert outcome.kind.transient, f"{status} is final"
    for value, wait in (("7", 7.0), (_AFTER_TWO_MINUTES, 120.0), (_DATE, 0.0), ("soon", None), ("-5", None)):
        outcome = _outcome(subject, 429, retry_after=value, date=_DATE)
        assert isinstance(outcome, Failed)
        assert outcome.retry_after_s == wait, f"Retry-After {value}: {outcome.retry_after_s}"
    outcome = _outcome(subject, 401)
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureClass.AUTH, "401 pauses the account, it does not fail the message"


def silence_is_ambiguous(subject: Subject) -> None:
    """No answer after sending may be a success; no connection is surely none."""
    step = first_step(subject)
    for reason in ("time-out", "connection reset"):
        outcome = subject.channel.interpret(step, NoResponse(sent=True, reason=reason), subject.account)
        assert isinstance(outcome, Failed)
        if subject.channel.manifest.idempotent_send:
            assert outcome.kind.transient, reason
        else:
            assert outcome.kind is FailureClass.AMBIGUOUS, f"{reason}: {outcome.kind}"
    outcome = subject.channel.interpret(step, NoResponse(sent=False, reason="refused"), subject.account)
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureClass.RETRY, f"not connected: {outcome.kind}"


def secrets_stay_secret(subject: Subject) -> None:
    """No secret is in the repr or text of anything, nor in what a stranger or the log is told."""
    step = first_step(subject)
    seen: list[object] = [subject.account, subject.account.settings, step, subject.channel.manifest]
    for _, request in _requests(subject):
        forged = _with_header(request, subject.vectors.signature_headers[0], "x")
        seen += [subject.channel.verify(forged, subject.account), subject.channel.parse(request, subject.account)]
    hidden = [*subject.secrets]
    if step.basic_auth is not None:
        user, secret = step.basic_auth
        hidden += [secret, base64.b64encode(f"{user}:{secret}".encode()).decode()]
    for secret in hidden:
        echo = subject.channel.interpret(step, Response(status=400, body=secret.encode()), subject.account)
        seen += [echo, step.url, step.body, dict(step.headers)]
    ack = subject.channel.manifest.ack
    seen += [ack.accepted, ack.retry_later, ack.refused]
    for thing in seen:
        for secret in hidden:
            assert secret not in f"{thing!r} {thing!s}", f"a secret shows in {type(thing).__name__}"


def threads_are_stable(subject: Subject) -> None:
    """One contact of one account has one thread, another contact another."""
    contacts = {vector.message.contact for vector in subject.vectors.messages}
    keys = {subject.channel.thread_key(contact, subject.account) for contact in contacts}
    assert len(keys) == len({(contact.scheme, contact.value) for contact in contacts}), "two contacts, one thread"
    other = subject.account.model_copy(update={"name": "another-account"})
    for contact in contacts:
        shown = contact.model_copy(update={"display": "Somebody Else"})
        key = subject.channel.thread_key(contact, subject.account)
        assert key == subject.channel.thread_key(shown, subject.account), "a name changed the thread"
        assert key != subject.channel.thread_key(contact, other), "two accounts, one thread"


def manifest_is_complete(subject: Subject) -> None:
    """The manifest answers all that the engine asks of it, and its answers agree with each other."""
    manifest, ack = subject.channel.manifest, subject.channel.manifest.ack
    assert manifest.api == API_VERSION
    assert manifest.type == subject.account.channel, "the account is another channel's"
    assert manifest.name
    assert manifest.address_schemes
    assert set(manifest.begins) <= set(manifest.address_schemes), "writes first to addresses it does not have"
    assert manifest.text_limit > 0
    assert manifest.max_body_bytes > 0
    assert manifest.max_attempts > 0
    assert manifest.send_before_s > 0
    assert 0 < ack.budget_s <= 60
    assert 200 <= ack.accepted.status < 300
    assert ack.retry_later.status >= 400
    assert ack.refused.status >= 400
    assert not {ack.accepted.status, ack.retry_later.status, ack.refused.status} & set(ack.never)
    assert isinstance(subject.account.settings, manifest.account_schema)
    schema = manifest.account_schema.model_json_schema()
    undescribed = [name for name, about in schema["properties"].items() if not about.get("description")]
    assert not undescribed, f"settings without a description: {undescribed}"


CHECKS: Mapping[str, Check] = {
    check.__name__.replace("_", " "): check
    for check in (
        tampered_body,
        tampered_url,
        tampered_headers,
        signature_missing_or_doubled,
        secrets_rotate,
        repeats_are_equal,
        unknown_is_a_problem,
        monsters_are_survived,
        plans_are_pure,
        every_answer_is_understood,
        transient_answers_are_tried_again,
        silence_is_ambiguous,
        secrets_stay_secret,
        threads_are_stable,
        manifest_is_complete,
    )
}
