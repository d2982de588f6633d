"""Errors as RFC 9457 problem details: what went wrong, in a word a program reads and a sentence a person reads."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from services.agents.asked import BadFields
from services.agents.repository import (
    BadCursor,
    BadSearch,
    LoginTaken,
    NotThere,
    RecordAway,
    ShortcutTaken,
    TooBroad,
    Unstorable,
    VersionConflict,
)
from trunkline.board import BoardAway, BoardClosed


class ProblemDetails(BaseModel):
    """An error (RFC 9457)."""

    type: str = Field(default="about:blank", description="always about:blank: `code` is what to branch on")
    title: str = Field(description="what the status means", examples=["Conflict"])
    status: int = Field(examples=[409])
    code: str = Field(description="what went wrong, for programs", examples=["gone"])
    detail: str = Field(default="", description="what went wrong, for people")


class Problem(Exception):
    """An answer that is a problem."""

    def __init__(self, status: int, code: str, detail: str = "", *, retry_after_s: int = 0) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status, self.code, self.detail, self.retry_after_s = status, code, detail, retry_after_s


_TITLES = {
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    408: "Request Timeout", 409: "Conflict", 412: "Precondition Failed", 413: "Content Too Large",
    415: "Unsupported Media Type", 422: "Unprocessable Content", 428: "Precondition Required", 429: "Too Many Requests",
    500: "Internal Server Error", 503: "Service Unavailable",
}  # fmt: skip


def answer(status: int, code: str, detail: str = "", *, retry_after_s: int = 0) -> JSONResponse:
    """The response of a problem."""
    details = ProblemDetails(title=_TITLES.get(status, "Error"), status=status, code=code, detail=detail)
    headers = {"retry-after": str(retry_after_s)} if retry_after_s else None
    return JSONResponse(
        details.model_dump(), status_code=status, media_type="application/problem+json", headers=headers
    )


_CODES = {400: "bad-request", 404: "not-found", 405: "method-not-allowed"}
"""Of what the framework refuses by itself."""

_ANY_BODY = (400, 408, 413)
"""What may be said of any request that has a body."""


def describe(schema: dict[str, Any]) -> None:
    """Let an OpenAPI document say what our errors are: FastAPI writes its own form of 422 into every operation."""
    schemas = schema["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["ProblemDetails"] = ProblemDetails.model_json_schema()
    for path in schema["paths"].values():
        for operation in path.values():
            found = operation["responses"]
            if "requestBody" in operation:
                found |= {str(status): one for status, one in responses(*_ANY_BODY).items() if str(status) not in found}
            if "422" in found:
                found["422"] = responses(422)[422]


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What OpenAPI says of a route's problems."""
    return {
        status: {
            "description": _TITLES[status],
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
        }
        for status in statuses
    }


_KNOWN: dict[type[Exception], tuple[int, str]] = {
    BadCursor: (400, "bad-cursor"),
    BadFields: (422, "bad-fields"),
    BadSearch: (422, "bad-search"),
    LoginTaken: (409, "login-taken"),
    NotThere: (404, "not-found"),
    ShortcutTaken: (409, "shortcut-taken"),
    TooBroad: (422, "too-broad"),
    Unstorable: (422, "unstorable"),
    VersionConflict: (412, "version-conflict"),
}


def install(app: FastAPI) -> None:
    """Let every error of the API leave as a problem."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RecordAway, _away)
    app.add_exception_handler(BoardAway, _board_away)
    app.add_exception_handler(BoardClosed, _board_away)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(Exception, _ours)
    for kind in _KNOWN:
        app.add_exception_handler(kind, _known)


async def _problem(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, Problem):
        raise error
    return answer(error.status, error.code, error.detail, retry_after_s=error.retry_after_s)


async def _known(_: Request, error: Exception) -> JSONResponse:
    status, code = _KNOWN[type(error)]
    return answer(status, code, str(error))


async def _away(_: Request, error: Exception) -> JSONResponse:
    return answer(503, "record-away", str(error), retry_after_s=2)


async def _board_away(_: Request, error: Exception) -> JSONResponse:
    return answer(503, "board-away", f"the board is away, being verified or rebuilt: {error}", retry_after_s=2)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return answer(422, "invalid", f"{where}: {first['msg'].removeprefix('Value error, ')}")


async def _refused(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    told = answer(error.status_code, _CODES.get(error.status_code, "refused"), str(error.detail))
    told.headers.update(error.headers or {})
    return told


async def _ours(_: Request, error: Exception) -> JSONResponse:
    return answer(500, "internal", f"an error of ours ({type(error).__name__}); it is in the service's log")
