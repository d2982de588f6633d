"""Passwords: argon2, in threads, a few at a time, so that sign-ins never hold up the desk."""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Final, NamedTuple, Self

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

MAX_PASSWORD_BYTES: Final = 1_024
"""Longest password, in bytes of UTF-8."""

MIN_PASSWORD_CHARACTERS: Final = 8


_HASHER: Final = PasswordHash((Argon2Hasher(time_cost=6, memory_cost=19_456, parallelism=1),))
"""What OWASP's Password Storage Cheat Sheet asks of Argon2id at least (19 MiB, 2 rounds, 1 lane), with three times the
rounds. The library's own 64 MiB, twice at once, would be as much again as the whole service."""


def hashed(password: str) -> str:
    """The hash to keep; about 0.08 s and 20 MB. ValueError if the password is too short or too long."""
    if len(password) < MIN_PASSWORD_CHARACTERS:
        raise ValueError(f"a password has at least {MIN_PASSWORD_CHARACTERS} characters")
    if len(password.encode()) > MAX_PASSWORD_BYTES:
        raise ValueError(f"a password has at most {MAX_PASSWORD_BYTES} bytes")
    return _HASHER.hash(password)


class Verdict(NamedTuple):
    """Whether the password was right, and the stronger hash to keep instead, if the old one is out of date."""

    right: bool
    new_hash: str | None = None


class Passwords:
    """Hashes and checks (about 0.08 s and 20 MB each), at most `at_once` at a time; a component (`async with`)."""

    def __init__(self, *, at_once: int = 2) -> None:
        self._threads = ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="password")
        self._nobody = ""

    async def __aenter__(self) -> Self:
        """Prepare the hash that unknown sign-in names are checked against."""
        self._nobody = await self.hash(secrets.token_urlsafe(16))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let no check begin any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str) -> str:
        """`hashed`, in a thread of these."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, hashed, password)

    async def check(self, password: str, known: str | None) -> Verdict:
        """Whether `password` is the one behind the hash `known`.

        None (nobody signs in by that name) takes as long as a wrong password, so the time tells nothing.
        """
        if len(password.encode()) > MAX_PASSWORD_BYTES:
            return Verdict(right=False)
        verdict = await asyncio.get_running_loop().run_in_executor(
            self._threads, self._check, password, known or self._nobody
        )
        return verdict if known else Verdict(right=False)

    def _check(self, password: str, known: str) -> Verdict:
        try:
            return Verdict(*_HASHER.verify_and_update(password, known))
        except UnknownHashError:
            return Verdict(right=False)
