"""What customers and agents of the bench say to each other: each message carries its number and when it was sent.

Customer: "Where is my parcel? <number> <microseconds> <go-on|bye>". Agent: "It left today. <number> <microseconds>
<microseconds of the question>", the last 0 if that opened the conversation.
A customer who opens a conversation has the message's number in his own: the offer that an agent gets shows it.
"""

from __future__ import annotations

import time

GO_ON, BYE = "go-on", "bye"
COUNTRY = "+371"


def question(number: int, sent: float, *, last: bool = False) -> str:
    """A customer's message; after the last one the agent closes."""
    return f"Where is my parcel? {number} {sent * 1e6:.0f} {BYE if last else GO_ON}"


def read_question(text: str) -> tuple[int, float, bool]:
    """Its number, when it was sent (Unix seconds), and whether it is the last of its conversation."""
    number, sent, flag = text.rsplit(" ", 3)[1:]
    return int(number), int(sent) / 1e6, flag == BYE


def reply(number: int, asked: float) -> str:
    """An agent's answer, sent now, to what was asked at a moment (Unix seconds; 0: nobody counts it)."""
    return f"It left today. {number} {time.time() * 1e6:.0f} {asked * 1e6:.0f}"


def read_reply(text: str) -> tuple[int, float, float]:
    """Which message it answers, when it was sent, and when it was asked (Unix seconds)."""
    number, sent, asked = text.rsplit(" ", 3)[1:]
    return int(number), int(sent) / 1e6, int(asked) / 1e6


def caller(number: int) -> str:
    """The telephone number of who opens a conversation with this message."""
    return f"{COUNTRY}{number:08d}"


def opened_with(contact: str) -> int:
    """And back."""
    return int(contact.removeprefix(COUNTRY))


def greeting(number: int, sent: float, *, last: bool = False) -> str:
    """Latvian by the rules of deploy/trunkline.yaml, which none of the bench's agents speaks: it waits."""
    return f"Labdien! {number} {sent * 1e6:.0f}{' ' if last else ''}"


def stranger(number: int) -> str:
    """The telephone number of who says so; none of the callers'."""
    return f"+370{number:08d}"
