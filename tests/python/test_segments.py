"""RFM, moves and signals on the demo data against independent implementations: pandas, lifetimes, published figures.

Nothing here reads the SQL under test: order days come from the installed data package, scores from the prose of
docs/segments.md, the months' snapshots from the warehouse.
"""

import re

import duckdb
import numpy as np
import pandas as pd
import pytest
from grocer import days_of_households
from lifetimes.utils import summary_data_from_transaction_data

from rekindle.ground.paths import PROJECT

WINDOW_DAYS = 182
MONTHS = pd.date_range("2017-01-01", "2017-12-01", freq="MS")
CUTS: dict[str, list[float]] = {"frequency": [8, 16, 26, 42], "monetary": [172.69, 425.50, 820.03, 1512.02]}
RECENCY_BANDS = [28, 56, 91, 182]
LADDER = {
    "champions": 11, "loyal": 10, "potential_loyalist": 9, "recent": 8, "promising": 7, "needs_attention": 6,
    "about_to_sleep": 5, "cant_lose": 4, "at_risk": 3, "hibernating": 2, "lost": 1,
}  # fmt: skip


@pytest.fixture(scope="module")
def order_days() -> pd.DataFrame:
    return days_of_households()


def month_end(month: pd.Timestamp) -> pd.Timestamp:
    return month + pd.offsets.MonthEnd(0)


def segment_of(r: int, fm: int) -> str:
    """The ladder in words (rungs from best to worst), not the seed's 25 rows."""
    if fm >= 4 and r >= 3:
        return "champions" if r == 5 else "loyal"
    if r >= 4:
        return "potential_loyalist" if fm in (2, 3) else ("recent" if r == 5 else "promising")
    if r == 3:
        return "needs_attention" if fm == 3 else "about_to_sleep"
    if fm == 5:
        return "cant_lose"
    if fm >= 3:
        return "at_risk"
    return "hibernating" if r == 2 else "lost"


@pytest.fixture(scope="module")
def oracle(order_days: pd.DataFrame) -> pd.DataFrame:
    """RFM by household and month, in pandas."""
    months = []
    for month in MONTHS:
        end = month_end(month)
        known = order_days[order_days["order_date"] <= end]
        window = known[known["order_date"] > end - pd.Timedelta(days=WINDOW_DAYS)]
        frame = (end - known.groupby("household_id")["order_date"].max()).dt.days.rename("recency_days").to_frame()
        frame["frequency"] = window.groupby("household_id").size().reindex(frame.index).fillna(0).astype(int)
        frame["monetary_amount"] = window.groupby("household_id")["sales_value"].sum().reindex(frame.index).fillna(0.0)
        frame["segment_month"] = month
        months.append(frame.reset_index())
    rfm = pd.concat(months, ignore_index=True)
    rfm["monetary_amount"] = rfm["monetary_amount"].round(2)
    rfm["r_score"] = 5 - np.searchsorted(RECENCY_BANDS, rfm["recency_days"].to_numpy(), side="left")
    rfm["f_score"] = 1 + np.searchsorted(CUTS["frequency"], rfm["frequency"].to_numpy(), side="right")
    rfm["m_score"] = 1 + np.searchsorted(CUTS["monetary"], rfm["monetary_amount"].to_numpy(), side="right")
    rfm["fm_score"] = (rfm["f_score"] + rfm["m_score"] + 1) // 2
    rfm["segment"] = [segment_of(r, fm) for r, fm in zip(rfm["r_score"], rfm["fm_score"], strict=True)]
    rfm["rung"] = rfm["segment"].map(LADDER)
    return rfm


COLUMNS = [
    "recency_days",
    "frequency",
    "monetary_amount",
    "r_score",
    "f_score",
    "m_score",
    "fm_score",
    "segment",
    "rung",
]


