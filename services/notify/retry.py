"""When to try again: full jitter, the provider's own word, and an end."""

from __future__ import annotations

import random

from trunkline.channels.base import Failed, FailureClass

_FIRST_S = 0.5
_MOST_S = 300.0
_SLOW = {FailureClass.AUTH, FailureClass.QUOTA}
_SLOW_S = 60.0


def pause_s(failure: Failed, attempt: int, *, chance: random.Random) -> float:
    """Seconds before the next attempt after attempt number `attempt` (from 1) failed.

    Full jitter (uniform over 0 … first × 2^attempt, capped at five minutes): many replies that failed together do
    not come back together. What the provider says (Retry-After) is the least; wrong credentials and spent quotas are
    not mended in a second.
    """
    least = failure.retry_after_s or 0.0
    if failure.kind in _SLOW:
        least = max(least, _SLOW_S)
    spread = min(_MOST_S, _FIRST_S * 2 ** min(attempt, 20))
    return least + chance.uniform(0, spread)
