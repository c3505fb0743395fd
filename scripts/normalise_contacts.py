"""Reads phones that nobody has read yet into E.164: before a plain `dbt build`. `scripts/run.py` does it by itself."""

import click

from rekindle import paths
from rekindle.calendar import default_as_of
from rekindle.dbt import Dbt
from rekindle.errors import RekindleError
from rekindle.phones import normalise_contacts
from rekindle.settings import chosen_connector, setting
from rekindle.warehouse import only_command, use_warehouse


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--connector", help="Where the data comes from; default: `connector` in dbt_project.yml.")
def main(connector: str | None) -> None:
    """Build input_contacts (only that), then read the raw phones that landing.phone_numbers does not have yet."""
    chosen = chosen_connector(connector)
    use_warehouse(paths.warehouse())
    with only_command(paths.warehouse()):
        as_of = default_as_of(chosen).isoformat()
        if not Dbt(chosen).run("run", "--select", "+input_contacts", as_of_date=as_of).success:
            raise RekindleError("The contacts could not be read (see above), so no phone was.")
        click.echo(normalise_contacts(paths.warehouse(), setting("default_country_code", chosen)))


if __name__ == "__main__":
    main()
