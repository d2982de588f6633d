"""What we ask of Twilio: the calls that send a reply."""

from __future__ import annotations

import json
import re
from itertools import zip_longest
from urllib.parse import quote

from trunkline.channels import sms
from trunkline.channels.base import Account, SendStep
from trunkline.channels.plain import said
from trunkline.channels.twilio import files, form
from trunkline.channels.twilio.settings import TwilioSettings, split_url
from trunkline.messages import Address, Media, OutboundMessage, Part, Reaction, Template

TEXT_LIMIT = 1_600
"""Longest Body; counted in UTF-16 units, the stricter reading of Twilio's "characters"."""

MAX_MEDIA = 10
MAX_MEDIA_BYTES = 5_000_000
MAX_STEPS = 32

_CONTENT_SID = re.compile(r"HX[0-9a-fA-F]{32}", re.ASCII)
_NUMBER = re.compile(r"\+?[0-9]{3,15}", re.ASCII)


def plan(message: OutboundMessage, account: Account, settings: TwilioSettings) -> tuple[SendStep, ...]:
    """The calls that send a reply, in order: text in pieces of at most 1 600, ten attachments each (WhatsApp: one).

    ValueError with a sentence for the agent when SMS cannot say it.
    """
    to, sender = _recipient(message.contact), _sender(message.contact, settings)
    contents = _contents(message, account, settings)
    url = f"{settings.api_base}/2010-04-01/Accounts/{settings.account_sid}/Messages.json"
    steps = []
    for part, (content, segments) in enumerate(contents):
        about = {"message": message.id, "conversation": message.conversation, "part": str(part)}
        fields = [
            ("To", to),
            *sender,
            *content,
            ("StatusCallback", f"{account.webhook_url}?{form.written(about.items())}"),
        ]
        steps.append(
            SendStep(
                part=part,
                parts=len(contents),
                url=url,
                headers={"content-type": "application/x-www-form-urlencoded"},
                body=form.written(fields).encode(),
                basic_auth=settings.basic_auth,
                bucket=settings.bucket,
                cost=float(segments),
            )
        )
    return tuple(steps)


def media_request(source: str, settings: TwilioSettings) -> SendStep:
    """The GET that fetches an inbound attachment; ValueError for an address that is not Twilio's."""
    if not settings.holds_media(source):
        raise ValueError("not an address that media may be fetched from")
    return SendStep(
        method="GET", url=source, basic_auth=settings.basic_auth, bucket=f"media {settings.account_sid}", cost=1.0
    )


def _recipient(contact: Address) -> str:
    if contact.scheme not in {"tel", "whatsapp"}:
        raise ValueError(f"Twilio cannot write to a {contact.scheme} address.")
    if not _NUMBER.fullmatch(contact.value):
        raise ValueError("The customer wrote from a name, not a number: it cannot be answered.")
    return contact.value if contact.scheme == "tel" else f"whatsapp:{contact.value}"


def _sender(contact: Address, settings: TwilioSettings) -> list[tuple[str, str]]:
    if settings.messaging_service_sid is not None:
        return [("MessagingServiceSid", settings.messaging_service_sid)]
    prefix = "whatsapp:" if contact.scheme == "whatsapp" else ""
    return [("From", f"{prefix}{settings.sender}")]


Content = tuple[list[tuple[str, str]], int]
"""Parameters of one call and the segments they cost."""


def _contents(message: OutboundMessage, account: Account, settings: TwilioSettings) -> list[Content]:
    templates = [part for part in message.parts if isinstance(part, Template)]
    if templates:
        if len(message.parts) > 1:
            raise ValueError("A template is sent alone: send the rest as a message of its own.")
        return [_template(templates[0])]
    whatsapp = message.contact.scheme == "whatsapp"
    words = "\n".join(line for part in message.parts if (line := _words(part)))
    if sms.utf16_length(words) > TEXT_LIMIT * MAX_STEPS:
        raise ValueError(f"This is too long for text messages: at most {TEXT_LIMIT * MAX_STEPS} characters.")
    texts = sms.split(words, limit=TEXT_LIMIT)
    urls = [_public_url(_found(part, message, account, settings)) for part in message.parts if isinstance(part, Media)]
    size = 1 if whatsapp else MAX_MEDIA
    batches = [urls[at : at + size] for at in range(0, len(urls), size)]
    if not texts and not batches:
        raise ValueError("There is nothing to send.")
    return [_content(text, batch, whatsapp=whatsapp) for text, batch in zip_longest(texts, batches)]


def _content(text: str | None, media: list[str] | None, *, whatsapp: bool) -> Content:
    fields = [("Body", text)] if text else []
    fields += [("MediaUrl", url) for url in media or ()]
    # MMS and WhatsApp count messages, not segments.
    return fields, 1 if whatsapp or media or not text else sms.count(text).segments


def _template(template: Template) -> Content:
    if not _CONTENT_SID.fullmatch(template.name):
        raise ValueError("A template of Twilio's is named by its content id (HX…).")
    variables = json.dumps(template.variables, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return [("ContentSid", template.name), ("ContentVariables", variables)], 1


def _words(part: Part) -> str:
    """A part as the plain text that SMS can carry; ValueError when there is no honest way to say it."""
    words = said(part)
    if words is not None:
        return words
    match part:
        case Template():
            raise AssertionError("templates are planned alone")
        case Reaction():
            raise ValueError("SMS has no reactions: answer in words.")
        case _:
            raise ValueError("This part of the message cannot be sent by SMS.")


def _found(part: Media, message: OutboundMessage, account: Account, settings: TwilioSettings) -> Media:
    """A file that is kept here, with an address at which Twilio finds it."""
    if part.blob is None:
        return part
    source = files.address(part, part.blob, account, settings, send_before=message.send_before)
    return part.model_copy(update={"source": source})


def _public_url(media: Media) -> str:
    # Twilio fetches attachments itself: what it cannot reach by http(s), it cannot send.
    if media.blob is not None and media.blob.size > MAX_MEDIA_BYTES:
        raise ValueError("An attachment is larger than the 5 MB that Twilio takes.")
    url = quote(media.source or "", safe="!#$%&'()*+,/:;=?@[]~")
    if split_url(url) is None:
        raise ValueError("An attachment has no public address, so Twilio cannot fetch it.")
    return url
