"""The gate before a build, by itself: `python scripts/check_sources.py --help`."""

import click

from rekindle.gates.raw import check_raw
from rekindle.ground.calendar import as_date, default_as_of
from rekindle.ground.dbt import Dbt
from rekindle.ground.screen import say
from rekindle.run import installation


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--as-of", metavar="YYYY-MM-DD", help="The date that the data must be fresh for; default: as configured.")
@installation.CONNECTOR
@click.option("--accept", is_flag=True, help="The data is meant to have changed that much since the last time.")
def main(as_of: str | None, connector: str | None, accept: bool) -> None:
    """Look at the raw data as `run.py` does before it builds, and say what is wrong with it.

    What passes is what the next data is compared with.
    """
    chosen = installation.enter(connector)
    date = as_date(as_of, "--as-of") if as_of else default_as_of(chosen)
    with installation.only_command():
        verdict = check_raw(Dbt(chosen).manifest, chosen, date, accept=accept, again=True)
    say(f"Raw data    {verdict.judged:,} expectations hold" + (f", see {verdict.page}" if verdict.page else ""))


if __name__ == "__main__":
    main()
