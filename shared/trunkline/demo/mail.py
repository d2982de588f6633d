# ruff: noqa: RUF001  Turkish has letters that look like others
"""Customers who write mails by SMTP to ingest, and read in a relay of the demo's, which delivers to nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import format_datetime
from typing import Final

from trunkline.demo.book import BOOK
from trunkline.demo.customers import floor_of
from trunkline.demo.settings import DemoSettings, PlayedMail
from trunkline.demo.stories import Language
from trunkline.demo.visit import Contact, mail_contacts
from trunkline.ids import new_id
from trunkline.testing.mail import MailSink, Received, hand_in, written

_SHARE: Final = 4.0
"""For each mail that begins a conversation so many begin by text message."""

_KEPT_MAILS: Final = 50

_SUBJECTS: Final = {
    Language.ENGLISH: "A question about my order",
    Language.TURKISH: "Siparişim hakkında bir soru",
    Language.LATVIAN: "Jautājums par manu pasūtījumu",
}
_SAID: Final = {
    Language.ENGLISH: "On {date}, {name} wrote:",
    Language.TURKISH: "{name}, {date} tarihinde şunu yazdı:",
    Language.LATVIAN: "{date} — lietotājs {name} rakstīja:",
}
"""How a mail program of each language writes over what it quotes."""


@dataclass(frozen=True, slots=True)
class Handed:
    """What ingest said to a mail."""

    status: int | None
    failure: str = ""

    @property
    def accepted(self) -> bool:
        """Did it take it?"""
        return self.status == 250


class PostOffice:
    """Hands in customers' mails and keeps the last that each got, to answer it as mail programs do."""

    def __init__(self, settings: DemoSettings, played: PlayedMail, contacts: tuple[Contact, ...]) -> None:
        self._port = settings.smtp_port
        self._address = played.address
        self._language = {contact.number: contact.language for contact in contacts}
        self._got: dict[str, Received] = {}

    def came(self, mail: Received) -> list[str]:
        """Remember a mail of ours; the customers who got it."""
        readers = [to for to in mail.recipients if to in self._language]
        self._got.update(dict.fromkeys(readers, mail))
        return readers

    async def customer_writes(self, from_: str, body: str, *, sid: str | None = None) -> Handed:
        """Hand in a mail: an answer to the last one that came, quoting it, else one that begins a thread.

        A visit's opening is never an answer: it is about something else.
        """
        language = self._language[from_]
        last = None if BOOK.opened_by(body) is not None else self._got.get(from_)
        to = self._address if last is None else str(last.message["Reply-To"].addresses[0].addr_spec)
        subject = _SUBJECTS[language] if last is None else str(last.message["Subject"])
        text = body if last is None else f"{body}\n\n{_quoted(last, language)}"
        headers = {} if last is None else _answering(last)
        name = from_.partition("@")[0].title()
        mail = written(
            f"{name} <{from_}>", to, text, subject=subject, headers=headers,
            message_id=f"{sid or new_id()}@customers.example",
        )  # fmt: skip
        told = await hand_in(self._port, mail, sender=from_, recipients=[to])
        return Handed(told.code or None, "" if told.code == 250 else told.text)


def _quoted(last: Received, language: Language) -> str:
    sender = last.message["From"].addresses[0]
    date = last.message["Date"].datetime
    said = _SAID[language].format(date=format_datetime(date), name=f"{sender.display_name} <{sender.addr_spec}>")
    return "\n".join([said, "", *(f"> {line}".rstrip() for line in last.text.splitlines())])


def _answering(last: Received) -> dict[str, str]:
    own = str(last.message["Message-ID"])
    return {"In-Reply-To": own, "References": f"{last.message['References'] or ''} {own}".strip()}


class MailCustomers:
    """Those who write mails, and the relay in which they read."""

    def __init__(self, settings: DemoSettings, played: PlayedMail) -> None:
        contacts = mail_contacts()
        self._played = played
        self._office = PostOffice(settings, played, contacts)
        self.floor = floor_of(self._office, contacts, settings, share=_SHARE)

    async def run(self) -> None:
        """Let them come, until cancelled. OSError if the relay's port is taken."""
        async with MailSink(host=self._played.host, port=self._played.port, keep=_KEPT_MAILS) as sink:
            sink.on_mail = self._came
            await self.floor.run()

    async def _came(self, mail: Received) -> None:
        for reader in self._office.came(mail):
            self.floor.told(reader)
