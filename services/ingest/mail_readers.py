"""Reading mails in processes of their own: no mail can hold up our loop, and none can take more than its share.

The standard library's parser can be made to work for minutes; a process can be killed, a thread cannot.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson
import structlog

from trunkline.channels.email.letter import Letter
from trunkline.messages import Blob
from trunkline.metrics import MAIL_READ_SECONDS

log = structlog.get_logger()

WALL_S = 30.0
_READERS = 2
_MAILS_EACH = 200
"""A reader is replaced after so many mails: what a parser leaks goes with it."""
_LONGEST_ANSWER = 8_388_608


class ReadingAway(Exception):
    """No mail can be read at the moment (a full disk); it is not the mail's fault."""


class MailReaders:
    """A few reading processes; a component (`async with`)."""

    def __init__(self, folder: Path, *, count: int = _READERS, wall_s: float = WALL_S) -> None:
        self._folder = folder
        self._wall_s = wall_s
        self._idle: asyncio.LifoQueue[_Reader] = asyncio.LifoQueue()
        self._all = [_Reader(folder) for _ in range(count)]
        for reader in self._all:
            self._idle.put_nowait(reader)

    async def __aenter__(self) -> Self:
        """Processes start with the first mail: who has no mail has none."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for reader in self._all:
            await reader.end()

    async def read(self, mail: Blob) -> Letter | str:
        """The letter, or a sentence that says why the mail cannot be read. ReadingAway if none can be at the moment."""
        reader = await self._idle.get()
        try:
            with MAIL_READ_SECONDS.time():
                # A reader may die of something else (memory of the machine): a mail is blamed when two died of it.
                told = await reader.read(mail, wall_s=self._wall_s) or await reader.read(mail, wall_s=self._wall_s)
                return told or "reading it took more CPU or memory than any mail needs"
        finally:
            self._idle.put_nowait(reader)


class _Reader:
    """One process, started when it is needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: Process | None = None
        self._read = 0

    async def read(self, mail: Blob, *, wall_s: float) -> Letter | str | None:
        """As `MailReaders.read`; None if the process died of it, or had died before."""
        if self._read >= _MAILS_EACH:
            await self.end()
        process = self._process or await self._start()
        try:
            async with asyncio.timeout(wall_s):
                answer = await self._ask(process, mail)
        except BaseException as error:
            await self.end()  # what it would still say belongs to no mail any more
            if isinstance(error, TimeoutError):
                log.warning("mail_reader_killed", mail=mail.digest, after_s=wall_s)
                return f"reading it took longer than {wall_s:g} s"
            raise
        if answer is None:
            status = await process.wait()
            await self.end()
            log.warning("mail_reader_died", mail=mail.digest, status=status)
            return None
        return _told(answer)

    async def _ask(self, process: Process, mail: Blob) -> bytes | None:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("a reader has pipes")
        self._read += 1
        try:
            process.stdin.write(mail.digest.encode() + b"\n")
            await process.stdin.drain()
            return await process.stdout.readuntil(b"\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    async def _start(self) -> Process:
        self._read = 0
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.ingest.mail_reader", str(self._folder),
            stdin=PIPE, stdout=PIPE, limit=_LONGEST_ANSWER,
        )  # fmt: skip
        return self._process

    async def end(self) -> None:
        """Kill it; nothing is lost by that."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        await process.wait()


def _told(answer: bytes) -> Letter | str:
    told = orjson.loads(answer)
    if "away" in told:
        raise ReadingAway(str(told["away"]))
    return str(told["unread"])[:400] if "unread" in told else Letter.model_validate(told["letter"])
