"""When the expected value is fitted. What fits is loaded when it is due: scipy takes half a second of every command."""

import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from rekindle.ground import paths, stores
from rekindle.ground.calendar import newest_closed_month
from rekindle.ground.errors import RekindleError
from rekindle.ground.settings import setting
from rekindle.ground.warehouse import has_table, open_warehouse, read_runs

if TYPE_CHECKING:
    from rekindle.fit import fitting


# what is fitted to, and where what comes out is kept
PURCHASES = ("core", "profile_days")
FITTED = ("landing", "clv_parameters")


def fit_if_due(
    warehouse: Path, connector: str, as_of: datetime.date, *, has_facts: bool = False
) -> "fitting.Report | None":
    """Fits to the facts of the last finished build when the newest fit is `clv_fit_months` old; else None.

    A refusal is asked again with the next month. `has_facts`: those of the date are there already, as in a replay.
    """
    if setting("clv_model", connector) == "none" or not warehouse.exists():
        return None
    stores.store().fetch(FITTED)
    with open_warehouse(warehouse) as connection:
        month = newest_closed_month(as_of) if has_facts else _newest_month(connection, as_of)
        if month is None:
            return None
        for fitted, refused in connection.execute(
            "select segment_month, refused_because is not null from landing.clv_parameters"
        ).fetchall():
            age = (month.year - fitted.year) * 12 + month.month - fitted.month
            if age <= 0 or (not refused and age < setting("clv_fit_months", connector)):
                return None
    return _fitted(warehouse, month, connector)


def fit(warehouse: Path, connector: str) -> "fitting.Report":
    """Fits to the newest month that the last finished build knows to the end, whether or not it is due."""
    if setting("clv_model", connector) == "none":
        raise RekindleError("clv_model is none: set it to mbg_nbd in dbt_project.yml to have something to fit.")
    stores.store().fetch(FITTED)
    with open_warehouse(warehouse) as connection:
        if not has_table(connection, *FITTED):
            raise RekindleError(f"Nothing was built by this version yet: run `{paths.command('run')}` first.")
        month = _newest_month(connection, datetime.date.max)
    report = None if month is None else _fitted(warehouse, month, connector)
    if report is None:
        raise RekindleError(f"No build was finished yet, so there is nothing to fit to: run `{paths.command('run')}`.")
    return report


def _fitted(warehouse: Path, month: datetime.date, connector: str) -> "fitting.Report | None":
    """What became of it; None when nothing was built that it could be fitted to."""
    stores.store().fetch(PURCHASES)
    with open_warehouse(warehouse) as connection:
        if not has_table(connection, *PURCHASES):
            return None
        from rekindle.fit import fitting

        report = fitting.fit_as_of(connection, month, *_terms(connector))
    stores.store().store(FITTED)
    return report


def _terms(connector: str) -> tuple[int, datetime.date]:
    """How far ahead the fit looks, and from when on every order is known."""
    complete_from = setting("orders_complete_from", connector) or "1900-01-01"
    return setting("clv_horizon_days", connector), datetime.date.fromisoformat(str(complete_from))


def _newest_month(connection: duckdb.DuckDBPyConnection, as_of: datetime.date) -> datetime.date | None:
    builds = [run.as_of_date for run in read_runs(connection) if run.is_finished and run.command_scope == "full"]
    return newest_closed_month(min(as_of, max(builds))) if builds else None
