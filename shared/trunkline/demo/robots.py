"""Robot agents: they sign in, sit at the desk, accept, answer in the customer's language, write up and close."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import structlog
from pydantic import ValidationError

from trunkline.demo.api import UNREACHABLE, DeskSession, Refused
from trunkline.demo.conduct import Step, next_step
from trunkline.demo.desk_socket import Answer, DeskSocket, Lost, Welcome
from trunkline.demo.held import Event, Held, Hole, Transcript
from trunkline.demo.stories import Book
from trunkline.demo.waits import Waits

_READ_AGAIN: Final = 12  # tries to read a record that has not caught up: about 40 s, longer than a restart takes
_ANSWERED_UNSEEN_S: Final = 5.0
_PRESENCE_AGAIN_S: Final = 2.0
_TOLD_EVERY: Final = 8  # failures in a row: a restart of the desk is told by nobody seven times


class Robot:
    """One robot. It survives the loss of its socket, of its session and of every service: it comes again.

    With `haste` it thinks, types and waits so many times faster than people do, for tests.
    """

    def __init__(
        self, session: DeskSession, book: Book, *, seed: int, available: bool = True, haste: float = 1.0
    ) -> None:
        self.counters: Counter[str] = Counter()
        self.presence = ""
        """What the desk last said; empty while not connected yet."""
        self._session = session
        self._book = book
        self._haste = haste
        self._chance = random.Random(f"{seed} {session.login}")
        self._wanted = "available" if available else "away"
        self._socket = DeskSocket(session, self, device=f"demo-{uuid.uuid4().hex}")
        self._me = ""
        self._held: dict[str, Held] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._busy: dict[str, str] = {}
        self._at_least: dict[str, int] = {}
        self._reading: dict[str, asyncio.Task[None]] = {}
        self._presence_asked = ""
        self._log = structlog.get_logger().bind(robot=session.login)

    async def run(self) -> None:
        """Be at the desk, again and again, until cancelled."""
        waits = Waits(self._chance)
        try:
            while True:
                began = asyncio.get_running_loop().time()
                try:
                    await self._socket.live()
                except (Lost, Refused, *UNREACHABLE) as error:
                    if asyncio.get_running_loop().time() - began > 10:
                        waits.reset()
                    pause = waits.after(error)
                    level = "warning" if waits.failures % _TOLD_EVERY == 0 else "debug"
                    getattr(self._log, level)("robot_lost_desk", reason=str(error)[:200], again_in_s=round(pause, 1))
                    self.counters["lost"] += 1
                    await asyncio.sleep(pause / self._haste)
        finally:
            self._drop_everything()
            await asyncio.gather(*self._reading.values(), return_exceptions=True)

    def want(self, *, available: bool) -> None:
        """Take work, or take no more of it; what is held is finished either way."""
        self._wanted = "available" if available else "away"
        self._agree_on_presence()

    @property
    def holds(self) -> int:
        """How many conversations are offered to the robot or owned by it."""
        return len(self._held)

    # What the desk tells.

    def welcomed(self, welcome: Welcome) -> None:
        """Connected. With a snapshot, that is all there is."""
        self._me = str(welcome.agent.get("id", ""))
        self._presence_asked, self.presence = "", welcome.presence
        if welcome.snapshot is not None or not welcome.resumed:
            self._drop_everything()
            transcripts = welcome.snapshot.conversations if welcome.snapshot is not None else ()
            self._held = {each.conversation.id: Held(each) for each in transcripts}
        for name, held in list(self._held.items()):
            if held.messages_are_behind:
                self._read_record(name, held.row.version)
            else:
                self._consider(held)
        self._agree_on_presence()
        self._log.debug("robot_sat_down", resumed=welcome.resumed, holds=len(self._held))

    def happened(self, event: Event) -> None:
        """A conversation moved, or our own presence changed."""
        if event.presence and event.subject in {"", self._me}:
            self.presence = event.presence
            asyncio.get_running_loop().call_later(_PRESENCE_AGAIN_S / self._haste, self._agree_on_presence)
        elif event.of_conversation and (name := str(event.data.state.get("id", ""))):
            self._moved(name, event)

    def answered(self, action: Mapping[str, Any], answer: Answer) -> None:
        """One of our actions was done or refused."""
        verb, done = str(action["verb"]), answer.status == "done"
        self.counters[verb if done else f"refused_{answer.code}"] += 1
        self._log.debug("robot_acted", verb=verb, status=answer.status, code=answer.code)
        if verb == "presence":
            self._presence_answered(str(action["presence"]), done=done)
            return
        name = str(action["conversation"])
        self._busy.pop(name, None)
        if not done:
            self._refused(name, answer.code)
        elif (held := self._held.get(name)) is not None:
            self._done(held, answer.version)

    # What the robot does about it.

    def _moved(self, name: str, event: Event) -> None:
        held = self._held.get(name)
        try:
            if held is not None and not held.happened(event):
                return
        except (Hole, ValidationError):
            held = None
        if held is None:
            self._read_record(name, event.data.version)
        else:
            self._consider(held)

    def _consider(self, held: Held) -> None:
        name = held.row.id
        if (timer := self._timers.pop(name, None)) is not None:
            timer.cancel()
        if name in self._busy or held.version < self._at_least.get(name, 0):
            return
        step = next_step(held, self._me, self._book, self._chance)
        if step is None:
            self._forget(name)
            return
        if step.verb == "accept":
            self._socket.send({"type": "shown", "conversation": name, "fence": step.fields["fence"]})
        self._timers[name] = asyncio.get_running_loop().call_later(step.after_s / self._haste, self._take, name, step)

    def _take(self, name: str, step: Step) -> None:
        del self._timers[name]
        self._busy[name] = self._socket.act(step.verb, conversation=name, **step.fields)

    def _done(self, held: Held, version: int) -> None:
        """Go on once the action's own event is known: it may come before the answer or after, or be lost."""
        name = held.row.id
        self._at_least[name] = max(version, self._at_least.get(name, 0))
        if held.version >= version:
            self._consider(held)
        else:
            pause = _ANSWERED_UNSEEN_S / self._haste
            asyncio.get_running_loop().call_later(pause, self._read_if_behind, name, version)

    def _refused(self, name: str, code: str) -> None:
        held = self._held.get(name)
        if held is not None and code == "opted-out":
            held.row = held.row.model_copy(update={"opted_out": True})
            self._consider(held)
        else:
            self._read_record(name, 0)

    def _read_if_behind(self, name: str, version: int) -> None:
        held = self._held.get(name)
        if held is not None and held.version < version:
            self._read_record(name, version)

    def _read_record(self, name: str, version: int) -> None:
        """Read the conversation from the record, until it is as new as `version`; one reading at a time for each."""
        self._at_least[name] = max(version, self._at_least.get(name, 0))
        if name not in self._reading:
            self._reading[name] = asyncio.create_task(self._read(name), name=f"record of {name}")
            self._reading[name].add_done_callback(lambda _: self._reading.pop(name, None))

    async def _read(self, name: str) -> None:
        pause = 0.1
        for _ in range(_READ_AGAIN):
            try:
                answer = await self._session.call("GET", f"/api/v1/conversations/{name}")
                transcript = Transcript.model_validate(answer)
            except (Refused, ValidationError, *UNREACHABLE) as error:
                self._log.debug("robot_cannot_read", conversation=name, reason=str(error)[:200])
            else:
                if transcript.version >= self._at_least.get(name, 0):
                    self._learned(name, transcript)
                    return
            await asyncio.sleep(pause / self._haste)
            pause = min(pause * 2, 5.0)
        self._log.warning("robot_gave_up_reading", conversation=name)
        self._forget(name)

    def _learned(self, name: str, transcript: Transcript) -> None:
        held = self._held.setdefault(name, Held(transcript))
        held.read_again(transcript)
        self._consider(held)

    # Presence.

    def _agree_on_presence(self) -> None:
        if self.presence and self.presence != self._wanted and not self._presence_asked:
            self._presence_asked = self._socket.act("presence", presence=self._wanted, reason="")

    def _presence_answered(self, presence: str, *, done: bool) -> None:
        self._presence_asked = ""
        if done:
            self.presence = presence
        asyncio.get_running_loop().call_later(_PRESENCE_AGAIN_S / self._haste, self._agree_on_presence)

    # Forgetting.

    def _forget(self, name: str) -> None:
        self._held.pop(name, None)
        self._at_least.pop(name, None)
        if (timer := self._timers.pop(name, None)) is not None:
            timer.cancel()

    def _drop_everything(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        for reading in self._reading.values():
            reading.cancel()
        self._timers.clear()
        self._held.clear()
        self._at_least.clear()
