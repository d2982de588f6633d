# ruff: noqa: RUF001  other languages have other letters
"""Telling a customer's new words from the earlier mails beneath them: English, Turkish, Latvian and common others.

Linear in the text; nothing is thrown away. Bottom posts and answers between the lines keep their order. Libraries were
tried: none knows Turkish or Latvian, and two of three take seconds for a hostile 10 kB.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_SEGMENTS = 20
"""More turns between new words and quotes than this are one text: then nothing is folded, and nothing lost."""

_LONGEST_LINE = 1_000
_MOST_SUSPECTS = 300
"""Lines that are looked at closely; in a mail with more of them the rest is taken as it looks."""
_ATTRIBUTION_LINES = 4

_WROTE = (
    "wrote:", "writes:", "yazdı:", "yazmış:", "rakstīja:", "raksta:", "schrieb:", "schrieb am", "a écrit :", "a écrit:",
    "escribió:", "ha scritto:", "schreef:", "escreveu:", "napisał:", "napisał(a):", "написал:", "написала:", "пишет:",
    "kirjutas:", "rašė:",
)  # fmt: skip
_VERBS = ("wrote", "yazdı", "rakstīja", "schrieb", "écrit", "escribió")
_BEGINNINGS = (
    "on ", "am ", "le ", "el ", "il ", "op ", "em ", "pirmd", "otrd", "trešd", "ceturtd", "piektd", "sestd", "svētd",
)  # fmt: skip
"""How programs begin an attribution; elsewhere it begins with the name and address, or with the date."""
_NUMBER = re.compile(r"\d+")
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
    marks = _marks(lines)
    found: list[Segment] = []
    start = 0
    for at in range(1, len(lines) + 1):
        if at == len(lines) or marks[at] != marks[start]:
            stretch = "\n".join(lines[start:at]).strip("\n")
            if stretch.strip():
                found.append(Segment(stretch, marks[start]))
            start = at
    return found if len(found) <= MAX_SEGMENTS else [Segment(text.strip(), quoted=False)]


def _marks(lines: list[str]) -> list[bool]:
    """For each line, whether it is quoted."""
    marks = [line.lstrip().startswith(">") for line in lines]
    cut = len(lines)
    suspects = [at for at, line in enumerate(lines) if len(line) <= _LONGEST_LINE and _is_suspect(line)]
    for at in suspects[:_MOST_SUSPECTS]:
        if _ORIGINAL.fullmatch(lines[at]) or _is_block(lines, at):
            cut = at
            break
        said = _attribution(lines, at) if _is_wrote(lines[at]) else range(0)
        if said and not _next_is_quoted(lines, at):
            cut = said.start
            break
        for line in said:
            marks[line] = True
    marks[cut:] = [True] * (len(lines) - cut)
    _close_gaps(lines, marks)
    return marks


def _is_suspect(line: str) -> bool:
    """A cheap look: may this line be where a quote begins?"""
    return line.rstrip().endswith(":") or line.lstrip().startswith(("-", "_")) or _kind(line) == 0


def _is_wrote(line: str) -> bool:
    said = line.rstrip().casefold()
    return said.endswith(_WROTE) or ("@" in said and any(f" {verb} " in said for verb in _VERBS))


def _attribution(lines: list[str], at: int) -> range:
    """The lines of "On … wrote:", which mail programs wrap; empty if what ends so is no attribution.

    A date or an address says that it is one; "she wrote:" is a customer's sentence.
    """
    start = 0
    for above in range(at, max(at - _ATTRIBUTION_LINES, -1), -1):
        line = lines[above]
        if not line.strip() or line.lstrip().startswith(">") or len(line) > _LONGEST_LINE:
            break
        words = " ".join(lines[above : at + 1])
        if "@" not in words and len(_NUMBER.findall(words)) < 3:
            continue
        if line.lstrip().casefold().startswith(_BEGINNINGS):
            return range(above, at + 1)
        if not start and (above == at or "<" in line or line.lstrip()[:1].isdigit()):
            start = above + 1
    return range(start - 1, at + 1) if start else range(0)


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
    return None if match is None else _KIND.get(match["name"].casefold())


def _close_gaps(lines: list[str], marks: list[bool]) -> None:
    """Blank lines between quoted ones are quoted too."""
    last = -1
    for at, line in enumerate(lines):
        if not line.strip():
            continue
        if marks[at] and last >= 0 and marks[last]:
            marks[last:at] = [True] * (at - last)
        last = at
