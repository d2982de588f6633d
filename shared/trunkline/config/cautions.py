"""What is allowed in a file but hardly meant. Each kind has a name, and each case its place."""

from __future__ import annotations

from collections.abc import Iterator

from trunkline.config.document import locate, read
from trunkline.config.engine import tells_languages
from trunkline.config.implied import Shape, implies, shape_of
from trunkline.config.limits import tokens
from trunkline.config.model import Config
from trunkline.config.problems import MAX_PROBLEMS, Problem
from trunkline.config.rules import aspects_of
from trunkline.language import UNDETERMINED

HIDDEN_RULE = "hidden-rule"
NEVER_TOLD = "never-told"
LANGUAGES_NOT_TOLD = "languages-not-told"

Path = tuple[str | int, ...]


def cautions(content: bytes, config: Config) -> list[Problem]:
    """Each caution about a good file, in its order, at most 100; `content` is what `config` was read from."""
    source, root = read(content, lambda problem: None)
    found = [
        source.problem(locate(root, path), path, f"warning {name}: {message}")
        for path, name, message in (*_languages(config), *_never_told(config), *_hidden(config))
    ]
    return sorted(found)[:MAX_PROBLEMS]


def _languages(config: Config) -> Iterator[tuple[Path, str, str]]:
    if config.language is not None and not tells_languages():
        why = "the detector (eldc) is not installed on this machine: every message is `und`"
        yield ("language",), LANGUAGES_NOT_TOLD, why


def _never_told(config: Config) -> Iterator[tuple[Path, str, str]]:
    """Rules that wait for a language or an intent that the file does not tell."""
    languages = {UNDETERMINED, *(config.language.of if config.language is not None else ())}
    intents = {UNDETERMINED, *(config.intents.examples if config.intents is not None else ())}
    for at, rule in enumerate(config.rules):
        pieces = [token.text for token in tokens(rule.when)]
        for what, known in (("language", languages), ("intent", intents)):
            for name in _compared(pieces, ["message", ".", what, "=", "="]):
                if name not in known:
                    told = f"`message.{what}` is one of {', '.join(sorted(known))[:200]}"
                    yield ("rules", at, "when"), NEVER_TOLD, f"`{name[:60]}` is never told: {told}"


def _compared(pieces: list[str], begins: list[str]) -> Iterator[str]:
    """The plain strings that a name is compared with."""
    for at in range(len(pieces) - len(begins)):
        literal = pieces[at + len(begins)]
        if pieces[at : at + len(begins)] == begins and literal[:1] in {"'", '"'}:
            yield literal.strip("'\"")


def _hidden(config: Config) -> Iterator[tuple[Path, str, str]]:
    """Rules of which all is decided by earlier ones wherever they hold."""
    before: list[tuple[str, set[str], Shape]] = []
    for at, rule in enumerate(config.rules):
        left, shape = set(aspects_of(rule)), shape_of(rule.when)
        deciders = []
        for name, decided, condition in before:
            if left & decided and implies(shape, condition):
                left -= decided
                deciders.append(f"`{name}`")
        if not left:
            what = f"{', '.join(deciders[:5])} decide{'s' if len(deciders) == 1 else ''} the same before"
            yield ("rules", at), HIDDEN_RULE, f"`{rule.name}` never decides anything: wherever it holds, {what}"
        before.append((rule.name, set(aspects_of(rule)), shape))
