"""All steps of the benchmark, in order."""

import datetime
import os
import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import click
import duckdb
from pydantic import TypeAdapter

from rekindle.bench import exports, handwritten, project
from rekindle.bench.engine import Engine
from rekindle.bench.exports import Exports
from rekindle.bench.frames import Comparison, compare
from rekindle.bench.generate import World, generate
from rekindle.bench.measure import Measured, measured
from rekindle.bench.project import Node
from rekindle.ground.errors import RekindleError
from rekindle.ground.warehouse import write_ahead_log

# What the project promises (docs/benchmark.md).
MOST_TIMES_BY_HAND = 1.5
MOST_SHARE_OF_FULL_BUILD = 0.1
LEAST_TIMES_LIFETIMES = 40.0
MOST_TIMES_BARE_COPY = 1.3
MOST_TIMES_BARE_DELTA = 1.5


STEPS = "steps"
ONE_DAY = datetime.timedelta(days=1)

T = TypeVar("T")


@dataclass(frozen=True)
class Build:
    """A build: its seconds and those of parsing before it, its peak memory, the file's size after it, its nodes."""

    title: str
    seconds: float
    parse_seconds: float
    peak_bytes: int
    file_bytes: int
    nodes: list[Node]

    def models(self) -> list[Node]:
        """What fills tables, the slowest first."""
        return sorted(
            (node for node in self.nodes if node.kind in ("model", "snapshot")), key=lambda node: -node.seconds
        )


@dataclass(frozen=True)
class Result:
    """Everything that was measured; seconds and bytes."""

    machine: dict[str, str | int | float]
    world: World
    engine: Engine
    rows: dict[str, int]
    generate_seconds: float
    full: Build
    day: Build
    month: Build
    by_hand_seconds: dict[str, float]
    by_hand_peak_bytes: int
    by_hand_file_bytes: int
    rebuild: Build | None = None
    frames: Comparison | None = None
    exports: Exports | None = None
    exports_peak_bytes: int = 0
    ratios: dict[str, float] = field(default_factory=dict)


class Steps:
    """The finished steps of a benchmark, each a file of what it gave: one that was stopped goes on with the next.

    `about`: what is measured, and with what. Raises RekindleError where the folder holds steps of something else.
    """

    def __init__(self, folder: Path, **about: Any) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        if self.kept("about", str, lambda: repr(about)) != repr(about):
            raise RekindleError(
                f"The benchmark in {folder.parent} was begun with other options: name the same, or leave out --resume."
            )

    def kept(self, step: str, kind: Any, measure: Callable[[], T]) -> T:
        """What the step gave, of this type: before, or now."""
        done = self.folder / f"{step}.json"
        adapter: TypeAdapter[T] = TypeAdapter(kind)
        if not done.exists():
            value = measure()
            new = done.with_suffix(".new")
            new.write_bytes(adapter.dump_json(value))
            new.replace(done)
        return adapter.validate_json(done.read_bytes())


