"""Whatever dies behind it, the desk goes on without a reload, and nothing is lost or said twice."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.visitor import Floor

expect.set_options(timeout=30_000)
pytestmark = [
    pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow, pytest.mark.faults, pytest.mark.timeout(180),
]  # fmt: skip


@pytest.mark.parametrize("service", ["agents", "router"])
async def test_a_service_killed_between_two_replies_costs_no_reload_and_no_word(floor: Floor, service: str) -> None:
    seat = await floor.seat()
    page, killed = seat.page, floor.system.services[service]
    number = await floor.customer_writes("Before the fall")
    await seat.accept("Before the fall")
    await seat.reply("one")
    await expect(page.locator(".bubble.out .foot")).to_contain_text("delivered")

    await killed.kill()
    assert not killed.running
    await seat.reply("two")
    await expect(page.locator(".bubble.out.under-way .foot")).to_contain_text(
        "sav"
    )  # saving, or not saved yet: never sent
    await page.locator("#reply").fill("thr")
    killed.spawn()
    await killed.ready(within=60)

    await expect(page.locator(".bubble.out .foot", has_text="delivered")).to_have_count(2)
    await floor.customer_writes("After the fall", number=number)
    await expect(page.locator(".transcript")).to_contain_text("After the fall")
    await expect(page.locator("#reply")).to_have_value("thr")
    await page.locator("#reply").press_sequentially("ee")
    await page.locator("#reply").press("Enter")
    await expect(page.locator(".bubble.out .foot", has_text="delivered")).to_have_count(3)
    await floor.took(number, "one", "two", "three")
    assert seat.loads == 1


async def test_what_a_customer_says_while_the_line_is_cut_is_there_afterwards(floor: Floor) -> None:
    seat = await floor.seat()
    page = seat.page
    number = await floor.customer_writes("Can you hear me?")
    await seat.accept("Can you hear me?")

    await seat.context.set_offline(True)
    agents = floor.system.services["agents"]
    await agents.kill()
    await expect(page.locator(".strip")).to_contain_text("No connection")
    agents.spawn()
    await agents.ready(within=60)
    await floor.customer_writes("Still there?", number=number)
    await seat.reply("Yes")
    await expect(page.locator(".under-way .foot")).to_contain_text("no connection")
    await seat.context.set_offline(False)

    await expect(page.locator(".transcript")).to_contain_text("Still there?")
    await expect(page.locator(".bubble.out .foot")).to_contain_text("delivered")
    await floor.took(number, "Yes")
    assert seat.loads == 1


async def test_a_page_asked_for_while_the_service_is_away_comes_when_it_is_back(floor: Floor) -> None:
    seat = await floor.seat(role="supervisor", capacity=0)
    page, agents = seat.page, floor.system.services["agents"]
    await agents.kill()
    await page.keyboard.press("Alt+6")
    await expect(page.locator(".page")).to_contain_text("Loading")
    await expect(page.locator(".strip")).to_contain_text("No connection")

    agents.spawn()
    await agents.ready(within=60)

    await expect(page.locator("#rules-head")).to_be_visible()
    assert seat.loads == 1
