"""Writes Grafana's dashboard of the queues (`make docs`); a test compares what is committed with what this would write.

Each query is built from the catalogue's own metrics, so none can name one that is not there.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from prometheus_client.metrics import MetricWrapperBase

from trunkline import metrics, ops

DASHBOARD: Final = Path(__file__).resolve().parent / "grafana" / "dashboards" / "queues.json"
DATASOURCE: Final = {"type": "prometheus", "uid": "trunkline"}
WIDTH: Final = 24
"""Grafana's grid is 24 columns wide."""

_QUEUE: Final = 'queue=~"$queue"'


def n(metric: MetricWrapperBase) -> str:
    """A metric's name as Prometheus sees it; the client keeps a counter's without its ending."""
    return str(metric._name) + ("_total" if metric._type == "counter" else "")  # noqa: SLF001  the client has no public way


def per_second(metric: MetricWrapperBase, selector: str = "", part: str = "") -> str:
    """The rate of a counter, or of a part of a histogram."""
    return f"rate({n(metric)}{part}{selector}[$__rate_interval])"


def times(metric: MetricWrapperBase, *, most: float = 0.99, selector: str = "") -> list[tuple[str, str]]:
    """How long half of them took at most, and how long nearly all of them."""
    return [
        (f"histogram_quantile({share:g}, sum by (le) ({per_second(metric, selector, '_bucket')}))", f"{share:.0%}")
        for share in (0.5, most)
    ]


@dataclass(frozen=True)
class Panel:
    """One picture: queries with their legends, and how wide it is."""

    title: str
    queries: Sequence[tuple[str, str]]
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 8
    height: int = 7
    bad_from: float | None = None
    """Stat panels turn red from here on."""


def _stat(title: str, query: str, *, unit: str = "short", bad_from: float | None = None) -> Panel:
    return Panel(title, [(query, "")], unit, "stat", width=4, height=4, bad_from=bad_from)


def _by(metric: MetricWrapperBase, label: str, *, how: str = "sum", selector: str = "") -> tuple[str, str]:
    return f"{how} by ({label}) ({n(metric)}{selector})", f"{{{{{label}}}}}"


def _rate_by(metric: MetricWrapperBase, label: str, selector: str = "") -> tuple[str, str]:
    return f"sum by ({label}) ({per_second(metric, selector)})", f"{{{{{label}}}}}"


M: Final = metrics
Q: Final = "{" + _QUEUE + "}"

