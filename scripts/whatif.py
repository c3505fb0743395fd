"""What changed seeds and settings would do, before anybody is decided on with them: `python scripts/whatif.py`."""

import click

from rekindle.ground.calendar import as_date
from rekindle.ground.screen import say
from rekindle.run import installation
from rekindle.run.whatif import given_settings, headline, tried
from rekindle.tell.side_by_side import side_by_side


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--as-of", metavar="YYYY-MM-DD", help="Decide as of this date; default: the newest finished build's.")
@click.option("--against", default="HEAD", metavar="REVISION", help="Compare with this commit; default: the last one.")
@click.option("--set", "words", multiple=True, metavar="NAME=VALUE", help="Try this setting without editing a file.")
@click.option("--people", is_flag=True, help="Name who comes in and goes out, by profile id.")
@installation.CONNECTOR
def main(as_of: str | None, against: str, words: tuple[str, ...], people: bool, connector: str | None) -> None:
    """Decide a day twice on copies of the warehouse, as committed and as the files are now, and compare.

    Nothing is kept, sealed, published or exported. Contact details are never shown.
    """
    date = as_date(as_of, "--as-of") if as_of else None
    chosen = installation.enter(connector, only_duckdb=True)
    installation.refuse_others()
    with tried(chosen, against, date, given_settings(words)) as found:
        say("\n".join(headline(found, against)))
        say("\n".join(side_by_side(found.before, found.after, found.as_of, people=people)).rstrip())


if __name__ == "__main__":
    main()
