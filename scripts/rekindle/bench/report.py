"""What was measured, for people and for programs."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from rekindle.bench.run import (
    LEAST_TIMES_LIFETIMES,
    MOST_SHARE_OF_FULL_BUILD,
    MOST_TIMES_BARE_COPY,
    MOST_TIMES_BARE_DELTA,
    MOST_TIMES_BY_HAND,
    Build,
    Result,
)

MODELS_SHOWN = 15
# what is named as growing faster than the data
FASTER_THAN_DATA = 1.2

Titled = tuple[str, Table]


def show(result: Result, smaller: Result | None = None) -> None:
    """Prints tables on standard output; beside a smaller benchmark also what grew, and how much."""
    console = Console(width=100, highlight=False)
    rows = result.rows
    console.print(
        f"\n{result.world.profiles:,} profiles, {rows['contacts']:,} contact records, {rows['orders']:,} orders, "
        f"{rows['order_lines']:,} order lines, {result.world.months} months and one more"
    )
    machine = result.machine
    console.print(
        f"{machine['cores']} cores, {machine['memory_gb']} GB; DuckDB {machine['duckdb']} with {result.engine.threads} "
        f"threads and {result.engine.memory_limit} of {result.engine.memory}; "
        f"load at the start {machine['load_at_start']}"
    )
    tables = [_steps(result), _by_hand(result), *(_models(build) for build in _builds(result))]
    if smaller is not None:
        tables.append(_growth(result, smaller))
    if result.frames is not None:
        tables.append(_frames(result))
    if result.exports is not None:
        tables.append(_exports(result))
    for title, table in tables:
        console.print(f"\n[bold]{title}[/bold]")
        console.print(table)
    console.print()
    for promise, is_kept in promises(result).items():
        console.print(f"{'kept  ' if is_kept else 'MISSED'}  {promise}", style=None if is_kept else "bold")


def promises(result: Result) -> dict[str, bool]:
    """What the project promises at a million profiles, and whether this run kept it."""
    worst = max(result.ratios, key=lambda table: result.ratios[table])
    share = result.month.seconds / result.full.seconds
    peak = max(build.peak_bytes for build in _builds(result))
    found = {
        f"peak memory {_size(peak)}, at most {result.engine.memory}": peak <= result.engine.memory_bytes,
        f"{worst} takes {result.ratios[worst]:.2f} times as long as by hand, at most {MOST_TIMES_BY_HAND}": (
            result.ratios[worst] <= MOST_TIMES_BY_HAND
        ),
        f"one more month takes {share:.1%} of the full build, at most {MOST_SHARE_OF_FULL_BUILD:.0%}": (
            share <= MOST_SHARE_OF_FULL_BUILD
        ),
    }
    if result.frames is not None:
        times = result.frames.seconds["lifetimes"] / result.frames.seconds["project"]
        found[
            f"RFM of twelve months is {times:.0f} times as fast as lifetimes, at least {LEAST_TIMES_LIFETIMES:.0f}"
        ] = times >= LEAST_TIMES_LIFETIMES
    if result.exports is not None:
        copy, delta = result.exports.times_bare_copy, result.exports.times_bare_delta
        found[
            f"hashing, sorting and writing a list takes {copy:.2f} times as long as one COPY, "
            f"at most {MOST_TIMES_BARE_COPY}"
        ] = copy <= MOST_TIMES_BARE_COPY
        found[f"exporting a delta takes {delta:.2f} times as long as bare SQL, at most {MOST_TIMES_BARE_DELTA}"] = (
            delta <= MOST_TIMES_BARE_DELTA
        )
    return found


def write_json(result: Result, folder: Path) -> Path:
    """Everything measured as one file, named by its size."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"benchmark_{result.world.profiles}.json"
    content: dict[str, Any] = dataclasses.asdict(result)
    content["promises"] = promises(result)
    file.write_text(json.dumps(content, indent=2, default=str) + "\n", encoding="utf-8")
    return file


def earlier(result: Result, folder: Path) -> Result | None:
    """The result in the folder that is next smaller, of as many months on the same engine."""
    sizes = sorted(int(file.stem.rpartition("_")[2]) for file in folder.glob("benchmark_*.json"))
    for size in reversed([size for size in sizes if size < result.world.profiles]):
        found = TypeAdapter(Result).validate_json((folder / f"benchmark_{size}.json").read_bytes())
        if (found.world.months, found.engine) == (result.world.months, result.engine):
            return found
    return None


def _builds(result: Result) -> list[Build]:
    return [result.full, result.day, result.month, *([result.rebuild] if result.rebuild else [])]


def _table(*headings: str) -> Table:
    return Table(*headings, box=SIMPLE_HEAD, pad_edge=False)


