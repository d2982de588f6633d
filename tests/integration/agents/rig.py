"""Clients of the agents service for tests, and the service's own parts in this process where a test must hurry time."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import aiohttp
import orjson
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pydantic import SecretStr
from yarl import URL

from services.agents.actions import Actions
from services.agents.allowance import Allowance
from services.agents.api.asking import Parts
from services.agents.app import make_app
from services.agents.auth import SESSION, Auth, _hash
from services.agents.colleagues import Colleagues
from services.agents.cookies import PLAIN, SessionCookie
from services.agents.desk import Desk
from services.agents.files import Files
from services.agents.follow import LogFollower
from services.agents.hub import Hub
from services.agents.looking import Looking
from services.agents.passwords import Passwords
from services.agents.presence import Times
from services.agents.reach import Reach
from services.agents.repository import NewAgent, Repository
from services.agents.roll import Roll
from services.agents.rule_trial import RuleTrial
from services.agents.signals import ContactSignals
from services.agents.staging import Staging
from services.agents.uploads import Uploads
from services.agents.waiters import Waiters
from trunkline.blobs import Blobs
from trunkline.board import Board
from trunkline.board.looks import Waits
from trunkline.board.signals import Hearing, Signals
from trunkline.bus import connect
from trunkline.channels.registry import load as load_channels
from trunkline.config.load import load
from trunkline.config.watch import Watch
from trunkline.http import serve
from trunkline.ids import new_id
from trunkline.settings import PLACEHOLDER_TOKEN
from trunkline.testing.agent import add_agent
from trunkline.testing.deployment import ADMIN, Deployment

OWN_PAGE = {"X-Trunkline": "1"}
PASSWORD = "password-of-the-tests"


@dataclass
class Person:
    """Somebody on the roster, signed in."""

    http: aiohttp.ClientSession
    url: str
    me: dict[str, Any]
    login: str
    password: str
    token: str = ""
    """Of the session that began with this person."""

    async def call(self, method: str, path: str, *, key: str = "", **options: Any) -> tuple[int, dict[str, Any]]:
        """A request to the API; status and JSON. With `key`, an action of that operation id."""
        headers = dict(options.pop("headers", {})) | ({"Idempotency-Key": key} if key else {})
        async with self.http.request(method, f"{self.url}{path}", headers=headers, **options) as response:
            body = await response.read()
            return response.status, orjson.loads(body) if body else {}

    async def presence(self, value: str, key: str = "") -> int:
        """Be available or away."""
        status, _ = await self.call("PUT", "/api/v1/presence", key=key or new_id(), json={"presence": value})
        return status


@asynccontextmanager
async def signed_in(url: str, login: str, password: str) -> AsyncIterator[Person]:
    """A person with a session of their own."""
    jar = aiohttp.CookieJar(unsafe=True)
    timeout = aiohttp.ClientTimeout(total=30)
    async with aiohttp.ClientSession(cookie_jar=jar, headers=OWN_PAGE, timeout=timeout) as http:
        async with http.post(f"{url}/api/v1/session", json={"login": login, "password": password}) as response:
            assert response.status == 200, await response.text()
            me, token = (await response.json())["agent"], response.cookies[PLAIN].value
        yield Person(http, url, me, login, password, token)


@asynccontextmanager
async def somebody(
    system: Deployment, *, url: str = "", hired: bool = False, role: str = "agent", **fields: Any
) -> AsyncIterator[Person]:
    """A new person on the roster, signed in; off the floor when the test is over.

    The row and the session are put into the record: hiring and signing in by the API (`hired`) cost three times
    argon2's half a second.
    """
    url, login = url or system.desk_url, f"p{new_id()}"
    async with _hired(url, login, role, fields) if hired else _enrolled(system, url, login, role, fields) as person:
        try:
            yield person
        finally:
            await person.presence("away")


@asynccontextmanager
async def _hired(url: str, login: str, role: str, fields: dict[str, Any]) -> AsyncIterator[Person]:
    async with signed_in(url, *ADMIN) as admin:
        _, password = await add_agent(_Admin(admin.http), url, login, role=role, **fields)  # type: ignore[arg-type]  # all it needs
    async with signed_in(url, login, password) as person:
        yield person


@asynccontextmanager
async def _enrolled(
    system: Deployment, url: str, login: str, role: str, fields: dict[str, Any]
) -> AsyncIterator[Person]:
    row = NewAgent(**{"login": login, "name": login.title(), "role": role, "queues": ["*"], "capacity": 3} | fields)
    token, now = secrets.token_urlsafe(32), datetime.now(UTC)
    async with Repository(system.environment()["TRUNKLINE_DATABASE_URL"]) as record:
        agent = await record.roster.create(row, password_hash=_password_hash(), now=now)
        await record.sessions.create(token_hash=_hash(token), agent=agent.id, now=now, expires_at=now + SESSION)
    timeout = aiohttp.ClientTimeout(total=30)
    jar = aiohttp.CookieJar(unsafe=True)
    jar.update_cookies({PLAIN: token}, URL(url))
    async with aiohttp.ClientSession(cookie_jar=jar, headers=OWN_PAGE, timeout=timeout) as http:
        yield Person(http, url, agent.model_dump(mode="json"), login, PASSWORD, token)


@cache
def _password_hash() -> str:
    return PasswordHash((Argon2Hasher(),)).hash(PASSWORD)


@dataclass
class _Admin:
    http: aiohttp.ClientSession


@dataclass
class Socket:
    """A desk's socket without manners: nothing is answered or repeated by itself."""

    ws: aiohttp.ClientWebSocketResponse
    welcome: dict[str, Any] = field(default_factory=dict)
    frames: list[dict[str, Any]] = field(default_factory=list)

    async def say(self, **frame: Any) -> None:
        """Send a frame."""
        await self.ws.send_json(frame)

    async def next(self, *, within: float = 10) -> dict[str, Any]:
        """The next frame; AssertionError if the socket was closed instead."""
        message = await self.ws.receive(timeout=within)
        assert message.type is aiohttp.WSMsgType.TEXT, (message.type, self.ws.close_code, message.extra)
        found: dict[str, Any] = orjson.loads(message.data)
        return found

    async def answer(self, operation: str, *, within: float = 20) -> dict[str, Any]:
        """The answer to an action; events that come before it are kept in `frames`."""
        async with asyncio.timeout(within):
            while True:
                frame = await self.next(within=within)
                if frame.get("type") == "answer" and frame["id"] == operation:
                    return frame
                self.frames.append(frame)

    async def event(self, kind: str, *, within: float = 20) -> dict[str, Any]:
        """The next event of a kind; those before it are kept in `frames`."""
        async with asyncio.timeout(within):
            while True:
                frame = await self.next(within=within)
                self.frames.append(frame)
                if frame.get("event", {}).get("type") == f"trunkline.{kind}.v1":
                    found: dict[str, Any] = frame["event"]
                    return found

    async def closed(self, *, within: float = 10) -> int | None:
        """Read until the other side closes; its code."""
        async with asyncio.timeout(within):
            while True:
                message = await self.ws.receive()
                if message.type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSING}:
                    return self.ws.close_code
                if message.type is aiohttp.WSMsgType.TEXT:
                    self.frames.append(orjson.loads(message.data))


