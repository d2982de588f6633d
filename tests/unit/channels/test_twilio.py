"""What the vectors cannot say: bytes, settings, limits. The rest is in tests/payloads/twilio-sms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from trunkline.channels.base import (
    Accepted,
    Account,
    Channel,
    FetchesMedia,
    MessageIn,
    Parsed,
    RawRequest,
    Response,
)
from trunkline.channels.twilio import TwilioSettings, TwilioSms
from trunkline.messages import Address, Blob, Media, OutboundMessage, Part, Text

TOKEN = "f0e1d2c3b4a5968778695a4b3c2d1e0f"
SID = f"AC{'0123456789abcdef' * 2}"
NOW = datetime(2026, 1, 2, tzinfo=UTC)
BASE: dict[str, Any] = {"account_sid": SID, "auth_token": TOKEN, "sender": "+15005550006"}
TWILIO = TwilioSms()
FIELDS = (
    *("MessageSid", "From", "Body", "NumMedia", "MediaUrl0", "Latitude", "Longitude", "MessageStatus", "ErrorCode"),
    *("ProfileName", "ButtonText", "OptOutType"),
)


def account(**settings: Any) -> Account:
    return Account(
        name="sms",
        channel="twilio-sms",
        public_url="https://sms.example",
        settings=TwilioSettings.model_validate(BASE | settings),
    )


def parsed(body: bytes, *, query: str = "", **settings: Any) -> Parsed:
    one = account(**settings)
    url = one.webhook_url + (f"?{query}" if query else "")
    return TWILIO.parse(RawRequest(method="POST", url=url, headers=(), body=body, received_at=NOW), one)


def reply(*parts: Part, scheme: str = "tel") -> OutboundMessage:
    return OutboundMessage(
        id="r1",
        account="sms",
        channel="twilio-sms",
        conversation="3-00ff",
        contact=Address(scheme=scheme, value="+37120000001"),
        parts=parts,
        written_at=NOW,
        send_before=NOW + timedelta(days=1),
    )


def test_it_is_a_channel_that_fetches_media() -> None:
    assert isinstance(TWILIO, Channel)
    assert isinstance(TWILIO, FetchesMedia)


def test_words_that_are_not_utf8_are_kept_with_a_problem_beside() -> None:
    result = parsed(b"MessageSid=SM1&From=%2B37120000001&NumMedia=0&Body=caf%E9%00")

    (message,) = result.events
    assert isinstance(message, MessageIn)
    assert message.parts == (Text(text="caf\ufffd\ufffd"),)
    assert [problem.reason for problem in result.problems] == ["Body is not UTF-8", "Body contains NUL"]
    assert "caf%E9%00" in result.problems[0].original


def test_two_different_bodies_are_one_problem_whatever_their_order() -> None:
    one = parsed(b"MessageSid=SM1&From=12345&NumMedia=0&Body=a&Body=b")
    other = parsed(b"MessageSid=SM1&From=12345&NumMedia=0&Body=b&Body=a")

    assert one.events == other.events == ()
    assert [problem.kind for problem in one.problems] == ["broken"]


def test_a_body_at_the_size_limit_is_kept_whole() -> None:
    words = "x" * 200_000

    (message,) = parsed(urlencode({"MessageSid": "SM1", "From": "12345", "Body": words}).encode()).events

    assert isinstance(message, MessageIn)
    assert "".join(part.text for part in message.parts if isinstance(part, Text)) == words


@given(st.dictionaries(st.sampled_from(FIELDS), st.binary(max_size=40)), st.binary(max_size=60))
def test_parse_never_raises_and_drops_nothing_in_silence(form: dict[str, bytes], tail: bytes) -> None:
    result = parsed(urlencode(form).encode() + tail)

    assert result.events or result.problems


@given(st.binary(max_size=300), st.dictionaries(st.text(max_size=8), st.text(max_size=40)), st.integers(100, 599))
def test_interpret_never_raises(body: bytes, headers: dict[str, str], status: int) -> None:
    step = TWILIO.plan(reply(Text(text="x")), account())[0]
    wild = {"retry-after": next(iter(headers.values()), ""), "date": next(iter(headers), "")}

    outcome = TWILIO.interpret(step, Response(status=status, headers=headers | wild, body=body), account())

    assert not isinstance(outcome, Accepted)


def test_every_part_of_a_long_reply_says_which_it_is() -> None:
    steps = TWILIO.plan(reply(Text(text="word " * 1_000)), account())

    callbacks = [parse_qs(step.body.decode())["StatusCallback"][0] for step in steps]
    assert callbacks == [f"https://sms.example/webhooks/sms?message=r1&conversation=3-00ff&part={n}" for n in range(4)]
    assert all(step.basic_auth == (SID, TOKEN) for step in steps)


@pytest.mark.parametrize(("scheme", "sizes"), [("tel", [10, 2]), ("whatsapp", [1] * 12)])
def test_attachments_go_ten_to_a_message_and_one_on_whatsapp(scheme: str, sizes: list[int]) -> None:
    media = [Media(content_type="image/png", source=f"https://files.example/{n}") for n in range(12)]

    steps = TWILIO.plan(reply(Text(text="look"), *media, scheme=scheme), account())

    assert [len(parse_qs(step.body.decode())["MediaUrl"]) for step in steps] == sizes


def test_a_file_of_ours_has_an_address_that_holds_for_a_while_and_that_nobody_else_can_make() -> None:
    file = Media(content_type="image/png", name="čeks.png", blob=Blob(digest="a" * 64, size=3))
    [step] = TWILIO.plan(reply(Text(text="look"), file), account())
    [again] = TWILIO.plan(reply(Text(text="look"), file), account())
    [url] = parse_qs(step.body.decode())["MediaUrl"]
    reference = url.removeprefix("https://sms.example/files/sms/")

    assert step.body == again.body
    assert TWILIO.file_of(reference, account(), now=NOW) == file
    assert TWILIO.file_of(reference, account(auth_token=["new", TOKEN]), now=NOW) == file, "while the token is rotated"
    assert TWILIO.file_of(reference, account(), now=NOW + timedelta(days=2)) is None
    assert TWILIO.file_of(reference, account(auth_token="another"), now=NOW) is None
    changed = reference[:-1] + ("0" if reference[-1] != "0" else "1")
    for forged in (changed, reference.partition(".")[0], "", "." * 3_000):
        assert TWILIO.file_of(forged, account(), now=NOW) is None


def test_a_customers_own_picture_goes_back_from_our_copy_for_twilio_would_need_a_password_for_its() -> None:
    source = f"https://api.twilio.com/2010-04-01/Accounts/{SID}/Messages/MM1/Media/ME1"
    file = Media(content_type="image/png", source=source, blob=Blob(digest="a" * 64, size=3))
    [step] = TWILIO.plan(reply(file), account())
    assert parse_qs(step.body.decode())["MediaUrl"][0].startswith("https://sms.example/files/sms/")


def test_a_messaging_service_takes_the_place_of_the_sender() -> None:
    service = "MG" + "d" * 32

    (step,) = TWILIO.plan(reply(Text(text="x")), account(sender=None, messaging_service_sid=service))

    form = parse_qs(step.body.decode())
    assert form["MessagingServiceSid"] == [service]
    assert "From" not in form
    assert step.bucket == service


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        (Text(text="x" * 60_000), "too long"),
        (Media(content_type="image/png", source="ftp://files.example/x"), "no public address"),
        (
            Media(
                content_type="image/png", source="https://files.example/x", blob=Blob(digest="0" * 64, size=6_000_000)
            ),
            "5 MB",
        ),
    ],
)
def test_what_cannot_be_sent_is_refused_with_a_sentence(part: Part, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        TWILIO.plan(reply(part), account())


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x",
        "http://api.twilio.com/x",
        "https://api.twilio.com:8443/x",
        "https://api.twilio.com@evil.example/x",
        "https://user:pw@api.twilio.com/x",
        "https://api.twilio.com.evil.example/x",
        "https://api.twilio.com\\@evil.example/x",
        "https://evil.example/#@api.twilio.com/",
        "https://api.twilio.com:0x1bb/",
        "//api.twilio.com/x",
        "file:///etc/passwd",
        "https://[::1/x",
        "https://api.twilio.com /x",
        "https://api.twilio.com/\r\nHost: evil",
        "",
    ],
)
def test_credentials_go_to_no_other_host(url: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        TWILIO.media_request(url, account())


def test_media_of_the_account_are_fetched_with_its_credentials() -> None:
    url = f"https://api.twilio.com/2010-04-01/Accounts/{SID}/Messages/MM1/Media/ME1"
    simulated = account(api_base="http://127.0.0.1:8123")

    step = TWILIO.media_request(url, account())

    assert (step.method, step.url, step.basic_auth) == ("GET", url, (SID, TOKEN))
    assert TWILIO.media_request("http://127.0.0.1:8123/x", simulated).basic_auth == (SID, TOKEN)
    with pytest.raises(ValueError, match="not an address"):
        TWILIO.media_request("http://127.0.0.1:8124/x", simulated)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"account_sid": "AC1"}, "account_sid"),
        ({"auth_token": ""}, "auth token is empty"),
        ({"auth_token": []}, "auth_token"),
        ({"auth_token": ["a", "b", "c"]}, "auth_token"),
        ({"sender": None}, "either sender or messaging_service_sid"),
        ({"messaging_service_sid": "MG" + "d" * 32}, "either sender or messaging_service_sid"),
        ({"sender": "a name much too long"}, "sender must be"),
        ({"api_base": "http://api.twilio.com"}, "must be https"),
        ({"api_base": "https://api.twilio.com/v1"}, "scheme and host only"),
        ({"api_base": "https://u:p@api.twilio.com"}, "scheme and host only"),
        ({"typo": 1}, "typo"),
    ],
)
def test_wrong_settings_are_refused_without_showing_the_token(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence) as caught:
        TwilioSettings.model_validate(BASE | change)

    assert TOKEN not in str(caught.value)


def test_an_sms_and_a_whatsapp_of_one_number_are_two_threads() -> None:
    tel, whatsapp = (Address(scheme=scheme, value="+37120000001") for scheme in ("tel", "whatsapp"))

    assert TWILIO.thread_key(tel, account()) == "sms|tel:+37120000001"
    assert TWILIO.thread_key(whatsapp, account()) == "sms|whatsapp:+37120000001"
