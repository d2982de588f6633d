"""HTML mail: made safe to show, and read as text where a mail has no plain words.

nh3 (ammonia) cleans; what it leaves is well formed, so the standard library's parser can read it at ease.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.parser import HTMLParser

import nh3

MAX_HTML = 1_000_000
"""Longest HTML that is looked at, in characters."""

_DEEPEST = 250
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_VOID = {"br", "img", "hr", "meta", "link", "input", "col", "area", "base", "wbr", "source", "embed", "track", "param"}
_ATTRIBUTES: dict[str, set[str]] = {
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan", "align", "valign"},
    "th": {"colspan", "rowspan", "align", "valign"},
    "table": {"align", "border", "cellpadding", "cellspacing", "width"},
    "ol": {"start"},
    "font": {"color", "size"},
}
_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "center", "cite", "code", "col", "colgroup", "dd", "del", "div",
    "dl", "dt", "em", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "li", "ol", "p", "pre", "q",
    "s", "small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u",
    "ul",
}  # fmt: skip
_BLOCKS = {
    "p",
    "div",
    "tr",
    "table",
    "ul",
    "ol",
    "li",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "pre",
    "dl",
    "dt",
    "dd",
    "center",
}


class TooDeep(Exception):
    """Longer than MAX_HTML, or nested deeper than any mail needs: 30 000 elements cost nh3 six seconds."""


_NO_TEXT = {"script", "style", "title", "noscript", "iframe", "svg", "math", "template", "textarea", "object", "select"}
"""What stands in these is not said to anybody."""


def clean(html: str, pictures: Mapping[str, str]) -> str:
    """Safe HTML: no script, style, form, frame or remote picture; nothing is loaded when it is shown.

    `pictures` are the mail's own, content id → digest: `cid:` addresses become `cid:<digest>`. TooDeep for what would
    take seconds.
    """
    if len(html) > MAX_HTML:
        raise TooDeep
    _check_depth(html)

    def keep(tag: str, attribute: str, value: str) -> str | None:
        if (tag, attribute) != ("img", "src"):
            return value
        digest = pictures.get(value[4:].strip("<> ")) if value[:4].lower() == "cid:" else None
        return None if digest is None else f"cid:{digest}"

    return nh3.clean(
        html, tags=_TAGS, attributes=_ATTRIBUTES, attribute_filter=keep,
        clean_content_tags=_NO_TEXT,
        url_schemes={"http", "https", "mailto", "tel", "cid"},
    )  # fmt: skip


def text_of(cleaned: str) -> str:
    """The words of cleaned HTML; what stands in a blockquote begins with > as in plain mail."""
    reader = _Reader()
    reader.feed(cleaned)
    reader.close()
    return reader.text()


def _check_depth(html: str) -> None:
    depth = 0
    for slash, name in _TAG.findall(html):
        if name.lower() in _VOID:
            continue
        depth = max(0, depth - 1) if slash else depth + 1
        if depth > _DEEPEST:
            raise TooDeep


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[tuple[int, str]] = []
        self._line: list[str] = []
        self._depth = 0
        self._pre = 0
        self._link = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self._end_line(blank=True)
        elif tag == "blockquote":
            self._end_line()
            self._depth += 1
        elif tag in _BLOCKS:
            self._end_line()
            self._pre += tag == "pre"
            if tag == "li":
                self._line.append("* ")
        elif tag == "a":
            self._link = dict(attrs).get("href") or ""
        elif tag in {"td", "th"} and self._line:
            self._line.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag == "blockquote":
            self._end_line()
            self._depth = max(0, self._depth - 1)
        elif tag in _BLOCKS:
            self._end_line()
            self._pre -= tag == "pre"
            if tag in {"p", "table", "ul", "ol"}:
                self._lines.append((self._depth, ""))
        elif tag == "a" and self._link:
            said = "".join(self._line)
            where = self._link.removeprefix("mailto:").removeprefix("tel:")
            if where not in said and where.rstrip("/") not in said:
                self._line.append(f" ({where[:500]})")
            self._link = ""

    def handle_data(self, data: str) -> None:
        if not self._pre:
            self._line.append(re.sub(r"\s+", " ", data))
            return
        first, *others = data.split("\n")
        self._line.append(first)
        for other in others:
            self._end_line(blank=True)
            self._line.append(other)

    def _end_line(self, *, blank: bool = False) -> None:
        line = "".join(self._line).rstrip()
        line = line if self._pre else line.strip()
        if line or blank:
            self._lines.append((self._depth, line))
        self._line.clear()

    def text(self) -> str:
        self._end_line()
        lines = [("> " * depth + line).rstrip() for depth, line in self._lines]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
