"""Scenarios that a retailer does not begin with, taken into use for the hand-written people: nothing else is needed."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest
from compiled import CompiledModels, fill

from rekindle.ground.paths import PROJECT

AS_OF = "2024-07-01"
SCENARIOS = (
    *("reactivation", "welcome_back", "returned_thanks", "ambassador", "service_recovery", "preference_form"),
    *("loyalty_programme", "lookalike_seed", "retention_purge"),
)
IN_USE = ("abandoned_cart", "anti_attrition", "media_reactivation", "survey_thanks", "welcome")
# What eleven people more who may be written to by e-mail went through, one each: the last three got a reactivation a
# week ago, and of one nothing is known.
PEOPLE = ("fell", "returned", "silent", "climbed", "complained", "earned", "to_purge", "unknown", "ann", "bob", "cis")
CLICKED, IGNORED, UNSEEN = PEOPLE[-3:]
# the facts that people get on top of their own are written into copies of these
COPIED = (
    *("silence_published", "value_published", "fct_interactions", "dim_profiles", "segment_moves", "rfm_current"),
    *("fct_service_events", "fct_loyalty_movements", "silence_current", "profile_contacts", "fct_messages"),
    *("message_clicks", "channel_permissions", "contact_addresses", "dim_offers"),
)


@pytest.fixture(scope="module")
def models() -> CompiledModels:
    return CompiledModels(
        ["path:models/scenarios", "path:models/activation", "audience_members", "scenario_readiness"],
        {
            "as_of_date": AS_OF,
            "business_timezone": "UTC",
            "global_holdout_share": 0,
            "loyalty_level_points": [100],
        },
    )


def insert(connection: duckdb.DuckDBPyConnection, table: str, row: Mapping[str, Any]) -> None:
    names, places = ", ".join(row), ", ".join("?" * len(row))
    connection.execute(f'insert into "{table}" ({names}) values ({places})', list(row.values()))


def told(connection: duckdb.DuckDBPyConnection, ad_reader: str) -> None:
    """What happened to everybody."""
    months = ("2024-04-01", "2024-05-01", "2024-06-01")
    for month in months:
        insert(connection, "value_published", {"profile_id": "fell", "segment_month": month})
    silent = {"engagement_tier": "dormant", "last_contact_date": "2023-05-20"}
    insert(connection, "silence_published", {"profile_id": "fell", "segment_month": "2024-06-01", **silent})
    insert(connection, "silence_published", {"profile_id": "returned", "segment_month": "2024-06-01", **silent})
    at = {"occurred_date": AS_OF, "occurred_at": f"{AS_OF} 10:00:00"}
    sign = {"profile_id": "returned", "interaction_kind": "visit", "channel": "web", "is_from_person": True}
    # visits have been recorded for long enough to be silent by them
    connection.execute(
        "create or replace view observed_sources as "
        "select 'visit' as interaction_kind, 'web' as channel, true as is_from_person, "
        "date '2020-01-01' as observed_from_date"
    )
    insert(connection, "fct_interactions", {**sign, **at})
    connection.execute(
        "update dim_profiles set last_contact_from_person_at = '2023-01-01' where profile_id = ?", ["silent"]
    )
    climb = {"from_segment": "loyal", "to_segment": "champions", "direction": "up", "from_rung": 10, "to_rung": 11}
    insert(connection, "segment_moves", {"profile_id": "climbed", "segment_month": "2024-06-01", **climb})
    insert(connection, "rfm_current", {"profile_id": "climbed", "segment": "champions"})
    case = {"event_id": "case", "profile_id": "complained", "event_type": "complaint", "is_resolved": False}
    insert(connection, "fct_service_events", {**case, **at})
    earned = {"movement_id": "m", "profile_id": "earned", "movement_type": "earned", "points": 150}
    insert(connection, "fct_loyalty_movements", {**earned, **at})
    due = {"profile_id": "to_purge", "purge_due_date": "2024-06-30", "segment_month": "2024-06-01"}
    insert(connection, "silence_current", due)
    connection.execute("update dim_profiles set last_contact_from_person_at = null where profile_id = ?", ["to_purge"])
    connection.execute(
        "update dim_profiles set engagement_level = 'high', expected_value_amount = 50 where profile_id = ?",
        [ad_reader],
    )
    for profile in (CLICKED, IGNORED, UNSEEN):
        written_to(connection, profile, is_clicked=profile == CLICKED, is_observed=profile != UNSEEN)


def written_to(connection: duckdb.DuckDBPyConnection, profile: str, *, is_clicked: bool, is_observed: bool) -> None:
    """Fell silent in May and got the first message of the reactivation seven days ago."""
    tier = {"engagement_tier": "dormant", "last_contact_date": "2023-05-20", "segment_month": "2024-05-01"}
    insert(connection, "silence_published", {"profile_id": profile, **tier})
    entry = {"scenario_id": "reactivation", "profile_id": profile, "entry_key": "2024-05-01"}
    offer = {"offer_type": "coupon"}
    insert(
        connection,
        "scenario_entries",
        {**entry, **offer, "arm": "treated", "entered_date": "2024-06-24", "triggered_date": "2024-06-01"}
        | {"triggered_at": "2024-06-01", "holdout_period": "2024H1"},
    )
    sent = {"as_of_date": "2024-06-24", "send_date": "2024-06-25", "send_at": "2024-06-25 09:00:00"}
    insert(
        connection,
        "decisions",
        {**entry, **sent, "decision_id": profile, "step": "first_message", "outcome": "selected", "channel": "email"},
    )
    message = {"message_id": profile, "decision_id": profile, "profile_id": profile, "channel": "email"}
    insert(
        connection,
        "fct_messages",
        {**message, "sent_at": "2024-06-25 09:00:00", "sent_date": "2024-06-25", "is_click_observed": is_observed}
        | {"is_open_observed": is_observed, "message_kind": "marketing"}
        | ({"first_clicked_at": "2024-06-26 09:00:00"} if is_clicked else {}),
    )
    if is_clicked:
        click = {"message_id": profile, "link_tag": "discount", "occurred_at": "2024-06-26 09:00:00"}
        insert(connection, "message_clicks", click)


def switched_on(models: CompiledModels, warehouse: Path) -> duckdb.DuckDBPyConnection:
    """The engine's models on the warehouse's facts, with the scenarios taken into use: one name each in a list."""
    connection = duckdb.connect()
    connection.execute(f"attach '{warehouse}' as {warehouse.stem} (read_only)")
    found = connection.execute(
        "select table_schema, table_name from information_schema.tables where table_catalog = ?", [warehouse.stem]
    ).fetchall()
    for schema, table in found:
        kind = "table" if table in COPIED else "view"
        connection.execute(f'create or replace {kind} "{table}" as select * from {warehouse.stem}."{schema}"."{table}"')
    for seed in ("scenarios", "scenario_moments", "scenario_steps", "content_blocks"):
        path = PROJECT / "seeds" / "fixture" / f"{seed}.csv"
        columns = connection.execute(f'describe "{seed}"').fetchall()
        connection.execute(f'drop view "{seed}"')
        fill(connection, seed, {name: data_type for name, data_type, *_ in columns}, [])
        connection.execute(f"insert into {seed} from read_csv('{path}', header = true, all_varchar = true)")
    for memory in ("decisions", "scenario_entries"):
        connection.execute(f'drop view "{memory}"')
        fill(connection, memory, models.columns[memory], [])
    connection.execute(f"update scenarios set is_enabled = scenario_id in {(*SCENARIOS, *IN_USE)}")
    connection.execute(f"update scenarios set holdout_share = 0 where scenario_id in {SCENARIOS}")
    # an offer of each type that the journeys name
    for number, offer_type in enumerate(("coupon", "voucher", "exclusive_promotion")):
        offer = {"offer_id": f"offer_{number}", "offer_type": offer_type, "face_value_amount": 5 + number}
        insert(connection, "dim_offers", {**offer, "valid_from": "2024-01-01"})
    (ad_reader,) = connection.execute(
        "select min(profile_id) from channel_permissions where is_contactable and channel = 'ads'"
    ).fetchall()[0]
    for profile in PEOPLE:
        seen = {"last_contact_from_person_at": "2024-06-30 10:00:00", "engagement_level": "low"}
        insert(connection, "dim_profiles", {"profile_id": profile, "has_erasure_request": False, **seen})
        language = "nl" if profile == "complained" else "fr"
        contact = {"email": f"{profile}@example.com", "language_code": language}
        insert(connection, "profile_contacts", {"profile_id": profile, **contact})
        insert(connection, "contact_addresses", {"profile_id": profile, "address_kind": "email", "is_valid": True})
        allowed = {"channel": "email", "purpose": "marketing", "is_consented": True, "is_contactable": True}
        insert(connection, "channel_permissions", {"profile_id": profile, **allowed})
    told(connection, str(ad_reader))
    memory_tables = ("decisions", "scenario_entries")
    for model in models.order:
        if model not in (*memory_tables, "scenario_readiness"):
            connection.execute(f'drop view if exists "{model}"')
    connection.execute(
        "create table profile_heirs as "
        "select profile_id as remembered_id, profile_id, cast(null as date) as until_date from dim_profiles"
    )
    given = ("profile_heirs", "crossovers", "scenario_readiness")
    models.build(connection, *(model for model in models.order if model not in given))
    return connection


@pytest.fixture(scope="module")
def decided(models: CompiledModels, fixture_warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with switched_on(models, fixture_warehouse) as connection:
        yield connection


def counts(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, int]:
    return dict(connection.execute(f"select scenario_id, count(*) from {relation} group by all").fetchall())


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_scenario_is_taken_into_use_by_its_name(scenario: str, decided: duckdb.DuckDBPyConnection) -> None:
    assert counts(decided, "scenario_triggers").get(scenario, 0) > 0
    assert counts(decided, "due_steps").get(scenario, 0) > 0
    assert counts(decided, "decisions where outcome = 'selected'").get(scenario, 0) > 0
    assert (counts(decided, "audience_members").get(scenario, 0) > 0) == (scenario != "retention_purge")


def test_a_reactivation_thanks_who_clicked_and_proposes_something_else_to_who_did_not_or_cannot_be_seen(
    decided: duckdb.DuckDBPyConnection,
) -> None:
    due = decided.execute(
        "select profile_id, step, offer_type from due_steps "
        "where scenario_id = 'reactivation' and not is_first_step order by profile_id"
    ).fetchall()
    assert due == [
        (CLICKED, "thanks", "coupon"),
        (IGNORED, "other_proposal", None),
        (UNSEEN, "other_proposal", None),
    ]


def test_a_message_is_in_the_language_of_the_person(decided: duckdb.DuckDBPyConnection) -> None:
    ((content,),) = decided.execute(
        "select content from audience_members where scenario_id = 'service_recovery'"
    ).fetchall()
    assert json.loads(content)["headline"] == "We maken het graag goed"


def test_each_step_of_a_journey_says_its_own_words(decided: duckdb.DuckDBPyConnection) -> None:
    rows = decided.execute(
        "select step, language_code, content from audience_members where scenario_id = 'reactivation'"
    ).fetchall()
    said = {
        (step, language, json.loads(content)["body"], json.loads(content)["cta"]) for step, language, content in rows
    }
    assert said == {
        ("first_message", "fr", "Tell us that you are still there", "tell_us"),
        ("other_proposal", "fr", "One click is enough", "tell_us"),
        ("thanks", "fr", "Thank you for telling us", "visit_store_or_shop"),
    }


def test_who_is_to_be_deleted_is_asked_for_no_consent(decided: duckdb.DuckDBPyConnection) -> None:
    gates = ("is_reachable", "is_consented", "is_not_suppressed", "is_not_held_out", "is_won_arbitration")
    (row,) = decided.execute(
        f"select {', '.join(gates)} from decisions where scenario_id = 'retention_purge'"
    ).fetchall()
    assert row == (None,) * len(gates)


def test_what_the_data_lack_is_said_of_each(models: CompiledModels, decided: duckdb.DuckDBPyConnection) -> None:
    """On the connector without rows everything is missing."""
    decided.execute(f"create or replace temp view of_nobody as {models.sql['scenario_readiness']}")
    assert set(SCENARIOS) <= set(counts(decided, "of_nobody where not is_ready"))
