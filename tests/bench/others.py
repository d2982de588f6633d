"""The rows that are neither rate nor latency: restart, memory, idleness."""

from __future__ import annotations

import asyncio
import statistics
import time

from tests.bench.cpu import CpuMeter
from tests.bench.figures import Figure
from tests.bench.plan import Plan
from tests.bench.report import Report
from tests.bench.system import System
from trunkline.supervisor import Limits

_RECOVERY_S = 20.0
_GROWTH_PERCENT = 5.0
_SECOND_MINUTE = (60.0, 120.0)


async def restart(system: System, report: Report, plan: Plan) -> list[Figure]:
    """kill -9 of the router, under a light load → the first message sent after it is at a socket.

    It is started again after the pause that `trunkline up` makes. Median of several; the worst is told.
    """
    taken = []
    for _ in range(plan.restarts):
        load = asyncio.create_task(system.open_loop(plan.restart_rate, 2 + plan.turn_s / 2))
        await asyncio.sleep(1.0)  # under load, as it would be
        killed = time.time()
        router = system.deployment.services["router"]
        await router.kill()
        await asyncio.sleep(Limits().first_restart_s)
        router.spawn()
        taken.append(await _first_through(system, killed) - killed)
        run = await load
        lost = await system.lost(run)
        report.say(f"    router killed: next message through after {taken[-1]:.2f} s, lost {lost or 'none'}")
        if lost:
            why = f"messages {lost} … were lost"
            return [Figure("router_restart_seconds", taken[-1], unmet=why)]
    note = f"median of {len(taken)}, worst {max(taken):.2f}; {Limits().first_restart_s} s of it the supervisor's pause"
    return [Figure("router_restart_seconds", statistics.median(taken), note)]


async def _first_through(system: System, killed: float) -> float:
    async with asyncio.timeout(_RECOVERY_S):
        while True:
            seen: float | None = await system.floor.ask("first_seen", sent_after=killed)
            if seen is not None:
                return seen
            await asyncio.sleep(0.05)


async def memory(system: System, report: Report, plan: Plan) -> list[Figure]:
    """The largest service's resident memory so far, and who grew since the second minute."""
    name, largest = system.memory.largest()
    grown = system.memory.growth(base=_SECOND_MINUTE)
    note, unmet = f"{name}; the run was too short to tell growth", ""
    if grown is not None:
        note = f"{name}; most growth since the second minute: {grown[0]} {grown[1]:+.1f} %"
        if grown[1] > _GROWTH_PERCENT:
            unmet = f"{grown[0]} grew by {grown[1]:.1f} % since the second minute, above {_GROWTH_PERCENT:g} %"
    lives = {life.name: max(size for _, size in life.sizes) / 1e6 for life in system.memory.lives.values()}
    report.say("    MB at most: " + ", ".join(f"{one} {size:.0f}" for one, size in sorted(lives.items())))
    return [Figure("rss_megabytes_max", largest, note, unmet=unmet)]


async def idle(system: System, report: Report, plan: Plan) -> list[Figure]:
    """Nothing to do: every agent holds the one conversation there is room for, the others wait.

    Half of those could be served by anybody with room, half by nobody present. Desks send their heartbeats.
    """
    servable = plan.idle_waiting // 2
    await system.load.ask("open_loop", rate=200, seconds=(plan.idle_agents + servable) / 200)
    told = await system.load.ask("unanswerable", count=plan.idle_waiting - servable)
    await _until_held(system, plan.idle_agents)
    await system.calm()
    await asyncio.sleep(plan.settle_s)
    meter = CpuMeter(system.pids)
    await asyncio.sleep(plan.idle_s)
    used = meter.used()
    report.say(f"idle: {plan.idle_agents} agents, {servable} waiting for room, {told['sent']} for a skill nobody has; "
               f"trouble {await system.trouble() or 'none'}")  # fmt: skip
    milli = ", ".join(f"{name} {1_000 * one / used.seconds:.1f}" for name, one in used.by_name.items())
    return [Figure("idle_cpu_cores", used.total / used.seconds, f"thousandths of a core: {milli}")]


async def _until_held(system: System, count: int) -> None:
    async with asyncio.timeout(20):
        while (await system.floor.ask("state"))["holding"] < count:
            await asyncio.sleep(0.1)
