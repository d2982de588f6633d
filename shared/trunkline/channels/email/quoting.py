# ruff: noqa: RUF001  other languages have other letters
"""Telling a customer's new words from the earlier mails beneath them: English, Turkish, Latvian and common others.

Linear in the text; nothing is thrown away. Bottom posts and answers between the lines keep their order. Libraries were
tried: none knows Turkish or Latvian, and two of three take seconds for a hostile 10 kB.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

MAX_SEGMENTS = 20
"""More turns between new words and quotes than this are one text: then nothing is folded, and nothing lost."""

_LONGEST_LINE = 1_000
_ATTRIBUTION_LINES = 4

_WROTE = (
    "wrote:", "writes:", "yazdı:", "yazmış:", "rakstīja:", "raksta:", "schrieb:", "schrieb am", "a écrit :", "a écrit:",
    "escribió:", "ha scritto:", "schreef:", "escreveu:", "napisał:", "napisał(a):", "написал:", "написала:", "пишет:",
    "kirjutas:", "rašė:",
)  # fmt: skip
_ORIGINAL = re.compile(
    r"[-_\s]{3,}(?:original message|orijinal (?:mesaj|ileti)|özgün (?:mesaj|ileti)|asıl (?:mesaj|ileti)"
    r"|sākotnējais (?:ziņojums|vēstule)|sākotnējā (?:ziņa|vēstule)|oriģināl(?:ais|ā) (?:ziņojums|vēstule|ziņa)"
    r"|ursprüngliche nachricht|message d'origine|mensaje original|исходное сообщение)[-_\s]{3,}",
    re.IGNORECASE,
)
_FIELDS = (
    ("from", "kimden", "gönderen", "no", "von", "de", "от"),
    ("sent", "date", "gönderildi", "gönderilme tarihi", "gönderme tarihi", "tarih", "sūtīts", "nosūtīts", "datums",
     "gesendet", "datum", "envoyé", "enviado", "отправлено", "дата"),
    ("to", "kime", "alıcı", "kam", "an", "à", "para", "кому"),
    ("subject", "konu", "temats", "tēma", "betreff", "objet", "asunto", "тема"),
)  # fmt: skip
_KIND = {name: kind for kind, names in enumerate(_FIELDS) for name in names}
_FIELD = re.compile(r"\*?(?P<name>[^\W\d_][\w ]{0,20}?)\s?:\*?\s", re.UNICODE)
_BLOCK_LINES = 8


class Segment(NamedTuple):
    """A stretch of a text."""

    text: str
    quoted: bool


def segments(text: str) -> list[Segment]:
    """The text as new words and quotes, in order; joined, they are the text but for blank lines around them."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    marks = list(_marks(lines))
    found: list[Segment] = []
    start = 0
    for at in range(1, len(lines) + 1):
        if at == len(lines) or marks[at] != marks[start]:
            stretch = "\n".join(lines[start:at]).strip("\n")
            if stretch.strip():
                found.append(Segment(stretch, marks[start]))
            start = at
    return found if len(found) <= MAX_SEGMENTS else [Segment(text.strip(), quoted=False)]


def _marks(lines: list[str]) -> Iterator[bool]:
    """For each line, whether it is quoted."""
    cut = _cut(lines)
    marks = [line.lstrip().startswith(">") for line in lines[:cut]]
    for at in range(len(marks)):
        if _is_wrote(lines[at]):
            for line in _attribution(lines, at):
                marks[line] = True
    _close_gaps(lines, marks)
    yield from marks
    yield from (True for _ in lines[cut:])


def _cut(lines: list[str]) -> int:
    """Where everything below is quoted: a divider, a block of header fields, or an attribution with no > beneath."""
    for at, line in enumerate(lines):
        if len(line) > _LONGEST_LINE:
            continue
        if _ORIGINAL.fullmatch(line) or _is_block(lines, at):
            return at
        if _is_wrote(line) and not _next_is_quoted(lines, at) and (found := _attribution(lines, at)):
            return found.start
    return len(lines)


def _is_wrote(line: str) -> bool:
    return len(line) <= _LONGEST_LINE and line.rstrip().casefold().endswith(_WROTE)


def _attribution(lines: list[str], at: int) -> range:
    """The lines of "On … wrote:", which mail programs wrap; empty if what ends so is no attribution."""
    for start in range(at, max(at - _ATTRIBUTION_LINES, -1), -1):
        if not lines[start].strip() or lines[start].lstrip().startswith(">") or len(lines[start]) > _LONGEST_LINE:
            break
        words = " ".join(lines[start : at + 1])
        # A date or an address says that it is one; "she wrote:" is a customer's sentence.
        if ("@" in words or len(re.findall(r"\d+", words)) >= 3) and (start == at or _begins(lines[start])):
            return range(_begin_of(lines, start, at), at + 1)
    return range(0)


def _begin_of(lines: list[str], start: int, at: int) -> int:
    """Wrapped once more above: the line that begins as attributions begin, if it stands directly over this one."""
    above = start - 1
    if above > at - _ATTRIBUTION_LINES and above >= 0 and not _begins(lines[start]) and _begins(lines[above]):
        return above
    return start


_BEGINNINGS = (
    "on ", "am ", "le ", "el ", "il ", "op ", "em ", "pirmd", "otrd", "trešd", "ceturtd", "piektd", "sestd", "svētd",
)  # fmt: skip


def _begins(line: str) -> bool:
    """As programs begin it: "On Mon, …", "Am …", "Le …", a weekday or a day, or the name with its address (Turkish)."""
    begin = line.lstrip().casefold()
    return begin.startswith(_BEGINNINGS) or "<" in begin or begin[:1].isdigit()


def _next_is_quoted(lines: list[str], at: int) -> bool:
    for line in lines[at + 1 : at + 4]:
        if line.strip():
            return line.lstrip().startswith(">")
    return False


def _is_block(lines: list[str], at: int) -> bool:
    """From, date, to and subject, three of them at least, together: the block Outlook puts over what it quotes."""
    if _kind(lines[at]) != 0:
        return False
    kinds = {0}
    for line in lines[at + 1 : at + _BLOCK_LINES]:
        if not line.strip():
            break
        kind = _kind(line)
        if kind is not None:
            kinds.add(kind)
    return len(kinds) >= 3


def _kind(line: str) -> int | None:
    match = _FIELD.match(line[:60] + " ")
    return None if match is None else _KIND.get(match["name"].casefold().replace("i̇", "i"))


def _close_gaps(lines: list[str], marks: list[bool]) -> None:
    """Blank lines between quoted ones are quoted too."""
    last = -1
    for at, line in enumerate(lines[: len(marks)]):
        if not line.strip():
            continue
        if marks[at] and last >= 0 and marks[last]:
            marks[last:at] = [True] * (at - last)
        last = at
