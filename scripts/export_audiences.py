"""Files for e-mail providers, ad platforms and reverse-ETL tools: `python scripts/export_audiences.py --help`."""

import contextlib
import json
import sys
import traceback
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from rekindle.export import runs
from rekindle.forget import answers
from rekindle.ground.calendar import as_date
from rekindle.ground.errors import RekindleError, worst
from rekindle.ground.screen import say
from rekindle.run import installation


@contextlib.contextmanager
def _no_code_of_its_own() -> Iterator[None]:
    """A call that cannot be understood ends with 1: click's 2 would say here that an export had something to write."""
    try:
        yield
    except click.UsageError as error:
        error.show()
        sys.exit(1)


class _OneSentence(click.Group):
    """Whatever happens ends in one sentence: the text of an error nobody thought of could quote a person's data."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        with _no_code_of_its_own():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with _no_code_of_its_own():
                return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            raise RekindleError(
                f"Unexpected {type(error).__name__} in {Path(place.filename).name}, line {place.lineno}; "
                "nothing more was committed."
            ) from None


@click.group(cls=_OneSentence, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Write the published audiences as files that a platform takes as they are.

    Exit codes: 0 done, 2 plan has changes, 3 a guard stopped a feed, 4 contract or consent, 5 locked, 1 anything else.
    """


_FEEDS = click.argument("feeds", nargs=-1)
_AS_OF = click.option("--as-of", metavar="YYYY-MM-DD", help="Refuse audiences that are older.")
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
_ACCEPT = click.option("--accept", multiple=True, metavar="FEED", help="Let it pass its guards: you looked at it.")


@main.command()
@_FEEDS
@_AS_OF
@_JSON
@_ACCEPT
@installation.CONNECTOR
def plan(
    feeds: tuple[str, ...], as_of: str | None, as_json: bool, accept: tuple[str, ...], connector: str | None
) -> None:
    """Say what `export` would do, in counts; writes nothing."""
    _export(feeds, as_of, as_json, accept, connector, dry=True)


@main.command()
@_FEEDS
@_AS_OF
@_JSON
@_ACCEPT
@installation.CONNECTOR
def export(
    feeds: tuple[str, ...], as_of: str | None, as_json: bool, accept: tuple[str, ...], connector: str | None
) -> None:
    """Write the feeds named, without names all of them with the opt-out and erasure lists."""
    _export(feeds, as_of, as_json, accept, connector, dry=False)


def _export(
    feeds: tuple[str, ...],
    as_of: str | None,
    as_json: bool,
    accept: tuple[str, ...],
    connector: str | None,
    *,
    dry: bool,
) -> None:
    from rekindle.export import exporting  # half a second, which plain commands do not wait for

    try:
        installation.enter(connector)
        outcome = exporting.export(feeds, as_date(as_of, "--as-of") if as_of else None, dry=dry, accepted=accept)
    except RekindleError as error:
        if as_json:
            click.echo(json.dumps({"exit_code": error.exit_code, "error": error.message, "feeds": []}))
            sys.exit(error.exit_code)
        raise
    if as_json:
        reports = [asdict(report) for report in outcome.reports]
        content = {"exit_code": outcome.exit_code, "late_noes": asdict(outcome.late_noes), "feeds": reports}
        click.echo(json.dumps(content))
    else:
        say("\n".join(outcome.lines(everything=bool(feeds))))
    sys.exit(outcome.exit_code)


@main.command()
@click.argument("manifest", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@installation.CONNECTOR
def verify(manifest: Path, connector: str | None) -> None:
    """Check a committed run against its manifest."""
    installation.enter(connector)
    say(runs.verify(manifest.absolute()))


@main.command()
@click.argument("run_id")
@installation.CONNECTOR
def ack(run_id: str, connector: str | None) -> None:
    """Say that the platform has taken a run: the next delta starts from it."""
    installation.enter(connector)
    folder, _ = runs.find_run(run_id)
    with folder.locked():
        _, run = runs.find_run(run_id)
        folder.acknowledge(run)
    say(f"Acknowledged {run_id}, feed {folder.feed} as of {run.manifest['as_of_date']}")


@main.command()
@click.option(
    "--older-than",
    type=click.IntRange(min=0),
    metavar="DAYS",
    help="Instead of retention_days of the feed, or of the answer.",
)
@installation.CONNECTOR
def purge(older_than: int | None, connector: str | None) -> None:
    """Remove the data files of old runs, and answers to requests for access; manifests and ledgers stay."""
    installation.enter(connector)
    removed = answers.purge(older_than)
    purged, stopped = runs.purge(older_than)
    for run in purged:
        say(f"Purged {run.run_id}, feed {run.manifest['feed']} as of {run.manifest['as_of_date']}")
    if removed:
        say(f"Removed {removed} answers to requests for access")
    if not (purged or removed or stopped):
        say("Nothing is old enough.")
    for error in stopped:
        error.show()
    sys.exit(worst(error.exit_code for error in stopped))


if __name__ == "__main__":
    main()
