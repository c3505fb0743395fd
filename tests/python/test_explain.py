"""Explain: each gate has its sentence, the counts add up, and a person is told what became of every step."""

import datetime
import os
import re
import string
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from rekindle.ground.errors import RekindleError
from rekindle.ground.paths import PROJECT
from rekindle.tell.explaining import Explainer

DAY = datetime.date(2024, 7, 1)
ANNA, ANNA_BEFORE, BEN, NOBODY_DUE = "aaaaaaaaaaaaaaaa", "a0a0a0a0a0a0a0a0", "bbbbbbbbbbbbbbbb", "cccccccccccccccc"
CARA, DORA = "dddddddddddddddd", "eeeeeeeeeeeeeeee"

# gate, evidence → what a person reads
GATES = {
    ("not_erased", None): "asked to be forgotten (gate not_erased)",
    ("not_stopped", "order"): "the journey is over: ordered since (gate not_stopped)",
    ("not_stopped", "redemption"): "the journey is over: used an offer since",
    ("not_stopped", "click"): "the journey is over: clicked in one of its messages",
    ("not_stopped", "message_limit"): "the journey is over: got as many messages as it has",
    ("not_stopped", "login"): "the journey is over: login after the trigger",
    ("reachable", None): "has no address that works for e-mail or text message",
    (
        "consented",
        None,
    ): "has not said yes to marketing on a channel with an address that works (e-mail or text message)",
    ("not_suppressed", "unsubscribed"): "unsubscribed since the last yes",
    ("not_suppressed", "complained"): "complained since the last yes",
    ("not_suppressed", "staff"): "is on the list of suppressions: staff",
    ("not_cooling_down", "entered_before"): "entered this scenario less than 20 days ago for another reason",
    ("not_cooling_down", "newer_trigger"): "a newer trigger of this scenario takes the place of this one",
    ("admitted", "not_ready"): "the data lack what the scenario needs (quality.scenario_readiness)",
    ("admitted", "max_entries_per_day"): "the scenario takes in no more than 40 a day, and others came first",
    ("admitted", "max_running"): "no more than 300 journeys of the scenario may be under way, and others came first",
    ("not_held_out", "as_before"): "was drawn to get what it got before there was this scenario",
    ("not_held_out", "held_out"): "was drawn to get nothing from this scenario",
    ("not_held_out", "held_out_globally"): "was drawn to get nothing from any scenario",
    ("under_pressure_cap", None): "got enough messages lately on every channel that could be used",
    ("won_arbitration", "slot_is_taken"): "another message to the same person goes out that day",
    ("won_arbitration", "another_journey_is_running"): "another journey of the same person is under way",
    ("won_arbitration", "another_scenario_won"): "a more important message to the same person goes first",
}


def outcome_of(gate: str | None) -> str:
    later = {"under_pressure_cap": "deferred", "won_arbitration": "expired", "not_held_out": "held_out"}
    later["admitted"] = "deferred"
    return "selected" if gate is None else later.get(gate, "closed")


def decision(profile: str, gate: str | None, evidence: str | None = None, **other: Any) -> dict[str, Any]:
    return {
        "decision_id": f"{profile}|{gate}|{evidence}",
        "scenario_id": "anti_attrition",
        "profile_id": profile,
        "entry_key": "2024-06-01",
        "step": "first_message",
        "purpose": "marketing",
        "outcome": outcome_of(gate),
        "closed_gate": gate,
        "evidence": evidence,
        "arm": "held_out" if gate == "not_held_out" else "treated",
        "channel": "sms" if gate is None else None,
        "variant": None,
        "template": "anti_attrition_first",
        "offer_type": "coupon",
        "offer_id": "five_off",
        "as_of_date": DAY,
        "window_end_date": datetime.date(2024, 7, 8),
        "send_date": datetime.date(2024, 7, 2),
    } | other


def insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Iterable[dict[str, Any]]) -> None:
    for row in rows:
        connection.execute(
            f"insert into {table} ({', '.join(row)}) values ({', '.join('?' * len(row))})", list(row.values())
        )


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """The tables that explain reads, with the seeds as shipped; Anna was somebody else until lately."""
    path = tmp_path / "build.duckdb"
    with duckdb.connect(str(path)) as connection:
        for schema in ("activation", "config", "core", "identity"):
            connection.execute(f"create schema {schema}")
        for seed in ("sentences", "segments"):
            source = PROJECT / "seeds" / "config" / f"{seed}.csv"
            connection.execute(f"create table config.{seed} as from read_csv('{source}', header = true)")
        source = PROJECT / "seeds" / "config" / "scenarios.csv"
        connection.execute(f"create table activation.dim_scenarios as from read_csv('{source}', header = true)")
        connection.execute(
            "update activation.dim_scenarios set channels = 'email>sms', max_entries_per_day = 40, max_running = 300"
        )
        texts = "scenario_id varchar, profile_id varchar, entry_key varchar, step varchar"
        connection.execute(
            f"create table activation.decisions (decision_id varchar, {texts}, purpose varchar, outcome varchar, "
            "closed_gate varchar, evidence varchar, arm varchar, channel varchar, variant varchar, template varchar, "
            "offer_type varchar, offer_id varchar, as_of_date date, window_end_date date, send_date date)"
        )
        connection.execute(
            "create table activation.scenario_entries (scenario_id varchar, profile_id varchar, entry_key varchar, "
            "reason_code varchar, reason_parameters varchar, entered_date date)"
        )
        connection.execute("create table activation.journeys (scenario_id varchar, profile_id varchar)")
        connection.execute(
            "create table activation.gated_steps (decision_id varchar, profile_id varchar, reason_code varchar, "
            "reason_parameters varchar)"
        )
        connection.execute(
            f"create table activation.due_step_channels ({texts}, channel varchar, place_in_scenario integer, "
            "is_worth_its_cost boolean, is_reachable boolean, is_consented boolean, is_not_suppressed boolean, "
            "is_under_cap boolean)"
        )
        connection.execute("create table identity.profile_merges (old_profile_id varchar, new_profile_id varchar)")
        connection.execute("create table core.profiles (profile_id varchar, created_date date)")
        insert(connection, "core.profiles", [{"profile_id": each} for each in (ANNA, BEN, NOBODY_DUE)])
        insert(connection, "identity.profile_merges", [{"old_profile_id": ANNA_BEFORE, "new_profile_id": ANNA}])
    return path


