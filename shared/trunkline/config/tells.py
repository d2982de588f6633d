"""What a queue says without an agent: the texts as `trunkline.yaml` has them, and what is wrong with them there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal, get_args

from pydantic import AfterValidator, Field

from trunkline.channels.base import Channel
from trunkline.channels.sms import count, utf16_length
from trunkline.config.base import Frozen, LanguageCode
from trunkline.config.document import Node, Scalar, Table
from trunkline.config.sections import Finding, Path, entries, items, table, word

MOST_TEXT = 2_000
DEFAULT_LANGUAGE: Final = "en"
"""Of texts, where the file names no languages."""

_MAILBOX = re.compile(r"[^@\s<>,;{}]{1,64}@[^@\s<>,;{}]{1,255}")
_VARIABLE = re.compile(r"\{([^{}\n]*)\}")
_ALWAYS = {"queue", "mail"}
VARIABLES: Final[Mapping[str, frozenset[str]]] = {
    "closed": frozenset(_ALWAYS | {"opens"}),
    "queued": frozenset(_ALWAYS),
    "overflow": frozenset(_ALWAYS),
    "callback": frozenset(_ALWAYS),
    "shut": frozenset(_ALWAYS),
    "shut_until": frozenset(_ALWAYS | {"until"}),
}
"""What each kind of text may name in braces."""

LONGEST_MOMENT: Final = 48
"""Most characters that a time takes in any language."""


def _mailbox(address: str) -> str:
    if not _MAILBOX.fullmatch(address):
        raise ValueError("write an address, as help@shop.example")
    return address


Mailbox = Annotated[str, AfterValidator(_mailbox)]
Texts = Annotated[
    dict[LanguageCode, Annotated[str, Field(min_length=1, max_length=MOST_TEXT)]],
    Field(min_length=1),
]


class Tells(Frozen):
    """What customers are told without an agent, by language; a kind that is left out is not said."""

    closed: Texts | None = Field(default=None, description="to who comes while it is closed; may say {opens}")
    queued: Texts | None = Field(default=None, description="to who has to wait")
    overflow: Texts | None = Field(default=None, description="at a step of widening: another way, as {mail}")
    callback: Texts | None = Field(
        default=None, description="at a step of widening: that you will call; the agent sees that it was promised"
    )
    shut: Texts | None = Field(default=None, description="to who waits or comes while somebody has shut it")
    shut_until: Texts | None = Field(default=None, description="likewise, where it opens again at a time: {until}")


Step = Literal["overflow", "callback"]
"""What a step of widening may tell."""


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables put in; what is no variable stays as it is."""
    return _VARIABLE.sub(lambda found: values.get(found[1], found[0]), text)


def problems(root: Node, fallback: str) -> Iterator[Finding]:
    """What is wrong with the texts, as far as the model alone cannot say it."""
    for name, queue in entries(root, "queues"):
        here: Path = ("queues", name, "tells")
        tells = table(queue, "tells")
        said = tells.entries if tells else {}
        for kind, texts in said.items():
            if kind in VARIABLES and isinstance(texts, Table):
                yield from _texts(queue, texts, (*here, kind), kind, fallback)
        if "closed" in said and "hours" not in queue.entries:
            yield (*here, "closed"), "means nothing without `hours`", True
        if "shut_until" in said and "shut" not in said:
            yield (*here, "shut_until"), "needs `shut` beside it: it may be shut until somebody opens it", True
        yield from _steps(queue, ("queues", name, "widening"), said)


def _texts(queue: Table, texts: Table, here: Path, kind: str, fallback: str) -> Iterator[Finding]:
    if texts.entries and fallback not in texts.entries:
        yield here, f"lacks `{fallback}`, which is said to who writes another language", True
    for language, node in texts.entries.items():
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            continue  # the model has said so
        for name in dict.fromkeys(_VARIABLE.findall(node.value)):
            if name not in VARIABLES[kind]:
                known = ", ".join(f"{{{one}}}" for one in sorted(VARIABLES[kind]))
                yield (*here, language), f"`{kind}` knows no {{{name[:40]}}}; there are {known}", False
            elif name == "mail" and "mail" not in queue.entries:
                yield (*here, language), "says {mail}, but the queue has no `mail`", False


def _steps(queue: Table, here: Path, said: Mapping[str, Node]) -> Iterator[Finding]:
    for at, step in items(queue, "widening"):
        tell = word(step, "tell")
        if tell in get_args(Step) and tell not in said:
            yield (*here, at, "tell"), f"the queue has no text for it; give `tells: {{{tell}: …}}`", False


def too_long(
    tells: Tells, channels: Mapping[str, Channel], longest: Mapping[str, str]
) -> Iterator[tuple[str, str, str]]:
    """Kind, language and message of each text that a channel could not carry, its variables at their longest."""
    for kind in VARIABLES:
        texts: Mapping[str, str] | None = getattr(tells, kind)
        for language, text in (texts or {}).items():
            for name, channel in sorted(channels.items()):
                manifest = channel.manifest
                length = length_in(manifest.text_unit, filled(text, longest))
                if length > manifest.text_limit:
                    over = f"up to {length} {manifest.text_unit} with its variables; {name} takes {manifest.text_limit}"
                    yield kind, language, over
                    break


def length_in(unit: str, text: str) -> int:
    """How long a text is in a channel's unit."""
    match unit:
        case "utf16":
            return utf16_length(text)
        case "bytes":
            return len(text.encode())
        case "segments":
            return count(text).segments
        case _:
            return len(text)
