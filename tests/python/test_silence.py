"""Silence and the likelihood of a sign of life on the demo data, against pandas, numpy and a logistic regression.

Nothing here reads the SQL under test: definitions come from the prose of docs/segments.md, facts from the star.
"""

from collections.abc import Callable

import compiled
import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import optimize, special

HORIZON = pd.Timedelta(days=182)
YEAR = pd.Timedelta(days=365)
END = pd.Timestamp("2017-12-31")
Edges = dict[str, list[int]]
SCORES: dict[str, Edges] = {
    "reactivation": {
        "opens": [0, 1, 2, 3, 5],
        "silence": [365, 450, 550, 730, 1095],
        "orders": [0, 1, 2, 5],
        "value": [0, 50, 200],
    },
    "lookalike": {"opens": [0, 1, 2, 3, 5], "silence": [0, 31, 91, 182, 365, 730, 1095], "signs": [0, 1, 2, 5]},
}
MONTHS = pd.date_range(END - pd.DateOffset(months=24), END, freq="ME")

Numbers = npt.NDArray[np.float64]


def read(connection: duckdb.DuckDBPyConnection, query: str) -> pd.DataFrame:
    """The answer with its dates as timestamps."""
    frame = connection.execute(query).df()
    for column in frame.columns:
        if column.endswith(("_date", "_month", "_at", "valid_from", "valid_to")):
            frame[column] = pd.to_datetime(frame[column])
    return frame


def in_new_york(instants: pd.Series) -> pd.Series:
    """On the clock of the retailer, whose days and months count."""
    return instants.dt.tz_localize("UTC").dt.tz_convert("America/New_York").dt.tz_localize(None)


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


KINDS = {"email": "email", "sms": "phone", "phone": "phone", "post": "post", "push": "app"}


@pytest.fixture(scope="module")
def contactable(warehouse: duckdb.DuckDBPyConnection) -> Callable[[pd.Timestamp], pd.DataFrame]:
    """Asks who could be written to on which channel at an instant: an open address that had not bounced by then."""
    permissions = read(warehouse, "select * from identity.address_permissions where is_open")
    needed = permissions["channel"].map(lambda channel: "ads_personalisation" if channel == "ads" else "marketing")
    permissions = permissions[permissions["purpose"] == needed]
    addresses = read(warehouse, "select * from hub_private.contact_addresses")
    bounces = read(
        warehouse,
        "select messages.source_system, messages.contact_id, messages.channel, events.occurred_at "
        "from intake.intake_message_events as events inner join intake.intake_messages as messages using (message_id) "
        "where events.event_type = 'bounced_hard'",
    )
    bounces["address_kind"] = bounces["channel"].map(KINDS)
    record = ["source_system", "contact_id", "address_kind"]
    holding = bounces.merge(addresses, on=record)
    seen = bounces.merge(read(warehouse, "select * from identity.contact_address_history"), on=record)
    bounces = pd.concat(
        [
            holding[holding["changed_at"] <= holding["occurred_at"]],
            seen[seen["first_as_of_date"] <= in_new_york(seen["occurred_at"]).dt.normalize()],
        ]
    )
    usable = pd.concat(
        [addresses[addresses["address_kind"] == kind].assign(channel=channel) for channel, kind in KINDS.items()]
        + [addresses[addresses["address_kind"].isin(["email", "phone"])].assign(channel="ads")]
    )
    usable = usable.merge(permissions, on=["profile_id", "channel", "address_key"])

    def at(instant: pd.Timestamp) -> pd.DataFrame:
        last = bounces[bounces["occurred_at"] < instant].groupby("address_id")["occurred_at"].max()
        bounced = usable["address_id"].map(last)
        works = bounced.isna() | ((usable["verified_at"] > bounced) & (usable["verified_at"] <= instant))
        is_open = (usable["valid_from"] <= instant) & (usable["valid_to"].isna() | (usable["valid_to"] > instant))
        return usable.loc[is_open & works, ["profile_id", "channel"]].drop_duplicates()

    return at


