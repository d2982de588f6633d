"""One lane a conversation: order within, no waiting between; a full partition waits, a fenced one is silent."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from services.notify import window
from services.notify.shard import Fenced, NotifyShard
from tests.integration.notify.post import Longest, Shortest, notify, post, simulator, until
from trunkline.bus import Partition, take_pen
from trunkline.events import ReplySent, Topic
from trunkline.ids import new_conversation_id, new_id
from trunkline.testing.servers import Valkey
from trunkline.testing.twilio_rules import Behaviour

DELIVERIES = Partition(Topic.DELIVERIES, 0)


class Gated:
    """A provider that takes every message, once its gate is open."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.asked = 0
        self.url = ""

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        await request.read()
        self.asked += 1
        await self.gate.wait()
        return web.json_response({"sid": f"SM{new_id()}", "status": "queued"}, status=201)


@asynccontextmanager
async def gated() -> AsyncIterator[Gated]:
    """Such a provider, its gate closed."""
    it = Gated()
    runner = web.ServerRunner(web.Server(it.answer, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    it.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield it
    finally:
        it.gate.set()
        await runner.cleanup()


async def test_replies_of_a_conversation_leave_in_their_order_whatever_fails(valkey: Valkey, tmp_path: Path) -> None:
    rates = {Behaviour.ERROR: 0.2, Behaviour.THROTTLED: 0.1}
    async with (
        simulator(rates=rates, retry_after_s=0, seed=7) as provider,
        post(valkey.url, tmp_path, provider.url) as it,
    ):
        conversations = [new_conversation_id(number % 2) for number in range(4)]
        async with notify(it, chance=Shortest()):
            for number in range(12):
                for conversation in conversations:
                    await it.write(f"{conversation} {number}", conversation=conversation)
            await it.outcomes(it.written)

        for conversation in conversations:
            said = [sent.body for sent in provider.sent if sent.body.startswith(conversation)]
            assert said == [f"{conversation} {number}" for number in range(12)]
        assert provider.counters["requests"] > len(it.written), "some attempt must have failed"


async def test_a_held_reply_holds_back_its_own_conversation_only(valkey: Valkey, tmp_path: Path) -> None:
    async with simulator() as provider, post(valkey.url, tmp_path, provider.url) as it:
        provider.script.then(Behaviour.HANG)
        async with notify(it):
            held = await it.write("held")
            await until(lambda: provider.counters["hang"] == 1)
            await it.write("behind it", conversation=held[0].conversation)
            free = [await it.write(f"free {number}") for number in range(5)]
            await it.outcomes([one for [one] in free])

            assert sorted(sent.body for sent in provider.sent) == [f"free {number}" for number in range(5)]
            assert provider.counters["requests"] == 6, "the reply behind the held one was not tried"


async def test_a_partition_with_too_many_open_replies_waits_and_goes_on(
    valkey: Valkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "MOST", 20)
    async with gated() as provider, post(valkey.url, tmp_path, provider.url) as it, notify(it) as ours:
        for _ in range(20):
            await it.write("one of too many")
        await until(lambda: provider.asked == 20)
        shard = ours.owner._shards[0]
        read_to = shard.window.next

        late = [(await it.write("waits"))[0] for _ in range(5)]
        elsewhere = await it.write("other shard", shard=1)
        await until(lambda: provider.asked == 21)

        assert (shard.window.next, len(shard.window.open)) == (read_to, 20)
        provider.gate.set()
        for told in await it.outcomes([*late, *elsewhere, *it.written]):
            assert isinstance(told, ReplySent)
            assert not told.possible_duplicate
        assert provider.asked == 26


async def test_a_full_partition_stays_paused_when_another_shard_comes_and_goes(
    valkey: Valkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "MOST", 3)
    async with gated() as provider, post(valkey.url, tmp_path, provider.url) as it, notify(it) as ours:
        for _ in range(3):
            await it.write("one of too many")
        await until(lambda: provider.asked == 3)
        first = ours.owner._shards[1]
        await take_pen(it.bus, Partition(Topic.DELIVERIES, 1), "somebody else")
        await until(lambda: ours.owner._shards.get(1) not in {first, None})

        late = await it.write("waits")
        await it.write("other shard", shard=1)
        await until(lambda: provider.asked == 4)

        assert len(ours.owner._shards[0].window.open) == 3
        provider.gate.set()
        await it.outcomes(late)


# --- the pen -----------------------------------------------------------------------------------------------------


async def test_a_fenced_notify_sends_nothing(valkey: Valkey, tmp_path: Path) -> None:
    async with simulator() as provider, post(valkey.url, tmp_path, provider.url) as it, notify(it) as ours:
        shard = NotifyShard(it.bus, ours.couriers, 0, "notify-9")
        await until(lambda: len(ours.owner._shards) == 2)
        await ours.stop()
        await shard.take()
        shard.polled()
        await take_pen(it.bus, DELIVERIES, "somebody else")
        await it.write("must not leave by our hand")

        shard.saw_deliveries(await it.bus.tail(DELIVERIES, 1))
        shard.take_records(await it.bus.tail(Partition(Topic.ROUTING, 0), 1))
        with pytest.raises(Fenced):
            await shard.failure

        await shard.stop(grace_s=0)
        assert provider.counters["requests"] == 0


async def test_a_notify_that_has_not_read_the_log_for_a_session_sends_nothing(valkey: Valkey, tmp_path: Path) -> None:
    async with (
        simulator() as provider,
        post(valkey.url, tmp_path, provider.url, session_s=0.2) as it,
        notify(it) as ours,
    ):
        await until(lambda: len(ours.owner._shards) == 2)
        await ours.stop()
        shard = NotifyShard(it.bus, ours.couriers, 0, "notify-9")
        await shard.take()
        shard.polled()
        await it.write("must not leave")
        await asyncio.sleep(0.25)

        shard.take_records(await it.bus.tail(Partition(Topic.ROUTING, 0), 1))
        with pytest.raises(Fenced, match="last read"):
            await shard.failure

        await shard.stop(grace_s=0)
        assert provider.counters["requests"] == 0


async def test_with_the_log_silent_no_attempt_is_repeated_until_it_answers_again(tmp_path: Path) -> None:
    """A read that fails brings as little as one that finds nothing: only the latter proves that we hold the pen."""
    async with (
        Valkey() as server,
        simulator() as provider,
        post(server.url, tmp_path, provider.url, session_s=0.9) as it,
        notify(it, chance=Longest()),
    ):
        provider.script.then(Behaviour.ERROR)
        [message] = await it.write("tried once")
        await until(lambda: provider.counters["requests"] == 1)
        await server.pause()

        await asyncio.sleep(2.5)  # the second attempt is due after one second

        assert provider.counters["requests"] == 1
        await server.resume()
        assert isinstance(await it.outcome(message), ReplySent)


async def test_two_notifies_share_the_work_and_one_takes_all_of_it_over(valkey: Valkey, tmp_path: Path) -> None:
    async with simulator() as provider, post(valkey.url, tmp_path, provider.url, session_s=1.0) as it:
        async with notify(it, "notify-0") as first:
            await until(lambda: len(first.owner._shards) == 2)
            async with notify(it, "notify-1") as second:
                await until(lambda: len(first.owner._shards) == len(second.owner._shards) == 1)
                for number in range(20):
                    await it.write(f"{number}", shard=number % 2)
                await it.outcomes(it.written)
            await until(lambda: len(first.owner._shards) == 2)
            for number in range(20, 30):
                await it.write(f"{number}", shard=number % 2)
            told = await it.outcomes(it.written)

        assert all(isinstance(one, ReplySent) for one in told)
        assert sorted((sent.body for sent in provider.sent), key=int) == [str(number) for number in range(30)]


async def test_random_takeovers_never_lose_a_reply_nor_repeat_one_unflagged(valkey: Valkey, tmp_path: Path) -> None:
    chance = random.Random(3)
    async with simulator() as provider, post(valkey.url, tmp_path, provider.url) as it, notify(it):
        for number in range(60):
            await it.write(f"{number}", shard=number % 2)
            if chance.random() < 0.15:
                await take_pen(it.bus, Partition(Topic.DELIVERIES, chance.randrange(2)), "somebody else")
        told = await it.outcomes(it.written)

    times: dict[str, int] = {}
    for sent in provider.sent:
        times[sent.body] = times.get(sent.body, 0) + 1
    assert set(times) == {str(number) for number in range(60)}
    for number, one in enumerate(told):
        assert isinstance(one, ReplySent)
        assert times[str(number)] == 1 or one.possible_duplicate
