"""A YAML text as a tree in which every key and value knows where it stands.

A strict part of YAML, so that the file means what it looks like: one document, keys are words said once, no anchors,
aliases or tags. Plain scalars are read as in YAML 1.2: only `true`, `false`, `null` and numbers are more than text, so
`no` stays a word (in YAML 1.1 it is false) and `20:30` is not 1230.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from trunkline.config.problems import ConfigError, Problem, dotted

MAX_BYTES = 1_048_576
MAX_DEPTH = 16
MAX_NODES = 50_000

_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}", re.ASCII)
_FLOAT = re.compile(r"[-+]?([0-9]{1,18}\.[0-9]{0,18}|\.[0-9]{1,18})(e[-+]?[0-9]{1,3})?", re.ASCII | re.IGNORECASE)
# The characters YAML 1.1 allows (section 5.1); libyaml would refuse the others too, but does not say where.
_FORBIDDEN = re.compile("[^\x09\x0a\x0d\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufeff\uff00-\ufffd\U00010000-\U0010ffff]")

# PyYAML has libyaml in its wheels; a build without it reads the same, slower.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Source:
    """A text, and the line and column of each of its characters (both from 1)."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]

    def position(self, index: int) -> tuple[int, int]:
        """Line and column of the character at `index`; beyond the end: just after the last one."""
        index = min(max(index, 0), len(self.text))
        line = bisect_right(self._lines, index)
        return line, index - self._lines[line - 1] + 1

    def problem(self, index: int, path: Sequence[str | int], message: str) -> Problem:
        """A problem at the character at `index`."""
        return Problem(*self.position(index), dotted(path), message)


@dataclass(slots=True)
class Scalar:
    """A leaf: `value` as read, `text` as written without quotes and folds; `start` and `end` index the source."""

    start: int
    end: int
    value: str | int | float | bool | None
    text: str
    style: str


@dataclass(slots=True)
class Items:
    """A list."""

    start: int
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Table:
    """A mapping; `keys` says where each key stands."""

    start: int
    entries: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)


Node = Scalar | Items | Table


class Unreadable(Exception):
    """Reading ended here: what follows has no meaning any more."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


def content_of(path: Path) -> bytes:
    """The file's bytes, of one that is too large no more than shows it. ConfigError if it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError([Problem(1, 1, "", f"cannot be read: {error.strerror or error}")]) from error


def tree_of(content: bytes) -> tuple[Source, Node, list[Problem]]:
    """As `read`: the tree, and what was read over; ConfigError where there is no tree."""
    problems: list[Problem] = []
    try:
        source, root = read(content, problems.append)
    except Unreadable as error:
        raise ConfigError([*problems, error.problem]) from error
    return source, root, problems


def read(content: bytes, report: Callable[[Problem], None]) -> tuple[Source, Node]:
    """The tree of a file's bytes; `report` is told of what is wrong but can be read over (a key said twice, an alias).

    Unreadable at the first fault that leaves no tree: not UTF-8, not YAML, empty, larger than MAX_BYTES, deeper than
    MAX_DEPTH, more than MAX_NODES values. Time and memory are bounded by these three.
    """
    if len(content) > MAX_BYTES:
        raise Unreadable(Problem(1, 1, "", f"the file has {len(content)} bytes; at most {MAX_BYTES} are read"))
    source = _decode(content)
    try:
        return source, _Reader(source, report).document()
    except yaml.MarkedYAMLError as error:
        raise Unreadable(_syntax(source, error)) from error
    except yaml.YAMLError as error:
        raise Unreadable(Problem(1, 1, "", f"not YAML: {error}")) from error


def value_of(node: Node) -> Any:
    """The plain Python value: dict, tuple, str, int, float, bool or None."""
    match node:
        case Scalar():
            return node.value
        case Items():
            return tuple(value_of(item) for item in node.items)
        case Table():
            return {key: value_of(entry) for key, entry in node.entries.items()}


def locate(root: Node, path: Sequence[str | int], *, key: bool = False) -> int:
    """Where `path` stands: its value, or with `key` its key; the nearest thing above it if it is not there."""
    node, place = root, root.start
    for part in path:
        if isinstance(node, Table) and part in node.entries:
            name = str(part)
            place = node.keys[name] if key else node.entries[name].start
            node = node.entries[name]
        elif isinstance(node, Items) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
            place = node.start
        else:
            break
    return place


