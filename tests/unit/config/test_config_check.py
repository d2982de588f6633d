"""`trunkline check`, and the file the demo runs by."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from trunkline.channels import registry
from trunkline.cli.check import check, register
from trunkline.config.calendars import Calendar
from trunkline.config.engine import engine_of
from trunkline.config.intents import Intents
from trunkline.config.load import load
from trunkline.config.model import AccountEntry, Languages, Layout, Rule
from trunkline.config.queues import Queue
from trunkline.config.room import QuietWork
from trunkline.config.rules import VARIABLES, Facts

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "deploy/trunkline.yaml"


def test_the_demo_file_is_good_without_any_variable_set() -> None:
    config = load(EXAMPLE, registry.load(), {})

    account = config.account("sms-main", public_url="http://127.0.0.1:7110")
    assert account is not None
    assert account.settings.api_base == "http://127.0.0.1:7150"
    assert set(config.queues) == {"support", "sales", "billing"}
    assert set(config.skills) >= {"lang.en", "lang.tr", "lang.lv"}


@pytest.mark.parametrize(
    ("text", "queue", "skills"),
    [
        ("Hello, where is my order?", "support", {"lang.en"}),
        ("Merhaba, siparişim nerede?", "support", {"lang.tr"}),
        ("FATURAM YOK", "billing", {"lang.tr", "billing"}),
        ("fatura için", "billing", {"lang.tr", "billing"}),
        ("Labdien! Kur ir mans pasūtījums?", "support", {"lang.lv"}),
        ("Rēķinu, lūdzu", "billing", {"lang.lv", "billing"}),
        ("What is the price?", "sales", {"lang.en"}),
    ],
)
def test_the_demo_rules_tell_three_languages_and_three_queues_apart(text: str, queue: str, skills: set[str]) -> None:
    rules = engine_of(load(EXAMPLE, None, {}))

    routed = rules.decide(Facts(text=text, channel="twilio-sms", account="sms-main", address="+371", scheme="tel"))

    assert (routed.queue, set(routed.requires)) == (queue, skills)
    assert not routed.errors


def test_check_prints_file_line_and_column_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("default_queue: a\nqueues:\n  a: {titel: A}\n")

    status = check(bad)

    assert status == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{bad}:3:3: queues.a: `title` is missing",
        f"{bad}:3:7: queues.a.titel: unknown key `titel`; did you mean `title`?",
    ]


def test_check_sums_up_a_good_file(capsys: pytest.CaptureFixture[str]) -> None:
    status = check(EXAMPLE)

    out = capsys.readouterr().out
    assert status == 0
    assert "sms-main (twilio-sms)" in out
    assert "support, sales, billing (default: support)" in out


def test_the_command_gives_its_status_to_the_shell(tmp_path: Path) -> None:
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)

    assert CliRunner().invoke(app, ["check", str(EXAMPLE)]).exit_code == 0
    assert CliRunner().invoke(app, ["check", str(tmp_path / "none.yaml")]).exit_code == 1


def test_the_document_names_every_key_and_every_variable() -> None:
    document = (ROOT / "docs/configuration.md").read_text()

    for model in (Layout, Queue, Rule, AccountEntry, Calendar, Languages, Intents, QuietWork):
        for key in model.model_fields:
            assert f"`{key}`" in document, key
    for variable in VARIABLES:
        assert f"`{variable}`" in document, variable


def test_the_worked_example_of_the_document_is_good(tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/configuration.md").read_text(), re.DOTALL)
    file = tmp_path / "trunkline.yaml"
    file.write_text(blocks[0])

    config = load(file, registry.load(), {"TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": "token"})

    assert config.rules
