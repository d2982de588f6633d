"""A second agent looks on, exactly as long as they are asked to, and a line is reordered: on real processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration.agents.rig import Person, Socket, desk, inner, somebody
from tests.integration.agents.test_agents_passing import asked, done, owned, somebody_new
from trunkline.ids import new_id
from trunkline.testing.deployment import Deployment

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]

WORD = "zebrafinch"


@dataclass
class Two:
    """A conversation's owner, and a colleague who serves another queue."""

    owner: Person
    hers: Socket
    second: Person
    his: Socket
    conversation: str

    async def consult(self) -> None:
        """The owner asks; the colleague hears it."""
        note = "Is this covered?"
        await done(self.owner, self.conversation, "consult", to_agent=self.second.me["id"], note=note)
        told = await self.his.event("conversation.consulted")
        assert told["data"]["details"] == {"by": self.owner.me["id"], "to": self.second.me["id"], "note": note}
        assert told["data"]["state"]["consulted"] == self.second.me["id"]


@asynccontextmanager
async def two(system: Deployment, url: str = "") -> AsyncIterator[Two]:
    """Both at their desks."""
    async with (
        somebody(system, url=url, queues=["support"], capacity=50) as ana, desk(ana) as hers,
        somebody(system, url=url, queues=["sales"], capacity=2) as ben, desk(ben) as his,
    ):  # fmt: skip
        name = await owned(system, ana, hers)
        yield Two(ana, hers, ben, his, name)


async def until(true: Callable[[], Awaitable[Any]], *, within: float = 15) -> Any:
    """What `true` says, once it is something; the record is a moment behind the log."""
    async with asyncio.timeout(within):
        while not (found := await true()):
            await asyncio.sleep(0.05)
        return found


async def may(person: Person, conversation: str) -> dict[str, bool]:
    """What this person may do by HTTP with a conversation: read it, find it, its notes, files and reasons."""
    where = f"/api/v1/conversations/{conversation}"
    return {
        "read": (await person.call("GET", where))[0] == 200,
        "notes": (await person.call("GET", f"{where}/notes"))[0] == 200,
        "contact": (await person.call("GET", f"{where}/contact"))[0] == 200,
        "explain": (await person.call("GET", f"{where}/explain"))[0] == 200,
        "files": (await person.call("POST", f"{where}/files?name=a.txt", data=b"hello"))[0] != 404,
        "listed": bool([one for one in (await person.call("GET", "/api/v1/conversations?limit=200"))[1]["items"]
                        if one["id"] == conversation]),
        "found": bool([one for one in (await person.call("GET", f"/api/v1/search?q={WORD}"))[1]["items"]
                       if one["conversation"]["id"] == conversation]),
    }  # fmt: skip


async def test_a_consulted_agent_may_see_all_of_it_exactly_as_long(system: Deployment) -> None:
    async with two(system) as it:
        await until(lambda: _reads(it.owner, it.conversation))
        state = (await it.owner.call("GET", f"/api/v1/conversations/{it.conversation}"))[1]
        said = await system.provider.customer_writes(state["conversation"]["address"], f"My {WORD} is ill")
        assert said.status == 200
        await it.hers.event("conversation.message-added")
        assert not any((await may(it.second, it.conversation)).values())

        await it.consult()

        await until(lambda: _all(it))
        assert (await asked(it.second, it.conversation, "reply", text="Hello"))[1]["code"] == "not-yours"
        assert (await asked(it.second, it.conversation, "close"))[1]["code"] == "not-yours"

        await done(it.second, it.conversation, "consult-end")

        ended = await it.hers.event("conversation.consultation-ended")
        assert ended["data"]["details"] == {"agent": it.second.me["id"], "by": it.second.me["id"]}
        await until(lambda: _none(it))
        again = await asked(it.second, it.conversation, "take-over")
        assert (again[0], again[1]["code"]) == (409, "gone")
        await done(it.owner, it.conversation, "close")


async def _all(it: Two) -> bool:
    return all((await may(it.second, it.conversation)).values())


async def _none(it: Two) -> bool:
    return not any((await may(it.second, it.conversation)).values())


