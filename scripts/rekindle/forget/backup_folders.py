"""Backups as erasure meets them: which there are, their tables, and one written anew in the place of another."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from rekindle.forget.tables import Table
from rekindle.ground import paths
from rekindle.ground.files import replace_file
from rekindle.ground.quoting import parquet


def backup_folders() -> list[Path]:
    """Complete backups, what a killed erasure left put in order first."""
    sweep_backups()
    return sorted(file.parent for file in paths.backups().glob("*/manifest.json") if file.parent.name[0] != ".")


def manifest_of(folder: Path) -> dict[str, Any]:
    """What a backup says about itself."""
    content: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return content


def backup_tables(connection: duckdb.DuckDBPyConnection, folder: Path) -> Iterator[Table]:
    """Every table of a backup, in the order of its manifest."""
    for entry in manifest_of(folder)["tables"]:
        rows = parquet(folder / entry["file"])
        described = connection.execute(f"describe select * from {rows}").fetchall()
        texts = [row[0] for row in described if row[1] == "VARCHAR"]
        yield Table(entry["schema"], entry["table"], [row[0] for row in described], texts, rows)


def put_backup(new: Path, folder: Path) -> None:
    """A backup written anew in the place of the old one; sweep_backups() ends what a kill leaves."""
    old = folder.with_name(f".old-{folder.name}")
    folder.rename(old)
    replace_file(new, folder)
    shutil.rmtree(old)


def sweep_backups() -> None:
    """Puts backups in order of which put_backup() was killed, and removes what was never finished."""
    for old in paths.backups().glob(".old-*"):
        folder = old.with_name(old.name.removeprefix(".old-"))
        if not folder.exists():
            replace_file(old.with_name(f".new-{folder.name}"), folder)
        shutil.rmtree(old)
    for new in paths.backups().glob(".new-*"):
        shutil.rmtree(new)
