"""What desks cost that only sit there: the agents service's memory with thousands of idle sockets."""

from __future__ import annotations

import asyncio
import resource

import psutil

from tests.bench.figures import Figure
from tests.bench.plan import Plan
from tests.bench.report import Report
from tests.bench.system import System

_AT_ONCE = 250
_SPARE = 500
"""Open files that a process has besides its sockets."""


async def sockets(system: System, report: Report, plan: Plan) -> list[Figure]:
    """`sockets_rss_megabytes`: resident memory of the one agents process, each agent at one desk, heartbeats going on.

    The most there was, over more than two heartbeats of every desk after the last had come.
    """
    name = "sockets_rss_megabytes"
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most < plan.desks + _SPARE:
        return [Figure(name, None, void=f"{most} open files are allowed; `ulimit -n {plan.desks + _SPARE}`")]
    agents = psutil.Process(system.service_pids()["agents"])
    empty = agents.memory_info().rss / 1e6
    for start in range(0, plan.desks, _AT_ONCE):
        await system.seat(min(_AT_ONCE, plan.desks - start))
    report.say(f"{plan.desks} desks are open")
    sizes = []
    for _ in range(max(1, round(plan.desks_s))):
        await asyncio.sleep(1.0)
        sizes.append(agents.memory_info().rss / 1e6)
    trouble = await system.trouble()
    each = (max(sizes) - empty) / plan.desks * 1_000
    note = f"{plan.desks} agents, one socket each; {empty:.0f} MB without, {each:.1f} kB a desk"
    return [Figure(name, max(sizes), note, unmet=f"what went wrong: {trouble}" if trouble else "")]
