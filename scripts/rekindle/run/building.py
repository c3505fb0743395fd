"""One build of one as-of date, and which dates a killed or failed run left to be finished."""

import datetime
from pathlib import Path

from dbt.contracts.graph.nodes import ModelNode

from rekindle.addresses.emails import EmailReport, spell_emails
from rekindle.addresses.phones import PhoneReport, normalise_contacts
from rekindle.export.runs import committed_dates
from rekindle.fit.schedule import fit_if_due
from rekindle.forget import blocking, in_lake
from rekindle.gates.raw import check_raw
from rekindle.ground import paths, stores
from rekindle.ground.calendar import newest_closed_month
from rekindle.ground.dbt import Dbt
from rekindle.ground.errors import RekindleError
from rekindle.ground.screen import say
from rekindle.ground.settings import setting
from rekindle.ground.warehouse import Run, must_hold, open_warehouse, warehouse_runs
from rekindle.run import fingerprints
from rekindle.run.fingerprints import NOT_KNOWN, Inputs

# the selectors of everything, told by whoever chose it and not by the summary, and of a day
WHOLE = ("--selector", "whole")
DAILY = ("--selector", "daily")
EVENING = ("--selector", "evening")
# what a day reads of the seeds
CONFIGURATION = ("--selector", "configuration")
# and of what is copied on Spark, and of text files, where DuckDB looks into the files else
RAW_ROWS = ("--selector", "copies_of_raw_rows")


def prepare(dbt: Dbt, as_of: datetime.date, *, is_replay: bool = False, inputs: Inputs = NOT_KNOWN) -> None:
    """What comes before a build: the raw data passes its gate, exported dates are sealed, addresses are read.

    A replay has asked the gate already, for its last date, and makes another history: what was exported of the old one
    seals nothing in it. Addresses of raw data that was read by the last build are known.
    """
    if not is_replay:
        check_raw(dbt.manifest, dbt.connector, as_of)
        note_sealed_dates(paths.warehouse())
    if fingerprints.last_build(dbt, inputs):
        return
    phones, emails = read_addresses(dbt, as_of)
    if phones.read:
        say(f"Phones: {phones}")
    if emails.read:
        say(f"E-mails: {emails}")


def note_sealed_dates(warehouse: Path) -> None:
    """Writes to run.sealed_dates which dates were exported: their decisions are never rewritten.

    Dates are added and never taken away: an export that was purged since has still been sent.
    """
    connection = open_warehouse(warehouse)
    try:
        connection.execute("create schema if not exists run")
        connection.execute(
            "create table if not exists run.sealed_dates "
            "(as_of_date date, feed varchar, run_id varchar, connector varchar)"
        )
        # a table of before seals carried the name of their connector
        connection.execute("alter table run.sealed_dates add column if not exists connector varchar")
        known = set(connection.execute("select run_id from run.sealed_dates").fetchall())
        for as_of_date, feed, run_id in committed_dates():
            if (run_id,) not in known:
                connection.execute(
                    "insert into run.sealed_dates (as_of_date, feed, run_id, connector) values (?, ?, ?, ?)",
                    [as_of_date, feed, run_id, paths.connector()],
                )
    finally:
        connection.close()
    stores.store().store(("run", "sealed_dates"))


def read_addresses(dbt: Dbt, as_of: datetime.date) -> tuple[PhoneReport, EmailReport]:
    """Builds the input that names addresses, lands who was erased, and reads phones and e-mails nobody has read yet."""
    are_seeds_loaded = fingerprints.seeds_are_loaded(dbt.manifest)
    inputs = ("+input_contacts", "+input_consents", "+input_contact_preferences")
    result = dbt.run("run", "--select", *inputs, "--no-write-json", variables={"as_of_date": as_of.isoformat()})
    if not result.success:
        raise RekindleError("The contacts could not be read (see above), so nothing was built.")
    if are_seeds_loaded:
        fingerprints.note_seeds(dbt.manifest)  # `dbt run` loads none
    stores.store().fetch("landing", *(("input", each.removeprefix("+")) for each in inputs))
    # before the phones: what is read is kept, and the erased must not come back through it
    blocking.land(paths.warehouse())
    phones = normalise_contacts(paths.warehouse(), setting("default_country_code", dbt.connector))
    emails = spell_emails(paths.warehouse())
    stores.store().store("landing")
    return phones, emails


def fit(connector: str, as_of: datetime.date, *, has_facts: bool = False) -> None:
    """Fits the expected value when that is due, and says so."""
    fitted = fit_if_due(paths.warehouse(), connector, as_of, has_facts=has_facts)
    if fitted is not None:
        say(f"Expected value: {fitted}")


def variables(as_of: datetime.date, accept: datetime.date | None, at: datetime.time | None = None) -> dict[str, object]:
    """The vars of one as-of date; a month that a person accepted counts for the date that publishes it."""
    accepted = f"{accept:%Y-%m}" if accept is not None and accept == newest_closed_month(as_of) else None
    hour = f"{at:%H:%M}" if at is not None else None
    return {"as_of_date": as_of.isoformat(), "as_of_time": hour, "accept_publication": accepted}


