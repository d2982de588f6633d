"""An agent in front of a browser, and the customers who write to them."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count
from types import TracebackType
from typing import Any, Self

from playwright.async_api import Browser, BrowserContext, Page

from tests.integration.agents.rig import Person, somebody
from trunkline.testing.deployment import Deployment

WITHIN_MS = 15_000
_customers = count(1)


@dataclass
class Seat:
    """One agent's browser. `loads` counts how often the page was loaded: a desk is loaded once."""

    page: Page
    person: Person
    loads: int = 0

    async def sign_in(self) -> None:
        """Open the desk and sign in."""
        page = self.page
        await page.goto(self.person.url)
        await page.locator("input[name=login]").fill(self.person.login)
        await page.locator("input[name=password]").fill(self.person.password)
        await page.locator(".sign-in button").click()
        await page.locator("#presence[data-presence=available]").wait_for()


class Floor:
    """Who sits here, and who writes."""

    def __init__(self, system: Deployment, browser: Browser) -> None:
        self.system = system
        self._browser = browser
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def seat(self, *, role: str = "agent", viewport: tuple[int, int] = (1280, 800), **options: Any) -> Seat:
        """A new agent, signed in at a page of their own. `options` are the roster's fields and the browser's."""
        fields = {name: options.pop(name) for name in ("skills", "locale", "name", "capacity") if name in options}
        person = await self._stack.enter_async_context(somebody(self.system.desk_url, role=role, **fields))
        width, height = viewport
        context: BrowserContext = await self._browser.new_context(
            viewport={"width": width, "height": height}, locale="en-GB", **options
        )
        self._stack.push_async_callback(context.close)
        page = await context.new_page()
        page.set_default_timeout(WITHIN_MS)
        seat = Seat(page, person)
        page.on("load", lambda _: setattr(seat, "loads", seat.loads + 1))
        await seat.sign_in()
        return seat

    async def customer_writes(
        self, words: str, *, number: str = "", media: list[tuple[bytes, str]] | None = None
    ) -> str:
        """An SMS from a new customer (or the one of this number); the number."""
        number = number or f"+371260{next(_customers):05d}"
        answer = await self.system.provider.customer_writes(number, words, media=media or ())
        assert answer.status == 200, answer
        return number
