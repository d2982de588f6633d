"""Reports that a mail did not arrive: RFC 3464, and what servers wrote before it and write beside it.

About half of the bounces in public collections are no `multipart/report`: those are known by a sender that is a
machine, a subject that says so, and a code.
"""

from __future__ import annotations

import re
from email.message import Message
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from trunkline.channels.email.fields import Fields, ids_in, one_line

_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_REPLY = re.compile(r"\b([45]\d\d)[ -]")
_SUBJECT = re.compile(
    r"undeliver|delivery (?:status|fail|problem|has failed)|failure notice|mail delivery|returned (?:mail|to sender)"
    r"|could not be delivered|not delivered|teslim edilemedi|iletilemedi|nav piegādāt|nevarēja piegādāt"
    r"|neizdevās piegādāt"
    r"|unzustellbar|non remis",
    re.IGNORECASE,
)
_MACHINE = re.compile(r"(?:mailer-daemon|postmaster|mail-daemon|mailerdaemon)@", re.IGNORECASE)
_LOOKED_AT = 100_000

Action = Literal["failed", "delayed", "delivered", "relayed", "complaint"]
_ACTIONS: dict[str, Action] = {
    "failed": "failed", "delayed": "delayed", "delivered": "delivered", "relayed": "relayed", "expanded": "relayed",
}  # fmt: skip


class Bounce(BaseModel):
    """What a server says became of a mail."""

    model_config = ConfigDict(frozen=True)

    action: Action
    code: str | None = Field(description="enhanced status code (RFC 3463), such as 5.1.1")
    recipient: str = ""
    said: str = Field(default="", description="the server's own words, in one line")
    ids: tuple[str, ...] = Field(description="Message-IDs in what was returned: one of them may be ours")
    certain: bool = Field(description="a report by the standard, not a guess")


def read(message: Message, fields: Fields, text: str) -> Bounce | None:
    """The report in a mail; None if it is none."""
    if message.get_content_type() == "multipart/report":
        kind = str(message.get_param("report-type", "")).lower()
        reports = [part for part in message.walk() if part.get_content_type() == "message/delivery-status"]
        if reports:
            return _report(message, reports[0], text)
        if kind == "feedback-report":
            return Bounce(action="complaint", code=None, ids=_ids(message, text), certain=True)
    return _guess(message, fields, text)


def _report(message: Message, report: Message, text: str) -> Bounce:
    """The gravest of the per-recipient blocks: one that failed counts before one that was delivered."""
    blocks = [block for block in report.get_payload() if isinstance(block, Message)] if report.is_multipart() else []
    told = [(action, block) for block in blocks if (action := _ACTIONS.get(_field(block, "action").lower()))]
    if not told:
        return Bounce(action="failed", code=_code(text), said="", ids=_ids(message, text), certain=True)
    order: tuple[Action, ...] = ("failed", "delayed", "delivered", "relayed")
    action, block = min(told, key=lambda one: order.index(one[0]))
    diagnostic = _field(block, "diagnostic-code")
    recipient = _field(block, "original-recipient") or _field(block, "final-recipient")
    return Bounce(
        action=action,
        code=_code(_field(block, "status")) or _code(diagnostic),
        recipient=recipient.rpartition(";")[2].strip()[:254],
        said=diagnostic.partition(";")[2].strip()[:300] or diagnostic[:300],
        ids=_ids(message, text),
        certain=True,
    )


def _guess(message: Message, fields: Fields, text: str) -> Bounce | None:
    sender = fields.first("from")
    returned = fields.first("return-path").strip() == "<>" or _MACHINE.search(sender) is not None
    if not returned or _SUBJECT.search(fields.text("subject")) is None:
        return None
    beginning = text[:_LOOKED_AT]
    code = _code(beginning)
    if code is None and (reply := _REPLY.search(beginning)) is not None:
        code = f"{reply[1][0]}.0.0"
    line = next((one.strip() for one in beginning.splitlines() if _STATUS.search(one) or _REPLY.search(one)), "")
    action: Action = "delayed" if (code or "5").startswith("4") else "failed"
    return Bounce(
        action=action, code=code, said=one_line(line)[:300], ids=_ids(message, beginning), certain=False,
    )  # fmt: skip


def _ids(message: Message, text: str) -> tuple[str, ...]:
    """Ids of the mail returned, in its headers or, by servers that only paste it, in the text."""
    texts = []
    for part in message.walk():
        if part is not message and (value := part.get("message-id")):
            texts.append(str(value))
        if part.get_content_type() == "text/rfc822-headers":
            content = part.get_payload(decode=True)
            texts.append(content.decode("latin-1")[:_LOOKED_AT] if isinstance(content, bytes) else "")
    named = " ".join(line for line in text[:_LOOKED_AT].splitlines() if "message-id" in line.lower())
    found = [one for each in (*texts, named) for one in ids_in(each) if len(one) <= 250]
    return tuple(dict.fromkeys(found))[:20]


def _field(block: Message, name: str) -> str:
    return one_line(str(block.get(name, ""))).strip()


def _code(text: str) -> str | None:
    found = _STATUS.search(text)
    return found[1] if found else None