def run(world: World, engine: Engine, folder: Path, *, frame_profiles: int, members: int, rebuild: bool) -> Result:
    """Generates, builds, compares. Raises RekindleError when a build is not green or the results are not the same.

    `folder` is empty, or that of the same benchmark, which was stopped and goes on (see `prepare`). `frame_profiles`:
    for pandas and lifetimes, `members`: of the list that is exported; 0 leaves them out. `rebuild`: also build all of
    it a month later.
    """
    steps = Steps(folder / STEPS, world=world, engine=engine, frames=frame_profiles, members=members, rebuild=rebuild)
    machine = steps.kept("machine", dict[str, str | int | float], _machine)
    click.echo(f"Generating {world.profiles:,} profiles, {world.months} months and one more", err=True)
    generated = steps.kept("generate", Measured[dict[str, int]], lambda: measured(generate, world, folder, engine))
    full = steps.kept("full", Build, lambda: _full_build(folder, engine, world))
    click.echo("The same by hand", err=True)
    written = steps.kept("by_hand", Measured[dict[str, float]], lambda: _by_hand(folder, engine, world))
    by_hand_bytes = handwritten.by_hand(folder).stat().st_size
    compared = None
    if frame_profiles:
        click.echo("RFM of twelve months with pandas and lifetimes", err=True)
        compared = steps.kept("frames", Comparison, lambda: measured(compare, folder, engine, frame_profiles).value)
    day = steps.kept(
        "day",
        Build,
        lambda: _build("one more day of decisions", folder, engine, world.as_of + ONE_DAY, ("--selector", "daily")),
    )
    month = steps.kept(
        "month",
        Build,
        lambda: _build("one more month", folder, engine, world.next_as_of, ("--selector", "monthly")),
    )
    again = None
    if rebuild:
        again = steps.kept(
            "rebuild", Build, lambda: _build("all of it a month later", folder, engine, world.next_as_of, ())
        )
    exported = None
    if members:
        click.echo(f"A list of {members:,} people, exported and by hand", err=True)
        exported = steps.kept(
            "exports", Measured[Exports], lambda: measured(exports.compare, folder / "lists", engine, members)
        )
    seconds = {node.name: node.seconds for node in full.nodes}
    ratios = {table: seconds[table] / by_hand for table, by_hand in written.value.items()}
    return Result(
        machine=machine,
        world=world,
        engine=engine,
        rows=generated.value,
        generate_seconds=generated.seconds,
        full=full,
        day=day,
        month=month,
        by_hand_seconds=written.value,
        by_hand_peak_bytes=written.peak_bytes,
        by_hand_file_bytes=by_hand_bytes,
        rebuild=again,
        frames=compared,
        exports=exported.value if exported else None,
        exports_peak_bytes=exported.peak_bytes if exported else 0,
        ratios=ratios,
    )


def _full_build(folder: Path, engine: Engine, world: World) -> Build:
    """Into a new warehouse: what a build that was stopped has made would make this one shorter."""
    project.warehouse(folder).unlink(missing_ok=True)
    write_ahead_log(project.warehouse(folder)).unlink(missing_ok=True)
    project.land_phones(folder, engine)
    return _build("full build", folder, engine, world.as_of, ())


def _by_hand(folder: Path, engine: Engine, world: World) -> Measured[dict[str, float]]:
    """The tables by hand, which are those of the project."""
    written = measured(handwritten.write, folder, engine, world)
    differences = handwritten.differences(folder, engine)
    if any(differences.values()):
        different = ", ".join(f"{table} ({rows} rows)" for table, rows in differences.items() if rows)
        raise RekindleError(
            f"The project and the hand-written SQL differ in {different}: one of them is wrong; "
            f"run it again with --keep and compare the two databases in {folder}."
        )
    return written


def _build(title: str, folder: Path, engine: Engine, as_of: datetime.date, arguments: tuple[str, ...]) -> Build:
    step = measured(project.build, folder, engine, as_of, *arguments)
    size = project.warehouse(folder).stat().st_size
    return Build(title, step.value.seconds, step.value.parse_seconds, step.peak_bytes, size, step.value.nodes)


def prepare(folder: Path, *, resume: bool) -> None:
    """Makes the folder new, or leaves what is done. Refuses one that holds anything but an earlier benchmark."""
    if folder.exists():
        if any(folder.iterdir()) and not any((folder / part).is_dir() for part in ("contract", STEPS)):
            raise RekindleError(f"--folder {folder} holds something else: name an empty or a new folder.")
        if not resume:
            shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)


def _machine() -> dict[str, str | int | float]:
    """The machine in general terms, and how busy it was when the measurement began."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cores": os.cpu_count() or 0,
        "memory_gb": round(memory / 1e9),
        "processor": platform.machine(),
        "load_at_start": round(os.getloadavg()[0], 1),
        "duckdb": duckdb.__version__,
        "python": platform.python_version(),
    }
