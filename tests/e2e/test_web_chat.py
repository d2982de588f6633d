"""Web chat through the whole deployment: visitor, agent's socket, reply, visitor; and what may fail between."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from trunkline.connections import redis_client
from trunkline.testing.agent import TestAgent
from trunkline.testing.deployment import ADMIN, CONFIG, Deployment
from trunkline.testing.visitor import TestVisitor, words

OFFERED = "trunkline.conversation.offered.v1"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@pytest.fixture(params=["streams", "kafka"])
def log_url(request: pytest.FixtureRequest) -> str:
    """The embedded log ('') and a real Kafka."""
    if request.param == "streams":
        return ""
    return f"kafka://{request.getfixturevalue('kafka_server').address}"


async def accepted(agent: TestAgent) -> str:
    """The conversation of the agent's first offer, accepted."""
    offered = await agent.event("conversation.offered")
    answer = await agent.act("accept", offered["subject"], fence=offered["data"]["state"]["fence"])
    assert answer["status"] == "done", answer
    return str(offered["subject"])


async def transcript(agent: TestAgent, conversation: str) -> list[dict[str, Any]]:
    """The conversation's messages, as the record has them."""
    return list((await agent.recorded(conversation))["messages"])


async def metric(system: Deployment, service: str, name: str) -> float:
    """A metric of a service, as it says itself; 0 if it has none of that name yet."""
    async with aiohttp.ClientSession() as http, http.get(system.ops_url(service)) as response:
        lines = (await response.text()).splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name} "))


async def test_a_visitor_writes_an_agent_answers_and_the_visitor_reads(
    tmp_path: Path, log_url: str, kafka_prefix: str
) -> None:
    async with (
        Deployment(tmp_path, log_url=log_url, deployment=kafka_prefix) as system,
        TestAgent(system.desk_url, *ADMIN) as agent,
        TestVisitor(system.public_url, origin="https://shop.example") as visitor,
    ):
        await visitor.say("Where is my parcel?")
        conversation = await accepted(agent)
        replied = await agent.act("reply", conversation, text="It left today.")
        assert replied["status"] == "done", replied

        answer = await visitor.hears("It left today.")

        assert [(one["number"], words(one)) for one in visitor.messages] == [
            (1, "Where is my parcel?"), (2, "It left today."),
        ]  # fmt: skip
        await agent.event("delivery.receipt")
        async with asyncio.timeout(20):
            while (await transcript(agent, conversation))[-1]["status"] != "read":
                await asyncio.sleep(0.1)
        assert answer["id"] == (await transcript(agent, conversation))[-1]["id"]


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[Deployment]:
    """The embedded deployment."""
    async with Deployment(tmp_path) as running:
        yield running


async def test_ingest_killed_again_and_again_loses_and_doubles_nothing(system: Deployment) -> None:
    async with (
        TestAgent(system.desk_url, *ADMIN) as agent,
        TestVisitor(system.public_url) as visitor,
    ):
        await visitor.say("0")
        conversation = await accepted(agent)
        # Killed between the log and the acknowledgement: the visitor cannot know, and sends again.
        for round_ in (1, 2, 3):
            await system.services["ingest"].stop()
            doomed = system.service("ingest", extra={"TRUNKLINE_FAILPOINTS": "ingest.published=kill"})
            async with doomed:
                doomed.spawn()
                saying = asyncio.create_task(visitor.say(str(round_), within=60))
                await doomed.ended(status=-signal.SIGKILL, within=60)
                assert not saying.done(), "acknowledged by a process that died before it could"
                replied = await agent.act("reply", conversation, text=f"answer {round_}")
                assert replied["status"] == "done", replied
                system.services["ingest"].spawn()
                await saying
                await visitor.hears(f"answer {round_}", within=60)

        said = [(one["direction"], words(one)) for one in visitor.messages]
        assert [text for direction, text in said if direction == "inbound"] == ["0", "1", "2", "3"]
        assert [text for direction, text in said if direction == "outbound"] == ["answer 1", "answer 2", "answer 3"]
        assert [one["number"] for one in visitor.messages] == list(range(1, 8))
        kept = await transcript(agent, conversation)
        assert [one["id"] for one in kept] == [one["id"] for one in visitor.messages]


async def test_two_tabs_of_one_visitor_show_the_same_in_the_same_order(system: Deployment) -> None:
    async with TestAgent(system.desk_url, *ADMIN) as agent, TestVisitor(system.public_url) as first:
        await first.say("one")
        conversation = await accepted(agent)
        async with TestVisitor(system.public_url, token=first.token) as second:
            await second.until(lambda: bool(second.messages))
            for turn in range(3):
                await asyncio.gather(
                    first.say(f"first {turn}"),
                    second.say(f"second {turn}"),
                    agent.act("reply", conversation, text=f"answer {turn}"),
                )
            for tab in (first, second):
                await tab.until(partial(_has, tab, 10))

            assert [one["id"] for one in first.messages] == [one["id"] for one in second.messages]
            assert [one["number"] for one in first.messages] == list(range(1, 11))


