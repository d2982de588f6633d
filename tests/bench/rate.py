"""The whole path at full load: how much goes through, and what a message costs then.

Judged so: a closed loop finds what goes through (S). A ladder of short open loops at shares of S finds the highest
rate at whose end less than half a second's worth is on the way. The figure is the rate of a long open loop that was
steady (backlog.py), in which no message was refused, lost or answered twice, and all of which was answered and in the
record within 10 s of its end.
"""

from __future__ import annotations

from dataclasses import asdict

from tests.bench import backlog, yardsticks
from tests.bench.cpu import cpu_seconds
from tests.bench.door import Door
from tests.bench.figures import Figure
from tests.bench.plan import MIX, Plan
from tests.bench.report import Report
from tests.bench.system import Run, System
from tests.bench.worker import ROOT
from trunkline.testing.deployment import SENDER, SID
from trunkline.testing.ports import free_port
from trunkline.testing.processes import Service

_BUSY = 0.85
"""Cores above which one of the bench's own processes, which has one thread, may be what limits the system."""


async def warm_up(system: System, report: Report, plan: Plan) -> None:
    """Open, offer and accept every conversation, then turn to the measured mix."""
    rate = min(300.0, plan.size.places)
    run = await system.open_loop(rate, plan.size.places / rate)
    if missing := await system.lost(run):
        raise RuntimeError(f"warming up: messages {missing} … have no answer; {await system.trouble()}")
    await system.load.ask("mix", length=MIX)
    report.say(
        f"{plan.size.places} conversations are open with {plan.size.agents} agents; mix: 1 in {MIX} messages opens a "
        f"new one, 1 in {MIX} makes its agent close, each is answered once"
    )


async def throughput(system: System, report: Report, plan: Plan) -> Run:
    """The closed loop, in both mixes; the run in the measured one."""
    window = plan.size.places
    await system.load.ask("mix", length=0)
    plain = await system.closed_loop(window, plan.plain_s)
    tell(report, f"closed loop, {window} on the way, no new conversations", plain, plain.through)
    await system.load.ask("mix", length=MIX)
    mixed = await system.closed_loop(window, plan.closed_s)
    tell(report, f"closed loop, {window} on the way, 1 in {MIX} new", mixed, mixed.through)
    return mixed


def tell(report: Report, what: str, run: Run, messages: int) -> None:
    """One run in two lines: rate and cost, and how busy the bench itself was."""
    seconds = run.ended - run.began
    report.say(
        f"{what}: {messages / seconds:,.0f}/s; {run.used.total / max(1, messages) * 1e6:,.0f} µs CPU a message: "
        f"{run.used.each(messages)}"
    )
    report.say(f"    webhook answered p50 {run.answer['p50']:.1f}, p99 {run.answer['p99']:.1f} ms; cores of the bench: "
               f"{run.bench.cores()}{_limited(run)}")  # fmt: skip


def _limited(run: Run) -> str:
    busy = [name for name, used in run.bench.by_name.items() if used / run.bench.seconds > _BUSY]
    return f"; {' and '.join(busy)} may be the limit, not the system" if busy else ""


async def ladder(system: System, report: Report, plan: Plan, *, top: float) -> list[float]:
    """The rates that short open loops could hold, lowest first; it stops at the first that could not."""
    held = []
    for share in plan.rungs:
        rate = _round(top * share)
        run = await system.open_loop(rate, plan.rung_s, watch=True)
        why = await unsound(system, run) or backlog.behind(run.backlog[-1], rate=rate)
        report.say(f"    rung {rate}/s: {why or 'holds'}")
        if why:
            break
        held.append(rate)
    return held or [_round(top * plan.rungs[0] * 0.8)]


def _round(rate: float) -> float:
    return max(10, round(rate / 50) * 50 if rate > 200 else round(rate))


