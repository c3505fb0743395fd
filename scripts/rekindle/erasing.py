"""Erasure: a person is taken out of every table, ledger, backup, publication and export, and kept out.

Nothing is deleted in place: in DuckDB, deleted rows leave their bytes behind. Every file that holds the person is
written anew without them and put in the place of the old one, the warehouse last: until then it knows who the person
is, so an erasure that was killed is finished by calling it again.
"""

import contextlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from rekindle import blocking, forgetting, paths
from rekindle.backups import put_backup, sweep_backups
from rekindle.blocking import Request
from rekindle.contract import entities
from rekindle.errors import RekindleError, without_values
from rekindle.files import checksum, private_files, replace_file, sync
from rekindle.quoting import name, text
from rekindle.warehouse import checkpoint, has_table, must_hold, read_runs, write_ahead_log

Contact = tuple[str, str]
# Rows that stay and lose their person: the till's total must stay what it was.
ANONYMISED = ("fct_orders", "fct_order_lines")
# Look-ups by raw value, which may be spelled like no address of theirs.
RAW_ADDRESSES = {("landing", "phone_numbers"): "raw_phone", ("landing", "email_addresses"): "raw_email"}
PUBLICATIONS = ("rekindle.duckdb", "activation.duckdb")


@dataclass(frozen=True)
class People:
    """Who is to be erased, by everything the project knows them by. Several persons at once are one set."""

    contacts: frozenset[Contact] = frozenset()
    profile_ids: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()  # e-mails and phones of theirs alone
    token_names: frozenset[str] = frozenset()  # what blocks a new delivery

    def __or__(self, other: "People") -> "People":
        return People(
            self.contacts | other.contacts,
            self.profile_ids | other.profile_ids,
            self.addresses | other.addresses,
            self.token_names | other.token_names,
        )

    def are_in(self, columns: Iterable[str], texts: Iterable[str]) -> str:
        """The SQL condition for a row that names one of them; `texts`: the columns that hold text."""
        known_by = ", ".join(map(text, sorted(self.profile_ids | self.addresses)))
        conditions = [f"{name(column)} in ({known_by})" for column in texts] if known_by else []
        pairs = ", ".join(f"({text(system)}, {text(contact)})" for system, contact in sorted(self.contacts))
        for system, contact in (("source_system", "contact_id"), ("linked_source_system", "linked_contact_id")):
            if {system, contact} <= set(columns) and pairs:
                conditions.append(f"({system}, {contact}) in ({pairs})")
        return f"coalesce({' or '.join(conditions) or 'false'}, false)"


@dataclass
class Report:
    """Where the people are, or were: rows per place. Never a value."""

    places: dict[str, dict[str, int]] = field(default_factory=dict)
    exports: list[forgetting.Traces] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)  # removed whole

    def add(self, place: str, counts: dict[str, int]) -> None:
        """Notes the tables of a place that hold rows of them."""
        found = {table: rows for table, rows in counts.items() if rows}
        if found:
            self.places[place] = found

    def lines(self) -> Iterator[str]:
        """The report, for people."""
        for place, counts in self.places.items():
            yield f"{place}: {sum(counts.values()):,} rows"
            for table, rows in counts.items():
                yield f"  {table:<44} {rows:>7,}"
        for traces in self.exports:
            yield f"exports/{traces}"
        for folder in self.folders:
            yield f"{folder}: removed whole"