@pytest.fixture(scope="module")
def oracles(
    warehouse: duckdb.DuckDBPyConnection,
    signs: pd.DataFrame,
    contactable: Callable[[pd.Timestamp], pd.DataFrame],
) -> dict[str, pd.DataFrame]:
    """Per score, month by month: who could be scored, what was known of them and what came of it.

    Silent for a year and contactable by e-mail; or never a buyer, and contactable by any message or by ads.
    """
    profiles = read(warehouse, "select profile_id, created_date from core.profiles")
    mails = read(
        warehouse,
        "select profile_id, sent_date, first_opened_at, is_open_observed from core.fct_messages "
        "where channel = 'email' and first_not_sent_at is null",
    )
    mails["sent"] = mails["sent_date"].dt.to_period("M")
    mails["opened"] = in_new_york(mails["first_opened_at"]).dt.to_period("M")
    days = read(warehouse, "select * from core.profile_days")
    entries = read(warehouse, "select profile_id, occurred_date from core.fct_web_events where form_type = 'contest'")
    denied = set(read(warehouse, "select profile_id from core.profiling_denials")["profile_id"])
    frames: dict[str, list[pd.DataFrame]] = {score: [] for score in SCORES}
    for end in MONTHS:
        if end < signs["observed_from_date"].min() + YEAR:
            continue
        known = profiles[profiles["created_date"] <= end].set_index("profile_id")["created_date"]
        shown = signs[signs["occurred_date"] <= end].groupby("profile_id")["occurred_date"]
        since = pd.concat([known, shown.max()]).groupby(level=0).max()
        # the month is over at midnight in New York
        over = (end + pd.Timedelta(days=1)).tz_localize("America/New_York").tz_convert("UTC").tz_localize(None)
        valid = contactable(over)
        by_mail = valid[valid["channel"] == "email"]
        bought = days[(days["order_date"] <= end) & (days["orders"] > 0)]["profile_id"].unique()
        chosen = {
            "reactivation": since[since <= end - YEAR].index.intersection(by_mail["profile_id"].unique()),
            "lookalike": since.index.difference(bought).intersection(valid["profile_id"].unique()),
        }
        month = end.to_period("M")
        for score, people in chosen.items():
            people = people.difference(list(denied))
            year = mails[mails["profile_id"].isin(people)]
            before = year[(year["sent"] <= month) & (year["sent"] > month - 12)].groupby("profile_id")
            opened = year[(year["opened"] <= month) & (year["opened"] > month - 12)].groupby("profile_id").size()
            frame = pd.DataFrame({"days_silent": (end - since[people]).dt.days})
            frame["opens"] = opened.reindex(people).fillna(0)
            could_tell = before["is_open_observed"].any().reindex(people, fill_value=False).astype(bool)
            frame.loc[~could_tell, "opens"] = np.nan
            past = days[days["order_date"] <= end].groupby("profile_id")
            frame["orders"] = past["orders"].sum().reindex(people).fillna(0)
            frame["net_amount"] = past["net_amount"].sum().astype(float).reindex(people).fillna(0)
            frame["sign_days"] = shown.nunique().reindex(people).fillna(0)
            entrants = entries[entries["occurred_date"] <= end]["profile_id"]
            frame["is_learned_from"] = (frame["days_silent"] >= 365) | frame.index.isin(entrants)
            ahead = signs[(signs["occurred_date"] > end) & (signs["occurred_date"] <= end + HORIZON)]
            back = ahead[ahead["observed_from_date"] <= end]["profile_id"].unique()
            frame["has_returned"] = frame.index.isin(back) if end + HORIZON <= END else None
            frames[score].append(frame.rename_axis("profile_id").reset_index().assign(end=end))
    told = {score: pd.concat(found, ignore_index=True) for score, found in frames.items()}
    for score, edges in SCORES.items():
        people = told[score]
        values = {
            "opens": people["opens"],
            "silence": people["days_silent"],
            "orders": people["orders"],
            "value": people["net_amount"].clip(lower=0).where(people["orders"] > 0),
            "signs": people["sign_days"],
        }
        for attribute, value in values.items():
            people[f"{attribute}_bin"] = bins(value, edges[attribute]) if attribute in edges else 0
    return told