ROWS: Final[dict[str, list[Panel]]] = {
    "Now": [
        _stat("Waiting", f"sum({n(M.WAITING)}{Q})"),
        _stat("Longest wait", f"max({n(M.OLDEST)}{Q})", unit="s"),
        _stat("Over target by", f"-min({n(M.SLACK)}{Q}) > 0 or vector(0)", unit="s", bad_from=1),
        _stat("For whom nobody has the skills", f"sum({n(M.UNSERVED)}{Q})", bad_from=1),
        _stat("Agents available", f'sum({n(M.AGENTS)}{{presence="available"}})'),
        _stat("Room they have", f"sum({n(M.FREE_ROOM)})"),
    ],
    "Queues": [
        Panel("Waiting", [_by(M.WAITING, "queue", selector=Q)]),
        Panel("Longest wait", [_by(M.OLDEST, "queue", how="max", selector=Q)], "s"),
        Panel("Time left to the most urgent target", [_by(M.SLACK, "queue", how="min", selector=Q)], "s"),
        Panel("Agents available for it", [_by(M.ELIGIBLE, "queue", how="max", selector=Q)]),
        Panel("For whom nobody has the skills", [_by(M.UNSERVED, "queue", selector=Q)]),
        Panel("Offers", [_rate_by(M.OFFERS, "outcome", Q)], "ops"),
        Panel("From queued to accepted", times(M.WAIT_SECONDS, most=0.95, selector=Q), "s"),
        Panel("From opened to the first reply", times(M.FIRST_REPLY_SECONDS, most=0.95, selector=Q), "s"),
        Panel("Agents", [_by(M.AGENTS, "presence")]),
    ],
    "The way of a message": [
        Panel("Accepted", [_rate_by(M.ACCEPTED, "account")], "ops"),
        Panel("From verified to in the log", times(M.PUBLISH_SECONDS), "s"),
        Panel("Not yet applied to the board", [_by(M.INBOUND_LAG, "shard")]),
        Panel("Decided and not in the log: age", [_by(M.UNRELAYED_AGE, "shard", how="max")], "s"),
        Panel("Accepted, with no end yet", [_by(M.LEDGER, "shard", how="max")]),
        Panel("Shards verified", [(f"sum({n(M.VERIFIED)})", "verified"), (f"max({n(M.SHARDS)})", "shards")]),
        Panel("From an agent's action to the log", times(M.ACTION_SECONDS), "s"),
        Panel("Agents' actions", [_rate_by(M.ACTIONS, "answer")], "ops"),
        Panel("Not yet in the record", [_by(M.PROJECTION_LAG, "topic")]),
    ],
    "Providers": [
        Panel("Requests", [_rate_by(M.RECEIVED, "outcome")], "ops"),
        Panel("Calls", [_rate_by(M.ATTEMPTS, "outcome")], "ops"),
        Panel("Replies that came to an end", [_rate_by(M.DELIVERIES, "outcome")], "ops"),
        Panel("Replies not final", [_by(M.UNSENT, "shard")]),
        Panel("Calls held back", [_by(M.BREAKER, "account", how="max")]),
        Panel("Dead letters", [_by(M.DEAD_LETTERS, "topic")]),
    ],
    "Processes": [
        Panel("Lateness of the event loop", [(n(ops.LOOP_LAG), "{{job}} {{instance}}")], "s"),
        Panel("Open desks", [(f"sum by (instance) ({n(M.SOCKETS)})", "{{instance}}")]),
        Panel("Memory", [("process_resident_memory_bytes", "{{job}} {{instance}}")], "bytes"),
    ],
}


def dashboard() -> dict[str, Any]:
    """The dashboard in Grafana's own form."""
    panels: list[dict[str, Any]] = []
    top = 0
    for title, row in ROWS.items():
        panels.append({"type": "row", "title": title, "gridPos": _place(0, top, WIDTH, 1), "panels": []})
        top += 1
        left = 0
        for panel in row:
            if left + panel.width > WIDTH:
                left, top = 0, top + panel.height
            panels.append(_panel(panel, _place(left, top, panel.width, panel.height)))
            left += panel.width
        top += row[-1].height
    return {
        "uid": "trunkline-queues",
        "title": "Trunkline: queues",
        "description": "Generated by `make docs` from the metrics' catalogue; do not edit.",
        "schemaVersion": 39,
        "editable": False,
        "refresh": "15s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": [_queues()]},
        "panels": [{"id": number, **panel} for number, panel in enumerate(panels, 1)],
    }


def _queues() -> dict[str, Any]:
    query = f"label_values({n(metrics.WAITING)}, queue)"
    return {
        "name": "queue",
        "label": "Queue",
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": query, "refId": "queues"},
        "definition": query,
        "refresh": 2,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": ["All"], "value": ["$__all"]},
    }


def _place(left: int, top: int, width: int, height: int) -> dict[str, int]:
    return {"x": left, "y": top, "w": width, "h": height}


def _panel(panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if panel.bad_from is not None:
        steps.append({"color": "red", "value": panel.bad_from})
    return {
        "type": panel.kind,
        "title": panel.title,
        "datasource": DATASOURCE,
        "gridPos": place,
        "fieldConfig": {
            "defaults": {"unit": panel.unit, "thresholds": {"mode": "absolute", "steps": steps}},
            "overrides": [],
        },
        "targets": [
            {"refId": chr(ord("A") + number), "datasource": DATASOURCE, "expr": query, "legendFormat": legend}
            for number, (query, legend) in enumerate(panel.queries)
        ],
    }


def pages() -> dict[Path, str]:
    """The file and what it should hold."""
    return {DASHBOARD: json.dumps(dashboard(), indent=2, ensure_ascii=False) + "\n"}


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path.name}: {sum(map(len, ROWS.values()))} panels\n")
