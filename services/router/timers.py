"""What happens by the clock: the board's timers, the sweep, checkpoints, and the figures for metrics."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import structlog

from services.router.checkpoint import Keeper
from services.router.core import Core
from services.router.shard import Shard
from services.router.survey import Survey
from services.router.telling import Telling
from trunkline.board import BoardAway, BoardClosed
from trunkline.board.rebuild import discard_others
from trunkline.bus import AppendUnknown, BusError, Partition
from trunkline.events import RETENTION_S
from trunkline.metrics import INBOUND_LAG, LEDGER, STRANDED, TIMER_FAILURES, UNRELAYED

log = structlog.get_logger()

_LONGEST_S = 1.0
_SHORTEST_S = 0.02
_MOST = 200
_SWEEP_S = 2.0
_SURVEY_S = 5.0
_LOOK_S = 30.0
_EXPIRE_S = 3_600.0

Owned = Callable[[], Iterable[Shard]]


async def run_timers(core: Core, owned: Owned, telling: Telling) -> None:
    """Run the due timers of all verified shards in one call; sleep until the next, a second at most.

    What the board asks to be said is handed on.
    """
    while True:
        pause = _LONGEST_S
        try:
            shards = [shard for shard in owned() if shard.verified]
            answers = await asyncio.gather(
                *(core.board.call("tick", str(shard.number), str(shard.term), str(_MOST)) for shard in shards)
            )
            for shard, answer in zip(shards, answers, strict=True):
                if answer[0] == b"ok":
                    telling.ask(shard, answer[5])
                    pause = min(pause, _pause(answer))
        except (BoardClosed, BoardAway) as error:
            log.debug("timers_wait", reason=str(error))
        await asyncio.sleep(pause)


def _pause(answer: list[bytes]) -> float:
    """Seconds until this shard's next timer; at once when there were more due than one call runs."""
    for problem in answer[4]:
        TIMER_FAILURES.inc()
        log.error("timer_failed", problem=problem.decode(errors="replace"))  # type: ignore[attr-defined]  # bytes, in a list
    if int(answer[1]) >= _MOST:
        return 0.0
    if not answer[2]:
        return _LONGEST_S
    return max(_SHORTEST_S, (float(answer[2]) - float(answer[3])) / 1_000)


async def run_sweep(core: Core, owned: Owned) -> None:
    """Look for waiting work beside a free agent. Moves leave none; a find is repaired and counted as a bug."""
    while True:
        await asyncio.sleep(_SWEEP_S)
        for shard in owned():
            if shard.number == 0 and shard.verified:
                try:
                    answer = await core.board.call("sweep", "0", str(shard.term))
                except (BoardClosed, BoardAway):
                    break
                if answer[0] == b"ok" and int(answer[1]):
                    STRANDED.inc(int(answer[1]))
                    log.error("sweep_found_stranded_work", found=int(answer[1]))


async def run_figures(core: Core, owned: Owned) -> None:
    """Gauges of the shards we own, and of the whole board where we own shard 0."""
    survey = Survey()
    while True:
        await asyncio.sleep(_SURVEY_S)
        try:
            await _shard_figures(core, owned)
            if any(shard.number == 0 and shard.verified for shard in owned()):
                survey.show(await core.board.call("survey"))
            else:
                survey.clear()
        except (BoardClosed, BoardAway, BusError) as error:
            log.debug("figures_wait", reason=str(error))


async def _shard_figures(core: Core, owned: Owned) -> None:
    for shard in owned():
        if (consumer := shard.consumer) is not None:
            lag = max(0, (await core.bus.bounds(core.inbound(shard.number))).next - 1 - consumer.applied)
            INBOUND_LAG.labels(shard.number).set(lag)
            LEDGER.labels(shard.number).set(lag + UNRELAYED.labels(shard.number)._value.get())  # noqa: SLF001  its only reading


async def run_keeping(core: Core, owned: Owned) -> None:
    """Checkpoints and marks of the shards we own, and what is to be thrown away."""
    keepers: dict[int, Keeper] = {}
    tidied = _Tidied()
    while True:
        await asyncio.sleep(_LOOK_S)
        shards = {shard.number: shard for shard in owned()}
        await _tidy(core, shards, tidied)
        keepers = {number: keepers.get(number) or Keeper(core, number) for number in shards}
        for number, shard in shards.items():
            if (relay := shard.relay) is None:
                continue
            try:
                await keepers[number].look(relay)
            except (AppendUnknown, BusError, BoardAway) as error:
                # The shard's own relay meets the same fault and decides what to do about it.
                log.warning("checkpoint_waits", shard=number, error=str(error))


@dataclass(slots=True)
class _Tidied:
    at: float = 0.0
    generation: str = ""


async def _tidy(core: Core, shards: Mapping[int, Shard], tidied: _Tidied) -> None:
    """Retention, where the log has none of its own, and the keys of boards that are no more."""
    try:
        if time.monotonic() - tidied.at >= _EXPIRE_S:
            for topic, seconds in RETENTION_S.items():
                for number in shards:
                    await core.bus.expire(Partition(topic, number), older_than_s=seconds)
            tidied.at = time.monotonic()
        if 0 in shards and shards[0].verified and core.board.generation != tidied.generation:
            await discard_others(core.board, core.board.generation)
            tidied.generation = core.board.generation
    except (BoardAway, BusError) as error:
        log.warning("tidying_waits", reason=str(error))
