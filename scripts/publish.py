"""Publishes the last finished build: `python scripts/publish.py`."""

import click

from rekindle import paths
from rekindle.dbt import Dbt
from rekindle.publishing import last_finished_build, publish, publish_activation
from rekindle.settings import chosen_connector
from rekindle.warehouse import only_command, warehouse_runs


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Copy the public tables of the last finished build, and its audiences, to published/, each in one atomic step."""
    with only_command(paths.warehouse()):
        build = last_finished_build(warehouse_runs(paths.warehouse()))
        manifest = Dbt(chosen_connector(build.connector)).manifest
        done = [publish(manifest, paths.warehouse()), publish_activation(manifest, paths.warehouse())]
    for each in filter(None, done):
        click.echo(f"Published {each.tables} tables ({each.rows:,} rows) as of {each.as_of_date} to {each.path}")


if __name__ == "__main__":
    main()