def _has(visitor: TestVisitor, messages: int) -> bool:
    return len(visitor.messages) == messages


async def test_after_a_reload_everything_is_there_and_a_lost_line_goes_on_where_it_was(system: Deployment) -> None:
    async with TestAgent(system.desk_url, *ADMIN) as agent:
        async with TestVisitor(system.public_url) as before:
            await before.say("Hello?")
            conversation = await accepted(agent)
            await before.until(lambda: len(before.messages) == 1)
        # Nobody listens now: the reply waits for the visitor.
        await agent.act("reply", conversation, text="Are you still there?")

        async with TestVisitor(system.public_url, token=before.token) as after:
            await after.hears("Are you still there?")
            assert [words(one) for one in after.messages] == ["Hello?", "Are you still there?"]
            await after.drop()
            await agent.act("reply", conversation, text="Good.")
            await after.hears("Good.")
            assert after.resets == 0
            assert [one["number"] for one in after.messages] == [1, 2, 3]


async def test_a_reply_reaches_the_visitor_while_no_signal_does(system: Deployment) -> None:
    """Signals are hints: with notify's pub/sub silenced, the round through the record brings everything."""
    async with TestAgent(system.desk_url, *ADMIN) as agent, TestVisitor(system.public_url) as visitor:
        await visitor.say("Hello?")
        conversation = await accepted(agent)
        await visitor.until(lambda: len(visitor.messages) == 1)
        # Nobody may use any channel any more but the router's own: listeners are thrown out, telling fails.
        board = redis_client(system.board.url, timeout_s=5.0)
        await board.execute_command("ACL", "SETUSER", "default", "resetchannels", "&{t}:wake")
        await board.aclose()

        await agent.act("reply", conversation, text="Are you there?")
        await visitor.hears("Are you there?")

        assert await metric(system, "notify", "trunkline_signals_dropped_total") >= 1
        assert await metric(system, "ingest", 'trunkline_chat_catch_ups_total{why="round"}') >= 1
        await visitor.say("Yes.")
        await visitor.until(lambda: [one["number"] for one in visitor.messages] == [1, 2, 3])


async def test_a_second_conversation_of_a_thread_follows_the_first(tmp_path: Path) -> None:
    never_reopened = CONFIG.replace("wrap_up_s: 30", "wrap_up_s: 30, reopen_within_s: 0")
    async with (
        Deployment(tmp_path, config=never_reopened) as system,
        TestAgent(system.desk_url, *ADMIN) as agent,
        TestVisitor(system.public_url) as visitor,
    ):
        await visitor.say("one")
        first = await accepted(agent)
        await agent.act("reply", first, text="two")
        await visitor.hears("two")
        await agent.act("close", first, code="solved")
        await visitor.say("three")
        await agent.until(lambda: len([one for one in agent.frames if one["type"] == OFFERED]) == 2)
        second = [one["subject"] for one in agent.frames if one["type"] == OFFERED][1]
        await visitor.until(lambda: len(visitor.messages) == 3)

        assert second != first
        places = [(one["conversation"], one["number"]) for one in visitor.messages]
        assert places == [(first, 1), (first, 2), (second, 1)]
        async with TestVisitor(system.public_url, token=visitor.token) as later:
            await later.until(lambda: len(later.messages) == 3)
            assert [words(one) for one in later.messages] == ["one", "two", "three"]


async def test_typing_and_seen_are_told_both_ways_and_to_the_right_ones_only(system: Deployment) -> None:
    async with (
        TestAgent(system.desk_url, *ADMIN) as agent,
        TestVisitor(system.public_url) as visitor,
        TestVisitor(system.public_url) as other,
    ):
        await other.until(lambda: bool(other.welcomes))
        await visitor.say("Hello?")
        conversation = await accepted(agent)
        await visitor.until(lambda: len(visitor.messages) == 1)
        async with asyncio.timeout(20):
            # A signal is told now or never: over and over, until both have heard.
            while not agent.signals or not {"typing", "seen"} <= {one["type"] for one in visitor.frames}:
                await visitor.send({"type": "typing"})
                await agent.signal("typing", conversation)
                await agent.signal("seen", conversation)
                await asyncio.sleep(0.3)

        assert {one["type"] for one in agent.signals} == {"typing"}
        assert {one["conversation"] for one in agent.signals} == {conversation}
        assert [one["type"] for one in other.frames] == ["welcome"]
