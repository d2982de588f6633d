"""What a server writes in one turn of its loop goes out at once, in order, and nothing of it is lost at the end."""

from __future__ import annotations

import asyncio
import socket

import pytest
import uvloop

from trunkline.http import Gathered


async def _pair() -> tuple[Gathered, socket.socket]:
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
    return Gathered(transport), theirs


# On uvloop, whose transports the services have: asyncio's own behave otherwise.


def test_frames_of_one_turn_are_one_write() -> None:
    async def run() -> None:
        gathered, theirs = await _pair()
        with theirs:
            gathered.write(b"one ")
            gathered.write(b"two ")
            with pytest.raises(BlockingIOError):
                theirs.recv(100)
            assert await asyncio.get_running_loop().sock_recv(theirs, 100) == b"one two "
            gathered.write(b"three")
            assert await asyncio.get_running_loop().sock_recv(theirs, 100) == b"three"
            gathered.close()

    uvloop.run(run())


def test_what_was_written_before_a_close_comes_before_it() -> None:
    async def run() -> None:
        gathered, theirs = await _pair()
        with theirs:
            gathered.write(b"goodbye")
            gathered.close()
            loop = asyncio.get_running_loop()
            assert await loop.sock_recv(theirs, 100) == b"goodbye"
            assert await loop.sock_recv(theirs, 100) == b""

    uvloop.run(run())


def test_what_waits_when_the_line_is_cut_is_written_no_more() -> None:
    async def run() -> None:
        gathered, theirs = await _pair()
        with theirs:
            gathered.write(b"too late")
            gathered.abort()
            assert await asyncio.get_running_loop().sock_recv(theirs, 100) == b""

    uvloop.run(run())
