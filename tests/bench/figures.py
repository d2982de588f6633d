"""The figures: their names, goals, and how one is printed. Issues 3 to 5 fixed the names and the numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Better = Literal["higher", "lower"]


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure should be. `stretch` is None where the issue names none; `decimals` is how it is printed."""

    unit: str
    goal: float
    stretch: float | None
    better: Better
    decimals: int = 2

    def met(self, value: float, wanted: float) -> bool:
        """Whether a value is as good as wanted."""
        return value >= wanted if self.better == "higher" else value <= wanted


GOALS: dict[str, Goal] = {
    "whole_path_messages_per_second": Goal("messages/s", 1_500, 2_500, "higher", 0),
    "whole_path_cpu_ratio": Goal("x bare handler", 4.0, 2.7, "lower"),
    "socket_latency_ratio_p50": Goal("x three bare hops", 1.3, 1.0, "lower"),
    "socket_latency_ratio_p99": Goal("x three bare hops", 1.3, 1.0, "lower"),
    "accept_latency_ratio_p50": Goal("x bare hop", 2.0, 1.5, "lower"),
    "reply_latency_ratio_p50": Goal("x bare hop", 2.5, 2.0, "lower"),
    "low_rate_cpu_microseconds": Goal("µs/message", 5_000, 3_000, "lower", 0),
    "embedded_messages_per_second": Goal("messages/s", 1_000, 1_500, "higher", 0),
    "idle_cpu_cores": Goal("cores", 0.05, 0.02, "lower", 3),
    "rss_megabytes_max": Goal("MB", 150, 110, "lower", 0),
    "router_restart_seconds": Goal("s", 1.5, 0.5, "lower"),
    "chat_round_trip_ratio": Goal("x SMS round trip", 1.5, 1.1, "lower"),
    "desk_message_to_screen_ms_p50": Goal("ms", 60, None, "lower", 1),
    "mail_block_milliseconds": Goal("ms", 250, None, "lower", 0),
    "sockets_rss_megabytes": Goal("MB", 512, None, "lower", 0),
    "desk_bundle_kilobytes_gz": Goal("kB", 200, None, "lower", 1),
    "widget_kilobytes_gz": Goal("kB", 10, None, "lower"),
}
"""Of `make bench`."""

ROUTING: dict[str, Goal] = {
    "exactness_worst_deviation": Goal("off the exact mean", 0.01, None, "lower", 4),
    "index_wait_ratio_s1": Goal("x longest idle", 0.85, 0.80, "lower"),
    "index_wait_ratio_s5": Goal("x longest idle", 0.53, 0.48, "lower"),
    "index_wait_ratio_s4": Goal("x longest idle", 0.55, 0.50, "lower"),
    "index_wait_ratio_equal_speeds": Goal("x longest idle", 0.97, 0.95, "lower"),
    "decision_identity": Goal("of all offers", 1.0, None, "higher", 6),
    "claim_scaling_ratio": Goal("x 100 agents", 1.5, None, "lower"),
    "claim_batch_ratio": Goal("x one a call", 7.0, 8.0, "higher", 1),
    "claim_release_scan_ratio": Goal("x a plain scan", 1.3, 1.0, "lower"),
    "freed_slot_offer_seconds_p99": Goal("s", 1.0, None, "lower", 3),
    "roster_change_seconds": Goal("s", 1.0, None, "lower", 3),
}
"""Of `make bench-routing`."""

EVERY = GOALS | ROUTING


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of one run.

    `void` says why it says nothing (the yardstick was off), `unmet` which condition of the row did not hold; `measured`
    is what was measured all the same. `failed` says why nothing was measured.
    """

    name: str
    measured: float | None
    note: str = ""
    void: str = ""
    unmet: str = ""
    failed: str = ""

    @property
    def value(self) -> float | None:
        """The figure; None unless it counts."""
        return None if self.void or self.unmet or self.failed else self.measured

    @property
    def verdict(self) -> str:
        """In words: does it meet its goal, its stretch?"""
        goal = EVERY[self.name]
        if self.failed:
            return f"FAILED: {self.failed}"
        if self.void or self.measured is None:
            return f"VOID: {self.void or 'nothing was measured'}"
        if self.unmet:
            return f"NOT MET: {self.unmet}"
        if not goal.met(self.measured, goal.goal):
            return "NOT MET"
        stretched = goal.stretch is not None and goal.met(self.measured, goal.stretch)
        return "met, stretch too" if stretched else "met"

    def line(self) -> str:
        """One line for people."""
        goal = EVERY[self.name]
        shown = "–" if self.measured is None else f"{self.measured:,.{goal.decimals}f}".replace(",", " ")
        sign = "≥" if goal.better == "higher" else "≤"
        stretch = "" if goal.stretch is None else f", stretch {goal.stretch:g}"
        wanted = f"goal {sign} {goal.goal:g}{stretch}"
        note = f"  [{self.note}]" if self.note else ""
        return f"{self.name:<32} {shown:>8} {goal.unit:<18} {wanted:<32} {self.verdict}{note}"

    def as_json(self) -> dict[str, Any]:
        """What build/bench.json says of it; `void`, `unmet` and `failed` only where they apply."""
        goal = EVERY[self.name]
        told: dict[str, Any] = {
            "value": None if self.value is None else round(self.value, 4),
            "unit": goal.unit, "goal": goal.goal, "stretch": goal.stretch, "better": goal.better,
        }  # fmt: skip
        reasons = {"void": self.void, "unmet": self.unmet, "failed": self.failed}
        told |= {name: why for name, why in reasons.items() if why}
        return told | ({"measured": self.measured} if self.void or self.unmet else {})
