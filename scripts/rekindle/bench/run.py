"""All steps of the benchmark, in order."""

import datetime
import os
import platform
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import click
import duckdb

from rekindle.bench import exports, handwritten, project
from rekindle.bench.engine import Engine
from rekindle.bench.exports import Exports
from rekindle.bench.frames import Comparison, compare
from rekindle.bench.generate import World, generate
from rekindle.bench.measure import measured
from rekindle.bench.project import Node
from rekindle.ground.errors import RekindleError

# What the project promises (docs/benchmark.md).
MOST_TIMES_BY_HAND = 1.5
MOST_SHARE_OF_FULL_BUILD = 0.1
LEAST_TIMES_LIFETIMES = 40.0
MOST_TIMES_BARE_COPY = 1.3
MOST_TIMES_BARE_DELTA = 1.5


ONE_DAY = datetime.timedelta(days=1)


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


def run(world: World, engine: Engine, folder: Path, *, frame_profiles: int, members: int, rebuild: bool) -> Result:
    """Generates, builds, compares. Raises RekindleError when a build is not green or the results are not the same.

    `folder` is empty (see `empty`). `frame_profiles`: for pandas and lifetimes, `members`: of the list that is
    exported; 0 leaves them out. `rebuild`: also build all of it a month later.
    """
    machine = _machine()
    click.echo(f"Generating {world.profiles:,} profiles, {world.months} months and one more", err=True)
    generated = measured(generate, world, folder, engine)
    project.land_phones(folder, engine)
    full = _build("full build", folder, engine, world.as_of, ())
    click.echo("The same by hand", err=True)
    written = measured(handwritten.write, folder, engine, world)
    differences = handwritten.differences(folder, engine)
    if any(differences.values()):
        different = ", ".join(f"{table} ({rows} rows)" for table, rows in differences.items() if rows)
        raise RekindleError(
            f"The project and the hand-written SQL differ in {different}: one of them is wrong; "
            f"run it again with --keep and compare the two databases in {folder}."
        )
    by_hand_bytes = handwritten.by_hand(folder).stat().st_size
    compared = None
    if frame_profiles:
        click.echo("RFM of twelve months with pandas and lifetimes", err=True)
        compared = measured(compare, folder, engine, frame_profiles).value
    day = _build("one more day of decisions", folder, engine, world.as_of + ONE_DAY, ("--selector", "daily"))
    month = _build("one more month", folder, engine, world.next_as_of, ("--selector", "monthly"))
    again = _build("all of it a month later", folder, engine, world.next_as_of, ()) if rebuild else None
    exported = None
    if members:
        click.echo(f"A list of {members:,} people, exported and by hand", err=True)
        exported = measured(exports.compare, folder / "lists", engine, members)
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


def _build(title: str, folder: Path, engine: Engine, as_of: datetime.date, arguments: tuple[str, ...]) -> Build:
    step = measured(project.build, folder, engine, as_of, *arguments)
    size = project.warehouse(folder).stat().st_size
    return Build(title, step.value.seconds, step.value.parse_seconds, step.peak_bytes, size, step.value.nodes)


def empty(folder: Path) -> None:
    """Makes the folder new. Refuses one that holds anything but an earlier benchmark."""
    if folder.exists():
        if any(folder.iterdir()) and not (folder / "contract").is_dir():
            raise RekindleError(f"--folder {folder} holds something else: name an empty or a new folder.")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)


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
