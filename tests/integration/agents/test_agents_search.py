"""Search by API: what was said is found by who may see it, and by nobody else."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from tests.integration.agents.rig import Person, somebody
from trunkline.ids import new_id
from trunkline.testing.deployment import Deployment

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]


async def _found(person: Person, words: str, *, within: float = 15) -> list[dict[str, object]]:
    """What is found, once anything is: the projection is a moment behind the log."""
    async with asyncio.timeout(within):
        while True:
            status, told = await person.call("GET", "/api/v1/search", params={"q": words})
            assert status == 200, told
            if told["items"]:
                found: list[dict[str, object]] = told["items"]
                return found
            await asyncio.sleep(0.05)


async def test_what_was_said_is_found_in_the_queues_one_serves_and_nowhere_else(
    system: Deployment, admin: Person
) -> None:
    word = f"w{new_id()}"
    answer = await system.provider.customer_writes("+37120009991", f"Kur ir mana paka <b>{word.upper()}</b>?")
    assert answer.status == 200

    [hit] = await _found(admin, f"{word[:12]} paka")

    assert hit["count"] == 1
    assert hit["excerpt"] == [
        {"text": "Kur ir mana ", "found": False},
        {"text": "paka", "found": True},
        {"text": " <b>", "found": False},
        {"text": word.upper(), "found": True},
        {"text": "</b>?", "found": False},
    ]
    async with somebody(system, queues=["support"]) as helper, somebody(system, queues=["sales"]) as seller:
        assert len(await _found(helper, word)) == 1
        _, told = await seller.call("GET", "/api/v1/search", params={"q": word})
        assert told == {"items": [], "next": None}
    for queue, count in (("support", 1), ("sales", 0)):
        _, told = await admin.call("GET", "/api/v1/search", params={"q": word, "queue": queue})
        assert len(told["items"]) == count, queue


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"q": "?!"}, 422, "bad-search"),
        ({"q": "a b c d e f g h i"}, 422, "bad-search"),
        ({"q": "x" * 101}, 422, "invalid"),
        ({"q": "parcel", "after": "x"}, 400, "bad-cursor"),
        ({}, 422, "invalid"),
    ],
)
async def test_a_search_that_is_none_says_so(admin: Person, query: dict[str, str], status: int, code: str) -> None:
    got, told = await admin.call("GET", "/api/v1/search", params=query)

    assert (got, told["code"]) == (status, code)


async def test_who_is_not_signed_in_finds_nothing(system: Deployment) -> None:
    async with aiohttp.ClientSession() as stranger, stranger.get(f"{system.desk_url}/api/v1/search?q=parcel") as answer:
        assert answer.status == 401
