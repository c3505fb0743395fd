"""The monthly and the daily job: check the raw data, build, say what came out, publish, export. `run.py --help`."""

import datetime

import click

from rekindle.boards.page import make_boards
from rekindle.export import exporting
from rekindle.forget import answers
from rekindle.ground import paths
from rekindle.ground.calendar import as_date, as_month, as_time, default_as_of, newest_closed_month
from rekindle.ground.dbt import Dbt
from rekindle.ground.errors import DONE, GUARD, RekindleError
from rekindle.ground.screen import say
from rekindle.ground.warehouse import use_warehouse, warehouse_runs
from rekindle.run import installation
from rekindle.run.building import build, decide, fit, prepare, unfinished_dates
from rekindle.run.fingerprints import inputs_of
from rekindle.run.publishing import (
    Publication,
    activation_already,
    bring_what_was_built,
    publish,
    publish_activation,
    published_already,
    refuse_wrong_feeds,
)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--as-of", metavar="YYYY-MM-DD", help="See the data as of the end of this day; default: as configured.")
@click.option(
    "--accept", metavar="YYYY-MM", help="Publish this month although the brake holds it back: you looked at it."
)
@installation.CONNECTOR
@click.option("--daily", is_flag=True, help="Only decide and export: facts and segments stay as they are.")
@click.option("--at", metavar="HH:MM", help="With --daily: see the day up to this hour, and write the same evening.")
@click.option("--full", is_flag=True, help="Build all, also what cannot have changed since the last build.")
@click.option("--no-publish", is_flag=True, help="Build only: publish and export nothing.")
@click.option("--no-export", is_flag=True, help="Publish, but write no files for platforms.")
def main(
    as_of: str | None,
    accept: str | None,
    connector: str | None,
    daily: bool,
    at: str | None,
    full: bool,
    no_publish: bool,
    no_export: bool,
) -> None:
    """Build the datamart from the raw data, print the summary, publish it and export the audiences.

    A date whose build did not finish is finished first. `dbt build` alone gives the same tables.
    """
    chosen = installation.enter(connector)
    date = as_date(as_of, "--as-of") if as_of else default_as_of(chosen)
    month = as_month(accept, "--accept") if accept else None
    if daily and month is not None:
        raise RekindleError("--daily publishes no month, so there is none to --accept: leave one of them out.")
    if daily and full:
        raise RekindleError("--daily builds what one more day adds, and --full everything: leave one of them out.")
    if at is not None and not daily:
        raise RekindleError("--at decides for an evening on facts of the same day: give --daily, too.")
    hour = as_time(at, "--at") if at is not None else None
    use_warehouse(paths.warehouse())
    with installation.only_command():
        answers.purge()
        dates = [*([] if daily else unfinished_dates(warehouse_runs(paths.warehouse()), date)), date]
        if month is not None and month not in [newest_closed_month(each) for each in dates]:
            raise RekindleError(
                f"--accept names {month:%Y-%m} but the month to publish as of {date} is "
                f"{newest_closed_month(date):%Y-%m}: accept that one, after looking at it."
            )
        dbt = Dbt(chosen)
        if not no_publish:
            refuse_wrong_feeds(dbt.manifest)
        inputs = inputs_of(dbt, is_all_built=full)
        prepare(dbt, dates[0], inputs=inputs)
        if not daily:
            fit(chosen, dates[0])
        for unfinished in dates[:-1]:
            say(f"The build as of {unfinished} did not finish: finishing it first.")
            build(dbt, unfinished, month, inputs=inputs)
        if daily:
            decide(dbt, date, inputs, at=hour)
        else:
            build(dbt, date, month, inputs=inputs)
        if no_publish:
            return
        bring_what_was_built(dbt.manifest, only_audiences=daily)
        known = None if daily or full else published_already(dbt.manifest, paths.warehouse())
        done = known if daily or known else publish(dbt.manifest, paths.warehouse())
        kept = None if daily or full else activation_already(dbt.manifest, paths.warehouse())
        sent = kept or publish_activation(dbt.manifest, paths.warehouse())
    if done is not None:
        say(f"Published   {done.tables} tables, {done.rows:,} rows{_as_before(known)}:")
        say(f"            {paths.shown(done.path)}")
    if sent is not None:
        say(f"Published   {sent.tables} tables, {sent.rows:,} rows, personal data{_as_before(kept)}:")
        say(f"            {paths.shown(sent.path)}")
    exported = DONE if sent is None or no_export else _export(date)
    if done is not None:
        say(f"Boards      {paths.shown(make_boards(chosen))}")
    if exported not in (DONE, GUARD):
        raise RekindleError(
            "Not every feed was exported (see above): mend the cause and run "
            f"`{paths.command('export_audiences', 'export')}`."
        )


def _as_before(kept: Publication | None) -> str:
    return ", as before" if kept else ""


def _export(as_of: datetime.date) -> int:
    """Writes the files for platforms and says what is new in them; the exit code of the worst feed."""
    outcome = exporting.export((), as_of, dry=False)
    say("\n".join(outcome.lines("Exported")))
    # a guard asks somebody to look and harms nothing else; `export_audiences.py export` ends with 3 for it
    if any(report.exit_code == GUARD for report in outcome.reports):
        again = paths.command("export_audiences", "export", "--accept", "FEED")
        say(f"Held back   look at it, then `{again}`")
    return outcome.exit_code


if __name__ == "__main__":
    main()
