"""The agents service: the desk, its API, and the record."""

from __future__ import annotations

import os

from services.agents.actions import Actions
from services.agents.allowance import Allowance
from services.agents.api.asking import Parts
from services.agents.app import make_app
from services.agents.auth import Auth
from services.agents.colleagues import Colleagues
from services.agents.cookies import SessionCookie
from services.agents.desk import Desk
from services.agents.files import Files
from services.agents.follow import LogFollower
from services.agents.frames import RESTARTING
from services.agents.hub import Hub
from services.agents.letters import Letters
from services.agents.looking import Looking
from services.agents.passwords import Passwords
from services.agents.projector import Projector
from services.agents.reach import Reach
from services.agents.repository import Repository
from services.agents.roll import Roll
from services.agents.roster_check import run_comparison
from services.agents.rule_trial import RuleTrial
from services.agents.settings import AgentsSettings
from services.agents.signals import ContactSignals
from services.agents.staging import Staging, run_sweep
from services.agents.unroutable import run_unroutable
from services.agents.upkeep import run_upkeep
from services.agents.uploads import Uploads
from services.agents.waiters import Waiters
from trunkline.blobs import Blobs
from trunkline.board import Board
from trunkline.board.looks import Waits
from trunkline.board.signals import Hearing, Signals
from trunkline.bus import connect
from trunkline.channels.registry import load as load_channels
from trunkline.config.load import load
from trunkline.config.watch import Watch
from trunkline.http import serve
from trunkline.service import Service, main


async def build(service: Service) -> None:
    """Build the agents service from its settings."""
    settings = service.settings
    if not isinstance(settings, AgentsSettings):
        raise TypeError("the agents service needs AgentsSettings")
    watch = Watch(settings.config_file, lambda path: load(path, None, os.environ, rules=False))
    deployment, shards = settings.deployment, settings.shards
    bus = await service.enter("log", connect(settings.log_url, deployment=deployment, shards=shards))
    board = await service.enter("board", Board(settings.board_url, deployment=deployment, shards=shards))
    repository = await service.enter("record", Repository(settings.database_url))
    passwords = await service.enter("passwords", Passwords())
    hub, waiters = Hub(), Waiters(bus)
    follower = LogFollower(bus, hub, waiters)
    cookie = SessionCookie(https=settings.desk_url.startswith("https://"))
    auth = Auth(repository, passwords, cookie=cookie)
    channels = load_channels()
    blobs = Blobs(settings.data_dir / "blobs")
    staging = Staging(settings.data_dir / "uploads", blobs)
    files = Files(settings.internal_token, repository, staging)
    allowance = Allowance(settings.uploads_per_hour, settings.upload_megabytes_per_hour * 1_000_000)
    actions = Actions(
        board, waiters, watch, channels, letters=Letters(repository), files=files,
        begins_per_minute=settings.begins_per_minute,
    )  # fmt: skip
    signals = await service.enter("signals", Signals(settings.board_url, deployment=deployment))
    looking, hearing = Looking(signals), Hearing(settings.board_url, deployment=deployment)
    contacts = ContactSignals(board, hub, channels, signals, hearing, looking=looking)
    reach = Reach(repository)
    parts = Parts(
        auth=auth, actions=actions, repository=repository, bus=bus, board=board, hub=hub, watch=watch,
        rules=RuleTrial(),
        colleagues=Colleagues(board, repository), reach=reach, waits=Waits(board), channels=channels,
        blobs=blobs, files=files, uploads=Uploads(staging, allowance), signals=signals,
        internal_token=settings.internal_token,
    )  # fmt: skip
    roll = Roll(board)
    app = make_app(parts, Desk(board, hub, actions, auth, repository, contacts, looking, roll, watch), passwords)

    async def board_open() -> str | None:
        return None if await board.is_open() else "the board is not open"

    async def following() -> str | None:
        return None if follower.following.is_set() else "the log is not followed yet"

    service.readiness("record", repository.ready)
    service.readiness("board", board_open)
    service.readiness("log", following)
    service.note("configuration", watch.refused)
    service.spawn("configuration", watch.run())
    service.spawn("log follower", follower.run())
    service.spawn("hub", hub.tidy())
    service.spawn("roll", roll.run())
    service.spawn("signals", signals.run())
    service.spawn("contacts' signals", contacts.run())
    service.spawn("looking", looking.run())
    service.spawn("upkeep", run_upkeep(repository))
    service.spawn("uploads", run_sweep(staging))
    service.spawn("roster comparison", run_comparison(board, repository))
    service.spawn("unroutable", run_unroutable(board, reach))
    service.spawn("projection", Projector(bus, repository, settings.member).run())
    await service.enter("http", serve(app, settings.listen_host, settings.port, variable="TRUNKLINE_AGENTS_PORT"))
    service.spawn("desks", _send_away(service, hub), grace_s=1.0)


async def _send_away(service: Service, hub: Hub) -> None:
    """When the service stops, desks are told to come back rather than left to find out."""
    await service.stopping.wait()
    for socket in hub.sockets():
        socket.end(RESTARTING, "restarting")


if __name__ == "__main__":
    main("agents", AgentsSettings, build)
