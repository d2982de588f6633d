"""Who owns which partition: everybody something, everything somebody, and a name comes back to its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.contract.bus.log import SHARDS, Log
from tests.contract.bus.words import now, said
from trunkline.bus import Bus, Membership, Partition
from trunkline.events import Topic
from trunkline.testing.processes import Service

ALL = frozenset(range(SHARDS))


async def until(done: Callable[[], bool], *, within: float) -> None:
    """Several members at once: none of their events alone tells."""
    async with asyncio.timeout(within):
        while not done():
            await asyncio.sleep(0.01)


def shared(*members: Membership) -> bool:
    """Whether everything is owned, by one member each, and nobody has two more than another."""
    sizes = [len(member.owned) for member in members]
    return (
        sum(sizes) == SHARDS and frozenset().union(*(m.owned for m in members)) == ALL and max(sizes) - min(sizes) <= 1
    )


async def test_a_member_alone_owns_everything(bus: Bus) -> None:
    async with bus.membership(Topic.INBOUND, "routers", "a") as alone:
        assert await asyncio.wait_for(alone.changed(), 10) == ALL
        assert alone.owned == ALL


async def test_who_gets_nothing_knows_it_too(bus: Bus) -> None:
    async with AsyncExitStack() as stack:
        members = [bus.membership(Topic.INBOUND, "routers", f"m{number}") for number in range(SHARDS + 1)]
        assert not any(member.joined for member in members)
        for member in members:
            await stack.enter_async_context(member)

        await until(lambda: all(member.joined for member in members) and any(not m.owned for m in members), within=25)


async def test_changed_waits_until_something_is_different(bus: Bus) -> None:
    async with bus.membership(Topic.INBOUND, "routers", "a") as first:
        assert await asyncio.wait_for(first.changed(), 10) == ALL
        again = asyncio.create_task(first.changed())
        done, _ = await asyncio.wait([again], timeout=bus.session_timeout_s)
        assert not done  # heartbeats alone are no change

        async with bus.membership(Topic.INBOUND, "routers", "b"):
            assert len(await asyncio.wait_for(again, 10)) < SHARDS


async def test_two_members_share_and_nobody_owns_what_the_other_does(bus: Bus, log: Log) -> None:
    async with log.connect() as other, bus.membership(Topic.INBOUND, "routers", "a") as first:
        await asyncio.wait_for(first.changed(), 10)
        async with other.membership(Topic.INBOUND, "routers", "b") as second:
            await until(lambda: shared(first, second), within=15)


async def test_a_member_too_many_for_even_shares_still_gets_its_share(bus: Bus) -> None:
    async with (
        bus.membership(Topic.INBOUND, "routers", "a") as a,
        bus.membership(Topic.INBOUND, "routers", "b") as b,
    ):
        await until(lambda: shared(a, b), within=15)
        async with bus.membership(Topic.INBOUND, "routers", "c") as c:
            await until(lambda: shared(a, b, c), within=15)


async def test_more_members_than_partitions_leave_some_with_nothing(bus: Bus) -> None:
    async with (
        bus.membership(Topic.INBOUND, "routers", "a") as a,
        bus.membership(Topic.INBOUND, "routers", "b") as b,
        bus.membership(Topic.INBOUND, "routers", "c") as c,
        bus.membership(Topic.INBOUND, "routers", "d") as d,
        bus.membership(Topic.INBOUND, "routers", "e") as e,
    ):
        await until(lambda: shared(a, b, c, d, e), within=20)


async def test_what_a_member_leaves_goes_to_the_others(bus: Bus) -> None:
    async with bus.membership(Topic.INBOUND, "routers", "a") as stays:
        async with bus.membership(Topic.INBOUND, "routers", "b") as leaves:
            await until(lambda: shared(stays, leaves), within=15)
        await until(lambda: stays.owned == ALL, within=bus.session_timeout_s + 8)


async def test_a_name_that_returns_gets_its_own_back_at_once(log: Log, bus: Bus) -> None:
    async with bus.membership(Topic.INBOUND, "routers", "a") as stays:
        async with log.connect() as other, other.membership(Topic.INBOUND, "routers", "b") as leaves:
            await until(lambda: shared(stays, leaves), within=15)
            held, rest = leaves.owned, stays.owned

        began = now()
        async with log.connect() as other, other.membership(Topic.INBOUND, "routers", "b") as back:
            assert await asyncio.wait_for(back.changed(), 10) == held
            took = now() - began
            assert stays.owned == rest
    assert took < bus.session_timeout_s * 0.75


async def test_groups_do_not_touch(bus: Bus) -> None:
    async with (
        bus.membership(Topic.INBOUND, "routers", "a") as first,
        bus.membership(Topic.INBOUND, "others", "a") as second,
        bus.membership(Topic.ROUTING, "routers-of-routing", "a") as third,
    ):
        await until(lambda: shared(first) and shared(second) and shared(third), within=15)


async def test_lag_is_what_is_after_the_committed_offset(bus: Bus) -> None:
    for number in range(SHARDS):
        await bus.append(Partition(Topic.INBOUND, number), [said("x")] * (number + 2))
    assert await bus.lag(Topic.INBOUND, "routers") == {0: 2, 1: 3, 2: 4, 3: 5}

    async with bus.membership(Topic.INBOUND, "routers", "a") as alone:
        await asyncio.wait_for(alone.changed(), 10)
        await alone.commit({0: 2, 1: 1})
        assert await bus.lag(Topic.INBOUND, "routers") == {0: 0, 1: 2, 2: 4, 3: 5}
        assert await bus.lag(Topic.INBOUND, "others") == {0: 2, 1: 3, 2: 4, 3: 5}
        await alone.commit({1: 3, 3: 4})

    assert await bus.lag(Topic.INBOUND, "routers") == {0: 0, 1: 0, 2: 4, 3: 1}


class Away:
    """A member in another process, that can be paused and killed."""

    def __init__(self, log: Log, name: str, tmp_path: Path) -> None:
        arguments = [log.url, log.deployment, str(SHARDS), str(log.session_timeout_s), name]
        self.service = Service(
            "tests.contract.bus.member", env={}, log=tmp_path / f"{name}.log", arguments=arguments, cwd=Path.cwd()
        )

    @property
    def owned(self) -> frozenset[int]:
        """What it said last."""
        lines = [line for line in self.service.output().splitlines() if line.startswith("owned")]
        return frozenset(map(int, lines[-1].split()[1:])) if lines else frozenset()


@pytest.mark.faults
async def test_a_paused_member_loses_its_share_and_gets_one_again_when_it_wakes(
    log: Log, bus: Bus, tmp_path: Path
) -> None:
    away = Away(log, "b", tmp_path)
    async with bus.membership(Topic.INBOUND, "routers", "a") as stays, away.service:
        await asyncio.wait_for(stays.changed(), 10)
        away.service.spawn()
        await until(lambda: len(stays.owned) == SHARDS // 2 and away.owned | stays.owned == ALL, within=20)

        await away.service.pause()
        began = now()
        await until(lambda: stays.owned == ALL, within=bus.session_timeout_s + 8)
        assert now() - began > bus.session_timeout_s * 0.5  # not on a whim
        await away.service.resume()

        await until(
            lambda: len(away.owned) == SHARDS // 2 and stays.owned == ALL - away.owned,
            within=bus.session_timeout_s + 15,
        )
        await away.service.kill()


@pytest.mark.faults
async def test_a_killed_member_that_returns_in_time_gets_its_own_back(log: Log, bus: Bus, tmp_path: Path) -> None:
    away = Away(log, "b", tmp_path)
    async with bus.membership(Topic.INBOUND, "routers", "a") as stays, away.service:
        await asyncio.wait_for(stays.changed(), 10)
        away.service.spawn()
        await until(lambda: len(stays.owned) == SHARDS // 2 and away.owned | stays.owned == ALL, within=20)
        held = away.owned
        changes = asyncio.create_task(stays.changed())

        await away.service.kill()
        lives = away.service.output().count("owned")
        away.service.spawn()
        await until(lambda: away.service.output().count("owned") > lives, within=10)

        assert away.owned == held
        assert stays.owned == ALL - held
        changes.cancel()
        await away.service.kill()
