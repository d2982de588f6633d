"""Every page, in both lights and both widths: axe finds nothing, and nothing is cut off."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.async_api import expect

from tests.browser.axe import violations
from tests.browser.visitor import Floor

expect.set_options(timeout=20_000)
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow, pytest.mark.timeout(240)]

PAGES = ("/", "/history", "/live", "/agents", "/canned", "/setup")
DIALOGS = {
    "Control+k": "palette", "Alt+i": "canned", "Alt+t": "transfer", "Alt+h": "consult", "Alt+l": "shut",
    "Alt+d": "drain", "Alt+z": "snooze", "Alt+e": "escalate",
    "Alt+g": "assign", "Alt+b": "begin", "Alt+c": "close", "Alt+y": "why", "Alt+,": "preferences",
    "Alt+a": "away", "?": "keys",
}  # fmt: skip
LOOKS: tuple[tuple[str, Literal["light", "dark"]], ...] = (("wide", "light"), ("phone", "dark"))
SIZES = {"wide": (1280, 800), "phone": (390, 800)}


@pytest.mark.parametrize("light", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
async def test_axe_finds_nothing_and_no_page_is_wider_than_its_window(floor: Floor, size: str, light: str) -> None:
    seat = await floor.seat(role="admin", viewport=SIZES[size], color_scheme=light, reduced_motion="reduce", capacity=9)
    page = seat.page
    await floor.customer_writes("First question")
    await seat.accept("First question")
    await seat.reply("First answer")
    await page.keyboard.press("Alt+n")
    await page.keyboard.type("a note")
    await page.keyboard.press("Enter")
    await expect(page.locator(".bubble.note")).to_contain_text("a note")
    await floor.customer_writes("Second question")
    await page.locator(".offer").wait_for()

    for where in PAGES:
        await page.evaluate("where => { location.hash = where }", where)
        await expect(page.locator(f'.rail a[href="#{where}"]')).to_have_attribute("aria-current", "page")
        await expect(page.locator("main")).to_be_visible()
        assert await violations(page) == [], where
        wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{where} is {wide} px wider than its window"
    if await page.locator(".offer").count():
        await page.locator(".offer .primary").click()


async def test_axe_finds_nothing_in_any_dialog_nor_before_signing_in(floor: Floor) -> None:
    seat = await floor.seat(role="admin", reduced_motion="reduce", capacity=9)
    page = seat.page
    await floor.customer_writes("A question")
    await seat.accept("A question")

    for key, name in DIALOGS.items():
        await page.locator("#who").click()  # `?` typed into a box is only a sign
        await page.keyboard.press(key)
        dialog = page.locator("dialog[open]")
        await dialog.wait_for()
        for size, light in LOOKS:
            width, height = SIZES[size]
            await page.set_viewport_size({"width": width, "height": height})
            await page.emulate_media(color_scheme=light)
            assert await violations(page) == [], (name, size, light)
            wide = await dialog.evaluate(
                "each => Math.max(each.scrollWidth - each.clientWidth, each.offsetWidth - innerWidth)"
            )
            assert wide <= 0, f"{name} is {wide} px wider than its place ({size})"
        await page.set_viewport_size({"width": 1280, "height": 800})
        await page.emulate_media(color_scheme="light")
        await page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
    await page.keyboard.press("Alt+,")
    await page.locator("dialog .end button").click()
    await page.locator(".sign-in").wait_for()
    assert await violations(page) == []


async def test_a_dialog_opened_before_the_browser_said_that_the_last_one_closed_stays(floor: Floor) -> None:
    page = (await floor.seat()).page
    await page.keyboard.press("?")
    await page.locator("dialog[open]").wait_for()

    await page.evaluate(
        """() => new Promise(told => {
          const dialog = document.querySelector("dialog");
          dialog.addEventListener("close", () => setTimeout(told, 50));
          dialog.close();
          window.dispatchEvent(new KeyboardEvent("keydown", {key: "?"}));
          setTimeout(told, 500);
        })"""
    )

    await expect(page.locator("dialog[open]")).to_be_visible()


async def test_the_checks_would_notice_what_they_are_for(floor: Floor) -> None:
    page = (await floor.seat()).page

    await page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=\"x\"><button></button>')"
    )

    assert {found.partition(":")[0] for found in await violations(page)} >= {"image-alt", "button-name"}
