"""What leads see of the floor and of the channels, what an idle agent reads, and the rail of a phone."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.visitor import Floor

expect.set_options(timeout=20_000)
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow, pytest.mark.timeout(150)]

PHONE = (390, 800)
UNSERVED = "Labdien, kur ir mans rēķins?"  # the rules want Latvian for it, and nobody here has it


async def _served(floor: Floor) -> None:
    """Somebody comes who has the skill: nothing is left for the next test."""
    await (await floor.seat(skills={"lang.lv": 5})).accept(UNSERVED)


async def test_a_lead_goes_from_the_queue_to_what_waits_in_it_and_sees_the_ledger_and_the_accounts(
    floor: Floor,
) -> None:
    page = (await floor.seat(role="supervisor")).page
    number = await floor.customer_writes(UNSERVED)

    await page.keyboard.press("Alt+3")
    await expect(page.locator(".ledger")).to_contain_text("everything accepted is routed")
    await page.get_by_role("button", name="Support", exact=True).click()
    await expect(page.locator(".history select").first).to_have_value("queued")
    await expect(page.locator(".history .row-button").filter(has_text=number)).to_contain_text("waiting")

    await page.keyboard.press("Alt+6")
    account = page.locator("section:has(#accounts-head) li").filter(has_text="sms-main")
    await expect(account.locator(".chip")).to_be_visible()
    await expect(account).to_contain_text("Last message:")
    await _served(floor)


async def test_an_idle_agent_reads_which_skill_the_waiting_ones_need(floor: Floor) -> None:
    await floor.customer_writes(UNSERVED)
    seat = await floor.seat()

    await expect(seat.page.locator(".list .empty")).to_contain_text("for skills that you do not have: Latvian ≥ 1")
    await _served(floor)


@pytest.mark.parametrize("locale", ["en", "tr", "lv"])
async def test_no_word_is_cut_in_the_rail_of_a_phone(floor: Floor, locale: str) -> None:
    page = (await floor.seat(role="admin", viewport=PHONE)).page
    await page.evaluate("locale => localStorage.setItem('trunkline-desk', JSON.stringify({ locale }))", locale)
    await page.reload()
    await page.locator("#presence").wait_for()

    words = page.locator(".rail :is(a, button, summary) > span:not(.dot)")
    assert await words.count() >= 6
    cut = "all => all.filter(one => one.scrollWidth > one.clientWidth).map(one => one.textContent)"
    assert await words.evaluate_all(cut) == []
    await page.locator(".more-places summary").click()
    await page.locator('.more-places a[href="#/setup"]').click()
    await expect(page.locator("#rules-head")).to_be_attached()
    await expect(page.locator(".more-places")).not_to_have_attribute("open", "")


async def test_a_conversation_read_on_a_phone_stays_within_it_and_its_story_is_one_touch_away(floor: Floor) -> None:
    owner = await floor.seat(name="Somebody Whose Name Is Far Longer Than The Line It Has To Stand In")
    number = await floor.customer_writes("Shall I read this on a phone?")
    await owner.accept("Shall I read this on a phone?")
    page = (await floor.seat(role="supervisor", viewport=PHONE)).page

    await page.evaluate("location.hash = '/history'")
    await page.locator(".history .row-button").filter(has_text=number).click()
    await expect(page.locator(".about")).to_contain_text("Somebody Whose Name")
    right = "all => Math.max(...all.map(one => one.getBoundingClientRect().right))"
    assert await page.locator(".head > *, .bubble").evaluate_all(right) <= PHONE[0]
    await page.locator(".panel-toggle").click()
    await expect(page.locator(".panel .story")).to_contain_text("accepted")


async def test_a_lead_shuts_a_queue_by_keys_reads_what_customers_will_and_opens_it_again(floor: Floor) -> None:
    page = (await floor.seat(role="supervisor", capacity=0)).page
    await page.keyboard.press("Alt+l")
    dialog = page.locator("dialog[open]")
    await expect(dialog).to_contain_text("We cannot answer now.")
    await dialog.locator("select[name=queue]").select_option("sales")
    await expect(dialog).to_contain_text("Its customers are told nothing")
    await dialog.locator("select[name=minutes]").select_option("0")
    await dialog.locator("input[name=note]").fill("a drill")
    await expect(dialog.locator("button[type=submit]")).to_be_enabled()  # once it is known whether it is shut
    await page.keyboard.press("Enter")

    await page.keyboard.press("Alt+3")
    row = page.locator("tr.main", has_text="Sales")
    await expect(row).to_contain_text("shut until somebody opens it")
    await row.get_by_role("button", name="Open Sales").click()
    await expect(row).to_contain_text("nothing waits")
    await expect(row.get_by_role("button", name="Shut Sales")).to_be_enabled()
