"""A supervisor shuts a queue and opens it again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.agents.asked import Action, BadFields, text
from trunkline.board import Answer, Board, looks, moves
from trunkline.config.watch import Watch
from trunkline.events import QueueOpened, QueueShut

_NOTE = 2_000
_LONGEST = timedelta(days=365)
_ENVELOPED = {"version", "operation"}
"""What the board puts in itself."""


class Shutting:
    """One method a verb; each makes its move and gives the board's answer. BadFields if the request makes no sense."""

    def __init__(self, board: Board, watch: Watch) -> None:
        self._board = board
        self._watch = watch

    async def shut(self, action: Action) -> Answer:
        """Offer nothing of a queue until a time, or until it is opened; supervisors only."""
        if not action.supervisor:
            return Answer("not-allowed")
        queue = text(action.fields, "queue", 63)
        if queue not in self._watch.current.queues:
            raise BadFields(f"no such queue: {queue}")
        event = QueueShut(queue=queue, by=action.agent, until=_until(action), note=text(action.fields, "note", _NOTE))
        return await moves.shut(
            self._board, operation=action.operation, agent=action.agent, queue=queue, until=event.until,
            body=event.model_dump_json(exclude=_ENVELOPED).encode(), trace=action.trace,
        )  # fmt: skip

    async def open(self, action: Action) -> Answer:
        """Open it; supervisors only. A queue that is shut can be opened when it is no longer configured, too."""
        if not action.supervisor:
            return Answer("not-allowed")
        queue = text(action.fields, "queue", 63)
        if queue not in self._watch.current.queues and queue not in await looks.shut_queues(self._board):
            raise BadFields(f"no such queue: {queue}")
        body = QueueOpened(queue=queue, by=action.agent).model_dump_json(exclude=_ENVELOPED).encode()
        return await moves.unshut(
            self._board, operation=action.operation, agent=action.agent, queue=queue, body=body, trace=action.trace
        )


def _until(action: Action) -> int:
    """The time asked for, ms; 0 if none is."""
    until = action.fields.get("until")
    if until is None or until == "":
        return 0
    try:
        moment = datetime.fromisoformat(until) if isinstance(until, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise BadFields("until is a time with its zone, as 2026-11-23T09:00:00+02:00")
    if moment > datetime.now(UTC) + _LONGEST:
        raise BadFields("until is at most a year from now")
    return max(1, int(moment.timestamp() * 1_000))