def learned_at(oracle: pd.DataFrame, end: pd.Timestamp) -> pd.DataFrame:
    """Of the people of the months whose half year had passed by then, those from whom is learned."""
    return oracle[(oracle["end"] + HORIZON <= end) & oracle["has_returned"].notna() & oracle["is_learned_from"]]


def log_odds(people: pd.DataFrame, learned: pd.DataFrame, edges: Edges) -> Numbers:
    """Base odds and weight of evidence of each attribute, half a person added."""
    returned = learned["has_returned"].astype(bool)
    told = np.full(len(people), np.log((returned.sum() + 0.5) / ((~returned).sum() + 0.5)))
    for attribute in edges:
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


def logistic_regression(people: pd.DataFrame, learned: pd.DataFrame, edges: Edges) -> Numbers:
    """Log odds by a regression on the same bins (Newton's steps, lightly held back)."""

    def design(frame: pd.DataFrame) -> Numbers:
        columns = [np.ones(len(frame))]
        for attribute, of in edges.items():
            columns += [(frame[f"{attribute}_bin"] == bin_).to_numpy(float) for bin_ in range(len(of) + 1)]
        return np.column_stack(columns)

    x, y = design(learned), learned["has_returned"].astype(float).to_numpy()
    weights = np.zeros(x.shape[1])
    for _ in range(25):
        p = 1 / (1 + np.exp(-x @ weights))
        curvature = (x * (p * (1 - p))[:, None]).T @ x + np.eye(x.shape[1])
        weights += np.linalg.solve(curvature, x.T @ (y - p) - weights)
    return np.asarray(design(people) @ weights)


@pytest.mark.parametrize("score", SCORES)
def test_who_is_scored_what_was_known_of_them_and_who_came_equal_pandas(
    score: str, warehouse: duckdb.DuckDBPyConnection, oracles: dict[str, pd.DataFrame]
) -> None:
    oracle = oracles[score]
    built = read(warehouse, f"select * from segments.silence_score_candidates where score = '{score}'")
    attributes = ("opens", "silence", "orders", "value", "signs")
    columns = ["days_silent", "opens", "orders", "sign_days", *(f"{attribute}_bin" for attribute in attributes)]
    columns += ["is_learned_from", "has_returned"]
    key = ["profile_id", "end"]
    left = built.rename(columns={"month_end_date": "end"}).set_index(key)[columns].sort_index().astype(float)
    right = oracle.set_index(key)[columns].sort_index().astype(float)
    if score == "reactivation":
        assert right["is_learned_from"].all()
    assert oracle["end"].nunique() == 25
    pd.testing.assert_frame_equal(left, right, check_dtype=False)


@pytest.mark.parametrize("score", SCORES)
def test_likelihoods_before_correction_equal_numpy(
    score: str, warehouse: duckdb.DuckDBPyConnection, oracles: dict[str, pd.DataFrame]
) -> None:
    oracle = oracles[score]
    built = read(
        warehouse,
        f"select profile_id, raw_probability, month_end_date from segments.silence_scores where score = '{score}'",
    )
    for end in (END, pd.Timestamp("2017-06-30")):
        people = oracle[oracle["end"] == end]
        told = log_odds(people, learned_at(oracle, end), SCORES[score])
        expected = pd.Series(1 / (1 + np.exp(-told)), index=people["profile_id"])
        found = built[built["month_end_date"] == end].set_index("profile_id")["raw_probability"]
        pd.testing.assert_series_equal(
            found.sort_index(), expected.sort_index(), check_names=False, atol=1e-9, rtol=1e-9
        )


