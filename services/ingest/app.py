"""Ingest's ASGI application: webhooks and chat raw, all else by FastAPI."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

from services.ingest.chat.door import PREFIX as CHAT
from services.ingest.chat.door import Chat
from services.ingest.given import PREFIX as FILES
from services.ingest.given import Given
from services.ingest.shop import router as shop_pages
from services.ingest.webhooks import PREFIX, Webhooks
from trunkline import __version__
from trunkline.asgi import Receive, Scope, Send


class App:
    """Sends `/webhooks/…`, `/chat/…` and `/files/…` past the framework."""

    def __init__(self, webhooks: Webhooks, chat: Chat, given: Given, *, shop: bool = False) -> None:
        self._webhooks = webhooks
        self._chat = chat
        self._given = given
        self._rest: Any = _rest(shop=shop)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await self._webhooks(scope, receive, send)
        elif scope["type"] in {"http", "websocket"} and scope["path"].startswith(CHAT):
            await self._chat(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith(FILES):
            await self._given(scope, receive, send)
        else:
            await self._rest(scope, receive, send)


def _rest(*, shop: bool) -> FastAPI:
    app = FastAPI(title="Trunkline ingest", version=__version__, docs_url=None, redoc_url=None)

    @app.get("/", response_class=PlainTextResponse, include_in_schema=False)
    async def door() -> str:
        return "Trunkline ingest: providers post to /webhooks/{account}.\n"

    if shop:
        app.include_router(shop_pages())
    return app
