"""What the published file says beside its tables: their keys, and macros that answer questions (answers.sql)."""

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path

import duckdb

from rekindle.ground import rules

ANSWERS = Path(__file__).with_name("answers.sql")
# what the answers read
ANSWERED_FROM = frozenset(
    {"scenario_decisions", "dim_gates", "dim_scenarios", "profiles", "rfm_published", "dim_segments", "segment_moves"}
)


@dataclass(frozen=True)
class KeyColumn:
    """One column of a key: of a primary key by its position, of a foreign key with what it refers to."""

    schema_name: str
    table_name: str
    column_name: str
    key_kind: str
    key_position: int
    to_schema: str | None = None
    to_table: str | None = None
    to_column: str | None = None


COMMENTS = {
    "schema_name": "Schema of the table.",
    "table_name": "The table.",
    "column_name": "The column.",
    "key_kind": "primary or foreign.",
    "key_position": "Place of the column in the key, from 1.",
    "to_schema": "Schema of the table that a foreign key refers to; null of a primary key.",
    "to_table": "That table.",
    "to_column": "Its column, the whole of its key.",
}


def keys(schemas: Mapping[str, str], primary: Mapping[str, Iterable[str]]) -> list[KeyColumn]:
    """The keys of the tables in `schemas` (table: schema): their primary keys, and macro references()."""
    found = [
        KeyColumn(schemas[table], table, column, "primary", position)
        for table, columns in primary.items()
        for position, column in enumerate(columns, start=1)
    ]
    for parent, children in rules.references().items():
        to_table, to_column = parent.split(".")
        for table, column in (child.split(".") for child in children):
            if table in schemas and to_table in schemas:
                to_schema = schemas[to_table]
                found.append(KeyColumn(schemas[table], table, column, "foreign", 1, to_schema, to_table, to_column))
    return found


def write(connection: duckdb.DuckDBPyConnection, held: list[KeyColumn]) -> None:
    """Makes `_keys`, and the macros when the tables that they read are there, in the database in use."""
    columns = ", ".join(f"{column} {'integer' if column == 'key_position' else 'varchar'}" for column in COMMENTS)
    connection.execute(f"create table _keys ({columns})")
    if held:
        connection.executemany(f"insert into _keys values ({', '.join('?' * len(COMMENTS))})", [*map(astuple, held)])
    connection.execute(
        "comment on table _keys is "
        "'One row per column of a key: primary keys, and foreign keys. "
        "A test finds every value of these, but for what only the retailer or history names: join from the left.'"
    )
    for column, comment in COMMENTS.items():
        connection.execute(f"comment on column _keys.{column} is '{comment}'")
    if {key.table_name for key in held} >= ANSWERED_FROM:
        connection.execute(ANSWERS.read_text(encoding="utf-8"))
