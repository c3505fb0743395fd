"""Spend clusters, return rates and money at stake on the demo data, against pandas and published figures.

Nothing here reads the SQL under test: order days come from the installed data package, definitions from the prose of
docs/segments.md. Nobody is written to in this warehouse, so that no message hides what customers did by themselves.
"""

import duckdb
import numpy as np
import pandas as pd
import pytest
from grocer import days_of_households
from test_segments import MONTHS, month_end

START = pd.Timestamp("2017-01-01")
AS_OF = pd.Timestamp("2018-01-01")
PERIOD = pd.Timedelta(days=91)
PRIOR = 20
MEDIUM, HIGH = 174.23, 535.53


@pytest.fixture(scope="module")
def standing() -> pd.DataFrame:
    """Household × month end: how long ago, how often, how much, and days until the next order (endless without one)."""
    days = days_of_households()
    months = []
    for month in MONTHS:
        end = month_end(month)
        known = days[days["order_date"] <= end]
        by_household = known.groupby("household_id")["order_date"]
        frame = (end - by_household.max()).dt.days.rename("recency_days").to_frame()
        frame["first_date"] = by_household.min()
        recent = known[known["order_date"] > end - PERIOD].groupby("household_id")
        frame["order_days"] = recent.size().reindex(frame.index).fillna(0).astype(int)
        frame["spend_amount"] = recent["sales_value"].sum().reindex(frame.index).fillna(0.0).round(2)
        following = days[days["order_date"] > end].groupby("household_id")["order_date"].min()
        frame["days_until_next"] = (following.reindex(frame.index) - end).dt.days.fillna(np.inf)
        months.append(frame.assign(segment_month=month, end=end).reset_index())
    told = pd.concat(months, ignore_index=True)
    told["recency_band"] = 1 + np.searchsorted([7, 14, 28, 56, 91], told["recency_days"].to_numpy(), side="left")
    told["order_days_band"] = 1 + np.searchsorted([1, 3, 6, 10, 17, 30], told["order_days"].to_numpy(), side="right")
    return told


def silent(rows: pd.DataFrame, horizon: int) -> pd.Series:
    return rows["days_until_next"] > horizon


CELLS = pd.MultiIndex.from_product([range(1, 7), range(1, 8)], names=["recency_band", "order_days_band"])


def rates_at(standing: pd.DataFrame, end: pd.Timestamp, horizon: int) -> pd.DataFrame | None:
    """Cell → customers, silent ones and the probability, from the month ends whose days had passed by then."""
    learned = standing[
        (standing["end"] >= START + PERIOD) & (standing["end"] + pd.Timedelta(days=horizon) <= end)
    ]  # fmt: skip
    if learned.empty:
        return None
    learned = learned.assign(silent=silent(learned, horizon))
    everybody = learned["silent"].mean()
    recency = learned.groupby("recency_band")["silent"].agg(["sum", "count"]).reindex(range(1, 7), fill_value=0)
    of_recency = (recency["sum"] + PRIOR * everybody) / (recency["count"] + PRIOR)
    cells = learned.groupby(["recency_band", "order_days_band"])["silent"].agg(["sum", "count"])
    cells = cells.reindex(CELLS, fill_value=0)
    borrowed = of_recency.reindex(CELLS.get_level_values("recency_band")).to_numpy()
    cells["probability"] = (cells["sum"] + PRIOR * borrowed) / (cells["count"] + PRIOR)
    if learned["segment_month"].nunique() < 2:
        cells["probability"] = np.nan
    return cells


