"""A look at a mail's bytes before anything parses them: what would cost minutes is refused in milliseconds.

Measured on the standard library's parser: 40 000 addresses in one header 45 s, 20 000 encoded words 22 s, 50 000 parts
7 s, 2 000 nested parts a RecursionError.
"""

from __future__ import annotations

import re

MAX_HEADER_BYTES = 262_144
MAX_ONE_HEADER_BYTES = 16_384
MAX_HEADERS = 1_000
MAX_ENCODED_WORDS = 500
MAX_ADDRESSES = 1_000
MAX_DELIMITERS = 2_000
MAX_BOUNDARIES = 100

_END = re.compile(rb"\r?\n\r?\n")
_HEADER = re.compile(rb"\r?\n(?![ \t])")
_BOUNDARY = re.compile(rb"""boundary\s*=\s*("?)([^"\r\n;]{1,200})""", re.IGNORECASE)
_ADDRESSES = re.compile(rb"(?:to|cc|bcc|from|sender|reply-to|resent-[a-z-]+)\s*:", re.IGNORECASE)


class TooMuch(Exception):
    """The mail is built to exhaust who reads it, or beyond all need; the sentence says what there is too much of."""


def scan(raw: bytes) -> None:
    """Raise TooMuch unless the mail is within all bounds. Linear in its size."""
    found = _END.search(raw, 0, MAX_HEADER_BYTES + 4)
    end = found.start() if found else len(raw)
    if end > MAX_HEADER_BYTES:
        raise TooMuch(f"its header is above {MAX_HEADER_BYTES} bytes")
    _scan_header(raw[:end])
    _scan_structure(raw)


def _scan_header(header: bytes) -> None:
    fields = _HEADER.split(header)
    if len(fields) > MAX_HEADERS:
        raise TooMuch(f"it has more than {MAX_HEADERS} header fields")
    for field in fields:
        if len(field) > MAX_ONE_HEADER_BYTES:
            raise TooMuch(f"one of its header fields is above {MAX_ONE_HEADER_BYTES} bytes")
        if field.count(b"=?") > MAX_ENCODED_WORDS:
            raise TooMuch(f"one of its header fields has more than {MAX_ENCODED_WORDS} encoded words")
        if field.count(b"(") > 100 and _ADDRESSES.match(field):
            raise TooMuch("one of its address fields has more than 100 comments")
    if sum(field.count(b",") for field in fields if _ADDRESSES.match(field)) > MAX_ADDRESSES:
        raise TooMuch(f"it names more than {MAX_ADDRESSES} addresses")


def _scan_structure(raw: bytes) -> None:
    """Nesting and the number of parts are bounded by boundaries declared and by lines that look like delimiters."""
    boundaries = {
        match[2].strip() for _, match in zip(range(MAX_BOUNDARIES + 1), _BOUNDARY.finditer(raw), strict=False)
    }
    if len(boundaries) > MAX_BOUNDARIES:
        raise TooMuch(f"it declares more than {MAX_BOUNDARIES} boundaries")
    if raw.lower().count(b"content-type:") > MAX_DELIMITERS:
        raise TooMuch(f"it has more than {MAX_DELIMITERS} parts")
    for boundary in boundaries:
        if raw.count(b"\n--" + boundary) > MAX_DELIMITERS:
            raise TooMuch(f"it has more than {MAX_DELIMITERS} parts")