class Warehouse:
    """The warehouse, opened read-only in a connection that can also read Parquet and write other files."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, file: Path) -> None:
        self.connection = connection
        self.file = file
        connection.execute(f"attach {text(file)} as {name(file.stem)} (read_only)")
        connection.execute(f"use {name(file.stem)}")
        runs = [run for run in read_runs(connection) if run.is_finished]
        if not runs or not has_table(connection, "identity", "contact_profile_history"):
            raise RekindleError(f"{file} holds no finished build, so nobody can be found in it: build first.")
        must_hold(
            connection, {("identity", "contact_profiles"): ["profile_id"], ("input", "input_consents"): ["address"]}
        )
        self.as_of = max(run.as_of_date for run in runs)
        self.connector = runs[-1].connector

    def person_of(self, source_system: str, contact_id: str) -> People:
        """The person a contact record belongs to; no profile when the warehouse does not know the record."""
        contact = (source_system, contact_id)
        found = self._column(
            "select profile_id from identity.contact_profiles where source_system = ? and contact_id = ?", contact
        ) or self._column(
            "select profile_id from identity.contact_profile_history where source_system = ? and contact_id = ? "
            "order by first_as_of_date desc, profile_id limit 1",
            contact,
        )
        person = self.person(found[0]) if found else People()
        return person | People(contacts=frozenset([contact]), token_names=frozenset(["|".join(("contact", *contact))]))

    def person(self, profile_id: str) -> People:
        """The person with this profile id, today's or an earlier one, under all ids and with all contact records."""
        today = self._column(
            "select new_profile_id from identity.profile_merges where old_profile_id = ?", [profile_id]
        )
        profile_id = today[0] if today else profile_id
        ids = {profile_id}
        ids |= set(
            self._column("select old_profile_id from identity.profile_merges where new_profile_id = ?", [profile_id])
        )
        contacts: set[Contact] = set()
        while True:  # a record that is gone may have had an id before that nobody else has
            known = len(ids), len(contacts)
            contacts |= set(
                self._pairs("select source_system, contact_id from identity.contact_profiles where profile_id in", ids)
            )
            contacts |= set(
                self._pairs(
                    "select history.source_system, history.contact_id from identity.contact_profile_history as history "
                    "anti join identity.contact_profiles as today using (source_system, contact_id) "
                    "where history.profile_id in",
                    ids,
                )
            )
            ids |= self._ids_of_nobody_else(contacts)
            if known == (len(ids), len(contacts)):
                break
        return self._with_addresses(frozenset(contacts), frozenset(ids)) if contacts else People()

    def requests(self) -> list[Request]:
        """Who asked to be forgotten by the as-of date: through the retailer's systems, or here."""
        rows = self.connection.execute(
            "select source_system, contact_id, min(requested_at) from intake.intake_erasure_requests group by all"
        ).fetchall()
        by_contact = {(row[0], row[1]): Request(*row) for row in rows}
        for each in blocking.own_requests():
            by_contact.setdefault((each.source_system, each.contact_id), each)
        found = [each for each in by_contact.values() if each.requested_at.date() <= self.as_of]
        return sorted(found, key=lambda each: (each.requested_at, each.source_system, each.contact_id))

    def raw_counts(self, people: People) -> dict[str, int]:
        """Rows of the raw data, as the input contract shows them, that name them or go with a row that does."""
        views = self._column(
            "select view_name from duckdb_views() where schema_name = 'input' and database_name = current_catalog()", []
        )
        counts = {}
        for entity, about in sorted(entities().items()):
            if f"input_{entity}" not in views or about.person_key == "none":
                continue
            condition = people.are_in(about.columns, [])
            if about.person_key != "contact":
                parent = entities()[about.person_key]
                if parent.outlives_person:
                    continue
                key = ", ".join(parent.key)
                condition = (
                    f"({key}) in (select ({key}) from input.{name('input_' + about.person_key)} "
                    f"where {people.are_in(parent.columns, [])})"
                )
            counts[f"input_{entity}"] = self._count(f"input.{name('input_' + entity)}", condition)
        return counts

    def keep_raw_addresses(self, people: People) -> None:
        """Makes the table of raw phones and e-mails that somebody else still has: nobody's input holds the others."""
        self.connection.execute(
            "create or replace temp table kept_raw_addresses as select distinct written as raw_address from ("
            "select source_system, contact_id, unnest([phone, email]) as written from input.input_contacts "
            "union all select source_system, contact_id, address from input.input_consents "
            "union all select source_system, contact_id, preference_value from input.input_contact_preferences "
            "where preference_type in ('preferred_email', 'preferred_phone')) as everywhere "
            f"where written is not null and not {people.are_in(['source_system', 'contact_id'], [])} "
            f"and {blocking.CONTACT_DIGEST} not in (select contact_digest from landing.blocked_contacts)"
        )

    def find_messages(self, people: People) -> None:
        """Makes the table of their messages: what was done with one names nobody else."""
        views = self._column(
            "select view_name from duckdb_views() where schema_name = 'input' and database_name = current_catalog()", []
        )
        messages = "(select null as message_id where false)"
        if "input_messages" in views:
            messages = f"input.input_messages where {people.are_in(['source_system', 'contact_id'], [])}"
        self.connection.execute(
            "create or replace temp table their_messages as "
            f"select cast(message_id as varchar) as message_id from {messages}"
        )

    def _ids_of_nobody_else(self, contacts: set[Contact]) -> set[str]:
        pairs = ", ".join(f"({text(system)}, {text(contact)})" for system, contact in contacts)
        if not pairs:
            return set()
        return set(
            self._column(
                "select distinct profile_id from identity.contact_profile_history as history "
                f"where (source_system, contact_id) in ({pairs}) "
                "and profile_id not in (select profile_id from identity.contact_profiles) "
                "and profile_id not in (select old_profile_id from identity.profile_merges)",
                [],
            )
        )

    def _with_addresses(self, contacts: frozenset[Contact], ids: frozenset[str]) -> People:
        people = People(contacts, ids)
        where = people.are_in(["source_system", "contact_id"], [])
        rows = self.connection.execute(
            "select distinct identifier_type, identifier_value from identity.contact_identifiers "
            f"where not is_over_shared and identifier_type <> 'identity_link' and {where}"
        ).fetchall()
        tokens = {"|".join(("contact", *contact)) for contact in contacts}
        tokens |= {f"{kind}|{value}" for kind, value in rows if kind in ("email", "loyalty_card")}
        addresses = frozenset(value for kind, value in rows if kind in ("email", "phone", "phone_extension"))
        return People(contacts, ids, addresses, frozenset(tokens))

    def _column(self, question: str, parameters: Iterable[str]) -> list[str]:
        return [row[0] for row in self.connection.execute(question, list(parameters)).fetchall()]

    def _pairs(self, question: str, ids: Iterable[str]) -> list[Contact]:
        return self.connection.execute(f"{question} ({', '.join(map(text, sorted(ids)))})").fetchall()

    def _count(self, relation: str, condition: str) -> int:
        counted = self.connection.execute(f"select count(*) from {relation} where {condition}").fetchone()
        return int(counted[0]) if counted else 0


