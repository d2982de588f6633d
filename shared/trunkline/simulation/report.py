"""What came of the floors, in rows for people and in plain values for machines. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from trunkline.simulation.estimate import Estimate, differences, estimates
from trunkline.simulation.study import Outcome
from trunkline.simulation.tally import Key, Scope

_SCOPES = {Scope.FLOOR: "floor", Scope.QUEUE: "queues", Scope.CLASS: "classes", Scope.GROUP: "groups"}


class Column(NamedTuple):
    """A figure as it is shown: its heading, its name, and how a value of it reads."""

    heading: str
    figure: str
    say: Callable[[float], str]


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _seconds(value: float) -> str:
    return f"{value:,.1f} s"


def _share(value: float) -> str:
    return f"{value:.1%}"


def _index(value: float) -> str:
    return f"{value:.3f}"


CUSTOMERS = (
    Column("arrived", "arrived", _whole),
    Column("mean wait", "mean_wait_s", _seconds),
    Column("p50", "p50_wait_s", _seconds),
    Column("p95", "p95_wait_s", _seconds),
    Column("in target", "in_target", _share),
    Column("abandoned", "abandoned", _share),
    Column("unserved", "unserved", _whole),
    Column("fairness", "fairness", _index),
)
"""Fairness is Jain's index: how evenly the queue's work (of the floor: all work) lies on those who may take it."""
AGENTS = (Column("utilisation", "utilisation", _share), Column("fairness", "fairness", _index))
COMPARED = (CUSTOMERS[1], *CUSTOMERS[3:6], *AGENTS)


@dataclass(frozen=True, slots=True)
class Table:
    """A heading and what stands under it."""

    head: tuple[str, ...]
    rows: list[tuple[str, ...]]


class Report:
    """Every floor's estimates, and the others' differences from the first."""

    def __init__(self, outcomes: Sequence[Outcome], *, seed: int, notes: Sequence[str] = ()) -> None:
        self.outcomes = outcomes
        self.notes = notes
        self.seed = seed
        self.replications = len(outcomes[0].replications)
        self.estimates = [estimates(outcome.replications) for outcome in outcomes]
        first = outcomes[0].replications
        self.differences = [differences(outcome.replications, first) for outcome in outcomes[1:]]

    @property
    def labels(self) -> list[str]:
        """What the floors are called."""
        return [outcome.scenario.label for outcome in self.outcomes]

    def customers(self, place: int) -> Table:
        """How it went for those who wrote: the floor, each queue, each class."""
        scopes = (Scope.FLOOR, Scope.QUEUE, Scope.CLASS)
        return _table(CUSTOMERS, self.estimates[place], scopes)

    def agents(self, place: int) -> Table:
        """How it went for those who answered: all, each group."""
        return _table(AGENTS, self.estimates[place], (Scope.FLOOR, Scope.GROUP))

    def compared(self, place: int) -> Table:
        """How a later floor differs from the first, with 95 % intervals; * where it surely does."""
        found = self.differences[place - 1]
        rows = [
            self._compared(scope, name, column, place, apart)
            for scope, name in _names(found, tuple(Scope))
            for column in COMPARED
            if (apart := found.get(Key(scope, name, column.figure))) is not None
        ]
        return Table(("", "figure", *[self.labels[at] for at in (0, place)], "difference", ""), rows)

    def _compared(self, scope: Scope, name: str, column: Column, place: int, apart: Estimate) -> tuple[str, ...]:
        key = Key(scope, name, column.figure)
        values = [column.say(self.estimates[at][key].mean) for at in (0, place)]
        return (_named(scope, name), column.heading, *values, say(apart, column, signed=True), "*" * apart.differs)

    def as_json(self) -> dict[str, Any]:
        """Everything, as plain values."""
        return {
            "seed": self.seed,
            "replications": self.replications,
            **({"notes": list(self.notes)} if self.notes else {}),
            "floors": [
                {
                    "label": outcome.scenario.label,
                    "configuration": outcome.scenario.config.digest,
                    "figures": _nested(found),
                }
                for outcome, found in zip(self.outcomes, self.estimates, strict=True)
            ],
            "differences": [
                {"label": label, "from": self.labels[0], "figures": _nested(found)}
                for label, found in zip(self.labels[1:], self.differences, strict=True)
            ],
        }


def say(found: Estimate, column: Column, *, signed: bool = False) -> str:
    """`12.3 ± 0.4 s`, where there is an interval."""
    number = column.say(found.mean if abs(found.mean) > 5e-5 else 0.0)
    if signed and found.mean > 0:
        number = "+" + number
    if found.half_width is None or column.say is _whole:
        return number
    unit = " s" if number.endswith(" s") else "%" if number.endswith("%") else ""
    return f"{number.removesuffix(unit)} ± {column.say(found.half_width).removesuffix(unit)}{unit}"


def _table(columns: Sequence[Column], found: Mapping[Key, Estimate], scopes: tuple[Scope, ...]) -> Table:
    rows = []
    for scope, name in _names(found, scopes):
        cells = []
        for column in columns:
            value = found.get(Key(scope, name, column.figure))
            cells.append("" if value is None else say(value, column))
        if any(cells):
            rows.append((_named(scope, name), *cells))
    return Table(("", *[column.heading for column in columns]), rows)


def _names(found: Mapping[Key, Estimate], scopes: tuple[Scope, ...]) -> list[tuple[Scope, str]]:
    pairs = dict.fromkeys((key.scope, key.name) for key in found if key.scope in scopes)
    return sorted(pairs, key=lambda pair: (scopes.index(pair[0]), pair[1]))


def _named(scope: Scope, name: str) -> str:
    return f"{scope} {name}".strip()


def _nested(found: Mapping[Key, Estimate]) -> dict[str, Any]:
    nested: dict[str, Any] = {title: {} for title in _SCOPES.values()}
    for key, value in found.items():
        place = nested[_SCOPES[key.scope]]
        if key.scope is not Scope.FLOOR:
            place = place.setdefault(key.name, {})
        place[key.figure] = asdict(value)
    return nested
