"""Blobs in a folder: `<first two hex digits>/<digest>`."""

from __future__ import annotations

import asyncio
import os
import tempfile
from hashlib import sha256
from pathlib import Path

from trunkline.messages import Blob


class BlobMissing(Exception):
    """No blob of that digest is kept here."""


class Blobs:
    """A content-addressed store on a file system every process of the deployment can see."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, content: bytes) -> Blob:
        """Keep these bytes; when it returns they survive a power cut. The same bytes twice are kept once."""
        return await asyncio.to_thread(self.put_now, content)

    def path(self, digest: str) -> Path:
        """Where the bytes are, for who reads them in another process. BlobMissing if it is no digest."""
        return self._path(digest)

    async def get(self, digest: str) -> bytes:
        """The bytes; BlobMissing if there are none."""
        try:
            return await asyncio.to_thread(self._path(digest).read_bytes)
        except FileNotFoundError as error:
            raise BlobMissing(digest) from error

    def _path(self, digest: str) -> Path:
        if len(digest) != 64 or not all(digit in "0123456789abcdef" for digit in digest):
            raise BlobMissing(f"not a digest: {digest[:80]!r}")
        return self._folder / digest[:2] / digest

    def put_now(self, content: bytes) -> Blob:
        """As `put`, holding the thread: for processes and threads of their own."""
        blob = Blob(digest=sha256(content).hexdigest(), size=len(content))
        path = self._path(blob.digest)
        if path.exists():
            return blob
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        # A rename is on disk only when its folder is.
        for folder in (path.parent, self._folder):
            _sync_folder(folder)
        return blob


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
