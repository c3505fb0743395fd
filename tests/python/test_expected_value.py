"""What a customer is worth: the fit against published tables and lifetimes, the scores in SQL against scipy.

Order days come from the installed data packages, made-up customers from a seed; nothing here reads the SQL under test.
"""

import datetime
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from compiled import CompiledModels
from grocer import days_of_households
from lifetimes import BetaGeoFitter, GammaGammaFitter, ModifiedBetaGeoFitter
from lifetimes.datasets import load_cdnow_summary, load_cdnow_summary_data_with_monetary_value
from scipy.special import hyp2f1
from workshop import Workshop, must, rows

from rekindle.fit import fitting, maximum, schedule
from rekindle.fit.likelihood import (
    Customers,
    Purchasing,
    error_of_series,
    expected_purchases,
    purchasing_log_likelihood,
)
from rekindle.ground.errors import RekindleError
from rekindle.ground.paths import PROJECT

JUNE = datetime.date(2017, 6, 1)
DECEMBER = datetime.date(2017, 12, 1)
HORIZON = 182
PARAMETERS = (
    "clv_model varchar, segment_month date, first_order_date date, customers bigint, purchases bigint, "
    "spenders bigint, r double, alpha_days double, a double, b double, purchase_log_likelihood double, p double, "
    "q double, v double, amount_log_likelihood double, refused_because varchar"
)


def facts(days: pd.DataFrame, file: Path | str = ":memory:") -> duckdb.DuckDBPyConnection:
    """A warehouse of what the fit reads: order days (profile_id, order_date, net_amount), and no fit yet."""
    connection = duckdb.connect(str(file))
    connection.execute("create schema core; create schema landing; create schema run")
    connection.execute(f"create table landing.clv_parameters ({PARAMETERS})")
    connection.register("days", days)
    connection.execute(
        "create table core.profile_days as select profile_id, cast(1 as integer) as orders, "
        "cast(net_amount as decimal(18,2)) as net_amount, cast(order_date as date) as order_date from days"
    )
    return connection


@pytest.fixture(scope="module")
def order_days() -> pd.DataFrame:
    """Household × New York date with its spend, straight from the data package."""
    return days_of_households().rename(columns={"household_id": "profile_id", "sales_value": "net_amount"})


@pytest.fixture(scope="module")
def grocer(order_days: pd.DataFrame) -> Iterator[duckdb.DuckDBPyConnection]:
    """The data set's own purchases, fitted as of the end of 2017."""
    connection = facts(order_days)
    report = fitting.fit_as_of(connection, DECEMBER, HORIZON)
    assert report.refusal is None, report
    yield connection
    connection.close()


def everybody(frame: pd.DataFrame) -> Customers:
    repeats, until_last, observed = (frame[name].to_numpy(dtype=float) for name in ("frequency", "recency", "T"))
    return Customers(repeats, until_last, observed, np.ones(len(frame)))


def in_weeks(model: Any, cdnow: pd.DataFrame) -> float:
    """The log-likelihood of a fit of lifetimes, which is a mean and of scaled times."""
    scaled = -model._negative_log_likelihood_ * len(cdnow)
    return float(scaled + cdnow["frequency"].sum() * np.log(model._scale))


def test_purchases_of_cdnow_give_the_published_parameters() -> None:
    cdnow = load_cdnow_summary()
    theirs = BetaGeoFitter().fit(cdnow["frequency"], cdnow["recency"], cdnow["T"])
    # Fader, Hardie, Lee (2005): the data are theirs
    assert theirs.params_.to_numpy() == pytest.approx([0.243, 4.414, 0.793, 2.426], abs=6e-4)
    assert in_weeks(theirs, cdnow) == pytest.approx(-9582.4, abs=0.05)
    expected = theirs.conditional_expected_number_of_purchases_up_to_time(39, 2, 30.43, 38.86)
    assert float(expected) == pytest.approx(1.226, abs=5e-4)
    who = everybody(cdnow)
    found, likelihood = maximum.likeliest_purchasing(who)
    assert [found.r, found.alpha, found.a, found.b] == pytest.approx([0.525, 6.183, 0.891, 1.614], abs=6e-4)
    other = ModifiedBetaGeoFitter().fit(cdnow["frequency"], cdnow["recency"], cdnow["T"])
    assert likelihood == pytest.approx(in_weeks(other, cdnow), rel=1e-7)
    named = Purchasing(*other.params_.to_numpy())
    ours = expected_purchases(named, who, 39)
    lifetimes = other.conditional_expected_number_of_purchases_up_to_time(
        39, cdnow["frequency"], cdnow["recency"], cdnow["T"]
    )
    assert ours == pytest.approx(lifetimes.to_numpy(), rel=1e-9)


