"""Copies published/rekindle.duckdb into one PostgreSQL schema, in one transaction.

Readers see the last edition or the new one, whole: PostgreSQL undoes an unfinished transaction, also after a kill.
"""

import contextlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from rekindle.ground.engine import connect
from rekindle.ground.errors import RekindleError, without_values
from rekindle.ground.quoting import name

SCHEMA = "rekindle"
# by its comment a schema of ours is told from somebody else's, and one connector's from another's
MARK = "Published by Rekindle, replaced whole by each publication. Connector: "
# PostgreSQL cuts longer names off
LONGEST_NAME = 63
TYPES = {
    "VARCHAR": "text",
    "BOOLEAN": "boolean",
    "TINYINT": "smallint",
    "SMALLINT": "smallint",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "HUGEINT": "numeric(39,0)",
    "FLOAT": "real",
    "DOUBLE": "double precision",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
}
BATCH = 20_000

# its warnings name the server and the user
logging.getLogger("psycopg").disabled = True


@dataclass(frozen=True)
class Copied:
    """What was copied; `without_key` are tables whose key PostgreSQL cannot have, since a column of it has a null."""

    tables: int
    rows: int
    without_key: tuple[str, ...]


def publish_to_postgres(file: Path, address: str, keys: dict[str, list[str]], schema: str = SCHEMA) -> Copied:
    """Replaces the schema with the tables of `file`; `keys` are the columns of their primary keys."""
    check_address(address)
    _check_name(f"{schema}__next")
    try:
        target = psycopg.connect(address, application_name="rekindle", client_encoding="utf8")
    except (psycopg.Error, ValueError):
        raise RekindleError(
            "No connection to PostgreSQL, so nothing was copied there: is the address right, is the server up, and is "
            "the password in PGPASSWORD or ~/.pgpass?"
        ) from None
    try:
        with contextlib.closing(connect(file, read_only=True)) as source, target:
            return _Edition(source, target, schema).replace(keys)
    except psycopg.errors.DependentObjectsStillExist:
        raise RekindleError(
            f"Something of somebody else is in schema {schema} or reads its tables (a view?), so its last publication "
            "stays as it was: move it to another schema, and let it read a copy."
        ) from None
    except psycopg.Error as error:
        # the server's own message may hold a value of a row
        raise RekindleError(
            f"PostgreSQL refused ({type(error).__name__}, {error.sqlstate or 'connection lost'}): the last publication "
            f"in schema {schema} stays as it was."
        ) from None
    except duckdb.Error as error:
        raise RekindleError(
            f"{file} could not be read ({without_values(str(error))}): the last publication in schema {schema} of "
            "PostgreSQL stays as it was."
        ) from None


def check_address(address: str) -> None:
    """Raises RekindleError when the address is none, or holds a password."""
    try:
        is_address = urlsplit(address).scheme in ("postgres", "postgresql")
        settings = conninfo_to_dict(address) if is_address else {}
    except (ValueError, psycopg.Error):
        is_address, settings = False, {}
    if not is_address:
        raise RekindleError("--to takes an address like postgres://user@host/database.")
    if {"password", "sslpassword"} & settings.keys():
        raise RekindleError(
            "The address holds a password, which others can read in the list of processes: take it out and set "
            "PGPASSWORD, or use ~/.pgpass or PGSERVICE."
        )


def _check_name(identifier: str) -> None:
    if len(identifier.encode()) > LONGEST_NAME:
        raise RekindleError(f"{identifier} is longer than a name in PostgreSQL may be: nothing was copied there.")


