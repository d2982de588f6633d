"""Floors whose mean waits are known exactly: Erlang, Cobham's priorities, and the product form of skill graphs.

The product form holds for first come, first served and longest idle (Adan and Weiss); its values are in units of the
mean service time. Here that is a minute; where priorities must be strict, five seconds, for a head start is a minute a
step. Not one second: the board's clock has milliseconds, and half of one is half a percent of the shortest wait then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trunkline.config.model import Config
from trunkline.simulation.floor import Floor
from trunkline.simulation.scenario import Scenario, scenario
from trunkline.simulation.tally import Key, Scope
from trunkline.staffing.erlang import Load, line

_Agents = tuple[str, int, float]
"""Skills, how many, their speed."""
_STRICT_S = 5
_CHAIN = ("ab", "bc", "cd", "de", "ef", "fa")


@dataclass(frozen=True)
class System:
    """A floor, and the exact mean waits of those in it, in seconds."""

    name: str
    scenario: Scenario
    exact: dict[Key, float]


def systems(arrivals: int) -> list[System]:
    """All of them, with about so many conversations a replication; a twentieth more comes before, not counted."""
    make = _Maker(arrivals)
    two, three = {"a": 1.5, "b": 1.5}, {"a": 1.2, "b": 1.2}
    speeds = [("a", 1, 1.2), ("ab", 1, 0.8), ("ab", 1, 1.0)]
    return [
        make.pooled("M/M/10, load .9", 10, 9.0, None),
        make.pooled("Erlang A, 50 agents", 50, 48.0, 2.0),
        make.graph("N: 2 {a}, 2 {a, b}", two, [("a", 2, 1.0), ("ab", 2, 1.0)], 1.154825),
        make.graph("W: 1 {a}, 2 {a, b}, 1 {b}", two, [("a", 1, 1.0), ("ab", 2, 1.0), ("b", 1, 1.0)], 0.627119),
        make.graph("M: 1 {a}, 1 {a, b}, 1 {b}", three, [("a", 1, 1.0), ("ab", 1, 1.0), ("b", 1, 1.0)], 1.436333),
        make.graph("6-chain", dict.fromkeys("abcdef", 0.8), [(link, 1, 1.0) for link in _CHAIN], 0.986),
        make.graph("N, speeds differ", {"a": 1.0, "b": 1.0}, speeds, 0.710740),
        make.cobham(),
    ]


class _Maker:
    """Makes systems of one length."""

    def __init__(self, arrivals: int) -> None:
        self._arrivals = arrivals

    def pooled(self, name: str, agents: int, per_minute: float, patience_min: float | None) -> System:
        described = _customers(per_minute, patience_s=patience_min and patience_min * 60)
        load = Load(per_minute / 60, 60, patience_min and patience_min * 60)
        exact = {Key(Scope.FLOOR, "", "mean_wait_s"): line(load, agents).mean_wait_s}
        return System(name, self._scenario(name, {"a": described}, {"g": {"count": agents}}, per_minute), exact)

    def graph(self, name: str, rates: dict[str, float], agents: list[_Agents], exact: float) -> System:
        classes = {kind: _customers(rate, requires={kind: 1}) for kind, rate in rates.items()}
        groups = {
            f"g{number}": {"count": many, "skills": dict.fromkeys(skills, 1), "speed": speed}
            for number, (skills, many, speed) in enumerate(agents)
        }
        described = self._scenario(name, classes, groups, sum(rates.values()))
        return System(name, described, {Key(Scope.FLOOR, "", "mean_wait_s"): exact * 60})

    def cobham(self) -> System:
        """Three classes in strict order before ten agents."""
        waits = {"a": 0.095533, "b": 0.238833, "c": 1.671829}
        classes = {
            name: {**_customers(3.0 * 60 / _STRICT_S), "handle": {"mean_s": _STRICT_S}, "priority": 10 - 5 * place}
            for place, name in enumerate(waits)
        }
        described = self._scenario("Cobham", classes, {"g": {"count": 10}}, 9.0 * 60 / _STRICT_S)
        exact = {Key(Scope.CLASS, name, "mean_wait_s"): wait * _STRICT_S for name, wait in waits.items()}
        return System("Cobham, 10 agents", described, exact)

    def _scenario(self, name: str, classes: dict[str, Any], agents: dict[str, Any], per_minute: float) -> Scenario:
        counted = self._arrivals / per_minute / 60
        floor = {"hours": counted * 1.05, "warm_up_h": counted * 0.05, "classes": classes, "agents": agents}
        queue = {"title": "q", "policy": "longest-idle", "offer_timeout_s": 600, "wrap_up_s": 0}
        config = Config.model_validate({"default_queue": "q", "queues": {"q": queue}, "digest": ""})
        return scenario(name, Floor.model_validate(floor), config)


def _customers(per_minute: float, **more: Any) -> dict[str, Any]:
    patience = more.pop("patience_s", None)
    return {
        "queue": "q", "per_hour": per_minute * 60, "handle": {"mean_s": 60}, **more,
        **({"patience": {"mean_s": patience}} if patience else {}),
    }  # fmt: skip
