"""The report as one page that needs nothing else: tables, charts, light and dark. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib import resources

from trunkline.simulation.charts import Bars, bar_chart, line_chart
from trunkline.simulation.report import AGENTS, CUSTOMERS, Column, Report, Table
from trunkline.simulation.study import Outcome
from trunkline.simulation.tally import Key, Scope, quantile

_CHARTED = (CUSTOMERS[1], CUSTOMERS[3], CUSTOMERS[4], CUSTOMERS[5])
_POINTS = 100


def page(report: Report) -> str:
    """The whole page; every name in it is escaped."""
    style = (resources.files("trunkline.simulation") / "page.css").read_text(encoding="utf-8")
    title = " and ".join(report.labels)
    return "\n".join([
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        f"<title>Simulated: {escape(title)}</title><style>{style}</style></head><body><main>",
        f"<h1>{escape(title)}</h1>",
        f"<p>{report.replications} replications, seed {report.seed}, the same customers for each floor.</p>",
        "<p>± and the thin lines on bars are 95&nbsp;% intervals.</p>",
        *[f"<p>{escape(note)}.</p>" for note in report.notes],
        _legend(report.labels),
        *_charts(report),
        *_compared(report),
        *_tables(report),
        "</main></body></html>\n",
    ])  # fmt: skip


def _legend(labels: Sequence[str]) -> str:
    names = "".join(f'<li class="floor-{place}">{escape(label)}</li>' for place, label in enumerate(labels))
    return f'<ul class="legend">{names}</ul>'


def _compared(report: Report) -> list[str]:
    return [
        f"<h2>{escape(label)} less {escape(report.labels[0])}</h2>"
        f"<p>* where the interval leaves out 0.</p>{_html(report.compared(place))}"
        for place, label in enumerate(report.labels[1:], start=1)
    ]


def _charts(report: Report) -> list[str]:
    found = [
        bar_chart(f"{column.heading}, by queue", _bars(report, Scope.QUEUE, column), column.say) for column in _CHARTED
    ]
    found.append(bar_chart("utilisation, by group", _bars(report, Scope.GROUP, AGENTS[0]), AGENTS[0].say))
    outcomes = report.outcomes
    share, seconds = CUSTOMERS[4].say, CUSTOMERS[1].say
    lasting = [_longer(outcome) for outcome in outcomes]
    found.append(line_chart("share that waits longer", lasting, across="seconds", up=share, top=1))
    hours = [_hourly(outcome) for outcome in outcomes]
    found.append(line_chart("mean wait, by hour of arrival", hours, across="hours", up=seconds))
    used = [_utilisation(outcome) for outcome in outcomes]
    found.append(line_chart("utilisation, agent by agent", used, across="agents, least used first", up=share))
    return ["<h2>Charts</h2>", *found]


def _bars(report: Report, scope: Scope, column: Column) -> list[Bars]:
    names = sorted({key.name for found in report.estimates for key in found if key.scope is scope})
    return [Bars(name, [found.get(Key(scope, name, column.figure)) for found in report.estimates]) for name in names]


def _longer(outcome: Outcome) -> list[tuple[float, float]]:
    waits = sorted(wait for waits in outcome.waits_s for wait in waits)
    if not waits:
        return []
    points = [(quantile(waits, place / _POINTS), 1 - place / _POINTS) for place in range(_POINTS)]
    first = next((share for wait, share in reversed(points) if wait == 0), 1.0)
    return [(0.0, first), *[point for point in points if point[0] > 0]]


def _hourly(outcome: Outcome) -> list[tuple[float, float]]:
    hours = sorted({hour for found in outcome.by_hour for hour in found})
    means = [(hour, [found[hour] for found in outcome.by_hour if hour in found]) for hour in hours]
    return [(hour + 0.5, sum(waits) / len(waits)) for hour, waits in means]


def _utilisation(outcome: Outcome) -> list[tuple[float, float]]:
    names = outcome.utilisation[0]
    means = sorted(sum(found[name] for found in outcome.utilisation) / len(outcome.utilisation) for name in names)
    return [(float(place), used) for place, used in enumerate(means, start=1)]


def _tables(report: Report) -> list[str]:
    parts = []
    for place, label in enumerate(report.labels):
        parts.append(f"<h2>{escape(label)}</h2>{_html(report.customers(place))}{_html(report.agents(place))}")
    return parts


def _html(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in table.head)
    rows = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in row[1:])}</tr>'
        for row in table.rows
    )
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