def put(warehouse: Path, table: str, *rows: dict[str, Any]) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        insert(connection, table, rows)


def told(warehouse: Path, profile: str, scenario: str | None = None, as_of: datetime.date | None = None) -> str:
    explainer = Explainer.open(warehouse)
    try:
        return "\n".join(explainer.person(profile, scenario, as_of))
    finally:
        explainer.connection.close()


def counted(warehouse: Path, scenario: str | None = None, as_of: datetime.date | None = None) -> str:
    explainer = Explainer.open(warehouse)
    try:
        return "\n".join(explainer.waterfalls(scenario, as_of))
    finally:
        explainer.connection.close()


@pytest.mark.parametrize(("gate", "evidence"), GATES, ids=lambda value: str(value))
def test_each_gate_says_in_words_why_nothing_is_sent(gate: str, evidence: str | None, warehouse: Path) -> None:
    put(warehouse, "activation.decisions", decision(ANNA, gate, evidence))
    assert f"not sent {GATES[gate, evidence]}" in told(warehouse, ANNA)


def test_the_sentences_cover_every_gate_of_the_engine() -> None:
    macro = (PROJECT / "macros" / "activation" / "gates.sql").read_text(encoding="utf-8")
    assert {gate for gate, _ in GATES} == {gate for gate in {gate for gate, _ in GATES} if f"'{gate}'" in macro}
    assert len({gate for gate, _ in GATES}) == macro.split("endmacro")[0].count("'") // 2


def test_whoever_is_selected_is_told_when_where_and_with_which_offer(warehouse: Path) -> None:
    put(warehouse, "activation.decisions", decision(ANNA, None, variant="carries_offer"))
    entry = {"scenario_id": "anti_attrition", "profile_id": ANNA, "entry_key": "2024-06-01", "entered_date": DAY}
    why = '{"from_segment":"loyal","to_segment":"needs_attention","steps_down":4}'
    put(warehouse, "activation.scenario_entries", entry | {"reason_code": "went_down", "reason_parameters": why})
    said = told(warehouse, ANNA)
    assert "why      went from Loyal to Needs attention, steps down: 4" in said
    assert (
        "sent     goes out by text message on 2024-07-02, template anti_attrition_first, variant carries_offer, "
        "offer five_off (coupon)"
    ) in said
    assert "arm      entered on 2024-07-01, treated: is written to" in said


def test_deferred_says_until_when_it_is_asked_again_and_expired_that_it_is_over(warehouse: Path) -> None:
    put(warehouse, "activation.decisions", decision(ANNA, "under_pressure_cap"), decision(BEN, "won_arbitration"))
    assert "(gate under_pressure_cap); asked again until 2024-07-08" in told(warehouse, ANNA)
    assert "(gate won_arbitration); its time ended on 2024-07-08" in told(warehouse, BEN)


@pytest.mark.parametrize(
    ("code", "parameters", "told_before", "told_since"),
    [
        ("costly_decline", '{"expected_loss_amount":41.5}', "41.50 may be lost", "went down a segment (more is"),
        ("purchase_overdue", '{"rf_habit":"weekly","last_order_date":"2024-05-01"}', "buys weekly", "has not bought"),
        ("went_down", '{"from_segment":"loyal","to_segment":"lost","steps_down":9}', "steps down: 9", "steps down: 9"),
    ],
)
def test_whoever_denied_profiling_is_told_why_she_entered_without_what_was_foretold(
    code: str, parameters: str, told_before: str, told_since: str, warehouse: Path
) -> None:
    put(warehouse, "activation.decisions", decision(ANNA, None))
    entry = {"scenario_id": "anti_attrition", "profile_id": ANNA, "entry_key": "2024-06-01", "entered_date": DAY}
    put(warehouse, "activation.scenario_entries", entry | {"reason_code": code, "reason_parameters": parameters})
    assert told_before in told(warehouse, ANNA)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create or replace table core.profiling_denials as select ? as profile_id", [ANNA])
    said = told(warehouse, ANNA)
    assert told_since in said
    assert told_since == told_before or told_before not in said


