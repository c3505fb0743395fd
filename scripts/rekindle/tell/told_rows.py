"""Which rows of a table are told, and what of them.

Of a table that says nothing of records, only what PER_PROFILE names is told where records are left out.
"""

import datetime
from collections.abc import Iterator
from typing import Any

import duckdb

from rekindle.forget.finding import RAW_VALUES, Warehouse
from rekindle.forget.people import CONTACT_PAIRS, SENIORITIES, People
from rekindle.forget.tables import RAW_ADDRESSES, Table
from rekindle.ground.contract import entities
from rekindle.ground.quoting import name, text
from rekindle.ground.warehouse import has_table
from rekindle.tell.asking import Row, rows_of
from rekindle.tell.scope import Scope

# Tables of the person as a whole that are told although records are left out, and the day that a row is of.
PER_PROFILE = {
    "activation.decisions": "as_of_date",
    "activation.scenario_entries": "entered_date",
    "segments.rfm_monthly": "segment_month + interval 1 month",
    "segments.rfm_published": "segment_month + interval 1 month",
    "segments.rfm_restatements": "segment_month + interval 1 month",
    "segments.segment_moves": "segment_month + interval 1 month",
    "segments.silence_published": "segment_month + interval 1 month",
    "segments.value_published": "segment_month + interval 1 month",
    "snapshots.rfm_segments": "segment_month + interval 1 month",
    "snapshots.silence_tiers": "segment_month + interval 1 month",
    "snapshots.value_clusters": "segment_month + interval 1 month",
}
# What they hold of purchases, which may be those of a record that is left out.
MEASURES = (
    *("recency_days", "frequency", "monetary_amount", "order_days", "spend_amount"),
    *("expected_loss_amount", "_probability"),
    *("no_purchase_date", "last_contact_date", "last_contact_or_open_date", "_contribution", "expected_return_amount"),
)
# Columns that name an event of any entity. What a journey made of an event may be about any record: it went to the best
# address of all. So by these rows are left out, and only by the first of them told.
REFERENCES = ("reference_id", "trigger_reference", "entry_key")
SOMEBODY_ELSE = "(somebody else)"


def find_keys(warehouse: Warehouse, scope: Scope) -> None:
    """Makes the tables of the keys of what happened to the records that are told, and to those that are not."""
    for table, people in (("told_keys", scope.told), ("kept_keys", scope.kept)):
        warehouse.connection.execute(f"create or replace temp table {table} (kind varchar, value varchar)")
        for view, query in warehouse.delivered(People(people.contacts)).items():
            for kind in _event_keys(view.removeprefix("input_")):
                warehouse.connection.execute(
                    f"insert into {table} select distinct {text(kind)}, cast({name(kind)} as varchar) from ({query})"
                )
        if has_table(warehouse.connection, "input", "input_orders"):
            # a return belongs to whoever bought the original, whoever brings it
            warehouse.connection.execute(
                f"insert into {table} select 'order_id', cast(order_id as varchar) from input.input_orders "
                f"where order_status = 'returned' "
                f"and original_order_id in (select value from {table} where kind = 'order_id')"
            )


def _event_keys(entity: str) -> list[str]:
    about = entities()[entity]
    return [key for key in about.key if key.endswith("_id") and "contact_id" not in key]


def _kinds() -> set[str]:
    return {key for entity, about in entities().items() if about.person_key != "none" for key in _event_keys(entity)}


def is_told(table: Table, people: People, scope: Scope) -> str:
    """The SQL condition for the rows of a table that are told of these people."""
    columns = set(table.columns)
    if (table.schema, table.table) in RAW_ADDRESSES:
        written = f"select raw_address from ({RAW_VALUES}) where {people.are_in(['source_system', 'contact_id'], [])}"
        return f"{RAW_ADDRESSES[table.schema, table.table]} in ({written})"
    if any(set(pair) <= columns for pair in CONTACT_PAIRS):
        return People(people.contacts).are_in(table.columns, [])
    numbered = next((together for together in SENIORITIES if set(together) <= columns), None)
    if numbered is not None:  # both ends of an edge: the other one may be a neighbour
        numbers = ", ".join(map(str, sorted(people.seniorities))) or "null"
        return " and ".join(f"coalesce({name(column)} in ({numbers}), false)" for column in numbered)
    if not scope.is_whole:
        return _is_told_in_part(table, scope)
    if "profile_id" in columns:
        return People(profile_ids=people.profile_ids).are_in(["profile_id"], ["profile_id"])
    return table.names(people)


