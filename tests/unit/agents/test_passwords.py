"""Passwords are checked, bounded, and nobody's takes as long as a wrong one."""

from __future__ import annotations

import asyncio
import time

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher

from services.agents.passwords import MAX_PASSWORD_BYTES, Passwords, Verdict


async def test_the_right_password_is_right_and_others_are_not() -> None:
    async with Passwords() as passwords:
        known = await passwords.hash("correct horse")

        assert known.startswith("$argon2id$")
        assert await passwords.check("correct horse", known) == Verdict(right=True)
        assert not (await passwords.check("correct house", known)).right
        assert not (await passwords.check("correct horse", None)).right
        assert not (await passwords.check("correct horse", "no hash at all")).right


async def test_a_hash_with_weaker_settings_is_replaced() -> None:
    weak = Argon2Hasher(time_cost=1, memory_cost=8_192).hash("correct horse")
    async with Passwords() as passwords:
        verdict = await passwords.check("correct horse", weak)

        assert verdict.right
        assert verdict.new_hash is not None
        assert (await passwords.check("correct horse", verdict.new_hash)) == Verdict(right=True)


@pytest.mark.parametrize("password", ["short", "x" * (MAX_PASSWORD_BYTES + 1)])
async def test_a_password_of_a_bad_length_is_refused(password: str) -> None:
    async with Passwords() as passwords:
        with pytest.raises(ValueError, match="a password has at"):
            await passwords.hash(password)


async def test_the_loop_goes_on_while_passwords_are_checked() -> None:
    async with Passwords() as passwords:
        known = await passwords.hash("correct horse")
        checks = [asyncio.create_task(passwords.check("wrong horse", known)) for _ in range(4)]
        longest = 0.0
        while not all(check.done() for check in checks):
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - before)

        assert longest < 0.2
