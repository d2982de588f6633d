"""Which hours `trunkline replay` means, and what it says where it cannot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from trunkline.cli.replay import Span, register, span

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_the_day_before_now_is_meant_where_nothing_is_said() -> None:
    assert span(None, None, now=NOW) == Span(NOW - timedelta(days=1), NOW)


def test_times_without_a_zone_are_utc() -> None:
    found = span(datetime(2026, 11, 20, 8), datetime(2026, 11, 20, 18), now=NOW)  # noqa: DTZ001  as typer reads them

    assert found == Span(datetime(2026, 11, 20, 8, tzinfo=UTC), datetime(2026, 11, 20, 18, tzinfo=UTC))


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [(NOW, NOW, "is not before"), (NOW - timedelta(days=40), NOW, "the log keeps 30")],
)
def test_hours_that_cannot_be_are_refused(since: datetime, until: datetime, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        span(since, until, now=NOW)


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--since", "2026-01-02", "--until", "2026-01-01"], 2, "is not before"),
        (["--config", "none.yaml"], 1, "none.yaml:1:1: cannot be read"),
        (["--config", "good.yaml"], 1, "replay: "),  # nothing answers there
    ],
)
def test_what_is_wrong_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], status: int, said: str
) -> None:
    (tmp_path / "good.yaml").write_text("default_queue: support\nqueues:\n  support: {title: Support}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRUNKLINE_LOG_URL", "redis://127.0.0.1:9/0")
    app = typer.Typer()
    register(app)

    result = CliRunner().invoke(app, words)

    assert result.exit_code == status, result.output
    assert said in result.output
