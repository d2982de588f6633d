"""What the record has of a thread: asked of the agents service, which alone speaks SQL."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any, NamedTuple, Self

import aiohttp
import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from services.ingest.chat.reading import Place
from trunkline.messages import DeliveryStatus, Parts

_TIMEOUT_S = 5.0


class RecordAway(Exception):
    """The agents service, or its record, does not answer."""


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
    """Asks the agents service's internal API."""

    def __init__(self, url: str, token: str) -> None:
        self._url = f"{url}/internal/threads"
        self._headers = {"authorization": f"Bearer {token}"}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S), connector=aiohttp.TCPConnector(limit=32)
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def since(self, thread: str, place: Place | None) -> Since:
        """What was said after a place; the newest messages without one, or where it is unknown. RecordAway."""
        after = None if place is None else place._asdict()
        told = await self._ask("since", {"thread": thread, "after": after})
        try:
            messages = [Written.model_validate(one) for one in told["messages"]]
            return Since(messages, bool(told["more"]), bool(told["resumed"]))
        except (KeyError, TypeError, ValidationError) as error:
            raise RecordAway(f"not understood: {str(error)[:200]}") from error

    async def ends(self, threads: Sequence[str]) -> dict[str, Place]:
        """The place of each thread's last message. RecordAway."""
        told = await self._ask("ends", {"threads": list(threads)})
        try:
            return {name: Place(str(at["conversation"]), int(at["number"])) for name, at in told["ends"].items()}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise RecordAway(f"not understood: {str(error)[:200]}") from error

    async def _ask(self, what: str, question: dict[str, Any]) -> dict[str, Any]:
        if self._session is None:
            raise RuntimeError("enter the record first")
        try:
            async with self._session.post(f"{self._url}/{what}", json=question, headers=self._headers) as response:
                if response.status != 200:
                    raise RecordAway(f"it answered {response.status}")
                told: dict[str, Any] = orjson.loads(await response.read())
                return told
        except (aiohttp.ClientError, OSError, TimeoutError, orjson.JSONDecodeError) as error:
            raise RecordAway(type(error).__name__) from error
