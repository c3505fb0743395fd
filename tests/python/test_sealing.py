"""What has left the house: a sealed date is not decided again, days go in order, a replay loses no decision."""

import csv
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb
from compiled import CompiledModels, fill
from workshop import FIXTURES, LAST_AS_OF, Workshop, must, rows

LEDGER = "select * exclude (send_at) from activation.decisions where as_of_date = '{}' order by decision_id"
OWN = "survey_thanks"  # the scenario that selects somebody among the hand-written people


def say_no(workshop: Workshop, source_system: str, contact_id: str) -> None:
    """A copy of the raw rows in which that person took back every yes a day before the last as-of date."""
    late = workshop.root / "late"
    shutil.copytree(FIXTURES, late, dirs_exist_ok=True)
    said = ["marketing", "withdrawn", "", "2024-06-30 10:00:00", "late", "", "2024-07-01 06:00:00"]
    with (late / "consents.csv").open("a", encoding="utf-8", newline="") as consents:
        for channel in ("email", "sms"):
            csv.writer(consents, lineterminator="\n").writerow([source_system, contact_id, channel, *said])
    workshop.environment["REKINDLE_FIXTURES"] = str(late)


EVENINGS_THAT_ARE_NONE = {
    ("--at", "20:00"): "--at decides for an evening on facts of the same day: give --daily, too.",
    ("--daily", "--at", "8 pm"): "--at '8 pm' is not a time of day: write it as HH:MM.",
}


def leave_carts(workshop: Workshop, carts: Mapping[str, str]) -> None:
    """Xenia leaves these carts at these instants."""
    path = Path(workshop.environment["REKINDLE_FIXTURES"]) / "carts.csv"
    with path.open("a", encoding="utf-8", newline="") as file:
        for cart, at in carts.items():
            contents = ["xenia_cancels_everything", at, at, "", "raincoat", "1", "90.00", at]
            csv.writer(file, lineterminator="\n").writerow(["shop", cart, *contents])


def test_a_sealed_date_is_not_decided_again_and_what_would_differ_is_listed(
    workshop: Workshop, fixture_warehouse: Path
) -> None:
    workshop.start_from(fixture_warehouse)
    must(workshop.run("run", "--as-of", LAST_AS_OF))
    before = rows(workshop.warehouse, LEDGER.format(LAST_AS_OF))
    assert rows(workshop.warehouse, "select count(*) from activation.decision_differences") == [(0,)]
    manifests = sorted(workshop.exports.rglob("manifest.json"))
    assert manifests

    ((source_system, contact_id),) = rows(
        workshop.warehouse,
        "select source_system, contact_id from identity.contact_profiles as contacts "
        "inner join audiences.audience_members as members on contacts.profile_id = members.profile_id "
        f"and members.scenario_id = '{OWN}'",
    )
    say_no(workshop, str(source_system), str(contact_id))
    said = must(workshop.run("run", "--as-of", LAST_AS_OF))
    ((different,),) = rows(workshop.warehouse, "select count(*) from activation.decision_differences")
    assert f"has left the house and stays. Today {different} step" in said.text
    assert rows(workshop.warehouse, LEDGER.format(LAST_AS_OF)) == before
    assert rows(
        workshop.warehouse,
        "select sealed_outcome, outcome_today, closed_gate_today from activation.decision_differences "
        f"where scenario_id = '{OWN}'",
    ) == [("selected", "closed", "consented")]
    # sealed or not: nobody leaves without a consent that holds today
    own = f"from audiences.audience_members where scenario_id = '{OWN}'"
    assert rows(workshop.warehouse, f"select count(*) {own}") == [(0,)]

    refused = workshop.run("run", "--as-of", "2024-06-30", "--daily")
    assert refused.code == 1
    assert rows(workshop.warehouse, LEDGER.format(LAST_AS_OF)) == before

    # the next day decides on, in the evening, on what has come since, and changes nothing of the day before; a replay
    # keeps both and sends nothing
    for options, sentence in EVENINGS_THAT_ARE_NONE.items():
        assert workshop.run("run", *options).error == sentence
    leave_carts(workshop, {"left_at_tea": "2024-07-02 17:59:59", "left_at_night": "2024-07-02 18:00:00"})
    must(workshop.run("run", "--as-of", "2024-07-02", "--daily", "--at", "20:00"))
    assert rows(workshop.warehouse, LEDGER.format(LAST_AS_OF)) == before
    carts = "where scenario_id = 'abandoned_cart' and entry_key like 'left_at_%'"
    assert rows(workshop.warehouse, f"select entry_key from scenarios.scenario_triggers {carts}") == [("left_at_tea",)]
    assert rows(
        workshop.warehouse, f"select entry_key, send_date::text, send_at::text from activation.decisions {carts}"
    ) == [("left_at_tea", "2024-07-02", "2024-07-02 18:00:00")]
    ledger = rows(workshop.warehouse, "select * from activation.decisions order by decision_id")
    entries = rows(workshop.warehouse, "select * from activation.scenario_entries order by all")
    said = must(workshop.run("replay", "--from", "2024-06", "--to", "2024-06", "--force"))
    assert "Decisions and entries are carried over" in said.text
    assert rows(workshop.warehouse, "select * from activation.decisions order by decision_id") == ledger
    assert rows(workshop.warehouse, "select * from activation.scenario_entries order by all") == entries
    assert rows(workshop.warehouse, "select count(*) from audiences.audience_members") == [(0,)]


