"""The counters of an agent's room: corrupted on purpose, found, repaired, told, and what was kept back given away."""

from __future__ import annotations

from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from services.router.recount import recount
from tests.integration.board.conftest import Floor
from trunkline.testing.audit import audit


async def corrupt(floor: Floor, agent: str, **counters: str) -> None:
    """Other numbers than what is held; and whatever looks at them next believes them."""
    key = f"{floor.board.keys.under(floor.board.generation)}a:{agent}"
    await floor.board.client.hset(key, mapping={name.replace("_", ":"): value for name, value in counters.items()})
    await floor.board.call("flex", agent, "0")


def repaired() -> float:
    return REGISTRY.get_sample_value("trunkline_counters_repaired_total") or 0.0


async def sound(floor: Floor) -> None:
    assert await audit(floor.board.client, floor.board.keys.under(floor.board.generation)) == []


async def test_a_wrong_counter_is_repaired_told_and_its_room_given_away(floor: Floor) -> None:
    await floor.arrive("ana", capacity=2)
    await floor.owned("ana", "a")
    await corrupt(floor, "ana", load="7", in_sms="0", in_fax="3")
    waiting = await floor.receive("b")
    assert (await floor.conversation(waiting.subject))["status"] == "queued", "there seems to be no room"
    before = repaired()

    with capture_logs() as logs:
        assert await recount(floor.board, floor.terms[0]) == 3

    told = sorted((one["counter"], one["said"], one["counts"]) for one in logs if one["event"] == "counter_repaired")
    assert told == [("in:fax", "3", "0"), ("in:sms", "0", "1"), ("load", "7", "1")]
    assert repaired() - before == 3
    assert (await floor.conversation(waiting.subject))["offered_to"] == "ana"
    await sound(floor)
    assert await recount(floor.board, floor.terms[0]) == 0, "once"


async def test_who_seemed_to_have_room_has_none_after_the_repair(floor: Floor) -> None:
    await floor.arrive("ana", capacity=1)
    await floor.owned("ana", "a")
    await corrupt(floor, "ana", load="0", in_sms="0")

    await recount(floor.board, floor.terms[0])

    waiting = await floor.receive("b")
    assert (await floor.conversation(waiting.subject))["status"] == "queued"
    await sound(floor)


async def test_of_many_agents_every_one_is_looked_at(floor: Floor) -> None:
    names = [f"agent{number}" for number in range(700)]  # above what a set keeps in one piece
    for name in names:
        await floor.arrive(name)
    for name in names[::100]:
        await corrupt(floor, name, load="9")

    assert await recount(floor.board, floor.terms[0]) == 7


async def test_only_the_owner_of_the_shard_recounts(floor: Floor) -> None:
    await floor.arrive("ana")
    await corrupt(floor, "ana", load="9")

    assert await recount(floor.board, floor.terms[0] + 1) == 0
    assert (await floor.agent("ana"))["load"] == "9"
