"""Proof that a fault happened: counters of a service, lines of its log, and waiting for either."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import aiohttp

from trunkline.testing.deployment import Deployment
from trunkline.testing.processes import Service


async def counter(system: Deployment, service: str, name: str, **labels: str) -> float:
    """The sum of a metric's samples with these labels, by the service's own /metrics."""
    return await counter_at(system.ops_url(service), name, **labels)


async def counter_at(url: str, name: str, **labels: str) -> float:
    """The same, of any process with an ops port."""
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        text = await response.text()
    wanted = [f'{label}="{value}"' for label, value in labels.items()]
    lines = [line for line in text.splitlines() if line.startswith((name + " ", name + "{"))]
    return sum(float(line.rpartition(" ")[2]) for line in lines if all(one in line for one in wanted))


async def eventually(true: Callable[[], bool], *, within: float, what: str) -> None:
    """Wait until something of another process holds: it has no event for us. AssertionError if it does not in time."""
    try:
        async with asyncio.timeout(within):
            while not true():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"{what}: not within {within} s") from None


async def writes(service: Service, words: str, *, times: int = 1, within: float = 20) -> None:
    """Wait until the service has written these words so many times, in all its lives."""
    await eventually(
        lambda: service.output().count(words) >= times, within=within, what=f"{service.module} writes {words!r}"
    )


_NEVER = (
    "Traceback (most recent call last)",
    "sweep_found_stranded_work",
    "counter_repaired",
    "timer_failed",
    "projection_found_trouble",
    "lost_its_place",
)
"""What no fault excuses: a stack is a bug of ours, and so is work beside a free agent, a timer or a fold that fails."""


def unexpected(system: Deployment) -> list[str]:
    """What the services' logs must not hold, whatever was done to the processes."""
    written = [(log.name, log.read_text(errors="replace")) for log in sorted(system.folder.glob("*.log"))]
    places = [(name, text, text.find(words)) for name, text in written for words in _NEVER]
    return [f"{name}: {text[max(0, at - 300) : at + 2_500]}" for name, text, at in places if at >= 0]