@pytest.mark.parametrize("score", SCORES)
def test_worth_is_measured_as_mann_and_whitney_do(
    score: str, warehouse: duckdb.DuckDBPyConnection, oracles: dict[str, pd.DataFrame]
) -> None:
    oracle = oracles[score]
    quality = warehouse.execute(
        "select last_day(segment_month), max(score_auc), max(recency_auc), sum(profiles), sum(returned_profiles) "
        f"from segments.silence_score_quality where score = '{score}' group by all order by all"
    ).fetchall()
    assert len(quality) == 13
    for end, score_auc, recency_auc, profiles, returned in quality:
        people = oracle[oracle["end"] == pd.Timestamp(end)]
        learned = learned_at(oracle, pd.Timestamp(end))
        outcome = people["has_returned"]
        assert (profiles, returned) == (len(people), outcome.sum())
        assert score_auc == pytest.approx(auc(outcome, log_odds(people, learned, SCORES[score])), abs=1e-9)
        assert recency_auc == pytest.approx(auc(outcome, -people["days_silent"].to_numpy(float)), abs=1e-9)
        if score == "reactivation":
            assert score_auc > auc(outcome, logistic_regression(people, learned, SCORES[score])) - 0.02


def level(came: pd.Series, told: Numbers) -> float:
    """What added to the log odds of everybody makes as many expected as came; nothing where too few say it."""
    people, returned = len(came), int(came.astype(bool).sum())
    if people < 50 or min(returned, people - returned) < 5:
        return 0.0
    return float(optimize.brentq(lambda shift: special.expit(told + shift).sum() - returned, -20, 20, xtol=1e-12))


def level_known_at(oracle: pd.DataFrame, end: pd.Timestamp, edges: Edges) -> float:
    """The level of the newest month whose half year had passed by then."""
    matured = oracle[(oracle["end"] + HORIZON <= end) & oracle["has_returned"].notna()]
    scored = [month for month in matured["end"].unique() if not learned_at(oracle, month).empty]
    if not scored:
        return 0.0
    newest = max(scored)
    people = matured[matured["end"] == newest]
    return level(people["has_returned"], log_odds(people, learned_at(oracle, newest), edges))


@pytest.mark.parametrize("score", SCORES)
def test_as_many_are_told_as_came_in_the_newest_month_that_was_known_and_nobody_overtakes_anybody(
    score: str, warehouse: duckdb.DuckDBPyConnection, oracles: dict[str, pd.DataFrame]
) -> None:
    oracle, edges = oracles[score], SCORES[score]
    quality = read(warehouse, f"select * from segments.silence_score_quality where score = '{score}'")
    raw = read(
        warehouse,
        f"select profile_id, band, month_end_date from segments.silence_scores where score = '{score}' and is_matured",
    )
    for month, of_month in quality.groupby("segment_month"):
        end = month + pd.offsets.MonthEnd(0)
        people = oracle[oracle["end"] == end].set_index("profile_id")
        added_up = log_odds(people, learned_at(oracle, end), edges)
        assert of_month["log_odds_shift"].unique() == pytest.approx([level(people["has_returned"], added_up)], abs=1e-8)
        told = pd.Series(special.expit(added_up + level_known_at(oracle, end, edges)), index=people.index)
        band = raw[raw["month_end_date"] == end].set_index("profile_id")["band"]
        predicted = told.groupby(band.reindex(told.index)).mean()
        found = of_month.set_index("band")["predicted_return_share"].sort_index()
        pd.testing.assert_series_equal(found, predicted, check_names=False, rtol=1e-8, check_index_type=False)
        # what is told ranks people as the sum of what speaks for them does
        assert of_month["score_auc"].max() == pytest.approx(auc(people["has_returned"], told.to_numpy()), abs=1e-9)


def test_prospects_are_told_what_speaks_for_them_at_the_level_of_those_who_came(
    warehouse: duckdb.DuckDBPyConnection, oracles: dict[str, pd.DataFrame]
) -> None:
    oracle, edges = oracles["lookalike"], SCORES["lookalike"]
    people = oracle[oracle["end"] == END].set_index("profile_id")
    now = log_odds(people, learned_at(oracle, END), edges) + level_known_at(oracle, END, edges)
    expected = pd.Series(special.expit(now), index=people.index)
    built = read(warehouse, "select * from segments.lookalike_scores").set_index("profile_id")
    found = built["lookalike_score"].dropna()
    pd.testing.assert_series_equal(found.sort_index(), expected.sort_index(), check_names=False, rtol=1e-8)
    bought = read(
        warehouse, f"select distinct profile_id from core.profile_days where orders > 0 and order_date <= '{END}'"
    )
    known = read(warehouse, f"select profile_id from core.profiles where created_date <= '{END}'")["profile_id"]
    assert set(built.index) == set(known) - set(bought["profile_id"])
    assert set(built["no_score_reason"].dropna()) == {"not_reachable"}


