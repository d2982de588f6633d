"""Asking first, at two desks in real browsers: the notice, whispers, taking over; and a supervisor's word on a line."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.visitor import Floor

expect.set_options(timeout=20_000)
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow, pytest.mark.timeout(150)]


async def test_a_colleague_looks_on_whispers_and_takes_over_by_keys_alone(floor: Floor) -> None:
    ana = await floor.seat(name="Ana Asks", queues=["support"])
    number = await floor.customer_writes("Is my zip covered?")
    await ana.accept("Is my zip covered?")
    ben = await floor.seat(name="Ben Knows", queues=["sales"])

    await ana.page.locator("#who").click()
    await ana.page.keyboard.press("Alt+t")
    choice = f"agent:{ben.person.me['id']}"
    await ana.page.locator(f"dialog option[value='{choice}']").wait_for(state="attached")
    await ana.page.locator("dialog select[name=to]").select_option(choice)
    await ana.page.locator("dialog select[name=how]").select_option("consult")
    await ana.page.locator("dialog textarea[name=note]").fill("You know zips.")
    await ana.page.locator("dialog button[type=submit]").click()

    await expect(ana.page.locator(".consultation")).to_contain_text("Ben Knows looks on")
    await expect(ben.page.locator(".notice")).to_contain_text("You know zips.")
    await expect(ben.page.locator(".consulted .row-button")).to_contain_text(number)
    await ben.page.locator(".consulted .row-button").click()
    await expect(ben.page.locator(".transcript")).to_contain_text("Is my zip covered?")
    await expect(ben.page.locator(".consultation")).to_contain_text("Ana Asks asks you: You know zips.")
    assert await ben.page.locator("input[data-mode=reply]").count() == 0, "nothing can be taken for a reply"
    await ben.page.locator("#reply").fill("Two years, yes.")
    await ben.page.locator("#reply").press("Enter")

    for seat in (ana, ben):
        await expect(seat.page.locator(".bubble.note")).to_contain_text("Two years, yes.")
    assert floor.sent_to(number) == []

    await ben.page.locator("#who").click()
    await ben.page.keyboard.press("Alt+o")
    await expect(ben.page.locator(".rows .row-button")).to_contain_text(number)
    await expect(ana.page.locator(".rows .row-button")).to_have_count(0)
    await expect(ana.page.locator(".notice.news")).to_contain_text("Ben Knows has it now")
    await ben.reply("It is covered.")
    await floor.took(number, "It is covered.")


async def test_a_supervisor_moves_who_waits_by_a_key_and_says_why(floor: Floor) -> None:
    lead = await floor.seat(role="supervisor", name="Lead Lea", capacity=0)
    numbers = [await floor.customer_writes("I came first")]
    await lead.page.keyboard.press("Alt+3")
    await lead.page.locator("tr", has=lead.page.locator("details.line")).locator("summary").first.click()
    line = lead.page.locator("ol[aria-label*='in order'] li")
    await expect(line).to_have_count(1)
    await expect(line.get_by_role("button")).to_have_count(0)
    numbers.append(await floor.customer_writes("I came second"))
    await expect(line).to_have_count(2)
    await expect(line.first).to_contain_text(numbers[0])

    await lead.page.get_by_label("Why it is moved").fill("Their flight leaves.")
    await line.nth(1).get_by_role("button").focus()
    await lead.page.keyboard.press("Alt+f")

    await expect(line.first).to_contain_text(numbers[1])
    await expect(line.first).to_contain_text("moved to the front")
    await line.first.get_by_role("button").click()
    await expect(line.first).to_contain_text(numbers[0])
    ana = await floor.seat(capacity=2)
    for words in ("I came first", "I came second"):
        await ana.accept(words)
