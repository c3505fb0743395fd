"""How customers buy and what they are inclined to on the demo data, against pandas and the figures of the page.

Nothing here reads the SQL under test: order days come from the installed data package, definitions from the prose of
docs/segments.md. Nobody is written to in this warehouse, and nobody has denied profiling.
"""

import datetime

import duckdb
import numpy as np
import pandas as pd
import pytest
from grocer import days_of_households, new_york_date, package_table
from test_segments import month_end

from rekindle.tell.habits_in_words import appetencies_in_words, habit_in_words

DECEMBER = pd.Timestamp("2017-12-01")
NAMES = [(14, "weekly"), (52, "monthly"), (129, "quarterly"), (258, "half_yearly"), (np.inf, "yearly")]


@pytest.fixture(scope="module")
def gaps() -> pd.DataFrame:
    """Household × day with an order: the days since the one before."""
    days = days_of_households().sort_values(["household_id", "order_date"])
    days["gap"] = days.groupby("household_id")["order_date"].diff().dt.days
    return days


@pytest.fixture(scope="module")
def demo_lines() -> pd.DataFrame:
    """Till lines of 2017 on the grocer's calendar."""
    lines = package_table("transactions.parquet")
    lines["day"] = new_york_date(lines["transaction_timestamp"])
    lines["household_id"] = lines["household_id"].astype(str)
    return lines[lines["day"] <= month_end(DECEMBER)]


def habit(row: pd.Series, cell: float) -> tuple[str, float]:
    """Own from 20 gaps; from 5 the middle of logarithms, ten of them the cell's; else the cell's."""
    if row["n"] >= 20:
        return "own", row["own"]
    if row["n"] >= 5:
        return "shrunk", float(np.exp((row["n"] * np.log(row["own"]) + 10 * np.log(cell)) / (row["n"] + 10)))
    return "cell", cell


def test_habits_and_overdue_days_of_each_customer_equal_pandas(
    warehouse: duckdb.DuckDBPyConnection, households: pd.DataFrame, gaps: pd.DataFrame
) -> None:
    built = warehouse.execute("from segments.profile_habits").df().merge(households, on="profile_id")
    scores = warehouse.execute(
        "select profile_id, r_score, f_score from segments.rfm_published where segment_month = date '2017-12-01'"
    ).df()
    built = built.merge(scores, on="profile_id").set_index("household_id").sort_index()
    known = gaps[gaps["order_date"] <= month_end(DECEMBER)].groupby("household_id")
    frame = pd.DataFrame({"n": known["gap"].count(), "own": known["gap"].median(), "long": known["gap"].quantile(0.9)})
    frame["last"] = known["order_date"].max()
    frame = frame.join(built[["r_score", "f_score"]])
    told = frame[frame["n"] >= 5]
    cells = told.groupby(["r_score", "f_score"])["own"].agg(["median", "size"])
    everybody = told["own"].median()
    assert len(built) == len(frame) == 2469
    for household, row in frame.iterrows():
        place = (row["r_score"], row["f_score"])
        is_told = place in cells.index and cells.loc[place, "size"] >= 10
        source, days = habit(row, cells.loc[place, "median"] if is_told else everybody)
        own = built.loc[household]
        assert (own["habit_source"], own["gaps"]) == (source, row["n"])
        assert pd.Timestamp(own["last_order_date"]) == row["last"]
        assert own["rf_habit_days"] == pytest.approx(days, abs=2e-6)
        assert own["rf_habit"] == next(name for limit, name in NAMES if days < limit)
        if row["n"] >= 10:
            assert own["overdue_after_days"] == int(round(max(21, 2 * row["long"]), 6)) + 1
        else:
            assert pd.isna(own["overdue_after_days"])
    assert built["habit_source"].value_counts().to_dict() == {"own": 1772, "shrunk": 539, "cell": 158}


def test_a_habit_of_few_gaps_says_little_and_one_of_many_a_lot(gaps: pd.DataFrame) -> None:
    """Why a customer's own median counts from twenty gaps on only: half a year against the next."""
    halves = gaps.assign(first=gaps["order_date"] < "2017-07-01").groupby(["household_id", "first"])["gap"]
    medians, counts = np.log(halves.median().unstack()), halves.count().unstack()[True]
    correlation = {
        least: round(float(medians[(counts >= least) & (counts < below)].corr().iloc[0, 1]), 2)
        for least, below in ((5, 10), (20, 10**6))
    }
    assert correlation == {5: 0.13, 20: 0.63}


def test_the_page_says_how_often_customers_are_overdue_and_how_many_come_back_anyway(gaps: pd.DataFrame) -> None:
    """July to November 2017: the first day beyond twice the long gap, and beyond one and a half times with 14 days."""
    known = gaps.copy()
    by_household = known.groupby("household_id")
    known["next"] = by_household["order_date"].shift(-1)
    known["n"] = by_household["gap"].transform(lambda gap: gap.expanding().count())
    known["long"] = by_household["gap"].transform(lambda gap: gap.expanding().quantile(0.9))
    measured = {}
    for factor, floor in ((2.0, 21), (1.5, 14)):
        events = known[known["n"] >= 10].copy()
        events["due"] = events["order_date"] + pd.to_timedelta(
            np.floor(np.maximum(floor, factor * events["long"])) + 1, unit="D"
        )
        is_event = events["due"].between("2017-07-01", "2017-11-30") & ~(events["next"] < events["due"])
        back = events.loc[is_event, "next"] - events.loc[is_event, "due"]
        measured[factor] = (round(is_event.sum() / 5), round(float((back < pd.Timedelta(days=7)).mean()), 2))
    assert measured == {2.0: (129, 0.38), 1.5: (284, 0.5)}


