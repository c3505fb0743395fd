"""Access: what is held about a person, in rows and in words. Finds the person where erasure does (rekindle.forget).

Two records may have become one person by something that neighbours share too: a phone, a household, the weakest of what
joins them. Whoever asks must not receive her neighbour, so what hangs on that alone is counted and not told, unless
everything is asked for. Of a table that says nothing of records, only what PER_PROFILE names is told then.
"""

import datetime
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from rekindle.export.staging import sent_address
from rekindle.export.targets import ADDRESS_KINDS, load_target, target_names
from rekindle.forget import forgetting
from rekindle.forget.finding import (
    CONTACT_PAIRS,
    RAW_ADDRESSES,
    RAW_VALUES,
    SENIORITIES,
    Contact,
    People,
    Report,
    Table,
    Warehouse,
    look_for,
    walk,
)
from rekindle.ground.contract import entities
from rekindle.ground.errors import RekindleError
from rekindle.ground.quoting import name, parquet, text
from rekindle.ground.settings import setting
from rekindle.ground.warehouse import has_table
from rekindle.tell.explaining import CHANNELS, Explainer, Row, edges_in_words, rows_of

# Why a record is counted and not told.
HOUSEHOLD, PHONE, WEAKEST, GONE = (
    "a link says that they are of one household",
    "a phone is all that joins them",
    "the weakest of what joins the records of the person is all that joins them",
    "the record is not delivered any more, and what joined it is not known",
)
# Tables of the person as a whole that are told although records are left out, and the day that a row is of.
PER_PROFILE = {
    "activation.decisions": "as_of_date",
    "activation.scenario_entries": "entered_date",
    "segments.rfm_monthly": "segment_month + interval 1 month",
    "segments.rfm_published": "segment_month + interval 1 month",
    "segments.rfm_restatements": "segment_month + interval 1 month",
    "segments.segment_moves": "segment_month + interval 1 month",
    "snapshots.rfm_segments": "segment_month + interval 1 month",
}
# What they hold of purchases, which may be those of a record that is left out.
MEASURES = ("recency_days", "frequency", "monetary_amount")
# Columns that name an event of any entity. What a journey made of an event may be about any record: it went to the best
# address of all. So by these rows are left out, and only by the first of them told.
REFERENCES = ("reference_id", "trigger_reference", "entry_key")
SOMEBODY_ELSE = "(somebody else)"
WORDS = {"granted": "yes", "denied": "no", "withdrawn": "no, from now on"}


@dataclass(frozen=True)
class Scope:
    """Which records of a person are told, and why others are not."""

    person: People  # with every record
    told: People
    left_out: Mapping[str, int]  # records, by reason
    since: Mapping[str, datetime.date]  # the profile ids that are told, and since when a told record has each

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return not self.left_out

    @property
    def kept(self) -> People:
        """The records that are left out."""
        return People(self.person.contacts - self.told.contacts)


def is_known(warehouse: Warehouse, person: People) -> bool:
    """Whether anything is held of a record that belongs to no profile."""
    if person.profile_ids or any(warehouse.raw_counts(person).values()):
        return True
    report = look_for(warehouse, person)
    look_ups = {".".join(look_up) for look_up in RAW_ADDRESSES}
    return any(rows for counts in report.places.values() for table, rows in counts.items() if table not in look_ups)


def scope_of(warehouse: Warehouse, person: People, start: Contact | None, *, everything: bool) -> Scope:
    """What is told to whoever asked by the record `start`; by a profile id, it is the oldest record."""
    if everything or len(person.contacts) == 1:
        return Scope(person, person, {}, {})
    profile_id = _profile_of(warehouse, person)
    edges = [edge for edge, _ in edges_in_words(warehouse.connection, profile_id) if edge["verdict"] == "one_person"]
    doubts = {_ends(edge): _doubt(edge, _households(warehouse)) for edge in edges}
    told = {start or _oldest(warehouse, profile_id)}
    while more := {record for pair, doubt in doubts.items() if doubt is None and told & pair for record in pair} - told:
        told |= more
    reasons: dict[Contact, str] = {}
    while found := [
        (record, reasons.get(*(pair - {record})) or doubt)
        for pair, doubt in sorted(doubts.items(), key=lambda each: sorted(each[0]))
        for record in sorted(pair - told - set(reasons))
        if pair - {record} <= told | set(reasons)
    ]:
        reasons |= {record: str(reason) for record, reason in found}
    left_out = Counter(reasons.get(record, GONE) for record in person.contacts - told)
    since = _since(warehouse, told)
    return Scope(person, warehouse.people(frozenset(told), frozenset(since)), left_out, since)


