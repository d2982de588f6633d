"""The whole demo: provider, people, customers and robots, kept going whatever fails."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final

import aiohttp
import structlog

from trunkline.demo.api import UNREACHABLE, DeskSession, Refused
from trunkline.demo.book import BOOK
from trunkline.demo.canned import stock
from trunkline.demo.customers import floor_of
from trunkline.demo.hiring import hire
from trunkline.demo.left import Ways, leave_work
from trunkline.demo.mail import MailCustomers
from trunkline.demo.people import PEOPLE, RELIEF, ROBOTS, Person
from trunkline.demo.robots import Robot
from trunkline.demo.settings import DemoSettings, Played, chat_account
from trunkline.demo.visit import contacts
from trunkline.demo.visitors import ChatCustomers
from trunkline.demo.waits import Waits
from trunkline.testing.twilio import TwilioSimulator
from trunkline.testing.twilio_rules import Behaviour, SimAccount

_RATES: Final = {Behaviour.THROTTLED: 0.03, Behaviour.ERROR: 0.005, Behaviour.SILENT: 0.002}
"""How the provider misbehaves: now and then too busy, rarely broken, and very rarely silent after taking a message."""

_DUPLICATE, _REORDER = 0.02, 0.02
_REMEMBERED: Final = 200  # messages the provider keeps in memory
_BETWEEN_SIGN_INS_S: Final = 0.4  # a password costs the desk a quarter of a second of a core
_LONGEST_PAUSE_S: Final = 30.0


def simulator(settings: DemoSettings, played: Played) -> TwilioSimulator:
    """The provider of the played account, as an async context manager."""
    account = SimAccount(
        sid=played.sid,
        token=played.token,
        # As a careful operator configures the real one: try again when we are away for a moment.
        webhook_url=f"{settings.public_url}/webhooks/{played.name}#rc=2&rp=ct,5xx",
        senders=(played.sender,),
        connect_to=f"http://127.0.0.1:{settings.ingest_port}",
    )
    return TwilioSimulator(
        [account],
        host=played.host,
        port=played.port,
        duplicate=_DUPLICATE,
        reorder=_REORDER,
        rates=_RATES,
        keep=_REMEMBERED,
        seed=settings.seed,
    )


async def live(settings: DemoSettings, played: Played) -> None:
    """Run the demo until cancelled. OSError if the provider's port is taken; nothing else ends it."""
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
        simulator(settings, played) as provider,
    ):
        admin = DeskSession(http, settings.agents_internal_url, settings.admin_login, _password(settings))
        await _hired(admin, settings.seed)
        floor = floor_of(provider, contacts(), settings)
        provider.on_reply = floor.heard
        robots = [_robot(http, settings, person) for person in ROBOTS]
        relief = _robot(http, settings, RELIEF, available=False)
        async with asyncio.TaskGroup() as group:
            for place, robot in enumerate((*robots, relief)):
                group.create_task(_kept("robot", _after(place * _BETWEEN_SIGN_INS_S, robot.run)))
            group.create_task(_kept("customers", floor.run))
            beside = _beside(settings, played)
            for name, customers in beside.items():
                group.create_task(_kept(name, customers.run))
            ways = Ways([floor, *(customers.floor for customers in beside.values())])
            group.create_task(_kept("left work", lambda: leave_work(admin, ways, relief)))


def _beside(settings: DemoSettings, played: Played) -> dict[str, ChatCustomers | MailCustomers]:
    """Customers of the other channels that are configured, by name."""
    found: dict[str, ChatCustomers | MailCustomers] = {}
    if (account := chat_account(settings)) is not None:
        found["visitors"] = ChatCustomers(settings, account)
    if played.mail is not None:
        found["mail customers"] = MailCustomers(settings, played.mail)
    return found


def _robot(http: aiohttp.ClientSession, settings: DemoSettings, person: Person, *, available: bool = True) -> Robot:
    session = DeskSession(http, settings.agents_internal_url, person.login, person.password)
    return Robot(session, BOOK, seed=settings.seed, available=available)


def _password(settings: DemoSettings) -> str:
    return settings.admin_password.get_secret_value()


async def _hired(admin: DeskSession, seed: int) -> None:
    """Return once all the demo's people are on the roster and have canned replies; waits for the service till then."""
    log, waits = structlog.get_logger(), Waits(random.Random(seed))
    while True:
        try:
            added = await hire(admin, (*PEOPLE, *ROBOTS, RELIEF))
            await stock(admin)
        except (Refused, KeyError, TypeError, *UNREACHABLE) as error:
            pause = waits.after(error)
            log.warning("demo_waits_for_the_roster", reason=str(error)[:200], again_in_s=round(pause, 1))
            await asyncio.sleep(pause)
        else:
            log.debug("demo_people_ready", added=added)
            return


def _after(seconds: float, run: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    async def later() -> None:
        await asyncio.sleep(seconds)
        await run()

    return later


async def _kept(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """Run it, and again when it fails."""
    pause = 1.0
    while True:
        try:
            await run()
        except Exception as error:  # noqa: BLE001 - a fault in one part of the demo must not end the others; it is told
            structlog.get_logger().error("demo_part_failed", part=name, again_in_s=pause, exc_info=error)
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE_S)
