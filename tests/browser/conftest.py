"""A real browser at a real deployment: Chromium of the system, driven by Playwright."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.browser.chromium import FLAGS, chromium
from tests.browser.visitor import Floor
from trunkline.testing.deployment import Deployment


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium, without a window."""
    path = chromium()
    if path is None:
        pytest.skip("no Chromium here; on Debian: apt-get install chromium")
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield running
        await running.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Deployment]:
    """Log, board, record, four services, a provider; who hurts it mends it."""
    async with Deployment(tmp_path_factory.mktemp("browser")) as it:
        yield it


@pytest_asyncio.fixture(loop_scope="session")
async def floor(system: Deployment, browser: Browser) -> AsyncIterator[Floor]:
    """Agents with a browser of their own, gone when the test is over."""
    async with Floor(system, browser) as it:
        yield it
