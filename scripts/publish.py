"""Publishes the last finished build: `python scripts/publish.py [--to postgres://user@host/database]`."""

from importlib import import_module
from types import ModuleType

import click

from rekindle.ground import paths
from rekindle.ground.dbt import Dbt
from rekindle.ground.errors import RekindleError
from rekindle.ground.warehouse import warehouse_runs
from rekindle.run import installation
from rekindle.run.publishing import last_finished_build, primary_keys, publish, publish_activation


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@installation.CONNECTOR
@click.option("--to", "address", help="Copy the public tables to PostgreSQL, too: postgres://user@host/database.")
def main(connector: str | None, address: str | None) -> None:
    """Copy the public tables and the audiences of the last finished build to published/, each in one atomic step."""
    chosen = installation.enter(connector)
    if address:
        _postgres().check_address(address)  # before anything is written
    with installation.only_command():
        last_finished_build(warehouse_runs(paths.warehouse()))  # before anything is parsed
        manifest = Dbt(chosen).manifest
        published = [publish(manifest, paths.warehouse()), publish_activation(manifest, paths.warehouse())]
    for done in published:
        if done is not None:
            click.echo(f"Published {done.tables} tables ({done.rows:,} rows) as of {done.as_of_date} to {done.path}")
    if address:
        file = paths.published() / "rekindle.duckdb"
        tables, rows = _postgres().publish_to_postgres(file, address, primary_keys(manifest))
        click.echo(f"Published {tables} tables ({rows:,} rows) to PostgreSQL, schema rekindle")


def _postgres() -> ModuleType:
    try:
        return import_module("rekindle.run.postgres")
    except ImportError:
        raise RekindleError(
            "--to needs the PostgreSQL driver: install it with `.venv/bin/python -m pip install 'psycopg[binary]'`."
        ) from None


if __name__ == "__main__":
    main()
