"""What stands beside the words, in a real browser: why an offer came to me, who types, what was seen."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import expect

from tests.browser.visitor import Floor
from trunkline.testing.visitor import TestVisitor

expect.set_options(timeout=20_000)
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow, pytest.mark.timeout(150)]


async def test_an_offer_says_among_how_many_the_board_chose_and_who_declined(floor: Floor) -> None:
    first = await floor.seat()
    await asyncio.sleep(1.1)  # who was free for less than a second is not said to have been chosen for it
    await floor.customer_writes("Who takes this?")
    await expect(first.page.locator(".offer")).to_contain_text("the only one here who can take it")
    await expect(first.page.locator(".offer")).to_contain_text("You were free for")
    second = await floor.seat()

    await first.page.keyboard.press("Escape")
    await first.page.locator("dialog button[type=submit]").click()

    await expect(second.page.locator(".offer")).to_contain_text("2 agents here can take it")
    await expect(second.page.locator(".offer")).to_contain_text("1 agent declined it")
    await second.accept("Who takes this?")
    await expect(second.page.locator(".panel dl")).to_contain_text("1 agent declined it")


async def test_typing_and_seen_go_both_ways_where_the_contact_has_a_window(floor: Floor) -> None:
    seat = await floor.seat()
    page = seat.page
    async with TestVisitor(floor.system.public_url, origin="https://shop.example") as visitor:
        await visitor.say("Is anybody there?")
        await seat.accept("Is anybody there?")
        await visitor.until(lambda: any(frame["type"] == "seen" for frame in visitor.frames))

        await visitor.send({"type": "typing"})
        await expect(page.locator(".typing")).to_contain_text("is typing")
        await visitor.say("My parcel is lost")
        await expect(page.locator(".transcript")).to_contain_text("My parcel is lost")
        await expect(page.locator(".typing")).to_be_empty()

        assert not any(frame["type"] == "typing" for frame in visitor.frames)
        await page.locator("#reply").press_sequentially("I look")
        await visitor.until(lambda: any(frame["type"] == "typing" for frame in visitor.frames))


async def test_a_note_for_colleagues_is_not_shown_as_typing(floor: Floor) -> None:
    seat = await floor.seat()
    page = seat.page
    async with TestVisitor(floor.system.public_url, origin="https://shop.example") as visitor:
        await visitor.say("Can you hear me?")
        await seat.accept("Can you hear me?")

        await page.keyboard.press("Alt+n")
        await expect(page.locator("#reply")).to_be_focused()
        await page.keyboard.type("looks like fraud")
        await page.keyboard.press("Enter")
        await expect(page.locator(".bubble.note")).to_contain_text("looks like fraud")
        await visitor.say("Are you still there?")  # its "seen" comes after whatever the note's keys have sent
        await visitor.until(lambda: [frame["type"] for frame in visitor.frames].count("seen") == 2)

    assert not any(frame["type"] == "typing" for frame in visitor.frames)


async def test_who_else_looks_and_what_they_write_stands_in_the_head_until_their_tab_closes(floor: Floor) -> None:
    seat = await floor.seat()
    await floor.customer_writes("Is this yours?")
    await seat.accept("Is this yours?")
    lead = await floor.seat(role="supervisor", name="Sue Lead", queues=["billing"])
    mine, hers = seat.page.locator(".lookers"), lead.page.locator(".lookers")

    await lead.page.keyboard.press("Alt+2")
    await lead.page.locator(".row-button", has_text="Is this yours?").click()
    await expect(mine).to_have_text("Sue Lead is looking")
    await expect(hers).to_contain_text("is looking")
    await seat.page.keyboard.press("Alt+n")
    await seat.page.keyboard.type("asked the depot")
    await expect(hers).to_contain_text("is writing a note")
    await expect(hers).to_contain_text("is looking")

    await lead.page.close()
    await expect(mine).to_have_count(1)
    await expect(mine).to_be_empty()
