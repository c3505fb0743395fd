"""Publishes the last finished build: `python scripts/publish.py`."""

import click

from rekindle.ground import paths
from rekindle.ground.dbt import Dbt
from rekindle.ground.warehouse import warehouse_runs
from rekindle.run import installation
from rekindle.run.publishing import last_finished_build, publish, publish_activation


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@installation.CONNECTOR
def main(connector: str | None) -> None:
    """Copy the public tables and the audiences of the last finished build to published/, each in one atomic step."""
    chosen = installation.enter(connector)
    with installation.only_command():
        last_finished_build(warehouse_runs(paths.warehouse()))  # before anything is parsed
        manifest = Dbt(chosen).manifest
        published = [publish(manifest, paths.warehouse()), publish_activation(manifest, paths.warehouse())]
    for done in published:
        if done is not None:
            click.echo(f"Published {done.tables} tables ({done.rows:,} rows) as of {done.as_of_date} to {done.path}")


if __name__ == "__main__":
    main()
