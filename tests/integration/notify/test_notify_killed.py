"""Notify as a real process: killed, stopped, started again. A known success is never sent again."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.integration.notify.post import SHARDS, Post, post, process, simulator, until
from trunkline.events import ReplySent, StepAccepted
from trunkline.testing.servers import Valkey
from trunkline.testing.twilio import TwilioSimulator
from trunkline.testing.twilio_rules import Behaviour

pytestmark = pytest.mark.slow


@asynccontextmanager
async def posted(server: Valkey, folder: Path) -> AsyncIterator[tuple[Post, TwilioSimulator]]:
    async with simulator(retry_after_s=1) as provider, post(server.url, folder, provider.url) as it:
        yield it, provider


async def test_a_known_success_is_never_sent_again_after_kill_9(valkey: Valkey, tmp_path: Path) -> None:
    async with posted(valkey, tmp_path) as (it, provider):
        killed = 0
        async with process(it, valkey.url, tmp_path) as service:
            for round_of in range(4):
                await service.start()
                before = provider.counters["accepted"]
                for number in range(60):
                    await it.write(f"{round_of}/{number}", shard=number % 2)
                await until(lambda: provider.counters["accepted"] >= before + 20)  # noqa: B023  called at once
                await service.kill()
                killed += 1
            known = {one.message for shard in range(SHARDS) for one in await it.events(ReplySent, shard)}
            times_before = Counter(sent.body for sent in provider.sent)
            await service.start()
            told = await it.outcomes(it.written)
            await service.stop()

        assert killed == 4
        times = Counter(sent.body for sent in provider.sent)
        assert len(known) < len(it.written), "some must have been in doubt"
        for message, one in zip(it.written, told, strict=True):
            assert isinstance(one, ReplySent)
            body = message.parts[0].text  # type: ignore[union-attr]  # we wrote text
            if message.id in known:
                assert times[body] == times_before[body], "known to have succeeded, and sent again"
            assert times[body] == 1 or one.possible_duplicate, "sent twice and not flagged"
            assert times[body] >= 1


@pytest.mark.parametrize(("point", "in_doubt"), [("notify.called", True), ("notify.recorded", False)])
async def test_a_death_between_the_call_and_the_log_is_flagged_one_after_it_is_not_repeated(
    valkey: Valkey, tmp_path: Path, point: str, *, in_doubt: bool
) -> None:
    async with posted(valkey, tmp_path) as (it, provider):
        async with process(it, valkey.url, tmp_path, failpoints=f"{point}=kill") as dying:
            await dying.start()
            [message] = await it.write("once, if it can be")
            await dying.ended(status=-9)
        async with process(it, valkey.url, tmp_path) as service:
            await service.start()
            told = await it.outcome(message)
            await it.outcome((await it.write("and on"))[0])

        assert isinstance(told, ReplySent)
        assert told.possible_duplicate is in_doubt
        assert Counter(sent.body for sent in provider.sent)["once, if it can be"] == (2 if in_doubt else 1)


async def test_a_reply_of_several_parts_goes_on_after_the_part_that_was_taken(valkey: Valkey, tmp_path: Path) -> None:
    async with posted(valkey, tmp_path) as (it, provider):
        async with process(it, valkey.url, tmp_path, failpoints="notify.recorded=kill") as dying:
            await dying.start()
            [message] = await it.write(" ".join(f"w{number}" for number in range(700)))
            await dying.ended(status=-9)
        assert len(provider.sent) == 1
        async with process(it, valkey.url, tmp_path) as service:
            await service.start()
            told = await it.outcome(message)

        assert isinstance(told, ReplySent)
        bodies = [sent.body for sent in provider.sent]
        assert len(bodies) == len(set(bodies)) == 3, "each part once"
        assert [step.part for step in await it.events(StepAccepted)] == [0, 1, 2]
        assert not (await it.events(StepAccepted))[0].possible_duplicate


async def test_a_clean_stop_flags_nothing_not_even_what_waits_for_its_next_attempt(
    valkey: Valkey, tmp_path: Path
) -> None:
    async with posted(valkey, tmp_path) as (it, provider):
        async with process(it, valkey.url, tmp_path) as service:
            await service.start()
            for number in range(20):
                await it.write(f"{number}")
            await it.outcomes(it.written)
            provider.script.then(*[Behaviour.THROTTLED] * 10)
            waiting = [(await it.write(f"waits {number}"))[0] for number in range(10)]
            await until(lambda: provider.counters["refused_20429"] == 10)
            began = asyncio.get_running_loop().time()
            await service.stop()
            assert asyncio.get_running_loop().time() - began < 3, "nobody waits for who only waits"
            assert len(provider.sent) == 20

            await service.start()
            told = await it.outcomes(waiting)
            await service.stop()

        assert all(isinstance(one, ReplySent) and not one.possible_duplicate for one in told)
        assert Counter(sent.body for sent in provider.sent).most_common(1)[0][1] == 1


async def test_a_stop_lets_the_call_in_hand_end(valkey: Valkey, tmp_path: Path) -> None:
    async with posted(valkey, tmp_path) as (it, provider):
        released = asyncio.Event()

        async def slow(_: object) -> None:
            released.set()

        provider.on_reply = slow
        async with process(it, valkey.url, tmp_path, failpoints="notify.called=sleep(1)") as service:
            await service.start()
            [message] = await it.write("in hand")
            async with asyncio.timeout(10):
                await released.wait()
            await service.stop()
        async with process(it, valkey.url, tmp_path) as service:
            await service.start()
            told = await it.outcome(message)

        assert isinstance(told, ReplySent)
        assert not told.possible_duplicate
        assert len(provider.sent) == 1
