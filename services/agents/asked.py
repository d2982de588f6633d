"""What an agent asks for, whether by the socket or by the API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

Fields = Mapping[str, object]

_AGENT = re.compile(r"[A-Za-z0-9_.:@+-]{1,128}", re.ASCII)
_LONGEST = timedelta(days=365)


class BadFields(ValueError):
    """The action's fields are not what its verb needs; the text says which."""


@dataclass(frozen=True, slots=True)
class Action:
    """What an agent asks for; `operation` makes a repeat of it the same."""

    verb: str
    agent: str
    operation: str
    conversation: str = ""
    fields: Fields = field(default_factory=dict)
    trace: str = ""
    supervisor: bool = False
    """Whether the agent may do what only supervisors and administrators may."""

    @property
    def who(self) -> dict[str, str]:
        """The arguments that every move on a conversation takes."""
        return {
            "operation": self.operation, "agent": self.agent, "conversation": self.conversation, "trace": self.trace,
        }  # fmt: skip


def text(fields: Fields, name: str, most: int) -> str:
    """A field that is a text, '' if it is not there; BadFields if it is anything else, or too long."""
    value = fields.get(name) or ""
    if not isinstance(value, str) or len(value) > most:
        raise BadFields(f"{name} is a text of at most {most} characters")
    return value


def agent_id(fields: Fields, name: str, otherwise: str = "") -> str:
    """A field that is an agent's id, or `otherwise` where it is left out; BadFields if that is none."""
    agent = text(fields, name, 128) or otherwise
    if not _AGENT.fullmatch(agent):
        raise BadFields(f"{name} is not an agent's id")
    return agent


def until_ms(fields: Fields) -> int:
    """The field `until`, ms since 1970 and never 0; BadFields if it is no time with its zone, or is a year away."""
    until = fields.get("until")
    try:
        moment = datetime.fromisoformat(until) if isinstance(until, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise BadFields("until is a time with its zone, as 2026-11-23T09:00:00+02:00")
    if moment > datetime.now(UTC) + _LONGEST:
        raise BadFields("until is at most a year from now")
    return max(1, int(moment.timestamp() * 1_000))
