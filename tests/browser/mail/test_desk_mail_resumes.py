"""Mail at the desk while the services die: the page goes on, each mail goes out once, each stands there once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.visitor import Floor, Seat
from tests.e2e.test_mail_path import SUPPORT
from trunkline.testing.deployment import Deployment
from trunkline.testing.mail import MailSink, Told, hand_in, written

expect.set_options(timeout=30_000)
pytestmark = [
    pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow, pytest.mark.faults, pytest.mark.timeout(120),
]  # fmt: skip

NEVER_RELOADED = "window.neverReloaded"
AGAIN_MS = 60_000
"""Most until the desk is back and what waited is through: the page itself pauses up to 10 s between two tries."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def seat(system: Deployment, browser: Browser) -> AsyncIterator[Seat]:
    """One agent at one page, which lives through every death of this module. The mark would not outlive a reload."""
    async with Floor(system, browser) as floor:
        seat = await floor.seat(capacity=10)
        await seat.page.evaluate(f"{NEVER_RELOADED} = true")
        yield seat


@asynccontextmanager
async def fallen(system: Deployment, name: str, point: str) -> AsyncIterator[None]:
    """A service that is dead within, or (`point`) dies there of what is done; afterwards it runs and is ready.

    Both deaths are proved: by the status it ended with, and the second by what it wrote with its last breath.
    """
    service = system.services[name]
    await service.kill()
    if not point:
        yield
    else:
        async with system.service(name, extra={"TRUNKLINE_FAILPOINTS": f"{point}=kill"}) as doomed:
            await doomed.start(ready_within=30)
            yield
            await doomed.ended(status=-9, within=20)
            assert f"failpoint {point}: kill" in doomed.output()
    await service.start(ready_within=60)


@pytest.mark.parametrize(
    ("service", "point"),
    [("agents", ""), ("router", ""), ("ingest", "mail.published"), ("notify", "notify.recorded")],
)
async def test_a_service_dies_between_two_mails_and_costs_no_reload_and_no_mail(
    system: Deployment, sink: MailSink, seat: Seat, service: str, point: str
) -> None:
    page, customer = seat.page, f"{service}@customers.example"
    # Words that no other conversation has: what the page shows when it still shows another one must not pass for them.
    before, meanwhile, after = (f"{when} the fall of {service}" for when in ("Before", "During", "After"))

    async def mailed(words: str, *, to: str) -> Told:
        mail = written(customer, to, words, subject="Parcel", message_id=f"{words.replace(' ', '-')}.{customer}")
        return await hand_in(system.ports["smtp"], mail, sender=customer, recipients=[to])

    def taken() -> list[str]:
        return [mail.text.split("\n\n-- \n")[0] for mail in sink.received if customer in mail.recipients]

    assert (await mailed(before, to=SUPPORT)).code == 250
    await seat.accept(before)
    await seat.reply("one")
    await expect(page.locator(".bubble.out[data-status=sent]")).to_have_count(1)
    [answer] = [mail for mail in sink.received if customer in mail.recipients]
    reply_to = answer.message["Reply-To"].addresses[0].addr_spec

    async with fallen(system, service, point):
        told = await mailed(meanwhile, to=reply_to)
        assert (told.code == 0) is (service == "ingest"), told
        await seat.reply("two")
        await expect(page.locator(".bubble.out", has_text="two")).to_have_count(1)
        await page.locator("#reply").fill("thr")
    # As every mail server does that heard no 250; for the others it is a mail that comes twice.
    assert (await mailed(meanwhile, to=reply_to)).code == 250

    await expect(page.locator(".bubble.out[data-status=sent]")).to_have_count(2, timeout=AGAIN_MS)
    assert (await mailed(after, to=reply_to)).code == 250
    await expect(page.locator(".transcript")).to_contain_text(after)
    await expect(page.locator("#reply")).to_have_value("thr")
    await page.locator("#reply").press_sequentially("ee")
    await page.locator("#reply").press("Enter")
    await expect(page.locator(".bubble.out[data-status=sent]")).to_have_count(3)

    assert taken() == ["one", "two", "three"]
    said = await page.locator(".bubble:not(.out)").all_inner_texts()
    for words in (before, meanwhile, after):
        assert sum(words in each for each in said) == 1, said
    assert len(said) == 3, said
    assert await page.evaluate(NEVER_RELOADED) is True
    assert seat.loads == 1
