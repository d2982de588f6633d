"""Did Twilio send this? Its signature, over the URL as Twilio saw it and every parameter.

base64(HMAC-SHA1(auth token, URL + name and value of every parameter, sorted by name; the values of a repeated name
sorted, each once)). A GET signs its URL alone, and so does JSON, whose body is covered by `bodySHA256` in the query
(Twilio's security page; twilio-python's validator is the oracle of our tests). There is no time in it: a replay is
stopped by the message's id.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

from trunkline.channels.base import RawRequest, Rejected, Verdict, Verified
from trunkline.channels.twilio import form
from trunkline.channels.twilio.settings import TwilioSettings

HEADER = "x-twilio-signature"
_DEFAULT_PORTS = {"https": 443, "http": 80}


def signature(token: str, url: str, fields: Iterable[tuple[bytes, bytes]] = ()) -> str:
    """What Twilio's signature header holds for this URL and these parameters; values are taken as they are."""
    return _digest(token, url, _canonical(fields))


def _canonical(fields: Iterable[tuple[bytes, bytes]]) -> bytes:
    values: dict[bytes, set[bytes]] = {}
    for name, value in fields:
        values.setdefault(name, set()).add(value)
    return b"".join(name + value for name in sorted(values) for value in sorted(values[name]))


def _digest(token: str, url: str, canonical: bytes) -> str:
    return base64.b64encode(hmac.digest(token.encode(), url.encode() + canonical, hashlib.sha1)).decode()


def verify(request: RawRequest, settings: TwilioSettings) -> Verdict:
    """Verified if one of the account's tokens signed this very request, and it is about this account."""
    given = request.header(HEADER)
    if given is None:
        return Rejected(reason="signature header missing or repeated")
    try:
        fields = _signed_fields(request)
        urls = _as_signed(request.url)
    except ValueError as error:
        return Rejected(reason=str(error))
    canonical = _canonical(fields)
    wanted = (_digest(token.get_secret_value(), url, canonical) for token in settings.auth_token for url in urls)
    if not any(hmac.compare_digest(one.encode(), given.encode()) for one in wanted):
        return Rejected(reason="signature does not match")
    if any(name == b"AccountSid" and value != settings.account_sid.encode() for name, value in fields):
        return Rejected(reason="signed, but about another account")
    return Verified()


def _signed_fields(request: RawRequest) -> form.Pairs:
    """The parameters under the signature; ValueError if some of the request is under no signature at all."""
    if request.method == "GET" or not request.body:
        if request.body:
            raise ValueError("a GET with a body")
        return ()
    kind = (request.header("content-type") or "").partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        return form.pairs(request.body)
    if kind != "application/json":
        raise ValueError("a body that no signature covers")
    claimed = [value for name, value in form.query(request.url) if name == b"bodySHA256"]
    actual = hashlib.sha256(request.body).hexdigest().encode()
    if len(claimed) != 1 or not hmac.compare_digest(claimed[0].lower(), actual):
        raise ValueError("JSON without a matching bodySHA256")
    return ()


@lru_cache(maxsize=64)  # most requests come to an account's own address, as it is
def _as_signed(url: str) -> tuple[str, ...]:
    """The URL as configured, without a port, and with the scheme's default port: Twilio has signed each."""
    parts = urlsplit(url)
    host = parts.netloc if parts.port is None else parts.netloc.rpartition(":")[0]
    ported = f"{host}:{_DEFAULT_PORTS.get(parts.scheme, 443)}"
    return tuple(dict.fromkeys((url, _rebuilt(url, host), _rebuilt(url, ported))))


def _rebuilt(url: str, netloc: str) -> str:
    # Never urlunsplit: it drops an empty query's "?" and so changes what was signed.
    scheme, _, rest = url.partition("://")
    end = min((rest.index(mark) for mark in "/?#" if mark in rest), default=len(rest))
    return f"{scheme}://{netloc}{rest[end:]}"
