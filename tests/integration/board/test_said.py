"""The board counts what was said: dense numbers, the same in the hash, in the events and after a rebuild."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import orjson

from tests.integration.board.conftest import Floor, together
from trunkline.board import moves
from trunkline.ids import new_id

SAYING = {"conversation.opened", "conversation.reopened", "conversation.message-added", "conversation.replied"}


async def reply(floor: Floor, conversation: str, operation: str = "") -> None:
    answer = await moves.reply(
        floor.board, operation=operation or new_id(), agent="ana", conversation=conversation, body=b'{"message":{}}'
    )
    assert answer.ok, answer


def numbered(entries: list[Any]) -> list[tuple[str, int]]:
    """Type and count of each event, in the log's order."""
    told = [orjson.loads(entry.record.value) for entry in entries]
    return [
        (event["type"].removeprefix("trunkline.").removesuffix(".v1"), event["data"]["state"]["said"])
        for event in told
        if "said" in event["data"].get("state", {})
    ]


async def test_each_message_has_the_next_number_and_nothing_else_has_one(floor: Floor) -> None:
    await floor.arrive("ana")
    conversation = await floor.owned("ana", "sms|+1")
    await floor.receive("sms|+1")
    await reply(floor, conversation)
    await floor.receive("sms|+1")
    await floor.close("ana", conversation)
    await floor.receive("sms|+1")  # it opens again

    events = numbered(await floor.events())

    assert [number for kind, number in events if kind in SAYING] == [1, 2, 3, 4, 5]
    for (_, before), (kind, number) in pairwise(events):
        assert number == before + (kind in SAYING), kind
    assert (await floor.conversation(conversation))["said"] == "5"


async def test_what_is_made_twice_is_counted_once(floor: Floor) -> None:
    await floor.arrive("ana")
    conversation = await floor.owned("ana", "sms|+1")
    operation = new_id()
    await together(reply(floor, conversation, operation), reply(floor, conversation, operation))
    same = floor.receiving("sms|+1", message="a" * 32), floor.receiving("sms|+1", message="a" * 32)
    await together(*(floor.board.submit(*one) for one in same))

    assert (await floor.conversation(conversation))["said"] == "3"


async def test_a_rebuilt_board_goes_on_counting_and_a_new_conversation_begins_anew(floor: Floor) -> None:
    await floor.arrive("ana")
    conversation = await floor.owned("ana", "sms|+1")
    await reply(floor, conversation)
    await floor.rebuild()

    await floor.receive("sms|+1")
    assert (await floor.conversation(conversation))["said"] == "3"
    opened = await floor.receive("sms|+2")
    assert (await floor.conversation(opened.subject))["said"] == "1"
