"""Backs up what cannot be rebuilt: `python scripts/backup.py`, and back: `--restore backups/2018-01-01_1`."""

from pathlib import Path

import click

from rekindle.ground import paths
from rekindle.ground.dbt import Dbt
from rekindle.ground.screen import say
from rekindle.run import installation
from rekindle.run.backups import back_up, restore


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--restore",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Fill a fresh warehouse from this backup instead.",
)
@installation.CONNECTOR
def main(folder: Path | None, connector: str | None) -> None:
    """Export the kept tables (publications, snapshots, run log, phone look-up) to backups/<as-of date>_<n>/."""
    chosen = installation.enter(connector, only_duckdb=True)
    warehouse = paths.warehouse()
    with installation.only_command():
        if folder is not None:
            rows = restore(folder, warehouse)
            say(f"Restored {rows:,} rows to {paths.shown(warehouse)}; `{paths.command('run')}` builds the rest.")
            return
        say(f"Backed up to {paths.shown(back_up(Dbt(chosen).manifest, warehouse))}")


if __name__ == "__main__":
    main()
