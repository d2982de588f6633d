"""How long each part of a run takes: a full one fits 15 minutes, a quick one only shows that every row works."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.bench.system import Size

MIX = 20
"""Messages a conversation in the measured mix: one in twenty opens a new one, one in twenty makes its agent close."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Seconds, unless a name says otherwise."""

    closed_s: float = 10
    plain_s: float = 8
    rung_s: float = 8
    rungs: tuple[float, ...] = (0.7, 0.8, 0.9, 1.0)
    """Shares of the closed loop's throughput."""
    sustained_s: float = 60
    embedded_s: float = 30
    tries: int = 2
    """Most sustained runs of one row: when the first is not steady, one at the next lower rung."""
    handler_s: float = 8
    rounds: int = 3
    hop_s: float = 6
    turn_s: float = 8
    skip_s: float = 0.5
    """The beginning of each turn that does not count."""
    restarts: int = 3
    restart_rate: float = 100
    settle_s: float = 5
    idle_s: float = 30
    """Two heartbeats of every desk, exactly: desks that came together beat together."""
    size: Size = field(default_factory=Size)
    idle_agents: int = 200
    idle_waiting: int = 500
    visitors: int = 60
    screens: int = 120
    """Messages whose way to the screen is measured, and before them those that are not, while the page warms up."""
    screens_skipped: int = 20
    mails: int = 3
    calm_s: float = 5
    desks: int = 5_000
    desks_s: float = 35
    """More than two heartbeats of every desk."""
    total_s: float = 895
    limits: dict[str, float] = field(
        default_factory=lambda: {
            "rate": 260,
            "latency": 120,
            "restart": 60,
            "memory": 5,
            "embedded": 170,
            "idle": 90,
            "chat": 150,
            "screen": 60,
            "mail": 90,
            "sockets": 240,
        }
    )
    """Longest that a row may take; then it has failed, and the others go on."""


FULL = Plan()
QUICK = Plan(
    closed_s=1, plain_s=0.5, rung_s=1, rungs=(0.3, 0.4), sustained_s=2, embedded_s=2, tries=1, handler_s=0.5, rounds=1,
    hop_s=1, turn_s=1.5, skip_s=0.2, restarts=1, settle_s=0.5, idle_s=1, size=Size(agents=6, capacity=14, places=60),
    idle_agents=10, idle_waiting=20, visitors=10, screens=10, screens_skipped=2, mails=1, calm_s=0.5, desks=50,
    desks_s=1,
)  # fmt: skip
