"""Where the shapes of a chart lie, in hundredths of its box; the template draws them.

Figures come from SQL, and here only become lengths. Shapes are stretched to the box, text is not: it stays text of the
page, as large on a phone as elsewhere.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from rekindle.boards.declared import Chart
from rekindle.boards.wording import shown

Row = dict[str, Any]
# what a box of a flow leaves to each of its names, so that small ones can be read
LEAST_HEIGHT = 4.2


@dataclass(frozen=True)
class Bar:
    """A bar from `start` to `start + length`; none when there is no figure."""

    label: str
    series: str
    tone: str
    text: str
    start: float
    length: float
    has_value: bool
    # of an interval: the point in it
    point: float | None = None


@dataclass(frozen=True)
class Bars:
    """Bars of one facet, and where zero is."""

    title: str
    bars: list[Bar]
    zero: float

    @property
    def widest(self) -> int:
        """Characters of the longest figure: all bars leave as much room to theirs, so that lengths compare."""
        return max(len(bar.text) for bar in self.bars)


@dataclass(frozen=True)
class Months:
    """One small column chart: heights in hundredths of its largest figure, None where there is no figure."""

    series: str
    first: str
    last: str
    value: str
    heights: list[float | None]


@dataclass(frozen=True)
class Node:
    """A name at a side of a flow."""

    name: str
    text: str
    middle: float
    top: float
    height: float


@dataclass(frozen=True)
class Ribbon:
    """Those who went from a name on the left to one on the right."""

    path: str
    tone: str
    title: str


@dataclass(frozen=True)
class Flow:
    """Names on the left and right, and the ribbons between them."""

    left: list[Node]
    right: list[Node]
    ribbons: list[Ribbon]


def bars(chart: Chart, rows: Sequence[Row]) -> list[Bars]:
    """Bars, a list per facet; all facets have one scale, unless each is about something else."""
    if chart.own_scales and chart.facet:
        facets = in_order(row[chart.facet] for row in rows)
        parts = [[row for row in rows if row[chart.facet] == facet] for facet in facets]
    else:
        parts = [list(rows)]
    return [facet for part in parts for facet in _facets(chart, part, *_scale(_ends(chart, part)))]


def intervals(chart: Chart, rows: Sequence[Row]) -> list[Bars]:
    """Intervals with a point in them, on one scale that holds zero."""
    ends = [float(row[end]) for row in rows for end in (chart.lower, chart.upper) if row[end] is not None]
    return _facets(chart, rows, *_scale(ends))


def _ends(chart: Chart, rows: Sequence[Row]) -> list[float]:
    return [float(row[chart.value]) + _start(chart, row) for row in rows if row[chart.value] is not None]


def _scale(ends: list[float]) -> tuple[float, float]:
    return min([0.0, *ends]), max([0.0, *ends]) or 1.0


def _facets(chart: Chart, rows: Sequence[Row], low: float, high: float) -> list[Bars]:
    def place(value: float) -> float:
        return round(100 * (value - low) / (high - low), 3)

    facets = in_order(str(row[chart.facet]) if chart.facet else "" for row in rows)
    return [
        Bars(
            facet,
            [_bar(chart, row, place) for row in rows if not chart.facet or str(row[chart.facet]) == facet],
            place(0),
        )
        for facet in facets
    ]


def _bar(chart: Chart, row: Row, place: Any) -> Bar:
    value = row[chart.value]
    of_interval = chart.kind == "intervals"
    if of_interval:
        start, end = row[chart.lower], row[chart.upper]
    else:
        start = _start(chart, row)
        end = None if value is None else start + float(value)
    has_value = value is not None and start is not None and end is not None
    low, high = (place(min(float(start), float(end))), place(max(float(start), float(end)))) if has_value else (0, 0)
    return Bar(
        label=shown(chart.label, row[chart.label]),
        series=str(row[chart.series]) if chart.series else "",
        tone=str(row[chart.tone]) if chart.tone else "plain",
        text=shown(chart.value, value),
        start=low,
        length=round(high - low, 3),
        has_value=has_value,
        point=place(float(value)) if of_interval and has_value else None,
    )


def _start(chart: Chart, row: Row) -> float:
    return float(row[chart.start] or 0) if chart.start else 0.0


def months(chart: Chart, rows: Sequence[Row]) -> list[Months]:
    """A small chart per series; each to its own scale, unless the figures are to be compared."""
    largest_of_all = max((float(row[chart.value]) for row in rows if row[chart.value] is not None), default=0.0)
    found = []
    labels = in_order(row[chart.label] for row in rows)
    for series in in_order(str(row[chart.series]) for row in rows):
        own = {row[chart.label]: row[chart.value] for row in rows if str(row[chart.series]) == series}
        values = [own.get(label) for label in labels]
        known = [float(value) for value in values if value is not None]
        top = largest_of_all if chart.one_scale else max(known, default=0.0)
        found.append(
            Months(
                series=series,
                first=shown(chart.label, labels[0]),
                last=shown(chart.label, labels[-1]),
                value=shown(chart.value, values[-1]),
                heights=[None if value is None else round(100 * float(value) / (top or 1), 3) for value in values],
            )
        )
    return found


def flow(chart: Chart, rows: Sequence[Row]) -> Flow:
    """A flow; rows come in the order of the left names, and within each in that of the right ones."""
    known = [row for row in rows if row[chart.value]]
    ranks = {row[chart.series]: row["to_rung"] for row in known}
    sides = [
        _side(_totals(known, chart.label, chart.value)),
        _side(dict(sorted(_totals(known, chart.series, chart.value).items(), key=lambda each: -ranks[each[0]]))),
    ]
    scale = min((scale for _, scale in sides), default=0.0)
    left, right = (
        {name: _node(name, top, room, total, scale) for name, (top, room, total) in side.items()} for side, _ in sides
    )
    used_left, used_right = ({name: node.top for name, node in side.items()} for side in (left, right))
    ends = {}
    for row in sorted(known, key=lambda row: -row["from_rung"]):
        height = float(row[chart.value]) * scale
        key = (row[chart.label], row[chart.series])
        ends[key] = used_right[row[chart.series]]
        used_right[row[chart.series]] += height
    ribbons = []
    for row in sorted(known, key=lambda row: (-row["from_rung"], -row["to_rung"])):
        start, end = used_left[row[chart.label]], ends[row[chart.label], row[chart.series]]
        height = float(row[chart.value]) * scale
        used_left[row[chart.label]] += height
        title = f"{row[chart.label]} → {row[chart.series]}: {shown(chart.value, row[chart.value])}"
        ribbons.append(Ribbon(_ribbon(start, end, height), str(row[chart.tone]), title))
    return Flow(list(left.values()), list(right.values()), ribbons)


def _totals(rows: Iterable[Row], name: str, value: str) -> dict[str, int]:
    totals: dict[str, int] = {}
    for row in rows:
        totals[row[name]] = totals.get(row[name], 0) + row[value]
    return totals


def _side(totals: dict[str, int]) -> tuple[dict[str, tuple[float, float, int]], float]:
    """Top and room of each name, and how high one person is: names have room to be read, the rest is for people."""
    free = 100 - LEAST_HEIGHT * len(totals)
    scale = free / (sum(totals.values()) or 1)
    places, top = {}, 0.0
    for name, total in totals.items():
        room = LEAST_HEIGHT + total * scale
        places[name] = (top, room, total)
        top += room
    return places, scale


def _node(name: str, top: float, room: float, total: int, scale: float) -> Node:
    height = total * scale
    start = top + (room - height) / 2
    return Node(name, f"{total:,}", round(top + room / 2, 3), round(start, 3), round(height, 3))


def _ribbon(start: float, end: float, height: float) -> str:
    a, b, c, d = (round(each, 2) for each in (start, end, end + height, start + height))
    return f"M0 {a}C50 {a} 50 {b} 100 {b}V{c}C50 {c} 50 {d} 0 {d}Z"


def in_order(values: Iterable[Any]) -> list[Any]:
    """Each value once: dates by the calendar, others in the order of the query."""
    found = list(dict.fromkeys(values))
    return sorted(found) if found and all(isinstance(value, date) for value in found) else found
