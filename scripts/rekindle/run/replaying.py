"""Replaying history: a new warehouse file, filled month by month, that takes the place of the old one when complete.

Nothing is rewound in place: what was published in the old file stays readable until the swap. The new file is its own
state (run_log says which steps are finished, run.replays what is being replayed), so a replay killed anywhere goes on
where it stopped: an interrupted step is run again, and running a step twice changes nothing.
"""

import datetime
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dbt.artifacts.schemas.run import RunExecutionResult

from rekindle.gates.raw import check_raw
from rekindle.ground import paths
from rekindle.ground.calendar import months_between, newest_closed_month, next_month
from rekindle.ground.dbt import Dbt
from rekindle.ground.errors import RekindleError
from rekindle.ground.screen import say
from rekindle.ground.sources import source_files
from rekindle.ground.warehouse import open_warehouse, use_warehouse, warehouse_runs
from rekindle.run.building import WHOLE, build, fit, prepare, variables
from rekindle.run.fingerprints import inputs_of, lasting_views, leave_out
from rekindle.run.replay_notes import fingerprint_in, fingerprint_of, is_complete, note_end, note_start
from rekindle.run.swapping import carry_decisions, keep_other_months, set_exports_aside, swap


class World(Protocol):
    """Who is written to in a replay that decides, where the past can be played again: what they do is raw data."""

    code: tuple[str, ...]  # what their answers follow from, besides the raw data

    def is_answer(self, file: Path) -> bool:
        """Whether a raw file is an answer."""

    def take_back(self) -> None:
        """Takes back all answers: another history has others."""

    def answer(self, warehouse: Path, as_of: datetime.date) -> None:
        """Answers what was decided as of a date, once."""


@dataclass(frozen=True)
class Rhythm:
    """When a replay decides whom to write to: with each month published from `decides_from` on, four times a month from
    `weekly_from` on, daily later on.
    """

    decides_from: datetime.date | None = None
    weekly_from: datetime.date | None = None
    daily_from: datetime.date | None = None

    def decides_with(self, as_of: datetime.date) -> bool:
        """Whether the date that publishes a month also decides."""
        return self.decides_from is not None and as_of >= self.decides_from

    def days_before(self, as_of: datetime.date) -> list[datetime.date]:
        """The days between two publications that decide: after the first of the month before, up to `as_of`."""
        first = newest_closed_month(as_of) + datetime.timedelta(days=1)
        days = [first + datetime.timedelta(days=each) for each in range((as_of - first).days)]
        return [day for day in days if self._decides_on(day)]

    def _decides_on(self, day: datetime.date) -> bool:
        if self.daily_from is not None and day >= self.daily_from:
            return True
        return self.weekly_from is not None and day >= self.weekly_from and day.day in WEEKLY


class Steps:
    """The steps of one replay in this process. A view that one of them has made is not made again by the next, when its
    SQL is the same on every date.
    """

    def __init__(self, dbt: Dbt) -> None:
        self.dbt = dbt
        self.lasting = lasting_views(dbt.manifest)
        self.made: set[str] = set()  # of those

    def run(self, selector: str, as_of: datetime.date, accept: datetime.date | None = None) -> None:
        """Builds what a selector names as of a date; RekindleError when a step fails."""
        leave_out(self.dbt.manifest, self.made)
        command = "run" if selector in MODELS_ONLY else "build"
        result = self.dbt.run(command, "--selector", selector, "--no-write-json", variables=variables(as_of, accept))
        if not result.success:
            raise RekindleError(
                f"The replay stopped as of {as_of} (see above); the warehouse in use is as it was. "
                "Mend the cause and run the same command again: it goes on from there unless data or models changed."
            )
        if isinstance(result.result, RunExecutionResult):
            self.made |= self.lasting & {each.node.unique_id for each in result.result.results}


# days of a month; the first of the next one publishes, and decides too
WEEKLY = (8, 15, 22)
# selectors that name neither tests nor snapshots: `dbt build` would choose the same nodes thrice
MODELS_ONLY = ("day_of_replay", "facts_of_replay")
NO_DECISIONS = Rhythm()


