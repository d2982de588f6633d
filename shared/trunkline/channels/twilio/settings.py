"""What an account of Twilio needs in `trunkline.yaml`."""

from __future__ import annotations

import re
from typing import Self
from urllib.parse import SplitResult, urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from trunkline.channels.hosts import is_loopback
from trunkline.channels.secrets import Secrets
from trunkline.channels.sms import START_WORDS

_URL = re.compile(r"[!#-;=?-\[\]_a-z~%]{1,2048}", re.ASCII)
"""Printable ASCII without double quotes, angle brackets, backslash, caret, back-quote or braces: on what is left
parsers do not disagree."""

SENDER = r"\+[1-9][0-9]{1,14}|[0-9]{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 _&+.-]{1,11}"
"""E.164, a short code or an alphanumeric sender."""


class TwilioSettings(BaseModel):
    """One Twilio account and the sender that speaks for it."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    account_sid: str = Field(pattern=r"^AC[0-9a-fA-F]{32}$", description="the account's id")
    auth_token: Secrets = Field(
        description="the auth token, or two while one is rotated: both verify webhooks, the first signs our calls"
    )
    sender: str | None = Field(default=None, description="number (E.164), short code or name that messages come from")
    messaging_service_sid: str | None = Field(
        default=None, pattern=r"^MG[0-9a-fA-F]{32}$", description="a messaging service, which chooses the sender"
    )
    api_base: str = Field(default="https://api.twilio.com", description="where Twilio's API is, no trailing slash")
    media_hosts: tuple[str, ...] = Field(
        default=("api.twilio.com",), description="hosts that inbound media may be fetched from, besides api_base's"
    )
    extra_stop_words: tuple[str, ...] = Field(
        default=("DUR", "IPTAL", "STOP", "ATTEIKT"),
        max_length=50,
        description="words that mean STOP beside the English ones (Turkish, Latvian)",
    )
    opt_in_words: tuple[str, ...] = Field(
        default=tuple(sorted(word.upper() for word in START_WORDS)),
        max_length=50,
        description="words that mean START; Twilio itself unblocks on YES, leave it out to be stricter than Twilio",
    )

    units_per_second: float | None = Field(
        default=None,
        gt=0,
        le=1_000,
        description="segments a second that this process sends; Twilio queues what comes faster than the sender's rate",
    )

    @field_validator("auth_token")
    @classmethod
    def _no_token_is_empty(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if not all(token.get_secret_value().strip() for token in value):
            raise ValueError("an auth token is empty: anyone could sign with it")
        return value

    @field_validator("sender")
    @classmethod
    def _sender_is_one(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(SENDER, value, re.ASCII):
            raise ValueError(
                "sender must be a number such as +15005550006, a short code, or a name of at most 11 letters"
            )
        return value

    @field_validator("api_base")
    @classmethod
    def _api_is_https_or_loopback(cls, value: str) -> str:
        url = split_url(value)
        if url is None or url.query or url.path not in {"", "/"}:
            raise ValueError("api_base must be scheme and host only, such as https://api.twilio.com")
        if url.scheme != "https" and not (url.scheme == "http" and is_loopback(url.hostname or "")):
            raise ValueError("api_base must be https: credentials travel to it (http only to a loopback address)")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _one_sender(self) -> Self:
        if (self.sender is None) == (self.messaging_service_sid is None):
            raise ValueError("give either sender or messaging_service_sid")
        return self

    @property
    def bucket(self) -> str:
        """Who draws on Twilio's rate limit: the sender."""
        return self.sender or self.messaging_service_sid or self.account_sid

    @property
    def basic_auth(self) -> tuple[str, str]:
        """User and secret of our calls."""
        return self.account_sid, self.auth_token[0].get_secret_value()

    def holds_media(self, url: str) -> bool:
        """May we fetch this, with our credentials? Only https on an allowed host, or api_base's own origin."""
        parts = split_url(url)
        if parts is None:
            return False
        base = urlsplit(self.api_base)
        if (parts.scheme, parts.netloc.lower()) == (base.scheme, base.netloc.lower()):
            return True
        hosts = {host.lower() for host in self.media_hosts}
        return parts.scheme == "https" and parts.port in {None, 443} and parts.hostname in hosts


def split_url(url: str) -> SplitResult | None:
    """The parts of an absolute http(s) URL without credentials or fragment; None if it is anything else."""
    if not _URL.fullmatch(url) or "#" in url:
        return None
    try:
        parts = urlsplit(url)
        port_is_sound = parts.port is None or parts.port > 0
    except ValueError:
        return None
    sound = port_is_sound and parts.scheme in {"http", "https"} and parts.hostname and "@" not in parts.netloc
    return parts if sound else None
