"""Files under seal: a reference that we gave out names a file of ours, and is taken back only unchanged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trunkline.messages import Blob, Media
from trunkline.seals import seal, unseal


class SealedFile(BaseModel):
    """What is sealed of a file. Short names: it stands in addresses, and is told often."""

    model_config = ConfigDict(extra="forbid")

    d: str = Field(pattern=r"^[0-9a-f]{64}$", description="digest")
    s: int = Field(ge=0, description="bytes")
    t: str = Field(max_length=255, description="content type")
    n: str | None = Field(default=None, max_length=255, description="name")

    @classmethod
    def of(cls, media: Media, blob: Blob, **more: Any) -> Self:
        """Of this file; `more` is what the seal is to hold beside it."""
        return cls(d=blob.digest, s=blob.size, t=media.content_type, n=media.name, **more)

    @classmethod
    def opened(cls, reference: str, secrets: Sequence[str], purpose: str) -> Self | None:
        """What such a reference holds; None unless one of these secrets sealed it for this purpose."""
        try:
            return cls.model_validate_json(unseal(reference, secrets, purpose) or "")
        except ValidationError:
            return None

    def sealed(self, secret: str, purpose: str) -> str:
        """The reference to give out."""
        return seal(self.model_dump_json(exclude_none=True), secret, purpose)

    @property
    def media(self) -> Media:
        """The file, as a part of a message."""
        return Media(content_type=self.t, name=self.n, blob=Blob(digest=self.d, size=self.s))
