"""Attachments that Twilio fetches from us: each by an address that we sealed, and for so long only.

Twilio takes no bytes, only addresses anybody could open: what guards them is that nobody can guess one.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import Field

from trunkline.channels.base import Account
from trunkline.channels.twilio.settings import TwilioSettings
from trunkline.messages import Blob, Media
from trunkline.sealed_files import SealedFile

_PURPOSE = "media"
_AFTER_SENDING = timedelta(hours=6)
"""Twilio keeps what a sender may not send yet for up to four hours, and fetches when it sends."""


class _Attachment(SealedFile):
    e: int = Field(ge=0, description="until when, in Unix seconds")


def address(media: Media, blob: Blob, account: Account, settings: TwilioSettings, *, send_before: datetime) -> str:
    """Where Twilio fetches this attachment: the same at each attempt, for it depends on the reply alone."""
    until = int((send_before + _AFTER_SENDING).timestamp())
    attachment = _Attachment.of(media, blob, e=until)
    return account.file_url(attachment.sealed(settings.auth_token[0].get_secret_value(), _PURPOSE))


def file_of(reference: str, settings: TwilioSettings, *, now: datetime) -> Media | None:
    """The attachment of an address we made; None for any other, and when its time is over."""
    secrets = [secret.get_secret_value() for secret in settings.auth_token]
    attachment = _Attachment.opened(reference, secrets, _PURPOSE)
    return attachment.media if attachment is not None and attachment.e >= now.timestamp() else None
