"""Uploads wait a day for their reply, apart from the blobs: tidying them up takes nothing that a message names."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.agents.staging import KEPT_S, Staging
from trunkline.blobs import BlobMissing, Blobs

FILE = b"%PDF-1.7 " + bytes(3_000_000)


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")


@pytest.fixture
def staging(tmp_path: Path, blobs: Blobs) -> Staging:
    return Staging(tmp_path / "uploads", blobs)


async def chunks(content: bytes = FILE) -> AsyncIterator[bytes]:
    for first in range(0, len(content), 1_000_000):
        yield content[first : first + 1_000_000]


def tomorrow() -> float:
    return time.time() + KEPT_S + 1


async def test_whoever_is_first_a_reply_has_its_file_or_is_told_that_it_is_gone(blobs: Blobs, staging: Staging) -> None:
    """The race: the day of an upload ends while a reply takes it. Twenty times, each with other bytes and timing."""
    kept = 0
    for turn in range(20):
        upload, blob = await staging.put(chunks(FILE + bytes([turn])))

        async def swept(after_s: float = turn / 4_000) -> None:
            await asyncio.sleep(after_s)  # not for an event: it is what makes each turn another
            await asyncio.to_thread(staging.sweep, now=tomorrow())

        outcome, _ = await asyncio.gather(staging.keep(upload, blob.digest), swept(), return_exceptions=True)

        if outcome is None:
            kept += 1
            assert await blobs.get(blob.digest) == FILE + bytes([turn])
        else:
            assert isinstance(outcome, BlobMissing), outcome
            assert not blobs.path(blob.digest).exists()
    assert kept, "the sweep always won: nothing was tried"


async def test_a_file_that_a_message_has_outlives_every_upload_of_the_same_bytes(
    blobs: Blobs, staging: Staging
) -> None:
    mailed = await blobs.put(FILE)  # by ingest, say
    first, blob = await staging.put(chunks())
    assert blob == mailed

    assert staging.sweep(now=tomorrow()) == 1

    assert await blobs.get(mailed.digest) == FILE
    await staging.keep(first, mailed.digest)  # it is there: nothing more is wanted
    second, _ = await staging.put(chunks())
    await staging.keep(second, mailed.digest)
    assert staging.sweep(now=tomorrow()) == 1
    assert await blobs.get(mailed.digest) == FILE


async def test_what_is_sent_nowhere_is_gone_after_a_day_and_not_before(
    tmp_path: Path, blobs: Blobs, staging: Staging
) -> None:
    old, blob = await staging.put(chunks())
    young, _ = await staging.put(chunks())
    os.utime(tmp_path / "uploads" / old, (0, time.time() - KEPT_S - 1))
    torn = tmp_path / "uploads" / "torn"
    torn.mkdir()
    (torn / "tmp0").write_bytes(b"half a file, of a process that died")
    os.utime(torn, (0, 0))

    assert staging.sweep() == 2

    with pytest.raises(BlobMissing):
        await staging.keep(old, blob.digest)
    await staging.keep(young, blob.digest)
    assert await blobs.get(blob.digest) == FILE
    assert [path.name for path in (tmp_path / "uploads").iterdir()] == [young]


async def test_an_upload_that_breaks_off_names_nothing(blobs: Blobs, staging: Staging) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield FILE
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await staging.put(broken())
    with pytest.raises(BlobMissing):
        await staging.keep("", "0" * 64)


def test_nothing_was_uploaded_yet_and_nothing_is_swept(staging: Staging) -> None:
    assert staging.sweep() == 0
