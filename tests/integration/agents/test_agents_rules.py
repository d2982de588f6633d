"""Rules tried by an administrator: on any words, and on what was written last, by the engine that routes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from services.agents.api import rules
from tests.integration.agents.rig import Inner, Person, inner, somebody
from tests.integration.agents.test_agents_passing import somebody_new
from trunkline.config.load import parse
from trunkline.config.rules import Facts
from trunkline.testing.deployment import Deployment

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]

_TRY = "/api/v1/rules/try"


async def _tried(person: Person, **fields: Any) -> dict[str, Any]:
    status, told = await person.call("POST", _TRY, json={"account": "sms-main"} | fields)
    assert status == 200, told
    return told


async def test_any_words_are_tried_as_the_router_would_decide_them(admin: Person) -> None:
    hit = await _tried(admin, text="Labdien, kur mans?")
    assert (hit["rules"], hit["queue"], hit["requires"], hit["priority"]) == (["latvian"], "support", {"lang.lv": 1}, 0)
    assert hit["errors"] == []

    assert (await _tried(admin, text="Hello"))["rules"] == []


@pytest.mark.parametrize("body", [{"account": "nowhere"}, {"account": "sms-main", "text": "x" * 4_097}, {}])
async def test_what_cannot_be_tried_is_told(admin: Person, body: dict[str, str]) -> None:
    assert (await admin.call("POST", _TRY, json=body))[0] == 422


async def test_the_latest_messages_come_with_what_the_rules_say_of_them_now(system: Deployment, admin: Person) -> None:
    async with somebody(system, queues=["billing"]):
        customer = somebody_new()
        for words in ("Labdien!", "Is anybody there?"):
            assert (await system.provider.customer_writes(customer, words)).status == 200
        async with asyncio.timeout(15):
            while len(found := await _latest(admin, customer)) < 2:
                await asyncio.sleep(0.05)

    assert [(one["text"], one["tried"]["rules"]) for one in found] == [
        ("Is anybody there?", []), ("Labdien!", ["latvian"]),
    ]  # fmt: skip
    assert found[0]["at"] >= found[1]["at"]


async def _latest(person: Person, customer: str) -> list[dict[str, Any]]:
    status, told = await person.call("GET", "/api/v1/rules/recent?limit=50")
    assert status == 200, told
    return [one for one in told["items"] if one["display"] == customer]


_OTHER = """
default_queue: support
queues: {{support: {{title: Support}}, vip: {{title: Guests, priority: 3}}}}
accounts: {{sms-main: {{channel: twilio-sms}}}}
rules:
  - {{name: broken-for-some, when: '{when}', queue: vip}}
  - {{name: regulars, when: history.known && contact.language == "tr", queue: vip, priority: 7}}
"""


@asynccontextmanager
async def _with_rules(system: Deployment, admin: Person, when: str) -> AsyncIterator[tuple[Inner, Person]]:
    """A service whose file has other rules."""
    async with inner(system) as it:
        it.watch.current = parse(_OTHER.format(when=when).encode(), None, {}, rules=False)
        yield it, Person(admin.http, it.url, admin.me, admin.login, admin.password)


async def test_a_rule_that_has_no_answer_says_so_and_the_others_decide(system: Deployment, admin: Person) -> None:
    async with _with_rules(system, admin, 'message.words[3] == "x"') as (_, asked):
        told = await _tried(asked, text="two words", language="tr", known=True)

    assert (told["rules"], told["queue"], told["priority"]) == (["regulars"], "vip", 7)
    assert [each["rule"] for each in told["errors"]] == ["broken-for-some"]
    assert "index" in told["errors"][0]["message"].lower()


async def test_a_rule_that_is_none_is_named_with_its_fault(system: Deployment, admin: Person) -> None:
    async with _with_rules(system, admin, "message.txt") as (_, asked):
        status, told = await asked.call("POST", _TRY, json={"account": "sms-main", "text": "Hello"})

    assert (status, told["code"]) == (409, "rules-broken")
    assert "broken-for-some: 1:1:" in told["detail"]


async def test_what_a_trial_may_be_given_is_what_rules_may_know() -> None:
    facts = set(Facts.__dataclass_fields__)
    assert set(rules.Trying.model_fields) == facts - {"channel", "has_media"}
