"""What every record has: its topic, its headers, and how its data is read."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict

MAX_EVENT_BYTES = 262_144
"""Largest record value; what is larger travels as a blob."""


class Topic(StrEnum):
    """The four topics. Each has one partition per shard."""

    INBOUND = "inbound"
    ROUTING = "routing-events"
    DELIVERIES = "deliveries"
    DEAD_LETTERS = "dead-letters"


RETENTION_S: dict[Topic, int] = {
    Topic.INBOUND: 7 * 86_400,
    Topic.ROUTING: 30 * 86_400,
    Topic.DELIVERIES: 30 * 86_400,
    Topic.DEAD_LETTERS: 30 * 86_400,
}
"""How long each topic keeps a record, in seconds (DESIGN 2)."""


class Header:
    """Names of the record headers. Values are UTF-8; numbers are decimal."""

    TYPE = "type"
    TERM = "term"  # the owner's term: absent on records nobody owns
    OUTBOX = "outbox"  # the outbox id the record was relayed from
    APPLIED = "applied"  # last offset of `inbound` applied to the board when this happened
    OPERATION = "operation"
    AGENTS = "agents"  # who must see it, separated by commas
    GENERATION = "generation"
    POSITION = "position"  # notify's position in routing-events
    TRACE = "traceparent"
    MESSAGE = "message"  # id of the inbound message applied, for the dedupe filter
    VERSION = "version"
    CONTENT_TYPE = "content-type"  # the same on every record


STRUCTURED = (Header.CONTENT_TYPE, b"application/cloudevents+json; charset=UTF-8")
"""Says that the value is a whole CloudEvent: structured mode of the CloudEvents Kafka binding 1.0.2, section 3.3."""


class Data(BaseModel):
    """The `data` of a record; its type and topic are said on the class."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: ClassVar[str]
    topic: ClassVar[Topic]

    @classmethod
    def read(cls, data: Any) -> Self:
        """What the log says, by whatever version of us: fields unknown here are read past, at every depth.

        The models of `trunkline.messages` inside are strict elsewhere, where what comes from outside is judged.
        ValidationError when a known field is missing or is not what it should be.
        """
        return cls.model_validate(data, extra="ignore")
