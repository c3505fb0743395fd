"""Copies published/rekindle.duckdb into one PostgreSQL schema, in one transaction.

Readers see the last edition or the new one, whole: PostgreSQL undoes an unfinished transaction, also after a kill.
"""

import contextlib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from rekindle.ground.engine import connect
from rekindle.ground.errors import RekindleError
from rekindle.ground.quoting import name

SCHEMA = "rekindle"
NEXT = "rekindle__next"
# how a schema of ours is told from somebody else's
MARK = "Published by Rekindle: replaced whole by each publication."
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
BATCH = 10_000


def publish_to_postgres(file: Path, url: str, keys: dict[str, list[str]]) -> tuple[int, int]:
    """Replaces the schema with the tables of `file`; returns how many tables and rows. `keys` are primary keys."""
    check_address(url)
    try:
        with (
            contextlib.closing(connect(file, read_only=True)) as source,
            psycopg.connect(url, application_name="rekindle") as target,
        ):
            return _replace(source, target, keys)
    except psycopg.errors.DependentObjectsStillExist:
        raise RekindleError(
            f"Something outside schema {SCHEMA} depends on its tables (a view?), so nothing was published: drop it, "
            "or let it read a copy."
        ) from None
    except psycopg.Error as error:
        # the server's own message may hold a value of a row
        why = f"{type(error).__name__} {error.sqlstate or ''}".strip()
        raise RekindleError(f"PostgreSQL refused ({why}): its last publication stays as it was.") from None


def check_address(url: str) -> None:
    """Raises RekindleError when the address is none, or holds a password."""
    try:
        is_address = urlsplit(url).scheme in ("postgres", "postgresql")
        settings = conninfo_to_dict(url) if is_address else {}
    except (ValueError, psycopg.Error):
        is_address, settings = False, {}
    if not is_address:
        raise RekindleError("--to takes an address like postgres://user@host/database.")
    if {"password", "sslpassword"} & settings.keys():
        raise RekindleError(
            "The address holds a password, which others can read in the list of processes: take it out and set "
            "PGPASSWORD, or use ~/.pgpass or PGSERVICE."
        )


def _replace(
    source: duckdb.DuckDBPyConnection, target: psycopg.Connection[Any], keys: dict[str, list[str]]
) -> tuple[int, int]:
    # one publication at a time; the second waits
    target.execute("select pg_advisory_xact_lock(hashtext(%s))", [SCHEMA])
    found = target.execute(
        "select nspname, obj_description(oid, 'pg_namespace') from pg_namespace where nspname in (%s, %s)",
        [SCHEMA, NEXT],
    ).fetchall()
    for schema, mark in found:
        if schema == NEXT or mark != MARK:
            raise RekindleError(f"The database has a schema {schema} that is not ours: nothing was published.")
    target.execute(sql.SQL("create schema {}").format(sql.Identifier(NEXT)))
    tables = source.execute(
        "select schema_name, table_name, comment from duckdb_tables() order by schema_name, table_name"
    ).fetchall()
    if len({table for _, table, _ in tables}) < len(tables):
        raise RekindleError("Two published tables have the same name: nothing was published.")
    rows = 0
    for schema, table, comment in tables:
        rows += _copy(source, target, schema, table, comment, keys.get(table, []))
    if found:
        _keep_grants(target)
        for (old,) in target.execute("select tablename from pg_tables where schemaname = %s", [SCHEMA]).fetchall():
            target.execute(sql.SQL("drop table {}").format(sql.Identifier(SCHEMA, old)))
        # refuses when somebody made something of their own in it
        target.execute(sql.SQL("drop schema {}").format(sql.Identifier(SCHEMA)))
    target.execute(sql.SQL("alter schema {} rename to {}").format(sql.Identifier(NEXT), sql.Identifier(SCHEMA)))
    target.execute(sql.SQL("comment on schema {} is {}").format(sql.Identifier(SCHEMA), MARK))
    return len(tables) - 1, rows


def _copy(
    source: duckdb.DuckDBPyConnection,
    target: psycopg.Connection[Any],
    schema: str,
    table: str,
    comment: str | None,
    key: list[str],
) -> int:
    columns = source.execute(
        "select column_name, data_type, comment from duckdb_columns() where schema_name = ? and table_name = ? "
        "order by column_index",
        [schema, table],
    ).fetchall()
    place = sql.Identifier(NEXT, table)
    described = [sql.SQL("{} {}").format(sql.Identifier(each), sql.SQL(_type(kind))) for each, kind, _ in columns]
    described += [sql.SQL("primary key ({})").format(sql.SQL(", ").join(map(sql.Identifier, key)))] if key else []
    target.execute(sql.SQL("create table {} ({})").format(place, sql.SQL(", ").join(described)))
    if comment:
        target.execute(sql.SQL("comment on table {} is {}").format(place, comment))
    for column, _, told in columns:
        if told:
            where = sql.Identifier(NEXT, table, column)
            target.execute(sql.SQL("comment on column {} is {}").format(where, told))
    rows = 0
    read = source.execute(f"select * from {name(schema)}.{name(table)}")
    with target.cursor() as cursor, cursor.copy(sql.SQL("copy {} from stdin").format(place)) as copy:
        while batch := read.fetchmany(BATCH):
            for row in batch:
                copy.write_row(row)
            rows += len(batch)
    return rows


def _type(kind: str) -> str:
    if kind.startswith("DECIMAL("):
        return kind.replace("DECIMAL", "numeric")
    if kind not in TYPES:
        raise RekindleError(f"PostgreSQL has no type for {kind}: nothing was published.")
    return TYPES[kind]


def _keep_grants(target: psycopg.Connection[Any]) -> None:
    """Who could read the old schema and its tables can read the new ones of the same name."""
    readers = """
        select acl.grantee::regrole::text, acl.grantee = 0, {what} from {where},
            lateral aclexplode({acl}) as acl
        where acl.privilege_type = %s and acl.grantee <> {owner} and {condition}
    """
    of_schema = readers.format(
        what="null", where="pg_namespace as n", acl="n.nspacl", owner="n.nspowner", condition="n.nspname = %s"
    )
    of_tables = readers.format(
        what="c.relname",
        where="pg_class as c join pg_namespace as n on n.oid = c.relnamespace",
        acl="c.relacl",
        owner="c.relowner",
        condition="n.nspname = %s and to_regclass(format('%%I.%%I', '" + NEXT + "', c.relname)) is not null",
    )
    for query, privilege in ((of_schema, "USAGE"), (of_tables, "SELECT")):
        for reader, everybody, table in target.execute(query.encode(), [privilege, SCHEMA]).fetchall():
            # regrole gives the name quoted where it has to be
            who = sql.SQL("public" if everybody else reader)
            what = (
                sql.SQL("select on {}").format(sql.Identifier(NEXT, table))
                if table
                else sql.SQL("usage on schema {}").format(sql.Identifier(NEXT))
            )
            target.execute(sql.SQL("grant {} to {}").format(what, who))
