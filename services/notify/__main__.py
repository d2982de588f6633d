"""Notify: us → customer. Replies in the log go out on the customer's channel."""

from __future__ import annotations

import os

from services.notify.delivery import Couriers
from services.notify.echo import Echo
from services.notify.owner import STOP_S, Owner
from services.notify.sender import Sender
from services.notify.settings import NotifySettings
from trunkline.blobs import Blobs
from trunkline.board.signals import Signals
from trunkline.bus import connect
from trunkline.channels.registry import load as load_channels
from trunkline.config.accounts import Accounts
from trunkline.config.load import load
from trunkline.config.watch import Watch
from trunkline.service import Service, main


async def build(service: Service) -> None:
    """Build notify from its settings."""
    settings = service.settings
    if not isinstance(settings, NotifySettings):
        raise TypeError("notify needs NotifySettings")
    channels = load_channels()
    watch = Watch(settings.config_file, lambda path: load(path, channels, os.environ, rules=False))
    bus = await service.enter("log", connect(settings.log_url, deployment=settings.deployment, shards=settings.shards))
    signals = await service.enter("signals", Signals(settings.board_url, deployment=settings.deployment))
    blobs = Blobs(settings.data_dir / "blobs")
    sender = await service.enter("sender", Sender(blobs, signals.tell))
    accounts = Accounts(watch, channels, public_url=settings.public_url)
    couriers = Couriers(bus, sender, accounts, echo=Echo(channels, accounts, signals.tell))
    owner = Owner(bus, couriers, settings.member, service.stopping)

    async def taken() -> str | None:
        return owner.not_ready()

    service.readiness("log", bus.check)
    service.readiness("shards", taken)
    service.note("configuration", watch.refused)
    service.spawn("configuration", watch.run())
    service.spawn("signals", signals.run())
    service.spawn("deliveries", owner.run(), grace_s=STOP_S + 2.0)


if __name__ == "__main__":
    main("notify", NotifySettings, build)
