"""Who works here: edits name the version they saw, names are unique, the first administrator comes once."""

from __future__ import annotations

import asyncio

import pytest

from services.agents.repository import AgentEdit, LoginTaken, NewAgent, NotThere, Repository, Role, VersionConflict

from .stories import START


def _ana(login: str = "Ana@Example.com") -> NewAgent:
    return NewAgent(
        login=login, name="Ana", capacity=3, skills={"billing": 4}, queues=("support",), languages=("lv",), locale="lv"
    )


async def test_an_agent_is_read_back_as_written(record: Repository) -> None:
    made = await record.roster.create(_ana(), password_hash="h1", now=START)

    assert made.version == 1
    assert await record.roster.get(made.id) == made
    assert await record.roster.by_login(" ANA@example.COM ") == (made, "h1")
    assert made.profile.skills == {"billing": 4}
    assert "password_hash" not in made.model_dump()
    assert await record.roster.get("nobody") is None
    assert await record.roster.by_login("no body") is None


async def test_an_edit_changes_what_it_names_and_makes_the_next_version(record: Repository) -> None:
    made = await record.roster.create(_ana(), password_hash="h1", now=START)
    edited = await record.roster.update(made.id, AgentEdit(capacity=0, skills={}), version=1, now=START)

    assert (edited.capacity, edited.skills, edited.version) == (0, {}, 2)
    assert edited.name == made.name
    assert await record.roster.versions() == {made.id: 2}


async def test_of_concurrent_edits_one_wins_and_the_others_hear_of_it(record: Repository) -> None:
    made = await record.roster.create(_ana(), password_hash="h1", now=START)
    edits = [
        record.roster.update(made.id, AgentEdit(capacity=number), version=1, now=START) for number in range(10, 18)
    ]
    answers = await asyncio.gather(*edits, return_exceptions=True)

    winners = [answer for answer in answers if not isinstance(answer, BaseException)]
    losers = [answer for answer in answers if isinstance(answer, VersionConflict)]
    assert (len(winners), len(losers)) == (1, 7)
    assert {loser.current for loser in losers} == {2}
    assert await record.roster.get(made.id) == winners[0]


async def test_an_edit_of_nobody_says_so(record: Repository) -> None:
    with pytest.raises(NotThere):
        await record.roster.update("nobody", AgentEdit(name="X"), version=1, now=START)


async def test_a_sign_in_name_belongs_to_one_agent(record: Repository) -> None:
    await record.roster.create(_ana(), password_hash="h1", now=START)
    other = await record.roster.create(_ana("other"), password_hash="h2", now=START)

    with pytest.raises(LoginTaken):
        await record.roster.create(_ana("ANA@EXAMPLE.COM"), password_hash="h3", now=START)
    with pytest.raises(LoginTaken):
        await record.roster.update(other.id, AgentEdit(login="ana@example.com"), version=1, now=START)


async def test_of_many_who_want_the_same_name_at_once_one_gets_it(record: Repository) -> None:
    answers = await asyncio.gather(
        *(record.roster.create(_ana(), password_hash="h", now=START) for _ in range(6)), return_exceptions=True
    )

    assert sorted(type(answer).__name__ for answer in answers) == ["Agent"] + ["LoginTaken"] * 5


async def test_the_first_administrator_is_made_once_however_many_try(record_url: str) -> None:
    async with Repository(record_url) as one, Repository(record_url) as two:
        assert not await one.roster.has_admin()
        answers = await asyncio.gather(
            *(
                each.roster.ensure_first_admin(_ana(f"admin{number}"), password_hash="h", now=START)
                for number, each in enumerate((one, two) * 3)
            )
        )
        made = [answer for answer in answers if answer is not None]

        assert len(made) == 1
        assert made[0].role is Role.ADMIN
        assert await two.roster.has_admin()
        assert len(await one.roster.page()) == 1


async def test_pages_go_through_the_roster_once(record: Repository) -> None:
    for number in range(7):
        await record.roster.create(_ana(f"agent{number}"), password_hash="h", now=START)
    seen: list[str] = []
    while page := await record.roster.page(after=seen[-1] if seen else "", limit=3):
        seen += [agent.login for agent in page]

    assert seen == [f"agent{number}" for number in range(7)]


async def test_a_password_is_an_edit_but_a_stronger_hash_of_the_same_one_is_not(record: Repository) -> None:
    made = await record.roster.create(_ana(), password_hash="h1", now=START)
    edited = await record.roster.set_password(made.id, "h2", version=1, now=START)
    await record.roster.refresh_hash(made.id, old="h1", new="stale")
    await record.roster.refresh_hash(made.id, old="h2", new="h2+")

    assert edited.version == 2
    assert await record.roster.by_login(made.login) == (edited, "h2+")
