"""What an e-mail account needs in `trunkline.yaml`."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from trunkline.channels.hosts import is_loopback
from trunkline.channels.secrets import Secrets

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_HOST = (
    r"(?=.{1,253}$)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
_MAILBOX = re.compile(rf"(?P<local>{_LOCAL})@(?P<host>{_HOST})", re.ASCII)
_SHORTEST_SECRET = 16

MAX_BYTES = 36_700_160
"""35 MiB: files of 25 MB are a third larger on their way."""


def mailbox(text: str) -> str | None:
    """A bare address with its domain in lower case; None if SMTP cannot carry it (quoted, not ASCII)."""
    if len(text) > 254 or (found := _MAILBOX.fullmatch(text)) is None or len(found["local"]) > 64:
        return None
    return f"{found['local']}@{found['host'].lower()}"


def same(address: str) -> str:
    """What two writings of one mailbox have in common: in practice no server minds the case."""
    return address.strip().lower()


class EmailSettings(BaseModel):
    """The addresses of one account, the relay its mail leaves by, and the secret that signs its reply addresses."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    addresses: tuple[str, ...] = Field(
        min_length=1, max_length=50, description="where customers write; the first is what replies come from"
    )
    name: str = Field(default="", max_length=100, description="the name beside the address")
    domain: str | None = Field(
        default=None, description="of reply and bounce addresses, and of Message-IDs; else the first address's"
    )
    reply_secret: Secrets = Field(description="signs reply addresses and Message-IDs; two while one is rotated")
    relay_host: str = Field(description="the SMTP relay that sends for us, and signs with DKIM")
    relay_port: int = Field(default=587, ge=1, le=65_535, description="587 is for submission, 465 for tls")
    relay_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="none only to a relay on this machine"
    )
    relay_user: str | None = Field(default=None, max_length=254, description="if the relay wants one")
    relay_password: SecretStr | None = Field(default=None, description="the relay's, for relay_user")
    signature: str = Field(
        default="", max_length=2_000, description="beneath each reply; {agent} stands for the agent's name"
    )
    trusted_checks: str | None = Field(
        default=None, max_length=253, description="our relay's name in Authentication-Results; no other is believed"
    )
    units_per_second: float | None = Field(
        default=None, gt=0, le=1_000, description="mails a second that this process sends"
    )

    @field_validator("reply_secret")
    @classmethod
    def _no_secret_is_short(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(secret.get_secret_value().strip()) < _SHORTEST_SECRET for secret in value):
            raise ValueError(
                f"a reply_secret has at least {_SHORTEST_SECRET} characters: it keeps strangers out of threads"
            )
        return value

    @field_validator("addresses")
    @classmethod
    def _addresses_are_mailboxes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        found = tuple(mailbox(address) for address in value)
        if None in found:
            raise ValueError("addresses are bare mailboxes such as support@example.com")
        return tuple(address for address in found if address is not None)

    @field_validator("domain", "relay_host")
    @classmethod
    def _host_is_one(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(_HOST, value, re.ASCII):
            raise ValueError("a host name or address such as mail.example.com")
        return None if value is None else value.lower()

    @field_validator("signature")
    @classmethod
    def _signature_is_a_template(cls, value: str) -> str:
        if re.sub(r"\{agent\}", "", value).count("{"):
            raise ValueError("the only thing in braces that a signature knows is {agent}")
        return value

    @model_validator(mode="after")
    def _secrets_travel_safely(self) -> Self:
        if self.relay_security == "none" and not is_loopback(self.relay_host):
            raise ValueError("relay_security none is for a relay on this machine: mail and password would travel open")
        if (self.relay_user is None) != (self.relay_password is None):
            raise ValueError("give relay_user and relay_password, or neither")
        return self

    @property
    def own_domain(self) -> str:
        """Where answers and bounces come."""
        return self.domain or self.addresses[0].rpartition("@")[2]

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """Every secret that is believed; the first one signs."""
        return tuple(secret.get_secret_value().encode() for secret in self.reply_secret)

    def is_ours(self, address: str) -> bool:
        """Is it one of the account's addresses, plain or with something after a plus, or a reply or bounce address?"""
        local, _, domain = same(address).rpartition("@")
        plain = f"{local.partition('+')[0]}@{domain}"
        if plain in {same(own) for own in self.addresses}:
            return True
        return domain == self.own_domain and local.partition("+")[0] in {"reply", "bounce"} and "+" in local