def _is_told_in_part(table: Table, scope: Scope) -> str:
    """The same where records are left out and the table names none: what names an event of theirs, and PER_PROFILE."""
    kinds = {column: column for column in table.columns if column in _kinds()}
    # whatever else names an event of a record that is left out
    others = {column: kind for column in table.columns for kind in _kinds() if column.endswith(f"_{kind}")}
    references = [column for column in table.columns if column in REFERENCES]
    conditions = [
        f"{name(column)} in (select value from told_keys where kind = {text(kind)})" for column, kind in kinds.items()
    ]
    conditions += [
        f"{name(column)} in (select value from told_keys)" for column in references if column == REFERENCES[0]
    ]
    if table.title in PER_PROFILE:
        conditions = [
            f"profile_id = {text(profile_id)} and {PER_PROFILE[table.title]} >= {text(str(date))}"
            for profile_id, date in sorted(scope.since.items())
        ]
    elif "profile_id" in table.columns:
        theirs = People(profile_ids=scope.person.profile_ids).are_in([], ["profile_id"])
        conditions = [f"({condition}) and {theirs}" for condition in conditions]
    told = " or ".join(f"({condition})" for condition in conditions) or "false"
    kept = [
        f"{name(column)} in (select value from kept_keys where kind = {text(kind)})"
        for column, kind in {**kinds, **others}.items()
    ]
    kept += [f"{name(column)} in (select value from kept_keys)" for column in references]
    return f"coalesce({told}, false) and not coalesce({' or '.join(kept) or 'false'}, false)"


def as_told(connection: duckdb.DuckDBPyConnection, query: str, scope: Scope) -> list[Row]:
    """Rows as JSON holds them, without what names another record in them."""
    return [_told_values(row, scope) for row in rows_of(connection, f"{query} order by all")]


def _told_values(row: Row, scope: Scope) -> Row:
    for system, contact in CONTACT_PAIRS:
        if contact in row and system in row and (row[system], row[contact]) not in scope.told.contacts:
            row |= {system: SOMEBODY_ELSE, contact: SOMEBODY_ELSE}
    if row.get("sibling_profile_id") not in scope.told.profile_ids and "sibling_profile_id" in row:
        row["sibling_profile_id"] = SOMEBODY_ELSE
    if not scope.is_whole:
        row = {column: None if column.endswith(MEASURES) else value for column, value in row.items()}
    return {column: _plain(value) for column, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ")
    return value if isinstance(value, bool | int | float | str | None) else str(value)


def set_aside(warehouse: Warehouse, scope: Scope) -> Iterator[Row]:
    """Which delivered rows or values intake did not take, and why."""
    for view, query in warehouse.delivered(scope.told).items():
        entity = view.removeprefix("input_")
        rejected = f"rejected_{entity}"
        described = warehouse.connection.execute(
            "select column_name from duckdb_columns() where schema_name = 'intake' and table_name = ? "
            "and database_name = current_catalog()",
            [rejected],
        ).fetchall()
        key = entities()[entity].key
        if set(key) <= {row[0] for row in described}:
            delivered = f"select ({', '.join(f'cast({name(column)} as varchar)' for column in key)}) from ({query})"
            where = f"({', '.join(f'cast({name(column)} as varchar)' for column in key)}) in ({delivered})"
            shown = ", ".join(map(name, [*key, "column_name", "reason", "is_row_rejected"]))
            for row in as_told(
                warehouse.connection, f"select {shown} from intake.{name(rejected)} where {where}", scope
            ):
                yield {"entity": entity, **row}