def test_amounts_of_cdnow_give_the_published_parameters() -> None:
    cdnow = load_cdnow_summary_data_with_monetary_value()
    again = cdnow[cdnow["frequency"] > 0]
    repeats, amounts = again["frequency"].to_numpy(dtype=float), again["monetary_value"].to_numpy(dtype=float)
    found, likelihood = maximum.likeliest_spending(repeats, amounts)
    # Fader, Hardie (2013); the maximum has v at 15.448, theirs was looked for in a spreadsheet
    assert [found.p, found.q, found.v] == pytest.approx([6.25, 3.74, 15.44], abs=9e-3)
    theirs = GammaGammaFitter().fit(again["frequency"], again["monetary_value"])
    assert likelihood == pytest.approx(-theirs._negative_log_likelihood_ * len(again), rel=1e-6)


def test_an_archive_of_some_customers_changes_no_fit(
    grocer: duckdb.DuckDBPyConnection, order_days: pd.DataFrame
) -> None:
    gone = pd.DataFrame({"profile_id": [f"gone-{n}" for n in range(300)], "net_amount": 20.0})
    archive = pd.concat([gone.assign(order_date=pd.Timestamp(day)) for day in ("2014-03-01", "2014-09-01")])
    connection = facts(pd.concat([order_days, archive]))
    begin = datetime.date(2017, 1, 1)
    assert fitting.fit_month(connection, JUNE, begin) == fitting.fit_month(grocer, JUNE)
    assert fitting.fit_month(connection, JUNE).customers == 2693


def test_the_demo_gives_the_documented_fit(grocer: duckdb.DuckDBPyConnection, order_days: pd.DataFrame) -> None:
    june = fitting.fit_month(grocer, JUNE)
    assert (june.customers, june.repeats, june.spenders) == (2393, 60314, 2320)
    assert june.purchasing.r == pytest.approx(1.4084, abs=5e-5)
    assert june.purchasing.alpha == pytest.approx(9.392, abs=6e-4)
    assert june.purchasing.a / (june.purchasing.a + june.purchasing.b) == pytest.approx(0.0016, abs=5e-5)
    assert june.purchasing_likelihood == pytest.approx(-156987.0, abs=0.05)
    spending = june.spending
    assert [spending.p, spending.q, spending.v] == pytest.approx([0.676, 3.664, 148.6], rel=1e-3)
    assert june.spending_likelihood == pytest.approx(-10210.5, abs=0.05)
    foretold, happened = fitting.look_back(grocer, june, 184)
    assert foretold == pytest.approx(64429, abs=1)
    known = set(order_days.loc[order_days["order_date"] <= "2017-06-30", "profile_id"])
    after = order_days[(order_days["order_date"] > "2017-06-30") & order_days["profile_id"].isin(known)]
    assert happened == len(after) == 64056