def build(
    dbt: Dbt,
    as_of: datetime.date,
    accept: datetime.date | None = None,
    *,
    title: str | None = None,
    selection: tuple[str, ...] = (),
    inputs: Inputs = NOT_KNOWN,
    at: datetime.time | None = None,
) -> None:
    """Builds everything with its data tests as of a date and prints the summary; RekindleError when it is not green.

    Left out is what the last build made of the same `inputs`, and said so: all of it, when the date is the same, too.
    """
    given = variables(as_of, accept, at)
    is_whole = selection in ((), WHOLE)
    last = fingerprints.last_build(dbt, inputs)
    if last and last.is_whole and last.as_of_date == as_of and is_whole and given["accept_publication"] is None:
        say(f"Unchanged: raw data, code and date as of {last}; nothing to build; --full builds all.")
        dbt.run("run-operation", "tell_last_build", variables=given)
        return
    skipped = last.settled(dbt.manifest, as_of) if last and selection in ((), DAILY) else frozenset()
    if last and selection == DAILY:
        say(f"Unchanged: raw data and code as of {last}.")
    elif last and skipped:
        say(f"Unchanged: raw data and code as of {last}; {len(skipped)} steps skipped; --full builds all.")
    fingerprints.leave_out(dbt.manifest, skipped)
    landed = fingerprints.landed_addresses()
    fingerprints.forget_build()
    result = dbt.run(
        "build",
        *(selection or ("--exclude-resource-type", "unit_test", *(fingerprints.LEFT_OUT if skipped else ()))),
        "--no-write-json",
        progress=title or f"Build as of {as_of}",
        variables=given | {"nodes_left_out": fingerprints.tables_among(dbt.manifest, skipped)},
    )
    if not result.success:
        raise RekindleError(
            f"The build as of {as_of} is not green (see above), so nothing is published: "
            "mend the cause and run the same command again."
        )
    if is_whole or selection in (DAILY, EVENING):
        fingerprints.note_seeds(dbt.manifest)
    # on a lake that holds rows of who was erased until now, nothing is left out of the next build either
    if paths.on_spark() and in_lake.keep_out_blocked():
        return
    # facts of a part of a day are no base for anything but that evening
    if at is None and (last or is_whole):
        of_one_date = is_whole or (last is not None and last.as_of_date == as_of)
        built_at = last.built_at if last else None
        fingerprints.note_build(inputs, landed, as_of if of_one_date else None, built_at, is_whole=is_whole)


def decide(dbt: Dbt, as_of: datetime.date, inputs: Inputs = NOT_KNOWN, *, at: datetime.time | None = None) -> None:
    """Decides for one more day on the facts that are there: hub, triggers, decisions, audiences, with their tests.

    What it reads of the seeds is loaded first when one has changed. With an hour it sees the day up to that, writes at
    once, and reads the facts of the day first.
    """
    if not any(run.command_scope == "full" and run.is_finished for run in warehouse_runs(paths.warehouse())):
        raise RekindleError(f"Nothing was built yet to decide on: run `{paths.command('run')}` without --daily first.")
    models = [node for node in dbt.manifest.nodes.values() if isinstance(node, ModelNode)]
    wanted = {(model.schema, model.alias): model.columns for model in models}
    must_hold(stores.store().columns(wanted), wanted)
    if not fingerprints.seeds_are_loaded(dbt.manifest):
        loaded = dbt.run("build", *CONFIGURATION, "--no-write-json", variables=variables(as_of, None, at))
        if not loaded.success:
            raise RekindleError(
                "The seeds that a day reads are not as they must be (see above), so nothing was decided: mend the rows "
                "and run the same command again."
            )
        say("Seeds       read again, since one of them has changed or nobody knows whether.")
    holds_copies = paths.on_spark() or setting("raw_rows_are_text", dbt.connector)
    if holds_copies and not fingerprints.last_build(dbt, inputs):
        copied = dbt.run("run", *RAW_ROWS, "--no-write-json", variables=variables(as_of, None, at))
        if not copied.success:
            raise RekindleError("The raw rows could not be copied (see above), so nothing was decided.")
    title = f"Decisions as of {as_of}" + (f", {at:%H:%M}" if at is not None else "")
    build(dbt, as_of, title=title, selection=DAILY if at is None else EVENING, inputs=inputs, at=at)


def unfinished_dates(runs: list[Run], as_of: datetime.date) -> list[datetime.date]:
    """Dates before `as_of` whose build was started and never finished, after the last one that was; oldest first."""
    complete = [run for run in runs if run.command_scope in ("full", "monthly")]
    finished = max((run.as_of_date for run in complete if run.is_finished), default=datetime.date.min)
    return sorted({run.as_of_date for run in complete if finished < run.as_of_date < as_of})
