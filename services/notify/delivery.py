"""Delivering one reply: step by step, until every part was taken or it is certain that it never will be."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import structlog

from services.notify.breaker import Breaker
from services.notify.echo import Echo
from services.notify.outcomes import Outcome, Outcomes
from services.notify.rate import Bucket
from services.notify.retry import pause_s
from services.notify.sender import Sender
from trunkline.bus import Bus, NewRecord, Partition
from trunkline.channels.base import Accepted, Failed, FailureClass, NoResponse, Response, SendStep
from trunkline.config.accounts import Accounts, Configured
from trunkline.events import Header, ReplySent, ReplyUndeliverable, SendFailed, StepAccepted, Topic, headers, pack
from trunkline.failpoints import afailpoint
from trunkline.messages import OutboundMessage
from trunkline.metrics import ATTEMPTS, DELIVERIES, POSSIBLE_DUPLICATES, SEND_SECONDS

log = structlog.get_logger()

_DOWN = {FailureClass.RETRY, FailureClass.AMBIGUOUS}


@dataclass(slots=True)
class Reply:
    """A reply to deliver."""

    offset: int
    message: OutboundMessage
    thread: str
    trace: str = ""
    done: int = 0
    """Steps the provider took already."""
    parts: int = 0
    """Steps in all; 0 before it was planned."""
    unknown: bool = False
    """An owner before us may have made the next call without being able to say how it ended."""
    attempts: int = 0
    provider_ids: tuple[str, ...] = ()
    flagged: bool = False
    in_hand: bool = False
    """A call was made whose outcome is not in the log: to stop now would leave it in doubt."""

    @property
    def whole(self) -> bool:
        """Whether the provider took every step."""
        return 0 < self.parts <= self.done


class _Planned(NamedTuple):
    configured: Configured
    steps: Sequence[SendStep]


class Couriers:
    """What deliveries of one process share: the client, and each account's rate and breaker."""

    def __init__(
        self,
        bus: Bus,
        sender: Sender,
        accounts: Accounts,
        *,
        echo: Echo | None = None,
        chance: random.Random | None = None,
    ) -> None:
        self.bus = bus
        self.echo = echo
        self.sender = sender
        self.accounts = accounts
        self.chance = chance or random.Random()  # noqa: S311  jitter, not cryptography
        self._buckets: dict[str, Bucket] = {}
        self._breakers: dict[str, Breaker] = {}

    def bucket(self, name: str, configured: Configured) -> Bucket | None:
        """The bucket a step draws from; None for an account without a rate."""
        rate = getattr(configured.account.settings, "units_per_second", None)
        if not rate:
            return None
        return self._buckets.setdefault(f"{configured.account.name}|{name}|{rate}", Bucket(float(rate)))

    def breaker(self, account: str) -> Breaker:
        """The account's breaker."""
        if account not in self._breakers:
            self._breakers[account] = Breaker(account)
        return self._breakers[account]


