"""Sending work elsewhere or later in a real browser: snooze, wake, escalate, to a skill, a supervisor's word."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import expect

from tests.browser.visitor import Floor, Seat

expect.set_options(timeout=20_000)
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow, pytest.mark.timeout(150)]


async def _sent(seat: Seat) -> None:
    await seat.page.locator("dialog button[type=submit]").click()
    await expect(seat.page.locator("dialog[open]")).to_have_count(0)


async def test_what_is_put_off_is_listed_also_after_a_reload_and_one_click_brings_it_back(floor: Floor) -> None:
    seat = await floor.seat()
    page = seat.page
    number = await floor.customer_writes("Is it on its way?")
    await seat.accept("Is it on its way?")

    await page.keyboard.press("Alt+z")
    await expect(page.locator("dialog select[name=until]")).to_be_focused()
    await page.locator("dialog select[name=until]").select_option("tomorrow")
    await _sent(seat)
    put_off = page.locator(".snoozed li")
    await expect(put_off).to_contain_text(number)
    await expect(put_off).to_contain_text("09:00")
    assert await page.locator(".rows .row-button").count() == 0

    await page.reload()
    await expect(put_off).to_contain_text("09:00")
    await put_off.get_by_role("button", name="Wake now").click()
    await seat.accept("Is it on its way?")
    await expect(page.locator(".snoozed")).to_have_count(0)


async def test_a_reply_is_sent_and_its_conversation_put_off_by_keys_alone(floor: Floor) -> None:
    seat = await floor.seat()
    page = seat.page
    number = await floor.customer_writes("Any news?")
    await seat.accept("Any news?")

    await page.locator("#reply").fill("Tomorrow we know more.")
    await page.locator("#reply").press("Control+Alt+Enter")
    await expect(page.locator("dialog select[name=until]")).to_be_focused()
    await page.keyboard.press("Enter")

    await expect(page.locator(".snoozed li")).to_contain_text(number)
    await floor.took(number, "Tomorrow we know more.")
    await page.locator(".snoozed .row-button").click()
    await page.locator("#who").click()
    await page.keyboard.press("Alt+u")
    await seat.accept("Any news?")


async def test_what_waits_for_the_customer_takes_no_room_and_comes_back_when_they_write(floor: Floor) -> None:
    seat = await floor.seat(capacity=1)
    page = seat.page
    number = await floor.customer_writes("Which size?")
    await seat.accept("Which size?")

    await page.locator("#reply").fill("Which one do you have?")
    await page.locator("#reply").press("Control+Shift+Enter")
    await expect(page.locator(".snoozed li")).to_contain_text(number)
    await floor.took(number, "Which one do you have?")

    await floor.customer_writes("Forty-two", number=number)
    await expect(page.locator(".offer")).to_contain_text("the customer wrote")
    await seat.accept("Forty-two")


async def test_a_time_that_is_over_is_told_and_nothing_is_put_off(floor: Floor) -> None:
    seat = await floor.seat()
    page = seat.page
    await floor.customer_writes("Hold on")
    await seat.accept("Hold on")

    await page.keyboard.press("Alt+z")
    await page.locator("dialog select[name=until]").select_option("own")
    await page.locator("dialog input[name=at]").evaluate("box => box.removeAttribute('min')")  # a clock that is wrong
    await page.locator("dialog input[name=at]").fill("2026-01-01T09:00")
    await _sent(seat)

    await expect(page.locator(".notice")).to_contain_text("That time is over")
    await expect(page.locator(".rows .row-button")).to_have_count(1)


async def test_an_escalation_goes_to_who_has_the_authority(floor: Floor) -> None:
    senior = await floor.seat(skills={"senior": 3})
    await senior.page.keyboard.press("Alt+a")
    await senior.page.locator("dialog button[type=submit]").click()
    await expect(senior.page.locator("#presence")).to_contain_text("Away")
    junior = await floor.seat()
    await floor.customer_writes("I want the boss")
    await junior.accept("I want the boss")
    await senior.page.locator(".strip button").click()

    await junior.page.keyboard.press("Alt+e")
    await junior.page.locator("dialog textarea[name=note]").fill("third complaint")
    await _sent(junior)

    await expect(senior.page.locator(".offer")).to_contain_text("third complaint")
    await senior.accept("I want the boss")
    await expect(junior.page.locator(".rows .row-button")).to_have_count(0)


async def test_a_transfer_to_a_skill_goes_to_who_has_it_at_that_level(floor: Floor) -> None:
    giver = await floor.seat()
    await floor.customer_writes("Could it be simpler?")
    await giver.accept("Could it be simpler?")
    weak, strong = await floor.seat(skills={"senior": 2}), await floor.seat(skills={"senior": 5})

    await giver.page.keyboard.press("Alt+t")
    await giver.page.locator("dialog select[name=to]").select_option("skill:senior")
    await giver.page.locator("dialog select[name=level]").select_option("4")
    await _sent(giver)

    await strong.accept("Could it be simpler?")
    assert await weak.page.locator(".offer").count() == 0


async def test_a_supervisor_takes_over_from_history_and_gives_it_away(floor: Floor) -> None:
    agent, lead = await floor.seat(name="Busy Bea"), await floor.seat(role="supervisor", name="Lead Lea")
    number = await floor.customer_writes("Nobody helps me")
    async with asyncio.timeout(20):
        while not await agent.page.locator(".offer").count():
            if await lead.page.locator(".offer").count():
                await lead.page.keyboard.press("Alt+a")
                await lead.page.locator("dialog button[type=submit]").click()
            await asyncio.sleep(0.05)  # two pages, one offer: no single page tells
    await agent.accept("Nobody helps me")

    await lead.page.keyboard.press("Alt+2")
    await lead.page.locator(".history .row-button", has_text=number).click()
    await lead.page.get_by_role("button", name="Take over").click()
    await expect(lead.page.locator("#reply")).to_be_enabled()
    await expect(lead.page.locator("#who")).to_have_text(number)
    await expect(agent.page.locator(".rows .row-button")).to_have_count(0)

    await lead.page.keyboard.press("Alt+g")
    choice = agent.person.me["id"]
    await lead.page.locator(f"dialog option[value='{choice}']").wait_for(state="attached")
    await lead.page.locator("dialog select[name=to]").select_option(choice)
    await _sent(lead)
    await expect(agent.page.locator(".rows .row-button")).to_contain_text(number)
    await expect(lead.page.locator(".rows .row-button")).to_have_count(0)


async def test_who_is_no_supervisor_is_offered_no_supervisors_word(floor: Floor) -> None:
    seat = await floor.seat()
    await floor.customer_writes("A plain question")
    await seat.accept("A plain question")

    await seat.page.locator(".head .menu summary").click()
    await expect(seat.page.locator(".head .menu")).to_contain_text("Escalate")
    await expect(seat.page.locator(".head .menu")).not_to_contain_text("Take over")
    await seat.page.keyboard.press("Alt+g")
    await expect(seat.page.locator("dialog[open]")).to_have_count(0)
