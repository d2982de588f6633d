"""Inbound media as Twilio keeps them: behind basic auth, and then a redirect to a storage that must get none."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Self

from aiohttp import web

from trunkline.testing.twilio_rules import Refusal, SimAccount, authorized


class MediaStore:
    """Keeps media in memory; the storage listens on a port of its own, so a redirect leaves the origin."""

    def __init__(self, host: str, api: str) -> None:
        """`api` is the origin of the media URLs that customers' messages carry."""
        self._host, self._api = host, api
        self._kept: dict[str, tuple[bytes, str]] = {}
        self.leaked_credentials = 0
        """Requests to the storage that brought credentials along."""

    async def start(self) -> Self:
        """Listen."""
        self._runner = web.ServerRunner(web.Server(self._storage, access_log=None), shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, 0).start()
        self._storage_url = f"http://{self._host}:{self._runner.addresses[0][1]}"
        return self

    async def stop(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()

    def keep(self, content: bytes, content_type: str, *, account: SimAccount, message: str) -> str:
        """Keep an attachment of a customer's message; its MediaUrl."""
        name = "ME" + hashlib.sha256(content + content_type.encode()).hexdigest()[:32]
        self._kept[name] = (content, content_type)
        return f"{self._api}/2010-04-01/Accounts/{account.sid}/Messages/{message}/Media/{name}"

    def answer(self, request: web.BaseRequest, accounts: Mapping[str, SimAccount]) -> web.Response:
        """The API's answer to a media URL: a redirect to the storage, for its account only."""
        segments = request.path.split("/")
        if len(segments) != 8 or segments[6] != "Media" or segments[7] not in self._kept:
            return Refusal(404, 20404, "The requested resource was not found").answer(retry_after_s=0)
        if not authorized(request, accounts.get(segments[3])):
            return Refusal(401, 20003, "Authenticate").answer(retry_after_s=0)
        return web.Response(status=307, headers={"Location": f"{self._storage_url}/{segments[7]}"})

    async def _storage(self, request: web.BaseRequest) -> web.StreamResponse:
        if "Authorization" in request.headers:
            self.leaked_credentials += 1
            return web.Response(status=400, text="Only one auth mechanism allowed")
        kept = self._kept.get(request.path.removeprefix("/"))
        if kept is None:
            return web.Response(status=404)
        return web.Response(body=kept[0], content_type=kept[1])
