"""What a file is and what it is called: its first bytes say the one, a tamed name the other.

Never the name's ending alone, nor what a browser claims: what is shown inline depends on it.
"""

from __future__ import annotations

import codecs
import re
from urllib.parse import quote

BYTES = "application/octet-stream"
"""What is said of bytes that nobody knows."""

DRAWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What a browser draws and cannot be made to run; everything else is only saved."""

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
)
_PROGRAMS = (b"MZ", b"\x7fELF", b"#!", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
_HEAD = 16
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""No text has them: what has is a program, or of another encoding."""

_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."
_ZIPPED = {
    "docx": f"{_OFFICE}wordprocessingml.document",
    "xlsx": f"{_OFFICE}spreadsheetml.sheet",
    "pptx": f"{_OFFICE}presentationml.presentation",
    "odt": f"{_OPEN}text",
    "ods": f"{_OPEN}spreadsheet",
    "odp": f"{_OPEN}presentation",
}


class Sniffer:
    """Tells what bytes are while they come: nobody needs to hold them whole."""

    def __init__(self) -> None:
        self._head = b""
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._is_text = True
        self._has_words = False

    def feed(self, chunk: bytes) -> None:
        """The next bytes."""
        if len(self._head) < _HEAD:
            self._head = (self._head + chunk)[:_HEAD]
        self._read(chunk)

    def _read(self, chunk: bytes, *, final: bool = False) -> None:
        if not self._is_text:
            return
        try:
            text = self._decoder.decode(chunk, final)
        except UnicodeDecodeError:
            self._is_text = False
            return
        self._is_text = _CONTROLS.search(text) is None
        self._has_words = self._has_words or bool(text.strip())

    @property
    def is_program(self) -> bool:
        """Whether an operating system would run it."""
        return self._head.startswith(_PROGRAMS)

    def kind(self) -> str | None:
        """The content type that the bytes show, once all were fed; None for what is not known."""
        for magic, kind in _MAGIC:
            if self._head.startswith(magic):
                return kind
        if self._head[:4] == b"RIFF" and self._head[8:12] == b"WEBP":
            return "image/webp"
        self._read(b"", final=True)
        return "text/plain" if self._is_text and self._has_words else None


def sniffed(content: bytes) -> str | None:
    """The content type that whole bytes show; None for what is not known."""
    sniffer = Sniffer()
    sniffer.feed(content)
    return sniffer.kind()


def refined(kind: str, name: str) -> str:
    """Of a packed file, which kind of document its name says it is; its bytes cannot run in a browser either way."""
    ending = name.rpartition(".")[2].lower()
    return _ZIPPED.get(ending, kind) if kind == "application/zip" else kind


def tame(name: str) -> str | None:
    """A file's name as something to show: no path, no control characters, a hundred characters."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(mark for mark in last if mark.isprintable())[:100].strip() or None


def harmless(name: str | None, *, drawn: bool) -> dict[str, str]:
    """Headers under which a browser draws a file, or saves it by this name (RFC 6266), and runs nothing in it."""
    how = "inline" if drawn else "attachment"
    return {
        "content-disposition": f"{how}; filename*=UTF-8''{quote(name, safe='')}" if name else how,
        "content-security-policy": "default-src 'none'; sandbox",
        "x-content-type-options": "nosniff",
    }
