"""An agent writes first, by API and by socket."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.integration.agents.rig import Person, desk, inner, somebody
from trunkline.config.load import load
from trunkline.config.watch import Watch
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


async def test_too_many_beginnings_are_refused_with_how_long_to_wait(ana: Person) -> None:
    async with desk(ana) as socket:
        begun = [
            await ana.call("POST", "/api/v1/conversations", key=new_id(), json=_whom(_number())) for _ in range(10)
        ]
        assert [told["status"] for _, told in begun] == ["done"] * 10

        path = f"{ana.url}/api/v1/conversations"
        async with ana.http.post(path, headers={"Idempotency-Key": new_id()}, json=_whom(_number())) as refused:
            assert (refused.status, (await refused.json())["code"]) == (429, "too-fast")
            assert refused.content_type == "application/problem+json"
            assert 1 <= int(refused.headers["retry-after"]) <= 6
        operation = new_id()
        await socket.say(type="action", id=operation, verb="begin", **_whom(_number()))
        answer = await socket.answer(operation)
        assert (answer["status"], answer["code"]) == ("refused", "too-fast")
        assert 1 <= answer["retry_after_s"] <= 6


async def test_who_said_stop_is_not_written_to_first(system: Deployment, ana: Person, admin: Person) -> None:
    number = _number()
    assert (await system.provider.customer_writes(number, "STOP")).status == 200
    async with desk(ana), desk(admin):
        stopped = await _closed(admin, number)

        status, told = await ana.call("POST", "/api/v1/conversations", key=new_id(), json=_whom(number))

    assert (status, told["code"]) == (409, "opted-out"), stopped
    assert told["detail"] == "the contact does not want messages on this channel"


async def _closed(admin: Person, number: str) -> str:
    """The conversation that the word STOP opened, out of everybody's way."""
    async with asyncio.timeout(20):
        while not (found := (await admin.call("GET", f"/api/v1/conversations?text={number[1:]}"))[1]["items"]):
            await asyncio.sleep(0.05)  # the record is told when it has read the log
    path = f"/api/v1/conversations/{found[0]['id']}"
    assert (await admin.call("POST", f"{path}/assign", key=new_id(), json={}))[0] == 200
    assert (await admin.call("POST", f"{path}/close", key=new_id(), json={}))[0] == 200
    return str(found[0]["id"])


@pytest.mark.parametrize(
    ("begins", "agent", "supervisor"), [("supervisors", 409, 200), ("nobody", 422, 422), ("agents", 200, 200)]
)
async def test_an_account_says_who_may_write_first_by_it(
    system: Deployment, tmp_path: Path, begins: str, agent: int, supervisor: int
) -> None:
    file = tmp_path / "trunkline.yaml"
    here = (system.folder / "trunkline.yaml").read_text(encoding="utf-8")
    file.write_text(here.replace("channel: twilio-sms", f"channel: twilio-sms\n    begins: {begins}"), encoding="utf-8")
    environment = {**os.environ, **system.environment()}
    watch = Watch(file, lambda path: load(path, None, environment, rules=False))
    async with inner(system, watch=watch) as own:
        for role, status in (("agent", agent), ("supervisor", supervisor)):
            async with somebody(system, url=own.url, role=role) as person, desk(person):
                told = await person.call("POST", "/api/v1/conversations", key=new_id(), json=_whom(_number()))
                _, plan = await person.call("GET", "/api/v1/queues")

                assert told[0] == status, told
                assert ("sms-main" in [one["account"] for one in plan["begins"]]) is (status == 200)
                if status == 409:
                    assert told[1]["code"] == "not-allowed"