@pytest.fixture(scope="module")
def oracle(standing: pd.DataFrame) -> pd.DataFrame:
    """What is published of each household and month, told as a story per household."""
    told = standing.sort_values(["household_id", "segment_month"]).copy()
    for horizon in (28, 91):
        name = f"silent_{horizon}_probability"
        told[name] = np.nan
        for month in MONTHS:
            rates = rates_at(standing, month_end(month), horizon)
            if rates is not None:
                is_now = told["segment_month"] == month
                cells = pd.MultiIndex.from_frame(told.loc[is_now, list(CELLS.names)])
                told.loc[is_now, name] = rates["probability"].reindex(cells).to_numpy()
    clusters: list[tuple[str | None, str | None, bool]] = []
    household: str | None = None
    cluster: str | None = None
    previous: str | None = None
    for row in told.itertuples():
        if row.household_id != household:
            household, cluster, previous = row.household_id, None, None
        before = cluster
        now: str | None = None
        high = HIGH * (0.8 if before == "high" else 1)
        medium = MEDIUM * (0.8 if before in ("high", "medium") else 1)
        if row.end >= START + PERIOD:
            if row.recency_days >= PERIOD.days:
                now = "inactive"
            elif row.first_date > row.end - PERIOD and row.first_date > START + PERIOD:
                now = "new"
            else:
                now = "high" if row.spend_amount >= high else "medium" if row.spend_amount >= medium else "low"
        if now != before:
            previous = before
        has_bought = row.recency_days < row.end.day
        clusters.append((now, previous, before == "inactive" and now != "inactive" and has_bought))
        cluster = now
    told[["spend_cluster", "previous_cluster", "has_returned"]] = clusters
    told["has_returned"] = told["has_returned"].astype(bool)
    return told


@pytest.fixture(scope="module")
def published(warehouse: duckdb.DuckDBPyConnection, households: pd.DataFrame) -> pd.DataFrame:
    """value_published by household."""
    built = warehouse.execute("select * from segments.value_published").df()
    built["segment_month"] = pd.to_datetime(built["segment_month"])
    built["spend_amount"] = built["spend_amount"].astype(float)
    return built.merge(households, on="profile_id", validate="many_to_one")


def test_what_is_published_of_each_customer_equals_pandas(published: pd.DataFrame, oracle: pd.DataFrame) -> None:
    key = ["household_id", "segment_month"]
    columns = ["order_days", "spend_amount", "silent_28_probability", "silent_91_probability"]
    columns += ["spend_cluster", "previous_cluster", "has_returned"]
    left = published.set_index(key)[columns].sort_index()
    right = oracle.set_index(key)[columns].sort_index()
    assert len(left) == 28198
    pd.testing.assert_frame_equal(left, right, check_dtype=False, atol=1e-9, rtol=1e-9)
    known = published["silent_91_probability"].notna()
    assert sorted(published.loc[known, "segment_month"].dt.month.unique()) == [8, 9, 10, 11, 12]


def test_return_rates_equal_pandas_for_every_month_cell_and_horizon(
    warehouse: duckdb.DuckDBPyConnection, standing: pd.DataFrame
) -> None:
    built = warehouse.execute(
        "select segment_month, horizon_days, recency_band, order_days_band, profiles, silent_profiles, "
        "silent_probability from segments.return_rates"
    ).df()
    built["segment_month"] = pd.to_datetime(built["segment_month"])
    expected = []
    for month in MONTHS:
        for horizon in (28, 91):
            rates = rates_at(standing, month_end(month), horizon)
            if rates is not None:
                expected.append(rates.reset_index().assign(segment_month=month, horizon_days=horizon))
    key = ["segment_month", "horizon_days", "recency_band", "order_days_band"]
    right = pd.concat(expected).rename(
        columns={"count": "profiles", "sum": "silent_profiles", "probability": "silent_probability"}
    )
    assert len(right) == (8 + 6) * 42
    pd.testing.assert_frame_equal(
        built.set_index(key).sort_index(),
        right.set_index(key)[["profiles", "silent_profiles", "silent_probability"]].sort_index(),
        check_dtype=False, check_index_type=False, atol=1e-12, rtol=0,
    )  # fmt: skip


def test_clusters_are_as_many_as_was_found_before_there_was_a_model(published: pd.DataFrame) -> None:
    from_april = published[published["segment_month"] >= "2017-04-01"].groupby("segment_month")
    inactive = from_april["spend_cluster"].apply(lambda clusters: int((clusters == "inactive").sum()))
    assert inactive.tolist() == [45, 67, 92, 96, 118, 129, 141, 140, 142]
    assert from_april["has_returned"].sum().tolist() == [0, 19, 16, 36, 29, 33, 35, 41, 38]