@contextlib.contextmanager
def opened(file: Path) -> Iterator[Warehouse]:
    """The warehouse for an erasure. Its log goes into it first; errors come out without values."""
    if not file.exists():
        raise RekindleError(f"There is no warehouse at {file}, so nobody can be found in it.")
    checkpoint(file)
    os.chdir(paths.PROJECT)  # views name raw files relative to it
    try:
        with private_files(), contextlib.closing(duckdb.connect(":memory:")) as connection:
            connection.execute("set memory_limit = ?", [os.environ.get("REKINDLE_MEMORY_LIMIT", "4GB")])
            connection.execute("set threads = ?", [int(os.environ.get("REKINDLE_THREADS", "2"))])
            connection.execute("set timezone = 'UTC'")
            connection.execute("set temp_directory = ?", [str(_workplace(file) / "spill")])
            connection.execute("set force_compression = ?", [os.environ.get("REKINDLE_COMPRESSION", "auto")])
            yield Warehouse(connection, file)
    except duckdb.Error as error:
        raise RekindleError(
            f"The erasure stopped ({without_values(str(error))}): mend the cause and run the same command again; "
            "what is not replaced yet is as it was."
        ) from None
    finally:
        shutil.rmtree(_workplace(file), ignore_errors=True)


def look_for(warehouse: Warehouse, people: People) -> Report:
    """Where they are; changes nothing."""
    report = Report()
    warehouse.keep_raw_addresses(people)
    warehouse.find_messages(people)
    report.add(warehouse.file.name, _counts(warehouse.connection, warehouse.file.stem, people))
    for file in _publications():
        with _attached(warehouse.connection, file):
            report.add(f"published/{file.name}", _counts(warehouse.connection, file.stem, people))
    for folder in backup_folders():
        report.add(f"backups/{folder.name}", _backup_counts(warehouse.connection, folder, people))
    report.exports = forgetting.find(warehouse.connection, people.profile_ids, people.addresses)
    report.folders = [
        *(folder for folder in _leftovers(warehouse) if folder.exists()),
        *(
            folder
            for folder in sorted(paths.backups().glob("exports_*"))
            if forgetting.folder_holds(warehouse.connection, folder, people.profile_ids, people.addresses)
        ),
    ]
    return report


