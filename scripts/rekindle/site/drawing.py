"""Boxes in columns and the arrows between them, as SVG that needs nothing from outside and can be clicked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from itertools import groupby

import networkx as nx

ROW, GAP, WIDE, HIGH = 30, 56, 214, 22


@dataclass(frozen=True)
class Box:
    """What is drawn: a name, where a click leads, what is read out when it is pointed at."""

    name: str
    link: str = ""
    title: str = ""


def _height(graph: "nx.DiGraph[str]", name: str, placed: Mapping[str, float]) -> float:
    """Where it would like to stand: amid what it is made of."""
    above = [placed[before] for before in graph.predecessors(name)]
    return sum(above) / len(above) if above else len(placed)


def _columns(graph: "nx.DiGraph[str]") -> list[list[str]]:
    """The boxes from left to right, each right of all it is made of; inside a column near what it is made of."""
    ranks: dict[str, int] = {}
    for name in nx.lexicographical_topological_sort(graph):
        ranks[name] = max((ranks[before] + 1 for before in graph.predecessors(name)), default=0)
    placed: dict[str, float] = {}
    columns = []
    for _, names in groupby(sorted(ranks, key=lambda name: (ranks[name], name)), key=ranks.__getitem__):
        column = sorted(names, key=lambda name: (_height(graph, name, placed), name))
        placed |= {name: float(place) for place, name in enumerate(column)}
        columns.append(column)
    return columns


def drawing(boxes: Iterable[Box], arrows: Mapping[tuple[str, str], str], caption: str) -> str:
    """The picture; `arrows`: (from, to) → what is written on it. Empty without boxes; a circle is refused."""
    named = {box.name: box for box in boxes}
    if not named:
        return ""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(sorted(named))
    drawn_arrows = {(start, end): arrows[start, end] for start, end in sorted(arrows) if {start, end} <= named.keys()}
    graph.add_edges_from(drawn_arrows)
    columns = _columns(graph)
    gap = max([GAP, *(7 * len(text) + 24 for text in drawn_arrows.values())])
    at = {
        name: (place * (WIDE + gap) + 4, row * ROW + 4)
        for place, column in enumerate(columns)
        for row, name in enumerate(column)
    }
    width = len(columns) * (WIDE + gap) - gap + 8
    height = max(map(len, columns)) * ROW + 4
    lines = []
    for (start, end), text in drawn_arrows.items():
        (x, y), (to_x, to_y) = at[start], at[end]
        x, y, to_y, middle = x + WIDE, y + HIGH // 2, to_y + HIGH // 2, (x + WIDE + to_x) // 2
        lines.append(f'<path class="arrow" d="M{x} {y}C{middle} {y} {middle} {to_y} {to_x} {to_y}"/>')
        if text:
            lines.append(f'<text class="said" x="{middle}" y="{(y + to_y) // 2 - 4}">{escape(text)}</text>')
    for name, (x, y) in at.items():
        box = named[name]
        shown = name if len(name) <= 31 else name[:30] + "…"
        drawn = (
            f"<title>{escape(box.title or name)}</title>"
            f'<rect x="{x}" y="{y}" width="{WIDE}" height="{HIGH}" rx="4"/>'
            f'<text x="{x + 8}" y="{y + 15}">{escape(shown)}</text>'
        )
        lines.append(f'<a href="{escape(box.link)}">{drawn}</a>' if box.link else f"<g>{drawn}</g>")
    return (
        f'<div class="drawing" tabindex="0" role="img" aria-label="{escape(caption)}">'
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" xmlns="http://www.w3.org/2000/svg">'
        f"{''.join(lines)}</svg></div>"
    )
