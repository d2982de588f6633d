"""What the figures are divided by: the same machine, broker and message, without Trunkline.

*Bare hop*: one aiokafka send → getone at the row's own rate, on the system's own broker. *Bare handler*: `app`, the
FastAPI route that anybody would write: it verifies Twilio's signature with Twilio's own library, validates the form
with pydantic, and answers. `uvicorn tests.bench.yardsticks:app` serves it as uvicorn does by default.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from fastapi import Depends, FastAPI, Form, Header, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_pascal
from twilio.request_validator import RequestValidator

from tests.bench.samples import Samples, Window
from tests.bench.worker import Method, work

TOKEN = "token-of-the-bare-handler"
PATH = "/webhooks/sms"
PAYLOAD = 1_000
"""Bytes of a bare hop's message: about what a record of `inbound` has."""

_TOPIC = "bench-bare-hop"

# --- the bare handler -----------------------------------------------------------------------------------------


class Sms(BaseModel):
    """Twilio's form."""

    model_config = ConfigDict(alias_generator=to_pascal)

    account_sid: str = Field(pattern=r"^AC[0-9a-f]{32}$")
    api_version: str
    body: str = Field(max_length=1_600)
    from_: str = Field(alias="From", pattern=r"^\+[1-9][0-9]{1,14}$")
    from_country: str = ""
    message_sid: str = Field(pattern=r"^(SM|MM)[0-9a-f]{32}$")
    num_media: int = Field(ge=0, le=10)
    num_segments: int = Field(ge=1)
    sms_status: str
    to: str


validator = RequestValidator(TOKEN)


async def verified(request: Request, x_twilio_signature: Annotated[str, Header()]) -> None:
    """403 unless Twilio signed this request."""
    form = await request.form()
    if not validator.validate(str(request.url), form, x_twilio_signature):
        raise HTTPException(403)


app = FastAPI()


@app.post(PATH, dependencies=[Depends(verified)])
async def receive(message: Annotated[Sms, Form()]) -> Response:
    """Take a message."""
    return Response("<Response/>", media_type="text/xml")


# --- the bare hop ---------------------------------------------------------------------------------------------


class Hop:
    """One producer and one consumer in one process, of a topic of their own with one partition."""

    def __init__(self, servers: str) -> None:
        self._servers = servers
        self._samples = Samples()
        self._got = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Make the topic, connect both ends."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self._servers)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(_TOPIC, num_partitions=1, replication_factor=1)])
        finally:
            await admin.close()
        producer = AIOKafkaProducer(bootstrap_servers=self._servers, enable_idempotence=True, acks="all")
        consumer = AIOKafkaConsumer(bootstrap_servers=self._servers, enable_auto_commit=False)
        async with producer, consumer:
            self._producer, partition = producer, TopicPartition(_TOPIC, 0)
            consumer.assign([partition])
            await consumer.seek_to_end(partition)
            await consumer.position(partition)
            getting = asyncio.create_task(self._get(consumer))
            yield
            getting.cancel()

    async def _get(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            record = await consumer.getone()
            self._samples.add(float(record.value[:20]), time.time())
            self._got += 1

    async def run(self, *, rate: float, seconds: float) -> dict[str, float]:
        """Send at a rate, one at a time; when that began and ended."""
        began, before, total = time.time(), self._got, max(1, round(rate * seconds))
        for number in range(total):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.time()))
            stamp = f"{time.time():.6f}".rjust(20)
            await self._producer.send(_TOPIC, stamp.encode().ljust(PAYLOAD, b"."), partition=0)
        async with asyncio.timeout(10):
            while self._got < before + total:
                await asyncio.sleep(0.005)
        return {"began": began, "ended": began + seconds}

    async def summary(self, *, windows: list[Window]) -> dict[str, Any]:
        """Of what was sent within the windows."""
        return dict(self._samples.summary(windows))


@asynccontextmanager
async def _start() -> AsyncIterator[Mapping[str, Method]]:
    hop = Hop(sys.argv[1])
    async with hop.open():
        yield {"run": hop.run, "summary": hop.summary}


if __name__ == "__main__":
    work(_start)
