"""A window on the demo: somebody's desk, or a visitor's page; and its picture."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, Page, expect

from trunkline.demo.book import BOOK
from trunkline.demo.people import SignIn, demo_sign_ins

DESKTOP, PHONE = (1280, 800), (390, 844)
MOST_BYTES = 150_000
_QUALITY = 86
_WITHIN_MS = 90_000


@dataclass(frozen=True, slots=True)
class Look:
    """How a window looks. `locale` is the browser's own; a desk speaks its agent's language whatever it says."""

    size: tuple[int, int] = DESKTOP
    light: str = "light"
    locale: str = "en-GB"


LIGHT, DARK = Look(), Look(light="dark")


async def window(browser: Browser, look: Look) -> Page:
    """A browser that nobody has used before, and one page of it. Nothing in it moves by itself."""
    width, height = look.size
    context = await browser.new_context(
        viewport={"width": width, "height": height}, locale=look.locale, timezone_id="Europe/Riga",
        color_scheme="dark" if look.light == "dark" else "light", reduced_motion="reduce",
        device_scale_factor=2 if look.size == PHONE else 1, has_touch=look.size == PHONE,
    )  # fmt: skip
    context.set_default_timeout(_WITHIN_MS)
    expect.set_options(timeout=_WITHIN_MS)
    return await context.new_page()


def sign_in_of(login: str) -> SignIn:
    """One of the sign-ins that `make run` shows."""
    return next(one for one in demo_sign_ins() if one.login == login)


async def sign_in(page: Page, desk: str, login: str) -> None:
    """Open the desk as one of the demo's people."""
    who = sign_in_of(login)
    await page.goto(desk)
    await page.locator("input[name=login]").fill(who.login)
    await page.locator("input[name=password]").fill(who.password)
    await page.locator(".sign-in button").click()
    await page.locator("#presence[data-presence=available]").wait_for()


async def accept(page: Page) -> str:
    """Take the first offer that comes; its conversation is the one shown then. On what channel it is."""
    offer = page.locator(".offer").first
    await expect(offer.locator("blockquote")).not_to_have_text("…")  # the record is a moment behind the offer
    words, where = await offer.locator("blockquote").inner_text(), await offer.locator("header .soft").inner_text()
    await offer.locator(".primary").click()
    await expect(page.locator(".transcript")).to_contain_text(words)
    return where.rpartition(" · ")[2]


async def serve(page: Page, *, replies: int) -> None:
    """Answer the conversation that is shown as its story goes; the customer has answered each reply but the last."""
    opening = (await page.locator(".bubble .text").first.inner_text()).strip()
    topic = BOOK.opened_by(opening)
    if topic is None:
        return
    for place, words in enumerate(topic.replies[:replies]):
        await page.locator("#reply").fill(words)
        await page.locator(".composer button[type=submit]").click()
        await expect(page.locator(".bubble.out:not(.under-way)")).to_have_count(place + 1)
        if place < min(replies - 1, len(topic.answers)):
            await expect(page.locator(".bubble:not(.out)")).to_have_count(place + 2)
    told = "[data-status=delivered], [data-status=read]"
    if await page.locator("#subject").count():
        told += ", [data-status=sent]"  # a mail server says no more, unless it bounces
    await expect(page.locator(f".bubble.out:is({told})")).to_have_count(len(topic.replies[:replies]))


async def show(page: Page, where: str) -> None:
    """Go to one of the desk's pages."""
    await page.evaluate("where => { location.hash = where }", where)
    await page.locator(f'.rail a[href="#{where}"][aria-current=page]').wait_for()
    await page.locator("main").wait_for()


async def picture(page: Page, path: Path) -> int:
    """What the window shows, as WebP; how many bytes. ValueError if it is too large to stand in a README."""
    session = await page.context.new_cdp_session(page)
    await page.evaluate("document.fonts.ready")
    told = await session.send("Page.captureScreenshot", {"format": "webp", "quality": _QUALITY})
    data = base64.b64decode(told["data"])
    if len(data) > MOST_BYTES:
        raise ValueError(f"{path.name} has {len(data)} bytes, more than {MOST_BYTES}")
    await asyncio.to_thread(path.write_bytes, data)
    return len(data)
