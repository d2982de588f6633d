"""A supervisor shuts a queue and opens it again."""

from __future__ import annotations

from services.agents.asked import Action, BadFields, text, until_ms
from trunkline.board import Answer, Board, looks, moves
from trunkline.config.watch import Watch
from trunkline.events import QueueOpened, QueueShut

_NOTE = 2_000
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
        until = 0 if action.fields.get("until") in (None, "") else until_ms(action.fields)
        event = QueueShut(queue=queue, by=action.agent, until=until, note=text(action.fields, "note", _NOTE))
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
