"""Backups hold the project's memory: a fresh warehouse filled from one goes on as if nothing had happened."""

import json
from pathlib import Path

import pytest
from workshop import LAST_AS_OF, Workshop, differences, digest, must, rows, tables

from rekindle.ground.errors import RekindleError
from rekindle.run.backups import restore


def test_a_warehouse_restored_from_a_backup_goes_on_as_if_nothing_had_happened(
    workshop: Workshop, fixture_warehouse: Path
) -> None:
    workshop.start_from(fixture_warehouse)
    must(workshop.run("backup"))
    must(workshop.run("backup"))
    folders = sorted(path.name for path in workshop.backups.iterdir())
    assert folders == [f"{LAST_AS_OF}_1", f"{LAST_AS_OF}_2"]
    folder = workshop.backups / folders[0]
    content = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    kept = sorted(f"{table['schema']}.{table['table']}" for table in content["tables"])
    assert {
        "segments.rfm_published",
        "snapshots.rfm_segments",
        "identity.contact_profile_history",
        "identity.contact_address_history",
        "run.run_log",
        "landing.phone_numbers",
        "landing.email_addresses",
        "landing.clv_parameters",
    } <= set(kept)

    refused = workshop.run("backup", "--restore", str(folder))
    assert refused.code == 1
    assert "restored into a fresh warehouse only" in refused.error

    workshop.warehouse.unlink()
    must(workshop.run("backup", "--restore", str(folder)))
    assert tables(workshop.warehouse, *{name.split(".")[0] for name in kept}) == kept
    question = "select * from run.run_log order by started_at"
    assert rows(workshop.warehouse, question) == rows(fixture_warehouse, question)

    skipping = workshop.run("run", "--as-of", "2024-09-01")
    assert "would skip 2024-07" in skipping.text, "it knows what was published"
    must(workshop.run("run", "--as-of", LAST_AS_OF))
    assert differences(workshop.warehouse, fixture_warehouse) == []


def test_a_backup_that_was_changed_is_not_restored(workshop: Workshop, april_warehouse: Path, tmp_path: Path) -> None:
    workshop.start_from(april_warehouse)
    must(workshop.run("backup"))
    (folder,) = workshop.backups.iterdir()
    spoiled = folder / "segments.rfm_published.parquet"
    before = digest(spoiled)
    spoiled.write_bytes(spoiled.read_bytes()[:-1] + b"x")
    assert digest(spoiled) != before
    with pytest.raises(RekindleError, match="is missing or was changed after the backup"):
        restore(folder, tmp_path / "build.duckdb")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(RekindleError, match="is not a backup"):
        restore(tmp_path, tmp_path / "build.duckdb")
