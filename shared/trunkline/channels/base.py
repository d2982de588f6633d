"""What a channel is: data plus four pure functions. The engine does all the I/O.

`verify` and `parse` turn a provider's request into facts; `plan` and `interpret` turn a reply into steps and
their answers into outcomes. None of the four may read a clock, a file or the network: what they need is in
their arguments. That is what lets one conformance kit test every channel, and what lets a crashed reply go on
at the step where it stopped.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field

from trunkline.messages import Address, Blob, DeliveryStatus, InboundMessage, Media, OutboundMessage, Parts

API_VERSION = 1
"""Raised when a channel written for an older SDK would break; checked by the registry."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Answer(_Frozen):
    """An HTTP answer to a provider, byte for byte."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = {}


class AckPolicy(_Frozen):
    """What this provider must and must never be told: a wrong code is lost mail or a storm."""

    accepted: Answer
    retry_later: Answer = Field(description="we cannot take it now: keep it and come again")
    refused: Answer = Field(description="forged or broken: do not come again")
    budget_s: float = Field(description="seconds within which the provider wants its answer")
    never: tuple[int, ...] = Field(default=(), description="status codes this provider must never get")


class MediaRule(_Frozen):
    """What media a channel takes."""

    types: tuple[str, ...] = Field(description="MIME types or prefixes ending in /")
    max_bytes: int = Field(description="largest file")
    max_count: int = Field(description="most files of a message")
    total_bytes: int | None = Field(default=None, description="all files of a message together; None: no such limit")

    def takes(self, content_type: str) -> bool:
        """Whether files of this type are taken."""
        kind = content_type.partition(";")[0].strip().lower()
        return any(kind == one or (one.endswith("/") and kind.startswith(one)) for one in self.types)


class Manifest(_Frozen):
    """All that the engine, the desk and the documents must know of a channel without running it."""

    api: int = API_VERSION
    type: str = Field(pattern=r"^[a-z][a-z0-9-]{1,31}$", description="the entry point's name")
    name: str = Field(description="as people read it")
    address_schemes: tuple[str, ...]
    account_schema: builtins.type[BaseModel] = Field(
        description="model of an account's settings; secrets are SecretStr"
    )
    max_body_bytes: int = Field(default=262_144, description="largest webhook body")
    begins: tuple[str, ...] = Field(
        default=(), description="of address_schemes, those one may write to first, without having been written to"
    )
    text_limit: int
    text_unit: Literal["characters", "utf16", "bytes", "segments"]
    media: MediaRule | None = Field(default=None, description="what customers may send")
    sends: MediaRule | None = Field(default=None, description="what agents may attach; None: no files at all")
    windows: dict[str, int] = Field(
        default={},
        description="scheme of address: seconds after the customer's last word in which one may reply; else any time",
    )
    window_margin_s: int = Field(
        default=600, ge=0, description="seconds before a window closes at which a reply is due"
    )
    receipts: tuple[DeliveryStatus, ...] = ()
    ack: AckPolicy
    idempotent_send: bool = Field(description="does the provider collapse repeats of one idempotency key?")
    send_before_s: int = Field(default=86_400, description="seconds after which an unsent reply is failed, expired")
    max_attempts: int = 12


class RawRequest(_Frozen):
    """A provider's request as it came: raw bytes, and the URL as the provider saw it."""

    method: str
    url: str = Field(description="configured public base + path + query, never the Host header")
    headers: tuple[tuple[str, str], ...] = Field(description="names in lower case, repeats kept")
    body: bytes
    received_at: datetime

    def header(self, name: str) -> str | None:
        """The only value of a header, or None if it is absent or repeated (a repeated one proves nothing)."""
        values = [value for key, value in self.headers if key == name]
        return values[0] if len(values) == 1 else None


class Verified(_Frozen):
    """The provider's signature covers this request."""


class Challenge(_Frozen):
    """The provider asks whether this is our endpoint; `answer` proves it."""

    answer: Answer


class Rejected(_Frozen):
    """Not from the provider. `reason` is for our log only: an answer never says what was expected."""

    reason: str


