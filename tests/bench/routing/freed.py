"""From a close at one socket to the next offer at the same socket, with a long line, through the real services."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

from services.agents.repository import NewAgent
from tests.bench.door import Door
from tests.bench.figures import Figure
from tests.bench.report import Report
from tests.bench.system import SHARDS, Size, System
from tests.bench.worker import Worker
from trunkline.board import Board
from trunkline.testing.deployment import SENDER, SID, TOKEN

_AGENTS, _WAITING = 1_000, 10_000
_CONNECTIONS = 64
_NAME = "freed_slot_offer_seconds_p99"
_BURST = 200
"""Customers who write in a second while the line is made, the next when all are answered; then nobody does."""
_FILLED_WITHIN_S = 120.0


async def freed_slot(report: Report, quick: bool) -> Figure:
    """Agents with room for one let go evenly in time while ten thousand wait; the 99th of a hundred next offers."""
    agents, waiting, frees, seconds = (30, 200, 60, 3.0) if quick else (_AGENTS, _WAITING, 3_000, 60.0)
    size = Size(agents=0, places=agents + waiting)
    async with System(kafka=False, size=size) as system, Worker("tests.bench.holders") as holders:
        cookies = [await system.hire(_newcomer(number)) for number in range(agents)]
        url = system.deployment.desk_url.replace("http", "ws", 1) + "/api/v1/desk"
        await holders.ask("sit_down", within=300, url=url, cookies=cookies)
        report.say(f"{agents:,} agents are at their desks")
        # Anew: what was connected at the start has been idle too long by now, and ingest has closed it.
        door = Door(f"{system.deployment.public_url}/webhooks/sms-main", SID, TOKEN, SENDER)
        await system.load.ask("connect", door=asdict(door), connections=_CONNECTIONS, places=size.places)
        for written in range(0, size.places, _BURST):
            many = min(_BURST, size.places - written)
            await system.load.ask("open_loop", within=60, rate=many, seconds=1.0)
        await _until_filled(system, holders, agents, waiting)
        report.say(f"all hold something, and {waiting:,} wait")
        told = await holders.ask("let_go", within=seconds + 60, count=frees, seconds=seconds)
    offered = told["offered"]
    report.say(f"{offered['count']} offers: p50 {offered['p50']:.0f} ms, most {offered['max']:.0f} ms")
    wrong = [f"{told['missing']} were offered nothing"] if told["missing"] else []
    wrong += [f"what went wrong: {told['trouble']}"] if told["trouble"] else []
    note = f"{frees / seconds:.0f} a second, {agents:,} sockets, {waiting:,} waiting"
    return Figure(_NAME, offered["p99"] / 1_000, note=note, unmet="; ".join(wrong))


def _newcomer(number: int) -> NewAgent:
    return NewAgent(
        login=f"holder-{number:04d}", name=f"Holder {number}", capacity=1, queues=("*",), skills={"lang.en": 3}
    )


async def _until_filled(system: System, holders: Worker, agents: int, waiting: int) -> None:
    deployment = system.deployment
    async with Board(deployment.board.url, deployment=deployment.deployment, shards=SHARDS) as board:
        board.generation = await board.read_generation()
        async with asyncio.timeout(_FILLED_WITHIN_S):
            while await holders.ask("busy") < agents or await _in_line(board) < waiting:
                await asyncio.sleep(0.2)


async def _in_line(board: Board) -> int:
    return sum(int(line[1]) for line in (await board.call("lines"))[1])
