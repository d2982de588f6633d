"""What an agent asks for, whether by the socket or by the API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

Fields = Mapping[str, object]

_AGENT = re.compile(r"[A-Za-z0-9_.:@+-]{1,128}", re.ASCII)


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


def agent_of(name: str, field: str) -> str:
    """The name, if an agent's id can be such; BadFields, naming the field, otherwise."""
    if not _AGENT.fullmatch(name):
        raise BadFields(f"{field} is not an agent's id")
    return name


def agent_id(fields: Fields, name: str) -> str:
    """A field that is an agent's id; BadFields if it is anything else, or not there."""
    return agent_of(text(fields, name, 128), name)
