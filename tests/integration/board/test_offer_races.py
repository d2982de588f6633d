"""An offer has one outcome whatever meets: every pair of moves that can end it, in both orders, from the same offer.

The second of each pair is made by who still believes the offer to be as it was: with its fence, without having heard.
The script makes moves one after the other, so two that meet are two in some order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.integration.board.conftest import LIMITS, Floor, short
from tests.integration.board.outcomes import Outcomes
from trunkline.board import Answer, Board, moves
from trunkline.events import Presence
from trunkline.ids import new_id
from trunkline.requirements import requirement_id
from trunkline.testing.audit import audit
from trunkline.testing.servers.redis import RedisServer

BEGIN = 1_767_268_800_000
THREAD = "sms|+1"


@dataclass
class Offer:
    """An offer that stands; `asked` are who it was made to, `sender` who passed it on ('': nobody did)."""

    floor: Floor
    name: str
    fence: int
    asked: tuple[str, ...]
    sender: str = ""

    async def later(self, ms: int) -> None:
        """So much time passes, and the timers due in it run."""
        self.floor.travel(int(self.floor.board.clock_ms) + ms)
        await self.floor.tick()


Verb = Callable[[Offer], Awaitable[Answer | None]]


def accept(place: int) -> Verb:
    async def made(it: Offer) -> Answer:
        return await it.floor.accept(it.asked[place], it.name, it.fence)

    return made


def decline(place: int) -> Verb:
    async def made(it: Offer) -> Answer:
        return await moves.decline(
            it.floor.board, operation=new_id(), agent=it.asked[place], conversation=it.name, fence=it.fence, reason="no"
        )

    return made


async def expire(it: Offer) -> None:
    await it.later(20_000)


async def missed(it: Offer) -> None:
    """Shown to everybody who is asked, and answered by nobody."""
    for agent in it.asked:
        await moves.shown(it.floor.board, agent=agent, conversation=it.name, fence=it.fence)
    await it.later(20_000)


async def go_away(it: Offer) -> Answer:
    return await moves.set_presence(it.floor.board, operation=new_id(), agent=it.asked[0], presence=Presence.AWAY)


async def disconnect(it: Offer) -> None:
    await moves.leave(it.floor.board, agent=it.asked[0], device="d1", grace_ms=0)
    await it.later(1)


def assign(to: str) -> Verb:
    async def made(it: Offer) -> Answer:
        return await moves.assign(
            it.floor.board, operation=new_id(), agent="sue", conversation=it.name, to=to or it.asked[0], body=b"{}"
        )

    return made


async def write(it: Offer) -> Answer:
    return await it.floor.receive(THREAD)


async def rebuild(it: Offer) -> None:
    """The board is lost and built anew from the log; who was asked comes back before the offer is taken back."""
    await it.floor.rebuild()
    for agent in it.asked:
        await it.floor.arrive(agent, lease_ms=600_000)
    await it.later(1)


async def close(it: Offer) -> Answer:
    return await it.floor.close(it.sender, it.name)


async def transfer(it: Offer) -> Answer:
    return await moves.transfer_to_queue(
        it.floor.board, operation=new_id(), agent=it.sender, conversation=it.name, queue="sales", weight=1,
        requirement=requirement_id("sales", "sms", 1, {}), limits=LIMITS, body=b"{}",
    )  # fmt: skip


async def pass_on_again(it: Offer) -> Answer:
    return await moves.transfer_to_agent(
        it.floor.board, operation=new_id(), agent=it.sender, conversation=it.name, to="dee", body=b"{}"
    )


async def snooze(it: Offer) -> Answer:
    return await moves.snooze(
        it.floor.board, operation=new_id(), agent=it.sender, conversation=it.name,
        wake_at=int(it.floor.board.clock_ms) + 30_000, body=b'{"note":""}',
    )  # fmt: skip


async def lose_the_sender(it: Offer) -> None:
    """The sender goes, and does not come back in time; everybody else stays."""
    await moves.leave(it.floor.board, agent=it.sender, device="d1", grace_ms=0)
    await it.later(1)
    it.floor.travel(int(it.floor.board.clock_ms) + 120_000)
    answer = await it.floor.board.call("tick", "0", "1", "100"), await it.floor.board.call("tick", "1", "1", "100")
    assert [one[4] for one in answer] == [[], []]


OF_ONE: dict[str, Verb] = {
    "accept": accept(0), "accept again": accept(-1), "decline": decline(0), "expire": expire, "miss": missed,
    "go away": go_away, "disconnect": disconnect, "assign": assign("dee"), "assign to who is asked": assign(""),
    "write": write, "rebuild": rebuild,
}  # fmt: skip
OF_SEVERAL = OF_ONE | {"decline by another": decline(-1)}
PASSED_ON = OF_ONE | {
    "close": close, "transfer": transfer, "pass on again": pass_on_again, "snooze": snooze,
    "lose the sender": lose_the_sender,
}  # fmt: skip


async def offer_to(floor: Floor, asks: int) -> Offer:
    """Offered to so many; another could take it, and something else waits for whoever has room again."""
    agents = ("ana", "bo", "cy")[:asks]
    for agent in agents:
        await floor.arrive(agent, lease_ms=600_000)
    opened = await floor.receive(THREAD, limits=f"{LIMITS}:{asks}" if asks > 1 else LIMITS)
    await floor.arrive("dee", lease_ms=600_000, queues=("sales",))
    await floor.receive("sms|+2", due=90_000)
    return Offer(floor, opened.subject, 1, agents)


async def pass_on(floor: Floor) -> Offer:
    """Ana's, passed on to Bo, who has not answered; Dee would be first if it waited, Bo has other work then."""
    await floor.arrive("ana", lease_ms=600_000)
    name = await floor.owned("ana", THREAD, requirement=requirement_id("sales", "sms", 1, {}))
    await floor.arrive("dee", lease_ms=600_000, queues=("sales",))
    await floor.arrive("bo", lease_ms=600_000)
    floor.travel(BEGIN + 1_000)
    await moves.transfer_to_agent(floor.board, operation=new_id(), agent="ana", conversation=name, to="bo", body=b"{}")
    await floor.receive("sms|+2", due=90_000)
    return Offer(floor, name, 2, ("bo",), sender="ana")


