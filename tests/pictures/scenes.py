"""What the pictures show: each scene brings a window there by what an agent or a visitor does, and waits by events."""

from __future__ import annotations

import asyncio
from pathlib import Path

from playwright.async_api import Browser, Page, expect

from tests.pictures.demo import Places
from tests.pictures.window import DARK, LIGHT, PHONE, Look, accept, picture, serve, show, sign_in, window
from trunkline.demo.people import ROBOTS

_ROOM = 7
"""Capacity of who is pictured: a list with some conversations in it."""
_HELD, _MOST = 4, 5
_SENTENCE = 20
_UNREAD = "…"
"""What the card says before the customer's words are there."""
_OFFER_MS = 40_000
_NOTE = "Paid twice, I have seen both bookings. One goes back today."
_VISITOR = "Hello, the shoes are too small. How do I send them back?"
_ORDER = "Order 20418, not worn."

_EDIT = """async ([login, fields]) => {
  const headers = {"content-type": "application/json", "x-trunkline": "1"};
  const {items} = await (await fetch("/api/v1/agents?limit=200")).json();
  const {id, version} = items.find((each) => each.login === login);
  const body = JSON.stringify(fields);
  const edit = {method: "PATCH", headers: {...headers, "if-match": `${version}`}, body};
  const answer = await fetch(`/api/v1/agents/${id}`, edit);
  if (!answer.ok) throw new Error(await answer.text());
}"""


async def floor(browser: Browser, places: Places) -> Page:
    """The administrator's window, when the floor moves: robots at their desks, customers writing."""
    page = await window(browser, LIGHT)
    await sign_in(page, places.desk, "admin")
    await show(page, "/live")
    for robot in ROBOTS:
        await page.locator("tbody th", has_text=robot.name).wait_for()
    for login in ("ana", "liga"):
        await page.evaluate(_EDIT, [login, {"capacity": _ROOM}])
    await page.evaluate(_EDIT, ["admin", {"queues": []}])  # looks on: work goes to those who are pictured
    return page


async def desk(browser: Browser, places: Places, folder: Path) -> None:
    """An agent's desk at work, and the same at night."""
    page = await window(browser, LIGHT)
    await sign_in(page, places.desk, "ana")
    await at_work(page)
    await page.keyboard.press("Alt+n")
    await page.locator("#reply").fill(_NOTE)
    await page.locator("#reply").press("Enter")
    await page.locator(".bubble.note").wait_for()
    await page.locator(".composer [data-mode=reply]").check()
    await _offered_a_sentence(page)
    await picture(page, folder / "desk.webp")


async def _offered_a_sentence(page: Page) -> None:
    """Return when what is offered tells what an offer is; a word like START is taken at once."""
    words = page.locator(".offer blockquote").first
    await expect(words).not_to_have_text(_UNREAD)
    if len(await words.inner_text()) >= _SENTENCE:
        return
    shown = page.locator('.row-button[aria-current="true"]')
    before = await shown.get_attribute("data-conversation")
    await accept(page)
    await page.locator(f'.row-button[data-conversation="{before}"]').click()
    await expect(words).not_to_have_text(_UNREAD)


async def night(browser: Browser, places: Places, folder: Path) -> None:
    """The desk in Latvian, dark."""
    page = await window(browser, DARK)
    await sign_in(page, places.desk, "liga")
    await at_work(page)
    await page.locator(".offer").first.wait_for()
    await picture(page, folder / "desk-dark-latvian.webp")


async def at_work(page: Page) -> None:
    """Take some conversations, more until there are two channels; the first is answered twice, and shown at the end."""
    channels = [await accept(page)]
    first = await page.locator('.row-button[aria-current="true"]').get_attribute("data-conversation")
    await serve(page, replies=2)
    while len(channels) < _HELD or (len(set(channels)) < 2 and len(channels) < _MOST):
        channels.append(await accept(page))
        await serve(page, replies=1)
    await page.locator(f'.row-button[data-conversation="{first}"]').click()
    await expect(page.locator(".bubble.out")).to_have_count(2)


async def phone(browser: Browser, places: Places, folder: Path) -> None:
    """A Turkish agent's telephone."""
    page = await window(browser, Look(PHONE, locale="tr-TR"))
    await sign_in(page, places.desk, "deniz")
    await accept(page)
    await serve(page, replies=2)
    await picture(page, folder / "phone-turkish.webp")


async def boards(page: Page, folder: Path) -> None:
    """What supervisors and administrators look at: this moment, and the rules as sentences."""
    await show(page, "/live")
    await page.locator("tr.soft").first.wait_for()
    await expect(page.locator(".offer")).to_have_count(0, timeout=_OFFER_MS)  # made before this desk only looked on
    await picture(page, folder / "live.webp")
    await show(page, "/setup")
    await page.locator("ol.sentences li").first.wait_for()
    await picture(page, folder / "setup.webp")


async def shop(browser: Browser, places: Places, folder: Path) -> None:
    """A visitor of the shop, answered by whoever at the desks was free."""
    page = await window(browser, LIGHT)
    await page.goto(places.shop)
    await page.get_by_role("button", name="Open the chat").click()
    box = page.get_by_label("Your message")
    for words in (_VISITOR, _ORDER):
        answers = await page.locator(".said.theirs").count()
        await box.fill(words)
        await box.press("Enter")
        await expect(page.locator(".said.theirs")).to_have_count(answers + 1)
    await picture(page, folder / "shop-chat.webp")


async def all_scenes(browser: Browser, places: Places, folder: Path) -> None:
    """Every picture; the scenes need nothing of each other, and happen at the same time."""
    lead = await floor(browser, places)
    async with asyncio.TaskGroup() as group:
        for scene in (desk, night, phone, shop):
            group.create_task(scene(browser, places, folder))
    await boards(lead, folder)
