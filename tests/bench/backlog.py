"""Whether the system keeps up: what is on its way is counted once a second, and must not grow.

Two counts: messages due whose reply has not come to the provider, and records of the log that are not yet in the
record. A run is steady when neither is higher in its last third than in its second by more than what 0.1 s brings.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

RECORDS_A_MESSAGE = 4
"""Of `routing-events` and `deliveries`, about: added, replied, step accepted, sent."""

GROWTH_S = 0.1
END_S = 0.5
TOO_SHORT = "too short to judge"


@dataclass(frozen=True, slots=True)
class Backlog:
    """At one moment: messages on the way, and records not yet projected."""

    messages: float
    records: float


def growing(samples: Sequence[Backlog], *, rate: float) -> str | None:
    """Why a run was not steady; None if it was. At least six samples, a second apart."""
    if len(samples) < 6:
        return TOO_SHORT
    third = len(samples) // 3
    middle, last = samples[third : 2 * third], samples[-third:]
    allowed = {"messages": rate * GROWTH_S, "records": rate * GROWTH_S * RECORDS_A_MESSAGE}
    for name, most in allowed.items():
        before, after = (statistics.median(getattr(one, name) for one in part) for part in (middle, last))
        if after - before > most:
            return f"{name} on the way grew from {before:.0f} to {after:.0f}"
    return None


def behind(last: Backlog, *, rate: float) -> str | None:
    """Why the end of a short run says that it cannot go on so; None if it can: half a second is on the way."""
    if last.messages > rate * END_S:
        return f"{last.messages:.0f} messages were on the way at the end"
    if last.records > rate * END_S * RECORDS_A_MESSAGE:
        return f"{last.records:.0f} records were not in the record at the end"
    return None
