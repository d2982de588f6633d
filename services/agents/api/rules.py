"""Rules tried: on what was written last, and on any words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, Field

from services.agents.api.acting import Body
from services.agents.api.asking import Parts, Use, admin, own_page
from services.agents.api.problems import Problem, responses
from services.agents.asked import BadFields
from services.agents.rule_trial import RulesBroken
from trunkline.config.model import Config
from trunkline.config.rules import MAX_TEXT, Decision, Facts, facts_of

router = APIRouter(prefix="/api/v1/rules", tags=["configuration"])

_SHOWN = 300


class RuleError(BaseModel):
    """A rule that had no answer, which counts as no match."""

    rule: str
    message: str


class Tried(BaseModel):
    """What the rules decide, by the engine that routes."""

    rules: list[str] = Field(description="those that decided something, in the file's order")
    queue: str
    requires: dict[str, int] = Field(description="skills with their levels")
    priority: int
    weight: int
    target_s: int
    language: str = Field(description="that the customer writes (ISO 639-1); empty where it cannot be told")
    intent: str = Field(description="what the message asks for; empty where no intent is sure")
    instead_of: str = Field(description="the queue it would have gone to, were that not closed; else empty")
    opens_in_s: int = Field(description="seconds until its queue opens, if it waits for that: its target begins then")
    errors: list[RuleError]


class TriedMessage(BaseModel):
    """An inbound message, and what the rules would decide if it began a conversation now."""

    conversation: str
    at: datetime
    account: str
    channel: str
    display: str
    text: str = Field(description="its first words")
    tried: Tried | None = Field(description="null: its account is not in the configuration any more")


class TriedMessages(BaseModel):
    """Inbound messages, newest first."""

    digest: str = Field(description="of the configuration they were tried with")
    items: list[TriedMessage]


class Trying(Body):
    """A message that nobody wrote."""

    text: str = Field(default="", max_length=MAX_TEXT, examples=["Labdien, kur ir mans rēķins?"])
    account: str = Field(min_length=1, max_length=63, description="of the configuration; it tells the channel")
    language: str = Field(default="", max_length=35, examples=["lv"])
    scheme: str = Field(default="", max_length=63, examples=["tel"])
    address: str = Field(default="", max_length=320, examples=["+37120000001"])
    known: bool = Field(default=False, description="whether the contact has written before")
    last_agent: str = Field(default="", max_length=128)
    at: AwareDatetime | None = Field(default=None, description="when; now, if it is left out")


@router.get("/recent", dependencies=[Depends(admin)], responses=responses(401, 403, 409, 503))
async def recent(use: Use, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> TriedMessages:
    """The newest inbound messages of the 200 conversations changed last, each with what the rules say of it now."""
    config = use.watch.current
    found = await use.repository.recent.inbound(limit=limit)
    now = datetime.now(UTC)
    facts = [
        facts_of(one.message, known=one.known, last_agent=one.last_agent, language=one.language, at=now)
        for one in found
    ]
    there = [each for each in facts if each.account in config.accounts]
    tried = iter(await _decide(use, config, there))
    items = [
        TriedMessage(
            conversation=one.conversation, at=one.message.received_at, account=each.account, channel=each.channel,
            display=one.display, text=each.text[:_SHOWN],
            tried=next(tried) if each.account in config.accounts else None,
        )
        for one, each in zip(found, facts, strict=True)
    ]  # fmt: skip
    return TriedMessages(digest=config.digest, items=items)


@router.post(
    "/try", dependencies=[Depends(admin), Depends(own_page)], responses=responses(401, 403, 409, 422, 503)
)  # fmt: skip
async def try_rules(body: Trying, use: Use) -> Tried:
    """What the rules would decide of a message like this. Nothing is routed."""
    config = use.watch.current
    account = config.accounts.get(body.account)
    if account is None:
        raise BadFields(f"there is no account {body.account}")
    given = body.model_dump() | {"at": body.at or datetime.now(UTC)}
    return (await _decide(use, config, [Facts(channel=account.channel, **given)]))[0]


async def _decide(use: Parts, config: Config, facts: Iterable[Facts]) -> list[Tried]:
    try:
        return [_tried(decision) for decision in await use.rules.decide(config, list(facts))]
    except RulesBroken as error:
        raise Problem(409, "rules-broken", f"the router goes on with the rules it had. {error}"[:2_000]) from error


def _tried(decision: Decision) -> Tried:
    return Tried(
        rules=list(decision.rules), queue=decision.queue, requires=dict(decision.requires),
        priority=decision.priority, weight=decision.weight, target_s=decision.target_s,
        language=decision.language, intent=decision.intent,
        instead_of=decision.instead_of, opens_in_s=decision.opens_in_s,
        errors=[RuleError(rule=each.rule, message=each.message) for each in decision.errors],
    )  # fmt: skip
