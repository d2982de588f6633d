"""What all routes of actions share: the key that makes a repeat the same, and how an outcome is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import Depends, Header, Response
from pydantic import BaseModel, ConfigDict, Field

from services.agents.actions import Outcome
from services.agents.api.asking import Me, Parts, Use, operation, own_page, supervisor
from services.agents.api.problems import Problem, responses
from services.agents.asked import Action
from services.agents.repository import Agent
from trunkline.http import traceparent

ACTION: dict[str, Any] = {
    "dependencies": [Depends(own_page)],
    "responses": responses(401, 403, 409, 422, 428, 503) | {202: {"description": "decided, not yet seen in the log"}},
}
SUPERVISION: dict[str, Any] = ACTION | {"dependencies": [Depends(own_page), Depends(supervisor)]}
"""The same, for supervisors only."""


class Body(BaseModel):
    """A request's body: what it does not know it refuses."""

    model_config = ConfigDict(extra="forbid")


class Done(BaseModel):
    """What came of an action. `pending`: decided; repeat with the same key to learn when it is in the log."""

    status: Literal["done", "pending"]
    version: int = Field(default=0, description="the conversation's version after it")
    conversation: str = ""
    repeated: bool = Field(default=False, description="it had been done before; this is its first answer")


def told(outcome: Outcome, response: Response) -> Done:
    """The answer of an outcome; Problem for a refusal."""
    if outcome.status == "refused":
        status = 429 if outcome.code == "too-fast" else 503 if outcome.retry_after_s else 409
        raise Problem(
            status, outcome.code, outcome.detail or _WHY.get(outcome.code, ""),
            retry_after_s=outcome.retry_after_s,
        )  # fmt: skip
    response.status_code = 202 if outcome.status == "pending" else 200
    return Done(
        status=outcome.status, version=outcome.version, conversation=outcome.conversation, repeated=outcome.repeated
    )


_WHY = {
    "gone": "it is no longer open: somebody else was quicker, or it changed meanwhile",
    "late": "the offer's deadline has passed",
    "not-yours": "another agent, or nobody, owns it",
    "unknown": "the board does not know this conversation (any more)",
    "opted-out": "the contact does not want messages on this channel",
    "absent": "that agent is not available",
    "draining": "that agent takes no new work",
    "no-room": "that agent has no room for it",
    "own": "it is yours already",
    "past": "that time is over",
    "asked": "that agent is consulted already",
    "enough": "three agents are consulted already",
    "open": "there is an open conversation with them, and nobody has it yet",
    "file-gone": "a file was attached more than a day ago and is not kept any more: attach it again",
    "not-allowed": "this needs the role supervisor or admin",
    "too-fast": "so many conversations cannot be begun at once",
    "behind": "the log does not take what was decided; nothing new is promised until it does",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """An action that somebody asks for by HTTP, but for what it is: who, under which key, in which trace."""

    me: Agent
    use: Parts
    key: str
    response: Response
    trace: str | None

    async def do(self, verb: str, conversation: str = "", body: Body | None = None) -> Done:
        """Perform it, and answer as `told` says."""
        fields = body.model_dump(mode="json", exclude_none=True) if body is not None else {}
        action = Action(
            verb, self.me.id, self.key, conversation, fields, traceparent(self.trace), supervisor=self.me.supervises
        )
        return told(await self.use.actions.perform(action), self.response)


async def asked(
    me: Me, use: Use, key: Annotated[str, Depends(operation)], response: Response,
    traceparent: Annotated[str | None, Header(description="W3C trace context")] = None,
) -> Asked:  # fmt: skip
    """What every action brings along."""
    return Asked(me, use, key, response, traceparent)


Asking = Annotated[Asked, Depends(asked)]
