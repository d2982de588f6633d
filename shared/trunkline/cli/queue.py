"""`trunkline queue shut` and `queue open`: what a supervisor does at the desk, for operators and their scripts."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from trunkline.ids import new_id
from trunkline.internal import RecordAway, Refused, asks
from trunkline.settings import AsksAgents, SettingsError, load_settings

_TOTAL_S = 10.0
"""An action is waited for until it is in the log: five seconds at most, then it is pending."""

_SPAN = re.compile(r"([0-9]{1,5})([mh])", re.ASCII)
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.ASCII)
_HOURS = {"m": 60, "h": 1}

Queue = Annotated[str, typer.Argument(help="the queue's name in trunkline.yaml")]


class NoSuchTime(ValueError):
    """The text is no time; the message says what one looks like."""


def moment(words: str, now: datetime) -> datetime:
    """A time in the future: `45m`, `2h`, the next `17:30`, or RFC 3339. Without a zone it is `now`'s. NoSuchTime."""
    if span := _SPAN.fullmatch(words):
        return now + timedelta(hours=int(span[1]) / _HOURS[span[2]])
    if shown := _CLOCK.fullmatch(words):
        today = now.replace(hour=int(shown[1]), minute=int(shown[2]), second=0, microsecond=0)
        return today if today > now else today + timedelta(days=1)
    try:
        told = datetime.fromisoformat(words)
    except ValueError:
        raise NoSuchTime(f"{words[:60]!r} is no time: write 45m, 2h, 17:30 or 2026-11-23T17:30+02:00") from None
    told = told if told.tzinfo is not None else told.replace(tzinfo=now.tzinfo)
    if told <= now:
        raise NoSuchTime(f"{told:%Y-%m-%d %H:%M %Z} is over")
    return told


def register(app: typer.Typer) -> None:
    """Add the commands."""
    queue = typer.Typer(no_args_is_help=True, help="Queues: shut one, and open it again.")
    app.add_typer(queue, name="queue")
    queue.command("shut")(shut)
    queue.command("open")(open_again)


def shut(
    name: Queue,
    until: Annotated[
        str, typer.Option(help="45m, 2h, 17:30 or 2026-11-23T17:30+02:00; left out: until somebody opens it")
    ] = "",
    note: Annotated[str, typer.Option(help="why, for colleagues and the log; customers are not told it")] = "",
) -> None:
    """Offer nobody what waits in a queue. It keeps its place; customers are told what the queue's `tells` say."""
    try:
        ends = moment(until, datetime.now().astimezone()) if until else None
    except NoSuchTime as error:
        raise typer.BadParameter(str(error), param_hint="--until") from error
    body = {"note": note, **({"until": ends.isoformat()} if ends is not None else {})}
    done = _asked(name, "shut", body)
    span = f"until {ends:%Y-%m-%d %H:%M %Z}" if ends is not None else "until somebody opens it"
    typer.echo(f"{name} is shut {span}{done}")


def open_again(name: Queue) -> None:
    """Open a shut queue; what waits is offered at once."""
    typer.echo(f"{name} is open{_asked(name, 'open', {})}")


def _asked(name: str, verb: str, body: dict[str, Any]) -> str:
    """What is to be said besides, once it is decided; a clear word and status 1 where it is not."""
    if not _NAME.fullmatch(name):
        raise typer.BadParameter("a queue's name has small letters, digits and dashes", param_hint="NAME")
    try:
        told = asyncio.run(_ask(load_settings(AsksAgents), f"/internal/queues/{name}/{verb}", body))
    except SettingsError as error:
        raise typer.BadParameter(str(error)) from error
    except RecordAway as error:
        typer.echo(f"queue: {_why(name, verb, error)}", err=True)
        raise typer.Exit(1) from error
    return " (decided; not in the log yet)" if told.get("status") == "pending" else ""


async def _ask(settings: AsksAgents, path: str, body: dict[str, Any]) -> dict[str, Any]:
    async with asks(settings, total_s=_TOTAL_S) as client:
        return await client.post(path, {"operation": new_id(), **body})


def _why(name: str, verb: str, error: RecordAway) -> str:
    if not isinstance(error, Refused):
        return f"the agents service does not answer ({error}); is it running, and is its address right?"
    if error.code == "gone" and verb == "open":
        return f"{name} is not shut"
    return error.detail or str(error)
