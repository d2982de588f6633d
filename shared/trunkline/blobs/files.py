"""Blobs in a folder: `<first two hex digits>/<digest>`."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterable
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self

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
        with _Begun(path.parent) as begun:
            begun.add(content)
            self._settle(begun, path)
        return blob

    async def put_stream(self, chunks: AsyncIterable[bytes]) -> Blob:
        """As `put`, of bytes that nobody holds whole. What breaks off leaves nothing."""
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        with _Begun(self._folder) as begun:
            async for chunk in chunks:
                await asyncio.to_thread(begun.add, chunk)
            blob = Blob(digest=begun.digest.hexdigest(), size=begun.size)
            await asyncio.to_thread(self._settle, begun, self._path(blob.digest))
        return blob

    def _settle(self, begun: _Begun, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        begun.become(path)
        # A rename is on disk only when its folder is.
        for folder in (path.parent, self._folder):
            _sync_folder(folder)


class _Begun:
    """A file under a name of its own, until it is whole; gone if it never is."""

    def __init__(self, folder: Path) -> None:
        handle, name = tempfile.mkstemp(dir=folder)
        self._file = os.fdopen(handle, "wb")
        self._path = Path(name)
        self.digest = sha256()
        self.size = 0

    def add(self, chunk: bytes) -> None:
        self._file.write(chunk)
        self.digest.update(chunk)
        self.size += len(chunk)

    def become(self, path: Path) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._path.replace(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