def replay(
    connector: str,
    first: datetime.date,
    last: datetime.date,
    accepted: frozenset[datetime.date],
    *,
    force: bool,
    rhythm: Rhythm = NO_DECISIONS,
    world: World | None = None,
) -> None:
    """Replays the months `first` to `last` (first days) and swaps the result in; the error says where it stopped.

    A replay that decides needs a world that answers.
    """
    warehouse = paths.warehouse()
    building = warehouse.parent / "replay" / warehouse.name  # views name their file: same name, other folder
    dbt = Dbt(connector)
    check_raw(dbt.manifest, connector, next_month(last))
    files = [file for file in source_files(dbt.manifest, connector) if world is None or not world.is_answer(file)]
    fingerprint = fingerprint_of(files, connector, first, last, rhythm, code=world.code if world else ())
    if not force and is_complete(warehouse, fingerprint):
        shutil.rmtree(building.parent, ignore_errors=True)
        say(f"Replay: {first:%Y-%m} to {last:%Y-%m} is in the warehouse already and nothing changed since.")
        return
    if not force:
        keep_other_months(warehouse, first, last)
    if force or fingerprint_in(building) != fingerprint:
        shutil.rmtree(building.parent, ignore_errors=True)
        if world is not None:
            world.take_back()
    use_warehouse(building)
    try:
        note_start(building, fingerprint, first, last, carried_from=warehouse)
        _replay_months(dbt, building, months_between(first, last), accepted, rhythm, world)
        note_end(building)
    finally:
        use_warehouse(warehouse)
    if rhythm.decides_from is None:
        carry_decisions(warehouse, building)
    swap(dbt, building, warehouse)
    if rhythm.decides_from is not None:
        set_exports_aside()


def _replay_months(
    dbt: Dbt,
    building: Path,
    months: list[datetime.date],
    accepted: frozenset[datetime.date],
    rhythm: Rhythm,
    world: World | None,
) -> None:
    started = time.monotonic()
    steps = Steps(dbt)
    finished = {(run.command_scope, run.as_of_date) for run in warehouse_runs(building) if run.is_finished}
    say(f"Replay of {months[0]:%Y-%m} to {months[-1]:%Y-%m} in {paths.shown(building)}")
    if not any(scope == "base" for scope, _ in finished):
        prepare(dbt, next_month(months[0]), is_replay=True)
        steps.run("base", next_month(months[0]))
        say(f"  customers and facts    {time.monotonic() - started:5.1f} s")
    _refuse_months_before_data(building, months[0])
    for month in months[:-1]:
        as_of = next_month(month)
        begun = time.monotonic()
        days = [day for day in rhythm.days_before(as_of) if day > next_month(months[0])]
        _decide(steps, building, days, finished, world)
        decides = rhythm.decides_with(as_of)
        if ("monthly", as_of) not in finished:
            steps.run("publication_day" if decides else "monthly", as_of, month if month in accepted else None)
        if decides and world is not None:
            world.answer(building, as_of)
        say(f"  {month:%Y-%m}                {time.monotonic() - begun:5.1f} s")
    as_of = next_month(months[-1])
    begun = time.monotonic()
    days = [day for day in rhythm.days_before(as_of) if day > next_month(months[0])]
    _decide(steps, building, days, finished, world)
    if days:
        say(f"  {len(days)} days of decisions  {time.monotonic() - begun:5.1f} s")
    if ("full", as_of) not in finished:
        accepted_month = months[-1] if months[-1] in accepted else None
        if rhythm.decides_from is None:
            title = f"  {months[-1]:%Y-%m} and what is wanted once"
            build(dbt, as_of, accepted_month, title=title, selection=("--selector", "complete"))
        else:
            # answers have changed facts: as the next run would, which then finds everything built
            steps.run("facts_of_replay", as_of)
            prepare(dbt, as_of, is_replay=True)
            fit(dbt.connector, as_of, has_facts=True)
            title = f"  {months[-1]:%Y-%m} and everything"
            build(dbt, as_of, accepted_month, title=title, selection=WHOLE, inputs=inputs_of(dbt))
    say(f"  replayed in            {time.monotonic() - started:5.1f} s")


def _decide(
    steps: Steps,
    building: Path,
    days: list[datetime.date],
    finished: set[tuple[str, datetime.date]],
    world: World | None,
) -> None:
    """Days between two publications: decide, send, hear what comes back before the next."""
    for day in days:
        if ("daily", day) not in finished:
            steps.run("day_of_replay", day)
        if world is not None:
            world.answer(building, day)


def _refuse_months_before_data(building: Path, first: datetime.date) -> None:
    connection = open_warehouse(building)
    try:
        row = connection.execute("select min(order_date) from core.profile_days").fetchone()
    finally:
        connection.close()
    if row and row[0] is not None and first < row[0].replace(day=1):
        raise RekindleError(
            f"The first order is of {row[0]}: replay from {row[0]:%Y-%m} on, there is nothing to publish before."
        )