@asynccontextmanager
async def desk(
    person: Person, *, device: str = "", epoch: str = "", after: int = 0, url: str = "", **options: Any
) -> AsyncIterator[Socket]:
    """A socket that has said hello and was welcomed."""
    async with socket(person, url=url, **options) as it:
        await it.say(type="hello", device=device or f"device-{new_id()}", epoch=epoch, after=after)
        it.welcome = await it.next()
        assert it.welcome["type"] == "welcome", it.welcome
        yield it


@asynccontextmanager
async def socket(person: Person, *, url: str = "", **options: Any) -> AsyncIterator[Socket]:
    """A socket that has said nothing yet."""
    where = (url or person.url).replace("http", "ws", 1) + "/api/v1/desk"
    async with person.http.ws_connect(where, max_msg_size=0, **options) as ws:
        yield Socket(ws)


@dataclass
class Inner:
    """The agents service's parts in this process."""

    url: str
    hub: Hub
    repository: Repository
    board: Board
    auth: Auth
    watch: Watch


@asynccontextmanager
async def inner(
    system: Deployment,
    times: Times | None = None,
    *,
    cookie: SessionCookie | None = None,
    again_s: float = 10.0,
    watch: Watch | None = None,
    allowance: Allowance | None = None,
) -> AsyncIterator[Inner]:
    """The agents service beside the deployment's own, over the same log, board and record; it projects nothing."""
    async with AsyncExitStack() as stack:
        bus = await stack.enter_async_context(
            connect(system.log_url, deployment=system.deployment, shards=system.shards)
        )
        board = await stack.enter_async_context(
            Board(system.board.url, deployment=system.deployment, shards=system.shards)
        )
        repository = await stack.enter_async_context(Repository(system.environment()["TRUNKLINE_DATABASE_URL"]))
        passwords = await stack.enter_async_context(Passwords())
        environment = {**os.environ, **system.environment()}
        watch = watch or Watch(
            system.folder / "trunkline.yaml", lambda path: load(path, None, environment, rules=False)
        )
        hub, waiters = Hub(), Waiters(bus)
        follower = LogFollower(bus, hub, waiters)
        following = asyncio.create_task(follower.run())
        stack.push_async_callback(_end, following)
        async with asyncio.timeout(10):
            await follower.following.wait()
        channels = load_channels()
        auth, actions = Auth(repository, passwords, cookie=cookie), Actions(board, waiters, watch, channels)
        blobs = Blobs(system.folder / "blobs")
        staging = Staging(system.folder / "uploads", blobs)
        files = Files(SecretStr(PLACEHOLDER_TOKEN), repository, staging)
        signals = await stack.enter_async_context(Signals(system.board.url, deployment=system.deployment))
        parts = Parts(
            auth=auth, actions=actions, repository=repository, bus=bus, board=board, hub=hub, watch=watch,
            rules=RuleTrial(),
            colleagues=Colleagues(board, repository), reach=Reach(repository), waits=Waits(board, fresh_s=0),
            channels=channels,
            blobs=blobs, files=files, uploads=Uploads(staging, allowance or Allowance()),
            signals=signals, internal_token=SecretStr(PLACEHOLDER_TOKEN),
        )  # fmt: skip
        hearing = Hearing(system.board.url, deployment=system.deployment)
        looking = Looking(signals, again_s=again_s, lease_s=2.5 * again_s)
        contacts = ContactSignals(board, hub, load_channels(), signals, hearing, looking=looking)
        for part in (signals.run(), contacts.run(), looking.run()):
            stack.push_async_callback(_end, asyncio.create_task(part))
        async with asyncio.timeout(10):
            await hearing.hearing.wait()
        desk_ = Desk(board, hub, actions, auth, repository, contacts, looking, Roll(board), watch, times or Times())
        app = make_app(parts, desk_, passwords)
        port = await stack.enter_async_context(serve(app, "127.0.0.1", 0, variable="-"))
        yield Inner(f"http://127.0.0.1:{port}", hub, repository, board, auth, watch)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
