"""Ingest: customer → us. A provider's webhook becomes normalized messages in the log."""

from __future__ import annotations

import os

from services.ingest.app import App
from services.ingest.channel_log import ChannelLog
from services.ingest.media import MediaFetcher
from services.ingest.publish import Publisher
from services.ingest.settings import IngestSettings
from services.ingest.webhooks import Webhooks
from trunkline.blobs import Blobs
from trunkline.bus import connect
from trunkline.channels.registry import load as load_channels
from trunkline.config.accounts import Accounts
from trunkline.config.load import load
from trunkline.config.watch import Watch
from trunkline.http import serve
from trunkline.service import Service, main


async def build(service: Service) -> None:
    """Build ingest from its settings."""
    settings = service.settings
    if not isinstance(settings, IngestSettings):
        raise TypeError("ingest needs IngestSettings")
    channels = load_channels()
    watch = Watch(settings.config_file, lambda path: load(path, channels, os.environ, rules=False))
    bus = await service.enter("log", connect(settings.log_url, deployment=settings.deployment, shards=settings.shards))
    blobs = Blobs(settings.data_dir / "blobs")
    media = await service.enter("media", MediaFetcher(blobs))
    channel_log = ChannelLog(settings.agents_internal_url, settings.internal_token.get_secret_value())
    accounts = Accounts(watch, channels, public_url=settings.public_url)
    app = App(Webhooks(accounts, Publisher(bus, media, blobs), channel_log))
    service.readiness("log", bus.check)
    service.note("configuration", watch.refused)
    service.spawn("configuration", watch.run())
    service.spawn("channel log", channel_log.run())
    await service.enter("http", serve(app, settings.listen_host, settings.port, variable="TRUNKLINE_INGEST_PORT"))


if __name__ == "__main__":
    main("ingest", IngestSettings, build)
