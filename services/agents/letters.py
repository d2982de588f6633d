"""Completing a reply that must say what it answers: a mail's subject, ids and cc, from the record."""

from __future__ import annotations

from services.agents.repository import RecordAway, Repository
from trunkline.channels.base import WritesLetters
from trunkline.messages import Parts

_MESSAGES = 50


class Letters:
    """Reads what a reply answers. Replies are made by people: the record has what the agent has read."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    async def complete(self, channel: WritesLetters, parts: Parts, conversation: str, agent: str) -> Parts | None:
        """The parts as the channel needs them; None while the record has not got the conversation, or does not answer.

        ValueError with a sentence for the agent if what they ask cannot be had.
        """
        try:
            transcript = await self._repository.conversations.transcript(conversation, limit=_MESSAGES)
            author = await self._repository.roster.get(agent)
        except RecordAway:
            return None
        if transcript is None:
            return None
        inbound = [message.parts for message in transcript.messages if message.direction == "inbound"]
        before = inbound or [message.parts for message in transcript.messages]  # nobody answered what we began
        name = author.name if author is not None else None
        return channel.complete(parts, before, thread=transcript.conversation.thread, author=name)
