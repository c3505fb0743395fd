"""The monthly job: check the raw data, build, say what came out, publish. `python scripts/run.py --help`."""

import click

from rekindle import paths
from rekindle.building import build, prepare, unfinished_dates
from rekindle.calendar import as_date, as_month, default_as_of, newest_closed_month
from rekindle.dbt import Dbt
from rekindle.errors import RekindleError
from rekindle.publishing import publish, publish_activation
from rekindle.settings import chosen_connector
from rekindle.warehouse import only_command, use_warehouse, warehouse_runs


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--as-of", metavar="YYYY-MM-DD", help="See the data as of the end of this day; default: as configured.")
@click.option(
    "--accept", metavar="YYYY-MM", help="Publish this month although the brake holds it back: you looked at it."
)
@click.option("--connector", help="Where the data comes from; default: `connector` in dbt_project.yml.")
@click.option("--no-publish", is_flag=True, help="Build only.")
@click.option("--demo", is_flag=True, hidden=True)
def main(as_of: str | None, accept: str | None, connector: str | None, no_publish: bool, demo: bool) -> None:
    """Build the datamart from the raw data, print the summary and publish it.

    A date whose build did not finish is finished first. `dbt build` alone gives the same tables.
    """
    chosen = chosen_connector(connector)
    date = as_date(as_of, "--as-of") if as_of else default_as_of(chosen)
    month = as_month(accept, "--accept") if accept else None
    use_warehouse(paths.warehouse())
    with only_command(paths.warehouse()):
        dates = [*unfinished_dates(warehouse_runs(paths.warehouse()), date), date]
        if month is not None and month not in [newest_closed_month(each) for each in dates]:
            raise RekindleError(
                f"--accept names {month:%Y-%m} but the month to publish as of {date} is "
                f"{newest_closed_month(date):%Y-%m}: accept that one, after looking at it."
            )
        dbt = Dbt(chosen)
        prepare(dbt, dates[0])
        for unfinished in dates[:-1]:
            click.echo(f"The build as of {unfinished} did not finish: finishing it first.")
            build(dbt, unfinished, month)
        build(dbt, date, month)
        if no_publish:
            return
        done = [publish(dbt.manifest, paths.warehouse()), publish_activation(dbt.manifest, paths.warehouse())]
    for each in filter(None, done):
        click.echo(f"Published   {each.path} ({each.tables} tables, {each.rows:,} rows)")
    if demo:
        click.echo("Next        open it read-only in any DuckDB client; README.md has the first questions to ask.")


if __name__ == "__main__":
    main()
