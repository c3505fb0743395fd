"""An installation of version 0.1.0 goes on with this one: what it published, decided, sent and forgot stays.

tests/fixtures/upgrade/README.md says how it came to be. The oracle is the backup that the old version wrote: its
Parquet files are read by themselves and compared with what the tables hold afterwards.
"""

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import forked
import pytest
from installation import ASKED, ERASED, SILENT
from kills import LEFT_OVER, UPGRADE, contents, move_in
from workshop import FITS, LAST_AS_OF, Workshop, differences, must, rows

from rekindle.export import runs
from rekindle.ground import paths

NEXT_DAY = "2024-07-02"
MEMORY = paths.PROJECT / "tests" / "fixtures" / "upgrade" / "memory.zip"


@pytest.fixture(autouse=True)
def all_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Builds ask all keys: what an earlier version kept may break them."""
    monkeypatch.setenv(forked.ASK_KEYS, "1")


@pytest.fixture
def old(workshop: Workshop) -> Workshop:
    """The old installation, with its warehouse and its publication."""
    move_in(workshop)
    return workshop


@pytest.fixture
def restored(make_workshop: Callable[..., Workshop], monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """The old installation without warehouse and publication, restored from its backup as the page says."""
    workshop = make_workshop("fixture", "restored")
    move_in(workshop)
    monkeypatch.setenv("REKINDLE_EXPORTS", str(workshop.exports))
    shutil.rmtree(workshop.warehouse.parent)
    shutil.rmtree(workshop.published.parent)
    must(workshop.run("backup", "--restore", str(backup_of(workshop))))
    return workshop


def backup_of(workshop: Workshop) -> Path:
    (folder,) = workshop.backups.iterdir()
    return folder


def lost(warehouse: Path, backup: Path) -> dict[str, int]:
    """Rows of the old backup, by table, that a warehouse does not hold as often as the backup does."""
    found = {}
    with duckdb.connect() as connection:
        connection.execute(f"attach '{warehouse}' as build (read_only)")
        for file in sorted(backup.glob("*.parquet")):
            held = f"read_parquet('{file}')"
            columns = ", ".join(row[0] for row in connection.execute(f"describe from {held}").fetchall())
            (count,) = connection.execute(
                f"select count(*) from "
                f"(select {columns} from {held} except all select {columns} from build.{file.stem})"
            ).fetchall()[0]
            if count:
                found[file.stem] = count
    return found


def added(workshop: Workshop) -> set[str]:
    """Tables of the old backup that hold more rows by now."""
    content = json.loads((backup_of(workshop) / "manifest.json").read_text(encoding="utf-8"))
    names = {f"{table['schema']}.{table['table']}": table["rows"] for table in content["tables"]}
    return {
        name for name, count in names.items() if rows(workshop.warehouse, f"select count(*) from {name}") > [(count,)]
    }


def holders(workshop: Workshop, contact: str) -> list[tuple[object, ...]]:
    source_system, _, contact_id = contact.partition(":")
    return rows(
        workshop.warehouse,
        "select distinct profile_id from identity.contact_profile_history "
        f"where source_system = '{source_system}' and contact_id = '{contact_id}'",
    )


def test_the_old_installation_holds_what_an_upgrade_may_lose(old: Workshop) -> None:
    """Else the tests below would find nothing amiss because there is nothing."""
    held = {file.stem: rows_of(file) for file in backup_of(old).glob("*.parquet")}
    assert min(held.values()) > 0, held
    assert rows(old.warehouse, "select count(distinct segment_month) from segments.rfm_published") == [(5,)]
    assert rows(old.warehouse, "select count(distinct as_of_date) from activation.decisions") == [(4,)]
    assert rows(old.warehouse, "select count(distinct arm) from activation.scenario_entries") == [(2,)]
    assert rows(old.warehouse, "select count(*) > 1 from activation.decisions where outcome = 'selected'") == [(True,)]
    assert holders(old, ERASED) == []
    assert len(holders(old, ASKED)) == 1
    assert "pos:rita" not in (old.erasures / "tokens.csv").read_text(encoding="utf-8")


def rows_of(file: Path) -> int:
    with duckdb.connect() as connection:
        return int(connection.execute(f"select count(*) from read_parquet('{file}')").fetchall()[0][0])


def test_a_backup_of_the_old_version_goes_on_without_losing_a_decision(
    restored: Workshop, upgraded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths._Chosen, "connector", restored.connector)
    sent, forgotten = contents(restored.exports), contents(restored.erasures)
    ledgers = {name for name in sent if name.endswith(".parquet") and "/ledger/" in name}
    assert ledgers
    assert lost(restored.warehouse, backup_of(restored)) == {}

    must(restored.run("run", "--as-of", LAST_AS_OF))
    assert lost(restored.warehouse, backup_of(restored)) == {}
    # its newest date was sealed by an export; what is added is what happened since: this run, and what it sealed
    assert added(restored) == {"run.run_log", "run.sealed_dates"}
    assert contents(restored.erasures) == forgotten
    assert {name: content for name, content in contents(restored.exports).items() if name in sent} == sent
    for manifest in restored.exports.rglob("manifest.json"):
        runs.verify(manifest)
    # the raw rows deliver her again
    assert rows(restored.warehouse, "select count(*) from input.input_contacts where contact_id = 'rita_champion'") == [
        (1,)
    ]
    assert holders(restored, ERASED) == []
    assert rows(restored.warehouse, "select count(*) from landing.blocked_contacts") == [(1,)]

    # the old warehouse, upgraded in place, has lost nothing either: it holds the same, and what nobody makes any more
    in_place = upgraded / UPGRADE.name
    different = set(differences(in_place / "warehouse" / "build.duckdb", restored.warehouse))
    assert different == {*LEFT_OVER, *FITS}
    assert lost(in_place / "warehouse" / "build.duckdb", backup_of(restored)) == {}
    assert contents(in_place / "exports") == contents(restored.exports)

    # who asked before the upgrade is off the platform that never answered, and goes when it does
    ((asked,),) = holders(restored, ASKED)
    (silent,) = [folder for folder in runs.feed_folders() if folder.feed == SILENT]
    newest = silent.runs()[-1]
    assert newest.manifest["counts"]["withdrawn"] == 1
    assert "Waiting     1 remembered" in must(restored.run("erase", "--requests", "--yes")).text
    must(restored.run("export_audiences", "ack", newest.run_id))
    must(restored.run("erase", "--requests", "--yes"))
    assert holders(restored, ASKED) == []
    assert rows(restored.warehouse, f"select count(*) from activation.decisions where profile_id = '{asked}'") == [(0,)]


def test_a_month_that_was_published_before_there_was_a_value_stays_as_it_was(upgraded: Path) -> None:
    warehouse = upgraded / UPGRADE.name / "warehouse" / "build.duckdb"
    known = "segment_month::varchar, count(expected_loss_amount) > 0, count(is_costly_decline) > 0"
    told = rows(warehouse, f"select {known} from segments.segment_moves group by all order by all")
    assert told == [(f"2024-0{month}-01", month == 6, month == 6) for month in range(2, 7)]
    for table in ("value_published", "silence_published", "traits_published"):
        months = rows(warehouse, f"select distinct segment_month::varchar from segments.{table}")
        assert months == [("2024-06-01",)], table


@pytest.mark.parametrize(
    "command",
    [
        ("publish",),
        ("run", "--as-of", NEXT_DAY, "--daily"),
        ("erase", "--contact", ASKED, "--now", "--yes"),
        ("export_audiences", "export"),
    ],
    ids=lambda command: command[0],
)
def test_before_the_first_run_every_other_command_says_in_one_sentence_to_run(
    old: Workshop, command: tuple[str, ...]
) -> None:
    sent, forgotten, memory = contents(old.exports), contents(old.erasures), lost(old.warehouse, backup_of(old))
    refused = old.run(*command)
    assert refused.code != 0
    assert "Traceback" not in refused.text
    assert "python scripts/run.py" in refused.error
    assert "another version" in refused.error or command[0] == "export_audiences"
    assert (contents(old.exports), contents(old.erasures), lost(old.warehouse, backup_of(old))) == (
        sent,
        forgotten,
        memory,
    )


# what 0.1.0 did not keep yet
KEPT_SINCE = {
    *("segments.value_published", "segments.silence_published", "segments.traits_published"),
    *("snapshots.value_clusters", "snapshots.silence_tiers", "measurement.verdicts_published"),
    "identity.profile_split_history",
}


def test_a_later_run_and_late_rows_change_nothing_of_what_an_earlier_version_kept(
    make_workshop: Callable[..., Workshop],
) -> None:
    """Clusters, silence, stages, verdicts, who was one person for a while; fixtures/upgrade has how it came to be."""
    workshop = make_workshop("fixture", "remembered")
    with zipfile.ZipFile(MEMORY) as archive:
        archive.extractall(workshop.root)
    held = {file.stem: rows_of(file) for file in backup_of(workshop).glob("*.parquet")}
    assert {table for table in KEPT_SINCE if not held.get(table)} == set()
    must(workshop.run("backup", "--restore", str(backup_of(workshop))))
    assert lost(workshop.warehouse, backup_of(workshop)) == {}

    must(workshop.run("run", "--as-of", "2024-06-15", "--no-export"))
    assert lost(workshop.warehouse, backup_of(workshop)) == {}
    # the order that came late is seen, and what was published of her stays
    question = (
        "select count(*) from segments.rfm_restatements inner join identity.contact_profiles using (profile_id) "
        "where contact_id = 'rita_champion' and published_frequency + 1 = restated_frequency"
    )
    assert rows(workshop.warehouse, question) > [(0,)]
    # who was one person for a while, and who was one until a link was taken back
    parted = rows(workshop.warehouse, "select count(distinct profile_id) from identity.profile_split_history")
    assert parted > [(held["identity.profile_split_history"],)]