Verdict = Verified | Challenge | Rejected


class MessageIn(_Frozen):
    """A customer's message, as the provider told it."""

    provider_id: str
    contact: Address
    parts: Parts
    sent_at: datetime | None = None
    reply_to: str | None = None
    thread: str | None = Field(
        default=None,
        description="its thread's key, where the contact alone does not say; else the channel's thread_key",
    )


class Receipt(_Frozen):
    """What the provider says became of a message of ours."""

    provider_id: str
    status: DeliveryStatus
    message: str | None = Field(default=None, description="our message id, if it travels in the callback's URL")
    conversation: str | None = None
    part: int = 0
    code: str | None = None
    text: str | None = None


class ChannelEventKind(StrEnum):
    """What can happen on a channel besides messages."""

    OPT_OUT = "opt-out"
    OPT_IN = "opt-in"
    HELP = "help"


class ChannelEvent(_Frozen):
    """Something a contact did on the channel; the message that said it (STOP) comes beside it."""

    kind: ChannelEventKind
    contact: Address
    provider_id: str


class Problem(_Frozen):
    """One item of a batch that could not be taken, beside the good ones."""

    kind: Literal["unknown", "broken"]
    reason: str
    original: str = Field(description="the item itself, at most 4 kB of it")


class Parsed(_Frozen):
    """Every event of a request, and the problems beside them."""

    events: tuple[MessageIn | Receipt | ChannelEvent, ...] = ()
    problems: tuple[Problem, ...] = ()
    contents: tuple[bytes, ...] = Field(
        default=(), repr=False, description="what came within the request and parts name by its digest: kept before all"
    )


class Mail(_Frozen):
    """An SMTP transaction, instead of an HTTP call."""

    host: str
    port: int
    security: Literal["none", "starttls", "tls"]
    sender: str = Field(description="envelope sender: where bounces come")
    recipients: tuple[str, ...] = Field(
        min_length=1, description="the first is the contact; without it nothing is sent"
    )
    pieces: tuple[bytes | Blob, ...] = Field(
        repr=False, description="the mail: bytes as they are, and blobs that the engine puts in, in base64"
    )


class SendStep(_Frozen):
    """One call of a reply. The engine adds secrets, makes it, and remembers that it was accepted.


    A `signal` is no call: whoever holds the contact's socket hears `body` under the topic `url`, if anybody does. Only
    a channel whose contacts come and ask for what they missed can be served so; the step succeeds either way.
    """

    kind: Literal["http", "signal"] = "http"
    part: int = 0
    parts: int = 1
    method: str = "POST"
    url: str
    headers: Mapping[str, str] = {}
    body: bytes = b""
    basic_auth: tuple[str, str] | None = Field(default=None, repr=False, description="user and secret; never logged")
    bucket: str = Field(description="which rate bucket this step draws from")
    cost: float = Field(default=1.0, description="units it takes from the bucket")
    timeout_s: float = 15.0
    mail: Mail | None = Field(default=None, description="set: a transaction with this relay; `url` only names it")


class Response(_Frozen):
    """The provider answered; to a `mail`, with an SMTP reply: its code, and its text as the body."""

    status: int
    headers: Mapping[str, str] = Field(default={}, description="names in lower case")
    body: bytes = b""


class NoResponse(_Frozen):
    """No answer. `sent` is true when the request may have reached the provider: the outcome is unknown."""

    sent: bool
    reason: str


class FailureClass(StrEnum):
    """Why a step failed, which decides what happens next."""

    RETRY = "retry"
    THROTTLED = "throttled"
    AMBIGUOUS = "ambiguous"
    AUTH = "auth"
    CONFIG = "config"
    INVALID = "invalid"
    UNREACHABLE = "unreachable"
    OPTED_OUT = "opted-out"
    WINDOW_CLOSED = "window-closed"
    MEDIA_REJECTED = "media-rejected"
    QUOTA = "quota"
    EXPIRED = "expired"
    UNKNOWN_PERMANENT = "unknown-permanent"

    @property
    def transient(self) -> bool:
        """May a later attempt of the very same step succeed?"""
        return self in _TRANSIENT


