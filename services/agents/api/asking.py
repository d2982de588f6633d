"""Who asks, and what a request must carry: dependencies of the routes.

All are `async`, also those that wait for nothing: FastAPI would run any other in a thread, at a hundred times its cost.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Cookie, Depends, Header, Request
from pydantic import SecretStr

from services.agents.actions import Actions
from services.agents.api.problems import Problem
from services.agents.auth import Auth
from services.agents.colleagues import Colleagues
from services.agents.cookies import PLAIN, SECURE
from services.agents.files import Files
from services.agents.frames import OPERATION
from services.agents.hub import Hub
from services.agents.reach import Reach
from services.agents.repository import Agent, Repository
from services.agents.repository.roster import Role
from services.agents.rule_trial import RuleTrial
from services.agents.uploads import Uploads
from trunkline.blobs import Blobs
from trunkline.board import Board
from trunkline.board.looks import Waits
from trunkline.board.signals import Signals
from trunkline.bus import Bus
from trunkline.channels.base import Channel
from trunkline.config.watch import Watch


@dataclass(frozen=True, slots=True)
class Parts:
    """What the routes are built from; on `app.state.parts`."""

    auth: Auth
    actions: Actions
    repository: Repository
    bus: Bus
    board: Board
    hub: Hub
    watch: Watch
    rules: RuleTrial
    colleagues: Colleagues
    reach: Reach
    waits: Waits
    channels: Mapping[str, Channel]
    blobs: Blobs
    files: Files
    uploads: Uploads
    signals: Signals
    internal_token: SecretStr


async def parts(request: Request) -> Parts:
    """The service's parts."""
    found: Parts = request.app.state.parts
    return found


Use = Annotated[Parts, Depends(parts)]


async def own_page(
    x_trunkline: Annotated[str | None, Header(description="any value: proves our own page asks")] = None,
) -> None:
    """A stranger's page can send the cookie along, but no header of its own."""
    if x_trunkline is None:
        raise Problem(403, "header-missing", "state-changing requests carry the header X-Trunkline: 1")


def token(
    use: Use,
    plain: Annotated[str | None, Cookie(alias=PLAIN)] = None,
    secure: Annotated[str | None, Cookie(alias=SECURE, description="in its place where the desk is https")] = None,
) -> str | None:
    """The session's token."""
    return use.auth.cookie.token({PLAIN: plain, SECURE: secure})


Token = Annotated[str | None, Depends(token)]


async def signed_in(use: Use, token: Token) -> Agent:
    """The agent whose session this is."""
    agent = await use.auth.agent_of(token)
    if agent is None:
        raise Problem(401, "not-signed-in", "sign in first")
    return agent


Me = Annotated[Agent, Depends(signed_in)]


async def supervisor(me: Me) -> Agent:
    """Supervisors and administrators."""
    if me.role is Role.AGENT:
        raise Problem(403, "not-allowed", "this needs the role supervisor or admin")
    return me


async def admin(me: Me) -> Agent:
    """Administrators."""
    if me.role is not Role.ADMIN:
        raise Problem(403, "not-allowed", "this needs the role admin")
    return me


async def operation(
    idempotency_key: Annotated[
        str | None, Header(description="32 hex digits, made by the client, the same for every repeat")
    ] = None,
) -> str:
    """The operation id of an action."""
    if idempotency_key is None or not OPERATION.fullmatch(idempotency_key):
        raise Problem(428, "key-missing", "give the header Idempotency-Key: 32 hex digits, the same for every repeat")
    return idempotency_key


async def internal(use: Use, authorization: Annotated[str | None, Header()] = None) -> None:
    """Another of our services."""
    expected = f"Bearer {use.internal_token.get_secret_value()}"
    if authorization is None or not secrets.compare_digest(authorization.encode(), expected.encode()):
        raise Problem(401, "not-ours", "this is for Trunkline's own services")
