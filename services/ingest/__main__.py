"""Ingest: customer → us. A provider's webhook, or a mail, becomes normalized messages in the log."""

from __future__ import annotations

import asyncio
import os
import ssl

from services.ingest.app import App
from services.ingest.channel_log import ChannelLog
from services.ingest.chat.door import Chat
from services.ingest.chat.files import Files
from services.ingest.chat.limits import Limit
from services.ingest.chat.lines import Lines
from services.ingest.chat.record import Record
from services.ingest.chat.socket import Sockets
from services.ingest.chat.window import Shared
from services.ingest.given import Given
from services.ingest.mail_index import MailIndex
from services.ingest.mail_intake import MailIntake
from services.ingest.mail_readers import MailReaders
from services.ingest.mail_threads import MailThreads
from services.ingest.mailboxes import Mailboxes
from services.ingest.media import MediaFetcher
from services.ingest.publish import Publisher
from services.ingest.settings import IngestSettings
from services.ingest.smtp import Limits, SmtpDoor
from services.ingest.webhooks import Webhooks
from trunkline.blobs import Blobs
from trunkline.board.signals import Hearing, Signals
from trunkline.bus import connect
from trunkline.channels.registry import load as load_channels
from trunkline.config.accounts import Accounts
from trunkline.config.load import load
from trunkline.config.watch import Watch
from trunkline.http import serve
from trunkline.internal import asks
from trunkline.service import Service, main


async def build(service: Service) -> None:
    """Build ingest from its settings."""
    settings = service.settings
    if not isinstance(settings, IngestSettings):
        raise TypeError("ingest needs IngestSettings")
    channels = load_channels()
    changed = asyncio.Event()
    watch = Watch(
        settings.config_file,
        lambda path: load(path, channels, os.environ, rules=False),
        on_change=lambda _: _soon(changed),
    )
    bus = await service.enter("log", connect(settings.log_url, deployment=settings.deployment, shards=settings.shards))
    folder = settings.data_dir / "blobs"
    blobs = Blobs(folder)
    media = await service.enter("media", MediaFetcher(blobs))
    internal = await service.enter("record", asks(settings))
    channel_log = ChannelLog(internal)
    accounts = Accounts(watch, channels, public_url=settings.public_url)
    publisher = Publisher(bus, media, blobs)
    chat = await _chat(service, settings, accounts, publisher, record=Record(internal), blobs=blobs)
    app = App(Webhooks(accounts, publisher, channel_log), chat, Given(accounts, blobs), shop=settings.shop)
    readers = await service.enter("mail readers", MailReaders(folder))
    intake = MailIntake(blobs, readers, MailThreads(MailIndex(internal)), publisher, channel_log)
    service.readiness("log", bus.check)
    service.note("configuration", watch.refused)
    service.spawn("configuration", watch.run())
    service.spawn("channel log", channel_log.run())
    await service.enter("http", serve(app, settings.listen_host, settings.port, variable="TRUNKLINE_INGEST_PORT"))
    door = await service.enter("smtp", _smtp(settings, intake, Mailboxes(accounts)))
    service.spawn("smtp listener", door.run(changed))


def _soon(changed: asyncio.Event) -> None:
    """Told at the next turn of the loop, when the new configuration is in use."""
    asyncio.get_running_loop().call_soon(changed.set)


def _smtp(settings: IngestSettings, intake: MailIntake, mailboxes: Mailboxes) -> SmtpDoor:
    tls = None
    if settings.smtp_certificate is not None:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(settings.smtp_certificate, settings.smtp_key)
    limits = Limits(max_connections=settings.smtp_max_connections, mails_per_minute=settings.smtp_mails_per_minute)
    return SmtpDoor(intake, mailboxes, host=settings.smtp_host, port=settings.smtp_port, tls=tls, limits=limits)


async def _chat(
    service: Service, settings: IngestSettings, accounts: Accounts, publisher: Publisher,
    *, record: Record, blobs: Blobs,
) -> Chat:  # fmt: skip
    """Visitors' side: the record is asked what was said, the board's pub/sub tells what is new."""
    deployment, board = settings.deployment, settings.board_url
    signals = await service.enter("signals", Signals(board, deployment=deployment))
    lines = Lines(Hearing(board, deployment=deployment), record)
    limit = Limit()
    service.spawn("signals", signals.run())
    service.spawn("hearing", lines.hear())
    service.spawn("missed messages", lines.compare())
    shared = Shared(publisher=publisher, record=record, tell=signals.tell, limit=limit)
    return Chat(accounts, Sockets(shared, lines), Files(blobs, limit))


if __name__ == "__main__":
    main("ingest", IngestSettings, build)