_TRANSIENT = {
    FailureClass.RETRY,
    FailureClass.THROTTLED,
    FailureClass.AMBIGUOUS,
    FailureClass.AUTH,
    FailureClass.QUOTA,
}


class Accepted(_Frozen):
    """The provider took the step."""

    provider_ids: tuple[str, ...]
    status: DeliveryStatus = DeliveryStatus.ACCEPTED


class Failed(_Frozen):
    """The provider did not take the step. `text` is what the agent reads."""

    kind: FailureClass
    code: str | None = None
    text: str
    retry_after_s: float | None = None


Outcome = Accepted | Failed


class Account(_Frozen):
    """One configured channel account: its name, its channel's type and its validated settings."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    channel: str
    public_url: str = Field(description="base URL under which the provider reaches ingest, no trailing slash")
    settings: Any = Field(repr=False, description="an instance of the manifest's account_schema")

    @property
    def webhook_url(self) -> str:
        """Where the provider delivers this account's events."""
        return f"{self.public_url}/webhooks/{self.name}"

    def file_url(self, reference: str) -> str:
        """Where the provider fetches an attachment; the reference must be one that nobody else can make."""
        return f"{self.public_url}/files/{self.name}/{reference}"


@runtime_checkable
class Channel(Protocol):
    """A way to reach customers. Stateless: one instance serves every account of its type."""

    manifest: ClassVar[Manifest]

    def verify(self, request: RawRequest, account: Account) -> Verdict:
        """Judge whether the provider sent this; over the raw bytes, in constant time, before any parsing."""
        ...

    def parse(self, request: RawRequest, account: Account) -> Parsed:
        """Every event of a verified request. Never raises for bad input: what is broken becomes a Problem."""
        ...

    def thread_key(self, contact: Address, account: Account) -> str:
        """The key of the contact's thread: the same for ever for the same pair."""
        ...

    def plan(self, message: OutboundMessage, account: Account) -> Sequence[SendStep]:
        """The calls that send a reply, in order; the same bytes each time it is asked.

        ValueError with a sentence for the agent when the channel cannot say this at all.
        """
        ...

    def interpret(self, step: SendStep, outcome: Response | NoResponse, account: Account) -> Outcome:
        """What the provider's answer, or its silence, means."""
        ...


@runtime_checkable
class FetchesMedia(Protocol):
    """A channel whose inbound media need credentials to fetch."""

    def media_request(self, source: str, account: Account) -> SendStep:
        """The GET that fetches a media part; redirects to other hosts are followed without credentials.

        ValueError if `source` is not on one of the provider's hosts: we fetch nothing else.
        """
        ...


@runtime_checkable
class GivesFiles(Protocol):
    """A channel whose provider fetches our attachments, from addresses of ours that its replies name."""

    def file_of(self, reference: str, account: Account, *, now: datetime) -> Media | None:
        """The attachment of an address that a reply's plan made with `Account.file_url`; None for any other. Pure."""
        ...


@runtime_checkable
class WritesLetters(Protocol):
    """A channel whose replies say what they answer: a subject, earlier ids, who else reads along (e-mail)."""

    def complete(
        self, parts: Parts, before: Sequence[Parts], *, contact: str, thread: str, author: str | None
    ) -> Parts:
        """The agent's parts as the channel needs them, from the customer's messages `before`, in order. Pure.

        `contact` is the address that is answered.
        """


@runtime_checkable
class NewThreads(Protocol):
    """A channel on which a contact may have many threads: what we begin is one of its own (e-mail)."""

    def new_thread(self, name: str, account: Account) -> str:
        """The key of a thread that begins with us; the same for the same name, and never that of another thread."""
        ...


@runtime_checkable
class Echoes(Protocol):
    """A channel that shows a contact their own messages with their numbers: many windows, one order for all."""

    def echo(self, message: InboundMessage, conversation: str, number: int, account: Account) -> SendStep:
        """The signal that tells a contact's windows the number of what was said in one of them.

        ValueError when it cannot be shown; they then ask for it.
        """
        ...