def answer(warehouse: Warehouse, scope: Scope) -> dict[str, Any]:
    """Everything that is told, as JSON holds it."""
    connection = warehouse.connection
    report = look_for(warehouse, scope.person)
    _find_keys(warehouse, scope)
    delivered = {view: _rows(connection, query, scope) for view, query in warehouse.delivered(scope.told).items()}
    held: dict[str, dict[str, dict[str, int]]] = {
        place: {table: {"rows": rows} for table, rows in counts.items()} for place, counts in report.places.items()
    }
    tables: dict[str, list[Row]] = {}
    for place, found in walk(warehouse):
        for table in found:
            if (table.schema, table.table) in RAW_ADDRESSES:
                question = f"select * from {table.rows} where {_is_told(table, scope.person, scope)}"
                held[place][table.title] = {"rows": len(rows_of(connection, question))}
            if place == warehouse.file.name:
                condition = _is_told(table, scope.told, scope)
                tables[table.title] = _rows(connection, f"select * from {table.rows} where {condition}", scope)
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
        },
        "whose": {"contacts": sorted(map(list, scope.told.contacts)), "profile_ids": sorted(scope.told.profile_ids)},
        "why_one_person": list(_why(warehouse, scope)),
        "consents": [_consent(row) for row in _by(delivered, "input_consents", "changed_at")],
        "may_be_written_to": [_permission(row) for row in _by(tables, "hub.channel_permissions", "purpose")],
        "segments": list(_segments(connection, tables)),
        "moves": list(_moves(connection, tables)),
        "decisions": list(_decisions(warehouse, scope, tables)),
        "platforms": list(_platforms(connection, scope, report)),
        "delivered": delivered,
        "set_aside": list(_set_aside(warehouse, scope)),
        "tables": {title: rows for title, rows in tables.items() if rows},
        "held": held,
        "exports": {traces.folder.feed: len(traces.runs) for traces in report.exports},
    }


# --- Who is told ------------------------------------------------------------------------------------------------------


def _ends(edge: Row) -> frozenset[Contact]:
    return frozenset((edge[f"{side}_source_system"], edge[f"{side}_contact_id"]) for side in ("elder", "younger"))


def _doubt(edge: Row, households: set[frozenset[Contact]]) -> str | None:
    """Why an edge is no reason to tell one record's owner of the other; None when it is one."""
    if _ends(edge) in households:
        return HOUSEHOLD
    if not (edge["is_by_link"] or edge["is_by_loyalty_card"] or edge["is_by_email"]):
        return PHONE
    # a link is no guess: the retailer said that they are one person
    return WEAKEST if edge["is_weakest"] and not edge["is_by_link"] else None


def _households(warehouse: Warehouse) -> set[frozenset[Contact]]:
    if not has_table(warehouse.connection, "intake", "intake_identity_links"):
        return set()
    links = warehouse.connection.execute(
        "select source_system, contact_id, linked_source_system, linked_contact_id from intake.intake_identity_links "
        "where link_type = 'household'"
    ).fetchall()
    return {frozenset([(row[0], row[1]), (row[2], row[3])]) for row in links}


def _profile_of(warehouse: Warehouse, person: People) -> str:
    """Today's id of a person who may have had several."""
    ids = ", ".join(map(text, sorted(person.profile_ids)))
    found = warehouse.connection.execute(
        f"select profile_id from identity.contact_profiles where profile_id in ({ids}) limit 1"
    ).fetchone()
    return str(found[0]) if found else min(person.profile_ids)