def test_of_the_newest_run_each_channel_says_what_it_lacks_also_when_nobody_entered(warehouse: Path) -> None:
    row = decision(ANNA, "consented")
    put(warehouse, "activation.decisions", row)
    reason = {"reason_code": "left_a_cart", "reason_parameters": '{"item_count":2,"cart_amount":90.0}'}
    put(warehouse, "activation.gated_steps", {"decision_id": row["decision_id"], "profile_id": ANNA} | reason)
    step = {key: row[key] for key in ("scenario_id", "profile_id", "entry_key", "step")}
    passes = dict.fromkeys(
        ("is_worth_its_cost", "is_reachable", "is_consented", "is_not_suppressed", "is_under_cap"), True
    )
    lacks = [{"is_consented": False}, {"is_reachable": False, "is_consented": False}, {"is_under_cap": False}, {}]
    lacks.append({"is_worth_its_cost": False})
    put(
        warehouse,
        "activation.due_step_channels",
        *(
            step | {"channel": channel, "place_in_scenario": place} | passes | lack
            for place, (channel, lack) in enumerate(zip(("email", "sms", "post", "push", "phone"), lacks, strict=True))
        ),
    )
    said = [line.strip() for line in told(warehouse, ANNA).splitlines()]
    assert "why      left a cart, items: 2, worth 90.00" in said
    assert [line for line in said if line.startswith("channel")] == [
        "channel  e-mail: no consent",
        "channel  text message: no address that works",
        "channel  letter: at its cap",
        "channel  app: could be used",
        "channel  call: costs more than the offer is worth",
    ]


def test_a_merged_profile_is_followed_to_the_person_and_the_person_to_all_former_profiles(warehouse: Path) -> None:
    put(
        warehouse,
        "activation.decisions",
        decision(ANNA_BEFORE, "consented", as_of_date=datetime.date(2024, 6, 1), entry_key="2024-05-01"),
        decision(ANNA, None),
        decision(BEN, "not_erased"),
    )
    for asked in (ANNA, ANNA_BEFORE):
        said = told(warehouse, asked)
        assert f"Profile {ANNA}" in said
        assert said.index("As of 2024-06-01") < said.index("As of 2024-07-01")
        assert "asked to be forgotten" not in said
    assert f"asked as {ANNA_BEFORE}, which was merged into it" in told(warehouse, ANNA_BEFORE)
    assert "As of 2024-06-01" not in told(warehouse, ANNA, as_of=DAY)


def test_whoever_has_no_decision_is_told_which_triggers_did_not_fire(warehouse: Path) -> None:
    put(warehouse, "activation.decisions", decision(ANNA, None))
    put(warehouse, "activation.journeys", {"scenario_id": "welcome", "profile_id": NOBODY_DUE})
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("update activation.dim_scenarios set is_enabled = scenario_id <> 'abandoned_cart'")
        connection.execute("alter table activation.dim_scenarios add column missing_data varchar")
        connection.execute(
            "update activation.dim_scenarios set missing_data = 'contracts.end_date,contracts.start_date' "
            "where scenario_id = 'contract_end'"
        )
    said = told(warehouse, NOBODY_DUE)
    assert "Went down a segment: did not go down a segment in a month whose journey can still send" in said
    assert "Abandoned cart: it is switched off" in said
    lacks = "it decides nothing: the data lack contracts.end_date,contracts.start_date"
    assert f"Contract begins or ends: {lacks}" in said
    assert "Welcome: triggered, and no step of the journey is due" in said
    assert "Welcome" not in told(warehouse, NOBODY_DUE, "anti_attrition")
    assert "why is known of the newest date only" in told(warehouse, NOBODY_DUE, as_of=datetime.date(2024, 6, 1))


def test_whoever_waits_for_the_next_period_is_told_until_when(warehouse: Path) -> None:
    put(warehouse, "activation.decisions", decision(ANNA, None))
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("alter table activation.journeys add column is_entered boolean")
        connection.execute(
            "create table activation.entry_cooldowns (scenario_id varchar, profile_id varchar, until_date date)"
        )
    waiting = {"preference_form": (False, 1), "drive_invitation": (False, 0), "drive_revival": (True, 1)}
    for scenario, (is_entered, days) in waiting.items():
        row = {"scenario_id": scenario, "profile_id": NOBODY_DUE}
        put(warehouse, "activation.journeys", row | {"is_entered": is_entered})
        put(warehouse, "activation.entry_cooldowns", row | {"until_date": DAY + datetime.timedelta(days=days)})
    put(warehouse, "activation.journeys", {"scenario_id": "birthday", "profile_id": NOBODY_DUE, "is_entered": False})
    said = told(warehouse, NOBODY_DUE)
    waits = "triggered, and waits until 2024-07-02: the person entered this scenario less than 80 days before"
    assert f"Tell us what you like: {waits}" in said
    assert said.count("waits until") == 1
    # what happened does not wait, what was entered is under way, and who has waited is due
    assert "Birthday, Drive invitation, Drive revival: triggered, and no step of the journey is due" in said


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        (None, "  expected after 2024-06-30: 3.5 purchases for 71.20, tenth 9 of 10 (fit of 2024-06)"),
        ("profiling_denied", "  no expected value: denied profiling"),
        ("fit_too_old", "  no expected value: the newest fit is too old"),
        ("of_archive_only", "  no expected value: bought last when the orders of some customers only were kept"),
    ],
)
def test_what_a_person_is_worth_is_told_or_why_nobody_knows(reason: str | None, sentence: str, warehouse: Path) -> None:
    put(warehouse, "activation.decisions", decision(ANNA, None))
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema segments")
        connection.execute(
            "create table segments.expected_values as select ? as profile_id, ?::varchar as no_value_reason, 3.5168 as "
            "expected_purchases, 71.20::decimal(18,2) as expected_value_amount, 9 as decile, 0.1234 as "
            "no_purchase_probability, date '2024-06-01' as segment_month, date '2024-06-01' as fitted_month",
            [ANNA, reason],
        )
    assert sentence in told(warehouse, ANNA)


