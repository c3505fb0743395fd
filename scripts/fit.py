"""Fits the expected value to the purchases of the last build. `scripts/run.py` does it by itself when it is due."""

import click

from rekindle.fit import schedule
from rekindle.ground import paths
from rekindle.ground.errors import RekindleError
from rekindle.ground.screen import say
from rekindle.run import installation


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@installation.CONNECTOR
def main(connector: str | None) -> None:
    """Fit what customers are expected to buy, to the newest closed month of the last finished build.

    The parameters score customers from the next build on. Ends with 1, and says why, when they are refused.
    """
    chosen = installation.enter(connector)
    with installation.only_command():
        report = schedule.fit(paths.warehouse(), chosen)
    if report.refusal:
        raise RekindleError(f"The expected value is {report}")
    say(f"Expected value: {report}")


if __name__ == "__main__":
    main()
