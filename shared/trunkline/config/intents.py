"""Intents: what customers may want, told by examples."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from trunkline.config.base import Frozen
from trunkline.intent import runs_of

MAX_EXAMPLES = 500
MAX_LEARNT = 20_000
"""Most examples of intents, and characters of all of them: they are learnt anew with each change of the file, which
takes 16 µs a character."""

IntentName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]


def _says_something(text: str) -> str:
    if not runs_of(text):
        raise ValueError("there is no word in it")
    return text


Example = Annotated[str, Field(max_length=200), AfterValidator(_says_something)]


class Intents(Frozen):
    """What customers may want, each by examples of how they say it, in every language they write."""

    examples: dict[IntentName, Annotated[tuple[Example, ...], Field(min_length=2)]] = Field(min_length=2, max_length=50)
    sure: float = Field(default=0.8, ge=0, le=1, description="least confidence with which an intent is told")

    @model_validator(mode="after")
    def _few_enough(self) -> Self:
        lengths = [len(text) for texts in self.examples.values() for text in texts]
        if len(lengths) > MAX_EXAMPLES or sum(lengths) > MAX_LEARNT:
            raise ValueError(
                f"{len(lengths)} examples of {sum(lengths)} characters; at most {MAX_EXAMPLES} of {MAX_LEARNT} together"
            )
        return self
