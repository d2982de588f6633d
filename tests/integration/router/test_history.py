"""What rules may know of a thread: from the board while it is there, then from the record, once a batch."""

# ruff: noqa: RUF001 - Turkish is written with letters that look like others

from __future__ import annotations

from services.router.record import Last
from tests.integration.router.rig import World


async def test_rules_know_who_wrote_before_by_the_record_when_the_board_forgot(world: World) -> None:
    world.record.threads = {"sms-main|tel:+5": Last(known=True, agent="ana")}
    async with world.router("router-0") as router:
        await router.verified()
        messages = {await world.write(thread) for thread in ("sms-main|tel:+5", "sms-main|tel:+6")}
        await world.until_told(messages)

        queues = {state["thread"]: state["queue"] for state in (await world.folded()).values()}
        assert queues == {"sms-main|tel:+5": "regulars", "sms-main|tel:+6": "support"}


async def test_a_word_that_tells_little_is_in_the_language_of_the_contacts_last_conversation(world: World) -> None:
    known = Last(known=True, agent="", language="tr")
    world.record.threads = dict.fromkeys(("sms-main|tel:+5", "sms-main|tel:+6"), known)
    async with world.router("router-0") as router:
        await router.verified()
        said = {"sms-main|tel:+5": "hello", "sms-main|tel:+6": "Where is my order?", "sms-main|tel:+7": "hello"}
        await world.until_told({await world.write(thread, text) for thread, text in said.items()})

        languages = {state["thread"]: state["language"] for state in (await world.folded()).values()}
        assert languages == {"sms-main|tel:+5": "tr", "sms-main|tel:+6": "en", "sms-main|tel:+7": "en"}

        await world.until_told({await world.write("sms-main|tel:+6", "Siparişim nerede kaldı?")})
        await world.until_told({await world.write("sms-main|tel:+7", "merhaba")})

        languages = {state["thread"]: state["language"] for state in (await world.folded()).values()}
        assert languages == {"sms-main|tel:+5": "tr", "sms-main|tel:+6": "tr", "sms-main|tel:+7": "en"}


async def test_what_comes_while_its_queue_is_closed_goes_where_that_says(world: World) -> None:
    async with world.router("router-0") as router:
        await router.verified()
        await world.until_told({await world.write("sms-main|tel:+5", "good night")})

        [state] = (await world.folded()).values()
        assert state["queue"] == "regulars"
