"""Mails as they come: a corpus of our own, each with what must be read of it, and mails built to do harm."""

from __future__ import annotations

import base64
import contextlib
import json
import operator
import time
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trunkline.channels.email.letter import Letter, read
from trunkline.channels.email.scan import TooMuch
from trunkline.messages import Blob, Html, Media, Quote, Text, Unsupported

CORPUS = Path(__file__).resolve().parents[2] / "payloads" / "email"
NAMES = sorted(path.stem for path in CORPUS.glob("*.eml"))
LONGEST_S = 5.0
"""A reader is killed after ten seconds of CPU; what is let in must stay well below."""


class Kept:
    """Blobs in memory."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}

    def __call__(self, content: bytes) -> Blob:
        digest = sha256(content).hexdigest()
        self.contents[digest] = content
        return Blob(digest=digest, size=len(content))


def texts(letter: Letter) -> list[str]:
    return [part.text for part in letter.parts if isinstance(part, Text)]


def quotes(letter: Letter) -> str:
    return "\n".join(part.quoted for part in letter.parts if isinstance(part, Quote))


def html_of(letter: Letter, kept: Kept) -> str:
    [part] = [part for part in letter.parts if isinstance(part, Html)]
    return kept.contents[part.blob.digest].decode()


def told(letter: Letter, kept: Kept) -> dict[str, Callable[[Any], bool]]:
    """How each expectation of the corpus is judged."""
    words = "\n".join(texts(letter))
    names = [part.name for part in letter.parts if isinstance(part, Media)]
    plain = letter.model_dump(mode="json")
    simple = ("subject", "message_id", "references", "cc", "automatic", "sent_at")
    return {name: partial(operator.eq, plain[name]) for name in simple} | {
        "subject_has": lambda want: all(one in letter.subject for one in want),
        "sender": lambda want: letter.sender is not None and letter.sender.display == want,
        "contact": lambda want: letter.answer_to is not None and letter.answer_to.value == want,
        "text": lambda want: texts(letter) == want,
        "text_has": lambda want: all(one in words for one in want),
        "text_lacks": lambda want: not any(one in words for one in want),
        "quote_has": lambda want: all(one in quotes(letter) for one in want),
        "kinds": lambda want: [part.kind for part in letter.parts] == want,
        "files": lambda want: names == want,
        "html_has": lambda want: all(one in html_of(letter, kept) for one in want),
        "html_lacks": lambda want: not any(one in html_of(letter, kept) for one in want),
        "automatic_has": lambda want: want in (letter.automatic or ""),
        "bounce": lambda want: (
            (letter.bounce is None) is (want is None)
            and (want is None or all(plain["bounce"][part] == value for part, value in want.items()))
        ),
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_mail_of_the_corpus_is_read_as_a_person_reads_it(name: str) -> None:
    raw, kept = (CORPUS / f"{name}.eml").read_bytes(), Kept()
    wanted = json.loads((CORPUS / f"{name}.json").read_text(encoding="utf-8"))

    letter = read(raw, kept)

    judges = told(letter, kept)
    for what, want in wanted.items():
        if what != "envelope":
            assert judges[what](want), f"{what}: wanted {want}, in {letter.model_dump(mode='json')}"


@pytest.mark.parametrize("name", NAMES)
def test_the_same_mail_by_another_way_is_the_same(name: str) -> None:
    raw = (CORPUS / f"{name}.eml").read_bytes()
    passed_on = b"Received: from a by b; Mon, 5 Jan 2026 10:00:00 +0000\r\nX-Spam: no\r\n" + raw

    assert read(raw, Kept()).digest == read(passed_on, Kept()).digest


def test_other_words_are_another_mail() -> None:
    raw = (CORPUS / "no-message-id.eml").read_bytes()

    assert read(raw, Kept()).digest != read(raw.replace(b"hello", b"hullo"), Kept()).digest


@pytest.mark.parametrize("charset", ["utf-8", "cp1257"])
def test_a_file_name_in_raw_bytes_is_a_name(charset: str) -> None:
    disposition = b'Content-Disposition: attachment; filename="' + "rēķins.pdf".encode(charset) + b'"'
    raw = HEAD + b"Content-Type: application/pdf\r\n" + disposition + b"\r\n\r\nx"

    [file] = [part for part in read(raw, Kept()).parts if isinstance(part, Media)]

    assert file.name is not None
    assert file.name.endswith("ins.pdf")
    assert charset != "utf-8" or file.name == "rēķins.pdf"


@pytest.mark.parametrize(
    "field", ["Subject", "From", "To", "Message-ID", "References", "Date", "Content-Type", "Content-ID"]
)
@pytest.mark.parametrize(
    "value", [b"\xff\xfe\x80", b"\xed\xa0\x80", b"=?utf-8?b?7aCA?=", b"=?utf-16?b?2AA=?=", b"<\xff@x>"]
)
def test_a_field_of_bytes_that_are_no_text_harms_nothing(field: str, value: bytes) -> None:
    letter = read(field.encode() + b": " + value + b"\r\n" + HEAD + b"\r\nhello", Kept())

    assert Letter.model_validate_json(letter.model_dump_json().encode()) == letter


def test_files_are_kept_byte_for_byte() -> None:
    kept = Kept()
    content = bytes(range(256)) * 10
    body = base64.encodebytes(content)
    raw = HEAD + b"Content-Type: application/x-thing; name=t.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n" + body

    letter = read(raw, kept)

    [file] = [part for part in letter.parts if isinstance(part, Media)]
    assert file.blob is not None
    assert kept.contents[file.blob.digest] == content


def test_a_long_mail_is_cut_in_the_log_and_says_so() -> None:
    raw = HEAD + b"\r\n" + b"a line of words\r\n" * 20_000

    letter = read(raw, Kept())

    assert sum(len(text.encode()) for text in texts(letter)) <= 90_000
    assert [part.reason for part in letter.parts if isinstance(part, Unsupported)] == [
        "The mail is longer: the rest is in the original."
    ]


HEAD = b"From: anna@customers.example\r\nTo: support@shop.example\r\nMessage-ID: <h@x.example>\r\nMIME-Version: 1.0\r\n"


def _multipart(depth: int) -> bytes:
    parts = [b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(depth)]
    return HEAD + b"".join(parts) + b"Content-Type: text/plain\r\n\r\ndeep\r\n"


REFUSED = {
    "40 000 addresses": b"From: a@b.example\r\nTo: " + b",\r\n ".join(b"x%d@y.example" % n for n in range(40_000)),
    "many address headers": b"From: a@b.example\r\n" + (b"To: " + b"x@y.example, " * 400 + b"\r\n") * 40,
    "20 000 encoded words": b"Subject: " + b"\r\n ".join([b"=?utf-8?q?a?="] * 20_000),
    "a header without end": b"X: " + b"a" * 300_000,
    "a header of 100 kB": b"X: " + b"a" * 100_000 + b"\r\n\r\nhi",
    "10 000 headers": b"".join(b"X-%d: y\r\n" % n for n in range(10_000)) + b"\r\nhi",
    "nested comments": b"From: " + b"(" * 5_000 + b")" * 5_000 + b" a@b.example\r\n\r\nhi",
    "2 000 nested parts": _multipart(2_000),
    "50 000 parts": HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 50_000,
    "3 000 parts with headers": HEAD
    + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    + b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n" * 3_000,
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_mail_built_to_exhaust_is_refused_at_once(name: str) -> None:
    began = time.process_time()

    with pytest.raises(TooMuch) as refusal:
        read(REFUSED[name], Kept())

    assert time.process_time() - began < 1.0
    assert str(refusal.value).startswith(("it ", "its ", "one of its "))


TAKEN = {
    "nothing": b"",
    "NULs": b"\0" * 5_000,
    "no header at all": b"just words\r\n" * 100,
    "bytes": bytes(range(256)) * 100,
    "60 nested parts": _multipart(60),
    "nested attached mails": HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 200 + b"hi",
    "30 000 nested divs": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<div>" * 30_000 + b"hi",
    "open comments": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<!--" * 100_000,
    "open declarations": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<![" * 100_000,
    "attributes": HEAD + b"Content-Type: text/html\r\n\r\n<p " + b"a=b " * 100_000 + b">hi</p>",
    "entities": HEAD + b"Content-Type: text/html\r\n\r\n" + b"&lt;" * 200_000,
    "HTML of 3 MB": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<p>hi</p>" * 330_000,
    "text of 3 MB in one line": HEAD + b"\r\n" + b"> On wrote: " * 250_000,
    "quotes without end": HEAD + b"\r\n" + b">" * 1_000_000,
    "a boundary of regular expressions": HEAD
    + b'Content-Type: multipart/mixed; boundary="(.*)+$"\r\n\r\n--(.*)+$\r\n\r\nx',
    "UTF-7": HEAD + b"Content-Type: text/html; charset=utf-7\r\n\r\n+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "control characters": HEAD + b"\r\n" + b"\x01\x02\x1b" * 100_000,
    "quotation marks": HEAD + b"\r\n" + b'"\\' * 100_000,
    "a charset that is no text": HEAD + b"Content-Type: text/plain; charset=zlib_codec\r\n\r\nhi",
    "parameters": HEAD
    + b"Content-Type: text/plain; "
    + b"; ".join(b"a*%d=b" % n for n in range(1_000))
    + b"\r\n\r\nhi",
}


@pytest.mark.parametrize("name", TAKEN)
def test_a_strange_mail_is_read_without_an_exception_and_in_time(name: str) -> None:
    kept = Kept()
    began = time.process_time()

    letter = read(TAKEN[name], kept)

    assert time.process_time() - began < LONGEST_S
    assert len(letter.model_dump_json()) < 262_144
    assert not any(b"<script" in content.lower() for content in kept.contents.values())


@given(st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_mail_damaged_anywhere_is_read_or_refused_and_raises_nothing_else(data: st.DataObject) -> None:
    raw = (CORPUS / f"{data.draw(st.sampled_from(NAMES))}.eml").read_bytes()
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(raw)))
        gone = data.draw(st.integers(0, 20))
        put = data.draw(st.one_of(st.binary(max_size=8), st.sampled_from(SPICES)))
        raw = raw[:at] + put + raw[at + gone :]

    with contextlib.suppress(TooMuch):
        letter = read(raw, Kept())
        Letter.model_validate_json(letter.model_dump_json())


SPICES = [
    b"=?utf-8?b?", b"?=", b"=?x?q?=ff?=", b"\r\n\r\n", b"\r\n ", b"boundary=", b"--b1", b"--", b"charset=utf-7",
    b"charset=\xff",     b"charset=idna", b"charset=unicode_escape", b"Content-Type: ",
    b"Content-Transfer-Encoding: x-uuencode\r\n", b"begin 666 x\r\n",
    b"name*0*=utf-8''%ff", b"filename*=x''%", b"message/rfc822", b"multipart/", b"multipart/alternative; boundary=",
    b"<", b">", b"(", b'"', b"\\", b";", b"@", b":;", b"\x00", b"\xff\xfe", b"\xed\xa0\x80",
    b"message/delivery-status\r\n\r\n",
    b"text/rfc822-headers", b"report-type=delivery-status", b"multipart/report;",
    b"Date: ", b"Mon, 99 Zzz 99999 99:99:99 +9999",
]  # fmt: skip