@pytest.mark.parametrize(
    ("last", "known", "recorded", "said"),
    [
        ("2023-05-20", "2019-01-01", "2020-01-01", "dormant: silent since 2023-05-20"),
        (None, "2021-01-01", "2020-01-01", "dormant: silent since she is known"),
        # nobody is silent for a time in which nothing was recorded
        ("2016-05-20", "2016-01-01", "2020-01-01", "dormant: silent since signs of life are recorded (2020-01-01)"),
        (None, "2019-01-01", "2020-01-01", "dormant: silent since signs of life are recorded (2020-01-01)"),
        ("2016-05-20", "2016-01-01", None, "dormant: silent since 2016-05-20"),
    ],
)
def test_nobody_is_told_to_be_silent_for_a_time_in_which_nothing_was_recorded(
    last: str | None, known: str, recorded: str | None, said: str, warehouse: Path
) -> None:
    silence_of(warehouse, "dormant", last, known)
    if recorded:
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute(
                "create table segments.observed_sources as select true as is_from_person, "
                "cast(? as date) as observed_from_date union all select false, date '2010-01-01'",
                [recorded],
            )
    assert f"  at the end of 2024-06: {said}" in told(warehouse, ANNA).splitlines()


@pytest.mark.parametrize(
    ("last", "said"),
    [
        (None, "known since 2024-01-05 and never seen; answers no message"),
        ("2024-05-20", "shows signs of life, but answers no message"),
    ],
)
def test_whoever_is_active_because_she_is_new_is_not_told_to_show_signs_of_life(
    last: str | None, said: str, warehouse: Path
) -> None:
    silence_of(warehouse, "active", last, "2024-01-05")
    assert f"  at the end of 2024-06: {said}" in told(warehouse, ANNA).splitlines()


def silence_of(warehouse: Path, tier: str, last: str | None, known: str) -> None:
    """Puts a published month of silence of Anna into the warehouse."""
    put(warehouse, "activation.decisions", decision(ANNA, None))
    others = [
        "no_purchase_date",
        "no_response_date",
        "loyalty_unchanged_date",
        "no_contact_date",
        "inactive_since_date",
        "recommended_action",
        "purge_hold_reason",
        "purge_due_date",
        "no_score_reason",
        "reactivation_score",
    ]
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema segments")
        connection.execute("update core.profiles set created_date = ?", [known])
        connection.execute(
            "create table segments.silence_current as select ? as profile_id, ? as engagement_tier, "
            "false as has_returned, cast(? as date) as last_contact_date, date '2024-06-01' as segment_month, "
            + ", ".join(f"null as {column}" for column in others),
            [ANNA, tier, last],
        )
        connection.execute("create view segments.silence_published as from segments.silence_current")


