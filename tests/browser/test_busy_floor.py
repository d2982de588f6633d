"""One desk among many: with a full floor and a crowd of visitors beside it, the page answers each action at once."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Page

from tests.bench import words
from tests.bench.screen import Customer, at_the_screen
from tests.bench.system import SHOP_ACCOUNT, SHOP_SECRET, Size, System
from tests.bench.worker import Worker
from tests.browser.chromium import chromium

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow, pytest.mark.timeout(180)]

AGENTS, VISITORS = 200, 1_000
TALKING, RATE = 40, 13.0
"""Of the visitors; and what they ask a second: each below what one may, all answered by the floor."""
HELD = 5
ROUNDS = 8
MOST_MS = 100

_UNTIL = """async ([what, where]) => {
  const name = () => document.getElementById("who")?.textContent;
  const sent = () => document.querySelectorAll(".bubble.out").length;
  const before = {name: name(), sent: sent()};
  const done = {
    shown: () => name() !== before.name && document.querySelector(".transcript .bubble"),
    sent: () => sent() > before.sent,
  };
  const key = (on, init) => on.dispatchEvent(new KeyboardEvent("keydown", {bubbles: true, cancelable: true, ...init}));
  const began = performance.now();
  if (what === "open") document.querySelector(where).click();
  else if (what === "key") key(document.body, {key: where, code: `Key${where.toUpperCase()}`, altKey: true});
  else key(document.getElementById("reply"), {key: "Enter"});
  while (!done[what === "send" ? "sent" : "shown"]()) await new Promise(requestAnimationFrame);
  return performance.now() - began;
}"""
"""Does one thing as a hand would, and says after how many ms the page shows it."""


_IS_LAST = "[...document.querySelectorAll('.row-button')].at(-1).getAttribute('aria-current') === 'true'"


@pytest_asyncio.fixture(loop_scope="session")
async def busy() -> AsyncIterator[System]:
    """A whole deployment with a full floor of desks that answer at once."""
    async with System(kafka=False, size=Size(agents=AGENTS, capacity=3, places=1)) as system:
        yield system


async def _act(page: Page, what: str, where: str = "") -> float:
    return float(await page.evaluate(_UNTIL, [what, where]))


async def _work(page: Page, number: int) -> list[float]:
    """Open a conversation, answer in it, go to the next and back: how long each took."""
    other = ".row-button:not([aria-current=true])"
    taken = [await _act(page, "open", other)]
    await page.locator("#reply").fill(words.reply(number, 0.0))
    taken.append(await _act(page, "send"))
    last = await page.evaluate(_IS_LAST)
    there, back = ("k", "j") if last else ("j", "k")
    return [*taken, await _act(page, "key", there), await _act(page, "key", back)]


async def test_a_page_answers_within_a_tenth_of_a_second_beside_a_full_floor(busy: System) -> None:
    program = chromium()
    if program is None:
        pytest.skip("no Chromium here; on Debian: apt-get install chromium")
    chat = f"{busy.deployment.public_url.replace('http', 'ws', 1)}/chat/{SHOP_ACCOUNT}"
    async with (
        Worker("tests.bench.visitors") as visitors, at_the_screen(busy, program) as desk,
        aiohttp.ClientSession() as http,
    ):  # fmt: skip
        await visitors.ask("come", url=chat, secret=SHOP_SECRET, count=TALKING)
        await visitors.ask("sit", url=chat, secret=SHOP_SECRET, count=VISITORS - TALKING)
        for number in range(HELD):
            customer = Customer(http, f"{busy.deployment.public_url}/webhooks/sms-main", words.stranger(number))
            await customer.writes(number)
            await desk.page.locator(".offer .primary").click()
            await desk.page.locator(f".row-button >> nth={number}").wait_for()
        talking = asyncio.create_task(visitors.ask("talk", rate=RATE, seconds=20.0, within=60))
        taken = [each for number in range(ROUNDS) for each in await _work(desk.page, number)]
        assert not talking.done(), "the floor was silent before the last action"
        window = await talking
        told = await visitors.ask("summary", windows=[window])

    assert statistics.median(taken) <= MOST_MS, taken
    assert told["trouble"] == {}
    assert told["round_trips"]["count"] == round(RATE * 20)
    assert await busy.trouble() == {}
