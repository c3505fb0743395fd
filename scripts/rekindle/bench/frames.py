"""RFM of twelve month ends on the same order lines: the project's SQL, pandas, and lifetimes."""

import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rekindle.bench.engine import SQL, Engine, count
from rekindle.bench.measure import middle
from rekindle.bench.project import warehouse
from rekindle.ground.errors import RekindleError
from rekindle.ground.paths import PROJECT
from rekindle.ground.quoting import text
from rekindle.ground.settings import setting

MONTH_ENDS = 12


@dataclass(frozen=True)
class Comparison:
    """What was compared, and the seconds of each contestant."""

    profiles: int
    lines: int
    seconds: dict[str, float]


def sample_file(folder: Path) -> Path:
    """The order lines that all three read."""
    return folder / "sample.parquet"


def compare(folder: Path, engine: Engine, profiles: int) -> Comparison:
    """Runs all three on the lines of the so many profiles who buy most; RekindleError when they do not agree.

    Those who buy most, because time is per line: at a grocer's a customer has some hundred lines a year.

    To be called between the full build and the next one: it reads the SQL that dbt compiled for the full build. Reading
    the lines into memory is not timed for anybody. Each gets what suits it: DuckDB a table, the others a frame with
    money in whole cents (decimals would be objects).
    """
    _write_sample(folder, engine, profiles)
    results: dict[str, Any] = {}
    seconds: dict[str, float] = {}
    for name, contestant in (("project", _project), ("pandas", _pandas)):
        # a second or two each, against the half minutes of lifetimes
        results[name], seconds[name] = middle(partial(contestant, folder, engine), by=lambda found: found[1])
    for name, is_cut in (("lifetimes", False), ("lifetimes, cut to the window", True)):
        results[name], seconds[name] = _lifetimes(folder, engine, is_cut=is_cut)
        _check_lifetimes(results["project"], results[name], is_cut=is_cut)
    _check_pandas(results["project"], results["pandas"])
    connection = engine.connect()
    try:
        lines = count(connection, f"select count(*) from {text(sample_file(folder))}")
    finally:
        connection.close()
    return Comparison(int(results["project"]["profile_id"].nunique()), lines, seconds)


def _write_sample(folder: Path, engine: Engine, profiles: int) -> None:
    connection = engine.connect()
    try:
        connection.execute(f"attach {text(warehouse(folder))} as project (read_only)")
        connection.execute(
            "create table chosen as select profile_id from project.core.profile_days group by profile_id "
            f"order by count(*) desc, profile_id limit {int(profiles)}"
        )
        connection.execute(
            "copy (select profile_id, order_id, order_status, order_date, net_amount from project.core.fct_order_lines "
            f"join chosen using (profile_id)) to {text(sample_file(folder))} (format parquet)"
        )
    finally:
        connection.close()


def _compiled(folder: Path, model: str) -> str:
    files = list((folder / "target" / "compiled").glob(f"*/models/**/{model}.sql"))
    assert len(files) == 1
    return files[0].read_text(encoding="utf-8")


def _project(folder: Path, engine: Engine) -> tuple[Any, float]:
    """profile_days and rfm_monthly as dbt compiled them, on a warehouse in memory that holds only these lines."""
    connection = engine.connect()
    try:
        connection.execute(f"attach {text(warehouse(folder))} as built (read_only)")
        connection.execute("attach ':memory:' as project")
        for schema in ("core", "segments", "config"):
            connection.execute(f"create schema project.{schema}")
        connection.execute(f"create table project.core.order_lines as from {text(sample_file(folder))}")
        connection.execute(
            "create table project.segments.rfm_thresholds as select * from built.segments.rfm_thresholds "
            f"order by segment_month desc limit {MONTH_ENDS}"
        )
        for table in ("config.rfm_segment_grid", "segments.dim_segments", "segments.open_days"):
            connection.execute(f"create table project.{table} as from built.{table}")
        connection.execute("detach built")
        started = time.perf_counter()
        connection.execute((SQL / "orders_of_lines.sql").read_text(encoding="utf-8"))
        connection.execute("create table project.core.profile_days as " + _compiled(folder, "profile_days"))
        connection.execute("create table project.segments.rfm_monthly as " + _compiled(folder, "rfm_monthly"))
        seconds = time.perf_counter() - started
        return connection.execute("from project.segments.rfm_monthly").df(), seconds
    finally:
        connection.close()


def _read(folder: Path, engine: Engine) -> tuple[Any, Any]:
    """The lines with net_cents, and the thresholds of the twelve months, as frames."""
    connection = engine.connect()
    try:
        connection.execute(f"attach {text(warehouse(folder))} as built (read_only)")
        lines = connection.execute(
            "select profile_id, order_status, cast(order_date as timestamp) as order_date, "
            f"cast(net_amount * 100 as bigint) as net_cents from {text(sample_file(folder))}"
        ).df()
        thresholds = connection.execute(
            f"from built.segments.rfm_thresholds order by segment_month desc limit {MONTH_ENDS}"
        ).df()
        return lines, thresholds.sort_values("segment_month").to_dict("records")
    finally:
        connection.close()


