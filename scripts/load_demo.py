"""Land the demo's raw data: `python scripts/load_demo.py [--force] [--no-archive]`."""

import time

import click

from rekindle.demo import loader
from rekindle.ground import paths
from rekindle.ground.screen import say
from rekindle.run import installation


@click.command()
@click.option("--force", is_flag=True, help="Write the files again although they are there.")
@click.option("--no-archive", is_flag=True, help="Leave out the past customers: the purchases of the data set alone.")
def main(force: bool, no_archive: bool) -> None:
    """Write the demo's raw files below data/raw: a public data set of baskets and a synthetic world around it."""
    installation.enter("completejourney")
    started = time.monotonic()
    landing = loader.load(paths.data(), force=force, archive=not no_archive)
    raw = paths.data() / "raw"
    if not landing.was_written:
        say(f"The demo data is already in {paths.shown(raw)} (--force writes it again).")
        return
    rows, files, seconds = sum(landing.rows.values()), len(landing.rows), time.monotonic() - started
    say(f"Demo data: {rows:,} rows in {files} files written to {paths.shown(raw)} in {seconds:.1f} s.")
    say("Purchases are a public data set, contacts and all around them are synthetic (docs/demo-data.md).")


if __name__ == "__main__":
    main()
