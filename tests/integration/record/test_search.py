"""What was said is found by its words, in all one may see and in nothing else; the same on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.agents.repository import BadCursor, BadSearch, Filter, Hit, Page, Repository, Search, TooBroad
from services.agents.repository.words import MAX_SEARCHED
from trunkline.events import Status
from trunkline.messages import Choice, Choices, ContactCard, MailHead, Media, Quote, Text

from .stories import Log, Talk


def _ids(page: Page[Hit]) -> list[str]:
    return [hit.conversation.id for hit in page.items]


def _marked(hit: Hit) -> str:
    return "".join(f"<{piece.text}>" if piece.found else piece.text for piece in hit.excerpt)


@pytest.mark.parametrize(
    ("said", "sought"),
    [
        ("Sipariş İSTANBUL'a gitti", "istanbul"),
        ("sipariş istanbul'a gitti", "İstanbul"),
        ("ILIK su", "\u0131l\u0131k"),
        ("\u0131l\u0131k su", "ILIK"),
        ("Pasūtījums uz Ķekavu", "kekavu PASŪTĪJUMS"),
        ("Pasutijums uz Kekavu", "Ķekavu"),
        ("S\u0327is\u0327li", "Şişli"),
        ("Order 1e5-77_x, please", "77 1e5"),
        ("the parcels", "PARC"),
        ("I said OR, not AND", "or and not"),
        ("Привет, Ёлка", "елка"),
    ],
)
async def test_words_are_found_in_any_case_with_and_without_marks(
    record: Repository, log: Log, said: str, sought: str
) -> None:
    talk, other = Talk(log), Talk(log, contact="+37120000002")
    await record.projection.apply([talk.opens("Hello"), talk.writes(said), other.opens("Something else")])

    assert _ids(await record.search.page(sought, Filter())) == [talk.id]


async def test_every_word_must_be_said_in_one_message_and_a_single_letter_stands_alone(
    record: Repository, log: Log
) -> None:
    talk = Talk(log)
    await record.projection.apply([talk.opens("a red parcel"), talk.writes("blue letter")])

    found = {words: _ids(await record.search.page(words, Filter())) for words in ("red letter", "b", "bl", "a RED")}

    assert found == {"red letter": [], "b": [], "bl": [talk.id], "a RED": [talk.id]}


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        ('"red parcel"', {"near"}),
        ('"RED PARČEL"', {"near"}),
        ("\u201ered parcel\u201c", {"near"}),
        ("\u00abred parcel\u00bb", {"near"}),
        ('"red parc"', set()),
        ('"red"', {"near", "apart"}),
        ('"parcel red"', set()),
        ('"my red parcel" "came not"', {"near"}),
        ('came "red parcel" th', set()),
        ('th "red parcel"', {"near"}),
        ('"parcel came not the"', set()),
        ('"the the"', {"near"}),
        ('""', None),
        ('"" red', {"near", "apart"}),
        ('red "parcel', {"near", "apart"}),
        ('red parcel"', {"near", "apart"}),
        ('"red parcel" "th', {"near"}),
    ],
)  # fmt: skip
async def test_what_stands_in_quotes_is_found_word_for_word_and_a_lone_quote_is_only_a_sign(
    record: Repository, log: Log, sought: str, found: set[str] | None
) -> None:
    near, apart = Talk(log), Talk(log, contact="+37120000002")
    opened = [near.opens("The red parcel, and the the letter"), apart.opens("A red or blue parcel came: not that one")]
    await record.projection.apply([*opened, near.writes("My red-parcel (came) not")])

    if found is None:
        with pytest.raises(BadSearch):
            await record.search.page(sought, Filter())
        return
    ids = _ids(await record.search.page(sought, Filter()))

    assert {name for name, talk in (("near", near), ("apart", apart)) if talk.id in ids} == found


async def test_a_phrase_is_marked_where_it_stands_and_nowhere_else(record: Repository, log: Log) -> None:
    talk = Talk(log)
    await record.projection.apply([talk.opens("parcel: the red parcel, a red bag and a parcelled lamp")])

    [hit] = (await record.search.page('"red parcel" lam', Filter())).items

    assert _marked(hit) == "parcel: the <red> <parcel>, a red bag and a parcelled <lamp>"


async def test_a_phrase_is_found_however_many_words_stand_before_it(record: Repository, log: Log) -> None:
    """A vector of PostgreSQL has 16 383 places: what MAX_SEARCHED lets through must fit, one letter a word."""
    talk = Talk(log)
    await record.projection.apply([talk.opens(f"{'a ' * (MAX_SEARCHED // 2 - 20)}here it ends")])

    assert _ids(await record.search.page('"here it ends"', Filter())) == [talk.id]


async def test_both_sides_are_searched_and_the_newest_message_found_is_told_with_its_words_marked(
    record: Repository, log: Log
) -> None:
    talk = Talk(log)
    reply = talk.outbound(f"{'so ' * 40}your PARČELS and one parcel are here {'and ' * 60}")
    await record.projection.apply([talk.opens("My parcel?"), talk.replies(reply), talk.writes("Thank you")])

    [hit] = (await record.search.page("parcel", Filter())).items

    assert (hit.message, hit.sequence, hit.direction, hit.agent, hit.count) == (reply.id, 2, "outbound", "ana", 2)
    assert hit.at == reply.written_at
    assert "your <PARČELS> and one <parcel> are here" in _marked(hit)
    assert _marked(hit).startswith("…so so ")
    assert _marked(hit).endswith(" and…")
    assert len(_marked(hit)) < 250


async def test_what_a_person_reads_is_searched_whatever_its_kind_and_a_quote_only_where_it_was_written(
    record: Repository, log: Log
) -> None:
    talk = Talk(log)
    parts = (
        MailHead(subject="Invoice"),
        Text(text="See below"),
        Quote(quoted="earlier words"),
        Media(content_type="application/pdf", name="scan-2041.pdf", caption="the receipt"),
        Choices(options=(Choice(title="Refund"),)),
        ContactCard(name="Zane", emails=("zane@mail.example",)),
    )
    reply = talk.outbound("").model_copy(update={"parts": parts})
    await record.projection.apply([talk.opens("Hello"), talk.replies(reply)])

    sought = ("invoice", "below", "scan 2041", "receipt", "refund", "zane@mail.example", "earlier", "application")
    found = {words: len((await record.search.page(words, Filter())).items) for words in sought}

    assert found == {**dict.fromkeys(sought[:6], 1), "earlier": 0, "application": 0}


async def test_nothing_is_found_but_what_the_filter_allows(record: Repository, log: Log) -> None:
    talks = {
        "mine": Talk(log, queue="sales", last_agent="ana"),
        "support": Talk(log, contact="+37120000002"),
        "closed": Talk(log, contact="+37120000003", status=Status.CLOSED),
        "theirs": Talk(log, contact="+37120000004", queue="sales"),
    }
    await record.projection.apply([talk.opens("parcel") for talk in talks.values()])

    async def found(**wanted: object) -> set[str]:
        names = _ids(await record.search.page("parcel", Filter.model_validate(wanted)))
        return {name for name, talk in talks.items() if talk.id in names}

    assert await found() == set(talks)
    assert await found(queues=("support",), hand="ana") == {"mine", "support", "closed"}
    assert await found(queues=(), hand="ana") == {"mine"}
    assert await found(queues=("support",), statuses=(Status.CLOSED,)) == {"closed"}


async def test_pages_tell_every_conversation_once_the_last_said_first(record: Repository, log: Log) -> None:
    talks = []
    for number in range(11):
        # Three of each moment: the order among them is the message's id.
        log.clock += timedelta(minutes=number % 3 == 0)
        talk = Talk(log, contact=f"+3712000{number:04}")
        at = log.clock
        talks.append(talk)
        opening = talk.opens("parcel")
        log.clock = at
        await record.projection.apply([opening, talk.writes("parcel again")])
        log.clock = at
    seen: list[Hit] = []
    after = None
    while True:
        page = await record.search.page("parcel", Filter(), after=after, limit=4)
        seen += page.items
        after = page.next
        if after is None:
            break

    assert len(seen) == 11
    assert {hit.conversation.id for hit in seen} == {talk.id for talk in talks}
    assert [hit.at for hit in seen] == sorted((hit.at for hit in seen), reverse=True)
    assert {hit.count for hit in seen} == {2}
    with pytest.raises(BadCursor):
        await record.search.page("parcel", Filter(), after="x")


@pytest.mark.parametrize("words", ["", "  ", '"', "* - ' () :&|!", "a b c d e f g h i"])
async def test_what_cannot_be_searched_is_refused(record: Repository, words: str) -> None:
    with pytest.raises(BadSearch):
        await record.search.page(words, Filter())


@pytest.mark.parametrize(
    "words", ['"parcel', "parcel*", "parcel:*", "par'cel", "NEAR(parcel, 2)", "{words}: parcel", "\\"]
)
async def test_signs_that_databases_understand_are_only_signs(record: Repository, log: Log, words: str) -> None:
    talk = Talk(log)
    await record.projection.apply([talk.opens(f"said {words} x")])

    assert _ids(await record.search.page(f"{words} x", Filter())) == [talk.id]


async def test_a_message_told_twice_is_counted_once(record: Repository, log: Log) -> None:
    talk = Talk(log)
    opened = talk.opens("parcel")
    await record.projection.apply([opened])
    await record.projection.apply([opened])
    again = log.record(opened.topic, opened.value)
    await record.projection.apply([again])

    [hit] = (await record.search.page("parcel", Filter())).items
    assert hit.count == 1


async def test_a_long_message_is_found_by_its_first_words(record: Repository, log: Log) -> None:
    talk = Talk(log)
    long = f"beginning {'x' * 40_000} end"
    await record.projection.apply([talk.opens(long)])

    assert len(long) > MAX_SEARCHED
    assert _ids(await record.search.page(f"begin {'x' * 80}", Filter())) == [talk.id]
    assert _ids(await record.search.page("end", Filter())) == []


async def test_a_search_ends_in_its_time_and_says_so_and_others_are_not_disturbed(record: Repository, log: Log) -> None:
    talks = [Talk(log, contact=f"+3712{number:07}") for number in range(1_500)]
    await record.projection.apply([talk.opens("parcel") for talk in talks])
    hurried = Search(record.database, patience_s=0)

    for _ in range(3):
        with pytest.raises(TooBroad):
            await hurried.page("parcel", Filter())

    assert len((await record.search.page("parcel", Filter())).items) == 50
