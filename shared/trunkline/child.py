"""A child process of the supervisor: never outlives it, and every line it writes carries its name."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

# A fresh interpreter that then *becomes* the program (same pid): asking for the death signal in a forked copy of a
# process with threads (`preexec_fn`) may deadlock. The parent is looked at again because it may have died before the
# signal was asked for. Elsewhere than on Linux there is no such signal.
_BECOME: Final = """
import ctypes, os, signal, sys
if sys.platform == "linux":
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(sys.argv[1]):
        os._exit(1)
try:
    os.execvp(sys.argv[2], sys.argv[2:])
except OSError as error:
    sys.exit(f"cannot run {sys.argv[2]}: {error.strerror}")
"""
_LONGEST_LINE: Final = 16_384  # bytes; a longer one is printed in pieces, so that no child can fill our memory
_LAST_WORDS_S: Final = 1.0  # a grandchild that left the group may hold the pipe; what it says later is nobody's


def mortal(command: Sequence[str]) -> list[str]:
    """The command line that runs this one and dies with us, whatever we die of (on Linux)."""
    return [sys.executable, "-I", "-S", "-c", _BECOME, str(os.getpid()), *command]


@dataclass(frozen=True)
class ChildSpec:
    """What to run, and how to know that it is ready."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] | None = None
    """The whole environment; None: the supervisor's own."""
    cwd: Path | None = None
    ready: Callable[[], Awaitable[bool]] | None = None
    """Asked until it says True; None: ready as soon as it runs."""
    once: bool = False
    """Runs to its end, which must be status 0, before the next stage; never restarted."""


class Output:
    """The terminal (or pipe) all children share: whole lines, one prefix and colour per child."""

    _COLOURS: Final = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)

    def __init__(self, stream: TextIO, *, names: Sequence[str], colour: bool) -> None:
        self._stream = stream
        self._width = max(map(len, names), default=0)
        self._colour = colour
        self._colours = {name: self._COLOURS[index % len(self._COLOURS)] for index, name in enumerate(names)}
        self.broken = False
        """Nobody reads any more (the pipe was closed)."""

    def line(self, name: str, text: str) -> None:
        """Write one line of that child; nothing once the reader has gone."""
        if self.broken:
            return
        prefix = f"{name.ljust(self._width)} |"
        if self._colour:
            prefix = f"\033[{self._colours.get(name, 37)}m{prefix}\033[0m"
        try:
            self._stream.write(f"{prefix} {text}\n")
            self._stream.flush()
        except BrokenPipeError:
            self.broken = True


class Child:
    """One run of a program, in a process group of its own: Ctrl-C reaches the supervisor, which ends all in order."""

    def __init__(
        self, name: str, process: asyncio.subprocess.Process, words: asyncio.StreamReader, output: Output
    ) -> None:
        self.name = name
        self._process = process
        self._reading = asyncio.create_task(self._read(words, output), name=f"output of {name}")

    @classmethod
    async def start(cls, spec: ChildSpec, output: Output) -> Child:
        """Start it; a program that cannot be run ends with status 1 and says why, as any other."""
        # A pipe of our own: asyncio's Process.wait() also waits for *its* pipes to end, which a grandchild may hold.
        reading, writing = os.pipe()
        words = await _reader_of(reading)
        try:
            process = await asyncio.create_subprocess_exec(
                *mortal(spec.command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                env=None if spec.environment is None else dict(spec.environment),
                cwd=spec.cwd,
                process_group=0,
            )
        finally:
            os.close(writing)
        return cls(spec.name, process, words, output)

    @property
    def pid(self) -> int:
        """The process id, the program's own from the first moment."""
        return self._process.pid

    async def ended(self) -> int:
        """Wait for its end and its last line; the exit status, or minus the signal that ended it."""
        status = await self._process.wait()
        self.signal(signal.SIGKILL)  # whatever it started and left behind in its group
        await asyncio.wait([self._reading], timeout=_LAST_WORDS_S)
        self._reading.cancel()
        return status

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it; SIGKILL to its whole group."""
        try:
            if number == signal.SIGKILL:
                os.killpg(self.pid, number)
            elif self._process.returncode is None:
                self._process.send_signal(number)
        except (ProcessLookupError, PermissionError):  # gone already (macOS says "not permitted" of a dead group)
            return

    async def _read(self, words: asyncio.StreamReader, output: Output) -> None:
        rest = b""
        while block := await words.read(65_536):
            *lines, rest = (rest + block).split(b"\n")
            while len(rest) > _LONGEST_LINE:
                lines.append(rest[:_LONGEST_LINE])
                rest = rest[_LONGEST_LINE:]
            for line in lines:
                output.line(self.name, line.decode(errors="replace").rstrip("\r"))
        if rest:
            output.line(self.name, rest.decode(errors="replace"))


async def _reader_of(descriptor: int) -> asyncio.StreamReader:
    """A reader that owns the descriptor: closed at its end, or when nobody refers to it any more."""
    reader = asyncio.StreamReader()
    pipe = os.fdopen(descriptor, "rb", buffering=0)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return reader
