"""Signing in and out."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.agents.api.asking import Me, Token, Use, own_page
from services.agents.api.problems import Problem, responses
from services.agents.auth import SESSION, TooManyTries
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
async def sign_in(credentials: Credentials, use: Use, request: Request, response: Response) -> Session:
    """Begin a session; its token is in the cookie only."""
    try:
        signed_in = await use.auth.sign_in(credentials.login, credentials.password)
    except TooManyTries as error:
        raise Problem(
            429, "too-many-attempts", "wait a moment before trying again", retry_after_s=error.retry_after_s
        ) from error
    if signed_in is None:
        raise Problem(401, "wrong-credentials", "name and password do not belong together")
    use.auth.cookie.give(response, signed_in.token, asked_by=request, max_age_s=int(SESSION.total_seconds()))
    return Session(agent=signed_in.agent, expires_at=signed_in.expires_at)


@router.get("", responses=responses(401, 503))
async def who_am_i(me: Me) -> Session:
    """Who is signed in."""
    return Session(agent=me)


@router.delete("", status_code=204, dependencies=[Depends(own_page)], responses=responses(403, 503))
async def sign_out(use: Use, response: Response, token: Token) -> None:
    """End the session; its desk is closed within a heartbeat."""
    if token:
        await use.auth.sign_out(token)
    use.auth.cookie.forget(response)
