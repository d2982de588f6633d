"""What a visitor says: a frame, in the name of a contact, signed by who vouches for both.

A visitor's frame comes over the socket of our own ingest, which knows whose socket it is and asks `parse` alone. A
shop's server may post the same frame to the account's webhook, with a signature under the account's secret.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from trunkline.channels.base import MessageIn, Parsed, Problem, RawRequest, Rejected, Verdict, Verified
from trunkline.channels.webchat import identity
from trunkline.channels.webchat.settings import WebChatSettings
from trunkline.messages import Address, ContactCard, Part, Text

CONTACT_HEADER = "x-trunkline-contact"
SIGNATURE_HEADER = "x-trunkline-signature"
TEXT_LIMIT = 4_000
MAX_FILES = 5
MAX_FRAME_BYTES = 32_768

ClientId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")]


def _mailbox(text: str) -> str:
    address = text.strip()
    name, _, host = address.rpartition("@")
    if not name or "." not in host or any(mark in address for mark in ' \t\r\n<>,;"\0'):
        raise ValueError("not an e-mail address")
    return address


class _Frame(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Any(_Frame):
    type: str = Field(max_length=64)


class Said(_Frame):
    """A message. `id` is made by the client: the same again is the same message."""

    type: Literal["message"]
    id: ClientId
    text: str = Field(default="", max_length=TEXT_LIMIT)
    files: tuple[Annotated[str, Field(max_length=2_048)], ...] = Field(default=(), max_length=MAX_FILES)


class Reachable(_Frame):
    """The address at which the visitor wants an answer when they are gone."""

    type: Literal["email"]
    id: ClientId
    address: Annotated[str, Field(max_length=254), AfterValidator(_mailbox)]


def signature(request: RawRequest, secret: str) -> str:
    """Hex HMAC-SHA256 over the URL, the contact and the body, each on a line of its own."""
    contact = request.header(CONTACT_HEADER) or ""
    text = f"{request.url}\n{contact}\n".encode("utf-8", "surrogateescape") + request.body
    return hmac.digest(secret.encode(), text, hashlib.sha256).hex()


def verify(request: RawRequest, settings: WebChatSettings) -> Verdict:
    """Verified if the shop's server signed this very frame for this very contact."""
    given = request.header(SIGNATURE_HEADER)
    if given is None or request.header(CONTACT_HEADER) is None:
        return Rejected(reason="signature or contact header missing or repeated")
    wanted = (signature(request, secret) for secret in settings.secrets)
    if not any(hmac.compare_digest(given.encode(), one.encode()) for one in wanted):
        return Rejected(reason="signature does not match")
    return Verified()


def parse(request: RawRequest, settings: WebChatSettings) -> Parsed:
    """The message in a frame, or the problem with it."""
    contact = identity.contact_of(request.header(CONTACT_HEADER) or "")
    if contact is None:
        return _problem("broken", "no contact is named", request.body)
    if len(request.body) > MAX_FRAME_BYTES:
        return _problem("broken", f"a frame is at most {MAX_FRAME_BYTES} bytes", request.body)
    try:
        kind = _Any.model_validate_json(request.body).type
        if kind == "email":
            mail = Reachable.model_validate_json(request.body)
            return _message(mail.id, contact, (ContactCard(name="", emails=(mail.address,)),))
        if kind != "message":
            return _problem("unknown", "a frame of no known type", request.body)
        return _said(Said.model_validate_json(request.body), contact, settings, request.body)
    except ValidationError as error:
        return _problem("broken", _first(error), request.body)


def _said(said: Said, contact: Address, settings: WebChatSettings, original: bytes) -> Parsed:
    parts: list[Part] = [Text(text=said.text)] if said.text.strip() else []
    for reference in said.files:
        sealed = identity.unseal(reference, settings.secrets)
        if sealed is None or sealed.contact != identity.text_of(contact):
            return _problem("broken", "files: not a file of this visitor", original)
        parts.append(sealed.media)
    if not parts:
        return _problem("broken", "text: there is nothing in it", original)
    return _message(said.id, contact, tuple(parts))


def _message(name: str, contact: Address, parts: tuple[Part, ...]) -> Parsed:
    # The contact is in the id: one visitor cannot take another's message for a repeat.
    event = MessageIn(provider_id=f"{contact.scheme}:{contact.value}:{name}", contact=contact, parts=parts)
    return Parsed(events=(event,))


def _problem(kind: Literal["unknown", "broken"], reason: str, body: bytes) -> Parsed:
    original = body[:2_000].decode("utf-8", "replace").encode()[:4_000].decode("utf-8", "ignore")
    return Parsed(problems=(Problem(kind=kind, reason=reason, original=original),))


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(step) for step in first["loc"])
    words = first["msg"].removeprefix("Value error, ")
    return f"{place}: {words}"[:300] if place else words[:300]