def waiting_feeds(warehouse: Warehouse, people: People) -> list[str]:
    """Feeds whose platform may still hold them."""
    found = forgetting.find(warehouse.connection, people.profile_ids, people.addresses)
    return [traces.folder.feed for traces in found if traces.is_waiting]


def erase(warehouse: Warehouse, people: People, key: bytes) -> Report:
    """Takes them out of everything; returns where they were. Safe to call again when it was killed."""
    report = look_for(warehouse, people)
    blocking.add_tokens(key, people.token_names, warehouse.as_of)
    forgetting.forget(warehouse.connection, report.exports, people.profile_ids)
    for folder in backup_folders():
        if f"backups/{folder.name}" in report.places:
            _rewrite_backup(warehouse.connection, folder, people)
    for folder in report.folders:
        shutil.rmtree(folder)
    for file in _publications():
        if f"published/{file.name}" in report.places:
            with _attached(warehouse.connection, file):
                new = _written_anew(warehouse.connection, file, people)
            _put(new, file)
    # always: tables that were built again since have left the bytes of earlier ones in the file
    new = _written_anew(warehouse.connection, warehouse.file, people)
    _put(new, warehouse.file)
    return report


def backup_folders() -> list[Path]:
    """Complete backups, what a killed erasure left put in order first."""
    sweep_backups()
    return sorted(file.parent for file in paths.backups().glob("*/manifest.json") if file.parent.name[0] != ".")


def _leftovers(warehouse: Warehouse) -> list[Path]:
    """What may hold anybody and is made again when needed: an unfinished replay, and what killed commands left."""
    warehouse_folder = warehouse.file.parent
    return [
        warehouse_folder / "replay",
        warehouse_folder / f"{warehouse.file.name}.tmp",
        paths.published() / ".rekindle.spill",
        *sorted(paths.backups().glob(".unfinished-*")),
        *sorted(paths.exports().glob(".spill-*")),
    ]


def _publications() -> list[Path]:
    return [file for each in PUBLICATIONS if (file := paths.published() / each).exists()]


@contextlib.contextmanager
def _attached(connection: duckdb.DuckDBPyConnection, file: Path) -> Iterator[None]:
    connection.execute(f"attach {text(file)} as {name(file.stem)} (read_only)")
    try:
        yield
    finally:
        connection.execute(f"detach {name(file.stem)}")


def _tables(connection: duckdb.DuckDBPyConnection, catalog: str) -> list[tuple[str, str, list[str], list[str]]]:
    """(schema, table, columns, columns that hold text) of every table of an attached file."""
    rows = connection.execute(
        "select schema_name, table_name, list(column_name order by column_index), "
        "coalesce(list(column_name order by column_index) filter (where data_type in ('VARCHAR', 'JSON')), []) "
        "from duckdb_columns() semi join duckdb_tables() using (database_name, schema_name, table_name) "
        "where database_name = ? and not internal group by all order by all",
        [catalog],
    ).fetchall()
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def _is_theirs(schema: str, table: str, columns: list[str], texts: list[str], people: People) -> str:
    if (schema, table) in RAW_ADDRESSES:
        return f"{RAW_ADDRESSES[schema, table]} not in (select raw_address from temp.kept_raw_addresses)"
    if "message_id" in columns:
        theirs = "coalesce(message_id in (select message_id from temp.their_messages), false)"
        return f"({people.are_in(columns, texts)} or {theirs})"
    return people.are_in(columns, texts)


def _counts(connection: duckdb.DuckDBPyConnection, catalog: str, people: People) -> dict[str, int]:
    counts = {}
    for schema, table, columns, texts in _tables(connection, catalog):
        counted = connection.execute(
            f"select count(*) from {name(catalog)}.{name(schema)}.{name(table)} "
            f"where {_is_theirs(schema, table, columns, texts, people)}"
        ).fetchone()
        counts[f"{schema}.{table}"] = int(counted[0]) if counted else 0
    return counts


