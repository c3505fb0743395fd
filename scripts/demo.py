"""What only the demo can do: play its past again, and take what was exported. `python scripts/demo.py --help`."""

import click

from rekindle.demo import floors
from rekindle.demo.replay import SimulatedWorld
from rekindle.export import runs
from rekindle.ground import paths
from rekindle.ground.calendar import as_date, as_month
from rekindle.ground.errors import RekindleError
from rekindle.ground.screen import say
from rekindle.run import installation
from rekindle.run.replaying import Rhythm, replay

CONNECTOR = "completejourney"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Commands of the demo, in its installation."""


@main.command("replay")
@click.option("--from", "first", required=True, metavar="YYYY-MM", help="First month to publish.")
@click.option("--to", "last", required=True, metavar="YYYY-MM", help="Last month to publish.")
@click.option("--decide-from", metavar="YYYY-MM", help="Decide whom to write to with each month from then on.")
@click.option("--weekly-from", metavar="YYYY-MM", help="And on the 8th, 15th and 22nd of each month from then on.")
@click.option("--daily-from", metavar="YYYY-MM-DD", help="And on each day from then on.")
@click.option("--force", is_flag=True, help="Start from nothing, even when nothing changed or other months get lost.")
def replay_demo(
    first: str, last: str, decide_from: str | None, weekly_from: str | None, daily_from: str | None, force: bool
) -> None:
    """Replay as scripts/replay.py does, with a past that answers what is decided; answers of before are taken back."""
    installation.enter(CONNECTOR, only_duckdb=True)
    months = as_month(first, "--from"), as_month(last, "--to")
    rhythm = Rhythm(
        as_month(decide_from, "--decide-from") if decide_from else None,
        as_month(weekly_from, "--weekly-from") if weekly_from else None,
        as_date(daily_from, "--daily-from") if daily_from else None,
    )
    if rhythm.decides_from is None and (weekly_from or daily_from):
        option = "--weekly-from" if weekly_from else "--daily-from"
        raise RekindleError(f"{option} needs --decide-from: say from which month on anything is decided.")
    with installation.only_command():
        replay(CONNECTOR, *months, frozenset(), force=force, rhythm=rhythm, world=SimulatedWorld(paths.data()))


@main.command()
def acknowledge() -> None:
    """Do what jobs that pull feeds do: look whether the newest run of each feed is whole, and say that it was taken."""
    installation.enter(CONNECTOR, only_duckdb=True)
    newest = [(folder, run) for folder in runs.feed_folders() for run in folder.runs()[-1:]]
    for folder, run in newest:
        runs.verify(run.folder / "manifest.json")
        with folder.locked():
            folder.acknowledge(run)
    say(f"Verified    {len(newest)} export runs, and acknowledged as if the platforms had taken them")
    for line in floors.in_words(paths.warehouse()):
        say(line)
    say("Next        README.md has the first questions to ask of the first published file, read-only;")
    say("            marketers open the boards in a browser:")
    say(f"            {(paths.boards() / 'index.html').as_uri()}")


if __name__ == "__main__":
    main()
