"""Reads of the record that are not older than what this process has told of replies.

What is told by socket comes from the log at once; the record has it when it is projected, some 100 ms later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog

from services.agents.hub import Hub
from services.agents.repository import RecordAway, Repository
from trunkline.bus import Position
from trunkline.events import Topic
from trunkline.ids import shard_of_conversation

log = structlog.get_logger()

_PATIENCE_S = 5.0
_READER_PATIENCE_S = 1.0
_LOOK_S = 0.03


async def abreast(repository: Repository, hub: Hub, conversation: str) -> None:
    """Return when the record has what became of this conversation's replies, as far as it was told here.

    At once where nothing was told that the record may lack. A record that is far behind is waited for a second: better
    an old status than none.
    """
    if not (told := hub.fresh_outcome(conversation)):
        return
    shard = shard_of_conversation(conversation)
    if await caught_up(repository, {shard: told}, patience_s=_READER_PATIENCE_S):
        hub.outcome_recorded(conversation, told)


async def caught_up(repository: Repository, told: Mapping[int, int], *, patience_s: float = _PATIENCE_S) -> bool:
    """Return when the record has read `deliveries` of each shard up to its offset; False if it could not in time.

    An outcome that is told and not yet projected would be missing from a transcript that is read now, and never be
    told again. A record that is far behind is not waited for: better an old status than no desk.
    """
    if not any(told.values()):
        return True
    deadline = asyncio.get_running_loop().time() + patience_s
    while True:
        try:
            reached = await repository.projection.positions(Topic.DELIVERIES)
        except RecordAway:
            return False
        if all(reached.get(shard, Position(0)).offset >= offset for shard, offset in told.items()):
            return True
        if asyncio.get_running_loop().time() > deadline:
            log.warning("record_behind_outcomes", shards=sorted(told))
            return False
        await asyncio.sleep(_LOOK_S)  # who projects may be another process: nothing here is told of its rows
