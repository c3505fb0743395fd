"""Publishes the last finished build: `python scripts/publish.py [--to postgres://user@host/database]`."""

from importlib import import_module
from types import ModuleType

import click

from rekindle.boards.page import make_boards
from rekindle.ground import paths
from rekindle.ground.dbt import Dbt
from rekindle.ground.errors import RekindleError
from rekindle.ground.screen import say
from rekindle.ground.warehouse import warehouse_runs
from rekindle.run import installation
from rekindle.run.publishing import (
    bring_what_was_built,
    last_finished_build,
    primary_keys,
    publish,
    publish_activation,
)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@installation.CONNECTOR
@click.option("--to", "address", help="Copy the public tables to PostgreSQL, too: postgres://user@host/database.")
@click.option("--schema", default="rekindle", show_default=True, help="The schema that --to replaces.")
def main(connector: str | None, address: str | None, schema: str) -> None:
    """Copy the public tables and the audiences of the last finished build to published/, each in one atomic step."""
    chosen = installation.enter(connector)
    if address is not None:
        _postgres().check_address(address)  # before anything is written
    with installation.only_command():
        last_finished_build(warehouse_runs(paths.warehouse()))  # before anything is parsed
        manifest = Dbt(chosen).manifest
        bring_what_was_built(manifest)
        published = publish(manifest, paths.warehouse())
        audiences = publish_activation(manifest, paths.warehouse())
        for done in (published, audiences):
            if done is not None:
                say(f"Published   {done.tables} tables, {done.rows:,} rows, as of {done.as_of_date}:")
                say(f"            {paths.shown(done.path)}")
        say(f"Boards      {paths.shown(make_boards(chosen))}")
        if address is not None:
            # nobody else publishes meanwhile: what is copied is this edition
            copied = _postgres().publish_to_postgres(published.path, address, primary_keys(manifest), schema)
            say(f"Copied      {copied.tables} tables ({copied.rows:,} rows) to PostgreSQL, schema {schema}")
            if copied.without_key:
                without = ", ".join(copied.without_key)
                say(f"            without a primary key, since a column of it has a null: {without}")


def _postgres() -> ModuleType:
    try:
        return import_module("rekindle.run.postgres")
    except ImportError:
        raise RekindleError(
            "--to needs the PostgreSQL driver: install it with `.venv/bin/python -m pip install 'psycopg[binary]'`."
        ) from None


if __name__ == "__main__":
    main()
