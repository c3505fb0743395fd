"""Access: whoever asks is told everything that is held about her, nothing of her neighbour, by the walk of erasure."""

import csv
import datetime
import json
import os
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
import pandas as pd
import pytest
from click.testing import CliRunner
from workshop import FIXTURES, LAST_AS_OF, Said, Workshop, must, rows

import access as access_command
from rekindle.forget import answers, looking
from rekindle.forget.finding import opened
from rekindle.forget.tables import Table, tables_of
from rekindle.ground import paths, screen
from rekindle.tell.scope import GONE, HOUSEHOLD, PHONE, WEAKEST
from rekindle.tell.told_rows import SOMEBODY_ELSE

KEY = "the key of a shop in a test"
Answer = dict[str, Any]


def call(workshop: Workshop, *arguments: str, **variables: str) -> Said:
    """`python scripts/access.py …`, in this process: starting one takes longer than most of these tests."""
    before = Path.cwd()
    try:
        with (
            mock.patch.dict(os.environ, {**workshop.variables(), **variables}),
            mock.patch.object(paths._Chosen, "connector", None),
        ):
            result = CliRunner().invoke(access_command.main, [*arguments, "--connector", workshop.connector])
    finally:
        os.chdir(before)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return Said(result.exit_code, result.output)


def files_of(workshop: Workshop) -> list[Path]:
    """Every file below access/, hidden ones too."""
    return sorted(path for path in workshop.access.rglob("*") if path.is_file())


def asked(workshop: Workshop, *arguments: str) -> tuple[Answer, str, Said]:
    """The answer as a program and as a person reads it, and what the command said."""
    shutil.rmtree(workshop.access, ignore_errors=True)
    said = must(call(workshop, *arguments))
    page, data = files_of(workshop)
    assert (page.suffix, data.suffix) == (".html", ".json")
    return json.loads(data.read_text(encoding="utf-8")), page.read_text(encoding="utf-8"), said


# --- As delivered: an independent reading of the raw files ------------------------------------------------------------


@pytest.fixture
def shop(workshop: Workshop, fixture_warehouse: Path) -> Workshop:
    """The hand-written world as of its last date."""
    workshop.start_from(fixture_warehouse)
    return workshop


def raw(entity: str) -> pd.DataFrame:
    """A raw file, every value as text."""
    return pd.read_csv(FIXTURES / f"{entity}.csv", dtype=str, keep_default_na=False)


def same_text(value: Any) -> str:
    """One spelling for numbers, truths and nothing."""
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    return f"{number.normalize():f}" if number.is_finite() else str(value)


def readable(column: str, value: str) -> str | None:
    """What a connector hands over: nothing, where a word stands in the place of a time or a number."""
    try:
        if column.endswith("_at"):
            datetime.datetime.fromisoformat(value)
        elif column in ("quantity", "points", "rating", "item_count") or column.endswith("_amount"):
            Decimal(value)
    except (ValueError, InvalidOperation):
        return None
    return value


def expected_rows(contacts: set[tuple[str, str]]) -> dict[str, pd.DataFrame]:
    """What the raw files hold of these records, found without a line of our SQL."""
    found: dict[str, pd.DataFrame] = {}
    for file in sorted(FIXTURES.glob("*.csv")):
        table = raw(file.stem)
        hers = pd.Series(data=False, index=table.index)
        for system, contact in (("source_system", "contact_id"), ("linked_source_system", "linked_contact_id")):
            if contact in table:
                pairs = list(zip(table[system], table[contact], strict=True))
                hers |= pd.Series([pair in contacts for pair in pairs], index=table.index)
        found[file.stem] = table[hers].copy()
    links = found["identity_links"]
    links.loc[
        [pair not in contacts for pair in zip(links["linked_source_system"], links["linked_contact_id"], strict=True)],
        ["linked_source_system", "linked_contact_id"],
    ] = SOMEBODY_ELSE
    lines, events = raw("order_lines"), raw("message_events")
    found["order_lines"] = lines[lines["order_id"].isin(set(found["orders"]["order_id"]) - {""})]
    found["message_events"] = events[events["message_id"].isin(set(found["messages"]["message_id"]) - {""})]
    return {entity: table for entity, table in found.items() if len(table)}


RITA = {("pos", "rita_champion")}
HANNE = {("shop", "hanne_old_address"), ("shop", "hanne_new_address")}
GERT = {("news", "gert_newsletter"), ("shop", "gert_web")}
EVERY_GERT = GERT | {("pos", "gert_till"), ("app", "gert_app")}


