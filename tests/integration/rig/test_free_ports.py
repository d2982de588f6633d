"""Workers that start servers side by side are never given the same port."""

from __future__ import annotations

import asyncio
import socket
import sys

from trunkline.testing.ports import HOST, free_port

_DRAWS = 200
_DRAW = f"from trunkline.testing.ports import free_port; print(*(free_port() for _ in range({_DRAWS}))); input()"
"""It stays until it is told to end, as a worker does: what it was given is its own while it lives."""


async def _drawn_elsewhere() -> tuple[asyncio.subprocess.Process, list[int]]:
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", _DRAW, stdin=pipe, stdout=pipe)
    assert child.stdout is not None
    return child, [int(port) for port in (await child.stdout.readline()).split()]


async def test_two_processes_are_never_given_the_same_port() -> None:
    found = await asyncio.gather(*(_drawn_elsewhere() for _ in range(4)))
    for child, _ in found:
        await child.communicate(b"\n")

    drawn = [port for _, ports in found for port in ports]

    assert len(drawn) == 4 * _DRAWS
    assert len(set(drawn)) == len(drawn)


def test_a_port_is_not_given_again_soon_though_nobody_listens_on_it_yet() -> None:
    drawn = [free_port() for _ in range(_DRAWS)]

    assert len(set(drawn)) == _DRAWS


def test_a_port_on_which_somebody_listens_is_not_given() -> None:
    with socket.create_server((HOST, free_port())) as taken:
        round_and_round = {free_port() for _ in range(1_000)}

        assert taken.getsockname()[1] not in round_and_round