class _Edition:
    """One publication under way: it grows in a schema of its own, which takes the old one's name at the end."""

    def __init__(self, source: duckdb.DuckDBPyConnection, target: psycopg.Connection[Any], schema: str) -> None:
        self.source, self.target, self.schema, self.next = source, target, schema, f"{schema}__next"

    def replace(self, keys: dict[str, list[str]]) -> Copied:
        """Makes the new schema, and puts it into the place of the old one."""
        [(connector,)] = self.source.execute("select connector from _published").fetchall()
        # one publication at a time; the second waits
        self.target.execute("select pg_advisory_xact_lock(hashtext(%s))", [self.schema])
        is_there = self._must_be_ours(connector)
        self._ddl("create schema {}", self.next)
        tables = self.source.execute(
            "select schema_name, table_name, comment from duckdb_tables() order by schema_name, table_name"
        ).fetchall()
        if len({table for _, table, _ in tables}) < len(tables):
            raise RekindleError("Two published tables have the same name: nothing was copied to PostgreSQL.")
        rows, without_key = 0, []
        for layer, table, comment in tables:
            copied = self._copy(layer, table, comment)
            # `_published` and `_keys` tell of the others
            rows += 0 if table.startswith("_") else copied
            key = keys.get(table, [])
            if key and self._has_null(layer, table, key):
                without_key.append(table)
            elif key:
                columns = sql.SQL(", ").join(map(sql.Identifier, key))
                self._ddl("alter table {} add primary key ({})", (self.next, table), columns)
        if is_there:
            self._keep_grants()
            self._drop_old()
        self._ddl("alter schema {} rename to {}", self.next, self.schema)
        self._ddl("comment on schema {} is {}", self.schema, sql.Literal(MARK + connector))
        return Copied(sum(not table.startswith("_") for _, table, _ in tables), rows, tuple(without_key))

    def _must_be_ours(self, connector: str) -> bool:
        found = self.target.execute(
            "select nspname, coalesce(obj_description(oid, 'pg_namespace'), '') from pg_namespace "
            "where nspname in (%s, %s)",
            [self.schema, self.next],
        ).fetchall()
        for schema, mark in found:
            if schema == self.next or not mark.startswith(MARK):
                raise RekindleError(
                    f"The database has a schema {schema} that is not ours, so nothing was copied there: name another "
                    "one with --schema."
                )
            if (theirs := mark.removeprefix(MARK)) != connector:
                raise RekindleError(
                    f"Schema {schema} belongs to connector '{theirs}', so nothing of '{connector}' was copied there: "
                    "name another one with --schema."
                )
        return bool(found)

    def _copy(self, layer: str, table: str, comment: str | None) -> int:
        columns = self.source.execute(
            "select column_name, data_type, comment from duckdb_columns() where schema_name = ? and table_name = ? "
            "order by column_index",
            [layer, table],
        ).fetchall()
        for each in (table, *(column for column, _, _ in columns)):
            _check_name(each)
        place = (self.next, table)
        described = [sql.SQL("{} {}").format(sql.Identifier(each), sql.SQL(_type(kind))) for each, kind, _ in columns]
        self._ddl("create table {} ({})", place, sql.SQL(", ").join(described))
        # a table without a comment is somebody else's, see _drop_old
        self._ddl("comment on table {} is {}", place, sql.Literal(comment or "Published by Rekindle."))
        for column, _, told in columns:
            if told:
                self._ddl("comment on column {} is {}", (*place, column), sql.Literal(told))
        rows = 0
        # lines of PostgreSQL's own text format, written by DuckDB: ten times as fast as values that pass through Python
        line = " || chr(9) || ".join(_as_text(column, kind) for column, kind, _ in columns)
        read = self.source.execute(f"select {line} from {name(layer)}.{name(table)}")
        with (
            self.target.cursor() as cursor,
            cursor.copy(sql.SQL("copy {} from stdin").format(sql.Identifier(*place))) as copy,
        ):
            while batch := read.fetchmany(BATCH):
                copy.write("".join(f"{text}\n" for (text,) in batch))
                rows += len(batch)
        return rows

    def _has_null(self, layer: str, table: str, key: list[str]) -> bool:
        condition = " or ".join(f"{name(column)} is null" for column in key)
        found = self.source.execute(f"select 1 from {name(layer)}.{name(table)} where {condition} limit 1")
        return found.fetchone() is not None

    def _keep_grants(self) -> None:
        """Who could read the old schema and its tables can read the new ones of the same name."""
        readers = (
            "select acl.grantee::regrole::text, acl.grantee = 0, {what} from {where}, lateral aclexplode({acl}) as acl "
            "where acl.privilege_type = %s and acl.grantee <> {owner} and {condition}"
        )
        of_schema = readers.format(
            what="null", where="pg_namespace as n", acl="n.nspacl", owner="n.nspowner", condition="n.nspname = %s"
        )
        of_tables = readers.format(
            what="c.relname",
            where="pg_class as c join pg_namespace as n on n.oid = c.relnamespace",
            acl="c.relacl",
            owner="c.relowner",
            condition="n.nspname = %s and to_regclass(format('%%I.%%I', %s::text, c.relname)) is not null",
        )
        found = self.target.execute(of_schema.encode(), ["USAGE", self.schema]).fetchall()
        found += self.target.execute(of_tables.encode(), ["SELECT", self.schema, self.next]).fetchall()
        for reader, is_everybody, table in found:
            # regrole gives the name quoted where it has to be
            who = sql.SQL("public" if is_everybody else reader)
            if table:
                self._ddl("grant select on {} to {}", (self.next, table), who)
            else:
                self._ddl("grant usage on schema {} to {}", self.next, who)

    def _drop_old(self) -> None:
        ours = self.target.execute(
            "select c.relname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace "
            "where n.nspname = %s and c.relkind = 'r' and obj_description(c.oid, 'pg_class') is not null",
            [self.schema],
        ).fetchall()
        for (table,) in ours:
            self._ddl("drop table {}", (self.schema, table))
        # refuses when somebody made something of their own in it
        self._ddl("drop schema {}", self.schema)

    def _ddl(self, statement: str, place: str | tuple[str, ...], *rest: str | sql.Composable) -> None:
        """Executes a statement; names are quoted."""
        names = sql.Identifier(*((place,) if isinstance(place, str) else place))
        others = [sql.Identifier(each) if isinstance(each, str) else each for each in rest]
        self.target.execute(sql.Composed([sql.SQL(statement).format(names, *others)]))


def _type(kind: str) -> str:
    if kind.startswith("DECIMAL("):
        return kind.replace("DECIMAL", "numeric")
    if kind not in TYPES:
        raise RekindleError(f"PostgreSQL has no type for {kind}: nothing was copied there.")
    return TYPES[kind]


def _as_text(column: str, kind: str) -> str:
    """SQL: the value as COPY reads it, a null as \\N."""
    value = f"cast({name(column)} as varchar)"
    if kind == "VARCHAR":
        # the backslash first: the others write one
        for sign, written in ((92, "\\\\"), (9, "\\t"), (10, "\\n"), (13, "\\r")):
            value = f"replace({value}, chr({sign}), '{written}')"
    return f"coalesce({value}, '\\N')"
