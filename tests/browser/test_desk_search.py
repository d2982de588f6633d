"""Search in a real browser: words that were said lead to where they were said, marked, and run nothing."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.axe import violations
from tests.browser.visitor import Floor

expect.set_options(timeout=20_000)
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow, pytest.mark.timeout(120)]


async def test_words_of_an_earlier_message_lead_to_its_conversation(floor: Floor) -> None:
    seat = await floor.seat()
    page = seat.page
    number = await floor.customer_writes("My <b>Zvaigžņotais</b> umbrella is lost")
    await seat.accept("umbrella is lost")
    for _ in range(12):
        await floor.customer_writes("Are you there?\nIt is the one with the stars.\nPlease look for it.", number=number)
    await expect(page.locator(".bubble")).to_have_count(13)
    await page.keyboard.press("Alt+2")

    await page.get_by_role("searchbox").fill("zvaigzn UMBRELLA")

    hit = page.locator(".row-button", has_text=number)
    await expect(hit.locator("mark")).to_have_text(["Zvaigžņotais", "umbrella"])
    await expect(hit.locator(".words")).to_have_text("My <b>Zvaigžņotais</b> umbrella is lost")
    await expect(page.locator(".rows [role=status]")).to_have_text("Nothing found.")  # by name, address or last words
    assert await violations(page) == []
    await hit.click()
    await expect(page.locator("#who")).to_have_text(number)
    said = page.locator(".bubble[aria-current]")
    await expect(said).to_contain_text("umbrella is lost")
    await expect(said).to_be_in_viewport(ratio=1)
    await expect(page.locator(".bubble").last).not_to_be_in_viewport()
    assert await violations(page) == []
    await page.get_by_role("searchbox").fill('"umbrella lost"')
    await expect(page.locator(".rows [role=status]")).to_have_text(["Nothing found."] * 2)
    await page.get_by_role("searchbox").fill("“is LOST”")  # as a telephone writes them
    await expect(hit.locator("mark")).to_have_text(["is", "lost"])
    await page.get_by_role("searchbox").fill("?!")
    await expect(page.locator("mark")).to_have_count(0)