def test_inclinations_equal_pandas(
    warehouse: duckdb.DuckDBPyConnection, households: pd.DataFrame, demo_lines: pd.DataFrame
) -> None:
    built = warehouse.execute("from segments.profile_appetencies").df().merge(households, on="profile_id")
    built = built.set_index("household_id")
    lines = demo_lines.assign(sales_value=demo_lines["sales_value"].round(2))
    lines["is_discounted"] = (lines["retail_disc"].round(2) > 0) | (lines["coupon_match_disc"].round(2) > 0)
    spent = lines.groupby("household_id")["sales_value"].sum()
    at_discount = lines[lines["is_discounted"]].groupby("household_id")["sales_value"].sum().reindex(spent.index)
    days = lines.groupby("household_id")["day"].nunique()
    own, usual = at_discount.fillna(0) / spent, at_discount.sum() / spent.sum()
    right = ((days * own + 8 * usual) / (days + 8))[days >= 10]
    told = built["promotion_sensitivity"].dropna()
    assert sorted(told.index) == sorted(right.index)
    assert told.sort_index().to_numpy() == pytest.approx(right.sort_index().to_numpy(), abs=1e-9)
    stores = lines.drop_duplicates("basket_id").groupby(["household_id", "store_id"]).size()
    most = stores.groupby("household_id").max()
    usual_store = built["usual_store_id"].dropna()
    assert sorted(usual_store.index) == sorted(most[stores.groupby("household_id").sum() >= 5].index)
    assert all(stores[household, int(store)] == most[household] for household, store in usual_store.items())


def test_a_preferred_category_is_bought_on_more_of_her_days_than_of_everybodys(
    warehouse: duckdb.DuckDBPyConnection, households: pd.DataFrame, demo_lines: pd.DataFrame
) -> None:
    built = warehouse.execute("from segments.profile_appetencies").df().merge(households, on="profile_id")
    products = package_table("products.parquet")[["product_id", "product_category"]].dropna()
    bought = demo_lines.merge(products, on="product_id")[["household_id", "product_category", "day"]].drop_duplicates()
    days = bought.groupby(["household_id", "product_category"]).size().rename("days").reset_index()
    everybody = days.groupby("product_category")["days"].sum()
    all_days = demo_lines.groupby("household_id")["day"].nunique()
    days["lift"] = (days["days"] / days["household_id"].map(all_days)) / (
        days["product_category"].map(everybody) / all_days.sum()
    )
    often = days[days["days"] >= 5].assign(lift=lambda frame: frame["lift"].round(9))
    right = often.sort_values(["lift", "days", "product_category"], ascending=[False, False, True])
    first = right.drop_duplicates("household_id").set_index("household_id").sort_index()
    told = built.dropna(subset=["preferred_category"]).set_index("household_id").sort_index()
    assert list(told.index) == list(first.index)
    assert (told["preferred_category_days"] == first["days"]).all()
    assert (told["preferred_category"] == first["product_category"]).all()
    assert first["lift"].median() > 3


# Share of what was foretold that came, and of the simplest rule: the hour of most, everybody with a rhythm.
HABITS = {"best_send_hour": (0.34, 0.28), "overdue_stays_away": (0.47, 0.1)}


def test_who_sends_at_the_best_hour_meets_more_than_at_the_hour_of_most(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    """The figures of the page: what was published, against the 28 days after."""
    measured = warehouse.execute(
        "select measure, round(sum(hits) / sum(observations), 2), "
        "round(sum(baseline_share * observations) / sum(observations), 2) from segments.habit_quality "
        "where segment_month between '2017-09-01' and '2017-11-01' group by 1 order by 1"
    ).fetchall()
    assert {measure: tuple(shares) for measure, *shares in measured} == HABITS


def said(subject: str, code: str, values: dict[str, object]) -> str:
    return f"{subject} {code} {values.get('overdue_date', '')}".strip()


def test_a_habit_is_told_with_whether_she_is_overdue_by_now() -> None:
    row = {
        "no_habit_reason": None, "habit_source": "own", "gaps": 25, "rf_habit": "weekly", "rf_habit_days": 6.5,
        "overdue_from_date": datetime.date(2024, 6, 23), "overdue_gaps": 25,
    }  # fmt: skip
    day = datetime.date(2024, 6, 23)
    assert list(habit_in_words(row, said, day)) == ["habit *", "overdue overdue 2024-06-23"]
    assert list(habit_in_words(row, said, day - datetime.timedelta(days=1))) == [
        "habit *",
        "overdue not_yet 2024-06-23",
    ]
    assert list(habit_in_words({**row, "overdue_from_date": None}, said, day)) == ["habit *"]
    assert list(habit_in_words({"no_habit_reason": "profiling_denied"}, said, day)) == ["habit profiling_denied"]


def test_inclinations_are_told_where_there_are_any_and_none_of_who_denied_profiling() -> None:
    nothing = dict.fromkeys(
        ("promotion_sensitivity", "drive_appetency", "usual_store_id", "preferred_category", "best_send_hour")
    )
    row = {"no_appetency_reason": None, **nothing}
    assert list(appetencies_in_words(row, [{"channel": "email", "click_appetency": None}], said)) == []
    told = {**row, "promotion_sensitivity": 0.5, "best_send_hour": 9, "best_send_weekday": 1}
    clicks = [{"channel": "email", "click_appetency": 0.02}]
    assert list(appetencies_in_words(told, clicks, said)) == [
        "appetency promotion", "appetency hour", "appetency click",
    ]  # fmt: skip
    assert list(appetencies_in_words({"no_appetency_reason": "profiling_denied"}, clicks, said)) == [
        "appetency profiling_denied"
    ]
