"""Rebuilds history month by month: `python scripts/replay.py --from 2017-01 --to 2017-12`."""

import click

from rekindle.ground.calendar import as_month
from rekindle.ground.errors import RekindleError
from rekindle.run import installation
from rekindle.run.replaying import replay


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--from", "first", required=True, metavar="YYYY-MM", help="First month to publish.")
@click.option("--to", "last", required=True, metavar="YYYY-MM", help="Last month to publish.")
@click.option("--accept", multiple=True, metavar="YYYY-MM", help="Publish this month although the brake holds it.")
@installation.CONNECTOR
@click.option("--force", is_flag=True, help="Start from nothing, even when nothing changed or other months get lost.")
def main(
    first: str,
    last: str,
    accept: tuple[str, ...],
    connector: str | None,
    force: bool,
) -> None:
    """Publish past months again, in order, in a new warehouse file that takes the old one's place when complete.

    Killed anywhere, the same command goes on where it stopped. The warehouse in use is untouched until the end.
    """
    chosen = installation.enter(connector, only_duckdb=True)
    months = as_month(first, "--from"), as_month(last, "--to")
    if months[0] > months[1]:
        raise RekindleError(
            f"--from {first} is after --to {last}: months are replayed in order, name the earlier first."
        )
    accepted = frozenset(as_month(each, "--accept") for each in accept)
    with installation.only_command():
        replay(chosen, *months, accepted, force=force)


if __name__ == "__main__":
    main()
