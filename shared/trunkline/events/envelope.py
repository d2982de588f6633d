"""The CloudEvents 1.0 envelope around every record: written, joined from finished bytes, and read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict

from trunkline.events.base import STRUCTURED, Data, Header
from trunkline.events.catalogue import BY_TYPE


class Envelope(BaseModel):
    """The CloudEvents 1.0 attributes around every record, `data` left as it came."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    subject: str = ""
    time: datetime
    datacontenttype: Literal["application/json"] = "application/json"
    partitionkey: str = ""
    traceparent: str = ""
    data: dict[str, Any]

    def read(self) -> Data:
        """The record as its own class; KeyError if this version does not know the type. Otherwise as `Data.read`."""
        return BY_TYPE[self.type].read(self.data)


def rfc3339(moment: datetime) -> str:
    """UTC with milliseconds, as every envelope writes time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def envelope(
    event_type: str,
    data: bytes,
    *,
    id: str,  # noqa: A002  CloudEvents' own word
    source: str,
    subject: str,
    time: str,
    traceparent: str = "",
) -> bytes:
    """Join finished `data` bytes (a JSON object) with the CloudEvents attributes; nothing is decoded."""
    head = orjson.dumps(
        {
            "specversion": "1.0",
            "id": id,
            "source": source,
            "type": event_type,
            "subject": subject,
            "time": time,
            "datacontenttype": "application/json",
            "partitionkey": subject,
        }
        | ({"traceparent": traceparent} if traceparent else {})
    )
    return head[:-1] + b',"data":' + data + b"}"


def pack(event: Data, *, id: str, source: str, subject: str, time: datetime, traceparent: str = "") -> bytes:  # noqa: A002  CloudEvents' own word
    """One record value from its model."""
    data = event.model_dump_json().encode()
    return envelope(
        event.type, data, id=id, source=source, subject=subject, time=rfc3339(time), traceparent=traceparent
    )


def headers(event_type: str, *more: tuple[str, bytes]) -> tuple[tuple[str, bytes], ...]:
    """The headers of a record of this type: what every record says of itself, and `more`. The type is the first."""
    return ((Header.TYPE, event_type.encode()), *more, STRUCTURED)


def unpack(value: bytes) -> Envelope:
    """The envelope of a record value; ValueError (pydantic's) when it is none of ours."""
    return Envelope.model_validate_json(value)