@pytest.mark.parametrize(
    ("arguments", "contacts"),
    [
        (("--contact", "pos:rita_champion"), RITA),
        (("--contact", "pos:anna_withdraws_then_regrants"), {("pos", "anna_withdraws_then_regrants")}),
        (("--contact", "shop:xenia_cancels_everything"), {("shop", "xenia_cancels_everything")}),
        (("--contact", "shop:hanne_new_address"), HANNE),
        (("--contact", "shop:gert_web"), GERT),
        (("--contact", "shop:gert_web", "--all"), EVERY_GERT),
        (("--contact", "pos:gert_till"), {("pos", "gert_till"), ("app", "gert_app")}),
        (("--contact", "pos:bad_silo"), {("pos", "bad_silo")}),
        (("--contact", "pos:already_deleted"), {("pos", "already_deleted")}),
    ],
)
def test_what_is_told_is_what_the_raw_files_hold_of_the_records(
    shop: Workshop, arguments: tuple[str, ...], contacts: set[tuple[str, str]]
) -> None:
    answer, page, _ = asked(shop, *arguments)
    assert {(system, contact) for system, contact in answer["whose"]["contacts"]} == contacts
    delivered = {view.removeprefix("input_"): rows for view, rows in answer["delivered"].items() if rows}
    expected = expected_rows(contacts)
    assert set(delivered) == set(expected)
    for entity, table in expected.items():
        told = Counter(tuple(same_text(row[column]) for column in table) for row in delivered[entity])
        columns = list(table)
        expected_of_it = Counter(
            tuple(same_text(readable(*cell)) for cell in zip(columns, row, strict=True))
            for row in table.itertuples(index=False)
        )
        assert told == expected_of_it, entity
        ids = {value for column in table for value in table[column] if column.endswith("_id") and value}
        assert {value for value in ids if value not in page} == set(), entity


# --- Neighbours: who is one person by something that neighbours share -------------------------------------------------

STAMPS = {"extracted_at": "2024-07-01 06:00:00", "source_system": "pos"}
CARD_OF_ANN, SCRIPT = "0009001", "<script>alert(1)"
PHONE_OF_BOTH, CARD_OF_BOTH, EMAIL_OF_BOTH = "+44 20 7946 0177", "0009003", "hal@example.com"
# contact records: who asks, and who was taken for the same person
PEOPLE: tuple[Mapping[str, str], ...] = (
    {"contact_id": "ann:of the till", "phone": PHONE_OF_BOTH, "loyalty_card_id": CARD_OF_ANN, "last_name": SCRIPT},
    {"contact_id": "ann_web", "source_system": "shop", "loyalty_card_id": CARD_OF_ANN, "email": "ann@example.com"},
    {"contact_id": "canary_phone", "phone": "0044 20 7946 0177", "email": "canary.phone@example.com"},
    {"contact_id": "hal", "email": EMAIL_OF_BOTH},
    {"contact_id": "canary_household", "email": EMAIL_OF_BOTH, "street_address": "Canary Wharf 1"},
    {"contact_id": "wes", "loyalty_card_id": CARD_OF_BOTH, "email": "wes@example.com"},
    {"contact_id": "canary_weakest", "loyalty_card_id": CARD_OF_BOTH},
    {"contact_id": "canary_behind", "email": "canary.behind@example.com"},
)  # fmt: skip


