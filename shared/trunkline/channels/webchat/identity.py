"""Who a visitor is, and what is sealed for them: HMAC-SHA256 under the account's secret, compared in constant time.

A token names the visitor we made up ourselves. A customer of the shop is named by the shop, whose server signs the
customer's id and the time until which that holds; the secret is never in a page. A file is sealed for one contact, and
opened by that contact's key of the hour.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import NamedTuple

from pydantic import Field

from trunkline import seals
from trunkline.messages import Address, Media
from trunkline.sealed_files import SealedFile

VISITOR, CUSTOMER = "visitor", "customer"
CUSTOMER_ID = re.compile(r"[A-Za-z0-9._@:+-]{1,128}", re.ASCII)
_FILE, _KEY = "file", "file key"
_KEY_S = 1_800
_TOKEN = re.compile(r"v1\.([A-Za-z0-9_-]{1,200})\.([0-9]{1,12})\.([0-9a-f]{64})", re.ASCII)


def text_of(contact: Address) -> str:
    """`visitor:…` or `customer:…`."""
    return f"{contact.scheme}:{contact.value}"


def contact_of(text: str) -> Address | None:
    """The address such a text names; None if it is neither."""
    scheme, _, value = text.partition(":")
    if scheme not in {VISITOR, CUSTOMER} or not CUSTOMER_ID.fullmatch(value):
        return None
    return Address(scheme=scheme, value=value)


def token_of(contact: Address, account: str, secret: str, *, issued: int) -> str:
    """What proves later that this is the same contact of this account; `issued` in Unix seconds."""
    text = seals.encoded(text_of(contact))
    return f"v1.{text}.{issued}.{seals.mac(secret, 'token', f'{account} {text} {issued}')}"


def read_token(token: str, account: str, secrets: Sequence[str], *, now: int, days: int) -> Address | None:
    """The contact of a token; None if it is not ours, not this account's, or too old (a customer's after a day)."""
    found = _TOKEN.fullmatch(token)
    if found is None:
        return None
    text, issued, given = found.groups()
    if not seals.signed_by_one(given, (seals.mac(one, "token", f"{account} {text} {issued}") for one in secrets)):
        return None
    contact = contact_of(seals.decoded(text))
    if contact is None:
        return None
    # Whom the shop vouches for it must vouch for again: they may have signed out there.
    life_s = (days if contact.scheme == VISITOR else 1) * 86_400
    return contact if int(issued) + life_s > now else None


def customer_signature(customer: str, expires: int, secret: str) -> str:
    """What the shop's server computes: hex HMAC-SHA256 over id, line feed and expiry (Unix seconds)."""
    return hmac.digest(secret.encode(), f"{customer}\n{expires}".encode(), hashlib.sha256).hex()


def is_customer(customer: str, expires: int, signature: str, secrets: Sequence[str]) -> bool:
    """Whether the shop signed this customer; whether it still holds is the caller's to compare with a clock."""
    if not CUSTOMER_ID.fullmatch(customer):
        return False
    return seals.signed_by_one(signature, (customer_signature(customer, expires, one) for one in secrets))


class _File(SealedFile):
    c: str = Field(max_length=160, description="whose")


class Sealed(NamedTuple):
    """A file, and the contact it was sealed for."""

    contact: str
    media: Media


def seal(media: Media, contact: Address, secret: str) -> str:
    """A reference to a file of ours: this contact alone may send it, and reads it with a key of theirs.

    ValueError if we have no copy of the file.
    """
    if media.blob is None:
        raise ValueError("An attachment was not kept, so the visitor cannot fetch it.")
    short = media.model_copy(update={"name": media.name[:100] if media.name else None})
    return _File.of(short, media.blob, c=text_of(contact)).sealed(secret, _FILE)


def unseal(reference: str, secrets: Sequence[str]) -> Sealed | None:
    """The file of a reference; None unless we sealed it."""
    file = _File.opened(reference, secrets, _FILE)
    return Sealed(file.c, file.media) if file is not None else None


def file_key(contact: Address, account: str, secret: str, *, now: int) -> str:
    """What opens this contact's files beside their references, for half an hour at least and an hour at most.

    The same within each half hour, so that a picture keeps its address that long.
    """
    until = (now // _KEY_S + 2) * _KEY_S
    return f"{until}.{_code_of_key(text_of(contact), account, secret, until)}"


def opens(key: str, contact: str, account: str, secrets: Sequence[str], *, now: int) -> bool:
    """Whether a key is this contact's (`visitor:…`), and still good."""
    until, _, given = key.partition(".")
    if len(key) > 80 or not re.fullmatch(r"[0-9]{1,12}", until, re.ASCII) or int(until) <= now:
        return False
    return seals.signed_by_one(given, (_code_of_key(contact, account, one, int(until)) for one in secrets))


def _code_of_key(contact: str, account: str, secret: str, until: int) -> str:
    return seals.mac(secret, _KEY, f"{account} {contact} {until}")
