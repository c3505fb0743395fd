"""The tables of a file, and which of their rows name people."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from rekindle.forget.people import People
from rekindle.ground import paths
from rekindle.ground.quoting import name, text

# Look-ups by raw value, which may be spelled like no address of theirs.
RAW_ADDRESSES = {("landing", "phone_numbers"): "raw_phone", ("landing", "email_addresses"): "raw_email"}
# Rows that stay and lose their person: the till's total must stay what it was.
ANONYMISED = ("fct_orders", "fct_order_lines")


@dataclass(frozen=True)
class Table:
    """A table of the walk: in a DuckDB file that is attached, or a Parquet file of a backup."""

    schema: str
    table: str
    columns: list[str]
    texts: list[str]  # the columns that hold text
    rows: str  # what stands after `from`

    @property
    def title(self) -> str:
        """As the report names it."""
        return f"{self.schema}.{self.table}"

    def names(self, people: People) -> str:
        """The SQL condition for its rows that name the people; needs their messages and the raw addresses kept."""
        named = people.are_in(self.columns, self.texts)
        if (self.schema, self.table) in RAW_ADDRESSES:
            raw_address = RAW_ADDRESSES[self.schema, self.table]
            return f"({named} or {raw_address} not in (select raw_address from temp.kept_raw_addresses))"
        if "message_id" in self.columns:
            theirs = "coalesce(message_id in (select message_id from temp.their_messages), false)"
            return f"({named} or {theirs})"
        return named


def tables_of(connection: duckdb.DuckDBPyConnection, catalog: str) -> list[Table]:
    """Every table of an attached file."""
    rows = connection.execute(
        "select schema_name, table_name, list(column_name order by column_index), "
        "coalesce(list(column_name order by column_index) filter (where data_type in ('VARCHAR', 'JSON')), []) "
        "from duckdb_columns() semi join duckdb_tables() using (database_name, schema_name, table_name) "
        "where database_name = ? and not internal group by all order by all",
        [catalog],
    ).fetchall()
    return [
        Table(schema, table, columns, texts, f"{name(catalog)}.{name(schema)}.{name(table)}")
        for schema, table, columns, texts in rows
    ]


def publications() -> list[Path]:
    """The published files that are there."""
    return [file for each in paths.PUBLICATIONS if (file := paths.published() / each).exists()]


@contextlib.contextmanager
def attached(connection: duckdb.DuckDBPyConnection, file: Path) -> Iterator[None]:
    """A DuckDB file, to be read under its own name."""
    connection.execute(f"attach {text(file)} as {name(file.stem)} (read_only)")
    try:
        yield
    finally:
        connection.execute(f"detach {name(file.stem)}")
