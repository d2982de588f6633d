"""A line before equal agents, by Erlang's formulas: who waits how long, and who leaves. Exact, also for many agents.

Arrivals are Poisson, handling and patience exponential, the line is served in its order. Everything is computed by
recursions of positive terms, scaled where they would overflow: nothing cancels. Times are in seconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

_LARGE = 1e250
_NEGLIGIBLE = 1e-17


@dataclass(frozen=True, slots=True)
class Load:
    """What comes: conversations a second, how long one occupies an agent, and how long one waits before leaving.

    `patience_s` None: everybody waits.
    """

    per_s: float
    handle_s: float
    patience_s: float | None = None

    @property
    def erlangs(self) -> float:
        """The work that comes, in agents."""
        return self.per_s * self.handle_s


class Line(Protocol):
    """What a load becomes before so many agents, once it has settled. Shares are of everybody who comes."""

    @property
    def delayed(self) -> float:
        """The share that finds no agent free."""
        ...

    @property
    def abandoned(self) -> float:
        """The share that leaves unanswered."""
        ...

    @property
    def mean_wait_s(self) -> float:
        """The mean time in the line, of everybody: until answered or gone; infinite where the line never settles."""
        ...

    @property
    def occupancy(self) -> float:
        """The share of the agents' time that is work."""
        ...

    def longer_than(self, seconds: float) -> float:
        """The share that is longer than this in the line."""
        ...

    def answered_within(self, seconds: float) -> float:
        """The share that is answered within this time."""
        ...


def line(load: Load, agents: int) -> Line:
    """The line of this load before so many agents (at least one)."""
    return Patient(load, agents) if load.patience_s is None else Impatient(load, agents)


def erlang_b(erlangs: float, agents: int) -> float:
    """The share that would find all agents busy if nobody waited."""
    share = 1.0
    for number in range(1, agents + 1):
        share = erlangs * share / (number + erlangs * share)
    return share


@dataclass(frozen=True)
class Patient:
    """Erlang C: M/M/N, nobody leaves."""

    load: Load
    agents: int

    @property
    def settles(self) -> bool:
        """Whether there are more agents than work; else the line grows for ever."""
        return self.load.erlangs < self.agents

    @cached_property
    def delayed(self) -> float:
        """Erlang C; 1 where the line never settles."""
        if not self.settles:
            return 1.0
        share, work = erlang_b(self.load.erlangs, self.agents), self.load.erlangs
        return self.agents * share / (self.agents - work * (1 - share))

    @property
    def abandoned(self) -> float:
        """Nobody."""
        return 0.0

    @property
    def mean_wait_s(self) -> float:
        """Of everybody; infinite where the line never settles."""
        return self.delayed / self._spare if self.settles else math.inf

    @property
    def occupancy(self) -> float:
        """The share of the agents' time that is work."""
        return min(1.0, self.load.erlangs / self.agents)

    def longer_than(self, seconds: float) -> float:
        """The share that is longer than this in the line."""
        return self.delayed * math.exp(-self._spare * seconds) if self.settles else 1.0

    def answered_within(self, seconds: float) -> float:
        """The share that is answered within this time."""
        return 1.0 - self.longer_than(seconds)

    @property
    def _spare(self) -> float:
        """How much faster they can answer than it comes, a second."""
        return self.agents / self.load.handle_s - self.load.per_s


@dataclass(frozen=True)
class Impatient:
    """Erlang A: M/M/N+M, who waits leaves after an exponential patience. It always settles.

    Of the time a newcomer with endless patience would wait, v(x) = λ p(N-1) exp(∫₀ˣ λ e^(-θu) du - Nμx) is the density
    (Baccelli and Hebuterne); all figures are integrals of it.
    """

    load: Load
    agents: int

    @cached_property
    def delayed(self) -> float:
        """The share that finds no agent free."""
        busy = erlang_b(self.load.erlangs, self.agents - 1)
        if busy == 0.0:
            return 0.0  # less than the smallest number
        odds = math.log(busy) + math.log(self.load.per_s) + self._waits.log_all
        return 1 / (1 + math.exp(-odds)) if odds > -700 else math.exp(odds)

    @property
    def abandoned(self) -> float:
        """The share that leaves unanswered."""
        return self.delayed * -math.expm1(self._served.log_all - self._waits.log_all)

    @property
    def mean_wait_s(self) -> float:
        """Of everybody: who leaves waited too. As many leave as patience ends in the line."""
        return self.abandoned * self._patience_s

    @property
    def occupancy(self) -> float:
        """The share of the agents' time that is work."""
        return self.load.erlangs * (1 - self.abandoned) / self.agents

    def longer_than(self, seconds: float) -> float:
        """The share that is longer than this in the line."""
        return self.delayed * (1 - self._waits.until(seconds)) * math.exp(-seconds / self._patience_s)

    def answered_within(self, seconds: float) -> float:
        """The share that is answered within this time."""
        answered_of_delayed = math.exp(self._served.log_all - self._waits.log_all) * self._served.until(seconds)
        return 1 - self.delayed + self.delayed * answered_of_delayed

    @property
    def _patience_s(self) -> float:
        return self.load.patience_s or math.inf

    @cached_property
    def _waits(self) -> _Integral:
        return _Integral(self._patience_s * self.agents / self.load.handle_s, self._arrivals, self._patience_s)

    @cached_property
    def _served(self) -> _Integral:
        """The same, weighted with the chance that patience lasts: as if a server more answered at patience's rate."""
        return _Integral(self._waits.a + 1, self._arrivals, self._patience_s)

    @property
    def _arrivals(self) -> float:
        return self.load.per_s * self._patience_s


class _Integral:
    """∫ exp(y (1 - e^(-θx)) - aθx) dx, from 0: the incomplete gamma function in disguise.

    Up to t it is (S(a, y) - exp(y - z - aθt) S(a, z)) / θ with z = y e^(-θt), and S a series of positive terms.
    """

    def __init__(self, a: float, y: float, patience_s: float) -> None:
        self.a = a
        self._y = y
        self._patience_s = patience_s
        self._log_s = _log_series(a, y)

    @property
    def log_all(self) -> float:
        """The logarithm of the whole."""
        return self._log_s + math.log(self._patience_s)

    def until(self, t: float) -> float:
        """The part up to t, as a share of the whole."""
        left = t / self._patience_s
        z = self._y * math.exp(-left)
        return -math.expm1(min(0.0, self._y - z - self.a * left + _log_series(self.a, z) - self._log_s))


def _log_series(a: float, y: float) -> float:
    """The logarithm of Σ yᵏ / (a (a+1) … (a+k)), scaled down on the way."""
    term = total = 1 / a
    scaled, k = 0.0, 0
    while term > total * _NEGLIGIBLE or y > a + k:
        k += 1
        term *= y / (a + k)
        total += term
        if total > _LARGE:
            term, total, scaled = term / _LARGE, total / _LARGE, scaled + math.log(_LARGE)
    return math.log(total) + scaled
