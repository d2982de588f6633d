"""An agent writes first, by API and by socket."""

from __future__ import annotations

import pytest

from tests.integration.agents.rig import Person, desk, somebody
from trunkline.ids import new_id
from trunkline.testing.deployment import Deployment

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]


def _whom(number: str, **more: str) -> dict[str, str]:
    return {"account": "sms-main", "scheme": "tel", "address": number} | more


def _number() -> str:
    return f"+3712{int(new_id()[-7:], 16) % 10_000_000:07d}"


async def test_who_begins_has_it_at_once_and_another_is_told_who_has_it(system: Deployment, ana: Person) -> None:
    number, key = _number(), new_id()
    async with somebody(system, capacity=0) as ben, desk(ben) as socket, desk(ana):
        status, begun = await ben.call("POST", "/api/v1/conversations", key=key, json=_whom(number))
        again = await ben.call("POST", "/api/v1/conversations", key=key, json=_whom(number))
        assert (status, begun["status"]) == (200, "done"), begun
        assert (again[1]["conversation"], again[1]["repeated"]) == (begun["conversation"], True)
        event = await socket.event("conversation.begun")
        assert (event["subject"], event["data"]["state"]["owner"]) == (begun["conversation"], ben.me["id"])
        assert event["data"]["details"] == {"by": ben.me["id"]}

        refused = await ana.call("POST", "/api/v1/conversations", key=new_id(), json=_whom(number))

        assert (refused[0], refused[1]["code"], refused[1]["detail"]) == (409, "open", ben.me["id"])
        operation = new_id()
        await socket.say(type="action", id=operation, verb="begin", **_whom(number))
        answer = await socket.answer(operation)
        assert (answer["code"], answer["conversation"], answer["detail"]) == (
            "open",
            begun["conversation"],
            ben.me["id"],
        )


@pytest.mark.parametrize(
    "wrong",
    [
        {"account": "nothing"},
        {"scheme": "whatsapp"},
        {"scheme": "mailto", "address": "ann@example.org"},
        {"address": "26000001"},
        {"address": "+371\n26000001"},
    ],
)
async def test_nobody_is_written_to_first_where_that_cannot_be(ana: Person, wrong: dict[str, str]) -> None:
    async with desk(ana):
        status, told = await ana.call("POST", "/api/v1/conversations", key=new_id(), json=_whom("+37126000001") | wrong)
    assert (status, told["code"]) == (422, "bad-fields")


async def test_a_desk_knows_by_which_accounts_one_may_write_first(ana: Person) -> None:
    _, plan = await ana.call("GET", "/api/v1/queues")

    assert {"account": "sms-main", "channel": "twilio-sms", "schemes": ["tel"]} in plan["begins"]
    assert all(one["channel"] != "webchat" for one in plan["begins"])
