"""Which thread a mail belongs to: the signed reply address, else what it refers to, else a thread of its own.

The answer must be the same when the mail comes again: a mail that is in the log already keeps the thread it has there.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from services.ingest.mail_index import Found, KnownMail, MailIndex
from trunkline.channels.base import Account, MessageIn
from trunkline.channels.email import settings_of
from trunkline.channels.email.settings import same
from trunkline.channels.email.tokens import (
    read_message_id,
    read_reply_address,
    thread_key,
    thread_token,
)
from trunkline.ids import message_id
from trunkline.messages import MailHead

_REMEMBERED = 20_000
_MOST_THREADS = 20


class MailThreads:
    """Places mails. What it placed lately it remembers itself: the record is a moment behind the log."""

    def __init__(self, index: MailIndex) -> None:
        self._index = index
        self._placed: OrderedDict[str, KnownMail] = OrderedDict()

    async def place(self, event: MessageIn, recipients: Sequence[str], account: Account) -> MessageIn:
        """The mail with its thread. RecordAway if the record must be asked and does not answer."""
        head = next((part for part in event.parts if isinstance(part, MailHead)), MailHead())
        asked = _Asked(event, head, recipients, account)
        found = await self._index.look(account.name, mails=asked.mails, threads=asked.threads)
        for mail in asked.mails:
            if (lately := self._placed.get(mail)) is not None:
                found.mails.setdefault(mail, lately)
        placed = _placed(asked, found)
        self._remember(placed, account, head)
        return placed

    def _remember(self, event: MessageIn, account: Account, head: MailHead) -> None:
        ours = message_id(account.name, event.provider_id)
        self._placed[ours] = KnownMail(thread=event.thread or "", digest=head.digest)
        self._placed.move_to_end(ours)
        if len(self._placed) > _REMEMBERED:
            self._placed.popitem(last=False)


class _Asked:
    """What a mail says of its thread, and what the record must be asked about it."""

    def __init__(self, event: MessageIn, head: MailHead, recipients: Sequence[str], account: Account) -> None:
        settings, name = settings_of(account), account.name
        self.event, self.head, self.account = event, head, name
        tokens = (read_reply_address(settings, name, recipient) for recipient in recipients)
        self.signed = next((thread_key(name, token) for token in tokens if token is not None), None)
        newest_first = head.references[::-1]
        owns = ((one, read_message_id(settings, name, one)) for one in newest_first)
        self.ours = {one: thread_key(name, own.thread) for one, own in owns if own is not None and own.thread}
        self.theirs = {one: message_id(name, one) for one in newest_first if one not in self.ours}
        self.newest_first = newest_first
        self.own = thread_key(name, thread_token(name, event.provider_id))
        self.root = thread_key(name, thread_token(name, head.references[0])) if head.references else self.own
        # A mail with the id of another, and other words, is another mail: programs do reuse ids.
        self.other_id = f"{event.provider_id[:180]}#{(head.digest or '')[:32]}"

    @property
    def mails(self) -> list[str]:
        own = [message_id(self.account, self.event.provider_id), message_id(self.account, self.other_id)]
        return [*own, *self.theirs.values()]

    @property
    def threads(self) -> list[str]:
        return list(dict.fromkeys([*filter(None, [self.signed]), *self.ours.values(), self.root]))[:_MOST_THREADS]


def _placed(asked: _Asked, found: Found) -> MessageIn:
    event, first, second = asked.event, *asked.mails[:2]
    update: dict[str, object] = {}
    known = found.mails.get(first)
    if known is not None and known.digest not in {None, asked.head.digest}:
        update["provider_id"] = asked.other_id
        known = found.mails.get(second)
    if known is not None:
        return event.model_copy(update=update | {"thread": known.thread})
    thread = asked.signed or _referred(asked, found)
    if asked.signed is not None and not _took_part(asked, found, asked.signed):
        stranger = asked.head.model_copy(update={"stranger": True})
        update["parts"] = (stranger, *event.parts[1:])
    return event.model_copy(update=update | {"thread": thread})


def _referred(asked: _Asked, found: Found) -> str:
    """The thread of the newest mail it refers to that is known, if its sender took part there; else its root's.

    A Message-ID is no secret: who only knows one does not get into a thread. Nor does who failed our relay's checks.
    """
    for one in asked.newest_first:
        mail = found.mails.get(asked.theirs.get(one, ""))
        thread = asked.ours.get(one) or (mail.thread if mail is not None else None)
        if thread is not None:
            return thread if _may_join(asked, found, thread) else asked.own
    return asked.root if _may_join(asked, found, asked.root) else asked.own


def _may_join(asked: _Asked, found: Found, thread: str) -> bool:
    return asked.head.failed_checks is None and _took_part(asked, found, thread)


def _took_part(asked: _Asked, found: Found, thread: str) -> bool:
    """Whether the sender is known in the thread; in one that the record does not know, everybody is."""
    participants = found.participants.get(thread)
    return not participants or same(asked.event.contact.value) in participants
