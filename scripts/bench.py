"""The benchmark: the project against hand-written SQL, pandas and lifetimes. `python scripts/bench.py --help`."""

import shutil
from pathlib import Path

import click

from rekindle.bench.engine import Engine
from rekindle.bench.generate import LEAST_MONTHS, World
from rekindle.bench.report import earlier, show, write_json
from rekindle.bench.run import prepare, run
from rekindle.ground import paths

FOLDER = paths.PROJECT / "bench"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--profiles", default=100_000, show_default=True, help="Persons to generate, with some 100 order lines each."
)
@click.option("--months", default=24, show_default=True, help=f"Closed months of history, at least {LEAST_MONTHS}.")
@click.option(
    "--memory", default="9GB", show_default=True, metavar="SIZE", help="What a build may use; DuckDB gets 90 %."
)
@click.option("--threads", default=2, show_default=True, help="Cores that DuckDB may use.")
@click.option(
    "--frames", default=20_000, show_default=True, help="Profiles that pandas and lifetimes get; 0 leaves them out."
)
@click.option(
    "--members", type=int, show_default="five per profile", help="People on the list that is exported; 0 leaves it out."
)
@click.option("--rebuild", is_flag=True, help="Also build everything again a month later, as scripts/run.py does.")
@click.option("--resume", is_flag=True, help="Go on with a benchmark that was stopped, of the same options.")
@click.option("--keep", is_flag=True, help="Keep the generated files and both databases.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=FOLDER,
    show_default="bench",
    help="Where the result goes and, below `work`, what is made on the way: 20 GB for a million profiles.",
)
def main(
    profiles: int,
    months: int,
    memory: str,
    threads: int,
    frames: int,
    members: int | None,
    rebuild: bool,
    resume: bool,
    keep: bool,
    folder: Path,
) -> None:
    """Measure the project on made-up raw data of any size, and beside it the same done by hand.

    Nothing of the project's own data is read or changed. What is compared with what: docs/benchmark.md.
    """
    world = World(profiles, months)
    work = folder.resolve() / "work"
    prepare(work, resume=resume)
    is_done = False
    try:
        size = profiles * 5 if members is None else members
        result = run(world, Engine(memory, threads), work, frame_profiles=frames, members=size, rebuild=rebuild)
        is_done = True
    finally:
        if not keep and (is_done or not resume):
            shutil.rmtree(work, ignore_errors=True)
    show(result, earlier(result, folder.resolve()))
    click.echo(f"\nWritten to {write_json(result, folder.resolve())}")


if __name__ == "__main__":
    main()