def test_the_waterfall_adds_up_and_keeps_the_order_of_the_gates(warehouse: Path) -> None:
    people = {"consented": 4, "not_held_out": 3, "under_pressure_cap": 2, None: 5}
    rows = [decision(f"{gate}{number}", gate) for gate, count in people.items() for number in range(count)]
    put(warehouse, "activation.decisions", *rows, decision("late", "under_pressure_cap", outcome="expired"))
    put(warehouse, "activation.decisions", decision("earlier", None, as_of_date=datetime.date(2024, 6, 1)))
    lines = counted(warehouse, "anti_attrition").splitlines()
    assert lines[0] == "Went down a segment (anti_attrition), as of 2024-07-01"
    counts = {line[:22].strip(): int(line[22:32].replace(",", "")) for line in lines[1:] if line}
    assert counts == {"due": 15, "without consent": 4, "held out": 3, "over the cap": 3, "go out": 5}
    assert list(counts) == ["due", "without consent", "held out", "over the cap", "go out"]
    assert counts["due"] == sum(count for name, count in counts.items() if name != "due")
    assert "2 deferred, 1 expired" in counted(warehouse)
    assert "go out                       1" in counted(warehouse, as_of=datetime.date(2024, 6, 1))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["anna@example.com"], "There is no such profile in this warehouse: name a profile_id of hub.dim_profiles"),
        (
            ["--scenario", "win_back"],
            "There is no scenario 'win_back': use one of service_recovery, anti_attrition, abandoned_cart,",
        ),
        (["--as-of", "2024-02-30"], "--as-of '2024-02-30' is not a day of the calendar: write it as YYYY-MM-DD."),
        (
            ["--as-of", "2024-06-01"],
            "No step of any scenario was due as of 2024-06-01: the newest date with decisions is",
        ),
    ],
)
def test_what_cannot_be_explained_is_one_sentence(arguments: list[str], sentence: str, warehouse: Path) -> None:
    put(warehouse, "activation.decisions", decision(ANNA, None))
    done = subprocess.run(
        [sys.executable, str(PROJECT / "scripts" / "explain.py"), *arguments],
        env={**os.environ, "REKINDLE_WAREHOUSE": str(warehouse), "REKINDLE_INSTALLATION": str(warehouse.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"Error: {sentence}")
    assert done.stderr.count("\n") == 1
    assert "@" not in done.stderr


def test_a_warehouse_without_decisions_is_one_sentence(warehouse: Path, tmp_path: Path) -> None:
    with pytest.raises(RekindleError, match="holds no decisions, so there is nothing to explain"):
        Explainer.open(warehouse)
    with pytest.raises(RekindleError, match="There is no warehouse at"):
        Explainer.open(tmp_path / "none.duckdb")


def test_why_contact_records_are_one_person_is_told_without_a_value_and_the_weakest_link_is_named(
    warehouse: Path,
) -> None:
    columns = (
        "elder",
        "younger",
        "profile_id",
        "younger_profile_id",
        "verdict",
        "strength",
        "is_weakest",
        "is_by_email",
    )
    rows = [
        (1, 2, ANNA, ANNA, "one_person", 2, False, True),
        (2, 3, ANNA, ANNA, "one_person", 1, True, False),
        (1, 4, ANNA, BEN, "different_people", 1, False, False),
        (3, 5, BEN, ANNA, "phone_of_several_people", 1, False, False),
    ]
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema quality")
        connection.execute(
            "create table quality.edges (elder bigint, younger bigint, profile_id varchar, younger_profile_id varchar, "
            "verdict varchar, strength integer, is_weakest boolean, is_by_email boolean)"
        )
        connection.execute(
            "create view quality.identity_edges as select *, false as is_by_link, false as is_by_loyalty_card, "
            "not is_by_email as is_by_phone, 'till' as elder_source_system, elder::varchar as elder_contact_id, "
            "'app' as younger_source_system, younger::varchar as younger_contact_id from quality.edges"
        )
    put(warehouse, "activation.decisions", decision(ANNA, "under_pressure_cap"))
    put(warehouse, "quality.edges", *(dict(zip(columns, row, strict=True)) for row in rows))
    lines = told(warehouse, ANNA).splitlines()[1:5]
    assert lines == [
        "  till:3 and app:5 share a phone: no reason to be one person",
        "  till:1 and app:2 share an e-mail: one person",
        "  till:2 and app:3 share a phone: one person; the weakest of what joins them, without it they would be two",
        "  till:1 and app:4 share a phone: two people, says an identity link",
    ]
    put(warehouse, "quality.edges", dict(zip(columns, (1, 3, ANNA, ANNA, "one_person", 1, False, False), strict=True)))
    assert "the weakest of what joins them\n" in told(warehouse, ANNA) + "\n", "another way joins the two as well"


def test_what_a_customer_is_worth_and_how_likely_she_stays_away_is_told_as_published_last(warehouse: Path) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema segments")
        connection.execute(
            "create table segments.value_current (profile_id varchar, spend_cluster varchar, "
            "previous_cluster varchar, spend_amount decimal(18, 2), silent_28_probability double, "
            "silent_91_probability double, no_probability_reason varchar, segment_month date)"
        )
        columns = (
            "spend_cluster",
            "previous_cluster",
            "spend_amount",
            "silent_28_probability",
            "silent_91_probability",
            "no_probability_reason",
        )
        for profile, *told in (
            (ANNA, "medium", "high", 80.5, 0.314, 0.1, None),
            (BEN, None, None, 12, None, None, "not_learned"),
            (CARA, "low", None, 5, None, None, "profiling_denied"),
            (NOBODY_DUE, "inactive", None, 0, None, None, "of_archive_only"),
            (DORA, "high", None, 90, 0.25, None, "not_learned_for_91_days"),
        ):
            month = {"segment_month": datetime.date(2024, 6, 1)}
            row = {"profile_id": profile, **month, **dict(zip(columns, told, strict=True))}
            insert(connection, "segments.value_current", [row])
        insert(connection, "activation.decisions", [decision(person, None) for person in (ANNA, BEN, CARA, DORA)])
    explainer = Explainer.open(warehouse)
    try:
        assert (
            "  at the end of 2024-06: spends a middling amount (before: high), 80.50 spent; "
            "likely to buy nothing for 28 days: 31%, for 91 days: 10%"
        ) in list(explainer.person(ANNA_BEFORE, None, None))
        of_ben = list(explainer.person(BEN, None, None))
        assert "  at the end of 2024-06: is in no spend cluster yet, 12.00 spent" in of_ben
        of_carl = list(explainer.person(CARA, None, None))
        assert "  at the end of 2024-06: spends little, 5.00 spent; no probabilities: denied profiling" in of_carl
        assert (
            "  at the end of 2024-06: spends much, 90.00 spent; "
            "likely to buy nothing for 28 days: 25%, for 91 days: nothing could be learned yet"
        ) in list(explainer.person(DORA, None, None))
        assert (
            "  at the end of 2024-06: has stopped buying, 0.00 spent; "
            "no probabilities: bought last when the orders of some customers only were kept"
        ) in list(explainer.person(NOBODY_DUE, None, None))
    finally:
        explainer.connection.close()


def test_a_prospect_is_told_how_likely_she_shows_herself_what_speaks_for_it_or_why_nobody_says(warehouse: Path) -> None:
    scored = {
        "profile_id": ANNA,
        "no_score_reason": None,
        "lookalike_score": 0.314,
        "base_contribution": -2.0,
        "opens_contribution": 1.12,
        "silence_contribution": -0.3,
        "signs_contribution": 0.01,
        "segment_month": datetime.date(2024, 6, 1),
    }
    nobody = dict.fromkeys(name for name in scored if name.endswith(("_score", "_contribution")))
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema segments")
        connection.execute(
            "create table segments.lookalike_scores (profile_id varchar, no_score_reason varchar, "
            "lookalike_score double, base_contribution double, opens_contribution double, "
            "silence_contribution double, signs_contribution double, segment_month date)"
        )
        reasons = ("profiling_denied", "not_reachable", "not_learned", "no_signal")
        rows = [{**scored, **nobody, "profile_id": reason, "no_score_reason": reason} for reason in reasons]
        insert(connection, "segments.lookalike_scores", [scored, *rows])
        insert(connection, "activation.decisions", [decision(person, None) for person in (ANNA, *reasons)])
    explainer = Explainer.open(warehouse)
    try:
        assert (
            "  at the end of 2024-06: never bought; shows a sign of life within half a year with 31 %, as others did: "
            "what she opened speaks for it (+1.1), how long she is silent speaks against it (-0.3)"
        ) in list(explainer.person(ANNA, None, None))
        for reason, said in zip(
            reasons,
            (
                "nobody foretells whether she will be heard of: denied profiling",
                "whether she will be heard of is not foretold: can be reached neither by a message nor by ads",
                "whether she will be heard of is not foretold: nothing could be learned yet",
                "whether she will be heard of is not foretold: what is known of people does not tell",
            ),
            strict=True,
        ):
            assert f"  at the end of 2024-06: {said}" in list(explainer.person(reason, None, None))
    finally:
        explainer.connection.close()


def test_a_customer_is_told_her_segment_since_when_how_she_fell_and_from_whom_a_likelihood_was_learned(
    warehouse: Path,
) -> None:
    """Anna fell in June and is not back; Ben fell in May and was back in June; of Cara nothing was learned."""
    may, june, april = (datetime.date(2024, month, 1) for month in (5, 6, 4))
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "create schema segments; "
            "create table segments.rfm_published (profile_id varchar, segment varchar, recency_days integer, "
            "frequency integer, monetary_amount decimal(18, 2), segment_month date); "
            "create view segments.rfm_current as from segments.rfm_published where segment_month = '2024-06-01'; "
            "create table segments.segment_moves (profile_id varchar, from_segment varchar, steps_down integer, "
            "months_below integer, is_down boolean, r_score_fell boolean, fm_score_fell boolean, "
            "expected_loss_amount decimal(18, 2), segment_month date); "
            "create table segments.value_current (profile_id varchar, spend_cluster varchar, previous_cluster varchar, "
            "spend_amount decimal(18, 2), silent_28_probability double, silent_91_probability double, "
            "order_days integer, segment_month date); "
            "create table segments.return_rates as from (values "
            "(91, date '2024-06-01', 0, 29, 0, 3, 200, 150), (91, date '2024-06-01', 29, null, 0, 3, 80, 70), "
            "(91, date '2024-06-01', 29, null, 3, null, 40, 10), (28, date '2024-06-01', 29, null, 3, null, 41, 11)) "
            "as told (horizon_days, segment_month, min_recency_days, next_min_recency_days, min_order_days, "
            "next_min_order_days, profiles, silent_profiles); "
            "alter table segments.return_rates add column recency_probability double; "
            "alter table segments.return_rates add column silent_probability double; "
            "update segments.return_rates set recency_probability = 0.5, "
            "silent_probability = (silent_profiles + 20 * 0.5) / (profiles + 20)"
        )
        insert(
            connection,
            "segments.rfm_published",
            [
                {"profile_id": profile, "segment": segment, "recency_days": 40, "frequency": 7,
                 "monetary_amount": 120, "segment_month": month}
                for profile, segments in (
                    (ANNA, ("champions", "champions", "at_risk")),
                    (BEN, ("loyal", "lost", "loyal")),
                    (CARA, ("lost", "lost", "lost")),
                )
                for segment, month in zip(segments, (april, may, june), strict=True)
            ],
        )  # fmt: skip
        insert(
            connection,
            "segments.segment_moves",
            [
                {"profile_id": profile, "from_segment": before, "steps_down": steps, "months_below": below,
                 "is_down": steps > 0, "r_score_fell": True, "fm_score_fell": False,
                 "expected_loss_amount": 12.5, "segment_month": month}
                for profile, before, steps, below, month in (
                    (ANNA, "champions", 8, 1, june), (BEN, "loyal", 9, 1, may), (BEN, "lost", 0, 0, june),
                )
            ],
        )  # fmt: skip
        insert(
            connection,
            "segments.value_current",
            [
                {"profile_id": ANNA, "silent_91_probability": 0.3, "order_days": 3, "segment_month": june},
                {"profile_id": CARA, "silent_91_probability": None, "order_days": 3, "segment_month": june},
            ],
        )
        insert(connection, "activation.decisions", [decision(person, None) for person in (ANNA, BEN, CARA)])
    standing = "days since the last order: 40; in the window: 7 days with an order, 120.00 spent"
    of_anna, of_ben, of_cara = (told(warehouse, profile).splitlines() for profile in (ANNA, BEN, CARA))
    for line in (
        f"  at the end of 2024-06: At risk, since 2024-06; {standing}",
        "  went down in 2024-06 from Champions, steps below where she was: 8; she stays away longer",
        "  12.50 were at stake in the 28 days after that fall",
        "  how that is known: of 40 customers who stood where she stands, 10 bought nothing for 91 days",
    ):
        assert line in of_anna
    assert f"  at the end of 2024-06: Loyal, since 2024-06; {standing}" in of_ben
    assert f"  at the end of 2024-06: Lost, since 2024-04; {standing}" in of_cara
    assert not [line for line in (*of_ben, *of_cara) if "went down" in line or "how that is known" in line]


@pytest.mark.parametrize(
    ("profiles", "silent", "said"),
    [
        (
            0,
            0,
            "nobody stood where she stands; of all customers who bought last as long ago 18 % bought nothing for 91",
        ),
        (19, 0, "of 19 customers who stood where she stands, 0 bought nothing for 91 days; they are few, so that more"),
        (20, 2, "of 20 customers who stood where she stands, 2 bought nothing for 91 days\n"),
    ],
)
def test_of_a_likelihood_the_source_that_weighs_most_is_told(
    profiles: int, silent: int, said: str, warehouse: Path
) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "create schema segments; "
            f"create table segments.value_current as select '{ANNA}' as profile_id, 'low' as spend_cluster, "
            "null as previous_cluster, 5.00 as spend_amount, 0.1 as silent_28_probability, "
            "0.18 as silent_91_probability, "
            "null as no_probability_reason, 3 as order_days, date '2024-06-01' as segment_month; "
            f"create table segments.rfm_current as select '{ANNA}' as profile_id, 40 as recency_days, "
            "date '2024-06-01' as segment_month; "
            "create table segments.return_rates as select 91 as horizon_days, date '2024-06-01' as segment_month, "
            "29 as min_recency_days, null::integer as next_min_recency_days, 3 as min_order_days, "
            f"null::integer as next_min_order_days, {profiles} as profiles, {silent} as silent_profiles, "
            "0.18::double as recency_probability, "
            f"({silent} + 20 * 0.18::double) / ({profiles} + 20) as silent_probability"
        )
    put(warehouse, "activation.decisions", decision(ANNA, None))
    assert f"how that is known: {said}" in told(warehouse, ANNA)