@pytest.mark.parametrize("table", ["segments.rfm_monthly", "segments.rfm_published"])
def test_rfm_of_twelve_months_equals_pandas(
    table: str, warehouse: duckdb.DuckDBPyConnection, oracle: pd.DataFrame, households: pd.DataFrame
) -> None:
    built = warehouse.execute(
        f"select profile_id, segment_month, {', '.join(COLUMNS)} from {table}"
    ).df().merge(households, on="profile_id", validate="many_to_one")  # fmt: skip
    built["segment_month"] = pd.to_datetime(built["segment_month"])
    built["monetary_amount"] = built["monetary_amount"].astype(float)
    key = ["household_id", "segment_month"]
    left = built.set_index(key)[COLUMNS].sort_index()
    right = oracle.set_index(key)[COLUMNS].sort_index()
    assert len(left) == 28198
    pd.testing.assert_frame_equal(left, right, check_dtype=False, atol=0.005, rtol=0)


def test_frequency_and_recency_agree_with_lifetimes(
    warehouse: duckdb.DuckDBPyConnection, order_days: pd.DataFrame, households: pd.DataFrame
) -> None:
    """lifetimes counts repeat days and measures recency from the first order: frequency = F - 1, T - recency = R."""
    end = pd.Timestamp("2017-12-31")
    window = order_days[order_days["order_date"] > end - pd.Timedelta(days=WINDOW_DAYS)]
    summary = summary_data_from_transaction_data(window, "household_id", "order_date", observation_period_end=end)
    built = warehouse.execute(
        "select profile_id, recency_days, frequency from segments.rfm_published "
        "where segment_month = date '2017-12-01' and frequency > 0"
    ).df().merge(households, on="profile_id").set_index("household_id").sort_index()  # fmt: skip
    assert list(built.index) == sorted(summary.index)
    summary = summary.sort_index()
    assert (built["frequency"] == summary["frequency"] + 1).all()
    assert (built["recency_days"] == summary["T"] - summary["recency"]).all()


def test_moves_equal_a_state_machine_walked_month_by_month(
    warehouse: duckdb.DuckDBPyConnection, oracle: pd.DataFrame, households: pd.DataFrame
) -> None:
    """Reference rung, steps, direction and months below, told as a story per customer instead of in sets."""
    first_move = pd.Timestamp("2017-07-01")
    expected = {}
    for household, months in oracle.sort_values("segment_month").groupby("household_id"):
        previous: pd.Series | None = None
        reference, below = 0, 0
        for _, now in months[months["segment_month"] >= first_move - pd.DateOffset(months=1)].iterrows():
            if previous is None:
                reference, below, direction = now["rung"], 0, "first"
            elif now["rung"] < previous["rung"]:
                direction = "down"
            elif now["rung"] == previous["rung"]:
                direction = "same"
            else:
                direction = "back" if below and now["rung"] >= reference else "up"
            if now["rung"] >= reference:
                reference, below = now["rung"], 0
            else:
                below += 1
            if now["segment_month"] >= first_move:
                expected[household, now["segment_month"]] = (direction, reference, reference - now["rung"], below)
            previous = now
    built = warehouse.execute(
        "select profile_id, segment_month, direction, reference_rung, steps_down, months_below "
            "from segments.segment_moves"
    ).df().merge(households, on="profile_id")  # fmt: skip
    actual = {
        (row.household_id, pd.Timestamp(row.segment_month)): (
            row.direction, row.reference_rung, row.steps_down, row.months_below,
        )
        for row in built.itertuples()
    }  # fmt: skip
    assert actual == expected


# Pooled over July to September 2017: share of the base flagged, lift of staying away 28 and 91 days.
PUBLISHED_SIGNALS = {
    "down": (0.121, 2.7, 4.0),
    "attrition_signal": (0.098, 3.2, 4.8),
    "confirmed": (0.052, 3.1, 5.0),
    "crossed": (0.018, 3.9, 6.7),
}


