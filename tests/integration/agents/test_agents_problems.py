"""Every error leaves as problem details: a status, a word for programs, a sentence for people; and bounded input."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from services.agents.api.edge import API_BYTES, Edge
from services.agents.api.problems import ProblemDetails
from services.agents.app import make_app
from tests.integration.agents.rig import OWN_PAGE, Person
from trunkline.http import serve
from trunkline.ids import new_id
from trunkline.testing.deployment import Deployment

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]

NOWHERE = f"0-{'0' * 32}"
AGENTS = "/api/v1/agents"


async def _problem(response: aiohttp.ClientResponse) -> ProblemDetails:
    assert response.content_type == "application/problem+json", await response.text()
    told = ProblemDetails.model_validate(await response.json())
    assert told.status == response.status
    assert told.title != "Error", "a status without its name"
    assert response.headers["x-content-type-options"] == "nosniff"
    return told


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/api/v1/nothing-here", None, 404, "not-found"),
        ("GET", "/api/v1/desk", None, 404, "not-found"),
        ("DELETE", AGENTS, None, 405, "method-not-allowed"),
        ("GET", "/api/v1/conversations?after=nonsense", None, 400, "bad-cursor"),
        ("GET", "/api/v1/conversations?limit=0", None, 422, "invalid"),
        ("GET", "/api/v1/conversations?status=asleep", None, 422, "invalid"),
        ("GET", f"/api/v1/conversations/{NOWHERE}", None, 404, "not-found"),
        ("GET", f"{AGENTS}/nobody", None, 404, "not-found"),
        ("POST", "/api/v1/session", b"{", 422, "invalid"),
        ("POST", "/api/v1/session", b"[" * 100_000, 400, "bad-request"),
        ("POST", "/api/v1/session", b'{"login":"a","password":"b","more":1}', 422, "invalid"),
        ("POST", "/api/v1/session", b'{"login":"a\\ud800","password":"b"}', 422, "invalid"),
        ("POST", f"/api/v1/conversations/{NOWHERE}/accept", b'{"fence":1}', 409, "unknown"),
        ("POST", f"/api/v1/conversations/{NOWHERE}/accept", b'{"fence":0}', 422, "invalid"),
        ("POST", f"/api/v1/conversations/{NOWHERE}/accept", b'{"fence":9007199254740993}', 422, "bad-fields"),
        ("POST", "/api/v1/conversations/nonsense/accept", b'{"fence":1}', 422, "bad-fields"),
        ("POST", f"/api/v1/conversations/{NOWHERE}/reply", b'{"text":""}', 409, "unknown"),
        ("POST", f"/api/v1/conversations/{NOWHERE}/transfer", b'{"to_agent":"a b"}', 422, "bad-fields"),
        ("POST", f"/api/v1/conversations/{NOWHERE}/transfer", b'{"to_agent":"a\\nb"}', 422, "bad-fields"),
        ("POST", f"/api/v1/conversations/{NOWHERE}/transfer", b'{"to_queue":"nowhere"}', 422, "bad-fields"),
        ("POST", f"/api/v1/conversations/{NOWHERE}/transfer", b"{}", 422, "bad-fields"),
        ("PUT", "/api/v1/presence", b'{"presence":"asleep"}', 422, "invalid"),
        ("PUT", "/api/v1/presence", b'{"presence":"away"}', 409, "absent"),
        ("POST", AGENTS, b'{"login":"admin","name":"A","password":"long enough"}', 409, "login-taken"),
        ("POST", AGENTS, b'{"login":"x","name":"A","password":"short"}', 422, "invalid"),
        ("POST", AGENTS, b'{"login":"x","name":"A","password":"long enough","skills":{"a b":1}}', 422, "invalid"),
        ("POST", AGENTS, b'{"login":"x","name":"A","password":"long enough","queues":["a|b"]}', 422, "invalid"),
        ("PATCH", f"{AGENTS}/nobody", b'{"name":"B"}', 428, "version-missing"),
        ("GET", "/api/v1/channel-log", None, 422, "invalid"),
        ("GET", "/internal/messages/x?account=a&shard=0&end=0", None, 401, "not-ours"),
    ],
)
async def test_a_request_that_cannot_be_done_is_told_why(
    admin: Person, method: str, path: str, body: bytes | None, status: int, code: str
) -> None:
    headers = {"content-type": "application/json", "Idempotency-Key": new_id()}
    async with admin.http.request(method, admin.url + path, data=body, headers=headers) as response:
        told = await _problem(response)
        assert (told.status, told.code) == (status, code), told
        if status == 405:
            assert response.headers["allow"]


async def test_an_action_without_its_key_is_refused(ana: Person) -> None:
    for headers in ({}, {"Idempotency-Key": "short"}, {"Idempotency-Key": "A" * 32}):
        async with ana.http.post(
            f"{ana.url}/api/v1/conversations/{NOWHERE}/accept", json={"fence": 1}, headers=headers
        ) as response:
            assert (await _problem(response)).code == "key-missing"
            assert response.status == 428


async def test_an_edit_of_an_older_version_is_refused(admin: Person, ana: Person) -> None:
    path = f"{AGENTS}/{ana.me['id']}"
    assert (await admin.call("PATCH", path, json={"name": "One"}, headers={"If-Match": "1"}))[0] == 200

    status, told = await admin.call("PATCH", path, json={"name": "Two"}, headers={"If-Match": "1"})

    assert (status, told["code"]) == (412, "version-conflict")
    assert "version 2" in told["detail"]


async def test_an_unknown_path_of_the_page_is_a_problem_too(system: Deployment) -> None:
    async with aiohttp.ClientSession() as http, http.get(f"{system.desk_url}/desk/../../etc/passwd.js") as response:
        assert (await _problem(response)).status == 404


# --- bounds ------------------------------------------------------------------------------------------------------


async def test_a_body_declared_too_large_is_refused_unread(system: Deployment) -> None:
    told, seconds = await _raw(system.desk_url, _head(f"Content-Length: {API_BYTES + 1}"))

    assert told.startswith(b"HTTP/1.1 413 "), told
    assert b"application/problem+json" in told
    assert seconds < 5


async def test_a_body_that_grows_too_large_is_refused(system: Deployment) -> None:
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"

    told, _ = await _raw(system.desk_url, _head("Transfer-Encoding: chunked"), *([chunk] * 20))

    assert told.startswith(b"HTTP/1.1 413 "), told


@asynccontextmanager
async def _without_parts(**options: float) -> AsyncIterator[str]:
    """The service's routes with nothing behind them."""
    app = make_app(*(None, None, None))  # type: ignore[arg-type]  # that is the point
    async with serve(Edge(app, **options), "127.0.0.1", 0, variable="-") as port:
        yield f"http://127.0.0.1:{port}"


