"""What leads see of the whole: the ledger, the accounts' health; and what an idle agent is told of the line."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.integration.agents.rig import Person, desk
from trunkline.ids import new_id
from trunkline.testing.deployment import Deployment

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]

EVEN = {"unrouted": 0, "unrelayed": 0}


def _customer() -> str:
    return f"+3713{new_id()[-7:].translate(str.maketrans('abcdef', '012345'))}"


async def _until(true: Callable[[], Awaitable[Any]], *, within: float = 20) -> Any:
    async with asyncio.timeout(within):
        while not (found := await true()):
            await asyncio.sleep(0.05)
        return found


async def _even(admin: Person) -> bool:
    _, told = await admin.call("GET", "/api/v1/live")
    return bool(told.get("ledger") == EVEN)


async def test_what_is_accepted_while_no_router_runs_is_in_the_ledger_until_it_is_routed(
    system: Deployment, admin: Person
) -> None:
    await _until(lambda: _even(admin))
    router = system.services["router"]
    await router.pause()
    try:
        for _ in range(3):
            assert (await system.provider.customer_writes(_customer(), "Is anybody there?")).status == 200
        status, told = await admin.call("GET", "/api/v1/live")
    finally:
        await router.resume()

    assert (status, told["ledger"]) == (200, {"unrouted": 3, "unrelayed": 0})
    await _until(lambda: _even(admin))


async def test_an_idle_agent_learns_what_waits_and_which_skill_is_missing(
    system: Deployment, admin: Person, ana: Person
) -> None:
    async with desk(ana):
        assert (await system.provider.customer_writes(_customer(), "Labdien, kur ir mans rēķins?")).status == 200

        async def lacking() -> Any:
            _, told = await ana.call("GET", "/api/v1/waiting")
            return next((one for one in told["lacking"] if one["skills"] == {"lang.lv": 1}), None)

        assert (await _until(lacking))["waiting"] >= 1
        _, hers = await ana.call("GET", "/api/v1/waiting")
        assert hers["waiting"] == hers["fitting"] + sum(one["waiting"] for one in hers["lacking"])


def _since(before: datetime, one: dict[str, Any]) -> bool:
    return one["last_inbound_at"] is not None and datetime.fromisoformat(one["last_inbound_at"]) >= before


async def test_every_account_of_the_configuration_has_its_health(system: Deployment, admin: Person) -> None:
    before = datetime.now(UTC)
    assert (await system.provider.customer_writes(_customer(), "Where is it?")).status == 200

    async def told() -> Any:
        _, found = await admin.call("GET", "/api/v1/account-health")
        return next((one for one in found["items"] if one["account"] == "sms-main" and _since(before, one)), None)

    await _until(told)
    _, running = await admin.call("GET", "/api/v1/configuration")
    _, found = await admin.call("GET", "/api/v1/account-health")
    assert [one["account"] for one in found["items"]] == [one["name"] for one in running["accounts"]]
