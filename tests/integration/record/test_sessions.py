"""Who is signed in, until they are not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.agents.repository import Agent, AgentEdit, NewAgent, Repository, Session, Unstorable

from .stories import START

HOUR = timedelta(hours=1)


async def _agent(record: Repository, login: str = "ana") -> str:
    return (await record.roster.create(NewAgent(login=login, name=login), password_hash="h", now=START)).id


async def _whole(record: Repository, agent: str) -> Agent:
    whole = await record.roster.get(agent)
    assert whole is not None
    return whole


async def test_a_session_is_found_until_it_expires(record: Repository) -> None:
    agent = await _agent(record)
    await record.sessions.create(token_hash="t", agent=agent, now=START, expires_at=START + HOUR)

    found = await record.sessions.find("t", now=START)
    assert found == Session(agent=await _whole(record, agent), expires_at=START + HOUR)
    assert await record.sessions.find("t", now=START + HOUR) is None
    assert await record.sessions.find("other", now=START) is None


async def test_a_disabled_agent_has_no_session(record: Repository) -> None:
    agent = await _agent(record)
    await record.sessions.create(token_hash="t", agent=agent, now=START, expires_at=START + HOUR)
    await record.roster.update(agent, AgentEdit(disabled=True), version=1, now=START)

    assert await record.sessions.find("t", now=START) is None


async def test_sessions_end_one_by_one_or_all_of_an_agent_or_when_expired(record: Repository) -> None:
    agent, other = await _agent(record), await _agent(record, "other")
    for token in ("a", "b", "c"):
        await record.sessions.create(token_hash=token, agent=agent, now=START, expires_at=START + HOUR)
    await record.sessions.create(token_hash="d", agent=other, now=START, expires_at=START + HOUR)

    assert await record.sessions.delete("a")
    assert not await record.sessions.delete("a")
    assert await record.sessions.delete_of(agent) == 2
    assert await record.sessions.find("d", now=START) is not None
    assert await record.sessions.delete_expired(now=START + HOUR) == 1


async def test_nobody_cannot_be_signed_in(record: Repository) -> None:
    with pytest.raises(Unstorable):
        await record.sessions.create(token_hash="t", agent="nobody", now=START, expires_at=START + HOUR)
