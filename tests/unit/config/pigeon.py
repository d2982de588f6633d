"""A third party's channel, as small as the contract lets it be: what configuration needs of it is its schema."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, SecretStr, field_validator

from trunkline.channels.base import (
    Accepted,
    Account,
    AckPolicy,
    Answer,
    Manifest,
    NoResponse,
    Outcome,
    Parsed,
    RawRequest,
    Response,
    SendStep,
    Verdict,
    Verified,
)
from trunkline.messages import Address, OutboundMessage


class PigeonSettings(BaseModel):
    """Where the birds live, and what they wear."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    loft: str
    ring: SecretStr
    birds: int = 1
    routes: tuple[str, ...] = ()

    @field_validator("ring")
    @classmethod
    def _known_rings_only(cls, value: SecretStr) -> SecretStr:
        if "bad" in value.get_secret_value():
            raise ValueError(f"no bird wears {value.get_secret_value()}")  # a careless author: it names the secret
        return value


class Pigeon:
    """Carries what it is given."""

    manifest: ClassVar[Manifest] = Manifest(
        type="pigeon",
        name="Pigeon post",
        address_schemes=("loft",),
        account_schema=PigeonSettings,
        text_limit=200,
        text_unit="characters",
        ack=AckPolicy(
            accepted=Answer(status=200), retry_later=Answer(status=503), refused=Answer(status=403), budget_s=10
        ),
        idempotent_send=False,
    )

    def verify(self, request: RawRequest, account: Account) -> Verdict:
        """Every bird is believed."""
        return Verified()

    def parse(self, request: RawRequest, account: Account) -> Parsed:
        """Birds bring nothing."""
        return Parsed()

    def thread_key(self, contact: Address, account: Account) -> str:
        """One thread for each loft."""
        return f"{account.name}|{contact.value}"

    def plan(self, message: OutboundMessage, account: Account) -> Sequence[SendStep]:
        """One flight."""
        return (SendStep(url="http://127.0.0.1/fly", bucket="sky"),)

    def interpret(self, step: SendStep, outcome: Response | NoResponse, account: Account) -> Outcome:
        """It always arrives."""
        return Accepted(provider_ids=("1",))
