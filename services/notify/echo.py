"""Echoes: a contact's own message, told back to their windows with the number it has in its conversation.

Only channels that say so have them (web chat). A lost echo is no loss: the windows ask for what they miss.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import orjson
import structlog
from pydantic import ValidationError

from trunkline.bus import Record
from trunkline.channels.base import Channel, Echoes
from trunkline.config.accounts import Accounts
from trunkline.events import ConversationOpened, ConversationReopened, InboundDetails, MessageAdded

log = structlog.get_logger()

SAID = frozenset({ConversationOpened.type, ConversationReopened.type, MessageAdded.type})
"""Types of the events that add a customer's message."""


class Echo:
    """Tells echoes of one process."""

    def __init__(self, channels: Mapping[str, Channel], accounts: Accounts, tell: Callable[[str, bytes], None]) -> None:
        self._accounts = accounts
        self._tell = tell
        # Other channels' messages go by without being decoded.
        self._marks = [f'"channel":"{name}"'.encode() for name, one in channels.items() if isinstance(one, Echoes)]

    def saw(self, record: Record) -> None:
        """Tell the echo of a record of SAID, if its channel has echoes."""
        if not any(mark in record.value for mark in self._marks):
            return
        try:
            data = orjson.loads(record.value)["data"]
            message = InboundDetails.model_validate(data["details"]).message
            configured = self._accounts.get(message.account)
            if configured is None or not isinstance(configured.channel, Echoes):
                return
            state = data["state"]
            if not state.get("said"):
                return  # of a board that did not count yet
            step = configured.channel.echo(message, state["id"], state["said"], configured.account)
        except (ValidationError, KeyError, ValueError) as error:
            log.debug("echo_untold", offset=record.offset, error=str(error)[:300])
            return
        self._tell(step.url, step.body)
