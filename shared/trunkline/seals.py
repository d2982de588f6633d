"""Sealed texts: what we gave out and take back only unchanged. HMAC-SHA256, compared in constant time."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Sequence

LONGEST_SEAL = 2_048
"""Characters; they stand in addresses."""


def mac(secret: str, purpose: str, text: str) -> str:
    """The hex code of a text; what is signed for one purpose serves no other."""
    key = hmac.digest(secret.encode(), purpose.encode(), hashlib.sha256)
    return hmac.digest(key, text.encode(), hashlib.sha256).hex()


def signed_by_one(given: str, wanted: Iterable[str]) -> bool:
    """Whether a code is one of these."""
    return any(hmac.compare_digest(given.encode(), one.encode()) for one in wanted)


def encoded(text: str) -> str:
    """A text in letters that addresses may have."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decoded(text: str) -> str:
    """The other way; '' for what is no such text."""
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("utf-8", "replace")
    except binascii.Error:
        return ""


def seal(text: str, secret: str, purpose: str) -> str:
    """The text and its code, in letters that addresses may have."""
    shown = encoded(text)
    return f"{shown}.{mac(secret, purpose, shown)}"


def unseal(sealed: str, secrets: Sequence[str], purpose: str) -> str | None:
    """The text; None unless one of these secrets sealed it for this purpose."""
    shown, _, given = sealed.partition(".")
    if len(sealed) > LONGEST_SEAL or not sealed.isascii():
        return None
    if not signed_by_one(given, (mac(one, purpose, shown) for one in secrets)):
        return None
    return decoded(shown)
