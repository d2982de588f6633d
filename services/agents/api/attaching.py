"""Attaching a file to a reply: first it is uploaded, then the reply names what the upload answered."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import BaseModel, Field

from services.agents.api.asking import Me, Use, own_page
from services.agents.api.problems import Problem, responses
from services.agents.api.seeing import readable
from services.agents.files import Where
from services.agents.uploads import UploadRefused

router = APIRouter(prefix="/api/v1/conversations/{conversation}", tags=["conversations"])

_BYTES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class Uploaded(BaseModel):
    """A file that this agent may send in this conversation."""

    file: str = Field(description="its reference, for `files` of a reply")
    name: str = Field(examples=["invoice.pdf"])
    content_type: str = Field(description="what its bytes show", examples=["application/pdf"])
    size: int = Field(description="bytes")


@router.post(
    "/files", status_code=201, dependencies=[Depends(own_page)], openapi_extra=_BYTES,
    responses=responses(401, 403, 404, 408, 413, 415, 422, 429, 503),
)  # fmt: skip
async def upload(
    conversation: str, request: Request, me: Me, use: Use,
    name: Annotated[str, Query(max_length=1_000, description="what it is called")] = "",
    content_length: Annotated[int, Header(ge=0)] = 0,
) -> Uploaded:  # fmt: skip
    """Keep a file, the body of the request, to be sent in a reply within a day. Its type is what its bytes show."""
    one = await readable(use, me, conversation)
    channel = use.channels.get(one.channel)
    rule = channel.manifest.sends if channel is not None else None
    try:
        id_, media, blob = await use.uploads.take(
            request.stream(), name, agent=me.id, declared=content_length, rule=rule
        )
    except UploadRefused as error:
        raise Problem(error.status, error.code, error.detail, retry_after_s=error.retry_after_s) from error
    return Uploaded(
        file=use.files.reference(id_, media, blob, Where(me.id, conversation)),
        name=media.name or "", content_type=media.content_type, size=blob.size,
    )  # fmt: skip
