"""An empty board on Valkey and on Redis 7, and a log in memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.router.rig import World
from trunkline.testing.servers.redis import RedisServer


@pytest.fixture
def world(board_server: RedisServer, tmp_path: Path) -> World:
    """One log, one board."""
    return World(board_server, tmp_path)
