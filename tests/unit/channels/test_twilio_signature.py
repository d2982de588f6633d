"""Our reading of Twilio's signature against Twilio's own validator."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict
from twilio.request_validator import RequestValidator

from trunkline.channels.base import Account, RawRequest, Rejected, Verified
from trunkline.channels.twilio import TwilioSettings, TwilioSms, form
from trunkline.channels.twilio.signature import signature

TOKEN = "f0e1d2c3b4a5968778695a4b3c2d1e0f"
SID = f"AC{'0123456789abcdef' * 2}"
SETTINGS = TwilioSettings.model_validate({"account_sid": SID, "auth_token": TOKEN, "sender": "+15005550006"})
ACCOUNT = Account(name="sms", channel="twilio-sms", public_url="https://sms.example", settings=SETTINGS)
ORACLE = RequestValidator(TOKEN)
FORM = ("content-type", "application/x-www-form-urlencoded; charset=UTF-8")

words = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30)
parameters = st.lists(st.tuples(words.filter(bool), words), max_size=20)


@given(parameters)
def test_parameters_are_written_as_the_standard_library_writes_them(fields: list[tuple[str, str]]) -> None:
    assert form.written(fields) == urlencode(fields)


def request(
    body: bytes, signed: str, *headers: tuple[str, str], url: str = ACCOUNT.webhook_url, method: str = "POST"
) -> RawRequest:
    return RawRequest(
        method=method,
        url=url,
        headers=(*(headers or (FORM,)), ("x-twilio-signature", signed)),
        body=body,
        received_at=datetime(2026, 1, 2, tzinfo=UTC),
    )


def verified(one: RawRequest) -> bool:
    return TwilioSms().verify(one, ACCOUNT) == Verified()


@given(parameters, st.sampled_from(["", "?", "?message=1&part=0", "?a=%20b"]))
def test_whatever_twilio_signs_is_verified(given_: list[tuple[str, str]], query: str) -> None:
    pairs = [pair for pair in given_ if pair[0] != "AccountSid"]
    url = ACCOUNT.webhook_url + query
    signed = ORACLE.compute_signature(url, MultiDict(pairs))

    assert signature(TOKEN, url, [(name.encode(), value.encode()) for name, value in pairs]) == signed
    assert verified(request(urlencode(pairs).encode(), signed, url=url))


@given(parameters.filter(bool), st.data())
def test_our_verdict_on_a_changed_form_is_twilios(pairs: list[tuple[str, str]], data: st.DataObject) -> None:
    signed = ORACLE.compute_signature(ACCOUNT.webhook_url, MultiDict(pairs))
    body = bytearray(urlencode(pairs), "ascii")
    at = data.draw(st.integers(0, len(body) - 1))
    body[at] ^= 1
    changed = bytes(body)

    if verified(request(changed, signed)):
        fields = MultiDict(parse_qsl(changed.decode(), keep_blank_values=True))
        assert ORACLE.validate(ACCOUNT.webhook_url, fields, signed)


@pytest.mark.parametrize("configured", ["https://sms.example", "https://sms.example:443", "https://sms.example:8443"])
@pytest.mark.parametrize("port", ["", ":443"])
def test_the_port_may_or_may_not_be_in_what_was_signed(configured: str, port: str) -> None:
    signed = ORACLE.compute_signature(f"https://sms.example{port}/webhooks/sms?part=1", {"Body": "x"})
    one = request(b"Body=x", signed, url=f"{configured}/webhooks/sms?part=1")

    assert verified(one)


def test_a_get_is_signed_by_its_url() -> None:
    url = f"{ACCOUNT.webhook_url}?Body=x&From=%2B37120000001"
    signed = ORACLE.compute_signature(url, {})

    assert verified(request(b"", signed, url=url, method="GET"))
    assert not verified(request(b"Body=y", signed, url=url, method="GET"))


def test_json_is_covered_by_its_hash_in_the_url() -> None:
    body = json.dumps({"a": 1}).encode()
    url = f"{ACCOUNT.webhook_url}?bodySHA256={hashlib.sha256(body).hexdigest()}"
    signed = ORACLE.compute_signature(url, {})
    kind = ("content-type", "application/json")

    assert ORACLE.validate(url, body.decode(), signed)
    assert verified(request(body, signed, kind, url=url))
    assert not verified(request(body + b" ", signed, kind, url=url))
    assert not verified(request(body, ORACLE.compute_signature(ACCOUNT.webhook_url, {}), kind))


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "application/xml", ""])
def test_a_body_that_no_signature_covers_is_rejected(kind: str) -> None:
    signed = ORACLE.compute_signature(ACCOUNT.webhook_url, {})

    assert not verified(request(b"Body=x", signed, ("content-type", kind)))


def test_a_genuine_request_about_another_account_is_rejected() -> None:
    signed = ORACLE.compute_signature(ACCOUNT.webhook_url, {"AccountSid": "AC" + "9" * 32})

    verdict = TwilioSms().verify(request(b"AccountSid=AC" + b"9" * 32, signed), ACCOUNT)

    assert verdict == Rejected(reason="signed, but about another account")


def test_bytes_that_are_not_utf8_are_signed_as_they_are() -> None:
    signed = signature(TOKEN, ACCOUNT.webhook_url, [(b"Body", b"\xff\xfe")])

    assert verified(request(b"Body=%FF%FE", signed))
    assert not verified(request(b"Body=%FF%FD", signed))


def test_a_signature_that_is_no_ascii_is_rejected_without_a_crash() -> None:
    assert not verified(request(b"Body=x", "é☃"))
