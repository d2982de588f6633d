"""Who may do what: every route of the API, read from its OpenAPI document, for every role."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import aiohttp
import pytest
import pytest_asyncio

from tests.integration.agents.rig import OWN_PAGE, Person, desk, somebody
from trunkline.ids import new_id
from trunkline.settings import PLACEHOLDER_TOKEN
from trunkline.testing.deployment import Deployment

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]

ANYBODY, SIGNED_IN, SUPERVISORS, ADMINS, OURSELVES = "anybody", "signed in", "supervisors", "admins", "ourselves"

MATRIX = {
    ("post", "/api/v1/session"): ANYBODY,
    ("get", "/api/v1/session"): SIGNED_IN,
    ("delete", "/api/v1/session"): ANYBODY,
    ("get", "/api/v1/conversations"): SIGNED_IN,
    ("post", "/api/v1/conversations"): SIGNED_IN,
    ("get", "/api/v1/conversations/{conversation}"): SIGNED_IN,
    ("post", "/api/v1/conversations/{conversation}/accept"): SIGNED_IN,
    ("post", "/api/v1/conversations/{conversation}/decline"): SIGNED_IN,
    ("post", "/api/v1/conversations/{conversation}/shown"): SIGNED_IN,
    ("post", "/api/v1/conversations/{conversation}/reply"): SIGNED_IN,
    ("post", "/api/v1/conversations/{conversation}/transfer"): SIGNED_IN,
    ("post", "/api/v1/conversations/{conversation}/escalate"): SIGNED_IN,
    ("post", "/api/v1/conversations/{conversation}/snooze"): SIGNED_IN,
    ("post", "/api/v1/conversations/{conversation}/wake"): SIGNED_IN,
    ("post", "/api/v1/conversations/{conversation}/assign"): SUPERVISORS,
    ("post", "/api/v1/conversations/{conversation}/consult"): SIGNED_IN,
    ("post", "/api/v1/conversations/{conversation}/consult-end"): SIGNED_IN,
    ("post", "/api/v1/conversations/{conversation}/take-over"): SIGNED_IN,
    ("post", "/api/v1/conversations/{conversation}/reorder"): SUPERVISORS,
    ("get", "/api/v1/live/line"): SUPERVISORS,
    ("post", "/api/v1/conversations/{conversation}/wrap-up"): SIGNED_IN,
    ("post", "/api/v1/conversations/{conversation}/close"): SIGNED_IN,
    ("put", "/api/v1/presence"): SIGNED_IN,
    ("post", "/api/v1/conversations/{conversation}/files"): SIGNED_IN,
    ("get", "/api/v1/search"): SIGNED_IN,
    ("get", "/api/v1/conversations/{conversation}/notes"): SIGNED_IN,
    ("post", "/api/v1/conversations/{conversation}/notes"): SIGNED_IN,
    ("get", "/api/v1/conversations/{conversation}/contact"): SIGNED_IN,
    ("get", "/api/v1/conversations/{conversation}/explain"): SIGNED_IN,
    ("get", "/api/v1/conversations/{conversation}/media/{digest}"): SIGNED_IN,
    ("get", "/api/v1/drafts"): SIGNED_IN,
    ("put", "/api/v1/drafts/{conversation}"): SIGNED_IN,
    ("get", "/api/v1/canned-replies"): SIGNED_IN,
    ("post", "/api/v1/canned-replies"): SUPERVISORS,
    ("put", "/api/v1/canned-replies/{reply}"): SUPERVISORS,
    ("delete", "/api/v1/canned-replies/{reply}"): SUPERVISORS,
    ("get", "/api/v1/queues"): SIGNED_IN,
    ("get", "/api/v1/calendars/{calendar}/open"): SIGNED_IN,
    ("get", "/api/v1/transfer-targets"): SIGNED_IN,
    ("get", "/api/v1/configuration"): SUPERVISORS,
    ("get", "/api/v1/account-health"): SUPERVISORS,
    ("get", "/api/v1/rules/recent"): ADMINS,
    ("post", "/api/v1/rules/try"): ADMINS,
    ("get", "/api/v1/colleagues"): SIGNED_IN,
    ("get", "/api/v1/waiting"): SIGNED_IN,
    ("get", "/api/v1/live"): SUPERVISORS,
    ("post", "/api/v1/queues/{queue}/shut"): SUPERVISORS,
    ("post", "/api/v1/queues/{queue}/open"): SUPERVISORS,
    ("get", "/api/v1/agents"): SUPERVISORS,
    ("post", "/api/v1/agents"): ADMINS,
    ("patch", "/api/v1/agents/{agent}"): ADMINS,
    ("get", "/api/v1/agents/{agent}"): SUPERVISORS,
    ("put", "/api/v1/agents/{agent}/draining"): SIGNED_IN,  # of oneself: test_agents_draining
    ("get", "/api/v1/channel-log"): ADMINS,
    ("get", "/internal/messages/{message}"): OURSELVES,
    ("get", "/internal/conversations/{conversation}/explain"): OURSELVES,
    ("get", "/internal/conversations/{conversation}/letters"): OURSELVES,
    ("post", "/internal/queues/{queue}/shut"): OURSELVES,
    ("post", "/internal/queues/{queue}/open"): OURSELVES,
    ("post", "/internal/threads"): OURSELVES,
    ("post", "/internal/mail-threads"): OURSELVES,
    ("post", "/internal/threads/since"): OURSELVES,
    ("post", "/internal/threads/ends"): OURSELVES,
    ("post", "/internal/channel-log"): OURSELVES,
}
"""A route of oneself, `GET /agents/{oneself}`, is held below."""

NAMES = {
    "conversation": f"0-{'0' * 32}", "agent": new_id(), "message": new_id(), "digest": "0" * 64, "reply": new_id(),
    "queue": "nowhere", "calendar": "never",
}  # fmt: skip
"""Of what is not there."""

ALLOWED = {
    ANYBODY: {"nobody", "agent", "supervisor", "admin", "service"},
    SIGNED_IN: {"agent", "supervisor", "admin"},
    SUPERVISORS: {"supervisor", "admin"},
    ADMINS: {"admin"},
    OURSELVES: {"service"},
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def people(system: Deployment) -> AsyncIterator[dict[str, Person]]:
    """One of each role."""
    async with AsyncExitStack() as stack:
        yield {
            role: await stack.enter_async_context(somebody(system, role=role))
            for role in ("agent", "supervisor", "admin")
        }


async def _document(system: Deployment) -> dict[str, dict[str, dict[str, object]]]:
    async with aiohttp.ClientSession() as http, http.get(f"{system.desk_url}/openapi.json") as response:
        found: dict[str, dict[str, dict[str, object]]] = (await response.json())["paths"]
        return found


async def test_no_route_is_without_its_line_in_the_matrix(system: Deployment) -> None:
    found = {(method, path) for path, methods in (await _document(system)).items() for method in methods}

    assert found == set(MATRIX)


@pytest.mark.parametrize(("method", "path"), MATRIX, ids=[" ".join(route) for route in MATRIX])
async def test_each_role_may_do_what_the_matrix_says_and_nothing_more(
    system: Deployment, people: dict[str, Person], method: str, path: str
) -> None:
    allowed = ALLOWED[MATRIX[method, path]]
    where = f"{system.desk_url}{path}".format(**NAMES)
    for role in ("nobody", "agent", "supervisor", "admin", "service"):
        headers = dict(OWN_PAGE)
        if role in people and (method, path) != ("delete", "/api/v1/session"):
            headers["Cookie"] = f"trunkline_session={people[role].token}"
        if role == "service":
            headers["Authorization"] = f"Bearer {PLACEHOLDER_TOKEN}"
        async with aiohttp.ClientSession() as http, http.request(method, where, headers=headers) as response:
            told = await response.json() if response.content_length else {}
            if role in allowed:
                assert response.status not in {401, 403}, (role, told)
            elif role in {"nobody", "service"} or MATRIX[method, path] == OURSELVES:
                assert (response.status, told["code"]) in {(401, "not-signed-in"), (401, "not-ours")}, (role, told)
            else:
                assert (response.status, told["code"]) == (403, "not-allowed"), (role, told)


@pytest.mark.parametrize(
    ("method", "path"),
    [route for route in MATRIX if route[0] != "get" and route[1].startswith("/api/")],
    ids=lambda part: part,
)
async def test_nothing_is_changed_without_the_header_that_a_strangers_page_cannot_send(
    system: Deployment, people: dict[str, Person], method: str, path: str
) -> None:
    where = f"{system.desk_url}{path}".format(**NAMES)
    cookie = {"Cookie": f"trunkline_session={people['admin'].token}"}
    async with aiohttp.ClientSession() as http, http.request(method, where, headers=cookie, json={}) as response:
        assert (response.status, (await response.json())["code"]) == (403, "header-missing")


async def test_an_agent_reads_their_own_row_and_nobody_elses(people: dict[str, Person]) -> None:
    agent, other = people["agent"], people["admin"]

    assert (await agent.call("GET", f"/api/v1/agents/{agent.me['id']}"))[0] == 200
    assert (await agent.call("GET", f"/api/v1/agents/{other.me['id']}"))[0] == 403
    assert (await people["supervisor"].call("GET", f"/api/v1/agents/{agent.me['id']}"))[0] == 200


async def test_a_password_never_leaves_the_record(people: dict[str, Person]) -> None:
    for path in ("/api/v1/agents?limit=200", f"/api/v1/agents/{people['agent'].me['id']}", "/api/v1/session"):
        _, told = await people["admin"].call("GET", path)
        assert "password" not in str(told)
        assert "argon2" not in str(told)


async def test_an_agent_sees_conversations_of_their_queues_only(system: Deployment) -> None:
    customer = f"+3712{new_id()[-7:].translate(str.maketrans('abcdef', '012345'))}"
    assert (await system.provider.customer_writes(customer, "Hello")).status == 200
    async with (
        somebody(system, queues=["sales"]) as seller,
        somebody(system, queues=["support"]) as helper,
    ):

        async def seen(person: Person) -> list[str]:
            _, told = await person.call("GET", f"/api/v1/conversations?text={customer[-6:]}")
            return [one["id"] for one in told["items"]]

        async with asyncio.timeout(10):
            while not (mine := await seen(helper)):
                await asyncio.sleep(0.05)  # the projection is a moment behind
        assert await seen(seller) == []
        assert (await seller.call("GET", "/api/v1/conversations?queue=support"))[1]["items"] == []
        assert (await seller.call("GET", f"/api/v1/conversations/{mine[0]}"))[0] == 404
        assert (await helper.call("GET", f"/api/v1/conversations/{mine[0]}"))[0] == 200


async def test_an_agent_still_sees_what_they_had_a_hand_in_when_it_is_in_another_queue(system: Deployment) -> None:
    customer = f"+3712{new_id()[-7:].translate(str.maketrans('abcdef', '012345'))}"
    async with (
        somebody(system, queues=["support"], capacity=50) as helper,
        desk(helper) as socket,
    ):
        assert (await system.provider.customer_writes(customer, "Hello")).status == 200
        offered = await socket.event("conversation.offered")
        conversation, fence = offered["subject"], offered["data"]["state"]["fence"]
        where = f"/api/v1/conversations/{conversation}"
        assert (await helper.call("POST", f"{where}/accept", key=new_id(), json={"fence": fence}))[0] == 200
        assert (await helper.call("POST", f"{where}/transfer", key=new_id(), json={"to_queue": "sales"}))[0] == 200

        async def queue() -> str:
            status, told = await helper.call("GET", where)
            return str(told["conversation"]["queue"]) if status == 200 else ""

        async with asyncio.timeout(10):
            while await queue() != "sales":
                await asyncio.sleep(0.05)  # the projection is a moment behind
        _, told = await helper.call("GET", "/api/v1/conversations?limit=200")
        assert conversation in {one["id"] for one in told["items"]}
        assert {one["queue"] for one in told["items"] if one["id"] != conversation} <= {"support"}
