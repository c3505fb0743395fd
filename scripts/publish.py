"""Publishes the last finished build: `python scripts/publish.py`."""

import click

from rekindle import paths
from rekindle.dbt import Dbt
from rekindle.publishing import last_finished_build, publish, publish_activation
from rekindle.settings import chosen_connector
from rekindle.warehouse import only_command, warehouse_runs


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Copy the public tables and the audiences of the last finished build to published/, each in one atomic step."""
    with only_command(paths.warehouse()):
        build = last_finished_build(warehouse_runs(paths.warehouse()))
        manifest = Dbt(chosen_connector(build.connector)).manifest
        published = [publish(manifest, paths.warehouse()), publish_activation(manifest, paths.warehouse())]
    for done in published:
        if done is not None:
            click.echo(f"Published {done.tables} tables ({done.rows:,} rows) as of {done.as_of_date} to {done.path}")


if __name__ == "__main__":
    main()
