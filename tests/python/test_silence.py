"""Silence and the likelihood of a return on the demo data, against pandas, numpy and a logistic regression.

Nothing here reads the SQL under test: definitions come from the prose of docs/segments.md, facts from the star.
"""

from collections.abc import Iterator
from pathlib import Path

import compiled
import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

HORIZON = pd.Timedelta(days=182)
YEAR = pd.Timedelta(days=365)
END = pd.Timestamp("2017-12-31")
EDGES = {"opens": [0, 1, 2, 3, 5], "silence": [365, 450, 550, 730, 1095], "orders": [0, 1, 2, 5], "value": [0, 50, 200]}
MONTHS = pd.date_range(END - pd.DateOffset(months=24), END, freq="ME")

Numbers = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def warehouse(demo_warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The replayed demo, opened read-only."""
    connection = duckdb.connect(str(demo_warehouse), read_only=True)
    yield connection
    connection.close()


def read(connection: duckdb.DuckDBPyConnection, query: str) -> pd.DataFrame:
    """The answer with its dates as timestamps."""
    frame = connection.execute(query).df()
    for column in frame.columns:
        if column.endswith(("_date", "_month", "_at", "valid_from", "valid_to")):
            frame[column] = pd.to_datetime(frame[column])
    return frame


@pytest.fixture(scope="module")
def signs(warehouse: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Signs of life, each with the day since which its kind is recorded."""
    found = read(warehouse, "select * from core.fct_interactions where is_from_person")
    kinds = found.groupby(["interaction_kind", "channel"])["occurred_date"]
    found["observed_from_date"] = kinds.transform("min")
    return found


def bins(values: pd.Series, edges: list[int]) -> Numbers:
    found: Numbers = np.searchsorted(edges, values.fillna(-1).to_numpy(float), side="right").astype(float)
    return found


@pytest.fixture(scope="module")
def oracle(warehouse: duckdb.DuckDBPyConnection, signs: pd.DataFrame) -> pd.DataFrame:
    """Who was silent for a year and could be written to, month by month, what was known and what came of it."""
    profiles = read(warehouse, "select profile_id, created_date from core.profiles")
    mails = read(
        warehouse,
        "select profile_id, sent_date, first_opened_at, first_bounced_hard_at, is_open_observed from core.fct_messages "
        "where channel = 'email' and first_not_sent_at is null",
    )
    mails["sent"] = mails["sent_date"].dt.to_period("M")
    mails["opened"] = mails["first_opened_at"].dt.to_period("M")
    consents = read(
        warehouse,
        "select profile_id, valid_from, valid_to from core.fct_consents "
        "where channel = 'email' and purpose = 'marketing' and is_granted",
    )
    days = read(warehouse, "select * from core.profile_days")
    denied = set(read(warehouse, "select profile_id from core.profiling_denials")["profile_id"])
    bounced = mails.groupby("profile_id")["first_bounced_hard_at"].min()
    frames = []
    for end in MONTHS:
        if end < signs["observed_from_date"].min() + YEAR:
            continue
        known = profiles[profiles["created_date"] <= end].set_index("profile_id")["created_date"]
        last = signs[signs["occurred_date"] <= end].groupby("profile_id")["occurred_date"].max()
        since = pd.concat([known, last]).groupby(level=0).max()
        instant = end + pd.Timedelta(days=1)
        valid = consents[
            (consents["valid_from"] <= instant) & (consents["valid_to"].isna() | (consents["valid_to"] > instant))
        ]
        chosen = since[since <= end - YEAR].index.intersection(valid["profile_id"].unique())
        chosen = chosen.difference(list(denied)).difference(bounced[bounced < instant].index)
        month = end.to_period("M")
        year = mails[mails["profile_id"].isin(chosen)]
        before = year[(year["sent"] <= month) & (year["sent"] > month - 12)].groupby("profile_id")
        opened = year[(year["opened"] <= month) & (year["opened"] > month - 12)].groupby("profile_id").size()
        frame = pd.DataFrame({"days_silent": (end - since[chosen]).dt.days})
        frame["opens"] = opened.reindex(chosen).fillna(0)
        frame.loc[~before["is_open_observed"].any().reindex(chosen, fill_value=False).astype(bool), "opens"] = np.nan
        past = days[days["order_date"] <= end].groupby("profile_id")
        frame["orders"] = past["orders"].sum().reindex(chosen).fillna(0)
        frame["net_amount"] = past["net_amount"].sum().astype(float).reindex(chosen).fillna(0)
        ahead = signs[(signs["occurred_date"] > end) & (signs["occurred_date"] <= end + HORIZON)]
        back = ahead[ahead["observed_from_date"] <= end]["profile_id"].unique()
        frame["has_returned"] = frame.index.isin(back) if end + HORIZON <= END else None
        frames.append(frame.rename_axis("profile_id").reset_index().assign(end=end))
    told = pd.concat(frames, ignore_index=True)
    told["opens_bin"] = bins(told["opens"], EDGES["opens"])
    told["silence_bin"] = bins(told["days_silent"], EDGES["silence"])
    told["orders_bin"] = bins(told["orders"], EDGES["orders"])
    told["value_bin"] = bins(told["net_amount"].clip(lower=0).where(told["orders"] > 0), EDGES["value"])
    return told


def learned_at(oracle: pd.DataFrame, end: pd.Timestamp) -> pd.DataFrame:
    """The people of the months whose half year had passed by then."""
    return oracle[(oracle["end"] + HORIZON <= end) & oracle["has_returned"].notna()]


def log_odds(people: pd.DataFrame, learned: pd.DataFrame) -> Numbers:
    """Base odds and weight of evidence of each attribute, half a person added."""
    returned = learned["has_returned"].astype(bool)
    told = np.full(len(people), np.log((returned.sum() + 0.5) / ((~returned).sum() + 0.5)))
    for attribute in EDGES:
        of = learned[f"{attribute}_bin"]
        counted = of > 0 if attribute == "value" else of >= 0
        yes, no = of[counted & returned].value_counts(), of[counted & ~returned].value_counts()
        both = pd.DataFrame({"yes": yes, "no": no}).fillna(0)
        weights = np.log(((both["yes"] + 0.5) / (yes.sum() + 0.5)) / ((both["no"] + 0.5) / (no.sum() + 0.5)))
        told += people[f"{attribute}_bin"].map(weights).fillna(0).to_numpy(float)
    return told


def auc(outcome: pd.Series, score: Numbers) -> float:
    """How often somebody who returns is scored above somebody who does not (Mann and Whitney)."""
    is_back = outcome.astype(bool).to_numpy()
    ranks, ones = pd.Series(score).round(12).rank().to_numpy(), int(is_back.sum())
    return float((ranks[is_back].sum() - ones * (ones + 1) / 2) / (ones * (len(is_back) - ones)))


def logistic_regression(people: pd.DataFrame, learned: pd.DataFrame) -> Numbers:
    """Log odds by a regression on the same bins (Newton's steps, lightly held back)."""

    def design(frame: pd.DataFrame) -> Numbers:
        columns = [np.ones(len(frame))]
        for attribute, edges in EDGES.items():
            columns += [(frame[f"{attribute}_bin"] == bin_).to_numpy(float) for bin_ in range(len(edges) + 1)]
        return np.column_stack(columns)

    x, y = design(learned), learned["has_returned"].astype(float).to_numpy()
    weights = np.zeros(x.shape[1])
    for _ in range(25):
        p = 1 / (1 + np.exp(-x @ weights))
        curvature = (x * (p * (1 - p))[:, None]).T @ x + np.eye(x.shape[1])
        weights += np.linalg.solve(curvature, x.T @ (y - p) - weights)
    return np.asarray(design(people) @ weights)


def test_the_silent_what_was_known_of_them_and_who_came_back_equal_pandas(
    warehouse: duckdb.DuckDBPyConnection, oracle: pd.DataFrame
) -> None:
    built = read(warehouse, "select * from segments.reactivation_candidates")
    columns = ["days_silent", "opens", "orders", *(f"{attribute}_bin" for attribute in EDGES), "has_returned"]
    key = ["profile_id", "end"]
    left = built.rename(columns={"month_end_date": "end"}).set_index(key)[columns].sort_index().astype(float)
    right = oracle.set_index(key)[columns].sort_index().astype(float)
    assert oracle["end"].nunique() == 25
    pd.testing.assert_frame_equal(left, right, check_dtype=False)


def test_likelihoods_before_correction_equal_numpy(warehouse: duckdb.DuckDBPyConnection, oracle: pd.DataFrame) -> None:
    built = read(warehouse, "select profile_id, raw_probability, month_end_date from segments.reactivation_scores")
    for end in (END, pd.Timestamp("2017-06-30")):
        people = oracle[oracle["end"] == end]
        expected = pd.Series(1 / (1 + np.exp(-log_odds(people, learned_at(oracle, end)))), index=people["profile_id"])
        found = built[built["month_end_date"] == end].set_index("profile_id")["raw_probability"]
        pd.testing.assert_series_equal(
            found.sort_index(), expected.sort_index(), check_names=False, atol=1e-9, rtol=1e-9
        )


def test_worth_is_measured_as_mann_and_whitney_do_and_a_regression_on_the_same_bins_is_no_better(
    warehouse: duckdb.DuckDBPyConnection, oracle: pd.DataFrame
) -> None:
    quality = warehouse.execute(
        "select last_day(segment_month), max(score_auc), max(recency_auc), sum(profiles), sum(returned_profiles) "
        "from segments.silence_score_quality group by all order by all"
    ).fetchall()
    assert len(quality) == 13
    for end, score_auc, recency_auc, profiles, returned in quality:
        people = oracle[oracle["end"] == pd.Timestamp(end)]
        learned = learned_at(oracle, pd.Timestamp(end))
        outcome = people["has_returned"]
        assert (profiles, returned) == (len(people), outcome.sum())
        assert score_auc == pytest.approx(auc(outcome, log_odds(people, learned)), abs=1e-9)
        assert recency_auc == pytest.approx(auc(outcome, -people["days_silent"].to_numpy(float)), abs=1e-9)
        assert score_auc > auc(outcome, logistic_regression(people, learned)) - 0.02


# Month → people, returns, area under the curve of the score and of recency alone, as docs/segments.md has them.
WORTH = {
    "2016-12-01": (2751, 403, 0.706, 0.574),
    "2017-03-01": (2441, 225, 0.756, 0.607),
    "2017-06-01": (2555, 206, 0.779, 0.658),
}


@pytest.mark.parametrize("month", WORTH)
def test_the_score_is_worth_what_the_page_says_and_more_than_recency(
    month: str, warehouse: duckdb.DuckDBPyConnection
) -> None:
    worth = warehouse.execute(
        "select sum(profiles), sum(returned_profiles), max(score_auc), max(recency_auc) "
        "from segments.silence_score_quality where segment_month = ?",
        [month],
    ).fetchone()
    people, returned, score, recency = WORTH[month]
    assert worth == (people, returned, pytest.approx(score, abs=0.001), pytest.approx(recency, abs=0.001))
    assert score >= recency + 0.03


def test_tiers_of_each_published_month_equal_pandas_and_the_snapshot_tells_them(
    warehouse: duckdb.DuckDBPyConnection, signs: pd.DataFrame
) -> None:
    profiles = read(warehouse, "select profile_id, created_date from core.profiles")
    built = read(warehouse, "select * from segments.silence_published")
    stays = read(
        warehouse, "select profile_id, engagement_tier, dbt_valid_from, dbt_valid_to from snapshots.silence_tiers"
    )
    before: pd.Series = pd.Series(dtype=str)
    for end in pd.date_range("2017-01-31", END, freq="ME"):
        known = profiles[profiles["created_date"] <= end].set_index("profile_id")["created_date"]
        last = signs[signs["occurred_date"] <= end].groupby("profile_id")["occurred_date"].max()
        since = last.reindex(known.index).fillna(known)
        tiers = pd.Series("to_delete", index=known.index)
        for months, tier in ((36, "at_risk"), (24, "dormant"), (12, "active")):
            tiers[since > end - pd.DateOffset(months=months)] = tier
        published = built[built["segment_month"] == end.replace(day=1)].set_index("profile_id")
        found = published["engagement_tier"].reindex(known.index).fillna("active")
        pd.testing.assert_series_equal(found.sort_index(), tiers.sort_index(), check_names=False)
        returned = tiers.index[
            (tiers == "active") & before.reindex(tiers.index).isin(["dormant", "at_risk", "to_delete"])
        ]
        assert set(published.index[published["has_returned"]]) == set(returned)
        instant = end + pd.Timedelta(days=1)
        is_now = (stays["dbt_valid_from"] <= instant) & (
            stays["dbt_valid_to"].isna() | (stays["dbt_valid_to"] > instant)
        )
        told = stays[is_now].set_index("profile_id")["engagement_tier"]
        pd.testing.assert_series_equal(told.sort_index(), published["engagement_tier"].sort_index(), check_names=False)
        before = tiers
    assert built["has_returned"].sum() > 100


def test_a_closed_day_has_the_number_of_the_day_before() -> None:
    models = compiled.CompiledModels(["open_days"], {"as_of_date": "2024-07-01"})
    connection = duckdb.connect()
    connection.execute("create table closure_periods (closed_from date, closed_to date, description varchar)")
    connection.execute(
        "insert into closure_periods values ('2024-06-01', '2024-06-03', ''), ('2024-06-03', '2024-06-04', '')"
    )
    models.build(connection, "open_days")
    numbers = connection.execute(
        "select calendar_date::varchar, open_day_number - min(open_day_number) over (), is_closed from open_days "
        "where calendar_date between '2024-05-31' and '2024-06-06' order by 1"
    ).fetchall()
    closed = [("2024-06-01", 0, True), ("2024-06-02", 0, True), ("2024-06-03", 0, True), ("2024-06-04", 0, True)]
    assert numbers == [("2024-05-31", 0, False), *closed, ("2024-06-05", 1, False), ("2024-06-06", 2, False)]
