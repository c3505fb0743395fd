"""Kinds of moment on people drawn with a seed, against pandas that was written from docs/scenario-guide.md."""

from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from compiled import CompiledModels

AS_OF, OLDEST, NEWEST = pd.Timestamp("2024-07-20"), pd.Timestamp("2024-06-10"), pd.Timestamp("2024-08-19")
MONTHS = pd.date_range("2024-01-01", "2024-06-01", freq="MS")
TIERS = ["active", "dormant", "at_risk", "to_delete"]
LEVELS, VALID_MONTHS, TROUBLE_DAYS = [100, 300], 12, 91
KINDS = ("fell_silent", "returned", "went_up", "loyalty_event", "preference_unknown", "to_purge", "lookalike_rank")
PEOPLE = [f"p{number:03}" for number in range(400)]


def drawn_days(draws: np.random.Generator, first: str, last: str, size: int) -> pd.DatetimeIndex:
    days = pd.date_range(first, last)
    return pd.DatetimeIndex(days[draws.integers(0, len(days), size)])


def world() -> dict[str, pd.DataFrame]:
    """A few hundred people and what is known of them, dense with what the rules are about."""
    draws = np.random.default_rng(16)
    some = len(PEOPLE)

    def chosen(values: list[Any], size: int, weights: list[float] | None = None) -> Any:
        return draws.choice(np.array(values, dtype=object), size, p=weights)

    everybody = pd.DataFrame({"profile_id": PEOPLE}).merge(pd.DataFrame({"segment_month": MONTHS}), how="cross")
    silence = everybody.assign(
        engagement_tier=chosen(TIERS, len(everybody), [0.1, 0.4, 0.3, 0.2]),
        last_contact_date=drawn_days(draws, "2020-01-01", "2023-12-31", len(everybody)),
        expected_return_amount=draws.integers(-3, 8, len(everybody)).astype(float),
        no_response_date=chosen([None, pd.Timestamp("2024-03-01")], len(everybody)),
        purge_due_date=drawn_days(draws, "2024-06-10", "2024-07-31", len(everybody)),
    )
    silence.loc[draws.random(len(silence)) < 0.3, "expected_return_amount"] = np.nan
    silence.loc[silence["engagement_tier"] != "to_delete", "purge_due_date"] = pd.NaT
    silence = silence[draws.random(len(silence)) < 0.7]
    value = everybody.assign(spend_cluster=chosen([None, "inactive", "low", "high"], len(everybody)))
    value = value[draws.random(len(value)) < 0.9]
    rungs = draws.integers(8, 12, (2, some))
    moves = pd.DataFrame(
        {
            "profile_id": PEOPLE,
            "from_rung": rungs[0],
            "to_rung": rungs[1],
            "from_segment": [f"rung_{rung}" for rung in rungs[0]],
            "to_segment": [f"rung_{rung}" for rung in rungs[1]],
            "direction": chosen(["up", "back", "down", "same", "first", "recalibrated"], some),
            "segment_month": MONTHS[draws.integers(4, 6, some)],
        }
    )
    today = [segment if draws.random() < 0.7 else "rung_1" for segment in moves["to_segment"]]
    profiles = pd.DataFrame(
        {
            "profile_id": PEOPLE,
            "last_contact_from_person_at": drawn_days(draws, "2024-06-01", "2024-07-19", some),
            "declared_interests": chosen([None, "cat"], some, [0.8, 0.2]),
            "preferred_channel": chosen([None, "sms"], some, [0.8, 0.2]),
            "max_messages_30_days": chosen([None, 2], some, [0.8, 0.2]),
            "engagement_level": chosen(["none", "low", "high"], some),
            "has_returned": chosen([True, False], some),
            "expected_value_amount": draws.integers(0, 300, some).astype(float),
        }
    )
    profiles.loc[draws.random(some) < 0.2, "last_contact_from_person_at"] = pd.NaT
    profiles.loc[draws.random(some) < 0.2, "expected_value_amount"] = np.nan
    interactions = pd.DataFrame(
        {
            "profile_id": chosen(PEOPLE, 3 * some),
            "is_from_person": draws.random(3 * some) < 0.7,
            "occurred_date": drawn_days(draws, "2024-05-20", "2024-07-25", 3 * some),
        }
    )
    service = pd.DataFrame(
        {
            "profile_id": chosen(PEOPLE, some // 3),
            "event_type": chosen(["complaint", "refund", "ticket", "survey_answer"], some // 3),
            "rating": chosen([None, 1, 2, 3, 5], some // 3),
            "occurred_date": drawn_days(draws, "2024-03-20", "2024-07-25", some // 3),
        }
    )
    loyalty = pd.DataFrame(
        {
            "profile_id": chosen(PEOPLE, 4 * some),
            "movement_type": chosen(["earned", "spent", "expired", "gift"], 4 * some, [0.6, 0.25, 0.1, 0.05]),
            "points": draws.integers(1, 120, 4 * some).astype(float),
            "occurred_date": drawn_days(draws, "2023-04-01", "2024-07-25", 4 * some),
        }
    )
    loyalty.loc[loyalty["movement_type"].isin(["spent", "expired"]), "points"] *= -1
    loyalty.loc[loyalty["movement_type"] == "gift", "points"] = np.nan
    for facts in (interactions, service, loyalty):
        facts["occurred_at"] = facts["occurred_date"] + pd.to_timedelta(draws.integers(0, 86_400, len(facts)), unit="s")
    return {
        "silence_published": silence,
        "silence_current": silence[silence["segment_month"] == MONTHS[-1]],
        "value_published": value,
        "profiling_denials": pd.DataFrame({"profile_id": PEOPLE[::7]}),
        "segment_moves": moves,
        "rfm_current": pd.DataFrame({"profile_id": PEOPLE, "segment": today, "monetary_amount": 1.0}),
        "dim_profiles": profiles,
        "fct_interactions": interactions,
        "fct_service_events": service,
        "fct_loyalty_movements": loyalty,
        "moment_windows": pd.DataFrame({"moment": KINDS, "oldest_date": OLDEST, "newest_date": NEWEST}),
    }


Told = set[tuple[Any, ...]]


def told(frame: pd.DataFrame) -> Told:
    """(person, key, subject, value) of each moment."""
    return {
        tuple(None if pd.isna(value) else value for value in row)
        for row in frame[["profile_id", "key", "subject", "value"]].itertuples(index=False)
    }


def next_month(months: pd.Series) -> pd.Series:
    return months + pd.offsets.MonthBegin(1)


def keyed(months: pd.Series) -> pd.Series:
    return months.dt.strftime("%Y-%m-%d")


def fell_silent(facts: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """A deeper tier than at the end of the month before, or an inactive cluster where there was another."""
    tiers, clusters = facts["silence_published"], facts["value_published"]
    depth = tiers.assign(depth=tiers["engagement_tier"].map(TIERS.index))
    before = depth.assign(segment_month=next_month(depth["segment_month"]))[["profile_id", "segment_month", "depth"]]
    deeper = depth.merge(before, how="left", on=["profile_id", "segment_month"], suffixes=("", "_before"))
    deeper = deeper[deeper["depth"] > deeper["depth_before"].fillna(0)].assign(subject=deeper["engagement_tier"])
    earlier = clusters.assign(segment_month=next_month(clusters["segment_month"]))
    lost = clusters.merge(earlier, on=["profile_id", "segment_month"], suffixes=("", "_before"))
    lost = lost[
        (lost["spend_cluster"] == "inactive")
        & lost["spend_cluster_before"].notna()
        & (lost["spend_cluster_before"] != "inactive")
    ].assign(subject="stopped_buying")
    found = pd.concat([deeper, lost]).drop_duplicates(["profile_id", "segment_month"])[
        ["profile_id", "segment_month", "subject"]
    ]
    found = found[(found["segment_month"] > MONTHS[0]) & (next_month(found["segment_month"]) >= OLDEST)]
    found = found.merge(tiers, how="left", on=["profile_id", "segment_month"])
    is_denied = found["profile_id"].isin(facts["profiling_denials"]["profile_id"])
    found = found[is_denied | ~(found["expected_return_amount"] <= 0)]
    month_end = found["segment_month"] + pd.offsets.MonthEnd(1)
    return found.assign(key=keyed(found["segment_month"]), value=(month_end - found["last_contact_date"]).dt.days)


def returned(facts: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The first sign of life of a month, when the month before ended in silence."""
    signs = facts["fct_interactions"]
    signs = signs[signs["is_from_person"] & (signs["occurred_date"] <= AS_OF)]
    first = (
        signs.assign(month=signs["occurred_date"].dt.to_period("M").dt.to_timestamp())
        .groupby(["profile_id", "month"], as_index=False)["occurred_date"]
        .min()
    )
    tiers = facts["silence_published"]
    tiers = tiers[tiers["engagement_tier"] != "active"].assign(month=next_month(tiers["segment_month"]))
    found = first[first["occurred_date"] >= OLDEST].merge(tiers, on=["profile_id", "month"])
    silent = (found["occurred_date"] - found["last_contact_date"]).dt.days
    return found.assign(key=keyed(found["month"]), subject=found["engagement_tier"], value=silent)


def went_up(facts: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Up or back in a published month, in that segment still, and no trouble lately."""
    moves, service = facts["segment_moves"], facts["fct_service_events"]
    lately = service[
        (service["occurred_date"] <= AS_OF)
        & (service["occurred_date"] > AS_OF - pd.Timedelta(days=TROUBLE_DAYS))
        & (service["event_type"].isin(["complaint", "refund"]) | (service["rating"].astype(float) <= 2))
    ]
    found = moves[moves["direction"].isin(["up", "back"]) & (next_month(moves["segment_month"]) >= OLDEST)]
    found = found[~found["profile_id"].isin(lately["profile_id"])]
    found = found.merge(facts["rfm_current"], left_on=["profile_id", "to_segment"], right_on=["profile_id", "segment"])
    return found.assign(
        key=keyed(found["segment_month"]), subject=found["to_segment"], value=found["to_rung"] - found["from_rung"]
    )


def loyalty_event(facts: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Points that run out at month ends of the window, and levels that the sum of all that was earned came to in it."""
    movements = facts["fct_loyalty_movements"]
    movements = movements[movements["points"].notna() & (movements["occurred_date"] <= AS_OF)]
    found = []
    ends = pd.date_range(OLDEST, NEWEST, freq="ME")
    for profile, own in movements.groupby("profile_id"):
        earned = own[own["movement_type"] == "earned"].sort_values("occurred_date")
        gone = own.loc[own["points"] < 0, "points"].sum()
        runs_out = earned["occurred_date"] + pd.DateOffset(months=VALID_MONTHS) + pd.offsets.MonthEnd(0)
        for end in ends:
            left = earned.loc[runs_out <= end, "points"].sum() + gone
            if left > 0:
                found.append((profile, f"points_expire {end.date()}", "points_expire", left))
        by_day = earned.groupby("occurred_date")["points"].sum().cumsum()
        for level in LEVELS:
            reached = by_day[by_day >= level].index.min()
            if pd.notna(reached) and reached >= OLDEST:
                found.append((profile, f"level_reached {level}", "level_reached", level))
    return pd.DataFrame(found, columns=["profile_id", "key", "subject", "value"])


def preference_unknown(facts: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Silent, else without an answer, else without a word."""
    found = facts["dim_profiles"].merge(facts["silence_current"], how="left", on="profile_id")
    said = ["declared_interests", "preferred_channel", "max_messages_30_days"]
    subject = np.select(
        [
            found["engagement_tier"].isin(TIERS[1:]),
            found["no_response_date"].notna(),
            found[said].isna().all(axis=1),
        ],
        ["silent", "no_response", "nothing_declared"],
        default="",
    )
    return found.assign(subject=subject, key=None, value=None)[subject != ""]


def to_purge(facts: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Due by the as-of date, and not heard of since the month end."""
    found = facts["silence_current"].merge(facts["dim_profiles"], on="profile_id")
    heard_of = found["last_contact_from_person_at"].dt.normalize() > MONTHS[-1] + pd.offsets.MonthEnd(1)
    found = found[(found["purge_due_date"] <= AS_OF) & ~heard_of]
    return found.assign(key=None, subject=None, value=(AS_OF - found["purge_due_date"]).dt.days)


def lookalike_rank(facts: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Those who came back apart from the best engaged, by expected value; of equals the id that sorts first."""
    people = facts["dim_profiles"]
    found = people[
        (people["expected_value_amount"] > 0)
        & (people["has_returned"].astype(bool) | (people["engagement_level"] == "high"))
    ]
    subject = np.where(found["has_returned"].astype(bool), "returned", "engaged")
    found = found.assign(subject=subject).sort_values(["expected_value_amount", "profile_id"], ascending=[False, True])
    return found.assign(key=None, value=found.groupby("subject").cumcount() + 1)


ORACLES = {oracle.__name__: oracle for oracle in (fell_silent, returned, went_up, loyalty_event)} | {
    oracle.__name__: oracle for oracle in (preference_unknown, to_purge, lookalike_rank)
}


@pytest.fixture(scope="module")
def facts() -> dict[str, pd.DataFrame]:
    return world()


@pytest.fixture(scope="module")
def found(facts: dict[str, pd.DataFrame]) -> Iterator[duckdb.DuckDBPyConnection]:
    models = CompiledModels(
        ["path:models/scenarios/moments"],
        {
            "as_of_date": str(AS_OF.date()),
            "business_timezone": "UTC",
            "loyalty_points_valid_months": VALID_MONTHS,
            "loyalty_level_points": LEVELS,
            "trouble_days": TROUBLE_DAYS,
        },
    )
    with duckdb.connect() as connection:
        for table, frame in facts.items():
            connection.register("frame", frame)
            dates = [column for column in frame.columns if column.endswith(("_date", "_month"))]
            cast = f" replace ({', '.join(f'cast({column} as date) as {column}' for column in dates)})" if dates else ""
            connection.execute(f"create table {table} as select *{cast} from frame")
            connection.unregister("frame")
        for kind in KINDS:
            (model,) = (name for name in models.sql if name.split("_", 1)[1] == kind and name.startswith(("mo", "st")))
            models.build(connection, model)
            connection.execute(f'alter table "{model}" rename to {kind}')
        yield connection


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_moment_finds_whom_the_guide_says(
    kind: str, facts: dict[str, pd.DataFrame], found: duckdb.DuckDBPyConnection
) -> None:
    expected = told(ORACLES[kind](facts))
    assert len(expected) > 20, "enough people are meant"
    rows = found.execute(f"select profile_id, moment_key, subject, cast(moment_value as double) from {kind}").fetchall()
    assert len(rows) == len(expected)
    assert set(rows) == expected
