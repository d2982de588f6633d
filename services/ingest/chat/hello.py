"""Who a visitor is, by the first frame of a socket; and what they are told in return."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.ingest.chat.frames import MAX_FRAME_BYTES, Hello, Identity, Refused
from trunkline.channels.base import Account
from trunkline.channels.webchat import WebChatSettings, identity, inbound
from trunkline.hours import Hours
from trunkline.messages import Address


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whom a socket belongs to. `new`: we have just made them up, so nothing was ever said."""

    contact: Address
    new: bool


def visitor_of(hello: Hello, account: Account, settings: WebChatSettings, *, now: datetime) -> Visitor:
    """The visitor of a hello; a worn-out token makes a new one. Refused if the shop's word does not hold."""
    if hello.identity is not None:
        return Visitor(_customer(hello.identity, settings, now=now), new=False)
    seconds = int(now.timestamp())
    known = identity.read_token(
        hello.token, account.name, settings.secrets, now=seconds, days=settings.visitor_days
    )  # fmt: skip
    if known is not None and known.scheme == identity.VISITOR:
        return Visitor(known, new=False)
    return Visitor(Address(scheme=identity.VISITOR, value=secrets.token_hex(16)), new=True)


def _customer(given: Identity, settings: WebChatSettings, *, now: datetime) -> Address:
    if not identity.is_customer(given.customer, given.expires, given.signature, settings.secrets):
        raise Refused("identity-wrong", "the page's signature of this customer is not the shop's", fatal=True)
    if given.expires <= now.timestamp():
        raise Refused("identity-expired", "the page's word for this customer is too old: load it again", fatal=True)
    return Address(scheme=identity.CUSTOMER, value=given.customer)


def file_key(visitor: Visitor, account: Account, settings: WebChatSettings, *, now: datetime) -> str:
    """What opens the visitor's files for the next half hour at least; told in each welcome and each pong."""
    return identity.file_key(visitor.contact, account.name, settings.secrets[0], now=int(now.timestamp()))


def welcome(
    visitor: Visitor, account: Account, settings: WebChatSettings, hours: Hours | None, *, now: datetime
) -> dict[str, Any]:
    """What a window is told first: its token, whether somebody answers by these hours (always, by none), what it may
    send and open."""
    token = identity.token_of(visitor.contact, account.name, settings.secrets[0], issued=int(now.timestamp()))
    is_open = hours is None or hours.open_at(now)
    opens = None if is_open or hours is None else hours.opens_after(now)
    return {
        "type": "welcome",
        "token": token,
        "key": file_key(visitor, account, settings, now=now),
        "customer": visitor.contact.scheme == identity.CUSTOMER,
        "open": is_open,
        "opens_at": opens.isoformat() if opens is not None else None,
        "texts": {name: text.model_dump(exclude_none=True) for name, text in settings.texts.items()},
        "limits": {
            "text": inbound.TEXT_LIMIT,
            "files": inbound.MAX_FILES,
            "file_bytes": settings.max_file_bytes,
            "frame_bytes": MAX_FRAME_BYTES,
        },
        "ping_s": 25,
    }