async def unsound(system: System, run: Run) -> str | None:
    """Why a run does not count whatever its backlog: refusals, losses, what never came through."""
    if run.failed:
        return f"webhooks were answered {run.failed} (0: not at all)"
    if missing := await system.lost(run):
        return f"messages {missing} … were never answered; {await system.trouble()}"
    if not await system.drained(0, within=0.2):
        return "the record was not complete 10 s after the end"
    return None


async def sustained(system: System, report: Report, plan: Plan, *, name: str, seconds: float, top: float) -> Figure:
    """The highest rate that is steady for long."""
    rates = await ladder(system, report, plan, top=top)
    tried = []
    for rate in [*rates[::-1], _round(rates[0] * 0.85)][: plan.tries]:
        await system.calm()
        run = await system.open_loop(rate, seconds, watch=True)
        why = await unsound(system, run) or backlog.growing(run.backlog, rate=rate)
        tell(report, f"open loop, {rate}/s for {seconds:g} s: {why or 'steady, 0 lost'}", run, run.messages)
        latency = (await system.floor.ask("summary", windows=[run.window()]))["socket"]
        report.say(f"    webhook → socket p50 {latency['p50']:.1f}, p99 {latency['p99']:.1f} ms at that rate")
        if why is None or (seconds < 6 and why == backlog.TOO_SHORT):
            return Figure(name, rate, f"1 in {MIX} new; {seconds:g} s; webhook → socket p99 {latency['p99']:.0f} ms")
        tried.append(f"{rate}/s: {why}")
    return Figure(name, 0.0, "; ".join(tried))


async def bare_handler(system: System, report: Report, plan: Plan) -> float:
    """CPU seconds a request of the FastAPI handler that verifies and validates the same message."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    arguments = ["tests.bench.yardsticks:app", "--port", str(port), "--no-access-log", "--log-level", "warning"]
    handler = Service(
        "uvicorn", env={}, log=system.folder / "handler.log", arguments=arguments, cwd=ROOT,
        ready_url=f"{address}/openapi.json",
    )  # fmt: skip
    door = Door(f"{address}{yardsticks.PATH}", SID, yardsticks.TOKEN, SENDER)
    async with handler:
        await handler.start()
        await system.load.ask("flood", door=asdict(door), connections=32, seconds=plan.handler_s / 8)
        before = cpu_seconds(handler.pid)
        told = await system.load.ask("flood", door=asdict(door), connections=32, seconds=plan.handler_s)
        used = cpu_seconds(handler.pid) - before
    if told["failed"] or not told["requests"]:
        raise RuntimeError(f"the bare handler answered {told['failed'] or 'nothing'}\n{handler.output()[-2000:]}")
    report.say(
        f"bare handler, 32 connections: {told['requests'] / told['seconds']:,.0f}/s, "
        f"{used / told['requests'] * 1e6:.0f} µs CPU a request"
    )
    return float(used / told["requests"])


async def rate(system: System, report: Report, plan: Plan) -> list[Figure]:
    """`whole_path_messages_per_second` and `whole_path_cpu_ratio`, on Kafka."""
    mixed = await throughput(system, report, plan)
    handler = await bare_handler(system, report, plan)
    cost = mixed.used.total / max(1, mixed.through)
    top = mixed.through / (mixed.ended - mixed.began)
    note = f"{cost * 1e6:.0f} µs a message ÷ {handler * 1e6:.0f} µs a request"
    ratio = Figure("whole_path_cpu_ratio", cost / handler, note)
    report.add([ratio])  # at once: it stands, whatever becomes of the rest
    name = "whole_path_messages_per_second"
    return [await sustained(system, report, plan, name=name, seconds=plan.sustained_s, top=top)]


async def embedded(system: System, report: Report, plan: Plan) -> list[Figure]:
    """`embedded_messages_per_second`."""
    mixed = await throughput(system, report, plan)
    top = mixed.through / (mixed.ended - mixed.began)
    name = "embedded_messages_per_second"
    return [await sustained(system, report, plan, name=name, seconds=plan.embedded_s, top=top)]