def test_whoever_is_put_on_a_list_is_told_so_and_not_that_she_is_written_to(warehouse: Path) -> None:
    for profile, scenario, channel in ((ANNA, "retention_purge", None), (BEN, "media_reactivation", "ads")):
        listed = {"scenario_id": scenario, "template": f"{scenario}_list", "channel": channel}
        put(warehouse, "activation.decisions", decision(profile, None, offer_id=None, **listed))
        entry = {"scenario_id": scenario, "profile_id": profile, "entry_key": "2024-06-01", "entered_date": DAY}
        put(warehouse, "activation.scenario_entries", entry)
    of_anna, of_ben = (told(warehouse, each).split("No step was due")[0] for each in (ANNA, BEN))
    assert "    listed   is put on the list retention_purge_list; nobody is written to\n" in of_anna
    assert "arm " not in of_anna
    assert "    listed   is put on the list media_reactivation_list for ads on 2024-07-02; nobody is" in of_ben
    assert "arm      entered on 2024-07-01, treated: is put on the list" in of_ben
    for said in (of_anna, of_ben):
        assert not [word for word in ("sent ", "goes out", "offer", "None") if word in said]
    for scenario in ("retention_purge", "media_reactivation"):
        assert "go out" not in counted(warehouse, scenario)
        assert "listed" in counted(warehouse, scenario)


