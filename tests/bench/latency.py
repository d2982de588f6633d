"""Latency at low rates, in bare hops: system and yardstick in turns on the same broker, never beside each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.bench.figures import Figure
from tests.bench.plan import Plan
from tests.bench.report import Report
from tests.bench.samples import Summary, Window
from tests.bench.system import Run, System
from tests.bench.worker import Worker

PROTOTYPE_HOP_MS = {50: 1.0, 300: 2.2}
"""Median bare hop of the prototype's machine, by rate: a run whose hop is far slower says nothing about us."""

VOID_ABOVE = 1.5
_SOCKET_MS = 10.0


@dataclass(slots=True)
class Rate:
    """What was measured at one rate."""

    rate: int
    hop: Summary
    socket: Summary
    accept: Summary
    reply: Summary
    runs: list[Run]

    @property
    def void(self) -> str:
        """Why ratios at this rate do not count; "" if they do."""
        most = PROTOTYPE_HOP_MS[self.rate] * VOID_ABOVE
        if self.hop["p50"] <= most:
            return ""
        return f"the bare hop at {self.rate}/s took {self.hop['p50']:.2f} ms, above {most:.2f}"


@dataclass(slots=True)
class _Windows:
    hop: list[Window] = field(default_factory=list)
    system: list[Window] = field(default_factory=list)


async def _measure(system: System, hop: Worker, plan: Plan, *, rate: int) -> Rate:
    windows, runs = _Windows(), []
    for _ in range(plan.rounds):
        told = await hop.ask("run", rate=rate, seconds=plan.hop_s, within=plan.hop_s + 20)
        windows.hop.append((told["began"] + plan.skip_s, told["ended"]))
        run = await system.open_loop(rate, plan.turn_s)
        windows.system.append(run.window(skip=plan.skip_s))
        runs.append(run)
    floor = await system.floor.ask("summary", windows=windows.system)
    return Rate(
        rate=rate, runs=runs, hop=await hop.ask("summary", windows=windows.hop), socket=floor["socket"],
        accept=floor["accept"], reply=await system.provider.ask("summary", windows=windows.system),
    )  # fmt: skip


def _tell(report: Report, found: Rate) -> None:
    def one(name: str, summary: Any) -> str:
        return f"{name} {summary['p50']:.2f} / {summary['p99']:.2f} (n {summary['count']})"

    report.say(
        f"at {found.rate}/s, ms p50 / p99: {one('bare hop', found.hop)}, {one('webhook → socket', found.socket)}"
    )
    report.say(f"    {one('accept answered', found.accept)}, {one('reply → provider', found.reply)}")


async def latency(system: System, report: Report, plan: Plan) -> list[Figure]:
    """All rows at 50/s and 300/s."""
    if system.kafka is None:
        raise RuntimeError("the bare hop needs Kafka")
    async with Worker("tests.bench.yardsticks", system.kafka.address) as hop:
        slow, fast = [await _measure(system, hop, plan, rate=rate) for rate in (50, 300)]
    for found in (slow, fast):
        _tell(report, found)
    return [
        _socket("p50", slow, fast),
        _socket("p99", slow, fast),
        _one("accept_latency_ratio_p50", fast.accept, fast),
        _one("reply_latency_ratio_p50", fast.reply, fast),
        _cpu(report, fast),
    ]


def _socket(percentile: str, slow: Rate, fast: Rate) -> Figure:
    """The worse of two rates; void if either is, because the other might have been the worse."""
    ratios = {found.rate: _ratio(found.socket, found.hop, percentile, hops=3) for found in (slow, fast)}
    worse = max(ratios.values(), default=None, key=lambda ratio: ratio or 0.0)
    note = ", ".join(f"{ratio or 0:.2f} at {rate}/s" for rate, ratio in ratios.items())
    return Figure(f"socket_latency_ratio_{percentile}", worse, note, void=slow.void or fast.void)


def _one(name: str, summary: Summary, found: Rate) -> Figure:
    note = f"{summary['p50']:.2f} ms ÷ {found.hop['p50']:.2f} ms at {found.rate}/s, n {summary['count']}"
    return Figure(name, _ratio(summary, found.hop, "p50", hops=1), note, void=found.void)


def _ratio(summary: Summary, hop: Summary, percentile: str, *, hops: int) -> float | None:
    if not summary["count"] or not hop["count"]:
        return None
    return float(summary[percentile] / (hops * hop[percentile]))  # type: ignore[literal-required]  # "p50" or "p99"


def _cpu(report: Report, fast: Rate) -> Figure:
    """CPU of all processes a message at 300/s, on condition that messages are at their socket within 10 ms."""
    messages = sum(run.messages for run in fast.runs)
    used = fast.runs[0].used
    for run in fast.runs[1:]:
        used += run.used
    report.say(f"    CPU at {fast.rate}/s, µs a message: {used.each(messages)}")
    slow = fast.socket["p50"] > _SOCKET_MS
    unmet = f"webhook → socket took {fast.socket['p50']:.1f} ms, above {_SOCKET_MS:g}" if slow else ""
    return Figure("low_rate_cpu_microseconds", used.total / messages * 1e6, used.each(messages), unmet=unmet)
