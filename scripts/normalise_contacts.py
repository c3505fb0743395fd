"""Reads phones that have not been read yet into E.164: `python scripts/normalise_contacts.py`, before `dbt build`."""

import os
from contextlib import redirect_stdout
from io import StringIO

import click
from dbt.cli.main import dbtRunner, dbtRunnerResult

from rekindle import paths
from rekindle.errors import RekindleError
from rekindle.phones import normalise_contacts


def _dbt(*arguments: str, variables: str) -> dbtRunnerResult:
    """One dbt command, silent unless it fails."""
    places = ["--project-dir", str(paths.PROJECT), "--profiles-dir", str(paths.PROJECT)]
    result = dbtRunner().invoke(["--quiet", *arguments, "--vars", variables, *places])
    if not result.success:
        raise RekindleError(f"`dbt {arguments[0]}` failed, so no phone was read: mend what dbt says above and try again.")
    return result


@click.command()
@click.option("--vars", "variables", default="{}", help="As for dbt, e.g. '{connector: fixture}'.")
def main(variables: str) -> None:
    """Builds input_contacts (only that), then reads the raw phones that landing.phone_numbers does not have."""
    warehouse = paths.warehouse()
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    os.environ["REKINDLE_WAREHOUSE"] = str(warehouse)  # dbt reads a relative path from the folder it is called in
    _dbt("run", "--select", "+input_contacts", variables=variables)
    with redirect_stdout(StringIO()):  # dbt compile prints what it compiled, even when quiet
        setting = _dbt("compile", "--inline", "{{ setting('default_country_code') or '' }}", variables=variables)
    compiled = setting.result.results[0].node.compiled_code  # type: ignore[union-attr]
    click.echo(normalise_contacts(warehouse, str(compiled).strip()))


if __name__ == "__main__":
    main()
