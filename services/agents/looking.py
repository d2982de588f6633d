"""Who else has a conversation open, at the desks of every agents service. A hint by signals; never logged.

Each service tells all of them whom it sees at a conversation: at each change, and everything every ten seconds. What is
not said again within 25 seconds is over, so who looked by way of a service that died disappears. A closed tab ends its
socket, and with it the look; a vanished one is noticed after 45 seconds of silence.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

import orjson

from services.agents.api.seeing import may_read
from services.agents.asked import BadFields
from services.agents.hub import Hub, Socket
from services.agents.repository import Agent, RecordAway, Repository
from trunkline.board.signals import LOOKS, Signals

_AGAIN_S = 10.0
_LEASE_S = 25.0  # two sayings may be lost
_PACE_S = 0.1  # so often at most: what changes by the key stroke is said once
_AT_ONCE = 100
_SHOWN = 20
_LONGEST_ID = 64


class Doing(StrEnum):
    """What somebody does there; who does several things in several windows does the last named of them."""

    LOOKS = "looks"
    NOTE = "note"
    REPLY = "reply"


_RANK = list(Doing)


class Look(NamedTuple):
    """Somebody at a conversation."""

    agent: str
    name: str
    doing: Doing


class _Heard(NamedTuple):
    until: float
    looks: tuple[Look, ...]


class Looking:
    """Everybody's looks, as this process has heard of them; its own come back to it the same way."""

    def __init__(self, signals: Signals, *, again_s: float = _AGAIN_S, lease_s: float = _LEASE_S) -> None:
        self._signals = signals
        self._again_s, self._lease_s = again_s, lease_s
        self._name = secrets.token_hex(8)
        self._here: defaultdict[str, dict[Socket, Look]] = defaultdict(dict)
        self._heard: defaultdict[str, dict[str, _Heard]] = defaultdict(dict)
        self._unsaid: set[str] = set()
        self._more = asyncio.Event()

    def look(self, socket: Socket, conversation: str, look: Look) -> None:
        """The socket shows this conversation; it is told who else is there, now and at each change."""
        known = self._here[conversation].get(socket)
        if known == look:
            return
        self._here[conversation][socket] = look
        self._say(conversation)
        if known is None and (others := _others(self._all(conversation), look.agent)):
            socket.put(_frame(conversation, others))

    def leave(self, socket: Socket, conversation: str) -> None:
        """It no longer does."""
        if self._here[conversation].pop(socket, None) is not None:
            self._say(conversation)
        if not self._here[conversation]:
            del self._here[conversation]

    # --- to every service -----------------------------------------------------------------------------------

    def _say(self, conversation: str) -> None:
        self._unsaid.add(conversation)
        self._more.set()

    async def run(self) -> None:
        """Say what changed, and everything now and then, for ever; forget who was not spoken of for too long."""
        again_at = 0.0
        while True:
            if (now := _now()) >= again_at:
                again_at = now + self._again_s
                self._unsaid |= self._here.keys()
                self._forget(now)
            self._tell()
            try:
                async with asyncio.timeout(again_at - now):
                    await self._more.wait()
            except TimeoutError:
                continue
            self._more.clear()
            await asyncio.sleep(_PACE_S)

    def _tell(self) -> None:
        while self._unsaid:
            some = [self._unsaid.pop() for _ in range(min(_AT_ONCE, len(self._unsaid)))]
            told = {each: [list(look) for look in _each_once(self._here.get(each, {}).values())] for each in some}
            self._signals.tell(LOOKS, orjson.dumps({"from": self._name, "looks": told}))

    # --- from every service ---------------------------------------------------------------------------------

    def hear(self, payload: bytes) -> None:
        """What a service says of whom it sees."""
        said = orjson.loads(payload)
        until = _now() + self._lease_s
        for conversation, looks in said["looks"].items():
            there = tuple(Look(agent, name, _doing(doing)) for agent, name, doing in looks)
            self._change(conversation, {said["from"]: _Heard(until, there)})

    def _forget(self, now: float) -> None:
        for conversation, services in list(self._heard.items()):
            if over := {name: _Heard(0, ()) for name, heard in services.items() if heard.until < now}:
                self._change(conversation, over)

    def _change(self, conversation: str, news: dict[str, _Heard]) -> None:
        before = self._all(conversation)
        services = {name: heard for name, heard in (self._heard[conversation] | news).items() if heard.looks}
        self._heard[conversation] = services
        if not services:
            del self._heard[conversation]
        now = self._all(conversation)
        for socket, look in self._here.get(conversation, {}).items():
            if (others := _others(now, look.agent)) != _others(before, look.agent):
                socket.put(_frame(conversation, others))

    def _all(self, conversation: str) -> list[Look]:
        return _each_once(look for heard in self._heard.get(conversation, {}).values() for look in heard.looks)


