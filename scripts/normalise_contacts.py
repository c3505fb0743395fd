"""Reads phones that nobody has read yet into E.164: before a plain `dbt build`. `scripts/run.py` does it by itself."""

import click

from rekindle import paths
from rekindle.building import read_phones
from rekindle.calendar import default_as_of
from rekindle.dbt import Dbt
from rekindle.settings import chosen_connector
from rekindle.warehouse import only_command, use_warehouse


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--connector", help="Where the data comes from; default: `connector` in dbt_project.yml.")
def main(connector: str | None) -> None:
    """Build input_contacts (only that), then read the raw phones that landing.phone_numbers does not have yet."""
    chosen = chosen_connector(connector)
    use_warehouse(paths.warehouse())
    with only_command(paths.warehouse()):
        click.echo(read_phones(Dbt(chosen), default_as_of(chosen)))


if __name__ == "__main__":
    main()
