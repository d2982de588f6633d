"""An agent in front of a browser, and the customers who write to them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count
from types import TracebackType
from typing import Any, Self

from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.integration.agents.rig import Person, somebody
from trunkline.ids import new_id
from trunkline.testing.deployment import Deployment

WITHIN_MS = 20_000
CALM_MS = 800
"""Enter that comes sooner after an offer was meant for something else: the desk does not take it."""

_CLEAR_S = 30
_OPEN = "&".join(f"status={status}" for status in ("queued", "offered", "active", "wrapping-up", "snoozed"))
_customers = count(1)
_FIELDS = ("skills", "locale", "name", "capacity", "queues")


@dataclass
class Seat:
    """One agent's browser. `loads` counts how often the page was loaded: a desk is loaded once."""

    page: Page
    person: Person
    context: BrowserContext
    loads: int = 0

    async def sign_in(self) -> None:
        """Open the desk and sign in."""
        page = self.page
        await page.goto(self.person.url)
        await page.locator("input[name=login]").fill(self.person.login)
        await page.locator("input[name=password]").fill(self.person.password)
        await page.locator(".sign-in button").click()
        await page.locator("#presence[data-presence=available]").wait_for()

    async def accept(self, words: str) -> None:
        """Take the offer of a customer who said this; their conversation is open then."""
        await self.page.locator(".offer", has_text=words).locator(".primary").click()
        await expect(self.page.locator(".transcript")).to_contain_text(words)

    async def reply(self, words: str) -> None:
        """Write and send."""
        await self.page.locator("#reply").fill(words)
        await self.page.locator("#reply").press("Enter")


class Floor:
    """Who sits here, and who writes."""

    def __init__(self, system: Deployment, browser: Browser) -> None:
        self.system = system
        self._browser = browser
        self._stack = AsyncExitStack()
        self._people: dict[str, Person] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._clear()
        finally:
            await self._stack.aclose()

    async def _clear(self) -> None:
        """Leave nothing open: what waits would be offered to the agents of the next test."""
        if not self._people:
            return
        anybody = next(iter(self._people.values()))
        async with asyncio.timeout(_CLEAR_S):
            while True:
                _, told = await anybody.call("GET", f"/api/v1/conversations?limit=200&{_OPEN}")
                if not told["items"]:
                    return
                for one in told["items"]:
                    await self._finish(one)
                await asyncio.sleep(0.1)  # the record is a moment behind what was just done

    async def _finish(self, one: dict[str, Any]) -> None:
        where = f"/api/v1/conversations/{one['id']}"
        if (asked := self._people.get(one["offered_to"])) is not None:
            await asked.call("POST", f"{where}/accept", key=new_id(), json={"fence": one["fence"]})
        if one["status"] == "snoozed" and (last := self._people.get(one["last_agent"])) is not None:
            await last.call("POST", f"{where}/wake", key=new_id())
        if (owner := asked or self._people.get(one["owner"])) is not None:
            await owner.call("POST", f"{where}/close", key=new_id(), json={})

    async def seat(self, *, role: str = "agent", viewport: tuple[int, int] = (1280, 800), **options: Any) -> Seat:
        """A new agent, signed in at a page of their own. `options` are the roster's fields and the browser's."""
        fields = {name: options.pop(name) for name in _FIELDS if name in options}
        person = await self._stack.enter_async_context(somebody(self.system, hired=True, role=role, **fields))
        self._people[person.me["id"]] = person
        return await self.another(person, viewport=viewport, **options)

    async def another(self, person: Person, *, viewport: tuple[int, int] = (1280, 800), **options: Any) -> Seat:
        """A further device of somebody, signed in."""
        width, height = viewport
        context = await self._browser.new_context(
            viewport={"width": width, "height": height}, **{"locale": "en-GB", **options}
        )
        context.set_default_timeout(WITHIN_MS)
        self._stack.push_async_callback(context.close)
        seat = Seat(await context.new_page(), person, context)
        seat.page.on("load", lambda _: setattr(seat, "loads", seat.loads + 1))
        await seat.sign_in()
        return seat

    async def customer_writes(self, words: str, *, number: str = "", media: Sequence[tuple[bytes, str]] = ()) -> str:
        """An SMS from a new customer (or the one of this number); the number."""
        number = number or f"+371260{next(_customers):05d}"
        answer = await self.system.provider.customer_writes(number, words, media=media)
        assert answer.status == 200, answer
        return number

    async def took(self, number: str, *words: str) -> None:
        """The provider takes just these words for this number, in this order: waits until as many are there."""
        async with asyncio.timeout(30):
            while len(self.sent_to(number)) < len(words):
                await asyncio.sleep(0.05)  # other numbers' messages come to the same provider
        assert self.sent_to(number) == list(words)

    def sent_to(self, number: str) -> list[str]:
        """What the provider took for this number, in order."""
        return [sent.body for sent in self.system.provider.sent if sent.to == number]
