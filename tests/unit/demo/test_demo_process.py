"""The demo as a process: it plays no real provider, says why it cannot start, and ends when asked to."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from trunkline.demo.settings import DemoSettings, played_account
from trunkline.settings import SettingsError, load_settings

DEPLOY = Path(__file__).parents[3] / "deploy/trunkline.yaml"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("TRUNKLINE_", "TWILIO_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TRUNKLINE_CONFIG_FILE", str(DEPLOY))


@pytest.fixture
def provider() -> Iterator[socket.socket]:
    """A port that is taken."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken


async def demo(environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "trunkline.demo", env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip


def test_the_demo_plays_the_provider_of_the_file_the_services_run_by() -> None:
    played = played_account(load_settings(DemoSettings))

    assert (played.name, played.host, played.port) == ("sms-main", "127.0.0.1", 7150)
    assert (played.sid, played.sender) == ("AC" + "0" * 32, "+37120000000")
    assert played.token not in repr(played)


@pytest.mark.parametrize("base", ["https://api.twilio.com", "https://127.0.0.1:7150"])
def test_the_demo_never_writes_to_a_real_provider(monkeypatch: pytest.MonkeyPatch, base: str) -> None:
    monkeypatch.setenv("TWILIO_API_BASE", base)

    with pytest.raises(SettingsError, match="must not write to a real provider"):
        played_account(load_settings(DemoSettings))


def test_production_has_no_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUNKLINE_ENVIRONMENT", "production")
    monkeypatch.setenv("TRUNKLINE_INTERNAL_TOKEN", "a-real-secret")

    with pytest.raises(SettingsError, match="known passwords"):
        played_account(load_settings(DemoSettings))


def test_the_pace_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUNKLINE_DEMO_RATE", "1000")

    with pytest.raises(SettingsError, match="TRUNKLINE_DEMO_RATE"):
        load_settings(DemoSettings)


async def test_a_taken_port_is_one_sentence(provider: socket.socket) -> None:
    port = provider.getsockname()[1]

    process = await demo({"TWILIO_API_BASE": f"http://127.0.0.1:{port}"})
    said, _ = await process.communicate()

    assert process.returncode == 1
    assert said.decode().startswith(f"the demo cannot start: its provider cannot listen on 127.0.0.1:{port} (")
    assert said.count(b"\n") == 1


async def test_sigterm_ends_the_demo_within_two_seconds_also_while_the_desk_is_away(provider: socket.socket) -> None:
    port = provider.getsockname()[1]
    provider.close()
    gone = {"TRUNKLINE_AGENTS_INTERNAL_URL": "http://127.0.0.1:1", "TWILIO_API_BASE": f"http://127.0.0.1:{port}"}

    process = await demo(gone)
    assert process.stdout is not None
    said = await process.stdout.readline()
    asked = time.monotonic()
    process.send_signal(signal.SIGTERM)
    await process.communicate()

    assert b"demo_waits_for_the_roster" in said
    assert process.returncode == 0
    assert time.monotonic() - asked < 2
