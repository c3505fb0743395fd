"""Reads phones and e-mails that nobody has read yet: before a plain `dbt build`. `scripts/run.py` does it by itself."""

import click

from rekindle.ground import paths
from rekindle.ground.calendar import default_as_of
from rekindle.ground.dbt import Dbt
from rekindle.ground.screen import say
from rekindle.ground.warehouse import use_warehouse
from rekindle.run import installation
from rekindle.run.building import read_addresses


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@installation.CONNECTOR
def main(connector: str | None) -> None:
    """Build the input that names addresses (only that), then read the phones and e-mails that nobody has read yet."""
    chosen = installation.enter(connector, only_duckdb=True)
    use_warehouse(paths.warehouse())
    with installation.only_command():
        phones, emails = read_addresses(Dbt(chosen), default_as_of(chosen))
    say(str(phones))
    say(str(emails))


if __name__ == "__main__":
    main()
