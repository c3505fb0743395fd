"""The calendar that BI tools join: every day that the facts need, named as ISO 8601 and pandas name it."""

from collections.abc import Iterator

import duckdb
import pandas as pd
import pytest
from compiled import CompiledModels, fill

FACTS = {
    "profiles": "created_date",
    "fct_orders": "order_date",
    "fct_messages": "sent_date",
    "fct_message_totals": "event_date",
    "fct_interactions": "occurred_date",
    "fct_loyalty_movements": "occurred_date",
    "fct_service_events": "occurred_date",
    "fct_web_events": "occurred_date",
    "fct_carts": "updated_date",
    "fct_coupons": "assigned_date",
    "fct_offer_redemptions": "redeemed_date",
    "fct_contracts": "start_date",
}


@pytest.fixture(scope="module")
def model() -> CompiledModels:
    return CompiledModels(["dim_dates"], {})


@pytest.fixture
def empty() -> Iterator[duckdb.DuckDBPyConnection]:
    """All facts, without a row."""
    with duckdb.connect() as connection:
        for table, column in FACTS.items():
            fill(connection, table, {column: "date"}, [])
        yield connection


def days(model: CompiledModels, connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    model.build(connection, "dim_dates")
    return connection.execute("from dim_dates order by calendar_date").df()


@pytest.mark.parametrize("table", FACTS)
def test_a_day_of_any_fact_is_in_the_calendar_with_its_year_and_the_next(
    table: str, model: CompiledModels, empty: duckdb.DuckDBPyConnection
) -> None:
    empty.execute(f"insert into {table} values (date '2004-02-29'), (null)")
    found = days(model, empty).calendar_date
    assert list(found) == list(pd.date_range("2004-01-01", "2005-12-31"))


def test_without_any_event_there_is_no_day(model: CompiledModels, empty: duckdb.DuckDBPyConnection) -> None:
    assert days(model, empty).empty


def test_every_day_of_forty_years_is_named_as_pandas_names_it(
    model: CompiledModels, empty: duckdb.DuckDBPyConnection
) -> None:
    empty.execute("insert into fct_orders values (date '1990-07-14'), (date '2029-01-01')")
    found = days(model, empty)
    day = pd.Series(pd.date_range("1990-01-01", "2030-12-31"))
    iso = day.dt.isocalendar()
    half = (day.dt.month > 6).astype(int) + 1
    expected = pd.DataFrame(
        {
            "calendar_date": day,
            "half_year": day.dt.year.astype(str) + "H" + half.astype(str),
            "year_quarter": day.dt.to_period("Q").astype(str),
            "iso_week": day.dt.strftime("%G-W%V"),
            "month_name": day.dt.month_name(),
            "weekday_name": day.dt.day_name(),
            "year_number": day.dt.year,
            "half_year_number": half,
            "quarter_number": day.dt.quarter,
            "month_number": day.dt.month,
            "day_of_month": day.dt.day,
            "iso_year_number": iso.year,
            "iso_week_number": iso.week,
            "iso_weekday": iso.day,
            "is_weekend": day.dt.day_of_week >= 5,
            "week_start_date": day.dt.to_period("W-SUN").dt.start_time,
            "month_start_date": day.dt.to_period("M").dt.start_time,
            "month_end_date": day.dt.to_period("M").dt.end_time.dt.normalize(),
            "quarter_start_date": day.dt.to_period("Q").dt.start_time,
            "half_year_start_date": pd.to_datetime({"year": day.dt.year, "month": half * 6 - 5, "day": 1}),
            "year_start_date": day.dt.to_period("Y").dt.start_time,
        }
    )
    pd.testing.assert_frame_equal(found[expected.columns], expected, check_dtype=False)
    assert set(found) == set(expected), "every column has been compared"
