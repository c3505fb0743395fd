"""Erasure: a person is taken out of every table, ledger, backup, publication and export, and kept out.

Nothing is deleted in place: in DuckDB, deleted rows leave their bytes behind. Every file that holds the person is
written anew without them and put in the place of the old one, the warehouse last: until then it knows who the person
is, so an erasure that was killed is finished by calling it again.
"""

import json
import shutil
from pathlib import Path

import duckdb

from rekindle.forget import blocking, in_lake, traces
from rekindle.forget.backup_folders import backup_folders, backup_tables, manifest_of, put_backup
from rekindle.forget.finding import Warehouse, workplace
from rekindle.forget.looking import Report, look_for
from rekindle.forget.people import People
from rekindle.forget.tables import ANONYMISED, Table, attached, publications, tables_of
from rekindle.ground import paths
from rekindle.ground.files import checksum, replace_file, sync
from rekindle.ground.quoting import name, parquet, text
from rekindle.ground.warehouse import write_ahead_log

# What the sentence of an error says after its cause.
ADVICE = "mend the cause and run the same command again; what is not replaced yet is as it was"


def waiting_feeds(warehouse: Warehouse, people: People) -> list[str]:
    """Feeds whose platform may still hold them."""
    found = traces.find(warehouse.connection, people.profile_ids, people.addresses)
    return [each.folder.feed for each in found if each.is_waiting]


def erase(warehouse: Warehouse, people: People, key: bytes) -> Report:
    """Takes them out of everything; returns where they were. Safe to call again when it was killed."""
    report = look_for(warehouse, people)
    blocking.add_tokens(key, people.token_names, warehouse.as_of)
    traces.erase(warehouse.connection, report.exports, people.profile_ids, people.addresses)
    for folder in backup_folders():
        if report.holds(f"backups/{folder.name}"):
            _rewrite_backup(warehouse.connection, folder, people)
    for folder in report.folders:
        shutil.rmtree(folder)
    for file in publications():
        if report.holds(f"published/{file.name}"):
            with attached(warehouse.connection, file):
                new = _written_anew(warehouse.connection, file, people)
            _put(new, file)
    if isinstance(warehouse, in_lake.LakeWarehouse):
        report.left += in_lake.erase(warehouse, people, report.places["lake"])
        return report
    # always: tables that were built again since have left the bytes of earlier ones in the file
    new = _written_anew(warehouse.connection, warehouse.file, people)
    _put(new, warehouse.file)
    return report


def _written_anew(connection: duckdb.DuckDBPyConnection, file: Path, people: People) -> Path:
    """A copy of an attached file that never held them, under the same name in a folder beside it."""
    catalog, new = file.stem, workplace(file) / file.name
    shutil.rmtree(new.parent, ignore_errors=True)
    new.parent.mkdir(mode=0o700)
    ((version,),) = connection.execute(
        "select tags['storage_version'] from duckdb_databases() where database_name = ?", [catalog]
    ).fetchall()
    storage = f" (storage_version {text(str(version).rstrip('+'))})" if version else ""
    connection.execute(f"attach {text(new)} as compacted{storage}")
    try:
        connection.execute(f"copy from database {name(catalog)} to compacted (schema)")
        for table in tables_of(connection, catalog):
            place = f"{name(table.schema)}.{name(table.table)}"
            rows = f"select * from {table.rows} where not {table.names(people)}"
            if table.table in ANONYMISED:
                nobody = f"case when not {table.names(people)} then profile_id end as profile_id"
                rows = f"select * replace ({nobody}) from {table.rows}"
            connection.execute(f"insert into compacted.{place} {rows}")
            if table.title == "landing.blocked_contacts" and people.contacts:
                connection.execute(f"insert into compacted.{place} {blocking.digests_of(people.contacts)}")
        connection.execute("checkpoint compacted")
    finally:
        connection.execute("detach compacted")
    new.chmod(paths.PUBLICATIONS.get(file.name, 0o600))
    return new


def _put(new: Path, file: Path) -> None:
    """The new file in the place of the old one. The old one's log was written into it when it was opened."""
    write_ahead_log(file).unlink(missing_ok=True)
    replace_file(new, file)
    shutil.rmtree(new.parent, ignore_errors=True)


def _rewrite_backup(connection: duckdb.DuckDBPyConnection, folder: Path, people: People) -> None:
    """The same backup without them: a new folder, put in the place of the old one."""
    new = folder.with_name(f".new-{folder.name}")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    content = manifest_of(folder)
    tables: list[Table] = list(backup_tables(connection, folder))
    for entry, table in zip(content["tables"], tables, strict=True):
        file = new / entry["file"]
        connection.execute(
            f"copy (select * from {table.rows} where not {table.names(people)}) to {text(file)} (format parquet)"
        )
        sync(file)
        counted = connection.execute(f"select count(*) from {parquet(file)}").fetchone()
        entry |= {"rows": int(counted[0]) if counted else 0, "sha256": checksum(file)}
    (new / "manifest.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    sync(new / "manifest.json")
    put_backup(new, folder)
