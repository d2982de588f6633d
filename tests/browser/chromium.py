"""Chromium of this machine: where it is, and how it is started."""

from __future__ import annotations

import os
import shutil

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
_NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    """Its path; TRUNKLINE_TEST_CHROMIUM names another. None if there is none (on Debian: apt-get install chromium)."""
    return os.environ.get("TRUNKLINE_TEST_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
