"""What a channel lets one say, and until when, is shown before a word is written; and why a reply was not taken."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Route, expect

from tests.browser.visitor import Floor
from trunkline.testing.deployment import SID

expect.set_options(timeout=20_000)
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow, pytest.mark.timeout(150)]

_WINDOW_S = 12
"""Instead of WhatsApp's day: long enough to read in it, short enough to see its end."""


async def test_a_window_is_counted_down_closes_the_box_and_opens_it_when_the_customer_writes_again(
    floor: Floor,
) -> None:
    seat = await floor.seat()
    page = seat.page
    number = await floor.customer_writes("Hello from WhatsApp", number="whatsapp:+37126111222")
    await seat.accept("Hello from WhatsApp")
    await expect(page.locator("#count")).to_contain_text("you may reply until")
    await expect(page.locator("#count")).not_to_contain_text("segment")

    async def shorter(route: Route) -> None:
        answer = await route.fetch()
        plan = await answer.json()
        for channel in plan["channels"]:
            channel["windows"] = dict.fromkeys(channel["windows"], _WINDOW_S)
        await route.fulfill(response=answer, json=plan)

    await page.route("**/api/v1/queues", shorter)
    await page.reload()
    await floor.customer_writes("Are you there?", number=number)
    await page.locator(".row-button", has_text="Are you there?").click()
    await expect(page.locator("#count")).to_contain_text("you may reply for 0:")

    await expect(page.locator("#count")).to_contain_text("The channel takes no reply since")
    await expect(page.locator("#reply")).to_be_disabled()
    await page.keyboard.press("Alt+n")
    await expect(page.locator("#reply")).to_be_focused()
    await page.keyboard.type("too late today")
    await page.keyboard.press("Enter")
    await expect(page.locator(".bubble.note")).to_contain_text("too late today")

    await floor.customer_writes("Last try", number=number)
    await page.locator("input[data-mode=reply]").check()
    await expect(page.locator("#reply")).to_be_enabled()
    await seat.reply("We are here.")
    await expect(page.locator(".bubble.out .foot")).to_contain_text("delivered")
    await floor.took(number, "We are here.")


async def test_a_reply_that_the_provider_refuses_says_so_in_words_and_is_sent_again_by_one_click(floor: Floor) -> None:
    seat = await floor.seat()
    page = seat.page
    number = await floor.customer_writes("Why does nobody answer?")
    await seat.accept("Why does nobody answer?")
    left = floor.system.provider.opted_out
    left.add((SID, number))  # they left the provider's list elsewhere: we cannot know

    await seat.reply("We do.")
    refused = page.locator(".bubble.out", has_text="We do.").first
    await expect(refused.locator(".foot")).to_contain_text("has asked not to be written to")

    left.discard((SID, number))
    await refused.locator("button").click()
    await expect(page.locator(".bubble.out[data-status=delivered]")).to_contain_text("We do.")
    await floor.took(number, "We do.")


async def test_the_list_counts_down_to_the_promise_until_the_answer(floor: Floor) -> None:
    seat = await floor.seat()
    await floor.customer_writes("When will you answer?")
    await seat.accept("When will you answer?")

    chip = seat.page.locator(".list .chip")
    await expect(chip).to_have_attribute("title", re.compile(r"^due in 5\ds$"))
    await expect(chip).to_have_class("chip soon")
    await expect(chip).to_have_attribute("title", re.compile(r"^due in 4\ds$"))
    await seat.reply("Now.")
    await expect(chip).to_have_count(0)
