"""Actions about agents themselves: their presence, and whether they are given new work."""

from __future__ import annotations

from services.agents.asked import Action, BadFields, agent_id, text
from trunkline.board import Answer, Board, moves
from trunkline.config.watch import Watch
from trunkline.events import Presence


class Attending:
    """One method a verb; each makes its move and gives the board's answer. BadFields if the request makes no sense."""

    def __init__(self, board: Board, watch: Watch) -> None:
        self._board = board
        self._watch = watch

    async def presence(self, action: Action) -> Answer:
        """Available or away, by one's own word. Who comes back ramps up, where the configuration says so."""
        wanted = action.fields.get("presence")
        if wanted not in (Presence.AVAILABLE, Presence.AWAY):  # no set: what came may not be hashable
            raise BadFields("presence is available or away")
        return await moves.set_presence(
            self._board, operation=action.operation, agent=action.agent, presence=Presence(str(wanted)),
            reason=text(action.fields, "reason", 200), ramp_up=self._watch.current.ramp_up_text, trace=action.trace,
        )  # fmt: skip

    async def drain(self, action: Action) -> Answer:
        """No new work for oneself, or work again; for somebody else by a supervisor's word."""
        draining = action.fields.get("draining")
        if not isinstance(draining, bool):
            raise BadFields("draining is true or false")
        agent = agent_id(action.fields, "agent", action.agent)
        if agent != action.agent and not action.supervisor:
            return Answer("not-allowed")
        return await moves.drain(
            self._board, operation=action.operation, agent=agent, draining=draining, by=action.agent,
            trace=action.trace,
        )  # fmt: skip