# every value that a sentence may name: as delivered and decided, as a code, as a number and where nobody knows it
@pytest.mark.parametrize("value", [None, float("nan"), "to_delete", "lead_ad", "at_risk", 3])
def test_no_sentence_says_none_nor_a_word_of_the_programs(value: Any, warehouse: Path) -> None:
    put(warehouse, "activation.decisions", decision(ANNA, None))
    explainer = Explainer.open(warehouse)
    try:
        for (subject, code), (_, sentence) in explainer.sentences.items():
            names = {name for _, name, _, _ in string.Formatter().parse(sentence or "") if name}
            if subject in ("gate", "word") or not names:
                continue
            said = explainer._sentence(subject, code, dict.fromkeys(names - AS_THEY_ARE, value))
            fixed = "".join(text for text, *_ in string.Formatter().parse(sentence or ""))
            assert not re.search(r"\bNone\b|\bnan\b|\bNaN\b", said), (subject, code)
            assert said.count("_") == fixed.count("_"), (subject, code, said)
    finally:
        explainer.connection.close()


# names of things, which are told as they are called
AS_THEY_ARE = {"template", "missing_data", "usual_store_id"}


@pytest.mark.parametrize(
    ("code", "parameters", "said"),
    [
        ("fell_silent", '{"subject":"to_delete","days_silent":null}', "now: to be deleted; no sign of life of hers is"),
        ("fell_silent", '{"subject":"at_risk","days_silent":3}', "now: at risk of being lost, days since the last"),
        ("fell_silent", '{"subject":"stopped_buying","days_silent":3}', "now: has stopped buying, days since"),
        (
            "has_returned",
            '{"engagement_tier":"at_risk","days_silent":null}',
            "nobody knows the length of (was: at risk of",
        ),
        (
            "has_returned",
            '{"engagement_tier":"dormant","days_silent":9}',
            "came back after 9 days of silence (was: dormant)",
        ),
        ("preference_unknown", '{"subject":"nothing_declared"}', "would like to hear: has declared nothing"),
        (
            "went_down",
            '{"from_segment":"at_risk","to_segment":"lost","steps_down":2}',
            "went from At risk to Lost, steps",
        ),
        ("silent_for_long", '{"rfm_segment":"cant_lose"}', "segment: Can't lose"),
        ("sent_a_form", '{"form_type":"lead_ad"}', "sent a form (lead ad)"),
        ("moment_of_a_shop", '{"what_it_is":"at_risk"}', "moment of a shop, what it is: at risk"),
    ],
)
def test_a_reason_has_the_words_of_what_its_values_are(code: str, parameters: str, said: str, warehouse: Path) -> None:
    put(warehouse, "activation.decisions", decision(ANNA, None))
    entry = {"scenario_id": "anti_attrition", "profile_id": ANNA, "entry_key": "2024-06-01", "entered_date": DAY}
    put(warehouse, "activation.scenario_entries", entry | {"reason_code": code, "reason_parameters": parameters})
    assert said in next(line for line in told(warehouse, ANNA).splitlines() if line.startswith("    why "))


