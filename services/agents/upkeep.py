"""Once a day: forget sessions that have expired, and what the record keeps no longer than the log keeps its reason."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import structlog

from services.agents.repository import RecordAway, Repository
from trunkline.events import RETENTION_S, Topic

log = structlog.get_logger()

_DAY_S = 86_400.0
_RETRY_S = 60.0


async def tidy(repository: Repository, *, now: datetime) -> tuple[int, int]:
    """How many sessions, and how many receipts and refusals, were forgotten. RecordAway: some may have been."""
    kept_s = max(RETENTION_S[Topic.ROUTING], RETENTION_S[Topic.DELIVERIES])
    sessions = await repository.sessions.delete_expired(now=now)
    return sessions, await repository.projection.prune(before=now - timedelta(seconds=kept_s))


async def run_upkeep(repository: Repository, *, every_s: float = _DAY_S, retry_s: float = _RETRY_S) -> None:
    """Tidy at the start and each day, for ever; an absent record is waited out. Safe beside other processes."""
    while True:
        try:
            sessions, leftovers = await tidy(repository, now=datetime.now(UTC))
        except RecordAway as error:
            log.warning("upkeep_waits", reason=str(error))
            await asyncio.sleep(retry_s)
            continue
        log.info("record_tidied", sessions=sessions, leftovers=leftovers)
        await asyncio.sleep(every_s)
