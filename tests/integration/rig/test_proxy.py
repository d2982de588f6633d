"""The proxy's faults are those of a network, and counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
import redis.asyncio as redis
from aiohttp import web
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from trunkline.testing.proxy import FaultProxy
from trunkline.testing.resp import Frames
from trunkline.testing.servers import Valkey

pytestmark = pytest.mark.faults


@pytest.fixture
async def proxy(valkey: Valkey) -> AsyncIterator[FaultProxy]:
    async with FaultProxy(valkey.port) as proxy:
        yield proxy


@pytest.fixture(params=[2, 3], ids=["resp2", "resp3"])
async def client(request: pytest.FixtureRequest, proxy: FaultProxy) -> AsyncIterator[redis.Redis]:
    """A client through the proxy that never repeats a command by itself."""
    url = f"redis://127.0.0.1:{proxy.port}/0"
    retry = Retry(NoBackoff(), 0)
    async with redis.from_url(url, retry=retry, socket_timeout=0.5, protocol=request.param) as client:
        yield client


@pytest.fixture
async def direct(valkey: Valkey) -> AsyncIterator[redis.Redis]:
    async with redis.from_url(valkey.url) as client:
        yield client


async def test_without_a_rule_everything_passes_unchanged(proxy: FaultProxy, client: redis.Redis) -> None:
    big = bytes(range(256)) * 4_096

    await client.set("big", big)

    assert await client.get("big") == big
    assert proxy.counts.to_server_bytes > len(big)
    assert proxy.counts.to_client_bytes > len(big)


async def test_a_dropped_reply_leaves_its_effect_on_the_server(
    proxy: FaultProxy, client: redis.Redis, direct: redis.Redis
) -> None:
    await client.set("other", 1)
    proxy.drop_reply(b"INCR.*money", 1)

    assert await client.incr("other") == 2  # no match: passes
    with pytest.raises(RedisConnectionError):
        await client.incr("money")

    assert await direct.get("money") == b"1"
    assert proxy.counts.dropped_replies == 1
    assert await client.incr("money") == 2  # the count is used up


async def test_replies_before_the_dropped_one_in_a_pipeline_arrive(proxy: FaultProxy, direct: redis.Redis) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    proxy.drop_reply(b"SET.*second")
    for name in (b"first", b"second", b"third"):
        writer.write(b"*3\r\n$3\r\nSET\r\n$%d\r\n%b\r\n$1\r\n1\r\n" % (len(name), name))

    answers = await reader.read()
    writer.close()

    assert answers == b"+OK\r\n"
    assert await direct.mget("first", "second", "third") == [b"1", b"1", b"1"]
    assert proxy.counts.dropped_replies == 1


async def test_a_dropped_reply_can_leave_the_connection_hanging(proxy: FaultProxy, client: redis.Redis) -> None:
    await client.ping()
    proxy.drop_reply(b"INCR", then="hang")

    with pytest.raises(RedisTimeoutError):
        await client.incr("money")

    assert (proxy.counts.dropped_replies, proxy.counts.reset) == (1, 0)


async def test_every_reply_up_to_the_count_is_dropped(proxy: FaultProxy, direct: redis.Redis) -> None:
    proxy.drop_reply(b"INCR", 3)
    url = f"redis://127.0.0.1:{proxy.port}/0"
    async with redis.from_url(url, retry=Retry(NoBackoff(), 3)) as eager:
        assert await eager.incr("money") == 4  # redis-py repeated what had happened: the trap the proxy is for

    assert proxy.counts.dropped_replies == 3


async def test_latency_delays_without_narrowing(proxy: FaultProxy) -> None:
    async with redis.from_url(f"redis://127.0.0.1:{proxy.port}/0") as client:  # which waits however long it takes
        await client.ping()
        proxy.to_server.latency_s = 0.1
        began = asyncio.get_running_loop().time()

        await client.ping()
        one = asyncio.get_running_loop().time() - began
        await asyncio.gather(*(client.ping() for _ in range(50)))
        all_of_them = asyncio.get_running_loop().time() - began - one

    assert one >= 0.1
    assert (
        all_of_them < 50 * 0.1
    )  # fifty new connections, side by side: less than one after the other for one ping each


async def test_a_blackhole_swallows_and_heals(proxy: FaultProxy, client: redis.Redis) -> None:
    await client.ping()
    proxy.blackhole()
    with pytest.raises(RedisTimeoutError):
        await client.ping()
    assert proxy.counts.swallowed_bytes > 0

    proxy.blackhole(False)

    assert await client.ping()


async def test_refuse_is_a_closed_port(proxy: FaultProxy, client: redis.Redis) -> None:
    await client.ping()

    await proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", proxy.port)
    with pytest.raises(RedisConnectionError):
        await client.ping()
    await proxy.accept()

    assert await client.ping()
    assert proxy.counts.reset >= 1


async def test_rst_resets_old_and_new_connections(proxy: FaultProxy, client: redis.Redis) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"PING\r\n")
    assert await reader.readline() == b"+PONG\r\n"

    proxy.rst()
    with pytest.raises(ConnectionResetError):
        await reader.readline()
    writer.close()
    with pytest.raises(RedisConnectionError):
        await client.ping()
    await proxy.accept()

    assert await client.ping()


async def test_a_connection_is_cut_after_so_many_bytes(proxy: FaultProxy, direct: redis.Redis) -> None:
    await direct.set("long", "x" * 1_000)
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    proxy.to_client.cut_after = 100

    writer.write(b"GET long\r\n")
    answer = await reader.read()
    writer.close()

    assert len(answer) == 100
    assert proxy.counts.cut == 1


async def test_a_server_that_is_away_resets_its_clients() -> None:
    async with Valkey() as server, FaultProxy(server.port) as proxy:
        await server.kill()
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1)
        writer.close()
        assert proxy.counts.reset == 1


async def test_a_dropped_http_answer_leaves_the_request_done() -> None:
    sent: list[str] = []

    async def take(request: web.Request) -> web.Response:
        sent.append(await request.text())
        return web.json_response({"sid": len(sent)})

    app = web.Application()
    app.router.add_post("/messages", take)
    app.router.add_get("/messages", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with FaultProxy(port) as proxy, aiohttp.ClientSession(f"http://127.0.0.1:{proxy.port}") as session:
            proxy.drop_reply(rb"^POST /messages ", 1, protocol="http")
            async with session.get("/messages") as response:
                assert response.status == 200

            with pytest.raises(aiohttp.ClientError):
                await session.post("/messages", data="hello " * 20_000)
            async with session.post("/messages", data="again") as response:
                assert await response.json() == {"sid": 3}

            assert proxy.counts.dropped_replies == 1
            assert [words[:5] for words in sent] == ["", "hello", "again"]
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1_000])
def test_frames_are_found_however_the_bytes_are_cut(size: int) -> None:
    frames = [
        b"+OK\r\n",
        b":-12\r\n",
        b"$-1\r\n",
        b"*-1\r\n",
        b"$4\r\na\r\nb\r\n",
        b"*0\r\n",
        b"*2\r\n*1\r\n:1\r\n$0\r\n\r\n",
        b"%1\r\n+k\r\n*1\r\n#t\r\n",
        b">2\r\n+message\r\n_\r\n",
        b"-ERR no\r\n",
    ]
    stream, cutter = b"".join(frames), Frames()

    found = [frame for at in range(0, len(stream), size) for frame in cutter.feed(stream[at : at + size])]

    assert found == frames
    assert cutter.rest == b""


def test_what_is_not_resp_is_refused() -> None:
    with pytest.raises(ValueError, match="not RESP"):
        Frames().feed(b"GET / HTTP/1.1\r\n")
