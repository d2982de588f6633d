"""Typing and "seen", both ways: between a conversation's agent and the contact's windows. Told now or never.

Only channels whose contacts hold a socket of ours have them (web chat); for the others there is nobody to tell.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

import orjson
import structlog

from services.agents.hub import Hub
from services.agents.looking import Looking
from trunkline.board import Board, BoardAway, BoardClosed
from trunkline.board.signals import DESKS, LOOKS, Hearing, Signals
from trunkline.channels.base import Account, Channel, Echoes
from trunkline.messages import Address

log = structlog.get_logger()

FROM_DESK = frozenset({"typing", "seen"})
_KNOWN = 10_000


class ContactSignals:
    """Carries signals between desks and contacts."""

    def __init__(
        self, board: Board, hub: Hub, channels: Mapping[str, Channel], signals: Signals, hearing: Hearing, *,
        looking: Looking,
    ) -> None:  # fmt: skip
        self._board = board
        self._hub = hub
        self._looking = looking
        self._channels = channels
        self._signals = signals
        self._hearing = hearing
        self._topics: OrderedDict[str, str] = OrderedDict()

    async def run(self) -> None:
        """Tell desks for ever what contacts signal, and who else looks."""
        self._hearing.add(DESKS)
        self._hearing.add(LOOKS)
        async for topic, payload in self._hearing.heard():
            if topic == DESKS:
                self._hub.tell(orjson.loads(payload)["conversation"], payload)
            elif topic == LOOKS:
                self._looking.hear(payload)

    async def from_desk(self, agent: str, kind: str, conversation: str) -> None:
        """Let the contact's windows know that the agent types, or has seen what was written.

        Nothing happens for who has no part in the conversation or is only consulted, or while the board does not say
        whose thread it is.
        """
        if kind not in FROM_DESK or not self._hub.answers(conversation, agent):
            return
        try:
            topic = await self._topic(conversation)
        except (BoardAway, BoardClosed) as error:
            log.debug("signal_untold", conversation=conversation, error=type(error).__name__)
            return
        if topic:
            self._signals.tell(topic, orjson.dumps({"type": kind, "conversation": conversation}))

    async def _topic(self, conversation: str) -> str:
        """Where the contact's windows listen; '' if they have none. It never changes, so it is asked for once."""
        topic = self._topics.get(conversation)
        if topic is None:
            facts = await self._board.call("facts", conversation)
            if facts[0] != b"ok":
                return ""
            topic = self._topics[conversation] = self._of(facts)
            if len(self._topics) > _KNOWN:
                self._topics.popitem(last=False)
        return topic

    def _of(self, facts: list[bytes]) -> str:
        account, name, scheme, value = (part.decode() for part in facts[1:5])
        channel = self._channels.get(name)
        if channel is None or not isinstance(channel, Echoes):
            return ""
        # A thread's key needs the account's name alone; its settings are ingest's and notify's to know.
        nameless = Account(name=account, channel=name, public_url="", settings=None)
        return channel.thread_key(Address(scheme=scheme, value=value), nameless)
