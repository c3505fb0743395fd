"""Plays the demo's e-mail provider and customers: `python scripts/demo_world.py --as-of 2018-01-01 FILE…`."""

from pathlib import Path

import click

from rekindle.demo import responses
from rekindle.ground import paths
from rekindle.ground.calendar import as_date
from rekindle.ground.screen import say
from rekindle.run import installation


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--as-of", required=True, metavar="YYYY-MM-DD", help="The date that the files were exported for.")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(as_of: str, files: tuple[Path, ...]) -> None:
    """Write what the exported FILES of a date cause - messages, opens, clicks, baskets - to data/raw/world.

    Reads those files and the raw data, never the warehouse. The same files give the same answers.
    """
    installation.enter("completejourney", only_duckdb=True)
    date = as_date(as_of, "--as-of")
    rows = responses.play(paths.data(), date, files)
    say(
        f"World: {rows['messages']:,} messages sent as of {date}, {rows['message_events']:,} events, "
        f"{rows['offer_redemptions']:,} offers used, in {responses.folder_of(paths.data(), date)}"
    )


if __name__ == "__main__":
    main()