@pytest.mark.parametrize("evidence", ["form_submit", "loyalty_use", "store_visit", "survey_answer", "wishlist_add"])
def test_what_ended_a_journey_is_said_without_the_word_of_the_programs(evidence: str, warehouse: Path) -> None:
    put(warehouse, "activation.decisions", decision(ANNA, "not_stopped", evidence))
    (line,) = (line for line in told(warehouse, ANNA).splitlines() if "not sent" in line)
    assert "_" not in line.removesuffix(" (gate not_stopped)")
    assert "the journey is over: " in line


def test_whoever_asked_to_be_forgotten_or_said_no_everywhere_is_told_so_first(warehouse: Path) -> None:
    put(warehouse, "activation.decisions", *(decision(each, None) for each in (ANNA, BEN, CARA)))
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "create schema hub; create table hub.dim_profiles as select * from (values "
            f"('{ANNA}', true), ('{BEN}', false), ('{CARA}', false)) as told (profile_id, has_erasure_request); "
            "create table hub.channel_permissions as select * from (values "
            f"('{ANNA}', 'marketing', 'unsubscribed'), ('{BEN}', 'marketing', 'unsubscribed'), "
            f"('{BEN}', 'marketing', 'complained'), ('{BEN}', 'profiling', null), ('{CARA}', 'marketing', null), "
            f"('{CARA}', 'marketing', 'unsubscribed')) as told (profile_id, purpose, closed_by)"
        )
    of_anna, of_ben, of_cara = (told(warehouse, each).splitlines() for each in (ANNA, BEN, CARA))
    assert of_anna[1].startswith("  asked to be forgotten: nothing is sent")
    assert of_ben[1] == "  has said no to marketing on every channel on which she ever said a word"
    assert not [line for line in of_cara if "asked to be forgotten" in line or "said no to marketing" in line]


def test_of_whom_no_silence_is_published_the_last_sign_of_life_is_told(warehouse: Path) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "create schema segments; create schema hub; "
            "create table segments.silence_published (profile_id varchar); "
            "create view segments.silence_current as from segments.silence_published; "
            "create table hub.dim_profiles as from (values "
            f"('{ANNA}', timestamp '2024-06-24 10:00:00', false), ('{BEN}', null, false)) "
            "as told (profile_id, last_contact_from_person_at, has_erasure_request)"
        )
        connection.execute("update core.profiles set created_date = '2024-03-05'")
        insert(connection, "activation.decisions", [decision(person, None) for person in (ANNA, BEN)])
    assert "  not silent: last sign of life on 2024-06-24" in told(warehouse, ANNA).splitlines()
    of_ben = told(warehouse, BEN)
    assert "not silent" not in of_ben.replace("is not silent", "")
    assert "  never seen, known since 2024-03-05; no published month counts her as silent" in of_ben.splitlines()
