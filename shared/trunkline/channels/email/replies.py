"""A reply as a mail needs it: what it answers, its subject, who else reads along. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from trunkline.channels.email.fields import joined, one_line
from trunkline.channels.email.settings import mailbox, same
from trunkline.channels.email.tokens import token_of
from trunkline.messages import MAX_PARTS, MailHead, Parts

_MOST_CC = 50
_PREFIX = re.compile(r"(?:\s*(?:re|aw|sv|ynt|yan|atb|antw|rif|res|odp|rv)\s*(?:\[\d+\])?\s*:)+\s*", re.IGNORECASE)


def complete(parts: Parts, before: Sequence[Parts], *, contact: str, thread: str, author: str | None) -> Parts:
    """The agent's parts under a head that answers the newest of the customer's mails.

    Where the agent's own head says subject or cc, it counts; else the subject is the mail's, and everybody who took
    part stays in cc, but for the contact: the mail is to them. ValueError with a sentence for a cc that is no address,
    or too many of them.
    """
    wanted = next((part for part in parts if isinstance(part, MailHead)), None)
    heads = [part for message in before for part in message if isinstance(part, MailHead)]
    last = heads[-1] if heads else MailHead()
    cc = _asked(wanted.cc) if wanted is not None and "cc" in wanted.model_fields_set else _others(heads)
    head = MailHead(
        subject=_subject(wanted, last),
        references=joined([last.references, (last.message_id,) if last.message_id else ()]),
        cc=tuple(one for one in cc if same(one) != same(contact)),
        automatic=last.automatic,
        author=None if author is None else one_line(author)[:255],
        thread=token_of(thread),
    )
    rest = [part for part in parts if not isinstance(part, MailHead)]
    if len(rest) >= MAX_PARTS:
        raise ValueError(f"A mail has at most {MAX_PARTS - 1} parts.")
    return (head, *rest)


def _subject(wanted: MailHead | None, last: MailHead) -> str:
    if wanted is not None and wanted.subject.strip():
        return one_line(wanted.subject).strip()[:998]
    bare = _PREFIX.sub("", last.subject, count=1) if _PREFIX.match(last.subject) else last.subject
    return f"Re: {bare}"[:998] if bare.strip() else "Re:"


def _others(heads: Sequence[MailHead]) -> tuple[str, ...]:
    """Everybody in the newest mail but us: who wrote it too, for the conversation's contact may be somebody else.

    A stranger, and whom a stranger names, is answered only if the agent says so.
    """
    last = next((head for head in reversed(heads) if not head.stranger), MailHead())
    named = [*([last.sender] if last.sender is not None else []), *last.to, *last.cc]
    return tuple({same(one): one for one in named}.values())[:_MOST_CC]


def _asked(addresses: Sequence[str]) -> tuple[str, ...]:
    found = {}
    for address in addresses:
        box = mailbox(address.strip())
        if box is None:
            raise ValueError(f"{address[:100]} is no e-mail address.")
        found[same(box)] = box
    if len(found) > _MOST_CC:
        raise ValueError(f"A reply goes to at most {_MOST_CC} people in cc.")
    return tuple(found.values())
