"""The demo's visitors: they write by the very socket a page's widget has, and read what is answered there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

from trunkline.demo.book import BOOK
from trunkline.demo.customers import floor_of
from trunkline.demo.settings import DemoSettings
from trunkline.demo.stories import Book
from trunkline.demo.visit import visitors
from trunkline.testing.twilio_calls import Reply
from trunkline.testing.visitor import TestVisitor

_SAID_S = 60.0
_SHARE = 3.0
"""For each chat that is begun so many customers begin by text message."""


class Windows:
    """A window of the shop's page for each contact who is there; a `Door` for customers to write at.

    An opening of the book is a new visit: the contact's old window is closed, and a visitor nobody knows comes.
    """

    def __init__(self, url: str, account: str, book: Book, *, heard: Callable[[str], None]) -> None:
        self._url = url
        self._account = account
        self._book = book
        self._heard = heard
        self._open: dict[str, tuple[TestVisitor, AsyncExitStack]] = {}

    async def customer_writes(self, from_: str, body: str, *, sid: str | None = None) -> Reply:
        """Type and send it; 204 when the visitor was told that it is saved, no status when that took a minute."""
        visitor = await self._window(from_, anew=sid not in self._names(from_) and self._opens(body))
        await visitor.send({"type": "typing"})
        try:
            await visitor.say(body, name=sid or "", within=_SAID_S)
        except TimeoutError:
            return Reply(None, failure="not acknowledged")
        return Reply(204)

    async def close(self) -> None:
        """Close every window."""
        for name in list(self._open):
            await self._leave(name)

    def _opens(self, body: str) -> bool:
        return self._book.opened_by(body) is not None

    def _names(self, contact: str) -> set[str]:
        """What the contact's window has said already, by the names it was given: a repeat is no new visit."""
        return set(self._open[contact][0].said) if contact in self._open else set()

    async def _window(self, contact: str, *, anew: bool) -> TestVisitor:
        if anew:
            await self._leave(contact)
        if contact not in self._open:
            stack = AsyncExitStack()

            def shown(message: dict[str, Any]) -> None:
                if message["direction"] == "outbound":
                    self._heard(contact)

            visitor = await stack.enter_async_context(TestVisitor(self._url, self._account, on_message=shown))
            self._open[contact] = visitor, stack
            await visitor.until(lambda: bool(visitor.welcomes), within=_SAID_S)
        return self._open[contact][0]

    async def _leave(self, contact: str) -> None:
        _, stack = self._open.pop(contact, (None, None))
        if stack is not None:
            await asyncio.shield(stack.aclose())


class ChatCustomers:
    """Visitors of the shop's page."""

    def __init__(self, settings: DemoSettings, account: str) -> None:
        self._windows = Windows(f"http://127.0.0.1:{settings.ingest_port}", account, BOOK, heard=self._heard)
        self.floor = floor_of(self._windows, visitors(), settings, share=_SHARE)

    async def run(self) -> None:
        """Let them come, until cancelled."""
        try:
            await self.floor.run()
        finally:
            await self._windows.close()

    def _heard(self, contact: str) -> None:
        self.floor.told(contact)
