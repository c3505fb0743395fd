"""How things stand, on one screen: `python scripts/status.py`; of every installation there is, or of one."""

import os

import click

from rekindle.ground import paths
from rekindle.ground.screen import say
from rekindle.ground.settings import project
from rekindle.run import installation
from rekindle.tell import status


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@installation.CONNECTOR
def main(connector: str | None) -> None:
    """Say what is built, published, exported and sealed, what falls due and what waits, and what to do next.

    Reads and changes nothing; without --connector, of every installation.
    """
    found = []
    for name in [connector] if connector else _installations():
        installation.enter(name, only_duckdb=True)
        looked = status.look()
        if connector or not looked.is_empty:
            found.append("\n".join(status.lines(looked)))
    say("\n\n".join(found) or "Nothing is built yet: start with `make demo`, or `make build CONNECTOR=<yours>`.")


def _installations() -> list[str | None]:
    """The connectors that have one; only the project's own where the environment says which."""
    if {"REKINDLE_INSTALLATION", "REKINDLE_WAREHOUSE"} & os.environ.keys():
        return [None]
    known = project()["vars"]["connector_settings"]
    return [name for name in sorted(known) if (paths.PROJECT / "installations" / name).is_dir()]


if __name__ == "__main__":
    main()