def _oldest(warehouse: Warehouse, profile_id: str) -> Contact:
    oldest: Contact | None = warehouse.connection.execute(
        "select source_system, contact_id from identity.contact_profiles where profile_id = ? "
        "order by is_oldest desc, created_at, source_system, contact_id limit 1",
        [profile_id],
    ).fetchone()
    if oldest is None:
        raise RekindleError("No record of that profile is delivered any more: name a record with --contact, or --all.")
    return oldest


def _since(warehouse: Warehouse, contacts: Iterable[Contact]) -> dict[str, datetime.date]:
    theirs = People(frozenset(contacts)).are_in(["source_system", "contact_id"], [])
    rows = warehouse.connection.execute(
        "select profile_id, min(first_as_of_date) from identity.contact_profile_history "
        f"where {theirs} group by profile_id"
    ).fetchall()
    return dict(rows)


# --- Which rows are told ----------------------------------------------------------------------------------------------


def _find_keys(warehouse: Warehouse, scope: Scope) -> None:
    """Makes the tables of the keys of what happened to the records that are told, and to those that are not."""
    for table, people in (("told_keys", scope.told), ("kept_keys", scope.kept)):
        warehouse.connection.execute(f"create or replace temp table {table} (kind varchar, value varchar)")
        for view, query in warehouse.delivered(People(people.contacts)).items():
            for kind in _event_keys(view.removeprefix("input_")):
                warehouse.connection.execute(
                    f"insert into {table} select distinct {text(kind)}, cast({name(kind)} as varchar) from ({query})"
                )
        if has_table(warehouse.connection, "input", "input_orders"):
            # a return that names no contact belongs to whoever bought the original
            warehouse.connection.execute(
                f"insert into {table} select 'order_id', cast(order_id as varchar) from input.input_orders "
                f"where contact_id is null and original_order_id in (select value from {table} where kind = 'order_id')"
            )


def _event_keys(entity: str) -> list[str]:
    about = entities()[entity]
    return [key for key in about.key if key.endswith("_id") and "contact_id" not in key]


def _kinds() -> set[str]:
    return {key for entity, about in entities().items() if about.person_key != "none" for key in _event_keys(entity)}


def _is_told(table: Table, people: People, scope: Scope) -> str:
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


def _rows(connection: duckdb.DuckDBPyConnection, query: str, scope: Scope) -> list[Row]:
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


def _set_aside(warehouse: Warehouse, scope: Scope) -> Iterator[Row]:
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
            for row in _rows(warehouse.connection, f"select {shown} from intake.{name(rejected)} where {where}", scope):
                yield {"entity": entity, **row}


# --- In words ---------------------------------------------------------------------------------------------------------


def _by(found: Mapping[str, list[Row]], title: str, column: str) -> list[Row]:
    return sorted(found.get(title, []), key=lambda row: str(row[column]))


def _why(warehouse: Warehouse, scope: Scope) -> Iterator[str]:
    if scope.told.profile_ids:
        for edge, told in edges_in_words(warehouse.connection, _profile_of(warehouse, scope.person)):
            if _ends(edge) <= scope.told.contacts:
                yield told


def _consent(row: Row) -> str:
    said = WORDS.get(row["status"], f"a word that nobody could read ({row['status']})")
    address = f", given for {row['address']}" if row["address"] else ""
    proof = f", proof {row['evidence_reference']}" if row["evidence_reference"] else ""
    confirmed = row.get("double_opt_in_confirmed_at")
    return (
        f"{row['changed_at'] or 'at a time that nobody could read'} (UTC): {said} to {row['purpose']} by "
        f"{CHANNELS.get(row['channel'], row['channel'])}{address}{proof}"
        + (f", confirmed {confirmed}" if confirmed else "")
    )


def _permission(row: Row) -> str:
    channel = CHANNELS.get(row["channel"], row["channel"])
    if row["is_contactable"]:
        return f"{row['purpose']} by {channel}: yes, since the yes of {row['consented_at']} (UTC)"
    reason = (row["closed_by"] or row["stopped_by"] or "no address that works has a yes").replace("_", " ")
    return f"{row['purpose']} by {channel}: no ({reason}{' since ' + row['closed_at'] if row['closed_at'] else ''})"


def _segment_names(connection: duckdb.DuckDBPyConnection) -> Callable[[str | None], str]:
    if not has_table(connection, "config", "segments"):
        return str
    names = dict(connection.execute("select segment, segment_name from config.segments").fetchall())
    return lambda segment: names.get(segment, str(segment))


