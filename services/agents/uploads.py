"""Taking an agent's file: bounded in size, time and number, told by its bytes, on disk before it is answered.

It is kept for a day; a reply that takes it makes it last (`staging`).
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from typing import NamedTuple

from starlette.requests import ClientDisconnect

from services.agents.allowance import Allowance
from services.agents.files import megabytes
from services.agents.staging import Staging
from trunkline.channels.base import MediaRule
from trunkline.filetypes import BYTES, Sniffer, refined, tame
from trunkline.messages import Blob, Media

_AT_ONCE = 16
_BODY_S = 120.0


class UploadRefused(Exception):
    """A file is not taken; the text is for the agent, `code` for programs."""

    def __init__(self, status: int, code: str, detail: str, *, retry_after_s: int = 0) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.retry_after_s = status, code, detail, retry_after_s


class Upload(NamedTuple):
    """A file that was taken: its id among the uploads, what it is, and its bytes' name and size."""

    id: str
    media: Media
    blob: Blob


class Uploads:
    """The way of a file to us."""

    def __init__(self, staging: Staging, allowance: Allowance, *, body_s: float = _BODY_S) -> None:
        self._staging = staging
        self._allowance = allowance
        self._body_s = body_s
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def take(
        self, chunks: AsyncIterator[bytes], name: str, *, agent: str, declared: int, rule: MediaRule | None
    ) -> Upload:
        """The file, kept; `declared` is how many bytes the client says it has. UploadRefused for what is not taken."""
        if rule is None:
            raise UploadRefused(415, "no-files", "This channel takes no files.")
        if declared > rule.max_bytes:
            raise _too_large(rule)
        if self._room.locked():
            raise UploadRefused(503, "busy", "Too many files are on their way: send it again.", retry_after_s=2)
        # Who does not say how large it is may send as much as the channel takes, and has as much counted.
        if wait := self._allowance.take(agent, declared or rule.max_bytes):
            raise UploadRefused(429, "too-much", self._most(), retry_after_s=math.ceil(wait))
        sniffer, shown = Sniffer(), tame(name)
        async with self._room:
            try:
                async with asyncio.timeout(self._body_s):
                    upload, blob = await self._staging.put(_judged(chunks, sniffer, rule))
            except TimeoutError as error:
                raise UploadRefused(408, "too-slow", f"The file did not come within {self._body_s:g} s.") from error
            except ClientDisconnect as error:
                raise UploadRefused(400, "broken-off", "The file did not come whole.") from error
        kind = refined(_kind(sniffer, blob.size, rule), shown or "")
        return Upload(upload, Media(content_type=kind, name=shown, blob=blob), blob)

    def _most(self) -> str:
        limit = self._allowance
        return f"At most {limit.files} files and {megabytes(limit.total_bytes)} MB of them within an hour."


async def _judged(chunks: AsyncIterator[bytes], sniffer: Sniffer, rule: MediaRule) -> AsyncIterator[bytes]:
    """The chunks, as long as they are not too many; what is no file we take is given up before it is on disk."""
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > rule.max_bytes:
            raise _too_large(rule)
        sniffer.feed(chunk)
        yield chunk
    _kind(sniffer, size, rule)


def _kind(sniffer: Sniffer, size: int, rule: MediaRule) -> str:
    kind = sniffer.kind() or BYTES
    if size == 0:
        raise UploadRefused(415, "empty", "The file is empty.")
    if sniffer.is_program:
        raise UploadRefused(415, "not-taken", "Programs are not taken.")
    if not rule.takes(kind):
        raise UploadRefused(415, "not-taken", "The channel does not take files of this type.")
    return kind


def _too_large(rule: MediaRule) -> UploadRefused:
    return UploadRefused(413, "too-large", f"Too large: at most {megabytes(rule.max_bytes)} MB.")
