"""Backs up what cannot be rebuilt: `python scripts/backup.py`, and back: `--restore backups/2018-01-01_1`."""

from pathlib import Path

import click

from rekindle import paths
from rekindle.backups import back_up, restore
from rekindle.dbt import Dbt
from rekindle.settings import chosen_connector
from rekindle.warehouse import only_command, warehouse_runs


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--restore",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Fill a fresh warehouse from this backup instead.",
)
def main(folder: Path | None) -> None:
    """Export the kept tables (publications, snapshots, run log, phone look-up) to backups/<as-of date>_<n>/."""
    warehouse = paths.warehouse()
    with only_command(warehouse):
        if folder is not None:
            rows = restore(folder, warehouse)
            click.echo(f"Restored {rows:,} rows to {warehouse}; `python scripts/run.py` builds the rest.")
            return
        runs = warehouse_runs(warehouse)
        dbt = Dbt(chosen_connector(runs[-1].connector if runs else None))
        click.echo(f"Backed up to {back_up(dbt.manifest, warehouse)}")


if __name__ == "__main__":
    main()
