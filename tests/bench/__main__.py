"""`python -m tests.bench [row …] [--quick] [--output PATH]`: the figures of docs/benchmarks.md.

Exit status 0 if every row could be measured (also where a goal was not met or a row is void), else 1.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from tests.bench import bundles, machine, others
from tests.bench import rate as rates
from tests.bench.chat import chat
from tests.bench.figures import GOALS, Figure
from tests.bench.latency import latency
from tests.bench.mail import mail
from tests.bench.plan import FULL, QUICK, Plan
from tests.bench.report import Report
from tests.bench.screen import screen
from tests.bench.sockets import sockets
from tests.bench.system import Size, System
from tests.bench.worker import ROOT
from trunkline.testing.errors import ServerMissingError

Measure = Callable[[System, Report, Plan], Awaitable[list[Figure]]]


@dataclass(frozen=True, slots=True)
class Row:
    """Some figures that are measured together."""

    name: str
    measure: Measure
    figures: tuple[str, ...]


_KAFKA = (
    Row("rate", rates.rate, ("whole_path_messages_per_second", "whole_path_cpu_ratio")),
    Row(
        "latency", latency,
        ("socket_latency_ratio_p50", "socket_latency_ratio_p99", "accept_latency_ratio_p50", "reply_latency_ratio_p50",
         "low_rate_cpu_microseconds"),
    ),
    Row("memory", others.memory, ("rss_megabytes_max",)),
    # Last: a router that was killed has no memory of the second minute.
    Row("restart", others.restart, ("router_restart_seconds",)),
)  # fmt: skip
_EMBEDDED = (Row("embedded", rates.embedded, ("embedded_messages_per_second",)),)
_IDLE = (Row("idle", others.idle, ("idle_cpu_cores",)),)
_FRONT = (
    Row("chat", chat, ("chat_round_trip_ratio",)),
    Row("screen", screen, ("desk_message_to_screen_ms_p50",)),
    Row("mail", mail, ("mail_block_milliseconds",)),
)
_DESKS = (Row("sockets", sockets, ("sockets_rss_megabytes",)),)
_QUIET = (_IDLE, _DESKS)
"""Where nothing is said: no conversation is opened beforehand."""
_BUILT = (bundles.desk, bundles.widget)


async def bench(plan: Plan, report: Report, wanted: Sequence[str]) -> None:
    """Measure the wanted figures (none named: all), each group of rows on a system of its own."""
    for line in machine.describe():
        report.heading(line)
    if busy := machine.busy():
        report.heading(f"WARNING     {busy}")
    crowd = Size(agents=plan.idle_agents, capacity=1, places=plan.idle_agents + plan.idle_waiting // 2)
    groups = (
        ("the log on Kafka", _KAFKA, plan.size, True),
        ("the log on the embedded Valkey", _EMBEDDED, plan.size, False),
        ("idle, on the embedded Valkey", _IDLE, crowd, False),
        ("the front, on the embedded Valkey", _FRONT, plan.size, False),
        ("idle desks, on the embedded Valkey", _DESKS, Size(agents=1, capacity=1, places=1), False),
    )
    for title, rows, size, kafka in groups:
        chosen = [row for row in rows if not wanted or set(row.figures) & set(wanted)]
        if chosen:
            report.heading(f"\n{title}")
            await _group(chosen, report, replace(plan, size=size), kafka=kafka)
    _built(wanted, report)


def _built(wanted: Sequence[str], report: Report) -> None:
    """What needs nothing that runs."""
    report.add([found for found in (measure() for measure in _BUILT) if not wanted or found.name in wanted])


async def _group(rows: Sequence[Row], report: Report, plan: Plan, *, kafka: bool) -> None:
    try:
        async with System(kafka=kafka, size=plan.size) as system:
            report.say(f"up, with {plan.size.agents} agents at their desks")
            if not any(row in quiet for quiet in _QUIET for row in rows):
                await rates.warm_up(system, report, plan)
            for row in rows:
                await _row(row, system, report, plan)
            report.say(f"all that went wrong on the floor and at the provider: {await system.trouble() or 'nothing'}")
    except ServerMissingError as missing:
        report.add([Figure(name, None, void=str(missing)) for row in rows for name in row.figures])
    except Exception as error:  # noqa: BLE001  whatever it was: those rows have failed, the others are still measured
        _failed(report, [row for row in rows if row.figures[0] not in report.figures], error)


async def _row(row: Row, system: System, report: Report, plan: Plan) -> None:
    try:
        async with asyncio.timeout(plan.limits[row.name]):
            report.add(await row.measure(system, report, plan))
    except Exception as error:  # noqa: BLE001  as above
        _failed(report, [row], error)
        await system.calm()


def _failed(report: Report, rows: Sequence[Row], error: Exception) -> None:
    why = f"{type(error).__name__}: {error}"
    report.add([Figure(name, None, failed=why) for row in rows for name in row.figures if name not in report.figures])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure what issues 3 and 4 promise.")
    parser.add_argument("rows", nargs="*", metavar="figure", help=f"some of {', '.join(GOALS)}; none: all")
    parser.add_argument("--quick", action="store_true", help="seconds a row: shows that it works, measures nothing")
    parser.add_argument("--output", type=Path, help="where the figures go (default build/bench.json, for a whole run)")
    chosen = parser.parse_args()
    if strangers := set(chosen.rows) - set(GOALS):
        parser.error(f"no such figure: {', '.join(sorted(strangers))}")
    return chosen


async def _main(chosen: argparse.Namespace, report: Report) -> None:
    task = asyncio.current_task()
    if task is not None:
        # Ctrl-C and kill end it in order: every process it started is gone before it is.
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    if chosen.quick:
        report.heading("a quick run: it shows that every row works; its figures mean nothing\n")
    plan = QUICK if chosen.quick else FULL
    try:
        async with asyncio.timeout(plan.total_s):
            await bench(plan, report, chosen.rows)
    except TimeoutError:
        report.heading(f"\nthe {plan.total_s:g} s of a run were over before all was measured")


def _file(chosen: argparse.Namespace) -> str:
    """Only a whole run is the bench."""
    return "bench-quick.json" if chosen.quick else "bench-part.json" if chosen.rows else "bench.json"


def main() -> int:
    """Run, print, write."""
    chosen, report = _arguments(), Report()
    with suppress(asyncio.CancelledError):
        asyncio.run(_main(chosen, report))
    report.conclude()
    report.write(chosen.output or ROOT / "build" / _file(chosen))
    wanted = {name for name in GOALS if not chosen.rows or name in chosen.rows}
    return 0 if all(name in report.figures and not report.figures[name].failed for name in wanted) else 1


if __name__ == "__main__":
    sys.exit(main())
