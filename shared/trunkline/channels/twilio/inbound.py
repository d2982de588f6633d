"""What Twilio tells us: a customer's message, what became of ours, or something new."""

from __future__ import annotations

import math
import re
from urllib.parse import urlsplit

from pydantic import ValidationError

from trunkline.channels.base import (
    ChannelEvent,
    ChannelEventKind,
    MessageIn,
    Parsed,
    RawRequest,
    Receipt,
)
from trunkline.channels.sms import keyword
from trunkline.channels.twilio import form
from trunkline.channels.twilio.failures import STATUSES, code_of, meaning
from trunkline.channels.twilio.settings import SENDER, TwilioSettings
from trunkline.messages import MAX_TEXT, Address, Choice, DeliveryStatus, Location, Media, Part, Text, Unsupported

MAX_MEDIA = 10
"""MediaUrl0 to MediaUrl9."""

_CUSTOMERS_OWN = {"receiving", "received"}
_OPT_OUT_TYPES = {
    "STOP": ChannelEventKind.OPT_OUT,
    "START": ChannelEventKind.OPT_IN,
    "HELP": ChannelEventKind.HELP,
}
_SID = re.compile(r"[A-Za-z0-9]{1,64}", re.ASCII)
_ADDRESS = re.compile(rf"(?P<tel>{SENDER})|whatsapp:(?P<whatsapp>\+[1-9][0-9]{{1,14}})", re.ASCII)
"""Each kept as given; WhatsApp's numbers come with a prefix, which becomes the scheme."""


def parse(request: RawRequest, settings: TwilioSettings) -> Parsed:
    """The events of a request, and the problems beside them; a broken request is one problem that holds it."""
    raw = form.encoded(request)
    fields = form.Fields((), original=raw[:4_096].decode("ascii", "backslashreplace")[:4_096].replace("\0", "\ufffd"))
    try:
        fields = form.Fields(form.pairs(raw), original=fields.original)
        events = _events(fields, request, settings)
    except form.FormError as error:
        events = ()
        fields.note(str(error))
    except ValidationError as error:
        events = ()
        fields.note(f"{error.errors()[0]['loc']}: {error.errors()[0]['msg']}")
    return Parsed(events=events, problems=tuple(fields.problems))


def _events(
    fields: form.Fields, request: RawRequest, settings: TwilioSettings
) -> tuple[MessageIn | Receipt | ChannelEvent, ...]:
    status = fields.get("MessageStatus")
    if status is not None and status not in _CUSTOMERS_OWN:
        return _receipt(fields, request.url, status)
    if "From" not in fields or not ("Body" in fields or "NumMedia" in fields):
        fields.note("neither a message nor a receipt", unknown=True)
        return ()
    message = _message(fields, settings)
    asked = _asked(fields, settings)
    if asked is None:
        return (message,)
    return message, ChannelEvent(kind=asked, contact=message.contact, provider_id=message.provider_id)


def _sid(fields: form.Fields) -> str:
    sid = fields.get("MessageSid") or fields.get("SmsSid") or ""
    if not _SID.fullmatch(sid):
        raise form.FormError("no usable MessageSid")
    return sid


def _message(fields: form.Fields, settings: TwilioSettings) -> MessageIn:
    found = _ADDRESS.fullmatch(fields.get("From") or "")
    if found is None:
        raise form.FormError("From is no address we know")
    scheme = found.lastgroup or "tel"
    reply_to = fields.get("OriginalRepliedMessageSid")
    return MessageIn(
        provider_id=_sid(fields),
        contact=Address(scheme=scheme, value=found[scheme], display=(fields.get("ProfileName") or "")[:255] or None),
        parts=_parts(fields, settings),
        reply_to=reply_to if reply_to and _SID.fullmatch(reply_to) else None,
    )


def _parts(fields: form.Fields, settings: TwilioSettings) -> tuple[Part, ...]:
    body = fields.get("Body") or ""
    chosen = _choice(fields)
    said = "" if chosen is not None and chosen.title == body else body
    parts: list[Part] = [Text(text=said[at : at + MAX_TEXT]) for at in range(0, len(said), MAX_TEXT)]
    parts += [part for part in (chosen, _location(fields)) if part is not None]
    parts += _media(fields, settings)
    if not parts:
        parts.append(Unsupported(reason="A message without words, media or place.", original=fields.original))
    return tuple(parts)


def _choice(fields: form.Fields) -> Choice | None:
    for title, payload in (("ButtonText", "ButtonPayload"), ("ListTitle", "ListId")):
        text = fields.get(title)
        if text:
            return Choice(title=text[:255], payload=(fields.get(payload) or "")[:4_096] or None)
    return None


def _location(fields: form.Fields) -> Part | None:
    given = fields.get("Latitude"), fields.get("Longitude")
    if given == (None, None):
        return None
    try:
        latitude, longitude = (float((value or "")[:32]) for value in given)
        sound = abs(latitude) <= 90 and abs(longitude) <= 180 and not math.isnan(latitude + longitude)
    except ValueError:
        sound = False
    if not sound:
        fields.note("Latitude and Longitude are no place on earth")
        return Unsupported(reason="A place that cannot be read.", original=fields.original)
    return Location(
        latitude=latitude,
        longitude=longitude,
        name=(fields.get("Label") or "")[:255] or None,
        address=(fields.get("Address") or "")[:500] or None,
    )


def _media(fields: form.Fields, settings: TwilioSettings) -> list[Media]:
    found = []
    for index in range(MAX_MEDIA):
        url = fields.get(f"MediaUrl{index}")
        if url is None:
            continue
        kind = (fields.get(f"MediaContentType{index}") or "application/octet-stream")[:255]
        if settings.holds_media(url):
            found.append(Media(content_type=kind, source=url))
        else:
            # Credentials travel with the fetch: an address elsewhere is never kept, lest somebody follows it.
            fields.note(f"MediaUrl{index} is not on a host that media may be fetched from")
            found.append(Media(content_type=kind, problem="It is kept at an address we do not fetch from."))
    claimed = fields.get("NumMedia") or "0"
    if claimed != str(len(found)):
        fields.note(f"NumMedia is {claimed[:16]!r} but {len(found)} came")
    return found


def _asked(fields: form.Fields, settings: TwilioSettings) -> ChannelEventKind | None:
    """Stop, start or help: Twilio's own word for it (Advanced Opt-Out) before our reading of the message."""
    told = fields.get("OptOutType")
    if told in _OPT_OUT_TYPES:
        return _OPT_OUT_TYPES[told]
    if told is not None:
        fields.note(f"unknown OptOutType {told[:32]!r}", unknown=True)
    return keyword(fields.get("Body") or "", stop=settings.extra_stop_words, start=settings.opt_in_words)


def _receipt(fields: form.Fields, url: str, status: str) -> tuple[Receipt, ...]:
    known = STATUSES.get(status)
    if known is None:
        fields.note(f"unknown MessageStatus {status[:64]!r}", unknown=True)
        return ()
    code = code_of(fields.get("ErrorCode"))
    text = meaning(code)[1] if known is DeliveryStatus.FAILED else None
    ours = form.Fields(form.pairs(urlsplit(url).query.encode()), original=fields.original)
    part = ours.get("part") or "0"
    return (
        Receipt(
            provider_id=_sid(fields),
            status=known,
            message=(ours.get("message") or "")[:255] or None,
            conversation=(ours.get("conversation") or "")[:255] or None,
            part=int(part) if part.isascii() and part.isdigit() and len(part) <= 4 else 0,
            code=code,
            text=text,
        ),
    )
