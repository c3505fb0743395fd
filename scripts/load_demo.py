"""Land the demo's raw data: `python scripts/load_demo.py [--force]`."""

import time

import click

from rekindle import paths
from rekindle.demo import loader


@click.command(help=__doc__)
@click.option("--force", is_flag=True, help="Write the files again although they are there.")
def main(force: bool) -> None:
    started = time.monotonic()
    landing = loader.load(paths.data(), force=force)
    raw = paths.data() / "raw"
    if not landing.was_written:
        click.echo(f"The demo data is already in {raw} (--force writes it again).")
        return
    total = sum(landing.rows.values())
    click.echo(
        f"Demo data: {total:,} rows in {len(landing.rows)} files written to {raw} in {time.monotonic() - started:.1f} s."
        " Purchases are the public data set, contacts and everything around them are synthetic (docs/demo-data.md)."
    )


if __name__ == "__main__":
    main()
