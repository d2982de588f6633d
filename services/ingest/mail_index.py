"""Asking the record, through the agents service, which threads the mails are in that a mail names."""

from __future__ import annotations

from pydantic import BaseModel, ValidationError

from trunkline.internal import Internal, RecordAway


class KnownMail(BaseModel):
    """A mail the record has."""

    thread: str
    digest: str | None


class Found(BaseModel):
    """What the record knows: mails by our message id, and the addresses that took part in each thread."""

    mails: dict[str, KnownMail]
    participants: dict[str, list[str]]


class MailIndex:
    """What the finding of a mail's thread asks of the record."""

    def __init__(self, internal: Internal) -> None:
        self._internal = internal

    async def look(self, account: str, *, mails: list[str], threads: list[str]) -> Found:
        """The threads of these mails, and who took part in them and in these threads.

        RecordAway without an answer: without it a mail could land in another thread when it comes again.
        """
        asked = {"account": account, "mails": mails, "threads": threads}
        try:
            return Found.model_validate(await self._internal.post("/internal/mail-threads", asked))
        except ValidationError as error:
            raise RecordAway(f"not understood: {str(error)[:200]}") from error