def happened_to(contact: str, system: str, address: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """One row of every entity about one contact record; every id and text of it begins with the record's name."""
    about = {"source_system": system, "contact_id": contact}
    at = "2024-06-20 10:00:00"
    order, message = f"{contact} order", f"{contact} message"
    consent = {"channel": "email", "purpose": "marketing", "status": "granted", "changed_at": "2023-05-05 10:00:00"}
    yield "consents", about | consent | {"address": address, "evidence_reference": f"{contact} proof"}
    yield (
        "contact_preferences",
        about | {"preference_type": "interest", "preference_value": f"{contact} likes"} | {"declared_at": at},
    )
    yield (
        "orders",
        about
        | {
            "order_id": order,
            "store_id": "ghent",
            "sales_channel": "store",
            "ordered_at": at,
            "order_status": "completed",
            "currency_code": "EUR",
        },
    )
    amounts = {"gross_amount": "61.23", "discount_amount": "0", "offer_discount_amount": "0", "net_amount": "61.23"}
    yield (
        "order_lines",
        amounts
        | {"source_system": system, "order_id": order, "line_number": "1", "product_id": "dog_food", "quantity": "1"},
    )
    yield (
        "carts",
        about
        | {
            "cart_id": f"{contact} cart",
            "created_at": "2024-06-30 19:00:00",
            "updated_at": "2024-06-30 19:20:00",
            "items": f"{contact} wish",
            "item_count": "1",
            "cart_amount": "90.00",
        },
    )
    yield "messages", about | {"message_id": message, "channel": "email", "sent_at": at, "cost_amount": "0.01"}
    yield (
        "message_events",
        {
            "source_system": system,
            "message_id": message,
            "event_type": "opened",
            "occurred_at": at,
            "is_machine": "false",
        },
    )
    yield (
        "offer_assignments",
        about
        | {
            "assignment_id": f"{contact} coupon",
            "offer_id": "five_off",
            "assigned_at": "2024-04-01 08:00:00",
            "channel": "email",
            "expires_at": "2024-07-20 00:00:00",
        },
    )
    yield (
        "offer_redemptions",
        about
        | {
            "redemption_id": f"{contact} use",
            "offer_id": "five_off",
            "redeemed_at": "2024-04-20 10:00:00",
            "redeemed_amount": "5.00",
        },
    )
    yield (
        "loyalty_movements",
        about | {"movement_id": f"{contact} points", "movement_type": "earned", "points": "61", "occurred_at": at},
    )
    yield (
        "web_events",
        about
        | {
            "event_id": f"{contact} visit",
            "event_type": "visit",
            "platform": "web",
            "category": f"{contact} looks",
            "occurred_at": at,
        },
    )
    yield (
        "service_events",
        about | {"event_id": f"{contact} ticket", "event_type": "ticket", "occurred_at": at, "is_resolved": "true"},
    )
    yield (
        "contracts",
        about
        | {
            "contract_id": f"{contact} contract",
            "contract_type": "subscription",
            "start_date": "2024-01-15",
            "end_date": "2024-12-15",
        },
    )


def deliver(folder: Path) -> None:
    """The hand-written rows and these people."""
    shutil.copytree(FIXTURES, folder)
    new: dict[str, list[Mapping[str, str]]] = {}
    for number, person in enumerate(PEOPLE):
        contact, system = person["contact_id"], person.get("source_system", "pos")
        # of ann's records only her neighbour's e-mail has a yes: that is where she is written to
        address = person.get("email", "") if contact.startswith("canary") else f"other.{number}@example.com"
        silo = {
            "silo": "till",
            "created_at": f"2022-03-{number + 1:02} 09:00:00",
            "first_name": contact,
            "country_code": "BE",
        }
        new.setdefault("contacts", []).append(silo | dict(person))
        for entity, row in happened_to(contact, system, address):
            new.setdefault(entity, []).append(row)
    links = {("hal", "canary_household"): "household", ("canary_weakest", "canary_behind"): "same"}
    new["identity_links"] = [
        {"contact_id": one, "linked_source_system": "pos", "linked_contact_id": other, "link_type": link_type}
        | {"evidence": "form", "linked_at": "2024-05-05 10:05:00"}
        for (one, other), link_type in links.items()
    ]
    for entity, rows_of_it in new.items():
        with (folder / f"{entity}.csv").open("r+", encoding="utf-8", newline="") as handle:
            columns = next(csv.reader(handle))
            handle.seek(0, os.SEEK_END)
            writer = csv.DictWriter(handle, columns, restval="", lineterminator="\n")
            writer.writerows(STAMPS | dict(row) for row in rows_of_it)


@pytest.fixture(scope="module")
def street(make_workshop: Callable[..., Workshop], tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A street of neighbours, built, published and exported once. What tests write goes to access/ only."""
    raw_files = tmp_path_factory.mktemp("street") / "raw"
    deliver(raw_files)
    workshop = make_workshop("fixture", "street")
    workshop.environment["REKINDLE_FIXTURES"] = str(raw_files)
    must(workshop.run("run", "--as-of", LAST_AS_OF, "--accept", "2024-06"))
    with duckdb.connect(str(workshop.warehouse)) as connection:
        connection.execute(
            "insert into identity.contact_profile_history select 'pos', 'canary_gone', profile_id, date '2024-07-01' "
            "from identity.contact_profiles where contact_id = 'hal'"
        )
    return workshop


ASKED = {
    "ann:of the till": ({"ann:of the till", "ann_web"}, {PHONE: 1}),
    "hal": ({"hal"}, {HOUSEHOLD: 1, GONE: 1}),
    "wes": ({"wes"}, {WEAKEST: 2}),
}


@pytest.mark.parametrize("asker", ASKED)
def test_nothing_of_a_neighbour_is_told_and_what_is_left_out_is_counted(street: Workshop, asker: str) -> None:
    told, left_out = ASKED[asker]
    answer, page, said = asked(street, "--contact", f"pos:{asker}")
    assert "canary" not in (json.dumps(answer) + page).lower()
    assert {contact for _, contact in answer["whose"]["contacts"]} == told
    assert answer["about"]["records_left_out"] == left_out
    for reason, records in left_out.items():
        assert f"{screen.counted(records, 'contact record')}: {reason}" in said.text
        assert reason in page
    own = [f"{asker} {word}" for word in ("order", "message", "coupon", "points", "cart", "visit", "ticket", "proof")]
    assert [each for each in own if each not in json.dumps(answer)] == []
    assert sum(counts["told"] for counts in answer["held"]["raw data"].values()) > 0
    assert any(counts["rows"] > counts["told"] for counts in answer["held"]["build.duckdb"].values())


@pytest.mark.parametrize("asker", ASKED)
def test_all_tells_every_record_of_the_person(street: Workshop, asker: str) -> None:
    answer, page, said = asked(street, "--contact", f"pos:{asker}", "--all")
    assert answer["about"]["records_left_out"] == {}
    assert "Left out" not in said.text
    for view, counts in answer["held"]["raw data"].items():
        assert counts["rows"] == counts["told"], view
    neighbours = {contact for _, contact in answer["whose"]["contacts"] if contact.startswith("canary")}
    assert neighbours
    for neighbour in neighbours - {"canary_gone"}:
        assert f"{neighbour} order" in json.dumps(answer)
        assert f"{neighbour} order" in page


def test_a_profile_is_told_from_its_oldest_record(street: Workshop) -> None:
    ((profile_id,),) = rows(
        street.warehouse, "select profile_id from identity.contact_profiles where contact_id = 'canary_phone'"
    )
    answer, _, _ = asked(street, "--profile", str(profile_id))
    assert ["pos", "ann:of the till"] in answer["whose"]["contacts"]
    assert "canary" not in json.dumps(answer)


def test_the_neighbour_who_asks_is_told_of_herself_alone(street: Workshop) -> None:
    answer, page, _ = asked(street, "--contact", "pos:canary_phone")
    assert answer["whose"]["contacts"] == [["pos", "canary_phone"]]
    assert "canary_phone order" in page
    assert "ann:of" not in json.dumps(answer)
    assert "ann@example.com" not in page


def test_platforms_that_received_an_address_of_a_neighbour_are_counted_without_it(street: Workshop) -> None:
    answer, _, _ = asked(street, "--contact", "pos:ann:of the till")
    everything, _, _ = asked(street, "--contact", "pos:ann:of the till", "--all")
    sent = {each["value"] for platform in everything["platforms"] for each in platform["identifiers"]}
    assert "canary.phone@example.com" in sent, "the platform of the shop was sent her neighbour's address"
    assert all(said.startswith(LAST_AS_OF) for platform in everything["platforms"] for each in platform["identifiers"]
               for said in each["in_the_list"])  # fmt: skip
    assert sum(platform["identifiers_left_out"] for platform in answer["platforms"]) > 0
    assert sum(platform["identifiers_left_out"] for platform in everything["platforms"]) == 0


def test_what_happened_before_the_records_were_one_person_is_not_told(street: Workshop, tmp_path: Path) -> None:
    """Under her neighbour's id of before, and of before the day on which her own record came under it."""
    copy = Workshop(tmp_path, "fixture")
    copy.warehouse.parent.mkdir()
    copy.start_from(street.warehouse)
    copy.environment.update(street.environment)
    with duckdb.connect(str(copy.warehouse)) as connection:
        connection.execute(
            "create or replace table segments.rfm_published as select * replace ("
            "cast(month as date) as segment_month, id as profile_id) from segments.rfm_published "
            "cross join (select profile_id as id from identity.contact_profiles where contact_id = 'wes' "
            "union all select 'id of before') cross join (values ('2024-04-01'), ('2024-06-01')) as months (month) "
            "qualify row_number() over (partition by id, month order by profile_id) = 1"
        )
        connection.execute(
            "insert into identity.contact_profile_history "
            "values ('pos', 'canary_weakest', 'id of before', '2024-02-01')"
        )
        connection.execute(
            "insert into identity.profile_merges select 'id of before', profile_id, date '2024-07-01' "
            "from identity.contact_profiles where contact_id = 'wes'"
        )
    months = {
        row["segment_month"]
        for row in asked(copy, "--contact", "pos:wes", "--all")[0]["tables"]["segments.rfm_published"]
    }
    answer, _, _ = asked(copy, "--contact", "pos:wes")
    told = answer["tables"]["segments.rfm_published"]
    assert months == {"2024-04-01", "2024-06-01"}
    assert [(row["profile_id"] == "id of before", row["segment_month"]) for row in told] == [(False, "2024-06-01")]
    assert {row["monetary_amount"] for row in told} == {None}, "sums are of both, so that hers say the neighbour's"


# What is said of the person as a whole where records are left out: no number, no day but a month's and a message's.
CONCLUDED = {
    *("profile_id", "segment", "published_segment", "restated_segment", "from_segment", "to_segment", "direction"),
    *("engagement_tier", "spend_cluster", "previous_cluster", "is_down", "decision_id", "scenario_id", "step"),
    *("purpose", "outcome", "arm", "channel", "variant", "template", "segment_month", "published_as_of_date"),
    *("published_at", "as_of_date", "send_date", "entered_date"),
}


@pytest.fixture
def changed(street: Workshop, tmp_path: Path) -> Workshop:
    """The street in a warehouse that a test changes."""
    copy = Workshop(tmp_path, "fixture")
    copy.warehouse.parent.mkdir()
    copy.start_from(street.warehouse)
    copy.environment.update(street.environment)
    return copy


# scenario, key and reason of an entry of ann's, evidence of its decision, and whether it is told in part
JOURNEYS = [
    ("replenishment", "2024-05-03 CANARY COFFEE", '{"category": "canary coffee"}', None, False),
    ("contract_end", "start canary_contract", '{"contract_type": "canary"}', None, False),
    ("drive_revival", "2024-04-01", '{"last_drive_date": "canary"}', None, False),
    ("loyalty_programme", "level_reached canary", '{"points": "canary"}', "canary_use", False),
    ("cross_sell", "2024-06-01 ", '{"item": "canary"}', "order", False),
    ("returned_thanks", "2024-06-01", '{"days_silent": "canary"}', None, False),
    ("anti_attrition", "2024-06-01", '{"steps_down": "canary"}', "canary_order", True),
    ("reactivation", "2024-06-01", '{"days_silent": "canary"}', "canary_order", True),
    ("abandoned_cart", "ann:of the till cart", '{"cart_amount": "canary"}', "canary_order", True),
]


def test_of_a_decision_is_told_what_was_sent_and_not_what_a_neighbour_may_have_done(changed: Workshop) -> None:
    with duckdb.connect(str(changed.warehouse)) as connection:
        ((ann,),) = connection.execute(
            "select profile_id from identity.contact_profiles where contact_id = 'ann:of the till'"
        ).fetchall()
        for schema_table in ("activation.decisions", "activation.scenario_entries"):
            connection.execute(f"delete from {schema_table} where profile_id = ?", [ann])
        for scenario, key, why, evidence, _ in JOURNEYS:
            gate = None if evidence is None else "not_stopped"
            connection.execute(
                "insert into activation.decisions by name select * replace ("
                "? as decision_id, ? as scenario_id, ? as profile_id, ? as entry_key, ? as evidence, ? as closed_gate, "
                "? as outcome, 'five_off' as offer_id, date '2024-07-01' as as_of_date) "
                "from activation.decisions limit 1",
                [f"of {scenario}", scenario, ann, key, evidence, gate, "closed" if gate else "selected"],
            )
            connection.execute(
                "insert into activation.scenario_entries by name select * replace ("
                "? as scenario_id, ? as profile_id, ? as entry_key, ? as trigger_reference, ? as reason_parameters, "
                "(select any_value(reason_code) from config.scenario_moments where scenario_id = ?) as reason_code, "
                "date '2024-07-01' as entered_date) from activation.scenario_entries limit 1",
                [scenario, ann, key, key, why, scenario],
            )
    answer, page, _ = asked(changed, "--contact", "pos:ann:of the till")
    assert "canary" not in (json.dumps(answer) + page).lower()
    told = {scenario for scenario, *_, is_told in JOURNEYS if is_told}
    for table in ("activation.decisions", "activation.scenario_entries"):
        rows_of_it = answer["tables"][table]
        assert {row["scenario_id"] for row in rows_of_it} == told
        shown = {column for row in rows_of_it for column, value in row.items() if value is not None}
        assert shown <= CONCLUDED
    said = [line for lines in answer["decisions"] for line in lines]
    assert len(answer["decisions"]) == len(told)
    assert not [line for line in said if line.startswith("why ") or "gate" in line or "five_off" in line]
    assert said.count("not sent why is not told: it may follow from what a record that is left out did or bought") == 3
    assert "messages were decided for more reasons than are told here" in page
    assert answer["about"]["conclusions_left_out"] in page
    everything, page, _ = asked(changed, "--contact", "pos:ann:of the till", "--all")
    assert {row["scenario_id"] for row in everything["tables"]["activation.decisions"]} >= {row[0] for row in JOURNEYS}
    assert "bought canary coffee" in page
    assert everything["about"]["conclusions_left_out"] is None


def test_a_column_that_nobody_has_classified_is_not_told_where_records_are_left_out(changed: Workshop) -> None:
    with duckdb.connect(str(changed.warehouse)) as connection:
        for schema, table in connection.execute(
            "select schema_name, table_name from duckdb_tables() where not internal"
        ).fetchall():
            connection.execute(f'alter table "{schema}"."{table}" add column new_measure varchar default \'canary\'')
    answer, page, _ = asked(changed, "--contact", "pos:ann:of the till")
    assert "canary" not in (json.dumps(answer) + page).lower()
    for table in ("core.fct_orders", "identity.contact_profiles", "segments.rfm_published"):
        assert [row["new_measure"] for row in answer["tables"][table]]
    everything, _, _ = asked(changed, "--contact", "pos:ann:of the till", "--all")
    assert {row["new_measure"] for row in everything["tables"]["core.fct_orders"]} == {"canary"}


@pytest.mark.parametrize("asker", ASKED)
def test_what_was_concluded_of_everybody_together_is_told_without_numbers_and_dates(
    street: Workshop, asker: str
) -> None:
    answer, _, _ = asked(street, "--contact", f"pos:{asker}")
    whole, _, _ = asked(street, "--contact", f"pos:{asker}", "--all")
    shown = {
        column
        for title, told in answer["tables"].items()
        if title.startswith(("segments.", "snapshots.", "activation."))
        for row in told
        for column, value in row.items()
        if value is not None
    }
    assert shown <= CONCLUDED
    assert "segment" in shown
    assert whole["tables"]["segments.rfm_published"][0]["recency_days"] is not None
    assert not [line for line in (*answer["moves"], *answer["value"]) if re.search(r"\d", line[7:])]


# --- One walk ---------------------------------------------------------------------------------------------------------


def counted(said: Said) -> dict[str, dict[str, int]]:
    """Rows per place and table, as a command told them."""
    found: dict[str, dict[str, int]] = {}
    place = ""
    for line in said.text.splitlines():
        if title := re.fullmatch(r"(\S.*): [\d,]+ rows in (\d+ of \d+) tables", line.removeprefix("  ")):
            place = f"{title[1]}, {title[2]}"
            found[place] = {}
        elif row := re.match(r" +(\w+\.\w+) +([\d,]+)", line):
            found[place][row[1]] = int(row[2].replace(",", ""))
    return {place: tables for place, tables in found.items() if not place.startswith("raw data")}


def holds_text(file: Path, values: list[str]) -> dict[str, int]:
    """Rows of every table of a DuckDB file that hold one of the values, found without the walk."""
    found = {}
    with duckdb.connect(str(file), read_only=True) as connection:
        tables = connection.execute("select schema_name, table_name from duckdb_tables() where not internal").fetchall()
        for schema, table in tables:
            where = " or ".join(
                f'"{column}" in ({", ".join("?" * len(values))})'
                for column, kind, *_ in connection.execute(f'describe "{schema}"."{table}"').fetchall()
                if kind == "VARCHAR"
            )
            if where:
                (count,) = connection.execute(
                    f'select count(*) from "{schema}"."{table}" where {where}', values * where.count(" in (")
                ).fetchall()[0]
                if count:
                    found[f"{schema}.{table}"] = count
    return found


def keyed_tables(file: Path) -> set[str]:
    """Tables with a column that names a person, found by the names of columns."""
    named = r"(^|_)(profile_id|person_id|contact_id|message_id|email|phone)$|^seniority$|^elder$|^raw_(phone|email)$"
    with duckdb.connect(str(file), read_only=True) as connection:
        return {
            f"{schema}.{table}"
            for schema, table, column in connection.execute(
                "select table_schema, table_name, column_name from information_schema.columns "
                "semi join (from duckdb_tables()) as tables "
                "on table_schema = tables.schema_name and columns.table_name = tables.table_name"
            ).fetchall()
            if re.search(named, column)
        }


def walked(workshop: Workshop) -> dict[str, list[Table]]:
    with mock.patch.dict(os.environ, workshop.variables()), opened(workshop.warehouse) as warehouse:
        return {place: list(tables) for place, tables in looking.walk(warehouse)}


@pytest.fixture
def noted(street: Workshop, tmp_path: Path) -> Workshop:
    """The street with a table that nobody planned for, in the warehouse and in a backup."""
    copy = Workshop(tmp_path, "fixture")
    copy.warehouse.parent.mkdir()
    copy.start_from(street.warehouse)
    shutil.copytree(street.published.parent, copy.published.parent)
    copy.environment.update(street.environment)
    with duckdb.connect(str(copy.warehouse)) as connection:
        connection.execute(
            "create table hub.notes as select profile_id as whom, 'nice' as note from identity.contact_profiles "
            "where contact_id = 'rita_champion'"
        )
        folder = copy.backups / "2024-07-01_1"
        folder.mkdir(parents=True)
        connection.execute(f"copy hub.notes to '{folder}/hub.notes.parquet'")
    entry = {"schema": "hub", "table": "notes", "file": "hub.notes.parquet"}
    (folder / "manifest.json").write_text(json.dumps({"tables": [entry]}), encoding="utf-8")
    return copy


def test_access_and_erasure_count_the_same_rows_in_every_table(noted: Workshop) -> None:
    answer, _, said = asked(noted, "--contact", "pos:rita_champion")
    erasing = must(noted.run("erase", "--contact", "pos:rita_champion"))
    by_access, by_erasure = counted(said), counted(erasing)
    assert len(by_access) == 4
    assert by_access == by_erasure
    assert by_access["backups/2024-07-01_1, 1 of 1"] == {"hub.notes": 1}
    assert answer["tables"]["hub.notes"] == [{"whom": answer["whose"]["profile_ids"][0], "note": "nice"}]


@pytest.mark.parametrize("asker", ["rita_champion", "ann:of the till"])
def test_no_table_that_holds_a_person_is_forgotten(noted: Workshop, asker: str) -> None:
    answer, _, _ = asked(noted, "--contact", f"pos:{asker}", "--all")
    contacts = [contact for _, contact in answer["whose"]["contacts"]]
    emails = [row["email"] for row in answer["delivered"]["input_contacts"] if row["email"]]
    known_by = [*contacts, *answer["whose"]["profile_ids"], *emails]
    files = {noted.warehouse.name: noted.warehouse}
    files |= {f"published/{file.name}": file for file in noted.published.parent.glob("*.duckdb")}
    assert len(files) == 3
    for place, file in files.items():
        held = answer["held"][place]
        assert keyed_tables(file) - set(held) == set()
        found = holds_text(file, known_by)
        assert found
        assert {table: rows for table, rows in found.items() if held[table]["rows"] < rows} == {}, place
        if file == noted.warehouse:
            assert {table for table in found if not held[table]["told"]} == set()


def test_a_table_that_the_walk_forgets_is_seen(noted: Workshop) -> None:
    whole = {table.title for table in walked(noted)["build.duckdb"]}
    forgetful = tables_of

    def without_one(connection: duckdb.DuckDBPyConnection, catalog: str) -> list[Table]:
        return [table for table in forgetful(connection, catalog) if table.title != "core.fct_orders"]

    with mock.patch("rekindle.forget.finding.tables_of", without_one):
        left = {table.title for table in walked(noted)["build.duckdb"]}
    assert keyed_tables(noted.warehouse) - whole == set()
    assert keyed_tables(noted.warehouse) - left == {"core.fct_orders"}


# --- Files ------------------------------------------------------------------------------------------------------------


def test_an_answer_is_private_whatever_the_umask_and_its_name_says_nothing(street: Workshop) -> None:
    before = os.umask(0)
    try:
        _, _, said = asked(street, "--contact", "pos:ann:of the till")
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o777 for path in street.access.rglob("*") if path.is_dir()}
    assert modes | {street.access.stat().st_mode & 0o777} == {0o700}
    assert {path.stat().st_mode & 0o777 for path in files_of(street)} == {0o600}
    for file in files_of(street):
        assert re.fullmatch(r"[0-9a-f]{32}", file.stem)
        assert file.parent.name == file.stem
        assert str(file.with_suffix(".html")) in said.text
    assert not [
        value
        for value in ("of the till", "ann_web", "example.com", "7946", "0009001")
        if value in said.text.replace(str(street.root), "")
    ]


def test_the_page_runs_nothing_and_loads_nothing(street: Workshop) -> None:
    _, page, _ = asked(street, "--contact", "pos:ann:of the till")
    assert "&lt;script&gt;alert(1)" in page
    assert re.search(r"<(script|img|link|iframe|a|form)\b|\bon\w+=|https?://", page) is None
    assert "default-src 'none'" in page


@pytest.mark.parametrize(("where", "call_number"), [
    ("rekindle.forget.answers:_write", 1), ("rekindle.forget.answers:_write", 2), ("rekindle.forget.answers:sync", 2),
    ("rekindle.forget.answers:replace_file", 1),
])  # fmt: skip
def test_an_answer_is_whole_or_not_there_wherever_it_was_killed(street: Workshop, where: str, call_number: int) -> None:
    shutil.rmtree(street.access, ignore_errors=True)
    street.kill(where, call_number, "access", "--contact", "pos:rita_champion")
    assert [path for path in street.access.iterdir() if not path.name.startswith(".unfinished-")] == []
    must(call(street, "--contact", "pos:rita_champion"))
    (folder,) = street.access.iterdir()
    assert len(list(folder.iterdir())) == 2


def test_a_full_disk_is_one_sentence_and_leaves_nothing(street: Workshop) -> None:
    shutil.rmtree(street.access, ignore_errors=True)
    with mock.patch.object(answers, "_write", side_effect=OSError(28, "No space left on device")):
        said = call(street, "--contact", "pos:rita_champion")
    assert said.code == 1
    assert "The answer cannot be written (No space left on device)" in said.error
    assert list(street.access.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "Name one: --profile ID or --contact SOURCE:ID."),
        (("--profile", "a", "--contact", "b:c"), "Name one"),
        (("--contact", "rita_champion"), "--contact is SOURCE:ID"),
        (("--contact", "pos:no such record"), "The warehouse knows nobody by that name"),
        (("--profile", "0123456789abcdef"), "The warehouse knows nobody by that name"),
    ],
)
def test_whoever_is_not_known_is_one_sentence_without_the_name(
    street: Workshop, arguments: tuple[str, ...], sentence: str
) -> None:
    shutil.rmtree(street.access, ignore_errors=True)
    said = call(street, *arguments)
    assert said.code == 1
    assert sentence in said.error
    assert "no such record" not in said.text
    assert files_of(street) == []


