"""Header fields as people meant them: broken charsets, missing brackets and folded lines included. Never raises."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

from trunkline.channels.email.settings import mailbox
from trunkline.messages import Address

MAX_ADDRESSES = 100
MAX_IDS = 30
MAX_ID = 250
MAX_HOPS = 50
"""More Received fields than this are a loop (RFC 5321 6.3 asks for at least 100 to be taken as one; Postfix: 50)."""

_BRACKETED = re.compile(r"<\s*([^<>\s]{1,998})\s*>")
_BARE = re.compile(r"[^<>\s,;\"']+@[^<>\s,;\"']+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]+")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_BULK = re.compile(r"\b(?:bulk|list|junk|auto_reply|auto-reply)\b", re.IGNORECASE)
_MACHINES = re.compile(r"(?:mailer-daemon|postmaster|no-?reply|do-?not-?reply)(?:\+[^@]*)?@", re.IGNORECASE)


class Fields:
    """The header of one mail."""

    def __init__(self, message: Message) -> None:
        self._fields = [(name.lower(), value) for name, value in message.raw_items()]

    def all(self, name: str) -> list[str]:
        """Every value of a field, unfolded, its bytes read as UTF-8 or else as what Windows writes."""
        return [_unfolded(value) for field, value in self._fields if field == name]

    def first(self, name: str) -> str:
        """The first value, empty if there is none."""
        return next(iter(self.all(name)), "")

    def text(self, name: str, most: int = 998) -> str:
        """The first value with its encoded words decoded, in one line, without control or direction characters."""
        return one_line(decoded(self.first(name)))[:most].strip()

    def addresses(self, *names: str) -> tuple[Address, ...]:
        """The usable mailboxes of these fields, each once."""
        values = [value for name in names for value in self.all(name)]
        found: dict[str, Address] = {}
        for display, address in getaddresses(values):
            box = mailbox(address.strip())
            if box is not None and box.lower() not in found and len(found) < MAX_ADDRESSES:
                shown = one_line(decoded(display))[:255].strip()
                found[box.lower()] = Address(scheme="mailto", value=box, display=shown or None)
        return tuple(found.values())

    def ids(self, name: str) -> tuple[str, ...]:
        """Message-IDs in a field, without brackets, in order; also without brackets or with commas between."""
        # Encoded words are forbidden here; Python's own library writes them all the same when an id is long.
        text = " ".join(decoded(value) for value in self.all(name))
        return tuple(dict.fromkeys(one for one in ids_in(text) if len(one) <= MAX_ID))[-MAX_IDS:]

    def sent_at(self) -> datetime | None:
        """When it was sent, by the sender's clock."""
        try:
            found = parsedate_to_datetime(self.first("date"))
            return (found.replace(tzinfo=UTC) if found.tzinfo is None else found).astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None

    def automatic(self, sender: str) -> str | None:
        """Why a machine wrote it (RFC 3834, RFC 2919, and older customs); None: a person, for all we see."""
        submitted = self.first("auto-submitted").partition(";")[0].strip().lower()
        if submitted and submitted != "no":
            return f"Auto-Submitted: {submitted[:100]}"
        if (listed := next((name for name in ("list-id", "list-post") if self.first(name)), None)) is not None:
            return f"it comes from a mailing list ({listed})"
        if found := _BULK.search(self.first("precedence")):
            return f"Precedence: {found[0].lower()}"
        for name in ("x-autoreply", "x-autorespond", "x-autoresponder"):
            if self.first(name):
                return f"it says so ({name})"
        return "its sender is a machine" if _MACHINES.match(sender) else None

    @property
    def hops(self) -> int:
        """How many servers passed it on."""
        return len(self.all("received"))


def one_line(text: str) -> str:
    """Without line ends, control characters and characters that turn the direction of what follows."""
    return _printable(_BIDI.sub("", _CONTROL.sub(" ", text)))


def ids_in(text: str) -> list[str]:
    """The Message-IDs of a text."""
    return _BRACKETED.findall(text) or _BARE.findall(text)


def text_of(data: bytes, charset: str | None) -> str:
    """Text of bytes that claim a charset: as claimed, else UTF-8, else Windows-1252; always something."""
    for name in (charset, "utf-8"):
        try:
            return _printable(data.decode(name or "utf-8"))
        except (LookupError, UnicodeError, ValueError):
            continue
    broken = charset if charset is not None and _is_text_charset(charset) else "cp1252"
    return _printable(data.decode(broken, "replace"))


def _printable(text: str) -> str:
    """Without control characters, which say nothing and cost six bytes each in JSON, and without lone surrogates."""
    return _UNPRINTABLE.sub("", text)


def joined(values: Iterable[Sequence[str]], most: int = MAX_IDS) -> tuple[str, ...]:
    """Lists of ids as one, each once at its last place; too long: cut in the middle, the root and the newest stay."""
    every: dict[str, None] = {}
    for value in values:
        for one in value:
            every.pop(one, None)
            every[one] = None
    ids = tuple(every)
    return ids if len(ids) <= most else (ids[0], *ids[-(most - 1) :])


def _is_text_charset(name: str) -> bool:
    try:
        "".encode(name)
    except (LookupError, UnicodeError, ValueError):
        return False
    return True


def repaired(text: str) -> str:
    """Text in which the parser has hidden the bytes it could not read, with those bytes read."""
    return text_of(text.encode("utf-8", "surrogateescape"), None)


def _unfolded(value: object) -> str:
    return re.sub(r"\r?\n[ \t]", " ", repaired(str(value))).strip()


def decoded(value: str) -> str:
    """Text with its encoded words (RFC 2047) read; as it is where they cannot be."""
    if "=?" not in value:
        return value
    try:
        pieces = decode_header(value)
    except (HeaderParseError, ValueError, LookupError):
        return value
    return "".join(piece if isinstance(piece, str) else text_of(piece, charset) for piece, charset in pieces)
