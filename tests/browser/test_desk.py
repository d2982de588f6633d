"""The desk in a real browser: what an agent does all day."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.visitor import Floor

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow, pytest.mark.timeout(120)]


async def test_an_offer_is_accepted_answered_and_closed_by_keys_alone(floor: Floor) -> None:
    seat = await floor.seat()
    page = seat.page

    number = await floor.customer_writes("Where is my parcel?")
    await expect(page.locator(".offer blockquote")).to_have_text("Where is my parcel?")
    await page.wait_for_timeout(800)  # sooner than this, Enter is taken for a key that was meant for something else
    await page.keyboard.press("Enter")
    await expect(page.locator("#who")).to_have_text(number)
    await expect(page.locator("#reply")).to_be_focused()
    await page.keyboard.type("It left today.")
    await page.keyboard.press("Enter")

    await floor.system.provider.wait_for(1)
    sent = floor.system.provider.sent[-1]
    assert (sent.to, sent.body) == (number, "It left today.")
    await expect(page.locator(".bubble.out .foot")).to_contain_text("delivered")
    await page.keyboard.press("Alt+c")
    await page.locator("dialog textarea[name=note]").fill("told them")
    await page.locator("dialog button[type=submit]").click()
    await expect(page.locator(".list .state")).to_contain_text("closed")
    assert seat.loads == 1
