"""Trying the rules on the setup page, in a real browser."""

from __future__ import annotations

import aiohttp
import pytest
from playwright.async_api import expect

from tests.browser.visitor import Floor

expect.set_options(timeout=20_000)
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow, pytest.mark.timeout(150)]


async def test_rules_are_tried_on_any_words_and_on_what_was_written_last(floor: Floor) -> None:
    seat = await floor.seat(role="admin", skills={"lang.lv": 3})
    page = seat.page
    number = await floor.customer_writes("Labdien, kur mans?")
    await seat.accept("Labdien, kur mans?")  # so the record has it

    await page.keyboard.press("Alt+6")
    latest = page.locator(".tried li", has_text=number)
    await expect(latest).to_contain_text("Hit: latvian.")
    await expect(latest).to_contain_text("It needs")
    await page.locator("textarea[name=text]").fill("Hello")
    await page.get_by_role("button", name="Try").click()
    await expect(page.locator(".outcome")).to_contain_text("No rule hits.")
    await expect(page.locator(".outcome")).to_contain_text("It goes to")


async def test_the_channel_logs_of_several_accounts_are_read_beside_each_other(floor: Floor) -> None:
    url = f"{floor.system.public_url}/webhooks/sms-main"
    async with aiohttp.ClientSession() as stranger, stranger.post(url, data={"From": "+371", "Body": "forged"}) as told:
        assert told.status == 403
    page = (await floor.seat(role="admin")).page
    await page.keyboard.press("Alt+6")
    logs = page.locator("main details", has_text="Channel log")
    await expect(logs).to_have_count(2)

    for place in range(2):
        await logs.nth(place).locator("summary").click()

    await expect(logs.nth(0).locator("li")).not_to_have_count(0)
    await expect(logs.nth(1)).to_contain_text("Nothing was refused at this door.")
    await logs.nth(0).locator("summary").click()
    await expect(logs.nth(1)).to_contain_text("Nothing was refused at this door.")
