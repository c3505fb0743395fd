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

# Tables of the person as a whole that are told although records are left out: the day that a row is of, and the columns
# that are told. Every other one, a new one too, may follow from what a record that is left out did or bought.
_MONTH = "segment_month + interval 1 month"
_SEGMENT = ("profile_id", "segment", "segment_month", "published_as_of_date", "published_at")
_TIER = ("profile_id", "engagement_tier", "segment_month", "published_as_of_date", "published_at")
_CLUSTER = ("profile_id", "spend_cluster", "previous_cluster", "segment_month", "published_as_of_date", "published_at")
PER_PROFILE: dict[str, tuple[str, tuple[str, ...]]] = {
    "activation.decisions": (
        "as_of_date",
        (
            *("decision_id", "scenario_id", "profile_id", "step", "purpose", "outcome", "arm", "channel", "variant"),
            *("template", "as_of_date", "send_date"),
        ),
    ),
    "activation.scenario_entries": ("entered_date", ("scenario_id", "profile_id", "arm", "entered_date")),
    "segments.rfm_monthly": (_MONTH, _SEGMENT),
    "segments.rfm_published": (_MONTH, _SEGMENT),
    "segments.rfm_restatements": (_MONTH, ("profile_id", "published_segment", "restated_segment", "segment_month")),
    "segments.segment_moves": (
        _MONTH,
        ("profile_id", "from_segment", "to_segment", "direction", "is_down", "segment_month"),
    ),
    "segments.silence_published": (_MONTH, _TIER),
    "segments.value_published": (_MONTH, _CLUSTER),
    "snapshots.rfm_segments": (_MONTH, _SEGMENT),
    "snapshots.silence_tiers": (_MONTH, _TIER),
    "snapshots.value_clusters": (_MONTH, _CLUSTER),
}
# Of these a row says what began a journey by its scenario alone. It is told where that is an event of a record that is
# told, a message that such a record got, or no more than the segment and the tier that are told month by month.
JOURNEYS = ("activation.decisions", "activation.scenario_entries")
MONTHLY_MOMENTS = ("went_down", "went_up", "fell_silent", "inactive", "to_purge")
# What other tables hold of a record or an event beside the columns of the input contract. Any other column is masked.
OWN_FACTS = frozenset({
    "address_id", "address_key", "address_kind", "apart_since_date", "benefit_type", "bounced_again_at",
    "click_count", "closed_by", "column_name", "component", "contact_count", "contact_key", "e164", "elder",
    "email_domain", "entity", "finding", "first_as_of_date", "first_bounced_at", "first_bounced_hard_at",
    "first_bounced_soft_at", "first_clicked_at", "first_complained_at", "first_delivered_at",
    "first_machine_clicked_at", "first_machine_opened_at", "first_not_sent_at", "first_opened_at",
    "first_redeemed_amount", "first_redeemed_at", "first_redemption_order_id", "first_unsubscribed_at",
    "found_by", "granted_at", "has_address", "has_readable_stamp", "heard_at", "identifier_id", "identifier_type",
    "identifier_value", "interaction_kind", "is_by_email", "is_by_link", "is_by_loyalty_card", "is_by_phone",
    "is_certain", "is_click_observed", "is_consented", "is_from_person", "is_joining", "is_of_the_person",
    "is_of_the_record", "is_oldest", "is_open", "is_open_observed", "is_over_shared", "is_own", "is_record_known",
    "is_row_rejected", "is_valid", "last_bounced_hard_at", "last_complained_at", "last_unsubscribed_at",
    "line_count", "machine_click_count", "machine_open_count", "mailbox_provider", "named_address_hash",
    "named_id", "named_kind", "one", "open_count", "other", "preference", "preference_value_hash", "profile_id",
    "raw_email", "raw_phone", "reason", "record_key", "redemption_count", "reference_id", "rejected_rows",
    "return_count", "returned_amount", "said_at", "seniority", "sibling_profile_id", "strength", "unit_count",
    "verified_at", "was_cancelled", "word", "written_contact_id", "written_system", "younger",
})  # fmt: skip
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
    _find_journeys(warehouse, scope)


def _find_journeys(warehouse: Warehouse, scope: Scope) -> None:
    """Makes the table of what of a journey is told although records are left out, whatever its key holds."""
    warehouse.connection.execute("create or replace temp table told_journeys (kind varchar, value varchar)")
    if has_table(warehouse.connection, "config", "scenario_moments"):
        warehouse.connection.execute(
            "insert into told_journeys select 'scenario_id', scenario_id from config.scenario_moments "
            f"group by scenario_id having bool_and(moment in ({', '.join(map(text, MONTHLY_MOMENTS))}))"
        )
    if (messages := warehouse.delivered(People(scope.told.contacts)).get("input_messages")) is not None:
        warehouse.connection.execute(
            f"insert into told_journeys select 'decision_id', cast(decision_id as varchar) from ({messages})"
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
        day, _ = PER_PROFILE[table.title]
        may_tell = " or ".join(_begun_by_what_is_told(table)) if table.title in JOURNEYS else "true"
        conditions = [
            f"profile_id = {text(profile_id)} and {day} >= {text(str(date))} and ({may_tell})"
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


def _begun_by_what_is_told(table: Table) -> Iterator[str]:
    for column in table.columns:
        if column in REFERENCES:
            yield f"{name(column)} in (select value from told_keys)"
        elif column in ("scenario_id", "decision_id"):
            yield f"{name(column)} in (select value from told_journeys where kind = {text(column)})"


def told_columns(table: Table, scope: Scope) -> frozenset[str]:
    """The columns of a table that are told. A column that nobody classified is not, where records are left out."""
    if scope.is_whole:
        return frozenset(table.columns)
    if table.title in PER_PROFILE:
        return frozenset(PER_PROFILE[table.title][1])
    return OWN_FACTS.union(*(entity.columns for entity in entities().values() if entity.person_key != "none"))


def as_told(
    connection: duckdb.DuckDBPyConnection, query: str, scope: Scope, columns: frozenset[str] | None = None
) -> list[Row]:
    """Rows as JSON holds them, without what names another record, and of these columns only where some are named."""
    return [_told_values(row, scope, columns) for row in rows_of(connection, f"{query} order by all")]


def _told_values(row: Row, scope: Scope, columns: frozenset[str] | None) -> Row:
    for system, contact in CONTACT_PAIRS:
        if contact in row and system in row and (row[system], row[contact]) not in scope.told.contacts:
            row |= {system: SOMEBODY_ELSE, contact: SOMEBODY_ELSE}
    if row.get("sibling_profile_id") not in scope.told.profile_ids and "sibling_profile_id" in row:
        row["sibling_profile_id"] = SOMEBODY_ELSE
    return {column: _plain(value) if columns is None or column in columns else None for column, value in row.items()}


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