# --- Erased, and removed in time --------------------------------------------------------------------------------------


def test_erasure_takes_the_answers_about_the_person_and_afterwards_nothing_is_held_but_the_token(
    shop: Workshop,
) -> None:
    must(call(shop, "--contact", "pos:hugo_hard_bounce"))
    of_hugo = files_of(shop)
    must(call(shop, "--contact", "pos:rita_champion"))
    assert len(files_of(shop)) == 4
    told = must(shop.run("erase", "--contact", "pos:rita_champion"))
    assert len(re.findall(r"access/\w+: whole", told.text)) == 1
    assert len(files_of(shop)) == 4, "without --yes nothing changes"
    shop.environment["REKINDLE_ERASURE_KEY"] = KEY
    must(shop.run("erase", "--contact", "pos:rita_champion", "--yes"))
    assert files_of(shop) == of_hugo

    for variables in ({}, {"REKINDLE_ERASURE_KEY": KEY}):
        said = must(call(shop, "--contact", "pos:rita_champion", **variables))
        assert "nothing is held about that record but a keyed token" in said.text
        assert "rita" not in said.text.replace(str(shop.root), "")
    assert files_of(shop) == of_hugo
    with duckdb.connect(str(shop.warehouse)) as connection:
        connection.execute("delete from landing.blocked_contacts")
    assert "but a keyed token" in must(call(shop, "--contact", "pos:rita_champion")).text, "by the token alone"


