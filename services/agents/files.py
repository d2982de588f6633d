"""Files that agents send: an upload is answered with a sealed reference, and a reply carries what was sealed for it.

A blob's digest alone sends nothing: who knows one may have it from elsewhere. A reply takes the references of this very
agent's uploads beside this very conversation, within a day, and files that the conversation already has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field, SecretStr

from services.agents.asked import BadFields
from services.agents.repository import RecordAway, Repository
from services.agents.staging import Staging
from trunkline.blobs import BlobMissing
from trunkline.channels.base import MediaRule
from trunkline.messages import MAX_PARTS, Blob, Html, MailHead, Media, Part
from trunkline.sealed_files import SealedFile

_PURPOSE = "an agent's file"


@dataclass(frozen=True, slots=True)
class Where:
    """Who sends, and in which conversation."""

    agent: str
    conversation: str


class FileGone(Exception):
    """A file of this name was uploaded too long ago and sent nowhere: it is not kept any more."""


class _Upload(SealedFile):
    u: str = Field(default="", max_length=32, description="its id among the uploads; none for one among the blobs")
    a: str = Field(max_length=128, description="who uploaded it")
    c: str = Field(max_length=64, description="in which conversation")


class Files:
    """Seals files, and puts them into replies."""

    def __init__(self, secret: SecretStr, repository: Repository, staging: Staging) -> None:
        self._secret = secret.get_secret_value()
        self._repository = repository
        self._staging = staging

    def reference(self, upload: str, media: Media, blob: Blob, where: Where) -> str:
        """What this agent gives back, to send this file in this conversation; good as long as the file is kept."""
        return _Upload.of(media, blob, u=upload, a=where.agent, c=where.conversation).sealed(self._secret, _PURPOSE)

    async def attach(
        self, parts: Sequence[Part], references: Sequence[str], where: Where, rule: MediaRule | None
    ) -> tuple[Part, ...] | None:
        """The reply's parts with its files behind them, which last from now on; None while the record does not answer.

        BadFields with a sentence for the agent if a file is not theirs to send, or the channel does not take it;
        FileGone if it is not there any more.
        """
        known = [await self._known(part, where) for part in parts]
        if None in known:
            return None
        uploads = [self._opened(one, where) for one in references]
        whole = (*(part for part in known if part is not None), *(one.media for one in uploads))
        if not 0 < len(whole) <= MAX_PARTS:
            raise BadFields(f"a reply has 1 to {MAX_PARTS} parts and files")
        check(whole, rule)
        for one in uploads:
            await self._keep(one)
        return whole

    async def _keep(self, upload: _Upload) -> None:
        """Before the reply is decided: what is in the log has its files."""
        try:
            await self._staging.keep(upload.u, upload.d)
        except BlobMissing as error:
            raise FileGone(upload.n or upload.t) from error

    def _opened(self, reference: str, where: Where) -> _Upload:
        upload = _Upload.opened(reference, (self._secret,), _PURPOSE)
        if upload is None:
            raise BadFields("files: not what an upload answered")
        if (upload.a, upload.c) != (where.agent, where.conversation):
            raise BadFields("files: uploaded by somebody else, or for another conversation")
        return upload

    async def _known(self, part: Part, where: Where) -> Part | None:
        """The part; of a file that the conversation has, as the record has it. None while nobody knows."""
        if isinstance(part, Html) or (isinstance(part, MailHead) and part.original is not None):
            raise BadFields("parts: of what is kept here, a reply carries files only")
        if not isinstance(part, Media) or part.blob is None:
            return part
        try:
            found = await self._repository.conversations.media(where.conversation, part.blob.digest)
        except RecordAway:
            return None
        if not isinstance(found, Media):
            raise BadFields("parts: this conversation has no such file; upload it first")
        return found.model_copy(update={"caption": part.caption})


def check(parts: Sequence[Part], rule: MediaRule | None) -> None:
    """BadFields with a sentence for the agent unless the channel takes these files, so many and so large."""
    files = [(part, part.blob) for part in parts if isinstance(part, Media) and part.blob is not None]
    if not files:
        return
    if rule is None:
        raise BadFields("This channel takes no files.")
    if len(files) > rule.max_count:
        raise BadFields(f"Too many files: at most {rule.max_count}.")
    for media, blob in files:
        if not rule.takes(media.content_type):
            raise BadFields(f"The channel does not take {media.name or media.content_type}.")
        if blob.size > rule.max_bytes:
            raise BadFields(f"{media.name or 'A file'} is too large: at most {megabytes(rule.max_bytes)} MB.")
    if rule.total_bytes is not None and sum(blob.size for _, blob in files) > rule.total_bytes:
        raise BadFields(f"The files are too large: at most {megabytes(rule.total_bytes)} MB together.")


def megabytes(count: int) -> str:
    """As people say it."""
    return f"{count / 1_000_000:g}"
