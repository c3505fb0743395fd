"""The published activation file: opened read-only, and only when it is what a finished, green build left."""

import contextlib
import datetime
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from rekindle.export import late_noes
from rekindle.export.feeds import Feed, read_feed
from rekindle.export.late_noes import LateNoes
from rekindle.export.queries import query
from rekindle.ground import paths
from rekindle.ground.engine import connect_within_limits, memory_limit
from rekindle.ground.errors import ContractError, RekindleError, of_another, without_values
from rekindle.ground.quoting import text

# what says who may be written to, who may not, and who is meant by a no
CONSENT = (
    "audience_withdrawals",
    "audience_permissions",
    "audience_contacts",
    "audience_former_records",
    "audience_messages",
    "audience_doubted_messages",
    "audience_held_addresses",
    "audience_unknown_records",
    "audience_unknown_people",
    "audience_siblings",
    "audience_former_ids",
)


def _again() -> str:
    return f"run `{paths.command('run')}` and export again"


@dataclass(frozen=True)
class Activation:
    """The opened file: `connection` sees it as catalog `activation`."""

    connection: duckdb.DuckDBPyConnection
    published: dict[str, Any]
    feeds: list[tuple[str, Feed]]  # (audience table, feed)
    resting: frozenset[str]  # feeds of scenarios that are not in use
    late_noes: LateNoes

    @property
    def as_of_date(self) -> str:
        """The date whose audiences these are."""
        return str(self.published["as_of_date"])


def activation_file() -> Path:
    """Where scripts/run.py publishes the audiences."""
    return paths.published() / "activation.duckdb"


@contextlib.contextmanager
def open_activation(as_of: datetime.date | None, spill: Path) -> Iterator[Activation]:
    """Opens and checks it; `as_of`: refuse an older one. DuckDB's errors come out without values of rows."""
    file = activation_file()
    if not file.exists():
        raise ContractError(f"There is no {file}: {_again()}.")
    if file.stat().st_mode & 0o077:
        raise ContractError(f"{file} holds contact details and others may read it: chmod 600 it.")
    try:
        with connect_within_limits(spill) as connection:
            # DuckDB gives memory back after every large task; asking for it again is a tenth of sorting and writing
            connection.execute("set allocator_flush_threshold = ?", [memory_limit()])
            connection.execute("set timezone = 'UTC'")
            # files say themselves how they are ordered; keeping the order of tables on the way doubles the writing
            connection.execute("set preserve_insertion_order = false")
            connection.execute(f"attach {text(file)} as activation (read_only)")
            published = _published(connection, file, as_of)
            late = _read_consent(connection)
            yield Activation(connection, published, _feeds(connection), _resting(connection), late)
    except duckdb.Error as error:
        raise RekindleError(f"The export stopped ({without_values(str(error))}): nothing was committed.") from None
    except OSError as error:
        raise RekindleError(f"The export stopped ({error.strerror}): nothing was committed.") from None


def _published(connection: duckdb.DuckDBPyConnection, file: Path, as_of: datetime.date | None) -> dict[str, Any]:
    columns = columns_of(connection, "main", "_published")
    if not columns:
        raise ContractError(f"{file} does not say which build it comes from: {_again()}.")
    if "connector" in columns:  # a file of before has no name and is taken for this installation's own
        for (found,) in connection.execute("select connector from activation.main._published").fetchall():
            if found != paths.connector():
                raise ContractError(of_another(file, found, paths.connector(), "REKINDLE_PUBLISHED"))
    rows = connection.execute(
        "select version, invocation_id, cast(as_of_date as varchar), tests_passed from activation.main._published"
    ).fetchall()
    if len(rows) != 1:
        raise ContractError(f"{file} does not say which build it comes from: {_again()}.")
    version, invocation_id, published_as_of, tests_passed = rows[0]
    if not tests_passed:
        raise ContractError(f"A test that the audiences depend on did not pass as of {published_as_of}: {_again()}.")
    if as_of is not None and published_as_of < as_of.isoformat():
        raise ContractError(f"The audiences are as of {published_as_of}, older than {as_of}: {_again()}.")
    return {"version": version, "invocation_id": invocation_id, "as_of_date": published_as_of}


def _feeds(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, Feed]]:
    rows = connection.execute("select feed, audience, config from activation.main._feeds order by feed").fetchall()
    return [(str(audience), read_feed(f"Feed {feed}", json.loads(config))) for feed, audience, config in rows]


def _resting(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    if "is_in_use" not in columns_of(connection, "main", "_feeds"):  # a file of before: all feeds were exported
        return frozenset()
    rows = connection.execute("select feed from activation.main._feeds where not is_in_use").fetchall()
    return frozenset(feed for (feed,) in rows)


def _read_consent(connection: duckdb.DuckDBPyConnection) -> LateNoes:
    for table in CONSENT:
        if not columns_of(connection, "audiences", table):
            raise ContractError(f"The activation file has no table {table}: {_again()}.")
    if "country_code" not in columns_of(connection, "audiences", "audience_contacts"):
        raise ContractError(f"The activation file does not say with which country a phone is read: {_again()}.")
    for table in ("audience_messages", "audience_doubted_messages"):
        if "sent_at" not in columns_of(connection, "audiences", table):
            raise ContractError(f"The activation file does not say when messages were sent: {_again()}.")
    late = late_noes.read(connection)
    consented = connection.execute(
        "select table_name from duckdb_columns() where database_name = 'activation' and schema_name = 'audiences' "
        "and column_name in ('consented_at', 'decision_id', 'purpose') "
        "group by table_name having count(*) = 3 order by 1"
    ).fetchall()
    connection.execute(query("consent", consented=[table for (table,) in consented], any_closed=late.closed > 0))
    return late


def columns_of(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> list[str]:
    """Columns of a table of the activation file; none when there is no such table."""
    rows = connection.execute(
        "select column_name from duckdb_columns() where database_name = 'activation' "
        "and schema_name = ? and table_name = ? order by column_index",
        [schema, table],
    ).fetchall()
    return [column for (column,) in rows]
