"""The desk's socket: nothing missed, nothing twice, whoever disconnects; and what closes it."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import Any

import aiohttp
import orjson
import pytest

from services.agents.hub import KEPT_FRAMES, Hub
from services.agents.presence import Times
from tests.integration.agents.rig import Person, Socket, desk, inner, socket, somebody
from trunkline.board import Board
from trunkline.board.colleagues import present
from trunkline.bus import Partition, Position, Record, connect
from trunkline.events import AgentArrived, AgentLeft, AgentPresenceChanged, Header, Topic, unpack
from trunkline.ids import new_id, shard_of
from trunkline.testing.deployment import Deployment

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]


async def _toggle(person: Person, times: int, *, at_once: int = 8) -> None:
    """As many events of the agent's own."""
    turn = asyncio.Semaphore(at_once)

    async def once(number: int) -> None:
        async with turn:
            assert await person.presence("away" if number % 2 else "available") == 200

    await asyncio.gather(*(once(number) for number in range(times)))


async def _story(system: Deployment, agent: str) -> list[str]:
    """Ids of the agent's presence changes in the log, in their order."""
    async with connect(system.log_url, deployment=system.deployment, shards=system.shards) as bus:
        place = Partition(Topic.ROUTING, shard_of(agent, system.shards))
        found: list[str] = []
        async for page in bus.read(place, Position(0), end=(await bus.bounds(place)).next):
            found += [
                unpack(record.value).id
                for record in page
                if record.key == agent.encode() and record.type == AgentPresenceChanged.type
            ]
        return found


