"""Writing first, in a real browser: from the contact of a closed conversation, by keys."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import WebSocketRoute, expect

from tests.browser.visitor import Floor

expect.set_options(timeout=20_000)
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow, pytest.mark.timeout(120)]


async def test_a_contact_is_written_to_once_nothing_of_theirs_is_open_and_answers_there(floor: Floor) -> None:
    seat = await floor.seat()
    page = seat.page
    number = await floor.customer_writes("Call me when it is here")
    await seat.accept("Call me when it is here")
    await page.locator("#who").click()
    await page.keyboard.press("Alt+b")
    dialog = page.locator("dialog[open]")
    await expect(dialog.get_by_role("alert")).to_contain_text("has an open conversation there")
    await dialog.locator("textarea").fill("It is here")
    await expect(dialog.locator("button[type=submit]")).to_be_disabled()
    await page.keyboard.press("Escape")
    await page.keyboard.press("Alt+c")
    await page.locator("dialog button[type=submit]").click()
    await expect(page.locator("dialog[open]")).to_have_count(0)

    await page.locator(".rows .row-button", has_text=number).click()
    await page.keyboard.press("Alt+b")
    await expect(dialog.locator("select[name=way]")).to_contain_text(number)
    await dialog.locator("textarea").fill("It is here")
    await dialog.locator("button[type=submit]").click()

    await expect(page.locator(".transcript")).to_contain_text("It is here")
    await expect(page.locator("#reply")).to_be_enabled()
    await floor.took(number, "It is here")
    await floor.customer_writes("I come at once", number=number)
    await expect(page.locator(".transcript")).to_contain_text("I come at once")


async def test_what_was_begun_is_shown_though_the_answer_comes_before_the_socket_tells_of_it(floor: Floor) -> None:
    seat = await floor.seat()
    page, line = seat.page, Held("conversation.begun")
    await page.route_web_socket("**/api/v1/desk", line.between)
    await page.reload()  # a socket that was open is not on this line
    number = await floor.customer_writes("Call me back")
    await seat.accept("Call me back")
    await page.keyboard.press("Alt+c")
    await page.locator("dialog button[type=submit]").click()
    await page.locator(".rows .row-button", has_text=number).click()
    await page.keyboard.press("Alt+b")
    dialog = page.locator("dialog[open]")
    await dialog.locator("textarea").fill("I call you back")
    await dialog.locator("button[type=submit]").click()
    await expect(dialog).to_have_count(0)
    async with asyncio.timeout(20):
        await line.holds.wait()  # the answer was there first

    line.go_on()

    await expect(page.locator(".transcript")).to_contain_text("I call you back")
    await floor.took(number, "I call you back")


class Held:
    """A desk's line on which nothing comes any more from the first frame with these words on, until it goes on."""

    def __init__(self, words: str) -> None:
        self._words = words
        self._page: WebSocketRoute | None = None
        self.kept: list[str | bytes] = []
        self.holds = asyncio.Event()

    def between(self, page: WebSocketRoute) -> None:
        """The way of every frame between page and server."""
        self._page = page
        page.connect_to_server().on_message(self._from_server)

    def _from_server(self, frame: str | bytes) -> None:
        if self.kept or self._words in str(frame):
            self.kept.append(frame)
            self.holds.set()
        elif self._page is not None:
            self._page.send(frame)

    def go_on(self) -> None:
        """What was kept comes now, in its order, and all else as it comes."""
        assert self._page is not None
        for frame in self.kept:
            self._page.send(frame)
        self._words, self.kept = "\x00", []
