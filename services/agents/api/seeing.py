"""Who may see which conversation: agents the queues they serve and what they had a hand in, others all."""

from __future__ import annotations

from services.agents.api.asking import Use
from services.agents.repository import Agent, Conversation, Filter, NotThere
from services.agents.repository.conversations import had_a_hand
from services.agents.repository.roster import Role


def is_limited(me: Agent) -> bool:
    """Whether the agent does not see everything."""
    return me.role is Role.AGENT and "*" not in me.queues


def may_read(me: Agent, one: Conversation) -> bool:
    """Whether the agent may see this conversation; who may not is told that there is none."""
    return not is_limited(me) or one.queue in me.queues or had_a_hand(me.id, one)


def seen_by(me: Agent, wanted: Filter) -> Filter | None:
    """What the agent may see of what was wanted; None if that is nothing."""
    if not is_limited(me):
        return wanted
    if not wanted.queues:
        return wanted.model_copy(update={"queues": me.queues, "hand": me.id})
    queues = tuple(name for name in wanted.queues if name in me.queues)
    return wanted.model_copy(update={"queues": queues}) if queues else None


async def readable(use: Use, me: Agent, conversation: str) -> Conversation:
    """The conversation, if there is one and the agent may see it; else NotThere."""
    one = await use.repository.conversations.one(conversation)
    if one is None or not may_read(me, one):
        raise NotThere("the record has no such conversation (yet)")
    return one
