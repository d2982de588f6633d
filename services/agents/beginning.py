"""An agent writes first: which thread, which queue and which account a conversation begins with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Final

from services.agents.asked import Action, BadFields, text
from trunkline.board import Answer, Board, moves
from trunkline.board.hours import with_hours
from trunkline.channels.base import Account, Channel, NewThreads
from trunkline.config.rules import decide
from trunkline.config.watch import Watch
from trunkline.events import BeginningDetails
from trunkline.ids import new_conversation_id, shard_of
from trunkline.messages import Address
from trunkline.route import route, window_of

_FORMS: Final = {
    "tel": re.compile(r"\+[1-9][0-9]{5,14}", re.ASCII),
    "mailto": re.compile(r"[^@\s<>,;]{1,64}@[^@\s<>,;]{1,255}"),
}
"""How providers write an address of each scheme: written otherwise, the answer would come to another thread."""

BEGINS_PER_MINUTE: Final = 10
"""Of one agent, unless the settings say otherwise: more than anybody writes by hand, fewer than a list needs."""

_ANY_FORM: Final = re.compile(r"[^\s\x00-\x1f\x7f]{1,320}")
"""Of a scheme that only its channel knows."""


class Beginning:
    """Makes the move `begin`."""

    def __init__(self, board: Board, watch: Watch, channels: Mapping[str, Channel], *, per_minute: int) -> None:
        self._board = board
        self._per_minute = per_minute
        self._watch = watch
        self._channels = channels

    async def begin(self, action: Action) -> Answer:
        """Open it; BadFields for an account or an address to which nobody can write first."""
        config, name = self._watch.current, text(action.fields, "account", 63)
        entry = config.accounts.get(name)
        channel = self._channels.get(entry.channel) if entry is not None else None
        if entry is None or channel is None:
            raise BadFields(f"no such account: {name}")
        contact = _contact(action, channel)
        if entry.begins == "nobody":
            raise BadFields(f"nobody writes first by {name}")
        if not entry.lets_begin(supervisor=action.supervisor):
            return Answer("not-allowed")
        account = Account(name=name, channel=entry.channel, public_url="", settings=entry.settings)
        # The thread is the one the contact's answer comes to: ingest asks the same function.
        if isinstance(channel, NewThreads):
            thread = channel.new_thread(action.operation, account)
        else:
            thread = channel.thread_key(contact, account)
        # What it needs should it be passed on: what its account's queue says, for no rule can read what nobody wrote.
        window = window_of(channel, contact.scheme)
        needs = route(decide(config, (), account=name), config, channel=entry.channel, window=window)
        fresh = new_conversation_id(shard_of(thread, self._board.shards))
        begin = partial(
            moves.begin, self._board, **action.who | {"conversation": fresh}, thread=thread, account=name,
            channel=entry.channel, contact=contact, route=needs.arguments(), per_minute=self._per_minute,
            body=BeginningDetails(by=action.agent).model_dump_json().encode(),
        )  # fmt: skip
        return await with_hours(self._board, config.clock_calendars, begin)


def _contact(action: Action, channel: Channel) -> Address:
    scheme, value = text(action.fields, "scheme", 32), text(action.fields, "address", 320)
    if scheme not in channel.manifest.begins:
        raise BadFields(f"nobody can be written to first by {channel.manifest.name} at such an address")
    if not _FORMS.get(scheme, _ANY_FORM).fullmatch(value):
        raise BadFields(f"address is not one of {scheme}, as +37120000000 or ann@example.org")
    return Address(scheme=scheme, value=value, display=text(action.fields, "display", 200) or None)
