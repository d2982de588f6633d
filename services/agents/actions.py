"""What agents do: a move on the board at once, answered when its event is in the log."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from weakref import WeakValueDictionary

from services.agents.asked import Action, BadFields, text
from services.agents.attending import Attending
from services.agents.beginning import BEGINS_PER_MINUTE, Beginning
from services.agents.consulting import Consulting
from services.agents.files import FileGone, Files, Where
from services.agents.letters import Letters
from services.agents.passing import Passing
from services.agents.replying import names_blobs, parts_of, references_of
from services.agents.shutting import Shutting
from services.agents.waiters import Waiters
from trunkline.board import Answer, Board, BoardAway, BoardClosed, moves
from trunkline.channels.base import Channel, WritesLetters
from trunkline.config.watch import Watch
from trunkline.events import CloseDetails, ReplyDetails
from trunkline.failpoints import afailpoint
from trunkline.ids import shard_of_conversation
from trunkline.messages import Address, OutboundMessage, Parts
from trunkline.metrics import ACTION_SECONDS, ACTIONS

SEEN_S = 5.0
_AGAIN = 3
_OF_NONE = {"presence", "drain", "begin", "shut", "open"}
"""Verbs that are about no conversation there is."""

_KNOWN = 50_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an action.

    `done`: it is in the log. `pending`: decided, not yet seen there; repeat with the same operation id.
    `refused`: `code` says why, nothing was changed; with `retry_after_s`, come again.
    """

    status: Literal["done", "pending", "refused"]
    code: str = ""
    detail: str = ""
    version: int = 0
    conversation: str = ""
    repeated: bool = False
    retry_after_s: int = 0


@dataclass(frozen=True, slots=True)
class _Facts:
    account: str
    channel: str
    contact: Address


