"""Why somebody is in and why not: `python scripts/explain.py PROFILE_ID`; without a profile, counts of each gate."""

import click

from rekindle.ground import paths
from rekindle.ground.calendar import as_date
from rekindle.ground.screen import say
from rekindle.run import installation
from rekindle.tell.explaining import Explainer


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("profile_id", required=False)
@click.option("--scenario", metavar="SCENARIO", help="Only this scenario.")
@click.option("--as-of", metavar="YYYY-MM-DD", help="Only this date; counts are of the newest date when none is given.")
@installation.CONNECTOR
def main(profile_id: str | None, scenario: str | None, as_of: str | None, connector: str | None) -> None:
    """Tell in plain words why a profile got, or did not get, each message; without a profile, how many did.

    Reads the warehouse and changes nothing. Contact details are never shown.
    """
    date = as_date(as_of, "--as-of") if as_of else None
    installation.enter(connector, only_duckdb=True)
    installation.refuse_others()
    explainer = Explainer.open(paths.warehouse())
    try:
        told = explainer.person(profile_id, scenario, date) if profile_id else explainer.waterfalls(scenario, date)
        say("\n".join(told).rstrip())
    finally:
        explainer.connection.close()


if __name__ == "__main__":
    main()