def test_leaving_a_cluster_late_spares_a_quarter_of_the_changes_between_clusters(published: pd.DataFrame) -> None:
    """What docs/segments.md says the hysteresis is good for."""
    cuts = np.searchsorted([MEDIUM, HIGH], published["spend_amount"].to_numpy(), side="right")
    ranks = {"low": 0, "medium": 1, "high": 2}
    spenders = published.assign(plain=cuts, kept=published["spend_cluster"].map(ranks)).dropna(subset=["kept"])
    spenders = spenders.sort_values(["household_id", "segment_month"])
    earlier = spenders.groupby("household_id")[["plain", "kept"]].shift()
    both = earlier["kept"].notna()
    assert (spenders["plain"] != earlier["plain"])[both].mean() == pytest.approx(0.170, abs=0.005)
    assert (spenders["kept"] != earlier["kept"])[both].mean() == pytest.approx(0.126, abs=0.005)


def auc(outcome: pd.Series, score: pd.Series) -> float:
    """How often somebody who stays away is scored above somebody who does not (Mann and Whitney)."""
    ranks, ones = score.rank(), int(outcome.sum())
    return float((ranks[outcome].sum() - ones * (ones + 1) / 2) / (ones * (len(outcome) - ones)))


def log_loss(outcome: pd.Series, score: pd.Series) -> float:
    return float(-np.log(np.where(outcome, score, 1 - score)).mean())


# Horizon, month → AUC of what was published, of recency alone, of order days alone, and log loss, out of time.
WORTH = {
    (28, 6): (0.867, 0.814, 0.855, 0.307),
    (28, 9): (0.873, 0.809, 0.871, 0.321),
    (28, 11): (0.875, 0.837, 0.867, 0.318),
    (91, 8): (0.900, 0.870, 0.893, 0.152),
    (91, 9): (0.886, 0.863, 0.876, 0.162),
}


@pytest.mark.parametrize(("horizon", "month"), WORTH)
def test_return_rates_are_worth_what_the_page_says_and_more_than_recency_or_frequency(
    horizon: int, month: int, published: pd.DataFrame, standing: pd.DataFrame
) -> None:
    key = ["household_id", "segment_month"]
    both = published.merge(standing[[*key, "recency_days", "days_until_next"]], on=key)
    both = both[both["segment_month"].dt.month == month]
    outcome, score = silent(both, horizon), both[f"silent_{horizon}_probability"]
    by_rate, by_recency = auc(outcome, score), auc(outcome, both["recency_days"])
    by_order_days = auc(outcome, -both["order_days"])
    measured = (by_rate, by_recency, by_order_days, log_loss(outcome, score))
    assert measured == pytest.approx(WORTH[horizon, month], abs=0.001)
    assert by_rate > by_recency + 0.02
    assert by_rate > by_order_days


# Month → people at risk, how many of them bought nothing for 91 days, how many of all who had bought in the 91 before;
# and of as many people taken by the days since their last order alone.
AT_RISK = {"08": (91, 0.31, 0.04), "09": (151, 0.22, 0.04)}
LONGEST_AWAY = {"08": 0.32, "09": 0.21}


def test_customers_at_risk_of_becoming_inactive_do_so_five_times_as_often(
    published: pd.DataFrame, oracle: pd.DataFrame
) -> None:
    key = ["household_id", "segment_month"]
    both = published.merge(oracle[[*key, "recency_days", "days_until_next"]], on=key)
    measured = {}
    for month, rows in both[both["segment_month"].dt.month.isin([8, 9])].groupby("segment_month"):
        buyers = rows[rows["recency_days"] < PERIOD.days]
        expected = buyers["silent_91_probability"] >= 0.2
        flagged = rows["is_at_risk_of_inactive"].astype(bool)
        assert set(rows.loc[flagged, "household_id"]) == set(buyers.loc[expected, "household_id"])
        measured[f"{month:%m}"] = (
            int(flagged.sum()),
            round(float(silent(rows[flagged], 91).mean()), 2),
            round(float(silent(buyers, 91).mean()), 2),
        )
    assert measured == AT_RISK


