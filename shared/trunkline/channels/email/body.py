"""A mail's parts: which of them are its words, which its look, which are files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import Message

from trunkline.channels.email.fields import decoded, one_line, repaired, text_of
from trunkline.messages import Blob, Html, Media, Part, Unsupported

MAX_FILES = 40
MAX_DEPTH = 30
_MAX_TEXT_BYTES = 1_000_000
_BAD_NAME = re.compile(r'[/\\:*?"<>|]+')
_KIND = re.compile(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,127}", re.ASCII)


@dataclass
class Body:
    """What a mail's body holds."""

    text: str = ""
    others: tuple[Part, ...] = ()
    """HTML, then files, then what could not be kept."""


@dataclass
class _Found:
    words: list[str] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)
    files: list[Media] = field(default_factory=list)
    pictures: dict[str, str] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)


def read_body(message: Message, keep: Callable[[bytes], Blob]) -> Body:
    """The words, the safe HTML and the files of a parsed mail; files and HTML are given to `keep`."""
    # Here, and not above: only who reads mail needs nh3, and every service knows every channel.
    from trunkline.channels.email import html  # noqa: PLC0415  as the comment says

    found = _Found()
    for part in _leaves(message, 0, found):
        _sort(part, found, keep)
    others: list[Part] = []
    text = "\n\n".join(found.words)
    if found.looks:
        source = "\n".join(found.looks)
        try:
            cleaned = html.clean(source, found.pictures)
        except html.TooDeep:
            found.lost.append("Its HTML is too large or nested too deeply to be shown; the original has it.")
        else:
            others.append(Html(blob=keep(cleaned.encode())))
            text = text if text.strip() else html.text_of(cleaned)
    others += found.files[:MAX_FILES]
    if len(found.files) > MAX_FILES:
        found.lost.append(f"It has {len(found.files)} attachments; the first {MAX_FILES} are shown.")
    others += [Unsupported(reason=reason, original="") for reason in dict.fromkeys(found.lost)]
    return Body(text, tuple(others))


def _leaves(message: Message, depth: int, found: _Found) -> Iterator[Message]:
    """Parts that hold content, in order; an attached mail is one of them, whole."""
    if depth > MAX_DEPTH:
        found.lost.append("Some of it is nested too deeply to be shown; the original has it.")
    elif message.get_content_maintype() == "multipart" and message.is_multipart():
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from _leaves(part, depth + 1, found)
    else:
        yield message


def _sort(part: Message, found: _Found, keep: Callable[[bytes], Blob]) -> None:
    kind = part.get_content_type()
    attached = (part.get_content_disposition() or "") == "attachment" or _name(part) is not None
    if kind in {"text/plain", "text/html"} and not attached:
        content = _content(part)
        text = text_of(content[:_MAX_TEXT_BYTES], _charset(part))
        (found.words if kind == "text/plain" else found.looks).append(text)
        if len(content) > _MAX_TEXT_BYTES:
            found.lost.append("Its text is above 1 MB; the rest is in the original.")
        return
    if kind in {"message/delivery-status", "text/rfc822-headers"}:
        return  # a bounce's own: read by `bounces`
    content = _content(part)
    if not content and _name(part) is None:
        return
    blob = keep(content)
    found.files.append(Media(content_type=kind if _KIND.fullmatch(kind) else "application/octet-stream",
                             name=_name(part) or _default_name(kind), blob=blob))  # fmt: skip
    if content_id := str(part.get("content-id", "")).strip("<> \t\r\n"):
        found.pictures[content_id] = blob.digest


def _content(part: Message) -> bytes:
    """The decoded bytes of a part; what its encoding breaks stays as it came."""
    if part.is_multipart():  # message/rfc822: the parser made a message of it
        inner = part.get_payload()
        try:
            return b"\r\n".join(one.as_bytes() for one in inner if isinstance(one, Message))
        except (UnicodeError, LookupError, ValueError, TypeError):
            return b"\r\n".join(str(one).encode("utf-8", "replace") for one in inner)
    try:
        content = part.get_payload(decode=True)
    except (UnicodeError, LookupError, ValueError, AssertionError):
        content = str(part.get_payload()).encode("utf-8", "replace")
    return content if isinstance(content, bytes) else b""


def _charset(part: Message) -> str | None:
    try:
        charset = part.get_content_charset()
    except (UnicodeError, LookupError, ValueError):
        return None
    return charset if charset else None


def _name(part: Message) -> str | None:
    """The file's name as a name and nothing else: no path, no control character, no way to hide its ending."""
    fields = Message()
    for header, value in part.raw_items():
        # Names in raw bytes are against the rules, and usual: the library would show each byte as unreadable.
        if header.lower() in {"content-disposition", "content-type"} and header not in fields:
            fields[header] = repaired(str(value))
    try:
        given = fields.get_filename()
    except (UnicodeError, LookupError, ValueError, TypeError):
        return None
    if not given:
        return None
    name = _BAD_NAME.sub("_", one_line(decoded(repaired(given)))).strip(" .")[:200]
    return name or "attachment"


def _default_name(kind: str) -> str | None:
    return {"message/rfc822": "mail.eml", "text/calendar": "invitation.ics"}.get(kind)
