"""Access: what is held about a person, in rows and in words. Finds the person where erasure does (rekindle.forget)."""

from typing import Any

from rekindle.forget.finding import Warehouse
from rekindle.forget.looking import look_for, walk
from rekindle.forget.people import People
from rekindle.forget.tables import RAW_ADDRESSES
from rekindle.ground.settings import setting
from rekindle.tell import in_words
from rekindle.tell.asking import Row, rows_of
from rekindle.tell.platforms import platforms
from rekindle.tell.scope import Scope
from rekindle.tell.told_rows import as_told, find_keys, is_told, set_aside, told_columns

# said where records are left out
CONCLUSIONS_LEFT_OUT = (
    "What was concluded of all of them together stands here without numbers, dates and reasons, and messages were "
    "decided for more reasons than are told here: they may follow from what one of these records did or bought."
)


def is_known(warehouse: Warehouse, person: People) -> bool:
    """Whether anything is held of a record that belongs to no profile."""
    if person.profile_ids or any(warehouse.raw_counts(person).values()):
        return True
    report = look_for(warehouse, person)
    look_ups = {".".join(look_up) for look_up in RAW_ADDRESSES}
    return any(rows for counts in report.places.values() for table, rows in counts.items() if table not in look_ups)


def answer(warehouse: Warehouse, scope: Scope) -> dict[str, Any]:
    """Everything that is told, as JSON holds it."""
    connection = warehouse.connection
    report = look_for(warehouse, scope.person)
    find_keys(warehouse, scope)
    delivered = {view: as_told(connection, query, scope) for view, query in warehouse.delivered(scope.told).items()}
    held: dict[str, dict[str, dict[str, int]]] = {
        place: {table: {"rows": rows} for table, rows in counts.items()} for place, counts in report.places.items()
    }
    tables: dict[str, list[Row]] = {}
    for place, found in walk(warehouse):
        for table in found:
            if (table.schema, table.table) in RAW_ADDRESSES:
                question = f"select * from {table.rows} where {is_told(table, scope.person, scope)}"
                held[place][table.title] = {"rows": len(rows_of(connection, question))}
            if place == warehouse.file.name:
                condition = is_told(table, scope.told, scope)
                tables[table.title] = as_told(
                    connection, f"select * from {table.rows} where {condition}", scope, told_columns(table, scope)
                )
                held[place][table.title]["told"] = len(tables[table.title])
    raw = warehouse.raw_counts(scope.person)
    held["raw data"] = {view: {"rows": rows, "told": len(delivered[view])} for view, rows in raw.items()}
    return {
        "about": {
            "as_of_date": str(warehouse.as_of),
            "connector": warehouse.connector,
            "kept_days": int(setting("access_retention_days", warehouse.connector)),
            "records_told": len(scope.told.contacts),
            "records_left_out": dict(sorted(scope.left_out.items())),
            "conclusions_left_out": None if scope.is_whole else CONCLUSIONS_LEFT_OUT,
        },
        "whose": {"contacts": sorted(map(list, scope.told.contacts)), "profile_ids": sorted(scope.told.profile_ids)},
        "why_one_person": list(in_words.why(warehouse, scope)),
        "consents": list(in_words.consents(delivered)),
        "may_be_written_to": list(in_words.permissions(tables)),
        "segments": list(in_words.segments(connection, tables)),
        "moves": list(in_words.moves(connection, tables)),
        "value": list(in_words.value(tables)),
        "decisions": list(in_words.decisions(warehouse, scope, tables)),
        "platforms": list(platforms(connection, scope, report)),
        "delivered": delivered,
        "set_aside": list(set_aside(warehouse, scope)),
        "tables": {title: rows for title, rows in tables.items() if rows},
        "held": held,
        "exports": {traces.folder.feed: len(traces.runs) for traces in report.exports},
    }
