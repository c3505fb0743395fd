"""Rebuilds history month by month: `python scripts/replay.py --from 2017-01 --to 2017-12`."""

import click

from rekindle.ground.calendar import as_month
from rekindle.ground.errors import RekindleError
from rekindle.run import installation
from rekindle.run.replaying import Rhythm, replay


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--from", "first", required=True, metavar="YYYY-MM", help="First month to publish.")
@click.option("--to", "last", required=True, metavar="YYYY-MM", help="Last month to publish.")
@click.option("--accept", multiple=True, metavar="YYYY-MM", help="Publish this month although the brake holds it.")
@click.option(
    "--decide-from", metavar="YYYY-MM", help="Demo only: decide whom to write to with each month from then on."
)
@click.option("--daily-from", metavar="YYYY-MM", help="Demo only: and on each day from then on.")
@installation.CONNECTOR
@click.option("--force", is_flag=True, help="Start from nothing, even when nothing changed or other months get lost.")
def main(
    first: str,
    last: str,
    accept: tuple[str, ...],
    decide_from: str | None,
    daily_from: str | None,
    connector: str | None,
    force: bool,
) -> None:
    """Publish past months again, in order, in a new warehouse file that takes the old one's place when complete.

    Killed anywhere, the same command goes on where it stopped. The warehouse in use is untouched until the end.
    """
    chosen = installation.enter(connector)
    months = as_month(first, "--from"), as_month(last, "--to")
    if months[0] > months[1]:
        raise RekindleError(
            f"--from {first} is after --to {last}: months are replayed in order, name the earlier first."
        )
    accepted = frozenset(as_month(each, "--accept") for each in accept)
    rhythm = Rhythm(
        as_month(decide_from, "--decide-from") if decide_from else None,
        as_month(daily_from, "--daily-from") if daily_from else None,
    )
    if rhythm != Rhythm() and chosen != "completejourney":
        raise RekindleError(
            "--decide-from and --daily-from are for the demo, where the past can be played again: "
            f"nobody can be written to in the past of connector '{chosen}'. Leave them out."
        )
    if rhythm.daily_from is not None and rhythm.decides_from is None:
        raise RekindleError("--daily-from needs --decide-from: say from which month on anything is decided.")
    with installation.only_command():
        replay(chosen, *months, accepted, rhythm, force=force)


if __name__ == "__main__":
    main()