def test_the_flag_is_published_with_what_as_many_of_the_longest_away_would_have_been(
    warehouse: duckdb.DuckDBPyConnection, published: pd.DataFrame, oracle: pd.DataFrame
) -> None:
    built = warehouse.execute(
        "select strftime(segment_month, '%m'), observations, worth, plain_worth from segments.signal_worth "
        "where promise = 'at_risk_of_inactive' order by 1"
    ).fetchall()
    key = ["household_id", "segment_month"]
    both = published.merge(oracle[[*key, "recency_days", "days_until_next"]], on=key)
    expected = []
    for month, rows in both[both["segment_month"].dt.month.isin([8, 9])].groupby("segment_month"):
        buyers = rows[rows["recency_days"] < PERIOD.days].dropna(subset=["is_at_risk_of_inactive"])
        stayed_away, flagged = silent(buyers, 91), buyers["is_at_risk_of_inactive"].astype(bool)
        # as many with the longest time since their last order; of those on the edge, their mean
        left, came_true = int(flagged.sum()), 0.0
        for _, tied in stayed_away.groupby(-buyers["recency_days"]):
            came_true += min(left, len(tied)) * tied.mean()
            left -= min(left, len(tied))
        worth = float(stayed_away[flagged].mean())
        expected.append((f"{month:%m}", int(flagged.sum()), worth, came_true / int(flagged.sum())))
    assert built == [(month, people, *map(pytest.approx, worth)) for month, people, *worth in expected]
    assert {month: round(plain, 2) for month, *_, plain in expected} == LONGEST_AWAY


def test_money_at_stake_is_what_28_days_were_worth_times_the_return_rate(
    warehouse: duckdb.DuckDBPyConnection, oracle: pd.DataFrame, households: pd.DataFrame
) -> None:
    days = days_of_households()
    moves = warehouse.execute("select * from segments.segment_moves").df().merge(households, on="profile_id")
    moves["segment_month"] = pd.to_datetime(moves["segment_month"])
    for month in MONTHS[6:]:
        before = month - pd.Timedelta(days=1)
        window = days[(days["order_date"] <= before) & (days["order_date"] > before - pd.Timedelta(days=182))]
        spent = window.groupby("household_id")["sales_value"].sum().round(2)
        rates = oracle[oracle["segment_month"] == month].set_index("household_id")["silent_28_probability"]
        rows = moves[moves["segment_month"] == month].set_index("household_id")
        # whoever had not bought by then has no month before
        expected = (rates * spent.reindex(rates.index).fillna(0) * 28 / 182).reindex(rows.index)
        known = rows["expected_loss_amount"].notna()
        assert known.equals(rows["from_segment"].notna())
        told = rows.loc[known, "expected_loss_amount"].astype(float)
        assert told.to_numpy() == pytest.approx(expected[known].to_numpy(), abs=0.0051)
        costly = rows.loc[known, "is_costly_decline"].astype(bool)
        assert costly.equals(rows.loc[known, "is_attrition_signal"] & (told >= 8))
    assert moves["is_costly_decline"].fillna(False).astype(bool).sum() > 500


# Pooled over August to November 2017, 28 days: share flagged, lift, share of the silent money, money lift.
IN_MONEY = {
    "attrition_signal": (0.094, 3.25, 0.206, 8.6),
    "costly_decline": (0.049, 2.79, 0.179, 8.2),
}