class Delivery:
    """Delivers replies of one partition. `may_send` says, right before each call, whether we still hold the pen."""

    def __init__(self, couriers: Couriers, outcomes: Outcomes, shard: int, may_send: Callable[[], None]) -> None:
        self._couriers = couriers
        self._outcomes = outcomes
        self._shard = shard
        self._may_send = may_send

    async def deliver(self, reply: Reply) -> None:
        """Send it, and write what became of it. Returns when it is final."""
        while not reply.whole:
            failure = await self._step(reply)
            if failure is not None:
                await self._fail(reply, failure)
                return
        message = reply.message
        event = ReplySent(
            conversation=message.conversation, message=message.id, account=message.account,
            provider_ids=reply.provider_ids, attempts=reply.attempts, possible_duplicate=reply.flagged,
            sent_at=datetime.now(UTC),
        )  # fmt: skip
        await self._record(reply, event)
        DELIVERIES.labels(message.account, "sent").inc()

    # --- one step -----------------------------------------------------------------------------------------

    def _planned(self, reply: Reply) -> _Planned | Failed:
        """The steps by the account as it is now: a token rotated while a reply waits serves its next attempt."""
        configured = self._couriers.accounts.get(reply.message.account)
        if configured is None:
            return Failed(kind=FailureClass.CONFIG, text="its channel account is no longer configured")
        try:
            steps = configured.channel.plan(reply.message, configured.account)
        except ValueError as error:
            return Failed(kind=FailureClass.INVALID, text=str(error))
        reply.parts = len(steps)
        return _Planned(configured, steps)

    async def _step(self, reply: Reply) -> Failed | None:
        """Try the next step until the provider took it (None) or it is certain that it never will."""
        # An owner before us who could not say how its attempt ended had that one attempt; ours is the repetition.
        ambiguous = int(reply.unknown)
        tries = 0
        while True:
            planned = self._planned(reply)
            if isinstance(planned, Failed):
                return planned
            if reply.whole:
                return None
            step, manifest = planned.steps[reply.done], planned.configured.channel.manifest
            tries += 1
            outcome = await self._attempt(reply, step, planned.configured)
            if isinstance(outcome, Accepted):
                await self._accepted(reply, step, outcome)
                return None
            ambiguous += outcome.kind is FailureClass.AMBIGUOUS
            if not outcome.kind.transient or tries >= manifest.max_attempts:
                return outcome
            if ambiguous > 1 and not manifest.idempotent_send:
                text = "the provider did not say whether it took it, twice; it may have arrived"
                return Failed(kind=FailureClass.AMBIGUOUS, code=outcome.code, text=text)
            reply.unknown = reply.unknown or outcome.kind is FailureClass.AMBIGUOUS
            reply.in_hand = reply.unknown and not manifest.idempotent_send
            await self._wait(pause_s(outcome, tries, chance=self._couriers.chance), reply)

    async def _wait(self, seconds: float, reply: Reply) -> None:
        await asyncio.sleep(max(0.0, min(seconds, _left_s(reply) + 0.01)))

    async def _attempt(self, reply: Reply, step: SendStep, configured: Configured) -> Accepted | Failed:
        account = configured.account.name
        breaker = self._couriers.breaker(account)
        bucket = self._couriers.bucket(step.bucket, configured)
        tried = False
        if breaker.is_open or bucket is not None:
            try:
                async with asyncio.timeout(_left_s(reply)):
                    tried = await breaker.enter()
                    if bucket is not None:
                        await bucket.take(step.cost)
            except TimeoutError:
                return _too_late(reply)
        answer = await self._call(reply, step, configured)
        if isinstance(answer, Failed):
            return answer
        outcome = configured.channel.interpret(step, answer, configured.account)
        if isinstance(outcome, Failed):
            if outcome.kind is FailureClass.THROTTLED and bucket is not None:
                bucket.throttled(outcome.retry_after_s)
            if outcome.kind in _DOWN or isinstance(answer, NoResponse):
                breaker.failed(tried=tried)
            else:
                breaker.succeeded()
            log.info("attempt_failed", account=account, reply=reply.message.id, kind=outcome.kind, code=outcome.code)
        else:
            breaker.succeeded()
        ATTEMPTS.labels(account, outcome.kind if isinstance(outcome, Failed) else "accepted").inc()
        return outcome

    async def _call(self, reply: Reply, step: SendStep, configured: Configured) -> Response | NoResponse | Failed:
        """The call itself; Failed when its time was over, Fenced when we may not make it any more."""
        async with self._couriers.sender.slots:
            if _left_s(reply) <= 0:
                return _too_late(reply)
            self._may_send()
            self._begin(reply, configured)
            with SEND_SECONDS.labels(configured.account.name).time():
                answer = await self._couriers.sender.call(step)
        await afailpoint("notify.called")
        return answer

    def _begin(self, reply: Reply, configured: Configured) -> None:
        reply.in_hand = True
        reply.attempts += 1
        if reply.unknown and not reply.flagged and not configured.channel.manifest.idempotent_send:
            reply.flagged = True
            POSSIBLE_DUPLICATES.labels(configured.account.name).inc()

    async def _accepted(self, reply: Reply, step: SendStep, accepted: Accepted) -> None:
        reply.provider_ids += accepted.provider_ids
        reply.done += 1
        reply.unknown = False
        if step.parts == 1:
            # A reply of one part is final with its only step: ReplySent says it all, in one record.
            return
        event = StepAccepted(
            conversation=reply.message.conversation, message=reply.message.id, part=step.part, parts=step.parts,
            provider_ids=accepted.provider_ids, status=accepted.status, possible_duplicate=reply.flagged,
        )  # fmt: skip
        await self._record(reply, event)
        reply.in_hand = False

    # --- the end ------------------------------------------------------------------------------------------

    async def _fail(self, reply: Reply, failure: Failed) -> None:
        """The router hears first: if we die before our own record, the reply is tried again and fails again, and
        the router takes the repeat for what it is."""
        message = reply.message
        log.warning("reply_failed", account=message.account, reply=message.id, kind=failure.kind, code=failure.code)
        await self._tell_router(reply, failure)
        await afailpoint("notify.failed")
        event = SendFailed(
            conversation=message.conversation, message=message.id, account=message.account, kind=failure.kind,
            code=failure.code, text=failure.text, attempts=reply.attempts, failed_at=datetime.now(UTC),
        )  # fmt: skip
        await self._record(reply, event)
        DELIVERIES.labels(message.account, failure.kind).inc()

    async def _tell_router(self, reply: Reply, failure: Failed) -> None:
        now = datetime.now(UTC)
        event = ReplyUndeliverable(
            id=f"undeliverable-{reply.message.id}", conversation=reply.message.conversation, thread=reply.thread,
            message=reply.message.id, kind=failure.kind, code=failure.code, text=failure.text, failed_at=now,
        )  # fmt: skip
        value = pack(
            event, id=event.id, source="trunkline/notify", subject=reply.thread, time=now, traceparent=reply.trace
        )
        told = headers(event.type, (Header.TRACE, reply.trace.encode()))
        await self._couriers.bus.append(
            Partition(Topic.INBOUND, self._shard), [NewRecord(reply.thread.encode(), value, told)]
        )

    async def _record(self, reply: Reply, event: StepAccepted | ReplySent | SendFailed) -> None:
        outcome = Outcome(
            event=event,
            offset=reply.offset,
            agent=reply.message.agent or "",
            key=reply.message.conversation,
            trace=reply.trace,
        )
        await self._outcomes.record(outcome)


def _left_s(reply: Reply) -> float:
    return (reply.message.send_before - datetime.now(UTC)).total_seconds()


def _too_late(reply: Reply) -> Failed:
    text = "it could not be sent in time"
    if reply.unknown:
        text = "its time was over before it was known whether the provider took it; it may have arrived"
    return Failed(kind=FailureClass.EXPIRED, text=text)
