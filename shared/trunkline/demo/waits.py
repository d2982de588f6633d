"""How long to wait before coming again: doubling, with jitter, so that seven robots do not come as one."""

from __future__ import annotations

import random
from typing import Final

from trunkline.demo.api import Refused

_FIRST_S: Final = 0.5
_LONGEST_S: Final = 10.0
_WRONG_PASSWORD_S: Final = 60.0  # somebody changed it: asking often would lock the name


class Waits:
    """The pauses of one client."""

    def __init__(self, chance: random.Random) -> None:
        self.failures = 0
        """Failures in a row."""
        self._chance = chance

    def reset(self) -> None:
        """It went well for a while: begin anew."""
        self.failures = 0

    def after(self, error: BaseException) -> float:
        """Seconds to wait after this failure."""
        self.failures += 1
        if isinstance(error, Refused):
            if error.status == 429:
                return max(error.retry_after_s, _LONGEST_S) * self._chance.uniform(1, 1.5)
            if error.code == "wrong-credentials":
                return _WRONG_PASSWORD_S
        longest = min(_FIRST_S * 2 ** min(self.failures - 1, 10), _LONGEST_S)
        return self._chance.uniform(longest / 2, longest)
