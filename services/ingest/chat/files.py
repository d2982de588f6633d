"""Attachments: a visitor's file becomes a blob and a sealed reference, which the visitor's own key of the hour opens.

What a file is, its first bytes say, never its name or what the browser claims. Pictures, PDF and plain text are taken;
all is given out so that no page can be made to run it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qs

import orjson
import structlog

from services.ingest.chat.frames import Refused
from services.ingest.chat.limits import Limit
from trunkline.asgi import Receive, Scope, Send, answer
from trunkline.blobs import BlobMissing, Blobs
from trunkline.body import BodyGone, BodyTooLarge, read_body
from trunkline.channels.webchat import identity, settings_of
from trunkline.config.accounts import Configured
from trunkline.filetypes import BYTES, DRAWN, harmless, sniffed, tame
from trunkline.messages import Address, Media

log = structlog.get_logger()

_BODY_S = 60.0
_AT_ONCE = 16
_STATUS = {"too-large": 413, "too-fast": 429, "not-taken": 415, "origin": 403, "token": 401, "busy": 503}
_WORN_OUT = b'{"code":"expired","detail":"this address has expired: the chat itself has a new one"}'


class Files:
    """Takes and gives files, under `/chat/{account}/files`."""

    def __init__(self, blobs: Blobs, limit: Limit) -> None:
        self._blobs = blobs
        self._limit = limit
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def take(self, scope: Scope, receive: Receive, send: Send, configured: Configured) -> None:
        """POST: the file is the body; answered with its reference when it is safely kept."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        origin = headers.get("origin", "")
        try:
            reference = await self._take(scope, receive, configured, headers)
        except Refused as refused:
            retry = {"retry-after": f"{max(1, round(refused.retry_after_s))}"} if refused.retry_after_s else {}
            await answer(send, _STATUS[refused.code], refused.frame(), cors(origin) | retry | {"connection": "close"})
        except BodyGone:
            return
        else:
            await answer(send, 201, orjson.dumps({"file": reference}), cors(origin))

    async def _take(self, scope: Scope, receive: Receive, configured: Configured, headers: Mapping[str, str]) -> str:
        contact = _whose(configured, headers)
        settings = settings_of(configured.account)
        rate = settings.files_per_minute
        thread = configured.channel.thread_key(contact, configured.account)
        if wait := self._limit.take(f"file {thread}", per_minute=rate, burst=rate):
            raise Refused("too-fast", f"at most {rate} files a minute", retry_after_s=wait)
        if self._room.locked():
            raise Refused("busy", "too many files are on their way: send it again", retry_after_s=2)
        async with self._room:
            content = await _body(scope, receive, settings.max_file_bytes)
            kind = sniffed(content)
            if kind is None or not _taken(configured, kind):
                raise Refused("not-taken", "pictures, PDF and plain text are taken")
            blob = await self._blobs.put(content)
        media = Media(content_type=kind, name=tame(_asked(scope, "name")), blob=blob)
        return identity.seal(media, contact, settings.secrets[0])

    async def give(self, reference: str, scope: Scope, send: Send, configured: Configured) -> None:
        """GET: the file of a reference, to who brings the key of its contact; an address alone soon opens nothing."""
        account, secrets = configured.account.name, settings_of(configured.account).secrets
        sealed = identity.unseal(reference, secrets)
        if sealed is None or sealed.media.blob is None:
            await answer(send, 404, b'{"code":"no-such-file"}', {})
            return
        if not identity.opens(_asked(scope, "key"), sealed.contact, account, secrets, now=_now()):
            await answer(send, 403, _WORN_OUT, {"cache-control": "no-store"})
            return
        try:
            content = await self._blobs.get(sealed.media.blob.digest)
        except BlobMissing:
            log.error("blob_missing", digest=sealed.media.blob.digest)
            await answer(send, 404, b'{"code":"no-such-file"}', {})
            return
        await answer(send, 200, content, _given(sealed.media))


def _taken(configured: Configured, kind: str) -> bool:
    rule = configured.channel.manifest.media
    return rule is not None and rule.takes(kind)


def _whose(configured: Configured, headers: Mapping[str, str]) -> Address:
    settings = settings_of(configured.account)
    origin = headers.get("origin")
    if origin is not None and origin.lower() not in settings.origins:
        raise Refused("origin", "this page is not among the widget's origins")
    token = headers.get("authorization", "").removeprefix("Bearer ")
    contact = identity.read_token(
        token, configured.account.name, settings.secrets, now=_now(), days=settings.visitor_days
    )  # fmt: skip
    if contact is None:
        raise Refused("token", "say hello first: the welcome has the token")
    return contact


def _asked(scope: Scope, name: str) -> str:
    query: bytes = scope["query_string"]
    return parse_qs(query.decode("latin-1")).get(name, [""])[0]


def _now() -> int:
    return int(datetime.now(UTC).timestamp())


async def _body(scope: Scope, receive: Receive, limit: int) -> bytes:
    try:
        async with asyncio.timeout(_BODY_S):
            return await read_body(scope, receive, limit)
    except BodyTooLarge as error:
        raise Refused("too-large", f"a file is at most {limit} bytes") from error
    except TimeoutError as error:
        raise Refused("busy", f"the file did not come within {_BODY_S:g} s", retry_after_s=1) from error


def _given(media: Media) -> dict[str, str]:
    kind = f"{media.content_type}; charset=utf-8" if media.content_type == "text/plain" else media.content_type
    return harmless(media.name or "file", drawn=media.content_type in DRAWN) | {
        "content-type": kind if media.content_type in DRAWN | {"text/plain", "application/pdf"} else BYTES,
        "cross-origin-resource-policy": "cross-origin",
        "cache-control": "private, max-age=3600, immutable",
    }


def cors(origin: str) -> dict[str, str]:
    """Headers that let the widget's page read the answer; it sends no cookies, and we set none."""
    return {"access-control-allow-origin": origin, "vary": "origin"} if origin else {}
