"""`trunkline setup` looks at the board it is given: one that would lose work, or could do none, is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from trunkline.bus import BusError
from trunkline.cli.setup import run_setup
from trunkline.connections import redis_client
from trunkline.settings import CommonSettings
from trunkline.testing.ports import free_port
from trunkline.testing.servers import Valkey


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Valkey]:
    async with Valkey(appendonly=True) as it:
        yield it


def settings(server: Valkey, folder: Path, board_url: str = "") -> CommonSettings:
    return CommonSettings(log_url=server.url, board_url=board_url or server.url, data_dir=folder, shards=2)


async def say(server: Valkey, *command: str) -> None:
    client = redis_client(server.url, timeout_s=5.0)
    try:
        await client.execute_command(*command)
    finally:
        await client.aclose()


async def test_a_board_that_keeps_what_it_has_is_taken(server: Valkey, tmp_path: Path) -> None:
    assert await run_setup(settings(server, tmp_path))


async def test_a_board_that_evicts_is_refused(server: Valkey, tmp_path: Path) -> None:
    await say(server, "CONFIG", "SET", "maxmemory-policy", "allkeys-lru")

    with pytest.raises(BusError, match="allkeys-lru; it must be noeviction"):
        await run_setup(settings(server, tmp_path))


async def test_a_board_that_knows_no_functions_is_refused(server: Valkey, tmp_path: Path) -> None:
    await say(server, "ACL", "SETUSER", "plain", "on", ">secret", "~*", "&*", "+@all", "-function")
    limited = server.url.replace("://", "://plain:secret@")

    with pytest.raises(BusError, match="must be Valkey, or Redis 7 or newer, and allow FUNCTION"):
        await run_setup(settings(server, tmp_path, limited))


async def test_a_board_that_hides_its_settings_is_taken_with_a_warning(
    server: Valkey, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await say(server, "ACL", "SETUSER", "plain", "on", ">secret", "~*", "&*", "+@all", "-config")

    await run_setup(settings(server, tmp_path, server.url.replace("://", "://plain:secret@")))

    assert "make sure that it never evicts" in capsys.readouterr().out


async def test_a_board_that_is_not_there_yet_is_told_of(
    server: Valkey, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await run_setup(settings(server, tmp_path, f"redis://127.0.0.1:{free_port()}"))

    assert "it does not answer" in capsys.readouterr().out