def put(workshop: Workshop, *contacts: tuple[str, str], kept_days: int = 30) -> Path:
    with mock.patch.dict(os.environ, workshop.variables()):
        whose = {"contacts": [list(each) for each in contacts], "profile_ids": []}
        return answers.put({"about": {"kept_days": kept_days}, "whose": whose}, "a page")


def test_answers_about_somebody_are_found_and_one_that_cannot_be_read_may_be_about_anybody(workshop: Workshop) -> None:
    of_ann, of_bob, damaged = put(workshop, ("pos", "ann")), put(workshop, ("pos", "bob")), put(workshop)
    (damaged / f"{damaged.name}.json").write_text("{", encoding="utf-8")
    (of_bob / f"{of_bob.name}.html").write_text("a page with ann@example.com", encoding="utf-8")
    with mock.patch.dict(os.environ, workshop.variables()):
        assert set(answers.about([("pos", "ann")], [])) == {of_ann, damaged}
        assert set(answers.about([("web", "ann")], ["ann@example.com"])) == {of_bob, damaged}


def test_answers_are_removed_after_their_days_by_purge_and_by_each_run(workshop: Workshop) -> None:
    def age(folder: Path, days: float) -> Path:
        os.utime(folder, (time.time() - days * 86_400,) * 2)
        return folder

    young, old, short = age(put(workshop), 29), age(put(workshop), 31), age(put(workshop, kept_days=1), 2)
    said = must(workshop.run("export_audiences", "purge"))
    assert "Removed 2 answers to requests for access" in said.text
    assert (young.exists(), old.exists(), short.exists()) == (True, False, False)
    old = age(put(workshop), 1)
    must(workshop.run("export_audiences", "purge", "--older-than", "0"))
    assert not young.exists()
    assert not old.exists()
    old, young = age(put(workshop), 31), put(workshop)
    workshop.environment["REKINDLE_FIXTURES"] = str(workshop.root / "no raw files")
    assert workshop.run("run", "--as-of", LAST_AS_OF).code == 1, "the gate stops it: what is old goes before"
    assert (young.exists(), old.exists()) == (True, False)
