"""How much one question to the agents service's internal API may ask: who asks gathers by it, who answers allows it.

Apart from the client, so that who answers need not import one.
"""

from __future__ import annotations

from typing import Final

LASTS_AT_ONCE: Final = 64
"""Threads whose last conversation is asked for."""

ENDS_AT_ONCE: Final = 1_000
"""Threads of whose last message the place is asked for."""
