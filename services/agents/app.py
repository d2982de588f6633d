"""The agents service's ASGI application."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, WebSocket
from fastapi.openapi.utils import get_openapi

from services.agents import page
from services.agents.api import (
    attaching,
    beside,
    canned,
    configuration,
    consulting,
    conversations,
    drafts,
    internal,
    live,
    passing,
    problems,
    queues,
    roster,
    rules,
    search,
    session,
    transfers,
)
from services.agents.api.asking import Parts
from services.agents.api.edge import Edge
from services.agents.desk import Desk
from services.agents.passwords import Passwords
from trunkline import __version__

_DESCRIPTION = """
Agents, offers, conversations. Errors are problem details (RFC 9457) with a `code` for programs.

The desk's socket is `GET /api/v1/desk` (WebSocket): see `docs/desk-protocol.md`.
"""


def make_app(parts: Parts, desk: Desk, passwords: Passwords) -> FastAPI:
    """All routes."""
    app = FastAPI(title="Trunkline agents", version=__version__, docs_url=None, redoc_url=None)
    app.state.parts = parts
    app.state.passwords = passwords
    problems.install(app)
    for module in (
        session, conversations, search, passing, consulting, transfers, attaching, beside, drafts, canned, roster,
        configuration, rules, live, queues, internal,
    ):  # fmt: skip
        app.include_router(module.router)
    app.include_router(queues.operators)

    @app.websocket("/api/v1/desk")
    async def desk_socket(socket: WebSocket) -> None:
        await desk(socket)

    page.install(app)
    app.add_middleware(Edge)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]  # FastAPI's own way to extend it
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, description=_DESCRIPTION.strip(), routes=app.routes)
        problems.describe(schema)
        app.openapi_schema = schema
    return app.openapi_schema