def _decode(content: bytes) -> Source:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        good = Source(content[: error.start].decode("utf-8-sig", errors="replace"))
        raise Unreadable(good.problem(len(good.text), (), "not UTF-8 text")) from error
    source = Source(text)
    if found := _FORBIDDEN.search(text):
        character = f"U+{ord(found.group()):04X}"
        raise Unreadable(source.problem(found.start(), (), f"the control character {character} is not allowed"))
    return source


def _syntax(source: Source, error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    index = mark.index if mark is not None else 0
    if source.text[index : index + 1] == "\t":
        return source.problem(index, (), "a tab cannot indent YAML; use spaces")
    context = f" {error.context}" if error.context else ""
    return source.problem(index, (), f"not YAML: {error.problem}{context}")


class _Reader:
    """Builds the tree from the parser's events, so that depth and number are known before anything is kept."""

    def __init__(self, source: Source, report: Callable[[Problem], None]) -> None:
        self._source = source
        self._report = report
        self._events: Iterator[yaml.Event] = yaml.parse(source.text, Loader=_Loader)
        self._nodes = 0

    def document(self) -> Node:
        """The only document of the text."""
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                break
        else:
            raise Unreadable(Problem(1, 1, "", "the file is empty"))
        root = self._node(next(self._events), ())
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                raise self._stop(event, (), "a second document begins here; the file is one document")
        return root

    def _node(self, event: yaml.Event, path: tuple[str | int, ...]) -> Node:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise self._stop(event, (), f"more than {MAX_NODES} values")
        if len(path) > MAX_DEPTH:
            raise self._stop(event, path[:3], f"nested more than {MAX_DEPTH} deep")
        self._refuse_sharing(event, path)
        match event:
            case yaml.ScalarEvent():
                return _scalar(event)
            case yaml.SequenceStartEvent():
                return self._items(event, path)
            case yaml.MappingStartEvent():
                return self._table(event, path)
            case _:  # an alias, reported already
                return Scalar(_start(event), _end(event), None, "", "")

    def _items(self, start: yaml.Event, path: tuple[str | int, ...]) -> Items:
        items = Items(_start(start))
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.items.append(self._node(event, (*path, len(items.items))))
        return items

    def _table(self, start: yaml.Event, path: tuple[str | int, ...]) -> Table:
        table = Table(_start(start))
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent | yaml.AliasEvent):
                raise self._stop(event, path, "a key must be a word, not a list or mapping")
            key = self._node(event, path)
            name = key.value if isinstance(key, Scalar) else None
            if not isinstance(name, str):
                self._report(self._source.problem(key.start, path, "a key must be a word; put it in quotes if it is"))
                name = f"\0{key.start}"  # keeps its value apart; NUL is in no key, so nobody asks for it
            elif name in table.entries:
                line, _ = self._source.position(table.keys[name])
                self._report(
                    self._source.problem(key.start, (*path, name), f"`{name}` is said twice, first in line {line}")
                )
                name = f"\0{key.start}"
            value = self._node(next(self._events), (*path, name))
            if not name.startswith("\0"):
                table.entries[name], table.keys[name] = value, key.start
        return table

    def _refuse_sharing(self, event: yaml.Event, path: tuple[str | int, ...]) -> None:
        if getattr(event, "anchor", None) is not None:
            self._report(self._source.problem(_start(event), path, "anchors and aliases are not read here"))
        if getattr(event, "tag", None) not in {None, "!"}:
            self._report(self._source.problem(_start(event), path, "tags (!…) are not read here"))

    def _stop(self, event: yaml.Event, path: Sequence[str | int], message: str) -> Unreadable:
        return Unreadable(self._source.problem(_start(event), path, message))


def _start(event: yaml.Event) -> int:
    return event.start_mark.index if event.start_mark is not None else 0


def _end(event: yaml.Event) -> int:
    return event.end_mark.index if event.end_mark is not None else 0


def _scalar(event: yaml.ScalarEvent) -> Scalar:
    plain = event.implicit[0] and not event.style
    value = _plain(event.value) if plain else event.value
    return Scalar(_start(event), _end(event), value, event.value, event.style or "")


def _plain(text: str) -> str | int | float | bool | None:
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
