"""What the record has of a thread: asked of the agents service, which alone speaks SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from services.ingest.chat.reading import Place
from trunkline.internal import Internal, RecordAway
from trunkline.messages import DeliveryStatus, Parts


class Written(BaseModel):
    """A message as the record has it; what a visitor has no business with is left out."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    conversation: str
    sequence: int
    direction: str
    at: str
    parts: Parts
    provider_ids: tuple[str, ...]
    status: DeliveryStatus | None

    @property
    def place(self) -> Place:
        """Where it stands in its thread."""
        return Place(self.conversation, self.sequence)


class Since(NamedTuple):
    """What comes after a place; `resumed` is whether the record knows the place."""

    messages: list[Written]
    more: bool
    resumed: bool


class Record:
    """What visitors' windows ask of the record."""

    def __init__(self, internal: Internal) -> None:
        self._internal = internal

    async def since(self, thread: str, place: Place | None) -> Since:
        """What was said after a place; the newest messages without one, or where it is unknown. RecordAway."""
        after = None if place is None else place._asdict()
        told = await self._internal.post("/internal/threads/since", {"thread": thread, "after": after})
        try:
            messages = [Written.model_validate(one) for one in told["messages"]]
            return Since(messages, bool(told["more"]), bool(told["resumed"]))
        except (KeyError, TypeError, ValidationError) as error:
            raise RecordAway(f"not understood: {str(error)[:200]}") from error

    async def ends(self, threads: Sequence[str]) -> dict[str, Place]:
        """The place of each thread's last message. RecordAway."""
        told = await self._internal.post("/internal/threads/ends", {"threads": list(threads)})
        try:
            return {name: Place(str(at["conversation"]), int(at["number"])) for name, at in told["ends"].items()}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise RecordAway(f"not understood: {str(error)[:200]}") from error