def test_whoever_is_silent_is_told_what_speaks_for_her_at_the_level_of_those_who_came(
    warehouse: duckdb.DuckDBPyConnection, oracles: dict[str, pd.DataFrame]
) -> None:
    oracle, edges = oracles["reactivation"], SCORES["reactivation"]
    people = oracle[oracle["end"] == END].set_index("profile_id")
    now = log_odds(people, learned_at(oracle, END), edges) + level_known_at(oracle, END, edges)
    built = read(warehouse, f"select * from segments.silence_published where segment_month = '{END.replace(day=1)}'")
    told = built.set_index("profile_id")
    expected = pd.Series(special.expit(now), index=people.index).reindex(told.index).dropna()
    found = told["reactivation_score"].dropna()
    pd.testing.assert_series_equal(found.sort_index(), expected.sort_index(), check_names=False, rtol=1e-8)
    parts = ["base", "opens", "silence", "orders", "value"]
    added_up = told.loc[found.index, [f"{part}_contribution" for part in parts]].sum(axis=1)
    pd.testing.assert_series_equal(special.expit(added_up), found, check_names=False, rtol=1e-9)


# Score and month → people, of whom a sign of life came, area under the curve of the score and of recency alone, as
# docs/segments.md has them.
WORTH = {
    ("reactivation", "2016-12-01"): (2854, 619, 0.669, 0.564),
    ("reactivation", "2017-03-01"): (2261, 344, 0.706, 0.594),
    ("reactivation", "2017-06-01"): (2289, 325, 0.718, 0.613),
    ("lookalike", "2016-12-01"): (7016, 2594, 0.747, 0.720),
    ("lookalike", "2017-03-01"): (4839, 1551, 0.770, 0.749),
    ("lookalike", "2017-06-01"): (4743, 1496, 0.794, 0.774),
}


@pytest.mark.parametrize(("score", "month"), WORTH)
def test_the_scores_are_worth_what_the_page_says(score: str, month: str, warehouse: duckdb.DuckDBPyConnection) -> None:
    worth = warehouse.execute(
        "select sum(profiles), sum(returned_profiles), max(score_auc), max(recency_auc) "
        "from segments.silence_score_quality where score = ? and segment_month = ?",
        [score, month],
    ).fetchone()
    people, returned, told, recency = WORTH[score, month]
    assert worth == (people, returned, pytest.approx(told, abs=0.001), pytest.approx(recency, abs=0.001))
    if score == "reactivation":
        assert told >= recency + 0.03


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
        # nobody is silent for a time in which nothing was recorded
        since = last.reindex(known.index).fillna(known).clip(lower=signs["observed_from_date"].min())
        tiers = pd.Series("to_delete", index=known.index)
        for months, tier in ((36, "at_risk"), (24, "dormant"), (12, "active")):
            tiers[since > end - pd.DateOffset(months=months)] = tier
        published = built[built["segment_month"] == end.replace(day=1)].set_index("profile_id")
        found = published["engagement_tier"].reindex(known.index).fillna("active")
        pd.testing.assert_series_equal(found.sort_index(), tiers.sort_index(), check_names=False)
        # by a sign of the month, of a kind that was recorded for a year before it
        year_before = end.replace(day=1) - pd.Timedelta(days=1) - pd.DateOffset(months=12)
        of_month = signs["occurred_date"].between(end.replace(day=1), end)
        of_month &= signs["observed_from_date"] <= year_before
        returned = tiers.index[
            (tiers == "active")
            & before.reindex(tiers.index).isin(["dormant", "at_risk", "to_delete"])
            & tiers.index.isin(signs.loc[of_month, "profile_id"])
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
