"""`trunkline up`: one clear sentence when it cannot start; the right servers with the right promises when it can."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from redis.asyncio import Redis

from services.agents.settings import AgentsSettings
from services.ingest.settings import IngestSettings
from trunkline.child import Child, Output
from trunkline.cli.up import CannotStart, held, table
from trunkline.local import CHECKOUT, LocalSettings, child_environment, configuration_file, ports_needed, stages
from trunkline.settings import load_settings
from trunkline.testing.ports import free_port


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("TRUNKLINE_") or name in {"DATABASE_URL", "REDIS_URL", "KAFKA_BOOTSTRAP_SERVERS", "DEMO"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("TRUNKLINE_DATA_DIR", str(tmp_path / "data"))
    for variable in _PORTS:
        monkeypatch.setenv(variable, str(free_port()))


_PORTS = (
    "TRUNKLINE_UP_LOG_PORT",
    "TRUNKLINE_UP_BOARD_PORT",
    "TRUNKLINE_INGEST_PORT",
    "TRUNKLINE_INGEST_OPS_PORT",
    "TRUNKLINE_ROUTER_OPS_PORT",
    "TRUNKLINE_AGENTS_PORT",
    "TRUNKLINE_AGENTS_OPS_PORT",
    "TRUNKLINE_NOTIFY_OPS_PORT",
    "TRUNKLINE_SMTP_PORT",
)


def _up() -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "trunkline.cli", "up"]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)


@pytest.mark.parametrize("variable", _PORTS)
def test_a_port_in_use_is_one_sentence_and_nothing_is_started(variable: str) -> None:
    with socket.create_server(("127.0.0.1", int(os.environ[variable]))):
        ended = _up()

    assert ended.returncode == 1
    assert f"port {os.environ[variable]} for " in ended.stderr
    assert ended.stderr.endswith(f"set {variable} to another\n")
    assert ended.stdout == ""


def test_a_data_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("TRUNKLINE_DATA_DIR", str(tmp_path / "file" / "data"))

    ended = _up()

    assert ended.returncode == 1
    assert ended.stderr == (
        f"trunkline cannot start: the data folder {tmp_path}/file/data cannot be written (Not a directory); "
        "set TRUNKLINE_DATA_DIR\n"
    )


def test_a_mistyped_variable_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUNKLINE_INGEST_PROT", "1")

    assert _up().stderr == (
        "trunkline cannot start: TRUNKLINE_INGEST_PROT is not a setting; did you mean TRUNKLINE_INGEST_PORT?\n"
    )


def test_a_second_up_on_the_same_data_is_refused_with_the_first_one_s_process(tmp_path: Path) -> None:
    with (
        held(tmp_path),
        pytest.raises(CannotStart, match=rf"another `trunkline up` \(process {os.getpid()}\)"),
        held(tmp_path),
    ):
        pass


def test_the_data_folder_is_free_again_after_kill_9(tmp_path: Path) -> None:
    program = (
        "import pathlib, signal, sys\n"
        "from trunkline.cli.up import held\n"
        "with held(pathlib.Path(sys.argv[1])):\n"
        "    print('held', flush=True)\n"
        "    signal.pause()\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        first.stdout.readline()
        first.kill()

    with held(tmp_path):
        pass


def test_the_children_share_one_environment_that_every_service_reads_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = load_settings(LocalSettings)
    environment = child_environment(settings, {**os.environ, "TRUNKLINE_OPS_PORT": "1", "TRUNKLINE_MEMBER": "x"})
    for name in list(os.environ):
        if name.startswith("TRUNKLINE_"):
            monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    ingest, agents = load_settings(IngestSettings), load_settings(AgentsSettings)

    assert (ingest.port, ingest.ops_port) == (settings.ingest_port, settings.ingest_ops_port)
    assert (agents.port, agents.ops_port) == (settings.agents_port, settings.agents_ops_port)
    assert ingest.log_url == f"redis://127.0.0.1:{settings.up_log_port}/0"
    assert ingest.board_url == f"redis://127.0.0.1:{settings.up_board_port}/0"
    assert ingest.public_url == f"http://127.0.0.1:{settings.ingest_port}"
    assert (ingest.member, agents.member) == ("ingest-0", "agents-0")


def test_a_log_or_board_of_one_s_own_is_used_and_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "kafka:9092")
    monkeypatch.setenv("TRUNKLINE_BOARD_URL", "redis://board:6379/0")

    settings = load_settings(LocalSettings)

    names = [spec.name for stage in stages(settings, os.environ) for spec in stage]
    assert names == ["setup", "notify", "agents", "router", "ingest", "demo"]
    assert child_environment(settings, os.environ)["TRUNKLINE_LOG_URL"] == "kafka://kafka:9092"
    assert not {need.variable for need in ports_needed(settings)} & {"TRUNKLINE_UP_LOG_PORT", "TRUNKLINE_UP_BOARD_PORT"}


def test_demo_0_leaves_the_demo_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO", "0")

    settings = load_settings(LocalSettings)

    assert "demo" not in [spec.name for stage in stages(settings, os.environ) for spec in stage]
    assert any("off" in line for line in table(settings, seconds=1))


def test_the_demo_s_configuration_is_used_only_where_there_is_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert configuration_file(load_settings(LocalSettings)) == CHECKOUT / "deploy" / "trunkline.yaml"

    (tmp_path / "trunkline.yaml").write_text("")
    assert configuration_file(load_settings(LocalSettings)) == tmp_path / "trunkline.yaml"

    monkeypatch.setenv("TRUNKLINE_CONFIG_FILE", "other.yaml")
    assert configuration_file(load_settings(LocalSettings)) == tmp_path / "other.yaml"


@pytest.mark.parametrize(("name", "fsync"), [("log", "always"), ("board", "everysec")])
async def test_an_embedded_server_keeps_what_it_acknowledged_through_kill_9(name: str, fsync: str) -> None:
    settings = load_settings(LocalSettings)
    (spec,) = [spec for spec in stages(settings, os.environ)[0] if spec.name == name]
    port = settings.up_log_port if name == "log" else settings.up_board_port
    output = Output(sys.stdout, names=[name], colour=False)
    assert spec.ready is not None

    for expected in (None, b"1"):
        child = await Child.start(spec, output)
        while not await spec.ready():
            await asyncio.sleep(0.01)
        async with Redis(port=port) as client:
            assert await client.get("key") == expected
            await client.set("key", "1")
            assert (await client.config_get("appendfsync"))["appendfsync"] == fsync
            assert (await client.config_get("maxmemory-policy"))["maxmemory-policy"] == "noeviction"
            assert (await client.config_get("save"))["save"] == ""
            assert (await client.config_get("bind"))["bind"] == "127.0.0.1"
        child.signal(signal.SIGKILL)
        assert await child.ended() == -signal.SIGKILL
