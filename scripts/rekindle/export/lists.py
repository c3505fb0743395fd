"""The lists that follow from what was ever sent to a platform: whom to opt out, whom to erase."""

from collections.abc import Collection
from typing import Any

import duckdb

from rekindle.export import runs
from rekindle.export.bodies import Call, calls_of
from rekindle.export.runs import CommittedRun, FeedFolder
from rekindle.export.staging import concerns, count_of, digest, held_today, ledger_rows, of_today, with_closed
from rekindle.export.targets import addresses_in, load_target
from rekindle.export.writing import NO_MANIFEST, Writer, piece_of
from rekindle.ground.errors import CONTRACT
from rekindle.ground.quoting import text

# per kind, the withdrawals it lists
LISTS = {"opt_out": "reason <> 'erased'", "erasure": "reason = 'erased'"}
RETENTION_DAYS = 30


def newest_ledgers(damaged: Collection[str]) -> list[tuple[FeedFolder, CommittedRun]]:
    """Whom each feed has sent, by the newest run with a ledger.

    A feed whose books are damaged tells so itself, and keeps nobody else on a platform.
    """
    found = [(folder, folder.newest_ledger()) for folder in runs.feed_folders() if folder.feed not in damaged]
    return [(folder, run) for folder, run in found if run is not None]


def send_list(
    writer: Writer,
    kind: str,
    target_name: str,
    ledgers: Collection[tuple[FeedFolder, CommittedRun]],
    damaged: Collection[str],
) -> None:
    """Whom a platform was ever sent, by whichever feed (`ledgers`), and who has withdrawn or is to be erased since.

    To opt out are also addresses that are not a person's to be written to any more while another one is: those alone,
    without what else the platform knows her by. Nobody is listed with an address that the platform holds of somebody
    else, who may be written to at it today; to opt out, for the same channel and purpose.
    """
    connection, target = writer.connection, load_target(target_name)
    numbers = [number for number, column in enumerate(target.columns) if column.identifier]
    closed = addresses_in(target.columns) if kind == "opt_out" else {}
    alone = ", ".join(
        f"case when is_closed_{n} then c{n} end as c{n}" if n in closed else f"null as c{n}" for n in numbers
    )
    ids = ", ".join(f"c{number}" for number in numbers)
    selects: list[str] = []
    held: dict[int, list[str]] = {number: [] for number in addresses_in(target.columns)}
    sent_to: list[dict[str, str]] = []
    for folder, run in ledgers:
        if run.manifest["target"] == target_name:
            channel, purpose = run.manifest["channel"], run.manifest["purpose"]
            sent_to.append(run.manifest["config"].get("destination", {}))
            ledger = f"({ledger_rows(connection, folder, run, target)})"
            use = f"{text(f'{channel} {purpose}')} as use" if kind == "opt_out" else "null as use"
            for number, members in held.items():
                listed = f"(from {ledger} where c{number} in (select c{number} from listed))"
                members.append(f"select *, {use} from {held_today(listed, target, number, channel, purpose)}")
            selects.append(
                f"select today, {use}, {ids} from {of_today(ledger)} as sent where profile_id in "
                f"(select profile_id from withdrawals where {LISTS[kind]} and {concerns(channel, purpose)})"
            )
            if closed:
                # members of this very publication have been looked at when they were written
                is_new = run.is_whole and run.manifest["published"] == writer.activation.published
                if is_new and not writer.activation.late_noes.closed:
                    ledger = f"(from {ledger} where status <> 'member')"
                any_closed = " or ".join(f"is_closed_{number}" for number in closed)
                closed_rows = with_closed(ledger, target, channel, purpose)
                selects.append(f"select today, {use}, {alone} from {closed_rows} where {any_closed}")
    nobody = of_today(f"({ledger_rows(connection, writer.folder, None, target)})")
    sent = " union all ".join(selects) or f"select *, null as use from {nobody}"
    connection.execute(f"create or replace temp table listed as select distinct today, use, {ids} from ({sent})")
    for number, members in held.items() if count_of(connection, "listed") else []:
        others = f"select 1 from ({' union all '.join(members)}) as held where held.c{number} = listed.c{number}"
        others += " and held.use is not distinct from listed.use and held.today <> listed.today"
        connection.execute(f"update listed set c{number} = null where exists ({others})")
    connection.execute(
        f"create or replace temp table staged as select distinct {ids} from listed where coalesce({ids}) is not null"
    )
    writer.report.counts = {"people": count_of(connection, "staged")}
    if damaged:
        writer.report.exit_code = CONTRACT
        writer.report.message = f"Without whom feed {', '.join(damaged)} was sent: its books are damaged."
    content: list[Any] = [
        writer.as_of_date,
        kind,
        target.model_dump(),
        duckdb.__version__,
        digest(connection, "staged"),
    ]
    api = target.api
    calls: list[Call | None] = [*calls_of(api, api.remove_everywhere, sent_to)] if api else [None]
    content += [[call.told, call.destinations] for call in calls if call is not None]
    if writer.is_known(content):
        return
    manifest = NO_MANIFEST | {"target": target_name, "mode": kind, "config": {"retention_days": RETENTION_DAYS}}
    opt_out = target.opt_out if kind == "opt_out" else {}
    constants = {header: target.booleans[0 if yes else 1] for header, yes in opt_out.items()}
    pieces = [
        piece_of(
            "full" if number == 1 else f"full_{number}",
            "staged",
            target.formats[0],
            target,
            only_identifiers=True,
            constants=constants,
            call=call,
        )
        for number, call in enumerate(calls, start=1)
    ]
    writer.write(pieces, content, manifest, target)