def _written_anew(connection: duckdb.DuckDBPyConnection, file: Path, people: People) -> Path:
    """A copy of an attached file that never held them, under the same name in a folder beside it."""
    catalog, new = file.stem, _workplace(file) / file.name
    shutil.rmtree(new.parent, ignore_errors=True)
    new.parent.mkdir(mode=0o700)
    ((version,),) = connection.execute(
        "select tags['storage_version'] from duckdb_databases() where database_name = ?", [catalog]
    ).fetchall()
    storage = f" (storage_version {text(str(version).rstrip('+'))})" if version else ""
    connection.execute(f"attach {text(new)} as compacted{storage}")
    try:
        connection.execute(f"copy from database {name(catalog)} to compacted (schema)")
        for schema, table, columns, texts in _tables(connection, catalog):
            place = f"{name(schema)}.{name(table)}"
            condition = _is_theirs(schema, table, columns, texts, people)
            rows = f"select * from {name(catalog)}.{place} where not {condition}"
            if table in ANONYMISED:
                nobody = f"case when not {condition} then profile_id end as profile_id"
                rows = f"select * replace ({nobody}) from {name(catalog)}.{place}"
            connection.execute(f"insert into compacted.{place} {rows}")
            if (schema, table) == ("landing", "blocked_contacts") and people.contacts:
                pairs = ", ".join(f"({text(system)}, {text(contact)})" for system, contact in sorted(people.contacts))
                connection.execute(
                    f"insert into compacted.{place} select {blocking.CONTACT_DIGEST} "
                    f"from (values {pairs}) as blocked (source_system, contact_id)"
                )
        connection.execute("checkpoint compacted")
    finally:
        connection.execute("detach compacted")
    new.chmod(file.stat().st_mode & 0o777)
    return new


def _put(new: Path, file: Path) -> None:
    """The new file in the place of the old one. The old one's log was written into it when it was opened."""
    write_ahead_log(file).unlink(missing_ok=True)
    replace_file(new, file)
    shutil.rmtree(new.parent, ignore_errors=True)


def _workplace(file: Path) -> Path:
    return file.with_name(f".{file.stem}.erasing")


def _backup_counts(connection: duckdb.DuckDBPyConnection, folder: Path, people: People) -> dict[str, int]:
    counts = {}
    for table in _manifest(folder)["tables"]:
        condition = _condition_for_parquet(connection, folder / table["file"], table, people)
        counted = connection.execute(
            f"select count(*) from read_parquet({text(folder / table['file'])}) where {condition}"
        ).fetchone()
        counts[f"{table['schema']}.{table['table']}"] = int(counted[0]) if counted else 0
    return counts


def _rewrite_backup(connection: duckdb.DuckDBPyConnection, folder: Path, people: People) -> None:
    """The same backup without them: a new folder, put in the place of the old one."""
    new = folder.with_name(f".new-{folder.name}")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    content = _manifest(folder)
    for table in content["tables"]:
        old_file, file = folder / table["file"], new / table["file"]
        condition = _condition_for_parquet(connection, old_file, table, people)
        connection.execute(
            f"copy (select * from read_parquet({text(old_file)}) where not {condition}) "
            f"to {text(file)} (format parquet)"
        )
        sync(file)
        counted = connection.execute(f"select count(*) from read_parquet({text(file)})").fetchone()
        table |= {"rows": int(counted[0]) if counted else 0, "sha256": checksum(file)}
    (new / "manifest.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    sync(new / "manifest.json")
    put_backup(new, folder)


def _condition_for_parquet(
    connection: duckdb.DuckDBPyConnection, file: Path, table: dict[str, Any], people: People
) -> str:
    described = connection.execute(f"describe select * from read_parquet({text(file)})").fetchall()
    columns = [row[0] for row in described]
    texts = [row[0] for row in described if row[1] == "VARCHAR"]
    return _is_theirs(table["schema"], table["table"], columns, texts, people)


def _manifest(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return content
