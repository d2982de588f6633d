"""The conformance kit: an author gives vectors of what the provider says; the kit brings the hostility.

    @pytest.mark.parametrize("case", kit_cases(Mine(), account, vectors, sign=sign, secrets=SECRETS), ids=str)
    def test_conformance(case):
        case.run()

A case fails by AssertionError with a sentence. Nothing here needs a network, a clock or pytest. How vectors look is
in docs/adding-a-channel.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from trunkline.channels.base import Account, Channel
from trunkline.channels.testing_checks import CHECKS
from trunkline.channels.testing_vectors import (
    AnswerVector,
    MessageVector,
    RequestVector,
    Signer,
    Subject,
    Vectors,
    run_answer,
    run_message,
    run_request,
)

__all__ = ["AnswerVector", "Case", "MessageVector", "RequestVector", "Signer", "Subject", "Vectors", "kit_cases"]


@dataclass(frozen=True)
class Case:
    """One thing to check; `str` of it is its name."""

    name: str
    run: Callable[[], None] = field(repr=False)

    def __str__(self) -> str:
        return self.name


def kit_cases(
    channel: Channel, account: Account, vectors: Vectors, *, sign: Signer, secrets: Sequence[str]
) -> list[Case]:
    """Every case of the kit for a channel.

    `account` has every one of `secrets` active, the first of them the newest; each must verify, and none may be seen
    in any repr, step or answer.
    """
    subject = Subject(channel, account, vectors, sign, tuple(secrets))
    cases = [Case(f"vector: {one.name}", partial(run_request, subject, one)) for one in vectors.requests]
    cases += [Case(f"vector: {one.name}", partial(run_message, subject, one)) for one in vectors.messages]
    cases += [Case(f"vector: {one.name}", partial(run_answer, subject, one)) for one in vectors.answers]
    return cases + [Case(name, partial(check, subject)) for name, check in CHECKS.items()]
