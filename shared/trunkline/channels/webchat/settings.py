"""What an account of web chat needs in `trunkline.yaml`."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator

from trunkline.channels.secrets import Secrets
from trunkline.hours import Hours

_ORIGIN = re.compile(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?", re.ASCII)
_LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
_SHORTEST_SECRET = 16

Language = Literal["en", "tr", "lv"]


def _origin(text: str) -> str:
    found = _ORIGIN.fullmatch(text.lower().rstrip("/"))
    if found is None:
        raise ValueError("an origin is scheme, host and port, such as https://shop.example")
    if found[1] == "http" and found[2] not in _LOOPBACK:
        raise ValueError("an origin must be https: who can change the page can write as the customer")
    return found[0]


class Texts(BaseModel):
    """What the widget says in one language, instead of its own words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str | None = Field(default=None, max_length=60, description="over the conversation")
    greeting: str | None = Field(default=None, max_length=500, description="before the first message")
    closed: str | None = Field(default=None, max_length=500, description="outside opening hours")


class WebChatSettings(BaseModel):
    """One widget: on whose pages it may stand, and how it knows its visitors again."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    origins: tuple[Annotated[str, AfterValidator(_origin)], ...] = Field(
        min_length=1, max_length=100, description="pages that may hold the widget: scheme, host and port of each"
    )
    identity_secret: Secrets = Field(
        description="signs visitors, files and the shop's own customers; two while one is rotated, the first signs"
    )
    visitor_days: int = Field(default=90, ge=1, le=400, description="days after which a silent visitor is a new one")
    hours: Hours | None = Field(default=None, description="when somebody answers; always, if it is left out")
    texts: dict[Language, Texts] = Field(default={}, description="words of yours, by language")
    max_file_bytes: int = Field(default=5_000_000, ge=1, le=20_000_000, description="largest attachment of a visitor")
    messages_per_minute: int = Field(default=30, ge=1, le=600, description="messages of one visitor, ten at once")
    files_per_minute: int = Field(default=10, ge=1, le=600, description="attachments of one visitor")
    new_visitors_per_minute: int = Field(
        default=600, ge=1, le=100_000, description="visitors nobody has seen before, in each ingest process"
    )

    @field_validator("identity_secret")
    @classmethod
    def _no_secret_is_short(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(secret.get_secret_value()) < _SHORTEST_SECRET for secret in value):
            raise ValueError(f"an identity secret has at least {_SHORTEST_SECRET} characters")
        return value

    @property
    def secrets(self) -> tuple[str, ...]:
        """The active secrets, the one that signs first."""
        return tuple(secret.get_secret_value() for secret in self.identity_secret)
