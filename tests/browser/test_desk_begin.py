"""Writing first, in a real browser: from the contact of a closed conversation, by keys."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.visitor import Floor

expect.set_options(timeout=20_000)
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow, pytest.mark.timeout(120)]


async def test_a_contact_is_written_to_once_nothing_of_theirs_is_open_and_answers_there(floor: Floor) -> None:
    seat = await floor.seat()
    page = seat.page
    number = await floor.customer_writes("Call me when it is here")
    await seat.accept("Call me when it is here")
    await page.locator("#who").click()
    await page.keyboard.press("Alt+b")
    dialog = page.locator("dialog[open]")
    await expect(dialog.get_by_role("alert")).to_contain_text("has an open conversation there")
    await dialog.locator("textarea").fill("It is here")
    await expect(dialog.locator("button[type=submit]")).to_be_disabled()
    await page.keyboard.press("Escape")
    await page.keyboard.press("Alt+c")
    await page.locator("dialog button[type=submit]").click()
    await expect(page.locator("dialog[open]")).to_have_count(0)

    await page.locator(".rows .row-button", has_text=number).click()
    await page.keyboard.press("Alt+b")
    await expect(dialog.locator("select[name=way]")).to_contain_text(number)
    await dialog.locator("textarea").fill("It is here")
    await dialog.locator("button[type=submit]").click()

    await expect(page.locator(".transcript")).to_contain_text("It is here")
    await expect(page.locator("#reply")).to_be_enabled()
    await floor.took(number, "It is here")
    await floor.customer_writes("I come at once", number=number)
    await expect(page.locator(".transcript")).to_contain_text("I come at once")
