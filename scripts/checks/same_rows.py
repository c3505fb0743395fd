"""Two warehouses, table by table: the same tables, with the same columns of the same types, with the same rows.

Both are DuckDB files; `check_spark.py` makes one of a lake. What is said names tables, columns and counts, never a
value: that may be a person's.
"""

from pathlib import Path

import duckdb

from rekindle.ground.quoting import name, text

# columns that are others in every build, whatever the engine
OF_THE_BUILD = {
    # the digest of all tables sees every digit of a double
    "main._published": ("invocation_id", "content"),
}

# what a build was made from, which names its engine, and what was run: where somebody is blocked, Spark copies more
NOT_COMPARED = frozenset({"run.last_build", "run.loaded_seeds", "run.run_log"})
# A lake holds a copy of the retailer's rows, and none of who was forgotten; DuckDB's view shows the file as it is.
MAY_LACK = "input."

SIGNIFICANT_DIGITS = 9

Columns = list[tuple[str, str]]


def columns_of(connection: duckdb.DuckDBPyConnection, database: str, stored: bool = False) -> dict[str, Columns]:
    """The columns of each table and view, or of each stored table, in their order, with their types."""
    found: dict[str, Columns] = {}
    for table, column, data_type in connection.execute(
        """
        select schema_name || '.' || table_name, column_name, data_type
        from duckdb_columns()
        where
            database_name = $database
            and (not $stored or table_oid in (select table_oid from duckdb_tables() where database_name = $database))
        order by schema_name, table_name, column_index
        """,
        {"database": database, "stored": stored},
    ).fetchall():
        found.setdefault(table, []).append((column, data_type))
    return found


def comparable(column: str, data_type: str) -> str:
    """A column as it is compared: doubles to nine digits, since engines add them up in another order."""
    quoted = name(column)
    # 0.0 is added to make one of the two zeros
    return f"printf('%.{SIGNIFICANT_DIGITS - 1}e', {quoted} + 0.0)" if data_type == "DOUBLE" else quoted


class Comparison:
    """Two open warehouses: the first by its own name, which its views say, the second as `found`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, expected: Path, found: Path) -> None:
        self.connection = connection
        self.expected = expected.stem
        connection.execute(f"attach {text(found)} as found (read_only)")

    def surplus(self, here: str, there: str, table: str, columns: Columns) -> int:
        """How many rows of one warehouse the other lacks; a row that is there twice must be there twice."""
        cells = ", ".join(comparable(*column) for column in columns)
        question = f"select {cells} from {here}.{table} except all select {cells} from {there}.{table}"
        return int(self.connection.execute(f"select count(*) from ({question})").fetchall()[0][0])

    def rows(self, table: str, columns: Columns) -> tuple[int, int]:
        """How many rows are missing, and how many are there that should not be."""
        here = name(self.expected)
        return self.surplus(here, "found", table, columns), self.surplus("found", here, table, columns)

    def of_table(self, table: str, expected: Columns, found: Columns, may_lack: str | None) -> str | None:
        """What differs in a table that both have."""
        if expected != found:
            wrong = ", ".join(" ".join(column) for column in expected if column not in found)
            instead = ", ".join(" ".join(column) for column in found if column not in expected)
            if not wrong and not instead:
                return f"{table} has its columns in another order"
            return f"{table} has other columns: expected {wrong or 'none'}, found {instead or 'none'}"
        columns = [column for column in expected if column[0] not in OF_THE_BUILD.get(table, ())]
        missing, others = self.rows(table, columns)
        if not others and (not missing or (may_lack and table.startswith(may_lack))):
            return None
        differing = [column[0] for column in columns if any(self.rows(table, [column]))]
        return (
            f"{table} lacks {missing} rows and has {others} others; "
            f"other values in {', '.join(differing) or 'no column, but otherwise combined'}"
        )


def differences(expected: Path, found: Path, may_lack: str | None = MAY_LACK) -> list[str]:
    """What differs, a sentence each; none when each stored table of the first warehouse is the same in the second.

    The second may store what the first has as a view. `may_lack`: how the tables begin that may have fewer rows there.
    """
    with duckdb.connect(str(expected), read_only=True) as connection:
        compared = Comparison(connection, expected, found)
        all_expected, all_found = columns_of(connection, compared.expected), columns_of(connection, "found")
        said = [
            f"{table} is missing"
            for table in columns_of(connection, compared.expected, stored=True)
            if table not in all_found and table not in NOT_COMPARED
        ]
        for table, columns in all_found.items():
            if table in NOT_COMPARED:
                continue
            if table not in all_expected:
                said.append(f"{table} is one table too many")
            elif difference := compared.of_table(table, all_expected[table], columns, may_lack):
                said.append(difference)
    return sorted(said)
