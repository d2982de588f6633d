"""What goes over a visitor's socket: text frames of JSON, and the codes it is closed with (docs/chat-protocol.md)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field

STRANGER, TOO_SLOW, NONSENSE, OURS = 4403, 1013, 1008, 1011
"""Close codes: not to be let in, do not come back so; come back and resume; mend the client; an error of ours."""

MAX_FRAME_BYTES = 32_768


class Refused(Exception):
    """Something a visitor asked for is refused; told to them as a frame."""

    def __init__(self, code: str, detail: str, *, retry_after_s: float = 0, fatal: bool = False) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.retry_after_s = retry_after_s
        self.fatal = fatal

    def frame(self, name: str = "") -> bytes:
        """As it is told; `name` is the client's id of what was refused."""
        told: dict[str, Any] = {"type": "refused", "code": self.code, "detail": self.detail}
        told |= {"id": name} if name else {}
        told |= {"retry_after_s": round(self.retry_after_s, 1)} if self.retry_after_s else {}
        return orjson.dumps(told)


class _Frame(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Identity(_Frame):
    """A customer of the shop, as its server signed them."""

    customer: str = Field(max_length=128)
    expires: int = Field(ge=0, lt=2**40, description="Unix seconds")
    signature: str = Field(max_length=64)


class At(_Frame):
    """The last message a window shows."""

    conversation: str = Field(max_length=64)
    number: int = Field(ge=1, lt=2**53)


class Hello(_Frame):
    """A window's first frame."""

    type: Literal["hello"]
    token: str = Field(default="", max_length=400)
    identity: Identity | None = None
    after: At | None = None


class Mark(At):
    """All messages up to this one were delivered, or read."""

    type: Literal["delivered", "read"]


class Small(_Frame):
    """A frame without fields, or one whose fields the channel reads."""

    type: Annotated[str, Field(max_length=64)]
    id: Annotated[str, Field(max_length=64)] = ""
