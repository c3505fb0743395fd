"""Builds the connectors that need no data, from nothing, with all unit and data tests: part of `make test`."""

import os
import shutil
import sys
from pathlib import Path

import click

# the programs of the project are one folder up
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rekindle.ground.dbt import Dbt, target_folder
from rekindle.ground.errors import RekindleError
from rekindle.ground.warehouse import use_warehouse

CONNECTORS = ("empty", "fixture")


@click.command()
def main() -> None:
    """Run a plain `dbt build` for the connectors empty (no row) and fixture (hand-written rows)."""
    checks = target_folder() / "checks"
    for connector in CONNECTORS:
        folder = checks / connector
        shutil.rmtree(folder, ignore_errors=True)
        os.environ["DBT_TARGET_PATH"] = str(folder / "target")
        use_warehouse(folder / "build.duckdb")
        if not Dbt(connector).run("build", variables={}, progress=f"dbt build, connector {connector}").success:
            raise RekindleError(f"`dbt build` of the connector {connector} is not green, see above.")


if __name__ == "__main__":
    main()
