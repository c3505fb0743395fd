"""Which identifiers of a person platforms were sent."""

from collections.abc import Iterator
from typing import Any

import duckdb

from rekindle.export.staging import sent_address
from rekindle.export.targets import ADDRESS_KINDS, load_target, target_names
from rekindle.forget import traces
from rekindle.forget.looking import Report
from rekindle.forget.people import People
from rekindle.ground.quoting import parquet, text
from rekindle.tell.asking import rows_of
from rekindle.tell.scope import Scope


def platforms(connection: duckdb.DuckDBPyConnection, scope: Scope, report: Report) -> Iterator[dict[str, Any]]:
    """Per feed, which identifier its platform was sent, and in which runs it stands."""
    theirs = _sent_values(connection, scope)
    # also under the id of somebody with whom they were taken for one before; that one's own identifiers are not told
    alone = traces.as_sent(connection, scope.person.addresses)
    for held in report.exports:
        runs = held.folder.runs()
        sent: dict[tuple[str, str], list[str]] = {}
        left_out = 0
        for run in runs:
            if held.folder.ledger(run) in held.ledgers:
                file = held.folder.ledger(run)
                hers = traces.are_theirs(connection, file, scope.person.profile_ids, alone)
                for row in rows_of(connection, f"select * from {parquet(file)} where {hers} order by all"):
                    is_hers = row["profile_id"] in scope.person.profile_ids
                    for column, value in row.items():
                        if column.startswith("id ") and value is not None and (is_hers or value in alone):
                            if theirs is None or value in theirs:
                                said = f"{run.manifest['as_of_date']} {row['status']}"
                                sent.setdefault((column.removeprefix("id "), value), []).append(said)
                            else:
                                left_out += 1
        values = {value for _, value in sent}
        yield {
            "feed": held.folder.feed,
            "platform": runs[-1].manifest["target"] if runs else None,
            "identifiers": [
                {"kind": kind, "value": value, "in_the_list": said} for (kind, value), said in sorted(sent.items())
            ],
            "identifiers_left_out": left_out,
            "runs": [
                {"run_id": run.run_id, "as_of_date": run.manifest["as_of_date"], "kind": run.manifest["kind"]}
                for run in held.runs
                if theirs is None or traces.run_holds(connection, run, values)
            ],
            "is_removal_acknowledged": not held.is_waiting,
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
