"""Media: in blobs before success is said, without giving credentials or our own network away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from services.ingest.media import Refused, check_address
from tests.integration.ingest.door import CUSTOMER, SID, Door, Options, door, message
from trunkline.events import MessageReceived, Topic, unpack
from trunkline.messages import Media
from trunkline.testing.servers import Valkey

PICTURE = b"\x89PNG" + bytes(range(256)) * 40

Answering = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def host(answering: Answering) -> AsyncIterator[str]:
    """A provider's API on loopback that answers media so; its address."""
    runner = web.ServerRunner(web.Server(answering, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def _media(it: Door) -> Media:
    [record] = await it.records(Topic.INBOUND)
    event = unpack(record.value).read()
    assert isinstance(event, MessageReceived)
    [media] = [part for part in event.message.parts if isinstance(part, Media)]
    return media


def _pointing(url: str) -> dict[str, str]:
    return message(NumMedia="1", MediaUrl0=url, MediaContentType0="image/png")


async def test_a_picture_is_in_blobs_before_the_provider_hears_of_success(valkey: Valkey, tmp_path: Path) -> None:
    async with door(valkey.url, tmp_path) as it:
        answer = await it.provider.customer_writes(CUSTOMER, "Look", media=[(PICTURE, "image/png")])

        assert answer.status == 200
        media = await _media(it)
        assert media.blob is not None
        assert await it.blobs.get(media.blob.digest) == PICTURE
        assert it.provider.media.leaked_credentials == 0, "the storage it was redirected to got none"


async def test_credentials_stay_with_the_host_they_are_for(valkey: Valkey, tmp_path: Path) -> None:
    heard: list[str] = []

    async def storage(request: web.BaseRequest) -> web.StreamResponse:
        heard.append(request.headers.get("authorization", ""))
        return web.Response(body=PICTURE)

    async with host(storage) as elsewhere:

        async def api(request: web.BaseRequest) -> web.StreamResponse:
            heard.append(request.headers.get("authorization", ""))
            return web.Response(status=302, headers={"location": f"{elsewhere}/picture"})

        async with host(api) as address, door(valkey.url, tmp_path, Options(api=address)) as it:
            assert (await it.signed(_pointing(f"{address}/{SID}/media"))).status == 200

            assert (await _media(it)).blob is not None
    assert heard[0].startswith("Basic ")
    assert heard[1:] == [""]


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://169.254.169.254/latest/meta-data", "https"),
        ("https://169.254.169.254/latest/meta-data", "public"),
        ("https://10.0.0.1/", "public"),
        ("https://[::ffff:10.0.0.1]/", "public"),
        ("file:///etc/passwd", "https"),
    ],
)
async def test_a_redirect_never_leads_into_a_private_network(
    valkey: Valkey, tmp_path: Path, location: str, reason: str
) -> None:
    async def api(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=302, headers={"location": location})

    async with host(api) as address, door(valkey.url, tmp_path, Options(api=address)) as it:
        assert (await it.signed(_pointing(f"{address}/media"))).status == 200

        media = await _media(it)
        assert media.blob is None
        assert reason in (media.problem or "")


async def test_redirects_come_to_an_end(valkey: Valkey, tmp_path: Path) -> None:
    asked = 0

    async def api(_: web.BaseRequest) -> web.StreamResponse:
        nonlocal asked
        asked += 1
        return web.Response(status=307, headers={"location": "/again"})

    async with host(api) as address, door(valkey.url, tmp_path, Options(api=address)) as it:
        assert (await it.signed(_pointing(f"{address}/media"))).status == 200
        assert "redirected too often" in ((await _media(it)).problem or "")
    assert asked == 4


@pytest.mark.parametrize("address", ["https://localhost/media", "https://127.0.0.1/media"])
async def test_an_account_of_a_public_provider_never_reaches_this_machine(
    valkey: Valkey, tmp_path: Path, address: str
) -> None:
    async with door(valkey.url, tmp_path, Options(api="https://api.twilio.com")) as it:
        assert (await it.signed(_pointing(address))).status == 200

        media = await _media(it)
        assert media.blob is None
        assert media.problem


def test_addresses_that_are_not_public_are_refused() -> None:
    for private in ("127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "100.64.0.1", "::1", "fe80::1",
                    "fd00::1", "::ffff:127.0.0.1", "224.0.0.1", "0.0.0.0"):  # fmt: skip
        with pytest.raises(Refused):
            check_address(private, loopback=False)
    check_address("1.1.1.1", loopback=False)
    check_address("127.0.0.1", loopback=True)
    with pytest.raises(Refused):
        check_address("10.0.0.1", loopback=True)


async def test_media_above_the_channels_limit_stay_where_they_are(valkey: Valkey, tmp_path: Path) -> None:
    async with door(valkey.url, tmp_path) as it:
        huge = bytes(6_000_000)
        assert (await it.provider.customer_writes(CUSTOMER, "Look", media=[(huge, "image/png")])).status == 200

        media = await _media(it)
        assert media.blob is None
        assert "larger than" in (media.problem or "")
        assert media.source


async def test_a_provider_that_does_not_deliver_the_media_delays_the_message_no_further(
    valkey: Valkey, tmp_path: Path
) -> None:
    released = asyncio.Event()

    async def api(_: web.BaseRequest) -> web.StreamResponse:
        await released.wait()
        return web.Response()

    async with host(api) as address, door(valkey.url, tmp_path, Options(api=address, media_s=0.2)) as it:
        assert (await it.signed(_pointing(f"{address}/media"))).status == 200
        assert "did not come" in ((await _media(it)).problem or "")
        released.set()


@pytest.mark.parametrize("status", [401, 404, 500])
async def test_a_message_whose_media_cannot_be_had_is_taken_all_the_same(
    valkey: Valkey, tmp_path: Path, status: int
) -> None:
    async def api(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=status)

    async with host(api) as address, door(valkey.url, tmp_path, Options(api=address)) as it:
        assert (await it.signed(_pointing(f"{address}/media"))).status == 200
        assert str(status) in ((await _media(it)).problem or "")
