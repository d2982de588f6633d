"""The running configuration follows its file, and only to what is good."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from tests.unit.config.bad_files import SOUND
from trunkline.config.load import load
from trunkline.config.model import Config
from trunkline.config.problems import ConfigError
from trunkline.config.watch import Watch

OTHER = SOUND.replace("Support}", "Help}")
BAD = SOUND.replace("title", "titel")


def read(path: Path) -> Config:
    return load(path, None, {})


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def remove(path: Path) -> None:
    path.unlink()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "trunkline.yaml", SOUND)


async def test_a_changed_file_is_in_use_at_the_next_look(path: Path) -> None:
    changes: list[Config] = []
    watch = Watch(path, read, on_change=changes.append)
    before = watch.version

    write(path, OTHER)
    changed = await watch.look()

    assert changed
    assert watch.current.queues["support"].title == "Help"
    assert watch.version != before
    assert changes == [watch.current]


async def test_an_unchanged_file_is_not_read_again(path: Path) -> None:
    reads: list[Path] = []

    def counted(file: Path) -> Config:
        reads.append(file)
        return read(file)

    watch = Watch(path, counted)

    assert not await watch.look()
    assert len(reads) == 1


async def test_a_bad_file_leaves_the_good_one_in_use_and_is_told_until_a_good_one_comes(path: Path) -> None:
    watch = Watch(path, read)
    good = watch.current

    write(path, BAD)
    assert not await watch.look()
    assert watch.current is good
    assert watch.last_error is not None
    assert watch.last_error.problems[0].path == "queues.support"
    assert not await watch.look()
    assert watch.last_error is not None

    write(path, OTHER)
    assert await watch.look()
    assert watch.last_error is None


async def test_a_refused_file_is_told_to_people_until_a_good_one_comes(path: Path) -> None:
    watch = Watch(path, read)
    good = watch.version
    assert (watch.refused(), reload_failed(), versions()) == (None, 0, {good})

    write(path, BAD)
    with capture_logs() as logged:
        await watch.look()
        await watch.look()
    told = watch.refused()
    assert told is not None
    assert "queues.support" in told
    assert good in told
    assert (reload_failed(), versions()) == (1, {good})
    assert [(line["event"], line["log_level"]) for line in logged] == [("config_refused", "error")]
    assert "queues.support" in logged[0]["problems"][0]

    write(path, OTHER)
    await watch.look()
    assert watch.version != good
    assert (watch.refused(), reload_failed(), versions()) == (None, 0, {watch.version})


def reload_failed() -> float | None:
    return REGISTRY.get_sample_value("trunkline_config_reload_failed")


def versions() -> set[str]:
    samples = next(family.samples for family in REGISTRY.collect() if family.name == "trunkline_config_info")
    return {sample.labels["version"] for sample in samples if sample.value == 1}


async def test_a_file_that_vanishes_leaves_the_good_one_in_use_and_may_come_back(path: Path) -> None:
    watch = Watch(path, read)

    remove(path)
    assert not await watch.look()
    assert watch.last_error is not None
    assert watch.current.queues["support"].title == "Support"

    write(path, SOUND)
    assert not await watch.look()
    assert watch.last_error is None


async def test_a_link_that_leads_elsewhere_is_a_change(tmp_path: Path) -> None:
    for name, text in (("one", SOUND), ("two", SOUND.replace("Support}", "Assists}"))):
        os.utime(write(tmp_path / name, text), (1, 1))  # as a restored back-up has it: neither time nor size differ
    link = tmp_path / "trunkline.yaml"
    link.symlink_to("one")
    watch = Watch(link, read)

    link.unlink()
    link.symlink_to("two")

    assert await watch.look()
    assert watch.current.queues["support"].title == "Assists"


async def test_a_service_does_not_start_on_a_bad_file(path: Path) -> None:
    write(path, BAD)

    with pytest.raises(ConfigError):
        Watch(path, read)


async def test_it_looks_by_itself_and_at_once_when_told(path: Path) -> None:
    seen: asyncio.Queue[str] = asyncio.Queue()
    watch = Watch(path, read, on_change=lambda config: seen.put_nowait(config.queues["support"].title))

    polling = asyncio.create_task(watch.run(poll_s=0.01))
    write(path, OTHER)
    assert await asyncio.wait_for(seen.get(), 10) == "Help"
    polling.cancel()

    told = asyncio.create_task(watch.run(poll_s=3_600))
    write(path, SOUND)
    watch.look_now()
    assert await asyncio.wait_for(seen.get(), 10) == "Support"
    told.cancel()
    await asyncio.gather(polling, told, return_exceptions=True)
