"""Signed names: reply addresses, bounce addresses and Message-IDs that nobody but us can have made.

All are lower case, because servers on the way change the case; local parts have at most 64 characters (RFC 5321).
"""

from __future__ import annotations

import base64
import hmac
import re
from hashlib import sha256
from typing import NamedTuple

from trunkline.channels.email.settings import EmailSettings

_TOKEN = re.compile(r"[a-z2-7]{26}", re.ASCII)
_PLAIN = re.compile(r"(?!x-)[a-z0-9-]{1,64}", re.ASCII)
_OWN = re.compile(
    r"(?P<message>[a-z0-9-]{1,140})\.(?P<conversation>[0-9]{1,5}-[0-9a-f]{32})\.(?P<thread>[a-z2-7]{26}|-)\.(?P<mac>[a-z2-7]{16})",
    re.ASCII,
)
_REPLY = re.compile(r"reply\+(?P<name>[a-z2-7]{26})\.(?P<mac>[a-z2-7]{16})", re.ASCII)
_BOUNCE = re.compile(r"bounce\+(?P<name>[0-9a-f]{32})\.(?P<mac>[a-z2-7]{16})", re.ASCII)


class Own(NamedTuple):
    """A mail of ours, by its Message-ID."""

    message: str
    conversation: str
    thread: str | None


def thread_token(account: str, root: str) -> str:
    """The thread that began with the mail of this Message-ID; the same for ever."""
    return _text(sha256(f"{account}\n{root}".encode()).digest()[:16])


def thread_key(account: str, token: str) -> str:
    """What decides the shard."""
    return f"{account}|mail:{token}"


def token_of(thread: str) -> str | None:
    """The token in a thread's key; None for a thread that began with us and not with a mail."""
    token = thread.rpartition("|mail:")[2]
    return token if _TOKEN.fullmatch(token) else None


def reply_address(settings: EmailSettings, account: str, token: str) -> str:
    """Where answers to a thread go."""
    return f"reply+{token}.{_mac(settings.secrets[0], 'reply', account, token)}@{settings.own_domain}"


def read_reply_address(settings: EmailSettings, account: str, address: str) -> str | None:
    """The thread's token, if we signed this address."""
    return _read(_REPLY, "reply", settings, account, address)


def bounce_address(settings: EmailSettings, account: str, message: str) -> str:
    """The envelope sender of a reply: whose bounce it is can be told by the address it comes to (VERP)."""
    if re.fullmatch(r"[0-9a-f]{32}", message) is None:
        return settings.addresses[0]
    return f"bounce+{message}.{_mac(settings.secrets[0], 'bounce', account, message)}@{settings.own_domain}"


def read_bounce_address(settings: EmailSettings, account: str, address: str) -> str | None:
    """The id of the reply that bounced, if we signed this address."""
    return _read(_BOUNCE, "bounce", settings, account, address)


def own_message_id(settings: EmailSettings, account: str, own: Own) -> str:
    """The Message-ID of a reply, without brackets: it says which reply, conversation and thread."""
    name = _name(own.message)
    thread = own.thread or "-"
    mac = _mac(settings.secrets[0], "message", account, f"{name}.{own.conversation}.{thread}")
    return f"{name}.{own.conversation}.{thread}.{mac}@{settings.own_domain}"


def read_message_id(settings: EmailSettings, account: str, message_id: str) -> Own | None:
    """Which mail of ours this is; None if we did not make this id."""
    found = _at_home(_OWN, settings, message_id)
    if found is None:
        return None
    what = f"{found['message']}.{found['conversation']}.{found['thread']}"
    if not _signed(settings, found["mac"], "message", account, what):
        return None
    message = _named(found["message"])
    return None if message is None else Own(message, found["conversation"], found["thread"].strip("-") or None)


def _read(pattern: re.Pattern[str], use: str, settings: EmailSettings, account: str, address: str) -> str | None:
    """What an address names, if we signed it."""
    found = _at_home(pattern, settings, address)
    if found is None or not _signed(settings, found["mac"], use, account, found["name"]):
        return None
    return found["name"]


def _at_home(pattern: re.Pattern[str], settings: EmailSettings, address: str) -> re.Match[str] | None:
    local, _, domain = address.strip().lower().rpartition("@")
    return pattern.fullmatch(local) if domain == settings.own_domain else None


def _name(message: str) -> str:
    return message if _PLAIN.fullmatch(message) else f"x-{message.encode().hex()}"


def _named(name: str) -> str | None:
    if not name.startswith("x-"):
        return name
    try:
        return bytes.fromhex(name[2:]).decode()
    except ValueError:
        return None


def _mac(secret: bytes, use: str, account: str, what: str) -> str:
    return _text(hmac.digest(secret, f"{use}\n{account}\n{what}".encode(), "sha256")[:10])


def _signed(settings: EmailSettings, mac: str, use: str, account: str, what: str) -> bool:
    good = [hmac.compare_digest(_mac(secret, use, account, what), mac) for secret in settings.secrets]
    return any(good)


def _text(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()