class Actions:
    """Every verb an agent has."""

    def __init__(
        self, board: Board, waiters: Waiters, watch: Watch, channels: Mapping[str, Channel],
        *, letters: Letters | None = None, files: Files | None = None, begins_per_minute: int = BEGINS_PER_MINUTE,
    ) -> None:  # fmt: skip
        self._board = board
        self._waiters = waiters
        self._channels = channels
        self._letters = letters
        self._files = files
        # Told apart once: asking a protocol whether something is one takes longer than all the rest of a reply.
        self._writers = {name: one for name, one in channels.items() if isinstance(one, WritesLetters)}
        self._facts: OrderedDict[str, _Facts] = OrderedDict()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        passing, shutting = Passing(board, watch, channels), Shutting(board, watch)
        attending, consulting = Attending(board, watch), Consulting(board)
        self._verbs: dict[str, Callable[..., Awaitable[Answer]]] = {
            "accept": self._accept,
            "decline": self._decline,
            "reply": self._reply,
            "transfer": passing.transfer,
            "escalate": passing.escalate,
            "snooze": passing.snooze,
            "wake": passing.wake,
            "assign": passing.assign,
            "consult": consulting.consult,
            "consult-end": consulting.end,
            "take-over": consulting.take_over,
            "reorder": consulting.reorder,
            "wrap-up": self._wrap_up,
            "close": self._close,
            "begin": Beginning(board, watch, channels, per_minute=begins_per_minute).begin,
            "shut": shutting.shut,
            "open": shutting.open,
            "presence": attending.presence,
            "drain": attending.drain,
        }

    async def perform(self, action: Action) -> Outcome:
        """Do it. BadFields if the request makes no sense; everything else is an Outcome."""
        began = time.monotonic()
        outcome = await self._perform(action)
        ACTIONS.labels(action.verb, outcome.code or outcome.status).inc()
        ACTION_SECONDS.observe(time.monotonic() - began)
        return outcome

    async def _perform(self, action: Action) -> Outcome:
        conversation = action.conversation
        make = self._verbs.get(action.verb)
        if make is None:
            raise BadFields(f"no such action: {action.verb[:40]}")
        if action.verb not in _OF_NONE:
            _check_conversation(conversation)
        for _ in range(_AGAIN):
            try:
                async with self._turn(conversation or action.agent):
                    answer = await make(action)
            except (BoardClosed, BoardAway):
                return Outcome("refused", "board-away", "the board is being verified or rebuilt", retry_after_s=2)
            if not answer.ok:
                return _refusal(answer)
            if not answer.outbox:
                return Outcome("done", conversation=conversation)
            await afailpoint("action.moved")
            seen = await self._waiters.wait(answer.shard, answer.outbox, repeated=answer.repeated, timeout_s=SEEN_S)
            if seen == "seen":
                version = int(answer.version) if answer.version.isdigit() else 0
                return Outcome("done", version=version, conversation=answer.subject, repeated=answer.repeated)
            if seen == "timeout":
                break
        return Outcome("pending", conversation=conversation)

    def _turn(self, subject: str) -> asyncio.Lock:
        """Actions on one conversation are made in the order they came, also when one must ask the board first."""
        lock = self._turns.get(subject)
        if lock is None:
            lock = self._turns[subject] = asyncio.Lock()
        return lock

    async def shown(self, agent: str, conversation: str, fence: object) -> Outcome:
        """The client showed the offer to a person."""
        _check_conversation(conversation)
        try:
            answer = await moves.shown(self._board, agent=agent, conversation=conversation, fence=_fence(fence))
        except (BoardClosed, BoardAway):
            return Outcome("refused", "board-away", "the board is being verified or rebuilt", retry_after_s=2)
        return Outcome("done", conversation=conversation) if answer.ok else _refusal(answer)

    # --- verbs --------------------------------------------------------------------------------------------

    async def _accept(self, action: Action) -> Answer:
        return await moves.accept(
            self._board, **action.who, fence=_fence(action.fields.get("fence")),
        )  # fmt: skip

    async def _decline(self, action: Action) -> Answer:
        reason = text(action.fields, "reason", 200)
        return await moves.decline(self._board, **action.who, fence=_fence(action.fields.get("fence")), reason=reason)

    async def _reply(self, action: Action) -> Answer:
        facts = await self._known(action.conversation)
        if facts is None:
            return Answer("unknown")
        now = datetime.now(UTC)
        channel = self._channels.get(facts.channel)
        send_for = channel.manifest.send_before_s if channel is not None else 86_400
        try:
            parts = await self._said(action, channel)
        except FileGone as gone:
            return Answer("file-gone", version=str(gone))
        if parts is None:
            return Answer("behind")
        writer = self._writers.get(facts.channel)
        letters = self._letters if writer is not None else None
        if letters is not None and writer is not None:
            completed = await self._completed(letters, writer, parts, action)
            if completed is None:
                return Answer("behind")
            parts = completed
        message = OutboundMessage(
            id=action.operation, account=facts.account, channel=facts.channel, conversation=action.conversation,
            contact=facts.contact, parts=parts, agent=action.agent, written_at=now,
            send_before=now + timedelta(seconds=send_for),
        )  # fmt: skip
        body = ReplyDetails(message=message).model_dump_json().encode()
        answer = await moves.reply(self._board, **action.who, body=body)
        if answer.ok and letters is not None:
            letters.written(action.conversation, parts)
        return answer

    async def _said(self, action: Action, channel: Channel | None) -> Parts | None:
        """The reply's parts with its files; None while the record, which knows some of them, does not answer."""
        parts, references = parts_of(action.fields), references_of(action.fields)
        if not references and not any(names_blobs(part) for part in parts):
            return parts
        if self._files is None:
            raise BadFields("files cannot be sent from here")
        where = Where(action.agent, action.conversation)
        return await self._files.attach(parts, references, where, channel.manifest.sends if channel else None)

    async def _completed(self, letters: Letters, writer: WritesLetters, parts: Parts, action: Action) -> Parts | None:
        try:
            return await letters.complete(writer, parts, action.conversation, action.agent)
        except ValueError as error:
            raise BadFields(str(error)[:300]) from error

    async def _wrap_up(self, action: Action) -> Answer:
        return await moves.wrap_up(self._board, **action.who)

    async def _close(self, action: Action) -> Answer:
        details = CloseDetails(code=text(action.fields, "code", 100), note=text(action.fields, "note", 4_000))
        return await moves.close(self._board, **action.who, body=details.model_dump_json().encode())

    async def _known(self, conversation: str) -> _Facts | None:
        """What never changes of a conversation; asked of the board once."""
        facts = self._facts.get(conversation)
        if facts is None:
            raw = await self._board.call("facts", conversation)
            if raw[0] != b"ok":
                return None
            account, channel, scheme, contact, display = (part.decode() for part in raw[1:6])
            address = Address(scheme=scheme, value=contact, display=display or None)
            facts = self._facts[conversation] = _Facts(account, channel, address)
            if len(self._facts) > _KNOWN:
                self._facts.popitem(last=False)
        return facts


def _refusal(answer: Answer) -> Outcome:
    if answer.code == "open":
        conversation, _, agent = answer.detail.partition(" ")
        return Outcome("refused", "open", agent, conversation=conversation, repeated=answer.repeated)
    if answer.code == "too-fast":
        return Outcome("refused", "too-fast", retry_after_s=int(answer.detail))
    retry = 5 if answer.code == "behind" else 0
    return Outcome("refused", answer.code, answer.detail, repeated=answer.repeated, retry_after_s=retry)


def _check_conversation(conversation: str) -> None:
    try:
        shard_of_conversation(conversation)
    except ValueError as error:
        raise BadFields(str(error)) from error


def _fence(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**53:
        raise BadFields("fence is the number of the offer, a positive whole number")
    return value
