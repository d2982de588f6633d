"""What a robot knows of the conversations it holds, from snapshots, events and the record."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

CONVERSATION_EVENTS: Final = ("trunkline.conversation.", "trunkline.offer.")
PRESENCE_EVENTS: Final = "trunkline.agent."
_REPLIED: Final = "trunkline.conversation.replied.v1"


class _Read(BaseModel):
    """Read from the service: what we do not need is passed over, so a newer service does not stop the demo."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Row(_Read):
    """A conversation's routing state, as far as a robot acts on it."""

    id: str
    status: str
    owner: str = ""
    offered_to: str = ""
    fence: int = 0
    queue: str = ""
    requirement: str = ""
    opted_out: bool = False
    version: int = 0


class Said(_Read):
    """One message of a transcript."""

    id: str
    direction: Literal["inbound", "outbound"]
    parts: tuple[dict[str, Any], ...] = ()

    @property
    def text(self) -> str:
        """Its words; empty if it has none."""
        return " ".join(str(part["text"]) for part in self.parts if isinstance(part.get("text"), str))


class Transcript(_Read):
    """A conversation, its version and its messages: of the same moment."""

    conversation: Row
    version: int
    messages: tuple[Said, ...] = ()


class _Data(_Read):
    version: int = 0
    operation: str = ""
    state: dict[str, Any] = {}
    details: dict[str, Any] = {}


class Event(_Read):
    """What happened, as the desk's socket tells it."""

    type: str
    subject: str = ""
    data: _Data = _Data()

    @property
    def of_conversation(self) -> bool:
        """Whether it moved a conversation's version."""
        return self.type.startswith(CONVERSATION_EVENTS)

    @property
    def presence(self) -> str:
        """The agent's presence after it; empty for an event of a conversation."""
        return str(self.data.state.get("presence", "")) if self.type.startswith(PRESENCE_EVENTS) else ""


class Hole(Exception):
    """Events are missing before this one: read the record again."""


class Held:
    """One conversation: never goes back, never skips (the desk's rule for versions)."""

    def __init__(self, transcript: Transcript) -> None:
        self.row = transcript.conversation
        self.version = transcript.version
        self._messages = {message.id: message for message in transcript.messages}

    @property
    def messages(self) -> tuple[Said, ...]:
        """All that was said, in order."""
        return tuple(self._messages.values())

    @property
    def messages_are_behind(self) -> bool:
        """Whether the record lagged behind the board when a snapshot was made: read the conversation again."""
        return self.row.version > self.version

    def read_again(self, transcript: Transcript) -> bool:
        """Take the record's word if it is newer; whether it was."""
        if transcript.version <= self.version:
            return False
        self.row, self.version = transcript.conversation, transcript.version
        self._messages = {message.id: message for message in transcript.messages}
        return True

    def happened(self, event: Event) -> bool:
        """Take the next event; False if it is known already. Hole if it is not the next one."""
        if event.data.version <= self.version:
            return False
        if event.data.version > self.version + 1:
            raise Hole(f"{self.row.id}: version {event.data.version} after {self.version}")
        self.row = Row.model_validate(event.data.state)
        self.version = event.data.version
        if (message := _message_of(event)) is not None:
            self._messages.setdefault(message.id, message)
        return True


def _message_of(event: Event) -> Said | None:
    message = event.data.details.get("message")
    if not isinstance(message, dict):
        return None
    direction = "outbound" if event.type == _REPLIED else "inbound"
    try:
        return Said.model_validate({**message, "direction": direction})
    except ValidationError:
        return None  # details of another kind: a robot acts on words only
