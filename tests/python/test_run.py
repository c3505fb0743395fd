"""The monthly run: months in order, unfinished dates first, late data restated and never rewritten, the brake."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import forked
import pytest
from people_project import copy_files
from workshop import FITS, FIXTURES, LAST_AS_OF, Said, Workshop, differences, digest, must, rows

from rekindle.ground.warehouse import only_command

ADVANCE = "rekindle.ground.progress:Progress.advance"  # each step of dbt that ends
MEMORY = (
    *("segments.rfm_published", "segments.value_published", "segments.silence_published", "segments.traits_published"),
    *("snapshots.rfm_segments", "snapshots.value_clusters", "snapshots.silence_tiers"),
)


def is_decided(table: str) -> bool:
    """Whether a table depends on the days that were decided on: a run decides each time, a replay only at its end."""
    counts = ("measurement.customer_base", "measurement.deliverability", "measurement.segment_transitions")
    return table.startswith(("activation.", "audiences.", "measurement.")) and table not in counts


def test_a_killed_build_is_not_published_and_is_finished_before_the_next_one(
    workshop: Workshop, april_warehouse: Path, fixture_warehouse: Path
) -> None:
    workshop.start_from(april_warehouse)
    must(workshop.run("publish"))
    published = digest(workshop.published)

    workshop.kill(ADVANCE, 150, "run", "--as-of", "2024-06-01", "--accept", "2024-05")
    refused = workshop.run("publish")
    assert refused.code == 1
    assert refused.error == (
        "The build as of 2024-06-01 did not finish, so nothing is published: "
        "finish it with `python scripts/run.py --as-of 2024-06-01 --connector fixture`."
    )
    assert digest(workshop.published) == published

    said = must(workshop.run("run", "--as-of", LAST_AS_OF, "--accept", "2024-05"))
    assert "The build as of 2024-06-01 did not finish: finishing it first." in said.text
    different = [name for name in differences(workshop.warehouse, fixture_warehouse) if not is_decided(name)]
    assert different == FITS, "month by month it gives what a replay gives"
    assert rows(workshop.published, "select as_of_date::varchar from _published") == [(LAST_AS_OF,)]


@pytest.mark.parametrize(
    ("as_of", "sentence"),
    [
        (LAST_AS_OF, "The newest published month is 2024-04 and an as-of date of 2024-07-01 would skip 2024-05"),
        ("2024-03-15", "This warehouse stands as of 2024-05-01 and cannot go back to 2024-03-15"),
    ],
)
def test_a_date_that_skips_a_month_or_goes_back_is_refused(
    as_of: str, sentence: str, workshop: Workshop, april_warehouse: Path
) -> None:
    workshop.start_from(april_warehouse)
    for said in (
        workshop.run("run", "--as-of", as_of),
        workshop.dbt("run", "--select", "order_totals", "--vars", f"{{connector: fixture, as_of_date: {as_of}}}"),
    ):
        assert said.code != 0
        assert sentence in said.text
        assert "python scripts/" in said.text, "it says what to do"
    assert differences(workshop.warehouse, april_warehouse) == []
    assert rows(workshop.warehouse, "select count(*) from run.run_log") == rows(
        april_warehouse, "select count(*) from run.run_log"
    )


def test_a_model_that_fails_leaves_its_old_table(workshop: Workshop, fixture_warehouse: Path) -> None:
    workshop.start_from(fixture_warehouse)
    with duckdb.connect(str(workshop.warehouse)) as connection:  # the sum of two is too large for its column
        connection.execute("update core.fct_orders set net_amount = 9999999999999999.99")
        connection.execute("insert into core.fct_orders from core.fct_orders")
    settings = f"{{connector: fixture, as_of_date: {LAST_AS_OF}}}"
    failed = workshop.dbt("run", "--select", "profile_days", "offer_choices", "--vars", settings)
    assert failed.code == 1, failed.text
    assert "Conversion Error" in failed.text
    assert differences(workshop.warehouse, fixture_warehouse) == ["core.fct_orders"]
    assert rows(workshop.warehouse, "select count(*) > 0 from scenarios.offer_choices") == [(True,)]


def test_a_plain_build_in_which_anything_failed_is_not_finished(workshop: Workshop, fixture_warehouse: Path) -> None:
    workshop.start_from(fixture_warehouse)
    # unit tests, which dbt counts among the results and not among what was chosen, do not make up for what failed
    settings = f"{{connector: fixture, as_of_date: {LAST_AS_OF}, max_rejected_share: 0}}"
    failed = workshop.dbt("build", "--quiet", "--vars", settings)
    assert failed.code == 1, failed.text
    assert "Not finished: tables may be of different dates" in failed.text
    newest = "select command_scope, finished_at from run.run_log order by started_at desc limit 1"
    assert rows(workshop.warehouse, newest) == [("full", None)]


def test_a_dead_feed_is_not_published_until_somebody_accepts_it(workshop: Workshop, fixture_warehouse: Path) -> None:
    workshop.start_from(fixture_warehouse)
    must(workshop.run("publish"))
    published = digest(workshop.published)

    held = workshop.run("run", "--as-of", "2024-08-01")
    assert held.code == 1
    assert "Stopped     The month is held back: the newest order is too old: the order feed may be dead" in held.text
    assert "skipped" in held.text
    assert digest(workshop.published) == published
    assert [name for name in differences(workshop.warehouse, fixture_warehouse) if name in MEMORY] == []

    must(workshop.run("run", "--as-of", "2024-08-01", "--accept", "2024-07"))
    assert rows(workshop.published, "select max(segment_month)::varchar from segments.rfm_published") == [
        ("2024-07-01",)
    ]


def test_a_full_disk_harms_nothing_the_same_input_gives_equal_tables_and_late_data_never_changes_what_was_published(
    workshop: Workshop, fixture_warehouse: Path
) -> None:
    workshop.start_from(fixture_warehouse)
    must(workshop.run("publish"))
    published = digest(workshop.published)
    # room for eight blocks of the database, which has some hundred tables
    full = workshop.run("run", "--as-of", LAST_AS_OF, largest_file=2_000_000)
    assert full.code == 1
    assert "File too large" in full.text or "is full" in full.text, full.text
    assert "Traceback" not in full.text
    assert [name for name in differences(workshop.warehouse, fixture_warehouse) if name in MEMORY] == []
    small = workshop.run("publish", largest_file=100_000)
    assert small.code == 1
    assert "Traceback" not in small.text
    assert digest(workshop.published) == published

    said = must(workshop.run("run", "--as-of", LAST_AS_OF))
    assert differences(workshop.warehouse, fixture_warehouse) == FITS
    assert "  Went down a segment    3 due, 1 without consent, 1 suppressed, 1 go out\n" in said.text
    assert "Not ready" not in said.text

    late = workshop.root / "late"
    shutil.copytree(FIXTURES, late, dirs_exist_ok=True)
    with (late / "orders.csv").open("a", encoding="utf-8") as orders:
        orders.write(
            "pos,late_order,stan_goes_down,ghent,store,2024-05-10 10:00:00,2024-05-10 10:00:00,completed,,EUR,"
            "2024-07-01 06:00:00\n"
        )
    workshop.environment["REKINDLE_FIXTURES"] = str(late)
    must(workshop.run("run", "--as-of", LAST_AS_OF))
    changed = differences(workshop.warehouse, fixture_warehouse)
    assert "segments.rfm_monthly" in changed
    assert "segments.rfm_restatements" in changed
    assert [name for name in changed if name in (*MEMORY, "segments.segment_moves")] == []
    assert rows(
        workshop.warehouse,
        "select distinct segment_month::varchar from segments.rfm_restatements order by 1",
    ) == [("2024-05-01",), ("2024-06-01",)]


def test_a_day_reads_the_seeds_that_were_edited_since_the_last_run_and_refuses_rows_that_cannot_be(
    workshop: Workshop, fixture_warehouse: Path, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    copy_files(project, {"max_rejected_share": 0.99})
    workshop.start_from(fixture_warehouse)
    workshop.environment["REKINDLE_FIXTURES"] = str(FIXTURES)
    seed = project / "seeds" / "config" / "suppressions.csv"
    header, output = seed.read_text(encoding="utf-8"), tmp_path / "output"

    def day(row: str) -> Said:
        seed.write_text(f"{header}{row}\n", encoding="utf-8")
        output.unlink(missing_ok=True)
        command = ("scripts/run.py", "--connector", "fixture", "--daily", "--as-of", LAST_AS_OF, "--no-publish")
        code = forked.call(command, workshop.variables(), project, output)
        return Said(code, output.read_text(encoding="utf-8"))

    decided = "select profile_id, closed_gate from activation.decisions where as_of_date = '2024-07-01' order by 1, 2"
    before = rows(workshop.warehouse, decided)
    person = next(str(profile_id) for profile_id, closed_gate in before if closed_gate is None)
    for row, told in (
        (f"{person},fax,asked by phone,2024-01-01,", "Seed suppressions, row fax, asked by phone: channel is fax: "),
        (f"{person.upper()},*,asked by phone,2024-01-01,", "asked by phone: profile_id is none: write it as in "),
    ):
        refused = day(row)
        assert refused.code == 1, refused.text
        assert told in refused.text
        assert refused.error.startswith("The seeds that a day reads are not as they must be (see above)")
        assert rows(workshop.warehouse, decided) == before

    asked = f"{person},*,asked by phone,2024-01-01,"
    assert "read again" in must(day(asked)).text
    now = {closed_gate for profile_id, closed_gate in rows(workshop.warehouse, decided) if profile_id == person}
    assert now <= {"not_suppressed", "consented", "has_address", "not_stopped", "not_erased"}
    assert "not_suppressed" in now
    assert "read again" not in must(day(asked)).text, "what is loaded is not loaded again"


def test_the_empty_connector_builds_and_publishes_empty_tables(make_workshop: Callable[..., Workshop]) -> None:
    empty = make_workshop("empty")
    said = must(empty.run("run"))
    assert "none published yet: no month with orders is closed" in said.text
    assert "Decided     no step was due" in said.text
    assert (
        "Not ready   abandoned_cart lacks carts.cart_amount, carts.items,\n              carts.updated_at" in said.text
    )
    assert rows(empty.published, "select count(*) from segments.rfm_published") == [(0,)]


def test_a_locked_warehouse_is_one_sentence_with_the_process(workshop: Workshop, april_warehouse: Path) -> None:
    workshop.start_from(april_warehouse)
    with duckdb.connect(str(workshop.warehouse)):
        for script in ("run", "publish", "backup"):
            said = workshop.run(script)
            assert said.code == 1
            assert f"{workshop.warehouse} is locked by process {os.getpid()} (python" in said.text
            assert "close that program" in said.text
            assert said.text.count("\n") == 1, said.text
    assert differences(workshop.warehouse, april_warehouse) == []


def test_two_commands_on_one_warehouse_do_not_overlap(workshop: Workshop, april_warehouse: Path) -> None:
    workshop.start_from(april_warehouse)
    with only_command(workshop.warehouse):
        said = workshop.run("publish")
    assert said.code == 1
    assert f"is in use by process {os.getpid()}: wait for it to end" in said.error