@pytest.mark.parametrize("signal", IN_MONEY)
def test_signals_are_worth_in_money_what_was_published(signal: str, warehouse: duckdb.DuckDBPyConnection) -> None:
    """Half as many people as the attrition signal, and nearly as much of the money that stays away."""
    share, lift, money, money_lift = IN_MONEY[signal]
    measured = warehouse.execute(
        """
        select
            sum(flagged_profiles) / sum(base_profiles),
            (sum(flagged_silent_profiles) / sum(flagged_profiles)) / (sum(base_silent_profiles) / sum(base_profiles)),
            sum(flagged_silent_amount) / sum(base_silent_amount),
            (sum(flagged_silent_amount) / sum(base_silent_amount)) / (sum(flagged_amount) / sum(base_amount))
        from segments.segment_signal_quality
        where signal = ? and population = 'all' and horizon_days = 28
            and segment_month between '2017-08-01' and '2017-11-01'
        """,
        [signal],
    ).fetchone()
    assert measured is not None
    assert float(measured[0]) == pytest.approx(share, abs=0.001)
    assert float(measured[1]) == pytest.approx(lift, abs=0.02)
    assert float(measured[2]) == pytest.approx(money, abs=0.001)
    assert float(measured[3]) == pytest.approx(money_lift, abs=0.05)


def test_as_many_stayed_away_as_was_predicted(
    warehouse: duckdb.DuckDBPyConnection, published: pd.DataFrame, standing: pd.DataFrame
) -> None:
    """The table counts every customer once, and the likeliest tenth stayed away as often as it was told."""
    key = ["household_id", "segment_month"]
    both = published.merge(standing[[*key, "end", "days_until_next"]], on=key)
    for horizon in (28, 91):
        passed = both[both["end"] + pd.Timedelta(days=horizon) <= AS_OF].dropna(
            subset=[f"silent_{horizon}_probability"]
        )
        counted = warehouse.execute(
            "select sum(profiles), sum(silent_profiles), sum(predicted_silent_share * profiles), "
            "sum(silent_profiles) filter (decile = 1) / sum(predicted_silent_share * profiles) filter (decile = 1) "
            "from segments.return_rate_quality where horizon_days = ?",
            [horizon],
        ).fetchone()
        assert counted is not None
        assert counted[:2] == (len(passed), int(silent(passed, horizon).sum()))
        assert counted[2] == pytest.approx(passed[f"silent_{horizon}_probability"].sum(), rel=1e-9)
        assert counted[3] == pytest.approx({28: 1.02, 91: 1.17}[horizon], abs=0.01)


def test_the_snapshot_tells_each_published_cluster(warehouse: duckdb.DuckDBPyConnection) -> None:
    told = warehouse.execute(
        """
        select
            count(*),
            count(*) filter (stays.profile_id is null),
            count(*) filter (stays.spend_cluster is distinct from published.spend_cluster)
        from segments.value_published as published
        left join snapshots.value_clusters as stays
            on
                published.profile_id = stays.profile_id
                and stays.dbt_valid_from <= published.segment_month + interval 1 month
                and (stays.dbt_valid_to is null or published.segment_month + interval 1 month < stays.dbt_valid_to)
        """
    ).fetchone()
    assert told == (28198, 0, 0)


def test_memberships_of_all_schemes_are_in_one_shape_and_in_the_catalogue(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    schemes = warehouse.execute(
        "select scheme, count(distinct membership_value) from segments.profile_segments group by all order by all"
    ).fetchall()
    assert [scheme for scheme, *_ in schemes] == [
        *("clv_cluster", "engagement_level", "engagement_tier", "inactive_type", "intention_level"),
        *("lifecycle_stage", "rf_habit", "rfm"),
    ]
    assert schemes[0][1] == 5
    known = {row[0] for row in warehouse.execute("select algorithm from config.algorithms").fetchall()}
    assert {scheme for scheme, *_ in schemes} <= known
    current = warehouse.execute(
        "select count(*) from hub.dim_profiles as profiles "
        "left join segments.value_published as published "
        "on published.profile_id = profiles.profile_id and published.segment_month = '2017-12-01' "
        "where profiles.spend_cluster is distinct from "
        "coalesce(published.spend_cluster, case when profiles.order_count = 0 then 'prospect' end)"
    ).fetchone()
    assert current == (0,)
