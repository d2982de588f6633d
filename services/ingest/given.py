"""Files that providers fetch from us: `/files/{account}/{reference}`, for who has a reference the channel sealed."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog

from trunkline.asgi import Receive, Scope, Send, answer
from trunkline.blobs import BlobMissing, Blobs
from trunkline.channels.base import GivesFiles
from trunkline.config.accounts import Accounts
from trunkline.filetypes import harmless
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
            await answer(send, 404, b"", {"cache-control": "no-store"})
            return
        media, content = found
        # Whoever opens the address in a browser saves the file; nothing in it is run in our name.
        headers = harmless(media.name or "file", drawn=False)
        headers |= {"content-type": media.content_type, "cache-control": "private, no-store"}
        await answer(send, 200, content, headers)

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
