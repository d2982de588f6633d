"""One deployment of real processes for all tests of the agents service; who hurts it mends it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.integration.agents.leftovers import Leftovers
from tests.integration.agents.rig import Person, signed_in, somebody
from trunkline.board import Board
from trunkline.bus import connect
from trunkline.testing.deployment import ADMIN, Deployment


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Deployment]:
    """Log, board, record, four services, a provider."""
    async with Deployment(tmp_path_factory.mktemp("agents")) as it:
        yield it


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def leftovers(system: Deployment) -> AsyncIterator[Leftovers]:
    """What lies on the floor between two tests."""
    name, shards = system.deployment, system.shards
    async with (
        connect(system.log_url, deployment=name, shards=shards) as bus,
        Board(system.board.url, deployment=name, shards=shards) as board,
    ):
        yield Leftovers(bus, board)


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def nothing_left(leftovers: Leftovers) -> AsyncIterator[None]:
    """The deployment is shared: whatever a test leaves waiting is ended before another test's agents are offered it."""
    before = await leftovers.open()
    yield
    await leftovers.sweep(before)


@pytest_asyncio.fixture(loop_scope="session")
async def admin(system: Deployment) -> AsyncIterator[Person]:
    """The administrator, signed in."""
    async with signed_in(system.desk_url, *ADMIN) as person:
        yield person


@pytest_asyncio.fixture(loop_scope="session")
async def ana(system: Deployment) -> AsyncIterator[Person]:
    """An agent with room for three."""
    async with somebody(system) as person:
        yield person


@pytest_asyncio.fixture(loop_scope="session")
async def ben(system: Deployment) -> AsyncIterator[Person]:
    """Another agent with room for three."""
    async with somebody(system) as person:
        yield person
