"""A large mail comes in, and everything else at ingest goes on meanwhile."""

from __future__ import annotations

import asyncio
import secrets
import time
from email.message import EmailMessage

from tests.bench.figures import Figure
from tests.bench.plan import Plan
from tests.bench.report import Report
from tests.bench.samples import Window
from tests.bench.system import System
from tests.bench.worker import Worker
from trunkline.testing.mail import hand_in, written

MAIL_BYTES = 25_000_000
_TO, _SENDER = "support@trunkline.example", "anna@customers.example"
_BASE64 = 78 / 57
"""Bytes on the wire for each of an attachment: 57 make a line of 76 and its end."""


def large(number: int, size: int = MAIL_BYTES) -> EmailMessage:
    """A mail of about so many bytes on the wire, in a language that nobody here speaks: it waits. One attachment."""
    mail = written(_SENDER, _TO, "Merhaba, fotoğraf ektedir.", message_id=f"{number}@customers.example")
    content = secrets.token_bytes(int(size / _BASE64))
    mail.add_attachment(content, maintype="application", subtype="octet-stream", filename="photo.raw")
    return mail


async def mail(system: System, report: Report, plan: Plan) -> list[Figure]:
    """`mail_block_milliseconds`: the longest that ingest's own health took to answer while a mail came in.

    The worst of some mails, from the first byte until its 250, which says that it is read and in the log.
    """
    name, port = "mail_block_milliseconds", system.deployment.ports["smtp"]
    raws = [large(number).as_bytes() for number in range(plan.mails)]
    windows: list[Window] = []
    async with Worker("tests.bench.probe") as probe:
        await probe.ask("begin", url=system.deployment.ops_url("ingest", "/healthz"))
        calm = time.time()
        await asyncio.sleep(plan.calm_s)
        for raw in raws:
            began = time.time()
            told = await hand_in(port, raw, sender=_SENDER, recipients=[_TO])
            windows.append((began, time.time()))
            if told.code != 250:
                return [Figure(name, None, failed=f"a mail of {len(raw)} bytes was answered {told.code} {told.text}")]
        before = await probe.ask("summary", windows=[(calm, calm + plan.calm_s)])
        found = await probe.ask("summary", windows=windows)
    took = sum(end - start for start, end in windows) / len(windows)
    report.say(f"a mail of {len(raws[0]) / 1e6:.1f} MB took {took:.1f} s; ingest answered meanwhile in ms p50 "
               f"{found['p50']:.1f}, p99 {found['p99']:.1f}, most {found['max']:.1f}")  # fmt: skip
    note = f"worst of {len(raws)}, n {found['count']}; {before['max']:.0f} ms without a mail"
    return [Figure(name, found["max"], note)]
