"""What a robot does next with a conversation it is offered or owns. Pure: the same view gives the same kind of step."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any, Final

from trunkline.demo.held import Held
from trunkline.demo.stories import Book, Topic, language_of
from trunkline.events import asked_of

_SILENT_S: Final = (25.0, 40.0)  # after a reply that asked something: then the customer has fallen silent
_DONE_S: Final = (10.0, 16.0)  # after the last reply: time for the customer's thanks


@dataclass(frozen=True, slots=True)
class Step:
    """An action of the desk to take after `after_s` seconds, if nothing happens before."""

    verb: str
    after_s: float
    fields: dict[str, Any] = field(default_factory=dict)


def next_step(held: Held, me: str, book: Book, chance: random.Random) -> Step | None:
    """The next step of agent `me`; None when the conversation is not theirs (any more)."""
    row = held.row
    match row.status:
        case "offered" if me in asked_of(row.offered_to):
            return Step("accept", chance.uniform(1, 4), {"fence": row.fence})
        case "active" if row.owner == me:
            return _while_active(held, book, chance)
        case "wrapping-up" if row.owner == me:
            return _close(topic_of(held, book).code, chance)
    return None


def _while_active(held: Held, book: Book, chance: random.Random) -> Step:
    if held.row.opted_out:
        return _close("opted-out", chance)  # a reply would be refused
    topic, replied = topic_of(held, book), replies_so_far(held, book)
    owed = bool(held.messages) and held.messages[-1].direction == "inbound"
    if replied >= len(topic.replies):
        # All is said: the customer's thanks, or a while without, ends it.
        return Step("wrap-up", chance.uniform(1, 3) if owed else chance.uniform(*_DONE_S))
    if owed or replied == 0:
        return Step("reply", chance.uniform(2, 6), {"text": topic.replies[replied]})
    return Step("wrap-up", chance.uniform(*_SILENT_S))


def _close(code: str, chance: random.Random) -> Step:
    return Step("close", chance.uniform(2, 5), {"code": code, "note": ""})


def topic_of(held: Held, book: Book) -> Topic:
    """What the customer came with last: by the opening, else a general one in the conversation's language."""
    for message in reversed(held.messages):
        if message.direction == "inbound" and (topic := book.opened_by(message.text)) is not None:
            return topic
    return book.general(language_of(held.row.requirement), held.row.queue)


def replies_so_far(held: Held, book: Book) -> int:
    """How often the customer was answered since the last opening, by whomever; it survives the robot's own memory."""
    count = 0
    for message in reversed(held.messages):
        if message.direction == "outbound":
            count += 1
        elif book.opened_by(message.text) is not None:
            break
    return count
