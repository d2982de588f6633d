"""Asking the record, through the agents service, for what the board forgets after a while."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import structlog

from trunkline.at_once import LASTS_AT_ONCE
from trunkline.gather import Gather
from trunkline.internal import Internal, RecordAway
from trunkline.messages import MailHead

log = structlog.get_logger()

_MOST_BEHIND_S = 1_800
"""A projection further behind than this cannot say that it does not know a message: the board's exact memory of
operations lasts an hour, and the two must overlap."""

PATIENCE_S = 2.0
"""How long routing waits for what it can do without."""


class Last(NamedTuple):
    """A thread's last conversation, as the record knows it."""

    known: bool
    agent: str
    language: str = ""


class Letters(NamedTuple):
    """What a customer's letters in a conversation say of themselves, in order, as of a version of it."""

    version: int
    heads: list[MailHead]


class Record:
    """What routing asks of the record."""

    def __init__(self, internal: Internal) -> None:
        self._internal = internal
        self._lasts: Gather[str, Last | None] = Gather(self._last, limit=LASTS_AT_ONCE)

    async def knows(self, message: str, *, account: str, shard: int, end: int) -> bool | None:
        """Whether this message is in the record; None while it cannot say (away, or its projection is behind).

        `end` is the end of the shard's `routing-events`: a record that has read so far knows everything.
        """
        query = {"account": account, "shard": str(shard), "end": str(end)}
        try:
            answer = await self._internal.get(f"/internal/messages/{message}", query)
        except RecordAway as error:
            log.warning("record_away", error=str(error))
            return None
        if answer["known"]:
            return True
        return False if answer["behind_s"] < _MOST_BEHIND_S else None

    async def letters(self, conversation: str) -> Letters | None:
        """The heads of the customer's letters; None when there is no answer."""
        try:
            answer = await self._internal.get(f"/internal/conversations/{conversation}/letters", {})
        except RecordAway as error:
            log.warning("record_away", error=str(error))
            return None
        return Letters(answer["version"], [MailHead.model_validate(head) for head in answer["heads"]])

    async def last(self, threads: list[str]) -> dict[str, Last]:
        """Each thread's last conversation, those the record knows; nothing at all when there is no answer: route
        without it. What several shards ask at once is one question."""
        found = await asyncio.gather(*(self._lasts.submit(thread) for thread in threads))
        return {thread: last for thread, last in zip(threads, found, strict=True) if last is not None}

    async def _last(self, threads: list[str]) -> list[Last | None]:
        try:
            answer = await self._internal.post("/internal/threads", {"threads": sorted(set(threads))})
        except RecordAway as error:
            log.warning("record_away", error=str(error))
            return [None] * len(threads)
        found = {
            thread: Last(known=True, agent=one["agent"], language=one.get("language", ""))
            for thread, one in answer["threads"].items()
        }
        return [found.get(thread) for thread in threads]
