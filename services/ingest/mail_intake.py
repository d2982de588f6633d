"""A mail on its way into the log: keep it → read it → judge it for each account → place it → publish.

Whoever hands it in is told success only when all of that is done. Any other answer says whether to come again.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import structlog

from services.ingest.channel_log import ChannelLog
from services.ingest.mail_readers import MailReaders, ReadingAway
from services.ingest.mail_threads import MailThreads
from services.ingest.publish import Publisher
from trunkline.blobs import Blobs
from trunkline.bus import BusError
from trunkline.channels.base import MessageIn, Parsed, RawRequest
from trunkline.channels.email import Email, settings_of
from trunkline.channels.email.fields import MAX_HOPS
from trunkline.channels.email.inbound import RECIPIENT, SENDER
from trunkline.channels.email.letter import Letter
from trunkline.channels.email.tokens import read_message_id
from trunkline.config.accounts import Configured
from trunkline.failpoints import afailpoint
from trunkline.http import traceparent
from trunkline.internal import RecordAway
from trunkline.messages import Blob
from trunkline.metrics import PUBLISH_SECONDS, RECEIVED

log = structlog.get_logger()

TOTAL_S = 120.0
"""Seconds from the last dot to our answer; RFC 5321 4.5.3.2.6 lets the sender wait ten minutes."""

THREAD_MAILS = 20
THREAD_WINDOW_S = 600.0

TAKEN = "250 2.0.0 taken"
_LATER = "451 4.3.0 it cannot be saved at the moment, come again"
_LOOP = "554 5.4.6 this mail goes round in a circle"
_TOO_OFTEN = "451 4.7.1 too many mails of this thread in ten minutes, come again later"


class _TooOften(Exception):
    """A thread gets more mails from one sender than people write: two machines answer each other."""


class MailIntake:
    """Takes mails from a listener."""

    def __init__(
        self, blobs: Blobs, readers: MailReaders, threads: MailThreads, publisher: Publisher, channel_log: ChannelLog,
        *, total_s: float = TOTAL_S, thread_mails: int = THREAD_MAILS,
    ) -> None:  # fmt: skip
        self._blobs = blobs
        self._readers = readers
        self._threads = threads
        self._publisher = publisher
        self._log = channel_log
        self._total_s = total_s
        self._pace = _Pace(thread_mails, THREAD_WINDOW_S)

    async def take(self, raw: bytes, sender: str, recipients: Mapping[str, tuple[Configured, Sequence[str]]]) -> str:
        """The SMTP reply for a mail to these accounts: by name, each with the recipients that are its."""
        try:
            async with asyncio.timeout(self._total_s):
                outcome, answer = await self._take(raw, sender, recipients)
        except (BusError, RecordAway, ReadingAway, TimeoutError) as error:
            log.warning("mail_not_taken", reason=type(error).__name__, detail=str(error)[:200])
            outcome, answer = "later", _LATER
        except OSError as error:
            log.warning("mail_not_kept", reason=type(error).__name__, detail=error.strerror)
            outcome, answer = "later", "452 4.3.1 no room for it at the moment, come again"
        except _TooOften:
            outcome, answer = "too-often", _TOO_OFTEN
        for name in recipients:
            RECEIVED.labels(name, outcome).inc()
        return answer

    async def _take(
        self, raw: bytes, sender: str, recipients: Mapping[str, tuple[Configured, Sequence[str]]]
    ) -> tuple[str, str]:
        original = await self._blobs.put(raw)
        letter = await self._readers.read(original)
        going_round = 0
        for name, (configured, own) in recipients.items():
            if isinstance(letter, Letter) and (reason := _loop(letter, configured)) is not None:
                self._log.note(name, "loop", reason, letter.message_id or "")
                going_round += 1
                continue
            await self._publish(_request(raw, sender, own, configured), letter, original, configured, own)
        if going_round == len(recipients):
            return "loop", _LOOP
        await afailpoint("mail.published")
        return "accepted", TAKEN

    async def _publish(
        self, request: RawRequest, letter: Letter | str, original: Blob, configured: Configured, own: Sequence[str]
    ) -> None:
        channel, account = configured.channel, configured.account
        if not isinstance(channel, Email):
            raise TypeError(f"{account.name} is no account of mail")
        parsed = channel.judge(letter, original, request, account)
        events = []
        for event in parsed.events:
            placed = await self._threads.place(event, own, account) if isinstance(event, MessageIn) else event
            if isinstance(placed, MessageIn) and not self._pace.allows(
                f"{placed.thread} {placed.contact.value.lower()}"
            ):
                self._log.note(
                    account.name, "too-often", f"more than {THREAD_MAILS} mails of one thread in ten minutes"
                )
                raise _TooOften
            events.append(placed)
        await afailpoint("mail.placed")
        with PUBLISH_SECONDS.time():
            problems = await self._publisher.publish(
                Parsed(events=tuple(events), problems=parsed.problems), request, configured, trace=traceparent(None)
            )
        for problem in problems:
            self._log.note(account.name, problem.kind, problem.reason, problem.original)


def _request(raw: bytes, sender: str, recipients: Sequence[str], configured: Configured) -> RawRequest:
    """The mail as channels see it: its envelope stands where a webhook's headers do."""
    return RawRequest(
        method="SMTP",
        url=configured.account.webhook_url,
        headers=((SENDER, sender), *((RECIPIENT, recipient) for recipient in recipients)),
        body=raw,
        received_at=datetime.now(UTC),
    )


def _loop(letter: Letter, configured: Configured) -> str | None:
    """Why this mail goes round in a circle; None if it does not."""
    if letter.hops > MAX_HOPS:
        return f"more than {MAX_HOPS} servers have passed it on"
    settings, account = settings_of(configured.account), configured.account
    if letter.message_id is not None and read_message_id(settings, account.name, letter.message_id) is not None:
        return "it is a reply of ours that came back"
    return None


class _Pace:
    """How often each key came lately; the least recent keys are forgotten first."""

    def __init__(self, most: int, window_s: float, *, keys: int = 10_000) -> None:
        self._most = most
        self._window_s = window_s
        self._keys = keys
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def allows(self, key: str) -> bool:
        now = time.monotonic()
        times = self._times.setdefault(key, deque())
        self._times.move_to_end(key)
        if len(self._times) > self._keys:
            self._times.popitem(last=False)
        while times and times[0] < now - self._window_s:
            times.popleft()
        if len(times) >= self._most:
            return False
        times.append(now)
        return True
