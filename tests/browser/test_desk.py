"""The desk in a real browser: what an agent does all day."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.browser.visitor import CALM_MS, Floor

expect.set_options(timeout=20_000)
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow, pytest.mark.timeout(150)]


async def test_an_offer_is_accepted_answered_and_closed_by_keys_alone(floor: Floor) -> None:
    seat = await floor.seat()
    page = seat.page

    number = await floor.customer_writes("Where is my parcel?")
    await expect(page.locator(".offer blockquote")).to_have_text("Where is my parcel?")
    await page.wait_for_timeout(CALM_MS)
    await page.keyboard.press("Enter")
    await expect(page.locator("#who")).to_have_text(number)
    await expect(page.locator("#reply")).to_be_focused()
    await page.keyboard.type("It left today.")
    await page.keyboard.press("Enter")

    await expect(page.locator(".bubble.out .foot")).to_contain_text("delivered")
    await floor.took(number, "It left today.")
    await page.keyboard.press("Alt+c")
    await expect(page.locator("dialog select[name=code]")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator(".list .state")).to_contain_text("closed")
    await expect(page.locator("#count")).to_have_text("Nothing can be sent: closed.")

    following = await floor.customer_writes("And mine?")
    await expect(page.locator(".offer blockquote")).to_have_text("And mine?")
    await page.wait_for_timeout(CALM_MS)
    await page.keyboard.press("Enter")
    await expect(page.locator("#who")).to_have_text(following)
    await expect(page.locator("#reply")).to_be_focused()
    await page.keyboard.type("Yours too.")
    await page.keyboard.press("Enter")
    await floor.took(following, "Yours too.")
    assert seat.loads == 1


async def test_with_what_result_it_was_closed_is_told_where_it_is_read(floor: Floor) -> None:
    seat = await floor.seat(name="Ana")
    page = seat.page
    await floor.customer_writes("Hello?")
    await seat.accept("Hello?")
    await page.keyboard.press("Alt+c")
    await page.locator("dialog select[name=code]").select_option("no-answer")
    await page.locator("dialog textarea").fill("wrote twice")
    await page.locator("dialog button[type=submit]").click()
    await expect(page.locator(".list .state")).to_contain_text("closed")

    await page.locator(".panel summary").click()

    await expect(page.locator(".story li").last).to_contain_text("closed · Ana · customer fell silent · wrote twice")


async def test_enter_typed_into_an_offer_that_has_just_come_accepts_nothing(floor: Floor) -> None:
    seat = await floor.seat()
    page = seat.page
    await floor.customer_writes("First")
    await seat.accept("First")
    await page.locator("#reply").focus()

    await floor.customer_writes("Second")
    await page.keyboard.type("I was just writing")
    await page.locator(".offer").wait_for()
    await page.keyboard.press("Enter")

    await expect(page.locator(".bubble.out")).to_contain_text("I was just writing")
    await expect(page.locator(".offer")).to_be_visible()
    await page.locator(".offer .primary").click()
    await expect(page.locator(".offer")).to_have_count(0)


async def test_a_declined_offer_goes_to_the_next_agent_with_the_reason_kept(floor: Floor) -> None:
    first = await floor.seat()
    await floor.customer_writes("Can you help?")
    await first.page.locator(".offer").wait_for()
    second = await floor.seat()

    await first.page.keyboard.press("Escape")
    await first.page.locator("dialog select[name=reason]").select_option("not-my-skill")
    await first.page.locator("dialog button[type=submit]").click()

    await expect(first.page.locator(".offer")).to_have_count(0)
    await second.accept("Can you help?")
    await second.page.locator(".panel summary").click()
    await expect(second.page.locator(".story")).to_contain_text("not my field")


async def test_who_misses_offers_is_away_and_one_click_brings_them_back(floor: Floor) -> None:
    seat = await floor.seat(capacity=1)
    page = seat.page
    await page.keyboard.press("Alt+a")
    await page.locator("dialog select[name=reason]").select_option("break")
    await page.locator("dialog button[type=submit]").click()

    await expect(page.locator("#presence")).to_contain_text("Away: break")
    await expect(page.locator(".strip")).to_contain_text("no conversations are offered")
    number = await floor.customer_writes("Hello?")
    await page.locator(".strip button").click()

    await seat.accept("Hello?")
    assert number in await page.locator("#who").inner_text()


async def test_a_reply_is_sent_and_the_conversation_closed_in_one_go(floor: Floor) -> None:
    seat = await floor.seat()
    page = seat.page
    number = await floor.customer_writes("One question only")
    await seat.accept("One question only")

    await page.locator("#reply").fill("One answer.")
    await page.locator("#reply").press("Control+Enter")
    await page.locator("dialog button[type=submit]").click()

    await expect(page.locator(".list .state")).to_contain_text("closed")
    await floor.took(number, "One answer.")


async def test_a_note_is_kept_for_colleagues_and_nothing_is_sent(floor: Floor) -> None:
    seat = await floor.seat()
    page = seat.page
    number = await floor.customer_writes("Is it in stock?")
    await seat.accept("Is it in stock?")

    await page.keyboard.press("Alt+n")
    await expect(page.locator("#reply")).to_be_focused()
    await page.keyboard.type("asked the warehouse")
    await page.keyboard.press("Enter")

    await expect(page.locator(".bubble.note")).to_contain_text("asked the warehouse")
    await expect(page.locator("#reply")).to_have_value("")
    assert floor.sent_to(number) == []


async def test_a_draft_waits_on_the_other_device(floor: Floor) -> None:
    seat = await floor.seat()
    await floor.customer_writes("Write to me slowly")
    await seat.accept("Write to me slowly")
    await seat.page.locator("#reply").fill("Dear customer, I am")

    async with seat.page.expect_response(re.compile(r"/api/v1/drafts/")) as kept:
        pass
    assert (await kept.value).status == 204
    phone = await floor.another(seat.person, viewport=(390, 800))

    await expect(phone.page.locator(".row-button .words")).to_contain_text("Dear customer, I am")
    await phone.page.locator(".row-button").click()
    await expect(phone.page.locator("#reply")).to_have_value("Dear customer, I am")


async def test_a_canned_reply_is_taken_with_its_variables_filled_in(floor: Floor) -> None:
    lead = await floor.seat(role="supervisor", name="Lead Anna")
    page = lead.page
    await page.keyboard.press("Alt+5")
    await page.locator(".board header .primary").click()
    await page.locator("dialog input[name=title]").fill("Greeting")
    await page.locator("dialog input[name=shortcut]").fill("greeting")
    await page.locator("dialog textarea[name=text]").fill("Hello, here is {agent} of {queue}.")
    await page.locator("dialog select[name=locale]").select_option("en")
    await page.locator("dialog button[type=submit]").click()
    await expect(page.locator(".cards")).to_contain_text("greeting")
    await page.locator(".card", has_text="greeting").get_by_role("button", name="Edit").click()
    await page.locator("dialog textarea[name=text]").fill("Hello, this is {agent} of {queue}.")
    await page.locator("dialog button[type=submit]").click()
    await expect(page.locator(".cards")).to_contain_text("Hello, this is")
    await page.locator(".card", has_text="greeting").get_by_role("button", name="Edit").click()
    await expect(page.locator("dialog select[name=locale]")).to_have_value("en")
    await page.keyboard.press("Escape")

    await page.keyboard.press("Alt+1")
    await floor.customer_writes("Anybody?")
    await lead.accept("Anybody?")
    await page.keyboard.press("Alt+i")
    await expect(page.locator("dialog input")).to_be_focused()
    await page.keyboard.type("greet")
    await expect(page.locator("dialog .preview")).to_have_text("Hello, this is Lead Anna of Support.")
    await page.keyboard.press("Enter")

    await expect(page.locator("#reply")).to_have_value("Hello, this is Lead Anna of Support.")
    await expect(page.locator("#reply")).to_be_focused()  # where it was before the dialog: Enter sends
    await page.keyboard.press("Control+k")
    await page.keyboard.type("internal note")
    await page.keyboard.press("Enter")
    await expect(page.locator("dialog[open]")).to_have_count(0)
    await expect(page.locator(".composer.note #reply")).to_be_focused()


async def test_a_conversation_is_passed_on_with_words_for_the_next_agent(floor: Floor) -> None:
    first, second = await floor.seat(name="Passing Paula"), await floor.seat(name="Taking Tom")
    await floor.customer_writes("It is about billing")
    async with asyncio.timeout(20):
        while not (offered := [seat for seat in (first, second) if await seat.page.locator(".offer").count()]):
            await asyncio.sleep(0.05)  # two pages, one offer: no single page tells
    giver, taker = offered[0], second if offered[0] is first else first
    await giver.accept("It is about billing")

    await giver.page.keyboard.press("Alt+t")
    choice = f"agent:{taker.person.me['id']}"
    await giver.page.locator(f"dialog option[value='{choice}']").wait_for(state="attached")
    await giver.page.locator("dialog select[name=to]").select_option(choice)
    await giver.page.locator("dialog textarea[name=note]").fill("wants his money back")
    await giver.page.locator("dialog button[type=submit]").click()

    await expect(taker.page.locator(".offer")).to_contain_text("wants his money back")
    await taker.accept("It is about billing")


@pytest.mark.parametrize(
    ("locale", "available", "accept"),
    [("en", "Available", "Accept"), ("tr", "Müsait", "Kabul et"), ("lv", "Darbā", "Pieņemt")],
)
async def test_the_desk_speaks_the_agents_language(floor: Floor, locale: str, available: str, accept: str) -> None:
    seat = await floor.seat(locale=locale)

    await expect(seat.page.locator("#presence")).to_contain_text(available)
    assert await seat.page.locator("html").get_attribute("lang") == locale
    await floor.customer_writes("Hello")
    await expect(seat.page.locator(".offer .primary")).to_contain_text(accept)
    await seat.page.locator(".offer .primary").click()


async def test_a_hidden_page_calls_by_its_title(floor: Floor) -> None:
    seat = await floor.seat()

    await floor.customer_writes("Look here")

    await expect(seat.page).to_have_title(re.compile(r"Offered to you \(\d+ s\)"))
    await seat.accept("Look here")
    await expect(seat.page).to_have_title("Trunkline")