async def test_a_body_that_drips_is_given_up() -> None:
    async with _without_parts(body_s=0.3) as url:
        told, seconds = await _raw(url, _head("Content-Length: 100"), *([b"x"] * 20), pause_s=0.1)

    assert told.startswith(b"HTTP/1.1 408 "), told
    assert seconds < 2


async def test_an_error_of_ours_is_a_problem_that_tells_no_secrets() -> None:
    async with (
        _without_parts() as url,
        aiohttp.ClientSession(headers=OWN_PAGE, cookies={"trunkline_session": "x"}) as http,
        http.get(f"{url}/api/v1/session") as response,
    ):
        told = await _problem(response)
        assert (told.status, told.code) == (500, "internal")
        assert "NoneType" not in json.dumps(told.model_dump())


def _head(length: str) -> bytes:
    lines = ("POST /api/v1/session HTTP/1.1", "Host: x", "X-Trunkline: 1", "Content-Type: application/json", length)
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _raw(url: str, *parts: bytes, pause_s: float = 0.0) -> tuple[bytes, float]:
    """Send bytes and read until the server closes; what came, and after how many seconds it closed."""
    began = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    told = bytearray()

    async def listen() -> None:
        with contextlib.suppress(ConnectionError):
            while part := await reader.read(65_536):
                told.extend(part)

    reading = asyncio.create_task(listen())
    try:
        for part in parts:
            if reading.done():
                break
            with contextlib.suppress(ConnectionError):
                writer.write(part)
                await writer.drain()
            await asyncio.wait([reading], timeout=pause_s)
        async with asyncio.timeout(10):
            await reading
        return bytes(told), time.monotonic() - began
    finally:
        writer.close()