def test_nothing_leaves_without_content_nor_for_a_scenario_that_is_switched_off_and_history_is_kept() -> None:
    # on: goes out; off: its scenario is switched off; empty: says nothing; gone: late data took its trigger back
    everybody = ("on", "off", "empty", "gone")
    models = CompiledModels(["standing_decisions", "audience_members"], {"as_of_date": "2024-07-01"})
    with duckdb.connect() as connection:
        names = ("decision_id", "scenario_id", "profile_id", "entry_key", "step", "variant", "template", "purpose")
        columns = {
            **dict.fromkeys((*names, "outcome", "channel", "offer_type", "offer_id"), "varchar"),
            "offer_amount": "decimal(18, 2)",
            "as_of_date": "date",
            "send_date": "date",
            "send_at": "timestamp",
        }
        decided = ("key", "first_message", None, "template", "marketing", "selected", "email", None, None, None)
        dates = ("2024-07-01", "2024-07-02", "2024-07-02 07:00:00")
        fill(
            connection,
            "decisions",
            columns,
            [(name, name, f"person of {name}", *decided, *dates) for name in everybody],
        )
        fill(
            connection,
            "scenarios",
            {"scenario_id": "varchar", "kind": "varchar", "objective": "varchar", "is_enabled": "boolean"}
            | {"journey_days": "integer"},
            [(name, "message", "retain", name != "off", 30) for name in everybody],
        )
        fill(
            connection,
            "journeys",
            dict.fromkeys(("scenario_id", "profile_id", "entry_key", "arm", "stopped_by"), "varchar"),
            [(name, f"person of {name}", "key", "treated", None) for name in everybody],
        )
        fill(
            connection,
            "profile_heirs",
            {"remembered_id": "varchar", "profile_id": "varchar", "until_date": "date"},
            [(f"person of {name}", f"person of {name}", None) for name in everybody],
        )
        fill(
            connection,
            "scenario_triggers",
            dict.fromkeys(("scenario_id", "profile_id", "entry_key", "personalisation"), "varchar"),
            [(name, f"person of {name}", "key", "{}") for name in ("on", "off", "empty")],
        )
        fill(
            connection,
            "scenario_texts",
            dict.fromkeys(("scenario_id", "step", "language_code", "lever", "cta", "texts"), "varchar"),
            [(name, "*", "*", "relation", "x", "{}") for name in ("on", "off", "gone")],
        )
        names = ("profile_id", "email", "sms_phone", "call_phone", "ads_email", "ads_phone", "first_name", "last_name")
        places = ("language_code", "country_code", "street_address", "postal_code", "city")
        contact = dict.fromkeys((*names, *places), "varchar")
        fill(
            connection,
            "profile_contacts",
            contact,
            [(f"person of {name}", f"{name}@example.com", *[None] * 11) for name in everybody],
        )
        fill(
            connection,
            "channel_permissions",
            {"profile_id": "varchar", "channel": "varchar", "purpose": "varchar", "is_contactable": "boolean"}
            | {"consented_at": "timestamp"},
            [(f"person of {name}", "email", "marketing", True, "2024-01-01") for name in everybody],
        )
        models.build(connection, "standing_decisions")
        models.build(connection, "audience_members")
        assert connection.execute("select scenario_id, email, content from audience_members").fetchall() == [
            ("on", "on@example.com", '{"objective":"retain","lever":"relation","cta":"x"}')
        ]
        assert connection.execute("select count(*) from decisions").fetchall() == [(4,)]


def test_a_scenario_that_is_renamed_keeps_its_holdouts() -> None:
    models = CompiledModels(["gated_steps", "scenario_entries"], {"as_of_date": "2024-07-01"})
    for name in ("gated_steps", "scenario_entries"):
        assert "holdout_salt" in models.sql[name]
        assert "scenario_name" not in models.sql[name], "what people read draws nobody"


def test_daily_without_a_build_is_one_sentence(make_workshop: Callable[..., Workshop]) -> None:
    refused = make_workshop("empty", "daily").run("run", "--as-of", "2024-07-01", "--daily", "--no-publish")
    assert refused.code == 1
    assert refused.error.startswith(
        "Nothing was built yet to decide on: run `python scripts/run.py --connector empty` without --daily"
    )
