"""Summaries of the customer base on the demo, found again by pandas from the tables that they are made of."""

import csv
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from decision_oracle import ADDRESSES
from workshop import Workshop

from rekindle.ground.paths import PROJECT

MIN_GROUP_SIZE, MIN_DELIVERED = 10, 1000
CHANNELS = list(ADDRESSES)
ZONE = "America/New_York"


@pytest.fixture(scope="module")
def demo(demo_workshop: Workshop) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published file of the demo."""
    with duckdb.connect(str(demo_workshop.published), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def permissions(demo_warehouse: Path) -> pd.DataFrame:
    """Who might be written to at which address, when, and when it bounced: it names addresses, so stays there."""
    with duckdb.connect(str(demo_warehouse), read_only=True) as connection:
        allowed = connection.sql("""
            select profile_id, channel, address_key, valid_from, coalesce(valid_to, timestamp '2999-01-01') as valid_to
            from identity.address_permissions
            where is_open and purpose = case channel when 'ads' then 'ads_personalisation' else 'marketing' end
        """).df()
        addresses = connection.sql("""
            select profile_id, address_kind, address_key, verified_at, first_bounced_at, bounced_again_at, created_at
            from identity.record_addresses
        """).df()
    kinds = pd.DataFrame(
        [(channel, kind) for channel, of_channel in ADDRESSES.items() for kind in of_channel],
        columns=["channel", "address_kind"],
    )
    return allowed.merge(kinds, on="channel").merge(addresses, on=["profile_id", "address_kind", "address_key"])


def reached_by(permissions: pd.DataFrame, when: pd.Timestamp) -> pd.DataFrame:
    """Whose address was known and permitted at a moment, and had not bounced, or was verified after it did."""
    known = permissions[
        (permissions["valid_from"] <= when) & (permissions["valid_to"] > when) & (permissions["created_at"] <= when)
    ]
    has_bounced = known["first_bounced_at"] <= when
    is_verified = (known["verified_at"] > known["first_bounced_at"]) & (known["verified_at"] <= when)
    has_bounced_again = known["bounced_again_at"] <= when
    return known[~has_bounced | (is_verified & ~has_bounced_again)]


def test_the_customer_base_is_that_of_people_counted_one_by_one(
    demo: duckdb.DuckDBPyConnection, permissions: pd.DataFrame
) -> None:
    found = demo.sql("select * from measurement.customer_base").df()
    found = found.set_index(["segment_month", "slice_kind", "slice"])
    profiles = demo.sql("select profile_id, created_date from core.profiles").df()
    tiers = demo.sql("select profile_id, engagement_tier, segment_month from segments.silence_published").df()
    memberships = demo.sql(
        "select profile_id, scheme, membership_value, segment_month from segments.profile_segments"
        " where scheme <> 'engagement_tier'"
    ).df()
    with (PROJECT / "seeds" / "config" / "segments.csv").open(encoding="utf-8") as file:
        groups = {row["segment"]: row["segment_group"] for row in csv.DictReader(file)}
    grouped = memberships[memberships["scheme"] == "rfm"].assign(scheme="segment_group")
    grouped["membership_value"] = grouped["membership_value"].map(groups)
    memberships = pd.concat([memberships, grouped], ignore_index=True)
    orders = demo.sql("""
        select profile_id, order_date, order_status = 'completed' as is_purchase, net_amount::double as net_amount
        from core.fct_orders where order_status in ('completed', 'returned')
    """).df()
    told = 0
    expected_keys: set[tuple[object, str, str]] = set()
    for month in sorted(memberships["segment_month"].unique()):
        after = month + pd.DateOffset(months=1)
        people = profiles[profiles["created_date"] < after].set_index("profile_id")
        of_month = tiers[tiers["segment_month"] == month].set_index("profile_id")["engagement_tier"]
        people["tier"] = of_month.reindex(people.index).fillna("active")
        in_month = orders[(orders["order_date"] >= month) & (orders["order_date"] < after)]
        open_then = reached_by(permissions, after.tz_localize(ZONE).tz_convert("UTC").tz_localize(None))
        slices = {("all", "all"): people.index}
        slices |= {("engagement_tier", tier): rows.index for tier, rows in people.groupby("tier")}
        for (scheme, value), rows in memberships[memberships["segment_month"] == month].groupby(
            ["scheme", "membership_value"]
        ):
            slices[(scheme, value)] = pd.Index(rows["profile_id"]).intersection(people.index)
        for (scheme, value), members in slices.items():
            key = (month, scheme, value)
            expected_keys.add(key)
            row = found.loc[key]
            if len(members) < MIN_GROUP_SIZE:
                assert row["withheld_because"] == "fewer than 10 people"
                assert row.drop(["withheld_because"]).isna().all(), key
                continue
            told += 1
            bought = in_month[in_month["profile_id"].isin(members)]
            assert row["people"] == len(members), key
            assert row["buyers"] == bought.loc[bought["is_purchase"], "profile_id"].nunique(), key
            assert row["orders"] == bought["is_purchase"].sum(), key
            assert row["net_amount"] == pytest.approx(bought["net_amount"].sum(), abs=0.005), key
            assert row["inactive_share"] == pytest.approx((people.loc[members, "tier"] != "active").mean(), abs=1e-12)
            reached = open_then[open_then["profile_id"].isin(members)].groupby("channel")["profile_id"].nunique()
            for channel in CHANNELS:
                assert row[f"contactable_by_{channel}"] == reached.get(channel, 0), (*key, channel)
    assert told > 300
    assert expected_keys == set(found.index)


def test_ways_between_segments_are_those_of_two_months_laid_side_by_side(demo: duckdb.DuckDBPyConnection) -> None:
    found = demo.sql("select * from measurement.segment_transitions").df()
    assert not found["is_recalibrated"].any(), "the demo's cuts never change"
    standing = demo.sql("select profile_id, segment, monetary_amount, segment_month from segments.rfm_published").df()
    told = 0
    for month, ways in found.groupby("segment_month"):
        now = standing[standing["segment_month"] == month].set_index("profile_id")
        before = standing[standing["segment_month"] == month - pd.DateOffset(months=1)].set_index("profile_id")
        now["before"] = before["segment"].reindex(now.index).fillna("none")
        expected = now.groupby(["before", "segment"])["monetary_amount"].agg(["size", "sum"])
        ways = ways.set_index(["from_segment", "to_segment"])
        assert set(ways.index) == set(expected.index)
        for way, (size, amount) in zip(expected.index, expected.to_numpy(), strict=True):
            if size < MIN_GROUP_SIZE:
                assert pd.isna(ways.loc[way, "people"])
                assert ways.loc[way, "withheld_because"]
            else:
                told += 1
                assert ways.loc[way, "people"] == size
                assert float(ways.loc[way, "monetary_amount"]) == pytest.approx(float(amount), abs=0.005)
    assert told > 50


def test_deliverability_is_that_of_messages_counted_one_by_one(demo: duckdb.DuckDBPyConnection) -> None:
    found = demo.sql("select * from measurement.deliverability").df().set_index(["mailbox_provider", "sent_month"])
    messages = demo.sql("""
        select * from core.fct_messages where mailbox_provider is not null and first_not_sent_at is null
    """).df()
    messages["sent_month"] = messages["sent_date"].dt.to_period("M").dt.to_timestamp()
    months = messages.groupby(["mailbox_provider", "sent_month"])
    assert set(months.groups) == set(found.index)
    judged = set()
    for key, sent in months:
        row = found.loc[key]
        if sent["profile_id"].nunique() < MIN_GROUP_SIZE:
            assert pd.isna(row["people"])
            assert pd.isna(row["health"])
            continue
        delivered = sent[sent["first_delivered_at"].notna()]
        share = sent["first_complained_at"].notna().sum() / len(delivered)
        assert (row["sent"], row["delivered"]) == (len(sent), len(delivered))
        assert row["complaint_share"] == pytest.approx(share, abs=1e-12)
        assert row["opened"] == (sent["is_open_observed"] & sent["first_opened_at"].notna()).sum()
        assert row["click_observed"] == delivered["is_click_observed"].sum()
        expected = "stop" if share > 0.003 else "warn" if share > 0.001 else "good"
        assert row["health"] == (expected if len(delivered) >= MIN_DELIVERED else "too few")
        judged.add(row["health"])
    assert {"good", "warn"} <= judged


def test_each_published_figure_stands_beside_one_s_own_or_a_reason(demo: duckdb.DuckDBPyConnection) -> None:
    kpis = demo.sql("select * from measurement.kpis").df()
    assert (kpis["own_figure"].isna() == kpis["unmeasured_because"].notna()).all()
    own = kpis.set_index("kpi_id")["own_figure"]
    [(inactive,)] = demo.sql("""
        select avg((coalesce(engagement_tier, 'active') <> 'active')::int)
        from core.profiles
        left join (from segments.silence_published where segment_month = '2017-12-01') using (profile_id)
        where created_date < '2018-01-01'
    """).fetchall()
    assert own["inactive_share"] == pytest.approx(inactive, abs=1e-12)
