"""Read `trunkline.yaml`: all of it is checked, and all that is wrong is said at once, each with its place."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from trunkline.channels.base import Channel
from trunkline.config import names, tells
from trunkline.config.document import Node, Scalar, Source, Table, content_of, locate, tree_of, value_of
from trunkline.config.model import MAX_RULES, Config, Layout
from trunkline.config.places import index_of
from trunkline.config.problems import MAX_PROBLEMS, ConfigError, Problem
from trunkline.config.sections import entries, items
from trunkline.config.substitute import Environment
from trunkline.config.wording import say


def load(
    path: Path, channels: Mapping[str, Channel] | None, environment: Mapping[str, str], *, rules: bool = True
) -> Config:
    """The configuration in the file, checked whole. ConfigError with every problem in it, also when it cannot be read.

    `channels`: the installed ones by type, whose schemas the accounts' settings must fit; None leaves settings unread,
    for a service that holds no credentials. `rules=False` leaves expressions uncompiled, for a service that does not
    route and so has no CEL installed. Blocking and bounded: ≤ 1 MB is read, a second or two is spent at most.
    """
    return parse(content_of(path), channels, environment, rules=rules)


def parse(
    content: bytes, channels: Mapping[str, Channel] | None, environment: Mapping[str, str], *, rules: bool = True
) -> Config:
    """What `load` does, of bytes."""
    source, root, problems = tree_of(content)
    checking = _Checking(source, root, problems)
    layout = checking.layout()
    checking.references()
    settings = checking.settings(channels, Environment(environment)) if channels is not None else {}
    if rules:
        checking.rules()
    if layout is not None and channels is not None:
        checking.texts(layout, channels)
    if layout is None or problems:
        raise ConfigError(problems)
    accounts = {
        name: entry.model_copy(update={"settings": settings.get(name)}) for name, entry in layout.accounts.items()
    }
    parts = {name: getattr(layout, name) for name in Layout.model_fields} | {"accounts": accounts}
    return Config.model_construct(**parts, digest=hashlib.sha256(content).hexdigest()[:12])


class _Checking:
    """The checks of one file. Each looks at the tree itself, so that one kind of fault does not hide another."""

    def __init__(self, source: Source, root: Node, problems: list[Problem]) -> None:
        self._source = source
        self._root = root
        self._problems = problems

    def layout(self) -> Layout | None:
        """The file as the model reads it; None, and the problems told, if it does not fit."""
        try:
            return Layout.model_validate(value_of(self._root))
        except ValidationError as error:
            for fault in error.errors(include_url=False, include_input=False)[:MAX_PROBLEMS]:
                self._tell_fault((), fault)
            return None

    def references(self) -> None:
        """Every queue and skill that is named is declared, every rule has its own name and decides something."""
        for path, message, at_key in islice(names.check(self._root), MAX_PROBLEMS):
            self._tell(path, message, key=at_key)

    def settings(self, channels: Mapping[str, Channel], environment: Environment) -> dict[str, Any]:
        """Each account's settings as its channel wants them; only installed channels are spoken of."""
        found: dict[str, Any] = {}
        for name, _ in entries(self._root, "channels"):
            if name not in channels:
                self._tell(("channels", name), names.unknown("channel", name, channels), key=True)
        for name, entry in entries(self._root, "accounts"):
            kind = entry.entries.get("channel")
            if not isinstance(kind, Scalar) or not isinstance(kind.value, str):
                continue  # the model has said so
            if kind.value not in channels:
                self._tell(("accounts", name, "channel"), names.unknown("channel", kind.value, channels))
                continue
            schema = channels[kind.value].manifest.account_schema
            node = entry.entries.get("settings") or Table(entry.start)
            before = len(self._problems)
            values = environment.fill(node, lambda at, message, name=name: self._tell_at(at.start, name, message))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
            if len(self._problems) > before:
                continue
            try:
                found[name] = schema.model_validate(values)
            except ValidationError as error:
                for fault in error.errors(include_url=False, include_input=False)[:MAX_PROBLEMS]:
                    hidden = {**fault, "msg": environment.hide(fault["msg"])}
                    self._tell_fault(("accounts", name, "settings"), hidden, schema=schema)
        return found

    def rules(self) -> None:
        """Every expression is CEL, well typed and within the limits."""
        from trunkline.config.cel import Cel, InvalidExpression  # noqa: PLC0415 - ingest and notify have no CEL installed

        language = Cel()
        for at, rule in items(self._root, "rules")[:MAX_RULES]:
            when = rule.entries.get("when")
            if not isinstance(when, Scalar) or not isinstance(when.value, str) or not when.value:
                continue  # the model has said so
            try:
                language.compile(when.value)
            except InvalidExpression as error:
                for fault in error.faults:
                    index = index_of(self._source, when, fault.line, fault.column)
                    self._problems.append(self._source.problem(index, ("rules", at, "when"), fault.message))

    def texts(self, layout: Layout, channels: Mapping[str, Channel]) -> None:
        """Every channel with an account can carry what a queue says without an agent: any of them may lead there."""
        used = {
            entry.channel: channels[entry.channel] for entry in layout.accounts.values() if entry.channel in channels
        }
        for name, queue in layout.queues.items():
            if queue.tells is not None:
                moment = "9" * tells.LONGEST_MOMENT
                longest = {"queue": queue.title, "mail": queue.mail or "", "opens": moment, "until": moment}
                for kind, language, message in tells.too_long(queue.tells, used, longest):
                    self._tell(("queues", name, "tells", kind, language), message)

    def _tell(self, path: tuple[str | int, ...], message: str, *, key: bool = False) -> None:
        self._problems.append(self._source.problem(locate(self._root, path, key=key), path, message))

    def _tell_at(self, index: int, account: str, message: str) -> None:
        self._problems.append(self._source.problem(index, ("accounts", account, "settings"), message))

    def _tell_fault(self, above: tuple[str | int, ...], fault: Mapping[str, Any], *, schema: Any = Layout) -> None:
        path, message, at_key = say(fault, schema)
        self._tell((*above, *path), message, key=at_key)
