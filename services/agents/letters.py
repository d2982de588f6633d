"""Completing a reply that must say what it answers: a mail's subject, ids and cc, from the record."""

from __future__ import annotations

from collections import OrderedDict

from services.agents.repository import RecordAway, Repository
from trunkline.channels.base import WritesLetters
from trunkline.messages import MailHead, Parts

_MESSAGES = 50
_WRITTEN = 1_000


class Letters:
    """Reads what a reply answers. The record has what the agent has read, but not always what they wrote just now.

    Who begins a conversation and writes twice at once would else lose the subject of the first.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._written: OrderedDict[str, Parts] = OrderedDict()

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
        ours = [message.parts for message in transcript.messages]  # nobody answered what we began
        before = inbound or ours or [self._written.get(conversation, ())]
        name = author.name if author is not None else None
        asked = transcript.conversation
        return channel.complete(parts, before, contact=asked.address, thread=asked.thread, author=name)

    def written(self, conversation: str, parts: Parts) -> None:
        """The board took these completed parts: they are what is answered until the record has them."""
        self._written[conversation] = tuple(part for part in parts if isinstance(part, MailHead))
        self._written.move_to_end(conversation)
        if len(self._written) > _WRITTEN:
            self._written.popitem(last=False)