class Eyes:
    """Where one socket's agent looks: one place at a time, and only what they may see."""

    def __init__(self, looking: Looking, socket: Socket, hub: Hub, repository: Repository) -> None:
        self._looking = looking
        self._socket = socket
        self._hub = hub
        self._repository = repository
        self._wanted: tuple[Agent, str, Doing] | None = None
        self._at = ""
        self._turning = False

    def aim(self, agent: Agent, frame: Mapping[str, object]) -> bool:
        """Where the client's frame says to look, '' for nowhere; whether somebody must `turn`. BadFields if it is
        none."""
        conversation, doing = frame.get("conversation", ""), frame.get("doing", Doing.LOOKS)
        if not isinstance(conversation, str) or len(conversation) > _LONGEST_ID or doing not in _RANK:
            raise BadFields(f"looking needs a conversation, and doing as one of {', '.join(Doing)}")
        self._wanted = (agent, conversation, _doing(str(doing)))
        if self._turning:
            return False
        self._turning = True
        return True

    async def turn(self) -> None:
        """Look there; the newest word counts.

        Nothing happens for what the agent may not see, or while the record does not say whether they may.
        """
        try:
            while self._wanted is not None:
                wanted, self._wanted = self._wanted, None
                await self._turn(*wanted)
        finally:
            self._turning = False

    async def _turn(self, agent: Agent, conversation: str, doing: Doing) -> None:
        if conversation != self._at:
            self.close()
            if not conversation or not await self._may_see(agent, conversation):
                return
            self._at = conversation
        if self._at:
            self._looking.look(self._socket, self._at, Look(agent.id, agent.name, doing))

    async def _may_see(self, agent: Agent, conversation: str) -> bool:
        if self._hub.concerns(conversation, agent.id):
            return True  # the record may not know it yet
        try:
            one = await self._repository.conversations.one(conversation)
        except RecordAway:
            return False  # the client says it again
        return one is not None and may_read(agent, one)

    def close(self) -> None:
        """Look nowhere."""
        if self._at:
            self._looking.leave(self._socket, self._at)
        self._at = ""


def _others(looks: Iterable[Look], agent: str) -> list[Look]:
    return [look for look in looks if look.agent != agent]


def _doing(word: str) -> Doing:
    """What a newer version of us may call otherwise is, at least, looking."""
    return Doing(word) if word in _RANK else Doing.LOOKS


def _each_once(looks: Iterable[Look]) -> list[Look]:
    """Each agent once, by name, with the most of what they do."""
    most: dict[str, Look] = {}
    for look in looks:
        if look.agent not in most or _RANK.index(look.doing) > _RANK.index(most[look.agent].doing):
            most[look.agent] = look
    return sorted(most.values(), key=lambda look: (look.name, look.agent))


def _frame(conversation: str, looks: Iterable[Look]) -> bytes:
    agents = [{"id": look.agent, "name": look.name, "doing": look.doing} for look in looks][:_SHOWN]
    return orjson.dumps({"type": "looking", "conversation": conversation, "agents": agents})


def _now() -> float:
    return asyncio.get_running_loop().time()
