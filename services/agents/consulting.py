"""Actions that bring a second agent in, and a supervisor's word on the order of a line."""

from __future__ import annotations

from services.agents.asked import Action, BadFields, agent_id, text
from trunkline.board import Answer, Board, moves
from trunkline.events import ConsultationDetails, ReorderDetails

_NOTE = 2_000


class Consulting:
    """One method a verb; each makes its move and gives the board's answer. BadFields if the request makes no sense."""

    def __init__(self, board: Board) -> None:
        self._board = board

    async def consult(self, action: Action) -> Answer:
        """Ask an agent who is there to look on."""
        to = agent_id(action.fields, "to_agent")
        details = ConsultationDetails(by=action.agent, to=to, note=text(action.fields, "note", _NOTE))
        return await moves.consult(self._board, **action.who, to=to, body=details.model_dump_json().encode())

    async def end(self, action: Action) -> Answer:
        """An agent, by default oneself, looks on no more."""
        of = agent_id(action.fields, "agent", action.agent)
        return await moves.end_consult(self._board, **action.who, of=of)

    async def take_over(self, action: Action) -> Answer:
        """Own what one is consulted in."""
        return await moves.take_over(self._board, **action.who, supervisor=action.supervisor)

    async def reorder(self, action: Action) -> Answer:
        """To the front of its line, or back to its own place; supervisors only."""
        if not action.supervisor:
            return Answer("not-allowed")
        front = action.fields.get("front")
        if not isinstance(front, bool):
            raise BadFields("front is true (to the front) or false (back to its own place)")
        details = ReorderDetails(by=action.agent, front=front, note=text(action.fields, "note", _NOTE))
        return await moves.reorder(self._board, **action.who, front=front, body=details.model_dump_json().encode())