def _steps(result: Result) -> Titled:
    table = _table("step")
    for heading in ("seconds", "peak memory", "file"):
        table.add_column(heading, justify="right")
    table.add_row("generate the raw files", f"{result.generate_seconds:.1f}", "", "")
    for build in _builds(result):
        table.add_row(build.title, f"{build.seconds:.1f}", _size(build.peak_bytes), _size(build.file_bytes))
        table.add_row("  before it, parsing", f"{build.parse_seconds:.1f}", "", "")
        models = sum(node.seconds for node in build.models())
        tests = sum(node.seconds for node in build.nodes if node.kind == "test")
        table.add_row(f"  of it {len(build.models())} models and snapshots", f"{models:.1f}", "", "")
        table.add_row(f"  of it {sum(node.kind == 'test' for node in build.nodes)} data tests", f"{tests:.1f}", "", "")
    table.add_row(
        f"{len(result.by_hand_seconds)} tables by hand",
        f"{sum(result.by_hand_seconds.values()):.1f}",
        _size(result.by_hand_peak_bytes),
        _size(result.by_hand_file_bytes),
    )
    return "Steps", table


def _by_hand(result: Result) -> Titled:
    table = _table("table")
    for heading in ("project, s", "by hand, s", "ratio"):
        table.add_column(heading, justify="right")
    seconds = {node.name: node.seconds for node in result.full.nodes}
    for name, by_hand in result.by_hand_seconds.items():
        table.add_row(name, f"{seconds[name]:.1f}", f"{by_hand:.1f}", f"{result.ratios[name]:.2f}")
    together = sum(seconds[name] for name in result.by_hand_seconds)
    by_hand = sum(result.by_hand_seconds.values())
    table.add_row("together", f"{together:.1f}", f"{by_hand:.1f}", f"{together / by_hand:.2f}")
    return "The project against hand-written SQL, same rows", table


def _growth(result: Result, smaller: Result) -> Titled:
    lines = result.rows["order_lines"] / smaller.rows["order_lines"]
    table = _table("step")
    for heading in (f"{smaller.world.profiles:,}", f"{result.world.profiles:,}", "times"):
        table.add_column(heading, justify="right")

    def add(title: str, before: float, now: float, shown: Callable[[Any], str]) -> None:
        table.add_row(title, shown(before), shown(now), f"{now / before:.1f}" if before else "")

    add("generate", smaller.generate_seconds, result.generate_seconds, _seconds)
    for one, other in zip(_builds(smaller), _builds(result), strict=False):
        add(other.title, one.seconds, other.seconds, _seconds)
        add("  peak memory", one.peak_bytes, other.peak_bytes, _size)
        add("  file", one.file_bytes, other.file_bytes, _size)
        seconds = {node.name: node.seconds for node in one.models()}
        for node in other.models()[:MODELS_SHOWN]:
            if node.seconds > FASTER_THAN_DATA * lines * seconds.get(node.name, 0) > 0:
                add(f"  {node.name}", seconds[node.name], node.seconds, _seconds)
    for name, by_hand in result.by_hand_seconds.items():
        add(f"{name} by hand", smaller.by_hand_seconds[name], by_hand, _seconds)
    return f"Growth with {lines:.1f} times the order lines; slow models that grew faster are named", table


def _models(build: Build) -> Titled:
    table = _table("model", "layer")
    table.add_column("seconds", justify="right")
    table.add_column("share", justify="right")
    for node in build.models()[:MODELS_SHOWN]:
        table.add_row(node.name, node.layer, f"{node.seconds:.1f}", f"{node.seconds / build.seconds:.0%}")
    return f"Slowest models: {build.title}", table


def _frames(result: Result) -> Titled:
    assert result.frames is not None
    table = _table("who")
    table.add_column("seconds", justify="right")
    table.add_column("project is faster by", justify="right")
    for name, seconds in result.frames.seconds.items():
        table.add_row(name, f"{seconds:.2f}", f"{seconds / result.frames.seconds['project']:.1f}")
    title = f"RFM of twelve months, {result.frames.profiles:,} profiles, {result.frames.lines:,} order lines"
    return title, table


def _exports(result: Result) -> Titled:
    assert result.exports is not None
    found = result.exports
    table = _table("step")
    for heading in ("whole list, s", "delta, s"):
        table.add_column(heading, justify="right")
    for step, seconds in found.full.items():
        table.add_row(step, f"{seconds:.1f}", f"{found.delta[step]:.1f}")
    table.add_row("by hand", f"{found.full_by_hand:.1f}", f"{found.delta_by_hand:.1f}")
    return f"Export of {found.members:,} people, peak memory {_size(result.exports_peak_bytes)}", table


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s"


def _size(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
