"""Named points between two steps at which a test can kill, delay or fail a real process.

`TRUNKLINE_FAILPOINTS="relay.appended=kill;accept.moved=once(sleep(2))"`, actions:

* `kill`: SIGKILL to the process itself, after one line to stderr that proves it;
* `sleep(seconds)`: a pause there; `raise(words)`: `FailpointHit` with those words;
* `once(action)`: only at the first passage of this process (a restarted one passes anew).

Unset, a point costs one look into a dictionary.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from dataclasses import dataclass
from typing import Final

POINTS: Final[dict[str, str]] = {
    "ingest.verified": "ingest: verified and parsed, before the log is asked",
    "ingest.published": "ingest: in the log, before the provider is answered",
    "mail.placed": "ingest: a mail kept, read and placed in its thread, before the log is asked",
    "mail.published": "ingest: a mail in the log, before its sender hears 250",
    "relay.read": "router: read from the outbox, before the append to routing-events",
    "relay.appended": "router: in routing-events, before anything else knows",
    "checkpoint.kept": "router: checkpoint's blob on disk, before its record in the log",
    "rebuild.taken": "router: every pen taken for a rebuild, before the log is folded",
    "rebuild.built": "router: the new board written, before it is swapped in",
    "verify.taken": "router: a shard's pen taken, before the shard is verified",
    "notify.called": "notify: the provider answered, before the outcome is in the log",
    "notify.recorded": "notify: the outcome is in the log, before anything else knows",
    "notify.failed": "notify: the router is told of a final failure, before it is in deliveries",
    "projection.applied": "agents: rows written, before the transaction is committed",
    "action.moved": "agents: an action is made on the board, before its event is seen in the log",
}
"""Every point that exists: name → the two steps it sits between. The fault tests enumerate this."""

_ACTION = re.compile(r"kill|sleep\((?P<seconds>\d{1,4}(?:\.\d{1,6})?)\)|raise\((?P<words>[^()]{0,200})\)")
_ONCE = re.compile(r"once\((?P<action>.*)\)")


class FailpointHit(Exception):
    """A failpoint set to `raise` was passed."""


@dataclass
class _Action:
    seconds: float | None
    """Pause this long; None: no pause."""
    words: str | None
    """Raise with these words; None: do not raise. Neither pause nor words: kill."""
    once: bool


# The process's own: a failpoint sits inside code that must not know of settings. Empty outside fault tests.
_armed: Final[dict[str, _Action]] = {}


def arm(text: str) -> None:
    """Replace what is armed by `text` (the grammar above; empty: nothing). ValueError names what is wrong."""
    armed = dict(_parsed(part.strip()) for part in text.split(";") if part.strip())
    _armed.clear()
    _armed.update(armed)


def failpoint(name: str) -> None:
    """Do here what was armed for this point; LookupError for a name that is not in `POINTS`."""
    action = _due(name)
    if action is None:
        return
    if action.seconds is not None:
        time.sleep(action.seconds)
        return
    _strike(name, action)


async def afailpoint(name: str) -> None:
    """As `failpoint`; a pause lets the rest of the process run on."""
    action = _due(name)
    if action is None:
        return
    if action.seconds is not None:
        await asyncio.sleep(action.seconds)
        return
    _strike(name, action)


def _due(name: str) -> _Action | None:
    """What was armed for this point, if anything; done once, it is so no more."""
    if name not in POINTS:
        raise LookupError(f"failpoint {name!r} is not in trunkline.failpoints.POINTS")
    action = _armed.get(name)
    if action is None:
        return None
    if action.once:
        del _armed[name]
    _testify(name, action)
    return action


def _testify(name: str, action: _Action) -> None:
    did = "kill" if action.seconds is None and action.words is None else "sleep" if action.words is None else "raise"
    # os.write: nothing may stay in a buffer that the kill throws away.
    os.write(2, f"failpoint {name}: {did} in process {os.getpid()}\n".encode())


def _strike(name: str, action: _Action) -> None:
    if action.words is not None:
        raise FailpointHit(f"{name}: {action.words}")
    os.kill(os.getpid(), signal.SIGKILL)
    signal.pause()  # SIGKILL may be delivered a moment later; nothing after the point may run.


def _parsed(part: str) -> tuple[str, _Action]:
    name, equals, text = (piece.strip() for piece in part.partition("="))
    if not equals:
        raise ValueError(f"failpoint {part!r}: expected name=action")
    if name not in POINTS:
        raise ValueError(f"failpoint {name!r} does not exist")
    once = _ONCE.fullmatch(text)
    match = _ACTION.fullmatch(once["action"] if once else text)
    if match is None:
        raise ValueError(f"failpoint {name}: {text!r} is none of kill, sleep(seconds), raise(words), once(action)")
    seconds = None if match["seconds"] is None else float(match["seconds"])
    return name, _Action(seconds, match["words"], once is not None)
