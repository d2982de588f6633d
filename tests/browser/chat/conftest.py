"""A real browser: the system's Chromium, driven by Playwright; each test has windows of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext, async_playwright

from tests.browser.chromium import FLAGS, chromium


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium of this machine; TRUNKLINE_TEST_CHROMIUM names another."""
    found = chromium()
    if found is None:
        pytest.skip("no Chromium: apt-get install chromium")
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield running
        await running.close()


@pytest.fixture
async def window(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser that nobody has used before."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    context.set_default_timeout(20_000)
    yield context
    await context.close()
