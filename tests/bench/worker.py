"""A process of the bench's own, beside the system: asked by JSON lines on its stdin, ended by the end of stdin.

So it dies with the bench, however that dies. What it measures stays with it; only numbers travel.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvloop

ROOT = Path(__file__).resolve().parents[2]
_LINE = 1024 * 1024
_START_S = 20.0

Method = Callable[..., Awaitable[Any]]
Start = Callable[[], AbstractAsyncContextManager[Mapping[str, Method]]]


class WorkerError(Exception):
    """A worker could not do what it was asked, or is gone; the text is its own."""


class Worker:
    """The bench's end: `async with Worker("tests.bench.load") as load: await load.ask("closed", …)`."""

    def __init__(self, module: str, *arguments: str) -> None:
        self.module = module
        self._arguments = arguments
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._ids = itertools.count(1)

    @property
    def pid(self) -> int:
        """Its process id."""
        if self._process is None:
            raise WorkerError(f"{self.module} was never started")
        return self._process.pid

    async def __aenter__(self) -> Self:
        # A session of its own: Ctrl-C reaches the bench, which then ends it.
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", self.module, *self._arguments, cwd=ROOT, limit=_LINE, start_new_session=True,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        self._reading = asyncio.create_task(self._read(self._process))
        try:
            await self.ask("ping", within=_START_S)
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is None or self._process.stdin is None or self._reading is None:
            return
        self._process.stdin.close()
        try:
            async with asyncio.timeout(3):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._reading

    async def ask(self, method: str, *, within: float = 60.0, **arguments: Any) -> Any:
        """Call one of its methods; WorkerError if it fails, TimeoutError if it takes longer than `within` s."""
        if self._process is None or self._process.stdin is None:
            raise WorkerError(f"{self.module} was never started")
        number = next(self._ids)
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        line = json.dumps({"id": number, "method": method, "arguments": arguments})
        try:
            self._process.stdin.write(line.encode() + b"\n")
            await self._process.stdin.drain()
            async with asyncio.timeout(within):
                return await answer
        except ConnectionError as error:
            raise WorkerError(f"{self.module} is gone") from error
        finally:
            self._asked.pop(number, None)

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is None:
            raise RuntimeError("the worker's stdout is a pipe")
        while line := await process.stdout.readline():
            told = json.loads(line)
            answer = self._asked.get(told["id"])
            if answer is None or answer.done():
                continue
            if "error" in told:
                answer.set_exception(WorkerError(f"{self.module}: {told['error']}"))
            else:
                answer.set_result(told["answer"])
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(WorkerError(f"{self.module} ended; what it said is above"))


def work(start: Start) -> None:
    """The worker's end: answer what is asked until stdin ends. `start` gives its methods, and is left then."""
    uvloop.run(_serve(start))


async def _serve(start: Start) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_LINE)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    answering: set[asyncio.Task[None]] = set()
    async with start() as methods:
        while line := await reader.readline():
            task = asyncio.create_task(_answer(methods, json.loads(line)))
            answering.add(task)
            task.add_done_callback(answering.discard)
        for task in answering:
            task.cancel()
        await asyncio.gather(*answering, return_exceptions=True)


async def _answer(methods: Mapping[str, Method], asked: dict[str, Any]) -> None:
    told: dict[str, Any] = {"id": asked["id"]}
    try:
        told["answer"] = None if asked["method"] == "ping" else await methods[asked["method"]](**asked["arguments"])
    except Exception as error:  # noqa: BLE001  the bench is told, and says so
        told["error"] = f"{type(error).__name__}: {error}"
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
