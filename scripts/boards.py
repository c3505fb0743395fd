"""The page that marketers look at, made of what is published: `python scripts/boards.py`."""

import click

from rekindle.boards.page import make_boards
from rekindle.ground import paths
from rekindle.ground.screen import say
from rekindle.run import installation


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@installation.CONNECTOR
def main(connector: str | None) -> None:
    """Make boards/index.html of published/rekindle.duckdb: what every run does after it has published.

    A change of dashboards/*.yml is seen without a new build.
    """
    chosen = installation.enter(connector)
    installation.refuse_others()
    say(f"Boards      {paths.shown(make_boards(chosen))}")


if __name__ == "__main__":
    main()
