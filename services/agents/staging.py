"""Uploads that no reply has taken yet: apart from the blobs, each in a folder of its own, and gone after a day.

Nothing a message names is here, and nothing in the blobs is ever deleted: a reply first has its files copied there. So
tidying up cannot take what somebody else keeps, though it be the same bytes; all that a late reply can find is nothing.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterable, AsyncIterator
from pathlib import Path
from typing import BinaryIO

import structlog

from trunkline.blobs import BlobMissing, Blobs
from trunkline.ids import new_id
from trunkline.messages import Blob

log = structlog.get_logger()

KEPT_S = 86_400.0
_SWEEP_S = 3_600.0
_CHUNK = 1_048_576


class Staging:
    """Keeps uploads in a folder that every process of the agents service can see."""

    def __init__(self, folder: Path, blobs: Blobs) -> None:
        self._folder = folder
        self._blobs = blobs

    async def put(self, chunks: AsyncIterable[bytes]) -> tuple[str, Blob]:
        """Keep these bytes for a day: the upload's id, and what they are. On disk when it returns."""
        upload = new_id()
        return upload, await Blobs(self._folder / upload).put_stream(chunks)

    async def keep(self, upload: str, digest: str) -> None:
        """Have the file among the blobs, for a message that is about to name it; BlobMissing if its day is over."""
        if await asyncio.to_thread(self._blobs.path(digest).exists):
            return
        try:
            file = await asyncio.to_thread(Blobs(self._folder / upload).path(digest).open, "rb")
        except FileNotFoundError as error:
            raise BlobMissing(digest) from error
        with file:  # open, it can be read to its end whoever deletes it
            kept = await self._blobs.put_stream(_chunks(file))
        if kept.digest != digest:
            raise BlobMissing(f"{digest} was changed on disk")

    def sweep(self, *, now: float | None = None) -> int:
        """Delete what has been here for a day, also what never came whole; how many uploads that were."""
        before = (time.time() if now is None else now) - KEPT_S
        gone = 0
        for upload in self._folder.iterdir() if self._folder.is_dir() else ():
            if _begun_at(upload) < before:
                # Another process may be at it: what it has deleted already is no error.
                shutil.rmtree(upload, ignore_errors=True)
                gone += 1
        return gone


async def run_sweep(staging: Staging, *, every_s: float = _SWEEP_S) -> None:
    """Sweep at the start and each hour, for ever. Safe beside other processes."""
    while True:
        if gone := await asyncio.to_thread(staging.sweep):
            log.info("uploads_swept", uploads=gone)
        await asyncio.sleep(every_s)


async def _chunks(file: BinaryIO) -> AsyncIterator[bytes]:
    while chunk := await asyncio.to_thread(file.read, _CHUNK):
        yield chunk


def _begun_at(upload: Path) -> float:
    """When an upload came; never, for one that is gone already."""
    try:
        return upload.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
