"""Writing outcomes: one batch in flight a partition, each under our pen and with our position."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from services.notify.window import Window
from trunkline.bus import Bus, NewRecord, Pen
from trunkline.events import Header, Mark, ReplySent, SendFailed, StepAccepted, headers, pack
from trunkline.failpoints import afailpoint
from trunkline.gather import Gather
from trunkline.ids import new_id

_BATCH = 200


@dataclass(frozen=True, slots=True)
class Outcome:
    """Something that became of a reply, to be written."""

    event: StepAccepted | ReplySent | SendFailed | Mark
    offset: int
    """Of the reply, in `routing-events`."""
    agent: str = ""
    key: str = ""
    trace: str = ""

    @property
    def final(self) -> bool:
        """Whether nothing more will be done for the reply."""
        return isinstance(self.event, (ReplySent, SendFailed))


class Outcomes:
    """One partition of `deliveries`."""

    def __init__(self, bus: Bus, pen: Pen, window: Window) -> None:
        self._bus = bus
        self._pen = pen
        self._window = window
        self._writes: Gather[Outcome, int] = Gather(self._write, limit=_BATCH, turn=bus.turn)

    async def record(self, outcome: Outcome) -> None:
        """Write it; returns when it is in the log. AppendUnknown: only the log can say, take the pen anew."""
        await self._writes.submit(outcome)

    async def _write(self, outcomes: list[Outcome]) -> list[int]:
        """A batch is all in the log or none of it, so the position after it stands on its last record."""
        for outcome in outcomes:
            if outcome.final:
                self._window.open.pop(outcome.offset, None)
            elif isinstance(outcome.event, StepAccepted):
                self._window.open[outcome.offset] = outcome.event.part + 1
        now = datetime.now(UTC)
        records = [_record(outcome, self._pen.term, now) for outcome in outcomes]
        records[-1] = NewRecord(
            records[-1].key,
            records[-1].value,
            (*records[-1].headers, (Header.POSITION, self._window.text().encode())),
        )
        first = await self._bus.append(self._pen.partition, records, paced=True)
        await afailpoint("notify.recorded")
        return [first + n for n in range(len(outcomes))]

    async def close(self) -> None:
        """Write no more."""
        await self._writes.close()


def _record(outcome: Outcome, term: int, now: datetime) -> NewRecord:
    event = outcome.event
    value = pack(
        event, id=new_id(), source="trunkline/notify", subject=outcome.key, time=now, traceparent=outcome.trace
    )
    more = [(Header.TERM, b"%d" % term)]
    if outcome.trace:
        more.append((Header.TRACE, outcome.trace.encode()))
    if outcome.agent:
        more.append((Header.AGENTS, outcome.agent.encode()))
    return NewRecord(outcome.key.encode(), value, headers(event.type, *more))
