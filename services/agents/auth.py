"""Signing in: a password once, then a random token of which only the hash is kept."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from services.agents.cookies import SessionCookie
from services.agents.passwords import Passwords
from services.agents.repository import Agent, RecordAway, Repository
from services.agents.repository.roster import login_key

SESSION = timedelta(hours=12)
_CACHE_S = 15.0
_STALE_S = 300.0
_TRIES = 5
_TRIES_WITHIN_S = 60.0
_MOST_COUNTED = 10_000


class TooManyTries(Exception):
    """Too many wrong passwords for this sign-in name lately; `retry_after_s` says when to come again."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__("too many attempts")
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session just begun."""

    agent: Agent
    token: str
    expires_at: datetime


class Auth:
    """Who is asking."""

    def __init__(self, repository: Repository, passwords: Passwords, *, cookie: SessionCookie | None = None) -> None:
        self.cookie = cookie or SessionCookie()
        self._repository = repository
        self._passwords = passwords
        self._known: dict[str, tuple[float, Agent]] = {}
        self._tries: OrderedDict[str, deque[float]] = OrderedDict()

    async def sign_in(self, login: str, password: str) -> SignedIn | None:
        """A session; None when name and password do not belong together. TooManyTries after five wrong in a minute."""
        self._count(login)
        found = await self._repository.roster.by_login(login)
        verdict = await self._passwords.check(password, found[1] if found else None)
        if found is None or not verdict.right or found[0].disabled:
            return None
        agent, known = found
        if verdict.new_hash:
            await self._repository.roster.refresh_hash(agent.id, old=known, new=verdict.new_hash)
        self._tries.pop(_counted_as(login), None)
        now = datetime.now(UTC)
        token = secrets.token_urlsafe(32)
        await self._repository.sessions.create(
            token_hash=_hash(token), agent=agent.id, now=now, expires_at=now + SESSION
        )
        return SignedIn(agent, token, now + SESSION)

    def _count(self, login: str) -> None:
        now, key = time.monotonic(), _counted_as(login)
        tries = self._tries.setdefault(key, deque())
        while tries and tries[0] < now - _TRIES_WITHIN_S:
            tries.popleft()
        if len(tries) >= _TRIES:
            raise TooManyTries(int(tries[0] + _TRIES_WITHIN_S - now) + 1)
        tries.append(now)
        self._tries.move_to_end(key)
        if len(self._tries) > _MOST_COUNTED:
            self._tries.popitem(last=False)

    async def agent_of(self, token: str | None) -> Agent | None:
        """Whose token this is, as of at most 15 s ago; None if nobody's (any more).

        While the record is away, who was known in the last five minutes still is; of others RecordAway.
        """
        if not token or len(token) > 128:
            return None
        key = _hash(token)
        known = self._known.get(key)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        try:
            session = await self._repository.sessions.find(key, now=datetime.now(UTC))
        except RecordAway:
            if known is not None and known[0] + _STALE_S > time.monotonic():
                return known[1]
            raise
        if session is None:
            self._known.pop(key, None)
            return None
        if len(self._known) > _MOST_COUNTED:
            self._known.clear()
        left_s = (session.expires_at - datetime.now(UTC)).total_seconds()
        self._known[key] = (time.monotonic() + min(_CACHE_S, left_s), session.agent)
        return session.agent

    async def sign_out(self, token: str) -> None:
        """End the session."""
        self._known.pop(_hash(token), None)
        await self._repository.sessions.delete(_hash(token))

    def forget(self, agent: str) -> None:
        """The agent's row was edited: look again."""
        self._known = {key: known for key, known in self._known.items() if known[1].id != agent}


def _counted_as(login: str) -> str:
    """The same for every spelling of one sign-in name: spaces and wide letters must not buy more tries."""
    try:
        return login_key(login)
    except ValueError:
        return ""


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
