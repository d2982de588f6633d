"""`trunkline staff`: by file and by options."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from trunkline.cli.staff import register

DAY = """
target_s: 20
share: 0.8
handle_s: 180
intervals:
  - {at: night, per_hour: 0}
  - {at: "09:00", per_hour: 600}
  - {at: "12:00", per_hour: 600, handle_s: 360}
"""


def run(*words: str) -> Result:
    app = typer.Typer()
    register(app)
    return CliRunner().invoke(app, list(words))


def test_a_days_intervals_each_need_their_own(tmp_path: Path) -> None:
    file = tmp_path / "day.yaml"
    file.write_text(DAY)

    needs = json.loads(run(str(file), "--json").stdout)

    assert [(need["interval"], need["agents"]) for need in needs] == [("night", 0), ("09:00", 35), ("12:00", 67)]
    assert needs[1]["answered_in_target"] == pytest.approx(0.8367, abs=5e-5)


def test_the_table_says_the_same_as_the_json(tmp_path: Path) -> None:
    file = tmp_path / "day.yaml"
    file.write_text(DAY)

    head, _, morning, _ = run(str(file)).stdout.splitlines()

    assert " ".join(head.split()) == (
        "interval per hour erlangs agents rostered in target mean wait abandoned occupancy"
    )
    assert morning.split() == ["09:00", "600", "30.0", "35", "35", "83.7%", "10.2", "s", "0.0%", "85.7%"]


def test_options_say_it_without_a_file() -> None:
    words = ("--per-hour", "600", "--handle-s", "180", "--target-s", "20", "--share", "0.8")

    plain = json.loads(run(*words, "--json").stdout)[0]
    chat = json.loads(run(*words, "--concurrency", "3", "--shrinkage", "0.3", "--json").stdout)[0]

    assert (plain["agents"], plain["rostered"]) == (35, 35)
    assert (chat["agents"], chat["rostered"]) == (12, 18)  # 36 places; 12 of 18 are at their desks after a third
    assert chat["answered_in_target"] == pytest.approx(0.8912, abs=5e-5)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--share 1 --per-hour 1 --handle-s 1 --target-s 1", "--share: Input should be less than 1"),
        ("--per-hour 600 --handle-s 180 --share 0.8", "--target-s: is missing"),
        ("--handle-s 180 --share 0.8 --target-s 20", "--per-hour: is missing"),
        ("--per-hour nan --handle-s 1 --share 0.8 --target-s 1", "--per-hour: Input should be"),
        ("--per-hour 9000000 --handle-s 1000 --share 0.8 --target-s 1", "the work of 2,500,000 agents"),
        ("--per-hour 900000 --handle-s 9 --patience-s 86400 --share 0.8 --target-s 1", "within a mean patience"),
    ],
)
def test_a_bad_option_is_named(words: str, said: str) -> None:
    result = run(*words.split())

    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_bad_file_is_told_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "day.yaml"
    file.write_text("target_s: 20\nshare: 1.5\nhandle: 180\nintervals: []\n")

    result = run(str(file))

    assert result.exit_code == 1
    assert f"{file}:2:8: share: should be less than 1" in result.stdout
    assert f"{file}:3:1: handle: unknown key `handle`; did you mean `handle_s`?" in result.stdout
    assert f"{file}:4:12: intervals:" in result.stdout


def test_a_file_and_options_together_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "day.yaml"
    file.write_text(DAY)

    result = run(str(file), "--share", "0.9")

    assert result.exit_code == 2
    assert "leave out --share" in result.stderr
