"""Ids and shards: the few functions on which every process must agree for ever."""

from __future__ import annotations

import random
import zlib

import uuid_utils

_MESSAGES = uuid_utils.UUID("6f1d4e0a-6d0f-5f0e-9c55-2f6d1a6c7e11")
"""Namespace of inbound message ids; changing it would let every duplicate through once."""


_CHANCE = random.Random()  # noqa: S311  seeded by the system; names must differ, not be secret, and urandom costs 20 µs


def random_hex(digits: int) -> str:
    """So many random hex digits, for names that must differ and need not be secret."""
    return f"{_CHANCE.getrandbits(digits * 4):0{digits}x}"


def random_bits(bits: int) -> int:
    """A random number of so many bits, for the same use."""
    return _CHANCE.getrandbits(bits)


def new_id() -> str:
    """A fresh id, ordered by time (UUIDv7), 32 hex digits."""
    return uuid_utils.uuid7().hex


def message_id(account: str, provider_id: str) -> str:
    """The id of an inbound message: the same for every repeat of it by its provider (UUIDv5 hex)."""
    return uuid_utils.uuid5(_MESSAGES, f"{account}\n{provider_id}").hex


def shard_of(key: str, shards: int) -> int:
    """The shard of a thread key or agent id, 0 ≤ shard < shards (CRC-32 of UTF-8)."""
    return zlib.crc32(key.encode()) % shards


def new_conversation_id(shard: int) -> str:
    """A fresh conversation id that carries its shard, so that nobody needs a look-up to find it."""
    return f"{shard}-{new_id()}"


def shard_of_conversation(conversation: str) -> int:
    """The shard a conversation id carries; ValueError if it is not one of our ids."""
    shard, dash, rest = conversation.partition("-")
    if not dash or len(rest) != 32 or not shard.isascii() or not shard.isdigit() or len(shard) > 5:
        raise ValueError(f"not a conversation id: {conversation[:80]!r}")
    return int(shard)
