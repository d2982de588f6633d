"""A real browser at a real deployment: Chromium of the system, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.browser.visitor import Floor
from trunkline.testing.deployment import Deployment

_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium, without a window."""
    path = next((found for name in _CHROMIUM if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no Chromium here; on Debian: apt-get install chromium")
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=path, args=_FLAGS)
        yield chromium
        await chromium.close()


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
