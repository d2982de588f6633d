"""Everything under `/chat/`: sockets, files and the widget. Raw ASGI, beside the webhooks."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

from starlette.websockets import WebSocket

from services.ingest.chat.files import Files, cors
from services.ingest.chat.socket import Sockets
from trunkline.asgi import answer
from trunkline.channels.webchat import WebChat, settings_of
from trunkline.config.accounts import Accounts, Configured

PREFIX = "/chat/"
_WIDGET = Path(__file__).parents[1] / "widget"
_CACHED = {
    "access-control-allow-origin": "*",
    "cache-control": "public, max-age=300",
    "cross-origin-resource-policy": "cross-origin",
    "vary": "accept-encoding",
}


class Chat:
    """The ASGI application under `/chat/`."""

    def __init__(self, accounts: Accounts, sockets: Sockets, files: Files) -> None:
        self._accounts = accounts
        self._sockets = sockets
        self._files = files
        self._pages = _pages()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One socket or request."""
        name, _, rest = scope["path"][len(PREFIX) :].partition("/")
        if scope["type"] == "websocket":
            await self._sockets.serve(WebSocket(scope, receive, send), self._of(name) if not rest else None)
            return
        configured = self._of(name)
        method = scope["method"]
        if name in self._pages and (rest, method) == ("", "GET"):
            await self._page(name, scope, send)
        elif configured is None:
            await answer(send, 404, b'{"code":"unknown-account"}', {})
        elif (rest, method) == ("files", "POST"):
            await self._files.take(scope, receive, send, configured)
        elif (rest, method) == ("files", "OPTIONS"):
            await answer(send, 204, b"", _allowed(scope, configured))
        elif rest.startswith("files/") and method == "GET":
            await self._files.give(rest.removeprefix("files/"), scope, send, configured)
        else:
            await answer(send, 404, b'{"code":"nothing-here"}', {})

    async def _page(self, name: str, scope: Any, send: Any) -> None:
        kind, plain, packed = self._pages[name]
        accepted = b",".join(value for header, value in scope["headers"] if header == b"accept-encoding")
        headers = {"content-type": f"{kind}; charset=utf-8"} | _CACHED
        if b"gzip" in accepted:
            await answer(send, 200, packed, headers | {"content-encoding": "gzip"})
        else:
            await answer(send, 200, plain, headers)

    def _of(self, name: str) -> Configured | None:
        """The widget of that name; an account of another channel is none."""
        configured = self._accounts.get(name)
        return configured if configured is not None and isinstance(configured.channel, WebChat) else None


def _pages() -> dict[str, tuple[str, bytes, bytes]]:
    """The widget and its words by name: content type, bytes, the same packed. Built beforehand: `make widget`."""
    found = {"widget.js": ("text/javascript", _WIDGET / "built" / "widget.js")}
    found |= {f"words.{path.name}": ("application/json", path) for path in (_WIDGET / "words").glob("*.json")}
    return {
        name: (kind, content := path.read_bytes(), gzip.compress(content, 9, mtime=0))
        for name, (kind, path) in found.items()
    }


def _allowed(scope: Any, configured: Configured) -> dict[str, str]:
    """What a browser asks before it sends a file from another origin."""
    origin = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"), "")
    if origin.lower() not in settings_of(configured.account).origins:
        return {}
    return cors(origin) | {
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "authorization, content-type",
        "access-control-max-age": "600",
    }
