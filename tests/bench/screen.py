"""From a customer's message to the eye: the desk in a real Chromium, and when the words are in its page."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookies import SimpleCookie

import aiohttp
from playwright.async_api import Page, async_playwright

from services.agents.repository import NewAgent
from tests.bench import words
from tests.bench.door import Door
from tests.bench.figures import Figure
from tests.bench.plan import Plan
from tests.bench.report import Report
from tests.bench.samples import summarise
from tests.bench.system import System
from tests.browser.chromium import FLAGS, chromium
from trunkline.testing.deployment import SENDER, SID, TOKEN

_WITHIN_S = 20.0

_WATCH = """() => {
  const told = new Set(), look = () => {
    for (const [, number] of document.getElementById("transcript").textContent.matchAll(/Labdien! (\\d+) /g)) {
      if (told.has(number)) continue;
      told.add(number);
      window.seen(Number(number), performance.timeOrigin + performance.now());
    }
  };
  new MutationObserver(look).observe(document.body, {childList: true, subtree: true, characterData: true});
}"""
"""Tells of each number as soon as it is in the transcript: in the page's own task, before it is painted."""


class Screen:
    """An agent's page, and when each numbered message was in it (Unix seconds)."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._seen: dict[int, asyncio.Future[float]] = {}

    def tell(self, number: int, at_ms: float) -> None:
        """What the page calls."""
        self._at(number).set_result(at_ms / 1_000)

    def _at(self, number: int) -> asyncio.Future[float]:
        return self._seen.setdefault(number, asyncio.get_running_loop().create_future())

    async def shows(self, number: int) -> float:
        """When it was there; TimeoutError if it does not come."""
        async with asyncio.timeout(_WITHIN_S):
            return await self._at(number)


@asynccontextmanager
async def at_the_screen(system: System, program: str) -> AsyncIterator[Screen]:
    """The desk of the only agent who speaks Latvian, in a window of the usual size."""
    cookie = await system.hire(
        NewAgent(login="at-the-screen", name="At the screen", capacity=9, queues=("*",), skills={"lang.lv": 5})
    )
    [morsel] = SimpleCookie(cookie).values()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        context = await browser.new_context(viewport={"width": 1280, "height": 800})
        await context.add_cookies([{"name": morsel.key, "value": morsel.value, "url": system.deployment.desk_url}])
        screen = Screen(await context.new_page())
        await screen.page.expose_function("seen", screen.tell)
        await screen.page.goto(system.deployment.desk_url)
        await screen.page.locator("#presence[data-presence=available]").wait_for()
        yield screen
        await browser.close()


class Customer:
    """Somebody who writes one message after the other, by the signed webhook."""

    def __init__(self, http: aiohttp.ClientSession, url: str, contact: str = words.stranger(1)) -> None:
        self._http, self._contact = http, contact
        self._door = Door(url, SID, TOKEN, SENDER)
        self._nonce = time.time_ns()

    async def writes(self, number: int) -> float:
        """Post it; the moment before the first byte went out. RuntimeError unless it was taken."""
        body = words.greeting(number, time.time())
        raw = self._door.request(sender=self._contact, body=body, number=number, nonce=self._nonce)
        head, _, form = raw.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        began = time.time()
        async with self._http.post(self._door.url, data=form, headers=headers) as answer:
            if answer.status != 200:
                raise RuntimeError(f"the webhook was answered {answer.status}")
        return began


async def screen(system: System, report: Report, plan: Plan) -> list[Figure]:
    """`desk_message_to_screen_ms_p50`: webhook posted → the words are in the page; one message at a time."""
    name, program = "desk_message_to_screen_ms_p50", chromium()
    if program is None:
        return [Figure(name, None, void="no Chromium here; on Debian: apt-get install chromium")]
    url = f"{system.deployment.public_url}/webhooks/sms-main"
    async with at_the_screen(system, program) as desk, aiohttp.ClientSession() as http:
        customer = Customer(http, url)
        await customer.writes(0)
        await desk.page.locator(".offer .primary").click()
        await desk.page.locator("#transcript").wait_for()
        await desk.page.evaluate(_WATCH)
        taken = []
        for number in range(1, plan.screens + plan.screens_skipped + 1):
            began = await customer.writes(number)
            taken.append(await desk.shows(number) - began)
    told = summarise(taken[plan.screens_skipped :])
    report.say(f"message → screen, ms: p50 {told['p50']:.1f}, p99 {told['p99']:.1f}, most {told['max']:.1f}")
    return [Figure(name, told["p50"], f"n {told['count']}, p99 {told['p99']:.0f}; 1280 x 800")]
