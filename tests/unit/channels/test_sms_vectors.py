"""The desk counts SMS segments as the channel does: both are held to one table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from trunkline.channels.sms import Segments, count

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).resolve().parents[2] / "payloads" / "sms-segments.json").read_text(encoding="utf-8")
)
"""Read by src/live/segments.test.ts of the desk too."""


@pytest.mark.parametrize("row", VECTORS, ids=lambda row: row["name"])
def test_a_text_is_counted_as_the_table_says(row: dict[str, Any]) -> None:
    expected = Segments(row["encoding"], row["units"], row["segments"], row["remaining"])
    assert count(row["text"]) == expected
