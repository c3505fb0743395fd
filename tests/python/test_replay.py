"""Replaying months: interrupted anywhere it gives the same, and it never harms the warehouse in use."""

import datetime
import json
import os
from pathlib import Path

import duckdb
import pytest
from workshop import ACCEPTED, FIRST_MONTH, LAST_MONTH, Workshop, differences, digest, must, rows

from rekindle.ground import paths
from rekindle.ground.errors import RekindleError
from rekindle.ground.warehouse import use_warehouse
from rekindle.run.replay_notes import fingerprint_of, note_start
from rekindle.run.replaying import MODELS_ONLY, _refuse_months_before_data

ADVANCE = "rekindle.ground.progress:Progress.advance"  # each step of dbt that ends
UNLOOKED = ("--from", FIRST_MONTH, "--to", LAST_MONTH)
MONTHS = (*UNLOOKED, *ACCEPTED)


def test_a_replay_killed_anywhere_and_called_again_gives_what_an_uninterrupted_one_gives(
    workshop: Workshop, fixture_warehouse: Path
) -> None:
    workshop.start_from(fixture_warehouse)
    with duckdb.connect(str(workshop.warehouse)) as connection:
        connection.execute("drop table run.replays")  # else nothing would be left to do
    old = digest(workshop.warehouse)

    workshop.kill(ADVANCE, 60, "replay", *MONTHS)  # while customers and facts are built
    braked = workshop.run("replay", *UNLOOKED)
    assert braked.code == 1, "the brake holds in a replay as well"
    assert "Stopped     The month is held back: far more customers went down than usual" in braked.text
    assert "run again with --accept YYYY-MM" in braked.text

    workshop.kill(ADVANCE, 4, "replay", *MONTHS)  # in the first month
    between_months = workshop.kill("rekindle.run.replaying:Steps.run", 2, "replay", *MONTHS)
    assert "customers and facts" not in between_months.text, "what was finished is not built again"
    workshop.kill(ADVANCE, 40, "replay", *MONTHS)  # in the last, with what is wanted once
    workshop.kill("rekindle.run.swapping:replace_file", 1, "replay", *MONTHS)  # before the swap
    assert digest(workshop.warehouse) == old, "nothing touches the warehouse in use before the swap"
    workshop.kill("rekindle.run.swapping:shutil.rmtree", 1, "replay", *MONTHS)  # right after it

    ended = must(workshop.run("replay", *MONTHS))
    assert "nothing changed since" in ended.text
    different = differences(workshop.warehouse, fixture_warehouse)
    assert [name for name in different if not name.startswith("audiences.")] == []
    # the decisions of the file that was replaced stand: nothing leaves before the next run
    assert rows(workshop.warehouse, "select count(*) from audiences.audience_members") == [(0,)]
    assert not (workshop.warehouse.parent / "replay").exists()
    assert len(list(workshop.backups.iterdir())) == 2, "the memory of the old file was backed up before each swap"


def test_a_replay_of_what_is_there_already_does_nothing(workshop: Workshop, fixture_warehouse: Path) -> None:
    workshop.start_from(fixture_warehouse)
    assert "nothing changed since" in must(workshop.run("replay", *MONTHS)).text
    assert digest(workshop.warehouse) == digest(fixture_warehouse)


def test_a_replay_that_would_drop_published_months_is_refused(workshop: Workshop, fixture_warehouse: Path) -> None:
    workshop.start_from(fixture_warehouse)
    said = workshop.run("replay", "--from", "2024-04", "--to", "2024-06")
    assert said.code == 1
    assert said.error == (
        "The warehouse has published 2024-02 to 2024-03, which a replay of 2024-04 to 2024-06 would drop: "
        "replay 2024-02 to 2024-06, or use --force."
    )
    assert digest(workshop.warehouse) == digest(fixture_warehouse)


def test_the_warehouse_in_use_keeps_the_spelling_that_dbt_has_parsed_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spelt = os.path.relpath(tmp_path / "build.duckdb", paths.PROJECT)
    monkeypatch.setenv("REKINDLE_WAREHOUSE", spelt)
    use_warehouse(tmp_path / "build.duckdb")
    assert os.environ["REKINDLE_WAREHOUSE"] == spelt
    use_warehouse(tmp_path / "replay" / "build.duckdb")
    assert paths.warehouse() == tmp_path / "replay" / "build.duckdb"


def test_months_before_the_first_order_are_refused(tmp_path: Path) -> None:
    warehouse = tmp_path / "build.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema core")
        connection.execute("create table core.profile_days as select date '2024-03-15' as order_date")
    _refuse_months_before_data(warehouse, datetime.date(2024, 3, 1))
    with pytest.raises(RekindleError, match=r"The first order is of 2024-03-15: replay from 2024-03 on"):
        _refuse_months_before_data(warehouse, datetime.date(2024, 2, 1))


def test_the_fingerprint_changes_with_the_data_and_with_what_is_asked_for(tmp_path: Path) -> None:
    data = tmp_path / "orders.csv"
    january, june = datetime.date(2024, 1, 1), datetime.date(2024, 6, 1)
    data.write_text("a,b\n1,2\n", encoding="utf-8")
    before = fingerprint_of([data], "fixture", january, june)
    assert fingerprint_of([data], "fixture", january, june) == before
    assert fingerprint_of([data], "fixture", january, datetime.date(2024, 5, 1)) != before
    assert fingerprint_of([data], "empty", january, june) != before
    data.write_text("a,b\n1,3\n", encoding="utf-8")
    assert fingerprint_of([data], "fixture", january, june) != before


def test_every_month_is_published_once_with_the_date_it_was_known(fixture_warehouse: Path) -> None:
    assert rows(
        fixture_warehouse,
        "select strftime(segment_month, '%Y-%m'), cast(min(published_as_of_date) as varchar), "
        "count(*) = count(distinct profile_id) from segments.rfm_published group by all order by all",
    ) == [(f"2024-0{month}", f"2024-0{month + 1}-01", True) for month in range(2, 7)]


def test_a_new_history_still_knows_who_was_one_person_and_which_address_a_record_held(tmp_path: Path) -> None:
    old, new = tmp_path / "old.duckdb", tmp_path / "new.duckdb"
    kept = ("contact_address_history", "contact_profile_history", "profile_split_history")
    with duckdb.connect(str(old)) as connection:
        connection.execute("create schema identity")
        for table in (*kept, "contact_profiles"):
            connection.execute(f"create table identity.{table} as select '{table}' as said_before")
    month = datetime.date(2024, 1, 1)
    use_warehouse(new)
    note_start(new, "fingerprint", month, month, carried_from=old)
    held = rows(new, "select table_name from duckdb_tables() where schema_name = 'identity' order by all")
    assert held == [(table,) for table in kept], "what the raw data says again is built again"
    assert [rows(new, f"select said_before from identity.{table}") for table in kept] == [[(table,)] for table in kept]


@pytest.mark.parametrize("selector", MODELS_ONLY)
def test_what_a_replay_runs_as_models_only_names_neither_tests_nor_snapshots(workshop: Workshop, selector: str) -> None:
    listed = must(
        workshop.dbt("--quiet", "ls", "--selector", selector, "--output", "json", "--output-keys", "resource_type")
    )
    kinds = [json.loads(line)["resource_type"] for line in listed.text.splitlines() if line.startswith("{")]
    assert len(kinds) > 30
    assert set(kinds) == {"model"}
