"""Attachments that Twilio fetches from us: each by an address that we sealed, and for so long only.

Twilio takes no bytes, only addresses anybody could open: what guards them is that nobody can guess one.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trunkline.channels.base import Account
from trunkline.channels.twilio.settings import TwilioSettings
from trunkline.messages import Blob, Media
from trunkline.seals import seal, unseal

_PURPOSE = "media"
_AFTER_SENDING = timedelta(hours=6)
"""Twilio keeps what a sender may not send yet for up to four hours, and fetches when it sends."""


class _Sealed(BaseModel):
    """Short names: it stands in addresses."""

    model_config = ConfigDict(extra="forbid")

    d: str = Field(pattern=r"^[0-9a-f]{64}$", description="digest")
    s: int = Field(ge=0, description="bytes")
    t: str = Field(max_length=255, description="content type")
    n: str | None = Field(default=None, max_length=255, description="name")
    e: int = Field(ge=0, description="until when, in Unix seconds")


def address(media: Media, blob: Blob, account: Account, settings: TwilioSettings, *, send_before: datetime) -> str:
    """Where Twilio fetches this attachment: the same at each attempt, for it depends on the reply alone."""
    until = int((send_before + _AFTER_SENDING).timestamp())
    about = _Sealed(d=blob.digest, s=blob.size, t=media.content_type, n=media.name, e=until)
    sealed = seal(about.model_dump_json(exclude_none=True), settings.auth_token[0].get_secret_value(), _PURPOSE)
    return account.file_url(sealed)


def file_of(reference: str, settings: TwilioSettings, *, now: datetime) -> Media | None:
    """The attachment of an address we made; None for any other, and when its time is over."""
    text = unseal(reference, [secret.get_secret_value() for secret in settings.auth_token], _PURPOSE)
    try:
        about = _Sealed.model_validate_json(text or "")
    except ValidationError:
        return None
    if about.e < now.timestamp():
        return None
    return Media(content_type=about.t, name=about.n, blob=Blob(digest=about.d, size=about.s))
