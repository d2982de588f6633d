"""Signing in and out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Cookie, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from services.agents.api.asking import Me, Use, own_page
from services.agents.api.problems import Problem, responses
from services.agents.auth import COOKIE, SESSION, TooManyTries
from services.agents.repository import Agent

router = APIRouter(prefix="/api/v1/session", tags=["session"])


class Credentials(BaseModel):
    """Name and password."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"login": "ana", "password": "correct horse battery"}]}
    )

    login: str = Field(min_length=1, max_length=254)
    password: str = Field(min_length=1, max_length=1_024)


class Session(BaseModel):
    """Who is signed in, and until when."""

    agent: Agent
    expires_at: datetime | None = None


@router.post("", dependencies=[Depends(own_page)], responses=responses(401, 403, 422, 429, 503))
async def sign_in(credentials: Credentials, use: Use, response: Response) -> Session:
    """Begin a session; its token is in the cookie only."""
    try:
        signed_in = await use.auth.sign_in(credentials.login, credentials.password)
    except TooManyTries as error:
        raise Problem(
            429, "too-many-attempts", "wait a moment before trying again", retry_after_s=error.retry_after_s
        ) from error
    if signed_in is None:
        raise Problem(401, "wrong-credentials", "name and password do not belong together")
    response.set_cookie(
        COOKIE, signed_in.token, max_age=int(SESSION.total_seconds()), httponly=True, samesite="strict", path="/"
    )
    return Session(agent=signed_in.agent, expires_at=signed_in.expires_at)


@router.get("", responses=responses(401, 503))
async def who_am_i(me: Me) -> Session:
    """Who is signed in."""
    return Session(agent=me)


@router.delete("", status_code=204, dependencies=[Depends(own_page)], responses=responses(403, 503))
async def sign_out(
    use: Use, response: Response, trunkline_session: Annotated[str | None, Cookie(alias=COOKIE)] = None
) -> None:
    """End the session; its desk is closed within a heartbeat."""
    if trunkline_session:
        await use.auth.sign_out(trunkline_session)
    response.delete_cookie(COOKIE, path="/")
