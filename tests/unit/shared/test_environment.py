"""The environment: bounded, checked, frozen, and a typing error is met with the right name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from services.agents.prepare import PrepareSettings
from services.agents.settings import AgentsSettings
from services.ingest.settings import IngestSettings
from services.notify.settings import NotifySettings
from services.router.settings import RouterSettings
from trunkline.local import LocalSettings
from trunkline.settings import VARIABLES, CommonSettings, ServiceSettings, SettingsError, load_settings, variables_of

SERVICES: list[type[ServiceSettings]] = [IngestSettings, RouterSettings, AgentsSettings, NotifySettings]
EVERY_MODEL: list[type[CommonSettings]] = [*SERVICES, LocalSettings, PrepareSettings]


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("TRUNKLINE_") or name in {"DATABASE_URL", "REDIS_URL", "KAFKA_BOOTSTRAP_SERVERS"}:
            monkeypatch.delenv(name)


@pytest.mark.parametrize("settings_type", SERVICES)
def test_every_service_starts_with_an_empty_environment(settings_type: type[ServiceSettings]) -> None:
    settings = load_settings(settings_type)

    assert settings.deployment == "trunkline"
    assert settings.shards == 6
    assert settings.ops_host == "127.0.0.1"


def test_no_two_services_listen_on_one_port_by_default() -> None:
    ports = [load_settings(each).ops_port for each in SERVICES]
    ports += [load_settings(IngestSettings).port, load_settings(AgentsSettings).port]

    assert len(ports) == len(set(ports))


def test_the_list_of_known_variables_is_that_of_the_models() -> None:
    named = {
        variable
        for settings_type in EVERY_MODEL
        for name, field in settings_type.model_fields.items()
        for variable in variables_of(name, field)
    }

    assert {name for name in named if name.startswith("TRUNKLINE_")} == VARIABLES


@pytest.mark.parametrize("settings_type", EVERY_MODEL)
def test_every_setting_is_described(settings_type: type[CommonSettings]) -> None:
    assert [name for name, field in settings_type.model_fields.items() if not field.description] == []


def test_an_unknown_variable_is_refused_with_the_one_that_was_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUNKLINE_BORD_URL", "redis://127.0.0.1:1/0")

    with pytest.raises(SettingsError, match=r"TRUNKLINE_BORD_URL is not a setting; did you mean TRUNKLINE_BOARD_URL\?"):
        load_settings(RouterSettings)


def test_a_variable_of_another_service_is_no_stranger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUNKLINE_INGEST_PORT", "9000")

    load_settings(RouterSettings)

    assert load_settings(IngestSettings).port == 9000


def test_a_process_s_own_name_counts_before_the_common_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUNKLINE_OPS_PORT", "9001")
    monkeypatch.setenv("TRUNKLINE_ROUTER_OPS_PORT", "9002")

    assert load_settings(RouterSettings).ops_port == 9002
    assert load_settings(NotifySettings).ops_port == 9001


def test_all_problems_are_told_at_once_each_with_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUNKLINE_SHARDS", "0")
    monkeypatch.setenv("TRUNKLINE_ROUTER_OPS_PORT", "70000")
    monkeypatch.setenv("TRUNKLINE_SHARD", "6")

    with pytest.raises(SettingsError) as caught:
        load_settings(RouterSettings)

    assert [problem.split()[0] for problem in caught.value.problems] == [
        "TRUNKLINE_SHARD",
        "TRUNKLINE_SHARDS:",
        "TRUNKLINE_ROUTER_OPS_PORT:",
    ]


def test_a_wrong_value_is_never_repeated_since_it_may_be_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUNKLINE_INTERNAL_TOKEN", "hunter2")
    monkeypatch.setenv("TRUNKLINE_BOARD_URL", "http://user:hunter2@host")

    with pytest.raises(SettingsError) as caught:
        load_settings(RouterSettings)

    assert "hunter2" not in str(caught.value)
    assert len(caught.value.problems) == 2


def test_production_refuses_the_placeholder_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUNKLINE_ENVIRONMENT", "production")

    with pytest.raises(SettingsError, match="TRUNKLINE_INTERNAL_TOKEN"):
        load_settings(RouterSettings)

    monkeypatch.setenv("TRUNKLINE_INTERNAL_TOKEN", "a-real-secret")
    assert load_settings(RouterSettings).environment == "production"


def test_production_refuses_failpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUNKLINE_ENVIRONMENT", "production")
    monkeypatch.setenv("TRUNKLINE_INTERNAL_TOKEN", "a-real-secret")
    monkeypatch.setenv("TRUNKLINE_FAILPOINTS", "x=kill")

    with pytest.raises(SettingsError, match="TRUNKLINE_FAILPOINTS"):
        load_settings(RouterSettings)


def test_settings_are_frozen_and_hide_their_secrets() -> None:
    settings = load_settings(RouterSettings)

    with pytest.raises(ValidationError, match="frozen"):
        settings.shards = 7  # type: ignore[misc]  # the very thing that must be refused
    assert "development-only" not in repr(settings)


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("KAFKA_BOOTSTRAP_SERVERS", "a:9092,b:9092", "kafka://a:9092,b:9092"),
        ("TRUNKLINE_LOG_URL", "kafka://a:9092", "kafka://a:9092"),
        ("TRUNKLINE_LOG_URL", "redis://:secret@127.0.0.1:7101/0", "redis://:secret@127.0.0.1:7101/0"),
    ],
)
def test_the_log_is_named_by_our_variable_or_by_the_usual_one(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, expected: str
) -> None:
    monkeypatch.setenv(variable, value)

    assert load_settings(RouterSettings).log_url == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("postgres://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgresql://h/d", "postgresql+asyncpg://h/d"),
        ("sqlite:////tmp/x.db", "sqlite+aiosqlite:////tmp/x.db"),
    ],
)
def test_the_record_s_address_may_be_written_as_platforms_write_it(
    monkeypatch: pytest.MonkeyPatch, value: str, expected: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", value)

    assert load_settings(AgentsSettings).database_url == expected


def test_the_local_record_lies_in_the_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRUNKLINE_DATA_DIR", str(tmp_path))

    assert load_settings(AgentsSettings).database_url == f"sqlite+aiosqlite:///{tmp_path}/record.db"


def test_a_database_of_another_kind_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUNKLINE_DATABASE_URL", "mysql://h/d")

    with pytest.raises(SettingsError, match="postgresql://"):
        load_settings(AgentsSettings)


def test_one_machine_s_ports_are_the_services_own_defaults() -> None:
    local = load_settings(LocalSettings)
    ingest, agents = load_settings(IngestSettings), load_settings(AgentsSettings)

    assert (local.ingest_port, local.ingest_ops_port) == (ingest.port, ingest.ops_port)
    assert (local.agents_port, local.agents_ops_port) == (agents.port, agents.ops_port)
    assert local.router_ops_port == load_settings(RouterSettings).ops_port
    assert local.notify_ops_port == load_settings(NotifySettings).ops_port
    assert f":{local.up_log_port}/" in ingest.log_url
    assert f":{local.up_board_port}/" in ingest.board_url
