"""Who else has a conversation open: across two agents services, for those who may see it, until they leave."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Any

import orjson
import pytest

from tests.integration.agents.rig import Person, Socket, desk, inner, somebody
from tests.integration.agents.test_agents_passing import owned
from trunkline.board.signals import LOOKS, Signals
from trunkline.testing.deployment import Deployment

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]


async def _lookers(it: Socket, *, within: float = 15) -> tuple[str, dict[str, str]]:
    """The next word of who else looks: where, and what each does there."""
    async with asyncio.timeout(within):
        while True:
            frame: dict[str, Any] = await it.next(within=within)
            if frame.get("type") == "looking":
                return frame["conversation"], {one["id"]: one["doing"] for one in frame["agents"]}


async def _until(it: Socket, expected: tuple[str, dict[str, str]]) -> None:
    """Until this is what is said; words before it are of moments before it."""
    while await _lookers(it) != expected:
        pass


def _supervisor(system: Deployment) -> AbstractAsyncContextManager[Person]:
    """Sees everything, and is offered nothing."""
    return somebody(system, role="supervisor", queues=["billing"])


async def _known(person: Person, name: str) -> None:
    """The record is a moment behind the log; who opens a conversation has found it there."""
    async with asyncio.timeout(15):
        while (await person.call("GET", f"/api/v1/conversations/{name}"))[0] != 200:
            await asyncio.sleep(0.05)


def _id(person: Person) -> str:
    return str(person.me["id"])


async def test_each_sees_the_other_across_two_agents_services_until_they_leave(system: Deployment) -> None:
    async with (
        inner(system) as other, somebody(system, capacity=50) as ana, _supervisor(system) as sue,
        desk(sue, url=other.url) as hers,
    ):  # fmt: skip
        async with desk(ana) as mine:
            name = await owned(system, ana, mine)
            await _known(ana, name)
            await mine.say(type="looking", conversation=name)
            await hers.say(type="looking", conversation=name)
            await _until(mine, (name, {_id(sue): "looks"}))
            await _until(hers, (name, {_id(ana): "looks"}))

            await mine.say(type="looking", conversation=name, doing="reply")
            await _until(hers, (name, {_id(ana): "reply"}))
            await hers.say(type="looking", conversation=name, doing="note")
            await _until(mine, (name, {_id(sue): "note"}))
            await hers.say(type="looking", conversation="")
            await _until(mine, (name, {}))
            await hers.say(type="looking", conversation=name)
            await _until(hers, (name, {_id(ana): "reply"}))
        await _until(hers, (name, {}))


async def test_who_may_not_see_it_neither_looks_nor_is_told_who_does(system: Deployment) -> None:
    async with (
        inner(system) as it, somebody(system, capacity=50) as ana, somebody(system, queues=["billing"]) as bo,
        desk(ana) as mine, desk(bo, url=it.url) as theirs,
    ):  # fmt: skip
        name = await owned(system, ana, mine)
        await _known(ana, name)
        await mine.say(type="looking", conversation=name)
        await theirs.say(type="looking", conversation=name)
        async with _supervisor(system) as sue, desk(sue, url=it.url) as hers:
            await hers.say(type="looking", conversation=name)
            assert await _lookers(mine) == (name, {_id(sue): "looks"}), "said in order: Bo would have been first"
            assert not [frame for frame in theirs.frames if frame.get("type") == "looking"]


async def test_who_looked_by_a_service_that_died_is_gone_and_who_is_there_stays(system: Deployment) -> None:
    async with (
        inner(system, again_s=0.4) as it, somebody(system, capacity=50) as ana, _supervisor(system) as sue,
        desk(ana, url=it.url) as mine, desk(sue, url=it.url) as hers,
        Signals(system.board.url, deployment=system.deployment) as dead,
    ):  # fmt: skip
        name = await owned(system, ana, mine)
        await _known(ana, name)
        await mine.say(type="looking", conversation=name)
        await hers.say(type="looking", conversation=name)
        await _until(hers, (name, {_id(ana): "looks"}))
        telling = asyncio.create_task(dead.run())

        dead.tell(LOOKS, orjson.dumps({"from": "dead", "looks": {name: [["gus", "Gus", "reply"]]}}))

        await _until(hers, (name, {_id(ana): "looks", "gus": "reply"}))
        assert await _lookers(hers) == (name, {_id(ana): "looks"})
        with pytest.raises(TimeoutError):
            await _lookers(hers, within=2.0)  # twice the lease: Ana was said again and again
        telling.cancel()


async def test_one_agent_at_two_windows_is_one_looker_with_the_most_they_do(system: Deployment) -> None:
    async with (
        inner(system) as it, somebody(system, capacity=50) as ana, _supervisor(system) as sue, desk(ana) as mine,
        desk(ana, url=it.url) as phone, desk(sue) as hers,
    ):  # fmt: skip
        name = await owned(system, ana, mine)
        await _known(ana, name)
        await mine.say(type="looking", conversation=name, doing="reply")
        await phone.say(type="looking", conversation=name)
        await hers.say(type="looking", conversation=name)
        await _until(hers, (name, {_id(ana): "reply"}))
        await _until(phone, (name, {_id(sue): "looks"}))

        await mine.say(type="looking", conversation="")
        await _until(hers, (name, {_id(ana): "looks"}))


@pytest.mark.parametrize("fields", [{"conversation": 7}, {"conversation": "x" * 65}, {"doing": "dance"}])
async def test_nonsense_about_looking_closes_the_socket(ana: Person, fields: dict[str, Any]) -> None:
    async with desk(ana) as it:
        await it.say(type="looking", **fields)
        assert await it.closed() == 1008