def _pandas(folder: Path, engine: Engine) -> tuple[Any, float]:
    """As an analyst who knows pandas: order days once, then each month end on what lies in its window."""
    import numpy as np
    import pandas as pd

    lines, thresholds = _read(folder, engine)
    window = _window()
    grid = pd.read_csv(PROJECT / "seeds" / "config" / "rfm_segment_grid.csv")
    started = time.perf_counter()
    counted = lines[lines["order_status"] != "cancelled"]
    days = counted.assign(is_bought=counted["order_status"] == "completed")
    days = days.groupby(["profile_id", "order_date"], as_index=False).agg(
        net_cents=("net_cents", "sum"), is_bought=("is_bought", "max")
    )
    months = []
    for cuts in thresholds:
        end = pd.Timestamp(cuts["month_end_date"])
        known = days[days["order_date"] <= end]
        bought = known[known["is_bought"]]
        month = bought.groupby("profile_id")["order_date"].max().to_frame("last_order_date")
        month["recency_days"] = (end - month["last_order_date"]).dt.days
        inside = known[known["order_date"] > end - window]
        month["frequency"] = inside[inside["is_bought"]].groupby("profile_id").size()
        month["net_cents"] = inside.groupby("profile_id")["net_cents"].sum()
        month = month.fillna({"frequency": 0, "net_cents": 0})
        bands = [cuts[f"max_recency_days_{score}"] for score in (5, 4, 3, 2)]
        month["r_score"] = 5 - np.searchsorted(bands, month["recency_days"], side="left")
        frequencies = [float(cuts[f"min_frequency_{score}"]) for score in (2, 3, 4, 5)]
        month["f_score"] = 1 + np.searchsorted(frequencies, month["frequency"], side="right")
        amounts = [round(float(cuts[f"min_monetary_{score}"]) * 100) for score in (2, 3, 4, 5)]
        month["m_score"] = 1 + np.searchsorted(amounts, month["net_cents"], side="right")
        month["fm_score"] = (month["f_score"] + month["m_score"] + 1) // 2
        month["segment_month"] = pd.Timestamp(cuts["segment_month"])
        months.append(month.reset_index().merge(grid, on=["r_score", "fm_score"]))
    result = pd.concat(months)
    return result, time.perf_counter() - started


def _lifetimes(folder: Path, engine: Engine, *, is_cut: bool) -> tuple[Any, float]:
    """lifetimes' summary per month end: frequency, recency, T and mean value; no scores.

    As its documentation has it, of all completed lines, the end of the period given; or with each month's lines cut to
    the window of RFM before, which lifetimes cannot do by itself.
    """
    import pandas as pd
    from lifetimes.utils import summary_data_from_transaction_data

    lines, thresholds = _read(folder, engine)
    window = _window()
    started = time.perf_counter()
    completed = lines[lines["order_status"] == "completed"]
    months = []
    for cuts in thresholds:
        end = pd.Timestamp(cuts["month_end_date"])
        given = completed
        if is_cut:
            given = completed[(completed["order_date"] <= end) & (completed["order_date"] > end - window)]
        month = summary_data_from_transaction_data(
            given,
            "profile_id",
            "order_date",
            monetary_value_col="net_cents",
            observation_period_end=end,
            include_first_transaction=True,
        )
        months.append(month.assign(segment_month=pd.Timestamp(cuts["segment_month"])).reset_index())
    result = pd.concat(months)
    return result, time.perf_counter() - started


def _window() -> Any:
    import pandas as pd

    return pd.Timedelta(days=int(setting("rfm_window_days", "parquet")))


def _by_key(rows: Any) -> Any:
    key = ["profile_id", "segment_month"]
    return rows.sort_values(key).set_index(key)


def _check_pandas(project: Any, pandas: Any) -> None:
    """Every row, value and class."""
    mine = _by_key(project.assign(net_cents=(project["monetary_amount"] * 100).round().astype("int64")))
    theirs = _by_key(pandas)
    columns = ["recency_days", "frequency", "net_cents", "r_score", "f_score", "m_score", "fm_score", "segment"]
    if not mine.index.equals(theirs.index) or any(
        (mine[column].to_numpy() != theirs[column].to_numpy()).any() for column in columns
    ):
        raise RekindleError(
            "The project's RFM and that of pandas differ on the benchmark's rows: one of them is wrong."
        )


def _check_lifetimes(project: Any, lifetimes: Any, *, is_cut: bool) -> None:
    """Recency of everybody; frequency where both count the same days: nobody has an order before the window."""
    mine, theirs = _by_key(project), _by_key(lifetimes)
    if is_cut:
        mine = mine[mine["frequency"] > 0]
    is_inside = theirs["T"].to_numpy() < _window().days
    if (
        not mine.index.equals(theirs.index)
        or (mine["recency_days"].to_numpy() != (theirs["T"] - theirs["recency"]).to_numpy()).any()
        or (mine["frequency"].to_numpy() != theirs["frequency"].to_numpy())[is_inside].any()
        or (is_cut and not is_inside.all())
    ):
        raise RekindleError("The project's RFM and lifetimes differ on the benchmark's rows: one of them is wrong.")
