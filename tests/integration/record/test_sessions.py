"""Who is signed in, until they are not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.agents.repository import AgentEdit, NewAgent, Repository, Unstorable

from .stories import START

HOUR = timedelta(hours=1)


async def _agent(record: Repository, login: str = "ana") -> str:
    return (await record.roster.create(NewAgent(login=login, name=login), password_hash="h", now=START)).id


async def test_a_session_is_found_until_it_expires(record: Repository) -> None:
    agent = await _agent(record)
    made = await record.sessions.create(token_hash="t", agent=agent, now=START, expires_at=START + HOUR)

    assert await record.sessions.find("t", now=START) == made
    assert await record.sessions.find("t", now=START + HOUR) is None
    assert await record.sessions.find("other", now=START) is None


async def test_use_lets_a_session_live_longer_but_not_again(record: Repository) -> None:
    agent = await _agent(record)
    await record.sessions.create(token_hash="t", agent=agent, now=START, expires_at=START + HOUR)

    assert await record.sessions.touch("t", now=START + HOUR / 2, expires_at=START + 2 * HOUR)
    assert await record.sessions.find("t", now=START + HOUR) is not None
    assert not await record.sessions.touch("t", now=START + 3 * HOUR, expires_at=START + 9 * HOUR)


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