@pytest.fixture(scope="module")
def scores(grocer: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The two models, as dbt compiles them, on the data set's own purchases as of 2018-01-01."""
    models = CompiledModels(["expected_values", "expected_value_quality"], {"as_of_date": "2018-01-01"})
    connection = duckdb.connect()
    for table in ("core.profile_days", "landing.clv_parameters"):
        connection.register("rows", grocer.execute(f"from {table}").to_arrow_table())
        connection.execute(f"create table {table.split('.')[1]} as from rows")
    connection.execute(
        "create table dim_months as select cast(month as date) as segment_month, last_day(month) as month_end_date "
        "from generate_series(date '2017-01-01', date '2017-12-01', interval 1 month) as months(month)"
    )
    connection.execute("create table profiling_denials (profile_id varchar)")
    models.build(connection, "expected_values", "expected_value_quality")
    return connection


def by_scipy(days: pd.DataFrame, end: str, fit: dict[str, float]) -> pd.DataFrame:
    """The definitions of docs/segments.md in scipy, 2F1 as in the papers."""
    known = days[days["order_date"] <= end].sort_values(["profile_id", "order_date"])
    known = known.assign(amount=known["net_amount"].round(2))
    first = known.groupby("profile_id")["order_date"].transform("min")
    again = known[known["order_date"] > first].groupby("profile_id")["amount"].sum()
    frame = known.groupby("profile_id")["order_date"].agg(["min", "max", "size"])
    x = frame["size"].to_numpy(dtype=float) - 1
    until_last = (frame["max"] - frame["min"]).dt.days.to_numpy(dtype=float)
    observed = (pd.Timestamp(end) - frame["min"]).dt.days.to_numpy(dtype=float)
    r, alpha, a, b, p, q, v = (fit[name] for name in ("r", "alpha_days", "a", "b", "p", "q", "v"))
    past = alpha + observed
    alive = 1 / (1 + a / (b + x) * (past / (alpha + until_last)) ** (r + x))
    curve = hyp2f1(r + x, b + x + 1, a + b + x, HORIZON / (past + HORIZON))
    frame["p_alive"] = alive
    frame["purchases"] = alive * (a + b + x) / (a - 1) * (1 - curve * (past / (past + HORIZON)) ** (r + x))
    frame["silent"] = 1 - alive + alive * (past / (past + HORIZON)) ** (r + x)
    spent = again.reindex(frame.index).fillna(0.0).to_numpy()
    frame["amount"] = p * (v + spent) / (p * x + q - 1)
    return frame


def named(connection: duckdb.DuckDBPyConnection, month: datetime.date) -> dict[str, Any]:
    frame = connection.execute("from clv_parameters where segment_month = ?", [month]).df()
    return dict(frame.iloc[0])


def test_scores_in_sql_equal_scipy(scores: duckdb.DuckDBPyConnection, order_days: pd.DataFrame) -> None:
    built = scores.execute("from expected_values").df().set_index("profile_id").sort_index()
    right = by_scipy(order_days, "2017-12-31", named(scores, DECEMBER)).sort_index()
    assert len(built) == len(right) == 2469
    assert list(built.index) == list(right.index)
    # the largest error is that of whoever came last; scipy's own curve is good to 1e-11 here
    assert built["expected_purchases"].to_numpy() == pytest.approx(right["purchases"].to_numpy(), rel=1e-9)
    assert built["no_purchase_probability"].to_numpy() == pytest.approx(right["silent"].to_numpy(), rel=1e-9)
    assert built["p_alive"].to_numpy() == pytest.approx(right["p_alive"].to_numpy(), rel=1e-9)
    worth = (right["purchases"] * right["amount"]).to_numpy()
    assert built["expected_value_amount"].astype(float).to_numpy() == pytest.approx(worth, abs=0.0051)
    deciles = 1 + np.floor(10 * (built["expected_value_amount"].astype(float).rank(method="min") - 1) / len(built))
    assert (built["decile"] == deciles).all()


def test_calibration_in_sql_equals_pandas(scores: duckdb.DuckDBPyConnection, order_days: pd.DataFrame) -> None:
    built = scores.execute("from expected_value_quality order by decile").df()
    assert set(built["segment_month"].dt.date) == {JUNE}
    right = by_scipy(order_days, "2017-06-30", named(scores, JUNE))
    last = pd.Timestamp("2017-06-30") + pd.Timedelta(days=HORIZON)
    after = order_days[(order_days["order_date"] > "2017-06-30") & (order_days["order_date"] <= last)]
    right["came"] = after.groupby("profile_id").size().reindex(right.index).fillna(0)
    right["spent"] = after.groupby("profile_id")["net_amount"].sum().reindex(right.index).fillna(0.0)
    right["worth"] = right["purchases"] * right["amount"]
    right["quiet"] = right["came"] == 0
    right["decile"] = (1 + np.floor(10 * (right["worth"].round(2).rank(method="min") - 1) / len(right))).astype(int)
    sums = right.groupby("decile")[["purchases", "came", "worth", "spent", "silent", "quiet"]].sum()
    assert list(built["decile"]) == list(range(1, 11))
    for ours, theirs in (
        *(("expected_purchases", "purchases"), ("purchases", "came"), ("expected_value_amount", "worth")),
        *(("net_amount", "spent"), ("expected_silent_profiles", "silent"), ("silent_profiles", "quiet")),
    ):
        assert built[ours].astype(float).to_numpy() == pytest.approx(sums[theirs].to_numpy(dtype=float), abs=0.02)
    page = (PROJECT / "docs" / "segments.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| (\d+(?: \| [\d,]+){7}) \|$", page, re.MULTILINE)
    numbers = [[int(number.replace(",", "")) for number in line.split(" | ")] for line in told]
    assert numbers == [[round(float(number)) for number in line[:-1]] for line in built.to_numpy()]
    assert built["expected_purchases"].sum() / built["purchases"].sum() == pytest.approx(63731 / 63230, abs=1e-5)
    assert float(built["expected_value_amount"].sum() / built["net_amount"].sum()) == pytest.approx(1, abs=1e-3)
    assert float(built["expected_silent_profiles"].sum()) == pytest.approx(72.1, abs=0.1)
    assert int(built["silent_profiles"].sum()) == 55


def made_up(people: int = 300, q: float = 4.0, seed: int = 7) -> pd.DataFrame:
    """Customers of two years who behave as MBG/NBD and Gamma-Gamma say."""
    draws = np.random.default_rng(seed)
    begin = pd.Timestamp("2022-01-01")
    found = []
    for person in range(people):
        day, rate = draws.uniform(0, 300), draws.gamma(1.5) / 20
        leaves, scale = draws.beta(0.5, 20), draws.gamma(q) / 60
        while day < 730:
            found.append((f"p{person}", begin + pd.Timedelta(days=int(day)), draws.gamma(4.0) / scale))
            if draws.uniform() < leaves:
                break
            day += draws.exponential(1 / rate)
    days = pd.DataFrame(found, columns=["profile_id", "order_date", "net_amount"])
    return days.groupby(["profile_id", "order_date"], as_index=False).sum()


YEAR_END = datetime.date(2023, 12, 1)


def refusal(days: pd.DataFrame, month: datetime.date = YEAR_END, horizon: int = HORIZON) -> str:
    with facts(days) as connection:
        report = fitting.fit_as_of(connection, month, horizon)
        written = connection.execute("select segment_month, r, refused_because from landing.clv_parameters").fetchall()
    assert report.refusal is not None
    assert written == [(month, None, report.refusal)]
    return report.refusal


def test_customers_who_behave_as_supposed_are_fitted() -> None:
    with facts(made_up()) as connection:
        report = fitting.fit_as_of(connection, YEAR_END, HORIZON)
        assert report.refusal is None
        months = connection.execute("select segment_month from landing.clv_parameters order by all").fetchall()
        assert months == [(datetime.date(2023, 6, 1),), (YEAR_END,)]
        kept = connection.execute("from landing.clv_parameters where segment_month = '2023-06-01'").fetchall()
        connection.execute("update core.profile_days set net_amount = net_amount * 2")
        fitting.fit_as_of(connection, YEAR_END, HORIZON)
        # what has scored is not fitted again
        again = connection.execute("from landing.clv_parameters where segment_month = '2023-06-01'").fetchall()
        assert again == kept


def test_too_few_customers_are_refused() -> None:
    said = refusal(made_up(people=90))
    assert "100 customers and 91 days are needed" in said
    assert "0 days after the first order of all" in refusal(made_up(), month=datetime.date(2022, 1, 1))


def test_parameters_at_the_edge_are_refused() -> None:
    days = made_up()
    everybody_alike = pd.DataFrame(
        [
            (person, pd.Timestamp("2022-01-01") + pd.Timedelta(days=number % 7 + 7 * week), 10.0 + number % 9)
            for number, person in enumerate(days["profile_id"].unique())
            for week in range(100)
        ],
        columns=["profile_id", "order_date", "net_amount"],
    )
    assert "lies at the edge of what was searched" in refusal(everybody_alike)


def test_of_parameters_that_are_as_likely_those_within_the_bounds_are_taken() -> None:
    """Where hardly anybody leaves, only the share of those who do is told: a ridge, a hair higher at its end."""

    def ridge(at: Sequence[float], *, rising: float) -> float:
        first, second = np.log(at)
        return float(-100 - (first - second + 3) ** 2 + rising * second)

    starts = ((-2.0, 1.0), (4.0, 7.0))
    found, likelihood = maximum._maximum(lambda at: ridge(at, rising=1e-6), starts, "purchases")
    assert np.log(found) == pytest.approx([-2, 1], abs=0.1)
    assert likelihood == pytest.approx(-100, abs=1e-4)
    with pytest.raises(RekindleError, match="lies at the edge"):
        maximum._maximum(lambda at: ridge(at, rising=1.0), starts, "purchases")


def test_a_search_that_depends_on_the_unit_of_time_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    search, calls = maximum._maximum, iter(range(10))

    def ends_early(*arguments: Any) -> tuple[list[float], float]:
        found, likelihood = search(*arguments)
        return found, likelihood - (2e-6 * abs(likelihood) if next(calls) == 1 else 0)

    monkeypatch.setattr(maximum, "_maximum", ends_early)
    assert "the search found no maximum" in refusal(made_up())


def test_a_fit_that_did_not_foretell_is_refused() -> None:
    days = made_up()
    later = days["order_date"] > "2023-06-30"
    halved = pd.concat([days[~later], days[later].iloc[::2]])
    assert "more than 5% off" in refusal(halved)


def test_amounts_without_a_finite_mean_are_refused() -> None:
    assert "at 1 and below their mean is infinite" in refusal(made_up(q=0.7))


def test_amounts_that_go_with_how_often_they_are_spent_are_refused() -> None:
    days = made_up()
    days["net_amount"] = days.groupby("profile_id")["net_amount"].transform("size") * 2.0 + days["net_amount"] / 100
    assert "may not be multiplied" in refusal(days)


def test_a_horizon_that_the_series_does_not_reach_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert error_of_series(Purchasing(0.6, 30, 1.5, 3), HORIZON) < 1e-9
    assert error_of_series(Purchasing(0.6, 0.5, 1.5, 3), HORIZON) > fitting.LARGEST_ERROR
    honest = maximum.likeliest_purchasing
    monkeypatch.setattr(
        fitting, "likeliest_purchasing", lambda who: (replace(honest(who)[0], r=0.05, alpha=0.05), honest(who)[1])
    )
    monkeypatch.setattr(fitting, "LARGEST_MISS", float("inf"))
    assert "set clv_horizon_days lower" in refusal(made_up())


def test_a_bounded_search_is_as_good_as_the_one_that_made_the_customers() -> None:
    with facts(made_up()) as connection:
        who = fitting._cells(connection, YEAR_END, datetime.date(1900, 1, 1))
    truth = Purchasing(1.5, 20, 0.5, 20)
    found, likelihood = maximum.likeliest_purchasing(who)
    assert likelihood >= purchasing_log_likelihood(truth, who)
    assert found.r / found.alpha == pytest.approx(truth.r / truth.alpha, rel=0.2)


def test_a_fit_is_due_every_so_many_months_and_a_refusal_the_next_month(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "LARGEST_MISS", 1)
    file = tmp_path / "build.duckdb"

    def built(as_of: str, scope: str = "full") -> None:
        with duckdb.connect(str(file)) as connection:
            connection.execute(
                "create table if not exists run.run_log (invocation_id varchar, connector varchar, "
                "command_scope varchar, as_of_date date, started_at timestamp, finished_at timestamp)"
            )
            connection.execute("insert into run.run_log values ('x', 'fixture', ?, ?, now(), now())", [scope, as_of])

    def fitted(as_of: str) -> str | None:
        report = schedule.fit_if_due(file, "fixture", datetime.date.fromisoformat(as_of))
        return None if report is None else f"{report.month:%Y-%m}{' refused' if report.refusal else ''}"

    assert fitted("2023-10-01") is None
    facts(made_up(), file).close()
    assert fitted("2023-10-01") is None
    # a day of decisions makes no facts
    built("2023-12-15", scope="daily")
    assert fitted("2023-08-15") is None
    built("2023-09-01")
    # not more than the as-of date knows, nor than the last build knew to the end
    assert fitted("2023-08-15") == "2023-07"
    assert fitted("2023-12-01") is None
    for as_of, month in {"2023-10-01": None, "2023-11-01": "2023-10", "2024-01-01": None}.items():
        built(as_of)
        assert fitted(as_of) == month
    with duckdb.connect(str(file)) as connection:
        connection.execute(
            "update landing.clv_parameters set refused_because = 'no' where segment_month > '2023-02-01'"
        )
    assert fitted("2023-11-01") is None
    assert fitted("2024-01-01") == "2023-12"


def test_the_command_says_why_there_is_no_fit(workshop: Workshop, fixture_warehouse: Path) -> None:
    workshop.start_from(fixture_warehouse)
    said = workshop.run("fit")
    assert said.code == 1
    assert "The expected value is not fitted as of the end of 2024-06: by the end of 2023-12 4 customers" in said.error
    must(workshop.dbt("run", "--select", "expected_values", "--vars", "{connector: fixture}"))
    reasons = rows(workshop.warehouse, "select distinct no_value_reason from segments.expected_values order by all")
    assert ("fit_refused",) in reasons
    assert {reason for (reason,) in reasons} <= {"fit_refused", "profiling_denied"}