def _segments(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, list[Row]]) -> Iterator[str]:
    named = _segment_names(connection)
    for row in _by(tables, "segments.rfm_published", "segment_month"):
        yield f"{row['segment_month'][:7]}: {named(row['segment'])}"


def _moves(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, list[Row]]) -> Iterator[str]:
    named = _segment_names(connection)
    for row in _by(tables, "segments.segment_moves", "segment_month"):
        before, after = row["from_segment"], row["to_segment"]
        if before != after:
            came = f"from {named(before)} to" if before else "first in"
            left = f", {row['steps_down']} steps down" if row["is_down"] else ""
            yield f"{row['segment_month'][:7]}: {came} {named(after)}{left}"


def _decisions(warehouse: Warehouse, scope: Scope, tables: Mapping[str, list[Row]]) -> Iterator[list[str]]:
    """What was decided about messages, as `make explain` says it, of the decisions that are told."""
    explainer = Explainer.of(warehouse.connection)
    if explainer is None or not scope.told.profile_ids:
        return
    told = {row["decision_id"] for row in tables.get("activation.decisions", [])}
    profile_id = _profile_of(warehouse, scope.person)
    of_today = explainer.of_newest_run(profile_id)
    for row in explainer.decisions(sorted(scope.person.profile_ids)):
        if row["decision_id"] in told:
            lines = explainer.told(row, of_today.get(row["decision_id"]), profile_id)
            yield [f"As of {row['as_of_date']}", *(line.strip() for line in lines)]


# --- Platforms --------------------------------------------------------------------------------------------------------


def _platforms(connection: duckdb.DuckDBPyConnection, scope: Scope, report: Report) -> Iterator[dict[str, Any]]:
    """Per feed, which identifier its platform was sent, and in which runs it stands."""
    theirs = _sent_values(connection, scope)
    for traces in report.exports:
        runs = traces.folder.runs()
        sent: dict[tuple[str, str], list[str]] = {}
        left_out = 0
        for run in runs:
            if traces.folder.ledger(run) in traces.ledgers:
                for row in rows_of(
                    connection,
                    f"select * from {parquet(traces.folder.ledger(run))} "
                    f"where {People(profile_ids=scope.person.profile_ids).are_in([], ['profile_id'])} order by all",
                ):
                    for column, value in row.items():
                        if column.startswith("id ") and value is not None:
                            if theirs is None or value in theirs:
                                said = f"{run.manifest['as_of_date']} {row['status']}"
                                sent.setdefault((column.removeprefix("id "), value), []).append(said)
                            else:
                                left_out += 1
        values = {value for _, value in sent}
        yield {
            "feed": traces.folder.feed,
            "platform": runs[-1].manifest["target"] if runs else None,
            "identifiers": [
                {"kind": kind, "value": value, "in_the_list": said} for (kind, value), said in sorted(sent.items())
            ],
            "identifiers_left_out": left_out,
            "runs": [
                {"run_id": run.run_id, "as_of_date": run.manifest["as_of_date"], "kind": run.manifest["kind"]}
                for run in traces.runs
                if theirs is None or forgetting.run_holds(connection, run, values)
            ],
            "is_removal_acknowledged": not traces.is_waiting,
        }


def _sent_values(connection: duckdb.DuckDBPyConnection, scope: Scope) -> set[str] | None:
    """What platforms may have been sent of the records that are told, as each spells it; None: nothing is left out."""
    if scope.is_whole:
        return None
    theirs = People(scope.told.contacts).are_in(["source_system", "contact_id"], [])
    addresses = (
        f"select identifier_value as address from identity.contact_identifiers where {theirs} and identifier_type"
    )
    values = set(scope.told.profile_ids)
    for target in map(load_target, target_names()):
        for column in target.identifiers:
            if column.kind in ADDRESS_KINDS:
                kind = ADDRESS_KINDS[column.kind]
                query = f"select {sent_address(column)} from ({addresses} = {text(kind)})"
                values |= {row[0] for row in connection.execute(query).fetchall() if row[0] is not None}
    return values
