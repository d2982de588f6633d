"""Customers' visits: they end, whatever agents do, and the same seed tells the same stories."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from trunkline.demo.book import BOOK
from trunkline.demo.visit import MAX_LINES, Cast, Contact, Line, Visit, contacts, is_left

CONTACTS = contacts()


def lines_of(visit: Visit, replies: list[bool]) -> list[Line]:
    """What the customer says when agents reply, or let them wait, in this order; at last nobody replies any more."""
    said = [visit.begin()]
    answers = iter(replies)
    while not said[-1].last:
        line = visit.told() if next(answers, False) else visit.kept_waiting()
        if line is None:
            break
        said.append(line)
    return said


@given(seed=st.integers(), contact=st.sampled_from(CONTACTS), replies=st.lists(st.booleans(), max_size=50))
def test_a_visit_ends_soon_whatever_agents_do(seed: int, contact: Contact, replies: list[bool]) -> None:
    visit = Cast([contact], BOOK, seed=seed).next_visit(contact)

    said = lines_of(visit, replies)

    assert 1 <= len(said) <= MAX_LINES
    assert all(0 <= line.after_s <= 10 and 45 <= line.patience_s <= 90 for line in said)
    assert said[0].text in visit.topic.openings
    assert "{" not in "".join(line.text for line in said)


def test_the_same_seed_tells_each_contact_s_stories_again_in_any_order_of_coming() -> None:
    def told(seed: int, order: list[Contact]) -> dict[str, list[str]]:
        cast, texts = Cast(CONTACTS, BOOK, seed=seed), dict[str, list[str]]()
        for contact in order * 3:
            lines = lines_of(cast.next_visit(contact), [True, False, True, True])
            texts.setdefault(contact.number, []).extend(line.text for line in lines)
        return texts

    shuffled = list(CONTACTS)
    random.Random(9).shuffle(shuffled)

    assert told(7, list(CONTACTS)) == told(7, shuffled)
    assert told(7, list(CONTACTS)) != told(8, list(CONTACTS))


def test_there_are_forty_contacts_whose_numbers_no_telephone_has() -> None:
    numbers = {contact.number for contact in CONTACTS}

    assert len(numbers) == len(CONTACTS) == 40
    assert all(number.startswith("+447700900") and len(number) == 13 for number in numbers)
    assert sum(map(is_left, CONTACTS)) == 12


def test_some_ask_again_some_fall_silent_and_some_answer_to_the_end() -> None:
    cast = Cast(CONTACTS, BOOK, seed=1)
    visits = [cast.next_visit(contact) for contact in CONTACTS * 5]

    waiting = [len(lines_of(visit, [])) for visit in visits]
    cast = Cast(CONTACTS, BOOK, seed=1)
    replied = [lines_of(cast.next_visit(contact), [True] * 9) for contact in CONTACTS * 5]

    assert set(waiting) == {1, 2, 3}
    assert {lines[-1].last for lines in replied} == {True, False}


def test_who_opts_out_opts_in_again_before_anything_else() -> None:
    (contact, *_) = [contact for contact in CONTACTS if "enough" in contact.topics]
    cast = Cast([contact], BOOK, seed=1)

    said = [[line.text for line in lines_of(cast.next_visit(contact), [True] * 9)] for _ in range(4)]

    assert said[0][0] == said[3][0] == "START"
    assert said[2][-1] == "STOP"