class Client:
    """One device that loses its connection and comes back where it was."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.device = f"device-{new_id()}"
        self.epoch, self.sequence = "", 0
        self.seen: list[str] = []
        self.resumed = self.snapshots = 0

    async def attend(self, frames: int, *, rude: bool) -> None:
        """Take so many frames, then leave; rudely: without a word."""
        async with desk(self.person, device=self.device, epoch=self.epoch, after=self.sequence) as it:
            if self.epoch:
                self.resumed += it.welcome["resumed"]
                self.snapshots += not it.welcome["resumed"]
            self.epoch, self.sequence = it.welcome["epoch"], it.welcome["sequence"]
            for _ in range(frames):
                self.take(await it.next())
            if rude:
                connection = it.ws._response.connection
                assert connection is not None
                assert connection.transport is not None
                connection.transport.abort()

    def take(self, frame: dict[str, Any]) -> None:
        if "sequence" not in frame or "event" not in frame:
            return
        assert frame["sequence"] == self.sequence + 1, "a hole, or one twice"
        self.sequence = frame["sequence"]
        if frame["event"]["type"] == AgentPresenceChanged.type:
            self.seen.append(frame["event"]["id"])


@pytest.mark.parametrize("seed", [1, 2])
async def test_random_disconnects_neither_lose_nor_repeat_a_frame(system: Deployment, ana: Person, seed: int) -> None:
    chance, client = random.Random(seed), Client(ana)
    await client.attend(1, rude=False)  # its own arrival
    working = asyncio.create_task(_toggle(ana, 150))
    while not working.done():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                await client.attend(chance.randrange(0, 25), rude=chance.random() < 0.5)
    await working
    story = await _story(system, ana.me["id"])

    while len(client.seen) < len(story):
        await client.attend(1, rude=False)

    assert client.seen == story
    assert client.resumed > 3
    assert client.snapshots == 0


async def test_two_devices_of_one_agent_see_the_same_and_one_may_leave(system: Deployment, ana: Person) -> None:
    first, second = Client(ana), Client(ana)
    async with desk(ana) as one, desk(ana) as other:
        first.sequence, second.sequence = one.welcome["sequence"], other.welcome["sequence"]
        await _toggle(ana, 10)
        for client, it in ((first, one), (second, other)):
            while len(client.seen) < 10:
                client.take(await it.next())
        assert first.seen == second.seen
        await other.ws.close()
        await _toggle(ana, 2)
        while len(first.seen) < 12:
            first.take(await one.next())
    assert first.seen == await _story(system, ana.me["id"])


async def test_who_was_away_for_more_frames_than_are_kept_takes_a_snapshot(ana: Person) -> None:
    client = Client(ana)
    await client.attend(1, rude=False)
    await _toggle(ana, KEPT_FRAMES + 5, at_once=30)
    await client.attend(0, rude=False)

    assert (client.resumed, client.snapshots) == (0, 1)


async def test_a_place_of_another_epoch_is_no_place(ana: Person) -> None:
    async with desk(ana, epoch="0123456789abcdef", after=0) as it:
        assert it.welcome["resumed"] is False
        assert it.welcome["snapshot"] == {"conversations": []}


@pytest.mark.parametrize("after", [10**9, -1, "7", None])
async def test_a_place_that_never_was_is_answered_with_a_snapshot(ana: Person, after: Any) -> None:
    async with desk(ana) as it:
        epoch = it.welcome["epoch"]
    async with desk(ana, epoch=epoch, after=after) as it:
        assert it.welcome["resumed"] is False


async def test_a_client_that_does_not_read_is_told_so_and_resumes_where_it_was(system: Deployment) -> None:
    async with inner(system) as it, somebody(system, url=it.url) as person:
        device = f"device-{new_id()}"
        async with desk(person, device=device) as slow:
            epoch, sequence = slow.welcome["epoch"], slow.welcome["sequence"]
            for _ in range(KEPT_FRAMES - 30):
                it.hub.saw(_large(person.me["id"]))
                await asyncio.sleep(0)

            assert await slow.closed() == 1013
            got = [frame for frame in slow.frames if "event" in frame]
            assert [frame["sequence"] for frame in got] == list(range(sequence + 1, sequence + 1 + len(got)))
            assert 0 < len(got) < KEPT_FRAMES - 30, "some must have been left unsent"
        last = got[-1]["sequence"]
        async with desk(person, device=device, epoch=epoch, after=last) as back:
            assert back.welcome["resumed"] is True
            rest = [await back.next() for _ in range(KEPT_FRAMES - 30 - len(got))]
            assert [frame["sequence"] for frame in rest] == list(range(last + 1, last + 1 + len(rest)))


async def test_what_a_client_does_not_read_is_not_kept_for_it_without_end(system: Deployment) -> None:
    async with inner(system, Times(farewell_s=0.5)) as it, somebody(system, url=it.url) as person, desk(person):
        [connection] = it.hub.sockets()
        for _ in range(400):
            it.hub.saw(_large(person.me["id"]))
            if it.hub.sockets():
                await asyncio.sleep(0)
        async with asyncio.timeout(5):
            while it.hub.sockets():
                await asyncio.sleep(0.01)
        assert len(connection._waiting) == 0  # type: ignore[attr-defined]  # that of a desk


def _large(agent: str) -> Record:
    value = orjson.dumps({"type": "test", "subject": agent, "data": {"padding": "x" * 60_000}})
    headers = ((Header.TYPE, b"test"), (Header.AGENTS, agent.encode()))
    return Record(Partition(Topic.ROUTING, 0), 0, 0, agent.encode(), value, headers)


# --- what closes it ----------------------------------------------------------------------------------------------


async def test_who_says_no_hello_is_closed(system: Deployment) -> None:
    async with inner(system, Times(hello_s=0.5)) as there, somebody(system, url=there.url) as ana, socket(ana) as it:
        assert await it.closed(within=4) == 1008


@pytest.mark.parametrize(
    "hello",
    [
        {"type": "heartbeat"},
        {"type": "hello"},
        {"type": "hello", "device": "short"},
        {"type": "hello", "device": "a" * 65},
        {"type": "hello", "device": "device-of-ana-0001\n"},
        {"type": "hello", "device": "device|of|ana|0001"},
    ],
)
async def test_a_hello_that_is_none_is_closed(ana: Person, hello: dict[str, str]) -> None:
    async with socket(ana) as it:
        await it.ws.send_json(hello)
        assert await it.closed() == 1008


@pytest.mark.parametrize(
    "nonsense",
    [
        "{",
        "[]",
        "1",
        "null",
        "[" * 5_000,
        '{"type":"sing"}',
        '{"type":["action"]}',
        '{"type":"action"}',
        '{"type":"action","id":"x","verb":"accept"}',
        orjson.dumps({"type": "action", "id": "0" * 32 + "\n", "verb": "presence", "presence": "away"}).decode(),
        b"\x00\x01",
    ],
)
async def test_a_frame_of_nonsense_closes_the_socket_and_says_so(ana: Person, nonsense: str | bytes) -> None:
    async with desk(ana) as it:
        await (it.ws.send_bytes(nonsense) if isinstance(nonsense, bytes) else it.ws.send_str(nonsense))
        assert await it.closed() == 1008


async def test_every_heartbeat_is_answered_at_once(ana: Person) -> None:
    async with desk(ana) as it:
        await it.event("agent.arrived")
        for _ in range(3):
            await it.say(type="heartbeat")
            assert await it.next(within=2) == {"type": "heartbeat"}


async def test_a_welcome_says_why_one_is_away_also_to_a_further_device(ana: Person) -> None:
    async with desk(ana) as it:
        assert (it.welcome["presence"], it.welcome["reason"]) == ("available", "")
        lunch = {"presence": "away", "reason": "lunch"}
        assert (await ana.call("PUT", "/api/v1/presence", key=new_id(), json=lunch))[0] == 200

        async with desk(ana) as other:
            assert (other.welcome["presence"], other.welcome["reason"]) == ("away", "lunch")


async def test_a_board_that_was_wiped_learns_again_why_one_is_away(system: Deployment) -> None:
    async with (
        inner(system, Times(heartbeat_s=0.2)) as it,
        somebody(system, url=it.url) as person,
        desk(person) as mine,
    ):
        lunch = {"presence": "away", "reason": "lunch"}
        assert (await person.call("PUT", "/api/v1/presence", key=new_id(), json=lunch))[0] == 200
        await mine.event("agent.presence-changed")
        await mine.say(type="heartbeat")  # the server's side of the desk knows of the board what it last heard
        assert await mine.next() == {"type": "heartbeat"}
        assert person.me["id"] in await present(it.board), "asked after the heartbeat, of the same connection"

        await it.board.client.flushall()
        beating = asyncio.create_task(_beat(mine))
        state = (await mine.event("agent.arrived", within=40))["data"]["state"]
        beating.cancel()

        assert (state["presence"], state["reason"]) == ("away", "lunch")


async def test_a_desk_is_back_on_a_rebuilt_board_without_a_word_of_its_own(system: Deployment, ana: Person) -> None:
    """A heartbeat is fifteen seconds away, and may fall into the rebuild."""
    async with desk(ana) as it, Board(system.board.url, deployment=system.deployment, shards=system.shards) as board:
        await _until(it, AgentArrived.type)
        before = await board.read_generation()

        await board.client.flushall()

        async with asyncio.timeout(12):
            await _until(it, AgentArrived.type)
            board.generation = await board.read_generation()
            assert board.generation != before
            assert ana.me["id"] in await present(board)


async def _beat(it: Socket) -> None:
    while True:
        await it.say(type="heartbeat")
        await asyncio.sleep(0.2)


async def test_fields_of_nonsense_are_answered_and_the_socket_stays(ana: Person) -> None:
    async with desk(ana) as it:
        for fields in (
            {"verb": "fly"},
            {"verb": "accept", "conversation": "x", "fence": 1},
            {"verb": "accept", "conversation": f"0-{'0' * 32}", "fence": "1"},
            {"verb": "reply", "conversation": f"0-{'0' * 32}", "parts": 7},
            {"verb": "transfer", "conversation": f"0-{'0' * 32}", "to_agent": "a\nb"},
            {"verb": "presence", "presence": {"a": 1}},
            {"verb": "presence", "presence": "away", "reason": "x" * 201},
        ):
            operation = new_id()
            await it.say(type="action", id=operation, **fields)
            told = await it.answer(operation)
            assert told["status"] == "refused", fields
            assert told["code"] in {"bad-fields", "unknown"}, (fields, told)
        await it.say(type="heartbeat")
        assert not it.ws.closed


async def test_a_frame_above_64_kb_is_refused_by_the_socket(ana: Person) -> None:
    async with desk(ana) as it:
        await it.ws.send_str("x" * 70_000)
        assert await it.closed() == 1009


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:1"])
async def test_a_strangers_page_gets_no_socket(ana: Person, origin: str) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await ana.http.ws_connect(f"{ana.url}/api/v1/desk", headers={"Origin": origin})
    assert refused.value.status == 403


async def test_our_own_page_gets_one(ana: Person) -> None:
    async with desk(ana, headers={"Origin": ana.url}) as it:
        assert it.welcome["agent"]["id"] == ana.me["id"]


async def test_nobody_gets_no_socket(system: Deployment) -> None:
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(f"{system.desk_url}/api/v1/desk")
    assert refused.value.status == 403


async def test_a_disabled_agents_desks_close_at_once(admin: Person, ana: Person) -> None:
    async with desk(ana) as one, desk(ana) as other:
        status, _ = await admin.call(
            "PATCH", f"/api/v1/agents/{ana.me['id']}", json={"disabled": True}, headers={"If-Match": "1"}
        )
        assert status == 200
        assert [await it.closed(within=2) for it in (one, other)] == [4001, 4001]
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await ana.http.ws_connect(f"{ana.url}/api/v1/desk")


async def test_an_edit_of_the_roster_reaches_the_board_and_the_desk(admin: Person, ana: Person) -> None:
    async with desk(ana) as it:
        status, _ = await admin.call(
            "PATCH", f"/api/v1/agents/{ana.me['id']}", json={"capacity": 7, "skills": {"lang.lv": 3}},
            headers={"If-Match": "1"},
        )  # fmt: skip
        assert status == 200

        event = await it.event("agent.profile-changed")

        assert event["data"]["state"]["capacity"] == 7
        assert event["data"]["details"]["profile"]["skills"] == {"lang.lv": 3}


# --- presence ----------------------------------------------------------------------------------------------------


async def _left(system: Deployment, agent: str, *, within: float) -> float:
    """Seconds until the log says that the agent has left."""
    began = asyncio.get_running_loop().time()
    async with connect(system.log_url, deployment=system.deployment, shards=system.shards) as bus:
        place = Partition(Topic.ROUTING, shard_of(agent, system.shards))
        async with asyncio.timeout(within), bus.follower({place: Position(0)}) as follower:
            while True:
                for record in (await follower.next()).get(place, []):
                    if record.key == agent.encode() and record.type == "trunkline.agent.left.v1":
                        return asyncio.get_running_loop().time() - began


async def test_a_vanished_client_leaves_the_board_with_its_lease_and_no_later(system: Deployment) -> None:
    """As if its process were stopped: the connection stays, nothing is said, nothing is read."""
    times = Times(lease_s=1.5, silent_s=1.5, heartbeat_s=0.5, grace_s=8.0)
    async with inner(system, times) as it, somebody(system, url=it.url) as person, desk(person) as vanished:
        assert vanished.welcome["heartbeat_s"] == 0.5

        assert await _left(system, person.me["id"], within=6) < 5


async def test_heartbeats_keep_an_agent_beyond_the_first_lease_and_a_goodbye_has_its_grace(system: Deployment) -> None:
    times = Times(lease_s=1.0, silent_s=1.0, heartbeat_s=0.3, grace_s=0.5)
    async with inner(system, times) as it, somebody(system, url=it.url) as person:
        async with desk(person) as living:
            for _ in range(8):
                await asyncio.sleep(0.3)
                await living.say(type="heartbeat")
            assert await person.presence("available") == 200, "still there"
        assert await _left(system, person.me["id"], within=6) < 4


async def test_a_device_that_comes_back_within_its_grace_never_left(system: Deployment, ana: Person) -> None:
    device = f"device-{new_id()}"
    async with desk(ana, device=device) as it:
        await _until(it, AgentArrived.type)
    async with desk(ana, device=device) as it:
        await _toggle(ana, 2)
        kinds = await _until(it, AgentPresenceChanged.type) + await _until(it, AgentPresenceChanged.type)
    assert not {AgentArrived.type, AgentLeft.type} & set(kinds)


async def _until(it: Any, kind: str) -> list[str]:
    """The types of the events that come, up to the first of this one."""
    kinds: list[str] = []
    while not kinds or kinds[-1] != kind:
        kinds.append((await it.next())["event"]["type"])
    return kinds


# --- the hub -----------------------------------------------------------------------------------------------------


class _Ears:
    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.ended: tuple[int, str] | None = None

    def put(self, frame: bytes) -> None:
        self.frames.append(frame)

    def end(self, code: int, reason: str) -> None:
        self.ended = (code, reason)


async def test_a_stream_begun_anew_never_takes_an_old_place_for_its_own() -> None:
    hub, ears = Hub(), _Ears()
    hub.join("ana", ears)
    for _ in range(20):
        hub.saw(_large("ana"))
    place = hub.stream("ana").sequence
    hub.part("ana", ears)
    tidying = asyncio.create_task(hub.tidy(keep_s=0.01))
    async with asyncio.timeout(5):
        while "ana" in hub._streams:
            await asyncio.sleep(0.005)
    tidying.cancel()
    await asyncio.gather(tidying, return_exceptions=True)

    hub.join("ana", _Ears())
    for _ in range(30):
        hub.saw(_large("ana"))

    assert hub.stream("ana").since(place) is None


async def test_after_missed_events_every_desk_takes_a_snapshot() -> None:
    hub, ears = Hub(), _Ears()
    hub.join("ana", ears)
    hub.saw(_large("ana"))
    epoch = hub.epoch

    hub.renew(1012, "events were missed")

    assert hub.epoch != epoch
    assert ears.ended == (1012, "events were missed")
    assert hub.sockets() == []
