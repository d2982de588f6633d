"""What agents do: decided at once, answered when it is in the log, the same however often it is asked."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from tests.integration.agents.rig import Person, Socket, desk, inner, somebody
from trunkline.ids import new_id
from trunkline.testing.deployment import Deployment
from trunkline.testing.twilio_rules import Behaviour

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]

Offered = Callable[[Person, Socket], Awaitable[tuple[str, int]]]


def _customer() -> str:
    return f"+371{random.randrange(10**7, 10**8)}"


@pytest_asyncio.fixture(loop_scope="session")
async def offered(system: Deployment) -> AsyncIterator[Offered]:
    """Has a customer write, and tells which conversation is offered to this agent at which fence."""

    async def write(person: Person, it: Socket) -> tuple[str, int]:
        assert (await system.provider.customer_writes(_customer(), "Hello")).status == 200
        event = await it.event("conversation.offered")
        assert event["data"]["state"]["offered_to"] == person.me["id"]
        return event["subject"], event["data"]["state"]["fence"]

    yield write


def _path(conversation: str, verb: str) -> str:
    return f"/api/v1/conversations/{conversation}/{verb}"


async def _owned(person: Person, it: Socket, offered: Offered) -> str:
    conversation, fence = await offered(person, it)
    status, told = await person.call("POST", _path(conversation, "accept"), key=new_id(), json={"fence": fence})
    assert status == 200, told
    return conversation


async def test_an_action_repeated_with_its_key_gives_its_first_answer(ana: Person, offered: Offered) -> None:
    async with desk(ana) as it:
        conversation, fence = await offered(ana, it)
        key = new_id()

        first = await ana.call("POST", _path(conversation, "accept"), key=key, json={"fence": fence})
        again = await ana.call("POST", _path(conversation, "accept"), key=key, json={"fence": fence})
        other = await ana.call("POST", _path(conversation, "accept"), key=new_id(), json={"fence": fence})

        assert first[0] == again[0] == 200
        assert (first[1]["repeated"], again[1]["repeated"]) == (False, True)
        assert first[1]["version"] == again[1]["version"]
        assert (other[0], other[1]["code"]) == (409, "gone"), "another key is another attempt"


async def test_a_refusal_repeated_with_its_key_stays_one(ana: Person, ben: Person, offered: Offered) -> None:
    async with desk(ana) as it:
        conversation, fence = await offered(ana, it)
        key = new_id()
        for _ in range(2):
            status, told = await ben.call("POST", _path(conversation, "accept"), key=key, json={"fence": fence})
            assert (status, told["code"]) == (409, "gone")


async def test_the_same_reply_twice_is_sent_once(system: Deployment, ana: Person, offered: Offered) -> None:
    async with desk(ana) as it:
        conversation, key, words = await _owned(ana, it, offered), new_id(), f"said once {new_id()}"

        answers = await asyncio.gather(
            *(ana.call("POST", _path(conversation, "reply"), key=key, json={"text": words}) for _ in range(5))
        )

        assert {status for status, _ in answers} == {200}
        assert len({told["version"] for _, told in answers}) == 1
        sent = await it.event("delivery.sent")
        assert sent["data"]["message"] == key
        assert [one.body for one in system.provider.sent].count(words) == 1


async def test_who_hears_what_became_of_a_reply_and_reads_at_once_reads_the_same(ana: Person, offered: Offered) -> None:
    async with desk(ana) as it:
        conversation = await _owned(ana, it, offered)
        for _ in range(5):
            key = new_id()
            status, _told = await ana.call("POST", _path(conversation, "reply"), key=key, json={"text": "here"})
            assert status == 200
            while (await it.event("delivery.sent"))["data"]["message"] != key:
                pass

            _, whole = await ana.call("GET", f"/api/v1/conversations/{conversation}")

            [mine] = [message for message in whole["messages"] if message["id"] == key]
            assert mine["status"] in {"sent", "delivered"}, mine["status"]


async def test_sixty_four_actions_at_once_are_all_answered_and_one_more_is_asked_to_wait(
    ana: Person, offered: Offered
) -> None:
    async with desk(ana) as it:
        conversation = await _owned(ana, it, offered)
        operations = [new_id() for _ in range(80)]
        for number, operation in enumerate(operations):
            await it.say(type="action", id=operation, verb="reply", conversation=conversation, text=f"{number}")
        told: dict[str, dict[str, Any]] = {}
        async with asyncio.timeout(20):
            while len(told) < len(operations):
                frame = await it.next()
                if frame.get("type") == "answer":
                    told[frame["id"]] = frame

        refused = [one for one in told.values() if one["status"] == "refused"]
        assert {one["code"] for one in refused} <= {"too-many"}
        done = [told[operation] for operation in operations if told[operation]["status"] == "done"]
        assert len(done) >= 64
        versions = [one["version"] for one in done]
        assert versions == sorted(versions), "in the order in which they were sent"
        assert all(one["retry_after_s"] for one in refused)


async def test_a_reply_and_the_close_after_it_keep_their_order_on_a_desk_that_knows_nothing_yet(
    system: Deployment, offered: Offered
) -> None:
    """The first reply of a process asks the board for the conversation's facts; the close needs none."""
    async with somebody(system) as person, desk(person) as usual:
        conversation = await _owned(person, usual, offered)
        async with inner(system) as it, desk(person, url=it.url) as fresh:
            reply, close = new_id(), new_id()
            await fresh.say(type="action", id=reply, verb="reply", conversation=conversation, text="goodbye")
            await fresh.say(type="action", id=close, verb="close", conversation=conversation, code="solved")

            answers: dict[str, str] = {}
            async with asyncio.timeout(10):
                while len(answers) < 2:
                    frame = await fresh.next()
                    if frame.get("type") == "answer":
                        answers[frame["id"]] = frame["status"]
            assert answers == {reply: "done", close: "done"}


