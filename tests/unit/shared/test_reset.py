"""`trunkline reset` deletes our data, only ours, and never under a running `trunkline up`."""

from __future__ import annotations

from pathlib import Path

import pytest

from trunkline.cli.reset import OURS, reset
from trunkline.cli.up import held


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRUNKLINE_DATA_DIR", str(tmp_path))
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "appendonly.aof").write_text("x")
    (tmp_path / "record.db").write_text("x")
    return tmp_path


def test_what_is_ours_is_gone(data: Path) -> None:
    assert reset() == 0

    assert not any((data / name).exists() for name in OURS)


def test_what_is_not_ours_stays_also_behind_a_link(data: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (data / "thesis.txt").write_text("years of work")
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "photo").write_text("x")
    (data / "blobs").symlink_to(elsewhere)

    reset()

    assert (data / "thesis.txt").exists()
    assert (elsewhere / "photo").exists()
    assert not (data / "blobs").exists()


def test_data_in_use_are_not_touched(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with held(data):
        assert reset() == 1

    assert (data / "record.db").exists()
    assert "another `trunkline up`" in capsys.readouterr().err


def test_without_a_data_folder_there_is_nothing_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUNKLINE_DATA_DIR", str(tmp_path / "none"))

    assert reset() == 0
    assert not (tmp_path / "none").exists()
