"""Why this agent, why it still waits, and what would change that: told on the desk, in a real browser."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.axe import violations
from tests.browser.visitor import Floor
from tests.integration.agents.test_agents_passing import done

expect.set_options(timeout=20_000)
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow, pytest.mark.timeout(180)]


async def test_an_offer_says_why_it_came_and_the_open_answer_follows_what_becomes_of_it(floor: Floor) -> None:
    seat = await floor.seat(skills={"lang.lv": 3})
    page, loads = seat.page, seat.loads
    await floor.customer_writes("Labdien, kur ir mana paka?")
    card = page.locator(".offer", has_text="kur ir mana paka?")
    name = await card.get_attribute("data-conversation")
    assert name

    await card.get_by_role("button", name="Why?").click()
    why = page.get_by_role("dialog", name="Why this agent")
    await expect(why).to_contain_text("Decided by the rules: latvian.")
    await expect(why.get_by_role("link")).to_have_count(0)  # the setup page is not for agents
    await expect(why).to_contain_text("It needs Latvian ≥ 1.")
    await expect(why).to_contain_text("had the lowest index")
    await expect(why.locator(".index .for")).to_contain_text(["good at it"])
    await expect(why.locator("summary .chip")).to_have_text("open")
    await expect(why.locator("tbody tr")).to_have_count(1)  # an agent sees how they stand themselves
    assert await violations(page) == []

    _, whole = await seat.person.call("GET", f"/api/v1/conversations/{name}")
    await done(seat.person, name, "accept", fence=whole["conversation"]["fence"])
    await expect(why.locator("summary .chip")).to_have_text("accepted")
    await page.keyboard.press("Escape")
    await page.locator(".list .row-button").click()
    await page.keyboard.press("Alt+y")
    await expect(why.locator("summary .chip")).to_have_text("accepted")
    assert seat.loads == loads


async def test_what_nobody_can_ever_take_says_what_is_missing_until_somebody_has_it(floor: Floor) -> None:
    ana = await floor.seat(skills={"lang.lv": 3})
    number = await floor.customer_writes("Labdien, vai protat neparasto?")
    await ana.accept("vai protat neparasto?")
    _, mine = await ana.person.call("GET", "/api/v1/conversations?status=active")
    name = next(one["id"] for one in mine["items"] if one["address"] == number)
    await done(ana.person, name, "transfer", to_skill="rare", level=5)

    admin = await floor.seat(role="admin", queues=())
    page, loads = admin.page, admin.loads
    await page.keyboard.press("Alt+3")
    await expect(page.locator("main")).to_contain_text("ever take it: somebody needs Rare knowledge ≥ 5")
    await page.evaluate("name => { location.hash = `/history/${name}` }", name)
    await page.locator("#who").wait_for()
    await page.keyboard.press("Alt+y")
    why = page.get_by_role("dialog", name="Why this agent")
    missing = why.get_by_text("somebody needs Rare knowledge ≥ 5")
    await expect(missing).to_be_visible()
    await expect(why.get_by_role("link", name="To the agents")).to_be_visible()
    await expect(why.locator("tr", has_text=ana.person.me["name"])).to_contain_text("lacks Rare knowledge ≥ 5")
    step = why.locator(".steps li")
    await expect(step).to_contain_text("It needs Latvian ≥ 1. 1 agent here would do.")
    left = await step.locator("[role=timer]").inner_text()
    await expect(step.locator("[role=timer]")).not_to_have_text(left)  # it counts down by itself
    assert await violations(page) == []

    expert = await floor.seat(skills={"lang.lv": 3, "rare": 5}, queues=("support",), capacity=0)
    await expect(missing).to_have_count(0)
    await expect(why.locator("tr", has_text=expert.person.me["name"])).to_contain_text("has no room")
    await why.get_by_role("link", name="latvian").click()
    await expect(page.locator("#rule-latvian")).to_be_focused()
    await expect(page.locator("main")).to_contain_text("First comes who is good at it")

    await page.keyboard.press("Alt+4")
    await page.get_by_role("button", name=f"Edit {expert.person.me['name']}").click()
    await page.locator("dialog input[name=disabled]").check()
    await page.locator("dialog .primary").click()
    warning = page.locator(".warning")
    await expect(warning).to_contain_text("1 conversation in Support now waits for what nobody of the roster has")
    assert await violations(page) == []
    assert admin.loads == loads
    await done(admin.person, name, "assign", to_agent=ana.person.me["id"])
