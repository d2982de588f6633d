"""Charts as SVG within a page: bars with their intervals, and lines. Colours are the page's, by class. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape
from typing import NamedTuple

from trunkline.simulation.estimate import Estimate

_WIDTH = 640
_LEFT, _RIGHT = 150, 70
_BAR, _GAP = 14, 10
_HEIGHT = 220
_BELOW = 34


class Bars(NamedTuple):
    """One label, one bar for each floor; None where it has no value."""

    label: str
    values: Sequence[Estimate | None]


def bar_chart(title: str, rows: Sequence[Bars], say: Callable[[float], str]) -> str:
    """Horizontal bars, floor beside floor, each with its 95 % interval."""
    most = max((_end(value) for row in rows for value in row.values if value), default=0) or 1
    scale = (_WIDTH - _LEFT - _RIGHT) / most
    parts, y = [], 4.0
    for row in rows:
        middle = y + len(row.values) * _BAR / 2 + 4
        parts.append(f'<text x="{_LEFT - 8}" y="{middle:.1f}" text-anchor="end">{escape(row.label)}</text>')
        for floor, value in enumerate(row.values):
            if value is not None:
                parts.append(_bar(floor, value, y, scale, say))
            y += _BAR
        y += _GAP
    return _figure(title, y, "".join(parts))


Line = Sequence[tuple[float, float]]
"""Points in the order of x."""


def line_chart(
    title: str, series: Sequence[Line], *, across: str, up: Callable[[float], str], top: float | None = None
) -> str:
    """One line for each floor, over axes from 0; `top`: where the upright one ends."""
    points = [point for line in series for point in line]
    right = max((x for x, _ in points), default=0) or 1
    highest = top or max((y for _, y in points), default=0) or 1
    x_scale, y_scale = (_WIDTH - 80) / right, (_HEIGHT - 20) / highest
    parts = []
    for step in range(5):
        y, mark = _HEIGHT - (_HEIGHT - 20) * step / 4, escape(up(highest * step / 4))
        parts.append(f'<line x1="60" x2="{_WIDTH - 20}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>')
        parts.append(f'<text x="54" y="{y + 4:.1f}" class="tick" text-anchor="end">{mark}</text>')
    for tick in _ticks(right):
        x = 60 + tick * x_scale
        parts.append(f'<text x="{x:.1f}" y="{_HEIGHT + 16}" class="tick" text-anchor="middle">{tick:g}</text>')
    parts.append(f'<text x="{_WIDTH - 20}" y="{_HEIGHT + 30}" class="tick" text-anchor="end">{escape(across)}</text>')
    for floor, line in enumerate(series):
        path = " ".join(f"{60 + x * x_scale:.1f},{_HEIGHT - min(y, highest) * y_scale:.1f}" for x, y in line)
        parts.append(f'<polyline points="{path}" class="line floor-{floor}"/>')
    return _figure(title, _HEIGHT + _BELOW, "".join(parts))


def _bar(floor: int, value: Estimate, y: float, scale: float, say: Callable[[float], str]) -> str:
    length = max(0.0, value.mean) * scale
    middle = y + _BAR / 2
    parts = [f'<rect x="{_LEFT}" y="{y:.1f}" width="{length:.1f}" height="{_BAR - 3}" class="bar floor-{floor}"/>']
    half = (value.half_width or 0) * scale
    if half:
        low = max(float(_LEFT), _LEFT + length - half)
        high = _LEFT + length + half
        parts.append(f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{middle - 1:.1f}" y2="{middle - 1:.1f}" class="sure"/>')
    at = _LEFT + length + half + 6
    parts.append(f'<text x="{at:.1f}" y="{middle + 3:.1f}" class="value">{escape(say(value.mean))}</text>')
    return "".join(parts)


def _end(value: Estimate) -> float:
    return value.mean + (value.half_width or 0)


def _ticks(right: float) -> list[float]:
    """Round numbers from 0, about six of them."""
    rough = right / 6
    size = 10 ** math.floor(math.log10(rough))
    step = next(size * times for times in (1, 2, 5, 10) if size * times >= rough)
    return [step * number for number in range(int(right / step) + 1)]


def _figure(title: str, height: float, inside: str) -> str:
    name = escape(title)
    return (
        f'<figure><figcaption>{name}</figcaption><svg viewBox="0 0 {_WIDTH} {height:.0f}" role="img" '
        f'aria-label="{name}">{inside}</svg></figure>'
    )
