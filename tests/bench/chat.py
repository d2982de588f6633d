"""A question's whole way there and back, by web chat and by SMS, in turns on one system."""

from __future__ import annotations

from tests.bench.figures import Figure
from tests.bench.plan import Plan
from tests.bench.report import Report
from tests.bench.samples import Window
from tests.bench.system import SHOP_ACCOUNT, SHOP_SECRET, System
from tests.bench.worker import Worker

_RATE = 20.0
"""Questions a second: light. Each of the visitors asks at most twenty a minute, below what one may."""


async def chat(system: System, report: Report, plan: Plan) -> list[Figure]:
    """`chat_round_trip_ratio`: medians, in conversations that are open already; every agent answers at once.

    Web chat: visitor's socket → agent's socket → reply → visitor's socket. SMS: webhook → socket → reply → provider.
    """
    name = "chat_round_trip_ratio"
    url = f"{system.deployment.public_url.replace('http', 'ws', 1)}/chat/{SHOP_ACCOUNT}"
    asked: list[Window] = []
    posted: list[Window] = []
    async with Worker("tests.bench.visitors") as visitors:
        await visitors.ask("come", url=url, secret=SHOP_SECRET, count=plan.visitors, within=90)
        for _ in range(plan.rounds):
            began, ended = await visitors.ask("talk", rate=_RATE, seconds=plan.turn_s, within=plan.turn_s + 60)
            asked.append((began + plan.skip_s, ended))
            posted.append((await system.open_loop(_RATE, plan.turn_s)).window(skip=plan.skip_s))
        told = await visitors.ask("summary", windows=asked)
    there, sms = told["round_trips"], await system.provider.ask("round_trips", windows=posted)
    report.say(f"at {_RATE:g}/s, ms p50 / p99: web chat {there['p50']:.2f} / {there['p99']:.2f} (n {there['count']}), "
               f"SMS {sms['p50']:.2f} / {sms['p99']:.2f} (n {sms['count']})")  # fmt: skip
    if not there["count"] or not sms["count"]:
        return [Figure(name, None, void=f"nothing came back: {told['trouble']} {await system.trouble()}")]
    note = f"{there['p50']:.2f} ms ÷ {sms['p50']:.2f} ms, {plan.visitors} visitors"
    unmet = f"what went wrong: {told['trouble']}" if told["trouble"] else ""
    return [Figure(name, there["p50"] / sms["p50"], note, unmet=unmet)]
