"""What goes over a desk's socket: text frames of JSON, and the codes it is closed with."""

from __future__ import annotations

import re
from typing import Any

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect

from services.agents.actions import Outcome
from services.agents.asked import BadFields

OPERATION = re.compile(r"[0-9a-f]{32}", re.ASCII)
"""An operation id. Use `fullmatch`: `$` lets a line feed through, and that parts the fields of an outbox entry."""

SIGNED_OUT, TOO_SLOW, RESTARTING, NONSENSE, GONE, OURS = 4001, 1013, 1012, 1008, 1001, 1011
"""Close codes: sign in; come back and resume; come back; mend the client; nothing was heard; an error of ours."""


ALIVE = orjson.dumps({"type": "heartbeat"})
"""The answer to a heartbeat: a client that misses it has a dead line, which no closed socket will ever tell."""


async def next_frame(socket: WebSocket) -> dict[str, Any]:
    """The client's next frame. BadFields if it is none, WebSocketDisconnect when there will be no more."""
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005), message.get("reason"))
    text = message.get("text")
    if text is None:
        raise BadFields("a frame is text")
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadFields(f"not JSON: {error}") from error
    if not isinstance(found, dict):
        raise BadFields("a frame is a JSON object")
    return found


def answer(operation: str, outcome: Outcome) -> bytes:
    """What became of an action; fields that say nothing are left out."""
    told: dict[str, Any] = {"type": "answer", "id": operation, "status": outcome.status}
    told |= {
        name: value
        for name in ("code", "detail", "version", "conversation", "repeated", "retry_after_s")
        if (value := getattr(outcome, name))
    }
    return orjson.dumps(told)
