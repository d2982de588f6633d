"""`trunkline setup`: topics or streams, the record's migrations, the first administrator.

Idempotent, and safe from many replicas at once: it is also what compose and Kubernetes run first.
"""

from __future__ import annotations

import asyncio
import runpy
import sys

import typer
from redis.exceptions import RedisError, ResponseError

from trunkline.bus import BusAway, BusError, connect
from trunkline.connections import redis_client
from trunkline.settings import CommonSettings, SettingsError, load_settings

_WAIT_S = 30.0
_RETRY_S = 0.25


class SetupSettings(CommonSettings):
    """What setup needs to know; the record's address is read by the agents service's own command."""


async def run_setup(settings: CommonSettings, *, replication: int = 1) -> list[str]:
    """Make what is missing; a line for each thing made. BusError (ShardsDiffer) when the log is another's."""
    lines = await _topics(settings, replication)
    await _check_board(settings)
    return lines


async def _topics(settings: CommonSettings, replication: int) -> list[str]:
    deadline = asyncio.get_running_loop().time() + _WAIT_S
    while True:
        bus = connect(settings.log_url, deployment=settings.deployment, shards=settings.shards)
        try:
            async with bus:
                return await bus.create_topics(replication)
        except BusAway as error:
            if asyncio.get_running_loop().time() > deadline:
                raise BusError(f"the log did not answer in {_WAIT_S:g} s: {error}") from error
            await asyncio.sleep(_RETRY_S)


async def _check_board(settings: CommonSettings) -> None:
    """Refuse a board that evicts, for it forgets at random, and one without functions, for it makes no move.

    One that is not there yet is only told of: it may come later.
    """
    client = redis_client(settings.board_url, timeout_s=5.0)
    try:
        await client.function_list(library="trunkline_*")
        policy = (await client.config_get("maxmemory-policy")).get("maxmemory-policy", "noeviction")
    except ResponseError as error:
        if "function" in str(error).lower():
            raise BusError(
                f"the board must be Valkey, or Redis 7 or newer, and allow FUNCTION and FCALL: {error}"
            ) from error
        typer.echo(f"board: its settings cannot be read ({error}); make sure that it never evicts")
        return
    except (RedisError, OSError, TimeoutError) as error:
        typer.echo(f"board: it does not answer ({type(error).__name__}); make sure that it never evicts")
        return
    finally:
        await client.aclose()
    if policy != "noeviction":
        raise BusError(f"the board's maxmemory-policy is {policy}; it must be noeviction, or it forgets at random")


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def setup(
        replication: int = typer.Option(1, help="replicas of each Kafka topic", min=1, max=9),
    ) -> None:
        """Prepare log and record: topics, migrations, the first administrator. Safe to repeat."""
        try:
            settings = load_settings(SetupSettings)
            for line in asyncio.run(run_setup(settings, replication=replication)):
                typer.echo(line)
        except (SettingsError, BusError) as error:
            typer.echo(f"setup: {error}", err=True)
            raise typer.Exit(1) from error
        # The agents service keeps the record, and the SDK never imports a service: its own command ends this one, found
        # in the working directory as `python -m` would.
        sys.path.insert(0, "")
        runpy.run_module("services.agents.prepare", run_name="__main__", alter_sys=True)