async def test_a_reply_that_failed_is_told_to_its_agent_also_after_close(
    system: Deployment, ana: Person, offered: Offered
) -> None:
    async with desk(ana) as it:
        conversation, key = await _owned(ana, it, offered), new_id()
        await system.provider.idle()
        system.provider.script.then(Behaviour.CLOSE, Behaviour.CLOSE)
        reply = ana.call("POST", _path(conversation, "reply"), key=key, json={"text": "perhaps"})
        assert (await reply)[0] == 200
        assert (await ana.call("POST", _path(conversation, "close"), key=new_id(), json={}))[0] == 200

        failed = await it.event("conversation.reply-failed")

        assert failed["subject"] == conversation
        assert failed["data"]["details"]["message"] == key
        assert failed["data"]["details"]["kind"] == "ambiguous"
        assert failed["data"]["state"]["status"] == "closed"
        assert failed["data"]["state"]["last_agent"] == ana.me["id"]


async def test_without_a_router_an_action_is_pending_then_refused_and_done_when_it_is_back(
    system: Deployment, ana: Person, offered: Offered
) -> None:
    async with desk(ana) as it:
        conversation = await _owned(ana, it, offered)
        router = system.services["router"]
        await router.stop()
        loop, key, words = asyncio.get_running_loop(), new_id(), f"waits {new_id()}"
        began = loop.time()

        status, told = await ana.call("POST", _path(conversation, "reply"), key=key, json={"text": words})
        assert (status, told["status"]) == (202, "pending")
        assert 4 < loop.time() - began < 9
        status, told = await ana.call("POST", _path(conversation, "reply"), key=key, json={"text": words})
        assert (status, told["status"]) == (202, "pending"), "the repeat of what is decided is no new action"

        await asyncio.sleep(max(0.0, 10.5 - (loop.time() - began)))
        async with ana.http.post(
            ana.url + _path(conversation, "reply"), json={"text": "more"}, headers={"Idempotency-Key": new_id()}
        ) as response:
            assert response.status == 503
            assert (await response.json())["code"] == "behind"
            assert int(response.headers["retry-after"]) > 0
        operation = new_id()
        await it.say(type="action", id=operation, verb="close", conversation=conversation)
        refused = await it.answer(operation)
        assert (refused["status"], refused["code"]) == ("refused", "behind")

        await router.start(ready_within=30)
        status, told = await ana.call("POST", _path(conversation, "reply"), key=key, json={"text": words})
        assert (status, told["status"]) == (200, "done")
        sent = await it.event("delivery.sent")
        assert sent["data"]["message"] == key
        assert [one.body for one in system.provider.sent].count(words) == 1


async def test_an_action_over_http_and_one_over_the_socket_with_one_id_are_one(ana: Person, offered: Offered) -> None:
    async with desk(ana) as it:
        conversation, key = await _owned(ana, it, offered), new_id()
        status, told = await ana.call("POST", _path(conversation, "reply"), key=key, json={"text": "once"})
        assert status == 200

        await it.say(type="action", id=key, verb="reply", conversation=conversation, text="twice")
        again = await it.answer(key)

        assert (again["status"], again["version"], again["repeated"]) == ("done", told["version"], True)


async def test_a_trace_goes_from_the_request_to_the_event(ana: Person) -> None:
    trace = f"00-{new_id()}-{new_id()[:16]}-01"
    async with desk(ana) as it:
        status, _ = await ana.call(
            "PUT", "/api/v1/presence", key=new_id(), json={"presence": "away"}, headers={"traceparent": trace}
        )
        assert status == 200
        event = await it.event("agent.presence-changed")
        assert event["traceparent"].split("-")[1] == trace.split("-")[1]
