"""The real board in virtual time: the router's and the agents' own moves, by the script that production runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, assert_never

import orjson

from trunkline.board import Board, BoardClosed, MoveBroken, moves
from trunkline.board.fold import Fold
from trunkline.board.owner import load_scripts, raise_term, replication_id, swap
from trunkline.board.rebuild import build, discard_others
from trunkline.board.relay import FIRST_ID
from trunkline.events import Presence, Profile, asked_of
from trunkline.simulation.moves import BEGIN_MS, Accept, Close, Come, Command, Flex, Kind, Leave, Present, Told, WrapUp

_GENERATION = "1-simulated"
_TERM = "1"
_MOST = 1_000
_FOR_EVER_MS = str(10**11)
_GONE = "gone"
"""An agent of no queue, who takes over from the line whatever a customer has left, and closes it."""

_KINDS = {
    b"trunkline.conversation.offered.v1": Kind.OFFERED,
    b"trunkline.offer.rescinded.v1": Kind.RESCINDED,
    b"trunkline.offer.accepted.v1": Kind.ACCEPTED,
    b"trunkline.offer.auto-accepted.v1": Kind.GIVEN,
    b"trunkline.offer.expired.v1": Kind.EXPIRED,
    b"trunkline.conversation.widened.v1": Kind.WIDENED,
    b"trunkline.conversation.closed.v1": Kind.CLOSED,
}
_Move = tuple[str | int | bytes, ...]


class VirtualBoard:
    """One shard of a board of its own, on any server; `forget` throws it away."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._last = FIRST_ID
        self._behind = False
        self._applied = -1
        self.next_timer_ms: int | None = None

    async def open(self, agents: Sequence[tuple[Profile, bool]]) -> None:
        """Build an empty board, open its gate, and let the agents arrive."""
        board = self._board
        board.clock_ms = str(BEGIN_MS)
        await load_scripts(board)
        await build(board, _GENERATION, {0: Fold()}, now_ms=BEGIN_MS)
        await swap(board, _GENERATION)
        board.generation = _GENERATION
        await raise_term(board, 0, int(_TERM))
        await board.call("verify", "0", _TERM, FIRST_ID, await replication_id(board), "1")
        nobody = Profile(agent=_GONE, name=_GONE, version=1, capacity=1, skills={}, queues=())
        for number, (profile, available) in enumerate([*agents, (nobody, False)]):
            await moves.arrive(
                board,
                operation=f"arrive-{number}",
                profile=profile,
                device="desk",
                lease_ms=int(_FOR_EVER_MS),
                presence=Presence.AVAILABLE if available else Presence.AWAY,
            )

    async def step(self, now_ms: int, commands: Sequence[Command]) -> list[Told]:
        """All in one call, as the client gathers it: what was read of the outbox, the moves, the timers, the outbox."""
        board = self._board
        board.clock_ms = str(BEGIN_MS + now_ms)
        # The log takes at once what was decided; a board that is ten seconds ahead of it would refuse agents' moves.
        if self._behind:
            board.submit("outbox", "0", _TERM, self._last, "1", self._last)
        made = [(move, board.submit(*move)) for command in commands for move in self._moves(command)]
        ticked = board.submit("tick", "0", _TERM, str(_MOST))
        outbox = await board.submit("outbox", "0", _TERM, self._last, str(_MOST), "")
        for move, answer in made:
            _check(move, await answer)
        self._plan(await ticked)
        told: list[Told] = []
        while True:
            _check(("outbox",), outbox)
            entries = outbox[1]
            if entries:
                self._last = entries[-1][0].decode()
                told += [decided for entry in entries if (decided := _told(entry[1]))]
            if len(entries) < _MOST:
                self._behind = bool(entries)
                return told
            outbox = await board.submit("outbox", "0", _TERM, self._last, str(_MOST), self._last)

    async def forget(self) -> None:
        """Throw its keys away."""
        await discard_others(self._board, "")

    def _moves(self, command: Command) -> list[_Move]:
        """No operation ids: each is made once, and the board need not remember millions of them for an hour."""
        match command:
            case Come(number, channel, route):
                self._applied += 1
                name = _name(number)
                start = ("0", _TERM, str(self._applied), "", f"thread-{number}", str(number), "new", b"{}", name)
                return [("receive", *start, "simulated", channel, "simulated", name, "", "", "", *route.arguments())]
            case Accept(number, agent, fence):
                return [("accept", "", agent, _name(number), str(fence))]
            case WrapUp(number, agent):
                return [("wrap_up", "", agent, _name(number))]
            case Close(number, agent):
                return [("close", "", agent, _name(number), b'{"code":"","note":""}')]
            case Leave(number):
                name = _name(number)
                return [
                    ("assign", "", _GONE, name, _GONE, b"{}"),
                    ("close", "", _GONE, name, b'{"code":"","note":""}'),
                ]
            case Present(agent, available):
                return [("set_presence", "", agent, Presence.AVAILABLE if available else Presence.AWAY, "")]
            case Flex(agents):
                return [("flex", *(text for name, value in agents.items() for text in (name, f"{value:.4f}")))]
        assert_never(command)

    def _plan(self, ticked: list[Any]) -> None:
        _check(("tick",), ticked)
        if ticked[4]:
            raise MoveBroken(f"a timer failed: {ticked[4][0].decode(errors='replace')[:500]}")
        self.next_timer_ms = round(float(ticked[2])) - BEGIN_MS if ticked[2] else None


def _name(number: int) -> str:
    """A conversation's id; in the order of their numbers, as the board breaks ties."""
    return f"0-{number:010d}"


def _told(fields: list[bytes]) -> Told | None:
    kind, subject, _ = fields[1].split(b"\n", 2)
    decided = _KINDS.get(kind)
    if decided is None:
        return None
    number = int(subject[2:])
    match decided:
        case Kind.OFFERED | Kind.RESCINDED:
            state = orjson.loads(fields[5])
            asked = tuple(asked_of(state["offered_to"]))
            return Told(decided, number, asked, state["fence"] if decided is Kind.OFFERED else 0)
        case Kind.ACCEPTED | Kind.GIVEN:
            return Told(decided, number, (orjson.loads(fields[5])["owner"],))
    return Told(decided, number)


def _check(move: _Move, answer: list[Any]) -> None:
    code = answer[0].decode()
    if code in {"closed", "stale"}:
        raise BoardClosed(code)
    late = move[0] == "accept" and code == "no"
    if code != "ok" and not late:
        raise MoveBroken(f"{move[0]!r}: {answer!r:.500}")
