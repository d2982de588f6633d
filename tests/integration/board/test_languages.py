"""The language of a conversation: the first that is told, until some words are in another; kept for the next."""

from __future__ import annotations

from tests.integration.board.conftest import LIMITS, SHARDS, Floor
from trunkline.board import moves
from trunkline.ids import new_conversation_id, new_id, shard_of
from trunkline.messages import Address
from trunkline.requirements import requirement_id
from trunkline.route import Route

THREAD = "sms|+1"


async def _language(floor: Floor, **said: str) -> str:
    """What it is after a message of which this is told."""
    name = (await floor.receive(THREAD, **said)).subject
    return (await floor.conversation(name))["language"]


async def test_it_is_filled_once_and_changed_by_some_words_only(floor: Floor) -> None:
    assert await _language(floor) == ""
    assert await _language(floor, language="lv") == "lv"
    assert await _language(floor, language="tr") == "lv"
    assert await _language(floor) == "lv"
    assert await _language(floor, language="tr", firm="1") == "tr"


async def test_it_is_known_when_it_is_reopened_and_when_we_write_first(floor: Floor) -> None:
    await floor.arrive("ana", capacity=9)
    name = await floor.owned("ana", THREAD, language="lv")
    await moves.close(floor.board, operation=new_id(), agent="ana", conversation=name, body=b"{}")

    assert (await floor.board.call("look", THREAD))[0][2] == b"lv"
    begun = await moves.begin(
        floor.board, operation=new_id(), agent="ana", thread=THREAD, account="sms-main", channel="sms",
        conversation=new_conversation_id(shard_of(THREAD, SHARDS)), contact=Address(scheme="tel", value="+371"),
        route=Route("support", requirement_id("support", "sms", 1, {}), 1, 0, 60_000, LIMITS, ladder="").arguments(),
        body=b'{"by":"ana"}', per_minute=60,
    )  # fmt: skip
    assert (await floor.conversation(begun.subject))["language"] == "lv"


async def test_a_rebuilt_board_knows_it_still(floor: Floor) -> None:
    name = (await floor.receive(THREAD, language="lv")).subject

    await floor.rebuild()

    assert (await floor.conversation(name))["language"] == "lv"
