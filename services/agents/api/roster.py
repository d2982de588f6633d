"""The roster: what administrators edit and supervisors see."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import BaseModel, Field

from services.agents.api.asking import Me, Use, admin, own_page, supervisor
from services.agents.api.problems import Problem, responses
from services.agents.frames import SIGNED_OUT
from services.agents.passwords import Passwords
from services.agents.repository import Agent, AgentEdit, NewAgent, NotThere
from services.agents.stranding import Stranded, stranded
from trunkline.board import BoardAway, BoardClosed, moves
from trunkline.ids import new_id

router = APIRouter(prefix="/api/v1", tags=["roster"])


class AgentPage(BaseModel):
    """Agents in the order of their sign-in names."""

    items: list[Agent]
    next: str | None = Field(description="`after` of the next page")


class AddingAgent(NewAgent):
    """A new agent with their first password."""

    password: str = Field(min_length=8, max_length=1_024)


class EditingAgent(AgentEdit):
    """What to change; only the fields given."""

    password: str | None = Field(default=None, min_length=8, max_length=1_024)


class EditedAgent(Agent):
    """The agent as they are now, and what the edit left waiting for nobody."""

    strands: list[Stranded] | None = Field(
        description="what they could have taken before, and nobody of the roster can now; null while that is not known"
    )


@router.get("/agents", dependencies=[Depends(supervisor)], responses=responses(401, 403, 503))
async def agents(
    use: Use,
    after: Annotated[str, Query(max_length=254)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AgentPage:
    """The roster."""
    items = await use.repository.roster.page(after=after, limit=limit + 1)
    more = len(items) > limit
    return AgentPage(items=items[:limit], next=items[limit - 1].login if more else None)


@router.post(
    "/agents", status_code=201, dependencies=[Depends(admin), Depends(own_page)],
    responses=responses(401, 403, 409, 422, 503),
)  # fmt: skip
async def add_agent(body: AddingAgent, use: Use, request: Request) -> Agent:
    """Add an agent."""
    passwords: Passwords = request.app.state.passwords
    new = NewAgent(**body.model_dump(exclude={"password"}))
    added = await use.repository.roster.create(
        new, password_hash=await passwords.hash(body.password), now=datetime.now(UTC)
    )
    use.colleagues.forget()
    use.reach.forget()
    return added


@router.patch(
    "/agents/{agent}", dependencies=[Depends(admin), Depends(own_page)],
    responses=responses(401, 403, 404, 409, 412, 422, 428, 503),
)  # fmt: skip
async def edit_agent(
    agent: str,
    body: EditingAgent,
    use: Use,
    request: Request,
    if_match: Annotated[str | None, Header(description="the version that was read")] = None,
) -> EditedAgent:
    """Edit an agent. The board learns of it at once; a disabled agent's desk closes at once.

    An edit after which nobody could take what waits is made all the same, and the answer says what waits.
    """
    version = version_read(if_match)
    now = datetime.now(UTC)
    before = await use.repository.roster.get(agent)
    edit = AgentEdit(**body.model_dump(exclude={"password"}, exclude_unset=True))
    edited = await use.repository.roster.update(agent, edit, version=version, now=now)
    if body.password is not None:
        passwords: Passwords = request.app.state.passwords
        edited = await use.repository.roster.set_password(
            agent, await passwords.hash(body.password), version=edited.version, now=now
        )
        await use.repository.sessions.delete_of(agent)
    await _tell(use, edited)
    strands = await stranded(use.board, use.reach, before) if before else None
    return EditedAgent(**edited.model_dump(), strands=strands)


def version_read(if_match: str | None) -> int:
    """The version an edit names; Problem if it names none."""
    digits = (if_match or "").strip('"')
    if not digits.isascii() or not digits.isdigit() or len(digits) > 18:
        raise Problem(428, "version-missing", "give the header If-Match: the version you read")
    return int(digits)


async def _tell(use: Use, agent: Agent) -> None:
    use.auth.forget(agent.id)
    use.colleagues.forget()
    use.reach.forget()
    if agent.disabled:
        await use.repository.sessions.delete_of(agent.id)
        use.hub.close(agent.id, SIGNED_OUT, "disabled")
        return
    try:
        await moves.set_profile(use.board, operation=new_id(), profile=agent.profile)
    except (BoardClosed, BoardAway):
        return  # each device brings the newer profile when it next arrives


@router.get("/agents/{agent}", responses=responses(401, 403, 404, 503))
async def one_agent(agent: str, me: Me, use: Use) -> Agent:
    """One agent: oneself, or anybody for supervisors."""
    if agent != me.id:
        await supervisor(me)
    found = await use.repository.roster.get(agent)
    if found is None:
        raise NotThere("no such agent")
    return found
