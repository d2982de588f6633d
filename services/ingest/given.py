"""Files that providers fetch from us: `/files/{account}/{reference}`, for who has a reference the channel sealed."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

import structlog

from services.ingest.webhooks import Receive, Scope, Send
from trunkline.blobs import BlobMissing, Blobs
from trunkline.channels.base import GivesFiles
from trunkline.config.accounts import Accounts
from trunkline.messages import Media

log = structlog.get_logger()

PREFIX = "/files/"


class Given:
    """The ASGI application under `/files/`."""

    def __init__(self, accounts: Accounts, blobs: Blobs) -> None:
        self._accounts = accounts
        self._blobs = blobs

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        """GET or HEAD a file; anything else, and what nobody sealed, is not there."""
        found = await self._file(scope) if scope["method"] in {"GET", "HEAD"} else None
        if found is None:
            await _answer(send, 404, b"", {"cache-control": "no-store"})
            return
        media, content = found
        headers = {
            "content-type": media.content_type,
            # Whoever opens the address in a browser saves the file; nothing in it is run in our name.
            "content-disposition": f"attachment; filename*=UTF-8''{quote(media.name or 'file', safe='')}",
            "content-security-policy": "default-src 'none'; sandbox",
            "cache-control": "private, no-store",
            "content-length": str(len(content)),
        }
        await _answer(send, 200, b"" if scope["method"] == "HEAD" else content, headers)

    async def _file(self, scope: Scope) -> tuple[Media, bytes] | None:
        name, _, reference = scope["path"][len(PREFIX) :].partition("/")
        configured = self._accounts.get(name)
        if configured is None or not isinstance(configured.channel, GivesFiles):
            return None
        media = configured.channel.file_of(reference, configured.account, now=datetime.now(UTC))
        if media is None or media.blob is None:
            return None
        try:
            return media, await self._blobs.get(media.blob.digest)
        except BlobMissing:
            log.error("blob_missing", digest=media.blob.digest)
            return None


async def _answer(send: Send, status: int, body: bytes, headers: dict[str, str]) -> None:
    told = {"content-length": "0", "x-content-type-options": "nosniff"} | headers
    lines = [(name.encode(), value.encode("latin-1")) for name, value in told.items()]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})