async def test_whispers_are_live_at_both_desks_and_no_reply(system: Deployment) -> None:
    async with inner(system) as service, two(system, service.url) as it:
        await it.consult()
        before = len(system.provider.sent)
        await until(lambda: _reads(it.second, it.conversation))
        where = f"/api/v1/conversations/{it.conversation}/notes"

        status, note = await it.second.call("POST", where, key=new_id(), json={"text": "Yes, for two years"})

        assert status == 201
        for socket in (it.hers, it.his):
            assert await _note(socket) == {"type": "note", "conversation": it.conversation, "note": note}
        assert len(system.provider.sent) == before
        # The contact's window may show that somebody answers: the owner, not who looks on.
        assert service.hub.answers(it.conversation, it.owner.me["id"])
        assert not service.hub.answers(it.conversation, it.second.me["id"])
        assert service.hub.concerns(it.conversation, it.second.me["id"])

        await done(it.owner, it.conversation, "consult-end", agent=it.second.me["id"])
        await it.his.event("conversation.consultation-ended")

        assert not service.hub.concerns(it.conversation, it.second.me["id"]), "the event that told the end was the last"
        await it.owner.call("POST", where, key=new_id(), json={"text": "Thank you"})
        assert (await _note(it.hers))["note"]["text"] == "Thank you"
        operation = new_id()
        await it.his.say(type="action", id=operation, verb="take-over", conversation=it.conversation)
        assert (await it.his.answer(operation))["code"] == "gone"
        assert not [frame for frame in it.his.frames if frame.get("type") == "note"]
        await done(it.owner, it.conversation, "close")


async def _reads(person: Person, conversation: str) -> bool:
    return (await person.call("GET", f"/api/v1/conversations/{conversation}"))[0] == 200


async def _note(socket: Socket) -> dict[str, Any]:
    async with asyncio.timeout(10):
        while (frame := await socket.next()).get("type") != "note":
            socket.frames.append(frame)
        return frame


async def test_who_takes_over_is_the_owner_and_a_desk_that_comes_later_begins_with_it(system: Deployment) -> None:
    async with two(system) as it:
        await it.consult()
        async with desk(it.second) as later:
            (shown,) = later.welcome["snapshot"]["conversations"]
            assert (shown["conversation"]["id"], shown["conversation"]["owner"]) == (
                it.conversation, it.owner.me["id"],
            )  # fmt: skip

        await done(it.second, it.conversation, "take-over")

        for socket in (it.hers, it.his):
            told = await socket.event("conversation.taken-over")
            assert told["data"]["state"]["owner"] == it.second.me["id"]
        assert (await asked(it.owner, it.conversation, "reply", text="Mine!"))[1]["code"] == "not-yours"
        await done(it.second, it.conversation, "reply", text="I go on with this.")
        await done(it.second, it.conversation, "close")


@pytest.mark.parametrize(
    ("verb", "fields", "status"),
    [("consult", {"to_agent": "nobody"}, 409), ("consult", {"to_agent": ""}, 422), ("consult", {}, 422),
     ("consult", {"to_agent": "a b"}, 422), ("consult-end", {"agent": "nobody"}, 409), ("take-over", {}, 409)],
    ids=["absent", "empty", "nobody named", "no id", "not consulted", "own"],
)  # fmt: skip
async def test_a_consultation_that_makes_no_sense_is_refused(
    system: Deployment, ana: Person, verb: str, fields: dict[str, str], status: int
) -> None:
    async with desk(ana) as mine:
        name = await owned(system, ana, mine)
        told = await asked(ana, name, verb, **fields)
        assert told[0] == status, told
        await done(ana, name, "close")


async def test_a_supervisor_moves_what_waits_and_it_is_explained(system: Deployment) -> None:
    async with somebody(system, role="supervisor", name="Sue", capacity=0) as sue, somebody(system) as ana:
        names = [await _waits(system, sue) for _ in range(2)]
        assert [name for name in await _line(sue) if name in names] == names, "in the order in which they came"
        assert (await asked(ana, names[1], "reorder", front=True))[0] == 403
        assert (await asked(sue, names[1], "reorder", front="yes"))[0] == 422

        await done(sue, names[1], "reorder", front=True, note="Their flight leaves.")

        assert (await _line(sue))[0] == names[1]
        where = f"/api/v1/conversations/{names[1]}/explain"

        async def front() -> Any:
            return (await sue.call("GET", where))[1]["now"]["front"]

        told = await until(front)
        assert (told["name"], told["note"]) == ("Sue", "Their flight leaves.")

        await done(sue, names[1], "reorder", front=False)

        assert [name for name in await _line(sue) if name in names] == names
        assert (await sue.call("GET", where))[1]["now"]["front"] is None
        for name in names:
            async with desk(sue):
                await done(sue, name, "assign")
                await done(sue, name, "close")
        assert (await asked(sue, names[0], "reorder", front=True))[1]["code"] == "gone"


async def _waits(system: Deployment, person: Person) -> str:
    """A new customer's conversation, which nobody has room for."""
    customer = somebody_new()
    assert (await system.provider.customer_writes(customer, "Hello")).status == 200

    async def there() -> str:
        _, told = await person.call("GET", f"/api/v1/conversations?text={customer[1:]}&status=queued")
        return str(told["items"][0]["id"]) if told["items"] else ""

    return str(await until(there))


async def _line(person: Person) -> list[str]:
    """What waits in `support`, in its order."""
    status, told = await person.call("GET", "/api/v1/live/line?queue=support")
    assert status == 200
    return [one["conversation"] for one in told["items"]]