async def one(floor: Floor) -> Offer:
    return await offer_to(floor, 1)


async def three(floor: Floor) -> Offer:
    return await offer_to(floor, 3)


Prepare = Callable[[Floor], Awaitable[Offer]]


def pairs() -> Iterator[tuple[Prepare, dict[str, Verb], str]]:
    for prepare, verbs in ((one, OF_ONE), (three, OF_SEVERAL), (pass_on, PASSED_ON)):
        for first in verbs:
            yield prepare, verbs, first


async def fresh(board: Board) -> Floor:
    await board.client.flushdb()
    board.clock_ms, floor = str(BEGIN), Floor(board)
    await floor.open()
    return floor


CASES = [pytest.param(*case, id=f"{case[0].__name__}-{case[2]}") for case in pairs()]


@pytest.mark.parametrize(("prepare", "verbs", "first"), CASES)
async def test_whatever_meets_an_offer_has_one_outcome_and_everybody_hears(
    board_server: RedisServer, prepare: Prepare, verbs: dict[str, Verb], first: str
) -> None:
    async with Board(board_server.url, deployment="race", shards=2) as board:
        for second, then in verbs.items():
            it = await prepare(await fresh(board))
            answers = [await verbs[first](it), await then(it)]
            problems = await _problems(it, answers)
            assert not problems, (first, second, answers, problems)


async def _problems(it: Offer, answers: list[Answer | None]) -> list[str]:
    """What does not add up, of the board, of the story, and of what those were told who made the two moves."""
    floor, outcomes = it.floor, Outcomes()
    await floor.events()
    for story in floor.story.values():
        outcomes.fold(story)
    problems = [
        *outcomes.problems,
        *await audit(floor.board.client, floor.board.keys.under(floor.board.generation), above_capacity=True),
    ]
    done = Counter(outcome.partition("/")[0] for (name, fence, _), outcome in outcomes.ended.items()
                   if (name, fence) == (it.name, it.fence))  # fmt: skip
    won = [answer for answer in answers if answer and answer.ok and answer.outbox in _accepted(floor)]
    if done["accepted"] != len(won) or len(won) > 1:
        problems.append(f"{len(won)} were told that they have it, {done['accepted']} do")
    return problems


def _accepted(floor: Floor) -> set[str]:
    return {entry.id for story in floor.story.values() for entry in story if short(entry) == "offer.accepted"}
