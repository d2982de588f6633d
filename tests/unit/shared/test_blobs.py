"""Blobs that come in pieces: the same as whole ones, and nothing of what broke off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from trunkline.blobs import Blobs


async def _pieces(*pieces: bytes, breaks: bool = False) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
    if breaks:
        raise ConnectionError("gone")


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_pieces_make_the_very_blob_that_the_whole_makes(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "not" / "there")
    blob = await blobs.put_stream(_pieces(b"one ", b"two"))
    assert await blobs.get(blob.digest) == b"one two"
    assert await blobs.put(b"one two") == blob == await blobs.put_stream(_pieces(b"one two"))


async def test_what_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConnectionError):
        await Blobs(tmp_path).put_stream(_pieces(b"one", breaks=True))
    assert _names(tmp_path) == []
