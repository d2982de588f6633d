"""The router: from `inbound` to the right agent, by the board."""

from __future__ import annotations

import os
from pathlib import Path

from services.router.core import Core, Rules
from services.router.flexibility import run_flexibility
from services.router.hours import Hours
from services.router.owner import Owner
from services.router.record import PATIENCE_S, Record
from services.router.recount import run_recount
from services.router.settings import RouterSettings
from services.router.telling import Telling
from services.router.timers import run_figures, run_keeping, run_sweep, run_timers
from trunkline.blobs import Blobs
from trunkline.board import Board
from trunkline.bus import connect
from trunkline.channels.registry import load as load_channels
from trunkline.config.engine import engine_of
from trunkline.config.load import load
from trunkline.config.model import Config
from trunkline.config.watch import Watch
from trunkline.internal import asks
from trunkline.metrics import RULE_FAILURES, SHARDS
from trunkline.service import Service, main


def compile_rules(config: Config) -> Rules:
    """The rules of a configuration, ready to decide."""
    return Rules(config, engine_of(config, on_failure=lambda failure: RULE_FAILURES.labels(failure.rule).inc()))


async def build(service: Service) -> None:
    """Build the router from its settings."""
    settings = service.settings
    if not isinstance(settings, RouterSettings):
        raise TypeError("the router needs RouterSettings")
    rules: list[Rules] = []
    channels = load_channels()
    ready: list[Rules] = []

    def read(path: Path) -> Config:
        """Here, in the thread that reads: compiling and learning would keep the loop for a while."""
        config = load(path, channels, os.environ)
        ready[:] = [compile_rules(config)]
        return config

    hours = Hours()

    def change(_: Config) -> None:
        rules[0] = ready[0]
        hours.changed()

    watch = Watch(settings.config_file, read, on_change=change)
    rules.append(ready[0])
    deployment, shards = settings.deployment, settings.shards
    core = Core(
        member=settings.member,
        board=await service.enter("board", Board(settings.board_url, deployment=deployment, shards=shards)),
        bus=await service.enter("log", connect(settings.log_url, deployment=deployment, shards=shards)),
        blobs=Blobs(settings.data_dir / "blobs"),
        record=Record(await service.enter("record", asks(settings, total_s=PATIENCE_S))),
        rules=lambda: rules[0],
        channels=channels,
    )
    SHARDS.set(shards)
    owner, telling = Owner(core), Telling(core)

    async def shards_verified() -> str | None:
        return owner.not_ready() or (None if await core.board.is_open() else "the board is not open")

    service.readiness("shards", shards_verified)
    service.note("configuration", watch.refused)
    service.spawn("configuration", watch.run())
    service.spawn("shards", owner.run())
    service.spawn("timers", run_timers(core, owner.shards, telling))
    service.spawn("telling", telling.run())
    service.spawn("sweep", run_sweep(core, owner.shards))
    service.spawn("recount", run_recount(core, owner.shards))
    service.spawn("figures", run_figures(core, owner.shards))
    service.spawn("flexibility", run_flexibility(core, owner.shards))
    service.spawn("hours", hours.run(core))
    service.spawn("keeping", run_keeping(core, owner.shards))


if __name__ == "__main__":
    main("router", RouterSettings, build)