@pytest.mark.parametrize("signal", PUBLISHED_SIGNALS)
def test_signals_are_worth_what_was_published(signal: str, warehouse: duckdb.DuckDBPyConnection) -> None:
    share, lift_28, lift_91 = PUBLISHED_SIGNALS[signal]
    measured = dict(
        warehouse.execute(
            """
            select
                horizon_days,
                (sum(flagged_silent_profiles) / sum(flagged_profiles))
                / (sum(base_silent_profiles) / sum(base_profiles))
            from segments.segment_signal_quality
            where signal = ? and population = 'all' and segment_month between '2017-07-01' and '2017-09-01'
            group by horizon_days
            """,
            [signal],
        ).fetchall()
    )
    assert measured[28] == pytest.approx(lift_28, abs=0.1)
    assert measured[91] == pytest.approx(lift_91, abs=0.1)
    flagged = warehouse.execute(
        "select avg(flagged_share) from segments.segment_signal_quality "
        "where signal = ? and population = 'all' and horizon_days = 91",
        [signal],
    ).fetchone()
    assert flagged is not None
    assert flagged[0] == pytest.approx(share, abs=0.002)


def test_signals_are_measured_only_where_the_days_after_have_passed(warehouse: duckdb.DuckDBPyConnection) -> None:
    months = warehouse.execute(
        "select horizon_days, min(segment_month), max(segment_month) from segments.segment_signal_quality "
        "group by 1 order by 1"
    ).fetchall()
    assert [(days, first.isoformat()[:7], last.isoformat()[:7]) for days, first, last in months] == [
        (28, "2017-07", "2017-11"),
        (91, "2017-07", "2017-09"),
    ]


def test_the_snapshot_tells_each_published_month(warehouse: duckdb.DuckDBPyConnection) -> None:
    """No gap, no overlap, no empty stay, one open row per profile, every boundary the first instant of a month."""
    problems = warehouse.execute(
        """
        with stays as (
            select *, lead(dbt_valid_from) over (partition by profile_id order by dbt_valid_from) as next_from
            from snapshots.rfm_segments
        )
        select
            count(*) filter (where dbt_valid_to <= dbt_valid_from),
            count(*) filter (where next_from is not null and next_from != dbt_valid_to),
            count(*) filter (where day(dbt_valid_from) != 1 or dbt_valid_from != date_trunc('day', dbt_valid_from)),
            count(*) filter (where dbt_valid_to != date_trunc('month', dbt_valid_to)),
            count(*) - count(distinct dbt_scd_id),
            count(distinct profile_id) - count(*) filter (where dbt_valid_to is null)
        from stays
        """
    ).fetchone()
    assert problems == (0, 0, 0, 0, 0, 0)
    told = warehouse.execute(
        """
        select count(*)
        from segments.rfm_published as published
        left join snapshots.rfm_segments as stays
            on
                published.profile_id = stays.profile_id
                and stays.dbt_valid_from <= published.segment_month + interval 1 month
                and (stays.dbt_valid_to is null or published.segment_month + interval 1 month < stays.dbt_valid_to)
        where stays.segment is distinct from published.segment or stays.rung is distinct from published.rung
        """
    ).fetchone()
    assert told == (0,)


def test_every_segment_has_a_colour_of_its_own_that_a_white_and_a_black_page_show() -> None:
    """Three to one, as WCAG asks of graphics; neighbours on the ladder that share a group follow each other."""

    def luminance(colour: str) -> float:
        shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    ladder = pd.read_csv(PROJECT / "seeds/config/segments.csv").sort_values("rung", ascending=False)
    assert ladder.segment_colour.is_unique
    for colour in ladder.segment_colour:
        assert re.fullmatch("#[0-9a-f]{6}", colour)
        assert 1.05 / (luminance(colour) + 0.05) >= 3, f"{colour} on white"
        assert (luminance(colour) + 0.05) / 0.05 >= 3, f"{colour} on black"
    changes = (ladder.segment_group != ladder.segment_group.shift()).sum()
    assert changes == ladder.segment_group.nunique() == 6
