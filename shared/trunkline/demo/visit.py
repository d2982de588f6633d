"""One matter of one customer, from the first words to the last: what is said, when, and how long is waited. Pure."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from trunkline.demo.stories import Book, Language, Topic

MAX_LINES: Final = 6
"""Most a customer says in one visit: an opening, two answers, thanks, and asking again twice."""

_FALLS_SILENT: Final = 0.15  # share of visits whose customer stops answering in the middle
_ASKS_AGAIN: Final = (0, 1, 1, 2)  # times, one of them by chance
_THANKS: Final = 0.8  # share of customers who thank at the end


@dataclass(frozen=True, slots=True)
class Contact:
    """One of the demo's customers. `number` is E.164 of a range that no telephone has, or an address of `.example`."""

    number: str
    language: Language
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """Something the customer says after `after_s` seconds, to wait at most `patience_s` for a reply.

    The `last` line expects none.
    """

    text: str
    after_s: float
    patience_s: float
    last: bool = False


class Visit:
    """What one customer does about one topic: it always ends, after MAX_LINES lines at most."""

    def __init__(self, topic: Topic, book: Book, chance: random.Random) -> None:
        phrases = book.phrases[topic.language]
        number = str(chance.randrange(10_000, 99_999))
        self.topic = topic
        self._chance = chance
        self._to_say = [chance.choice(topic.openings), *(answer.format(number=number) for answer in topic.answers)]
        if topic.code != "opted-out" and chance.random() < _THANKS:
            self._to_say.append(chance.choice(phrases.thanks))
        if len(self._to_say) > 1 and chance.random() < _FALLS_SILENT and topic.code != "opted-out":
            del self._to_say[chance.randrange(1, len(self._to_say)) :]
        self._to_ask = list(phrases.again[: chance.choice(_ASKS_AGAIN)])

    def begin(self) -> Line:
        """The opening."""
        return self._line(self._to_say.pop(0))

    def told(self) -> Line | None:
        """An agent replied: the customer's answer, None when they have no more to say."""
        if not self._to_say:
            return None
        text = self._to_say.pop(0)
        return self._line(text, after_s=self._chance.uniform(4, 10), last=not self._to_say)

    def kept_waiting(self) -> Line | None:
        """Nobody replied for as long as the customer would wait: they ask again, or (None) give up."""
        if not self._to_ask:
            return None
        return self._line(self._to_ask.pop(0))

    def _line(self, text: str, *, after_s: float = 0.0, last: bool = False) -> Line:
        return Line(text, after_s, self._chance.uniform(45, 90), last=last)


class Cast:
    """The contacts, and what each comes back with. The same seed gives each contact the same visits, in order."""

    def __init__(self, contacts: Sequence[Contact], book: Book, *, seed: int) -> None:
        self.contacts = tuple(contacts)
        self._book = book
        self._seed = seed
        self._visits: Counter[tuple[str, str]] = Counter()

    def next_visit(self, contact: Contact, topic: str = "") -> Visit:
        """What this contact comes with now: the next of their own matters, or this topic."""
        count = self._visits[contact.number, topic]
        self._visits[contact.number, topic] += 1
        chance = random.Random(f"{self._seed} {contact.number} {topic} {count}")
        own = contact.topics[count % len(contact.topics)] if opts_out(contact) else chance.choice(contact.topics)
        (found,) = self._book.of(contact.language, topic or own)
        return Visit(found, self._book, chance)


def opts_out(contact: Contact) -> bool:
    """Who opts out must opt in before anything else: their topics come in order, and the first opts in, whatever an
    earlier run left.
    """
    return "back" in contact.topics


INVOICE: Final = "invoice"
_LEFT: Final = (INVOICE,)
_FLOOR: Final = ("late", "late", "hours", "return", "broken", "price", "buy")


def contacts() -> tuple[Contact, ...]:
    """The 40 contacts: 26 of the floor, 2 who opt out and in again, and 4 a language with invoices.

    Their numbers are of the range Ofcom keeps for drama (+44 7700 900000 to 900999): even with a real provider by
    mistake, no telephone rings.
    """
    made: list[Contact] = []
    for language, count in ((Language.ENGLISH, 8), (Language.TURKISH, 9), (Language.LATVIAN, 9)):
        made += [Contact(_number(len(made) + each), language, _FLOOR) for each in range(count)]
    made += [Contact(_number(len(made) + each), Language.ENGLISH, ("back", "late", "enough")) for each in range(2)]
    for language in Language:
        made += [Contact(_number(len(made) + each), language, _LEFT) for each in range(4)]
    return tuple(made)


def mail_contacts() -> tuple[Contact, ...]:
    """The 12 contacts who write mails, 4 a language. Their domain is one of those that nobody can have (RFC 2606)."""
    return tuple(
        Contact(f"{name}@customers.example", language, _FLOOR) for language, names in _WRITERS.items() for name in names
    )


_WRITERS: Final = {
    Language.ENGLISH: ("amy", "ben", "chloe", "dan"),
    Language.TURKISH: ("ayse", "burak", "ceren", "demir"),
    Language.LATVIAN: ("andris", "baiba", "dace", "edgars"),
}


def visitors() -> tuple[Contact, ...]:
    """Nine who come to the shop's page, three a language. They have no number; the name only tells them apart."""
    return tuple(
        Contact(f"visitor-{language.value}-{each}", language, _FLOOR) for language in Language for each in range(3)
    )


def is_left(contact: Contact) -> bool:
    """Whether this contact's visits are left to people: invoices, which no robot of the floor can take."""
    return contact.topics == _LEFT


def _number(index: int) -> str:
    return f"+447700900{100 + index}"
