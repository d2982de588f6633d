"""One deployment of real processes for all tests of the agents service; who hurts it mends it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.integration.agents.rig import Person, signed_in, somebody
from trunkline.testing.deployment import ADMIN, Deployment


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Deployment]:
    """Log, board, record, four services, a provider."""
    async with Deployment(tmp_path_factory.mktemp("agents")) as it:
        yield it


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
