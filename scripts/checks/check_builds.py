"""Builds the connectors that need no data, from nothing, with all unit and data tests: part of `make test`.

Side by side, each in a process of its own with one thread: what dbt does in Python uses one processor whatever the
number of its threads. What they say is printed when each has ended.
"""

import contextlib
import io
import multiprocessing
import os
import shutil
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import click

# the programs of the project are one folder up
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from faster_dbt import make_faster
from rekindle.ground.dbt import Dbt, target_folder
from rekindle.ground.errors import RekindleError
from rekindle.ground.warehouse import use_warehouse

CONNECTORS = ("fixture", "empty")


def build(connector: str) -> tuple[bool, str]:
    """Runs a plain `dbt build` of the connector: whether it is green, and what it said."""
    folder = target_folder() / "checks" / connector
    shutil.rmtree(folder, ignore_errors=True)
    os.environ.update(DBT_TARGET_PATH=str(folder / "target"), DBT_LOG_PATH=str(folder / "logs"), REKINDLE_THREADS="1")
    use_warehouse(folder / "build.duckdb")
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            title = f"dbt build, connector {connector}"
            success = Dbt(connector).run("build", variables={}, progress=title).success
        except RekindleError as error:
            print(f"Error: {error}")
            success = False
    return success, said.getvalue()


@click.command()
def main() -> None:
    """Run a plain `dbt build` for the connectors fixture (hand-written rows) and empty (no row)."""
    failed = []
    make_faster(target_folder() / "checks" / "templates")
    with ProcessPoolExecutor(len(CONNECTORS), multiprocessing.get_context("fork")) as pool:
        for connector, (success, said) in zip(CONNECTORS, pool.map(build, CONNECTORS), strict=True):
            click.echo(said, nl=False)
            if not success:
                failed.append(connector)
    if failed:
        raise RekindleError(f"`dbt build` is not green for {' and '.join(failed)}, see above.")


if __name__ == "__main__":
    main()
