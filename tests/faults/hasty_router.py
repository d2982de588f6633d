"""The router as it is, but for when a checkpoint is due: `python -m tests.faults.hasty_router`.

Fifty thousand events or ten minutes are more than a test has.
"""

from __future__ import annotations

import runpy
from typing import Any, cast

from services.router import checkpoint, timers

if __name__ == "__main__":
    cast("Any", checkpoint).EVERY_EVENTS = 40
    cast("Any", timers)._LOOK_S = 0.5
    runpy.run_module("services.router", run_name="__main__")
