"""A feed's rows as the platform wants them, prepared and compared in DuckDB (sql/): no row passes through Python."""

import duckdb

from rekindle.export.activation import columns_of
from rekindle.export.feeds import Feed
from rekindle.export.queries import query
from rekindle.export.runs import FROM_BACKUP, CommittedRun, FeedFolder, checksum_of
from rekindle.export.targets import ADDRESS_KINDS, Column, Table, Target, addresses_in
from rekindle.ground import rules
from rekindle.ground.errors import ContractError
from rekindle.ground.quoting import name, parquet, text


def stage(connection: duckdb.DuckDBPyConnection, table: Table, feed: Feed, target: Target) -> None:
    """Fills `table.staged`; raises ContractError when a column is missing, evidence of consent or the right date."""
    present = columns_of(connection, "audiences", table.source)
    missing = sorted({each for column in table.columns for each in column.sources} - set(present))
    if missing:
        raise ContractError(f"Audience {table.source} has no column {', '.join(missing)}, which {target.name} needs.")
    rows = audience_rows(connection, table.source, feed)
    if count := count_of(connection, f"{rows} as audience where not coalesce({table.evidence}, false)"):
        raise ContractError(
            f"{count:,} rows of {table.source} have no evidence of consent for {feed.channel} and {feed.purpose}: "
            f"nothing of feed {feed.feed} leaves. Find out how they got into the audience."
        )
    dated = "as_of_date is distinct from (select as_of_date from activation.main._published)"
    if "as_of_date" in present and count_of(connection, f"{rows} as audience where {dated}"):
        raise ContractError(f"{table.source} holds rows of another date than it was published with: build it again.")
    if target.person in present:
        look_up_permissions(connection, table, rows, feed, target)
    ((count,),) = connection.execute(query("ascii", rows=rows, table=table, target=target)).fetchall()
    connection.execute(
        query(
            "stage",
            rows=rows,
            table=table,
            feed=feed,
            target=target,
            is_ascii=count == 0,
            # how the columns are made is part of what a row says: when a profile changes, every row does
            described=checksum_of([each.model_dump() for each in table.columns if not each.identifier])[:16],
            has_person=target.person in present,
            concerns=concerns(feed.channel, feed.purpose),
            permits=permits(feed.channel, feed.purpose),
        )
    )
    ids = ", ".join(f"c{number}" for number, column in enumerate(table.columns) if column.identifier)
    _reject_doubles(connection, table.staged, ids)


def look_up_permissions(
    connection: duckdb.DuckDBPyConnection, table: Table, rows: str, feed: Feed, target: Target
) -> None:
    """Fills `table.permitted`: where the people of an audience may be written to.

    Numbers are compared faster than texts, here and below.
    """
    connection.execute(
        f"create or replace temp table {table.permitted} as select profile_id, channel, address_kind, address "
        f"from permissions where {permits(feed.channel, feed.purpose)} and hash(profile_id) in "
        f"(select hash(cast({name(target.person)} as varchar)) from {rows} as audience)"
    )


def audience_rows(connection: duckdb.DuckDBPyConnection, table: str, feed: Feed) -> str:
    """The rows of an audience that a feed takes."""
    rows = f"activation.audiences.{name(table)}"
    if "channel" in columns_of(connection, "audiences", table) and feed.channel != "*":
        return f"(select * from {rows} where channel = {text(feed.channel)})"
    return rows


def _reject_doubles(connection: duckdb.DuckDBPyConnection, table: str, ids: str) -> None:
    """One row per identifier; the one that stays is always the same. Looked for first: there hardly ever are any."""
    differing = f"(select count(*) as rows, count(distinct hash({ids})) as hashes from {table} where reject is null)"
    if count_of(connection, f"{differing} where hashes < rows"):
        connection.execute(
            f"update {table} set reject = 'duplicate_identifier|' where rowid in (select row_id from ("
            f"select rowid as row_id, row_number() over (partition by {ids} order by person, row_hash, rowid) as place "
            f"from {table} where reject is null) where place > 1)"
        )


def compare(
    connection: duckdb.DuckDBPyConnection,
    feed: Feed,
    target: Target,
    folder: FeedFolder,
    tables: list[Table],
    sequence: int,
) -> None:
    """Makes what sql/compare.sql describes; `tables`: what was staged for the feed, its own rows first.

    `sequence`: of the run to be.
    """
    base, newest = folder.base(), folder.newest_ledger()
    if base is not None and base != newest:  # the newest was read before anything was exported
        read_whole(connection, folder, base)
    connection.execute(
        query(
            "compare",
            ids={f"c{number}": f"id {c.header}" for number, c in enumerate(target.columns) if c.identifier},
            tables=[table.staged for table in tables],
            sequence=sequence,
            base_sequence=base.sequence if base else 0,
            certain=ledger_rows(connection, folder, base, target),
            known=ledger_rows(connection, folder, newest, target),
            is_acknowledged=base is not None and newest is not None and base.run_id == newest.run_id,
            left=with_closed("left_over", target, feed.channel, feed.purpose),
            closed=[f"is_closed_{number}" for number in addresses_in(target.columns)],
            concerns=concerns(feed.channel, feed.purpose),
        )
    )


def concerns(channel: str, purpose: str) -> str:
    """The condition under which a withdrawal concerns what is sent on a channel for a purpose.

    What is sent for all of them is over with the last one: whoever said no somewhere and may be written to nowhere.
    """
    concerned = f"channel in ('*', {text(channel)}) and purpose in ('*', {text(purpose)})"
    return concerned if channel != "*" else f"({concerned} or profile_id in (select profile_id from closed_people))"


def permits(channel: str, purpose: str) -> str:
    """The condition under which a permission is one for what is sent on a channel for a purpose, or for any message."""
    if channel == "*":
        return "purpose in (select purpose from purposes)"
    return f"channel = {text(channel)} and purpose = {text(purpose)}"


def sent_address(column: Column) -> str:
    """The column `address` of the permissions as a target's column spells and hashes it."""
    spelled = "address" if column.rule == "as_is" else rules.apply(column.rule, "address")
    return rules.apply("sha256_hex", spelled) if column.hash else spelled


def permitted(table: Table, in_files: str, feed: Feed) -> str:
    """The condition under which a staged person may be written to at what the platform is sent, in its own spelling."""
    by = feed.channel == "*" and table.channel_column is not None
    theirs, hers = (f", c{table.channel_column}", ", channel") if by else ("", "")
    permissions = table.permitted
    if in_files != table.staged:  # few of many: the others need not be hashed
        permissions = f"(from {permissions} where hash(profile_id) in (select hash(person) from {in_files}))"
    conditions = [
        f"(c{number} is null or hash(person{theirs}, c{number}) in (select "
        f"hash(profile_id{hers}, {sent_address(table.columns[number])}) from {permissions} "
        f"where address_kind = {text(kind)}))"
        for number, kind in table.addresses.items()
    ]
    if table.has_other_identifiers:
        conditions.append(f"hash(person{theirs}) in (select hash(profile_id{hers}) from {permissions})")
    return " and ".join(conditions)


def with_closed(sent: str, target: Target, channel: str, purpose: str) -> str:
    """Rows of a ledger with `is_closed_<n>` per address: not hers to be written to any more, while another one is.

    Of somebody without any permission nothing is said: who said no is among the withdrawals, and whose consent has only
    vanished is the guards' question.
    """
    flags = [
        f"c{number} is not null and hash(today) in (select hash(profile_id) from hers) "
        f"and not ({_is_hers(target, number)}) as is_closed_{number}"
        for number in addresses_in(target.columns)
    ]
    return f"({_with_hers(sent, channel, purpose)} select {', '.join(['*', *flags])} from sent)"


def held_today(sent: str, target: Target, number: int, channel: str, purpose: str) -> str:
    """Addresses of the members in rows of a ledger, and who may be written to at them today."""
    return (
        f"({_with_hers(sent, channel, purpose)} select today, c{number} from sent where status = 'member' "
        f"and {_is_hers(target, number)} and profile_id not in ({_withdrawn(channel, purpose)}) "
        f"and today not in ({_withdrawn(channel, purpose)}))"
    )


def of_today(sent: str) -> str:
    """Rows of a ledger with `today`: the id that the person has now."""
    return (
        "(select rows.*, coalesce(former_ids.profile_id, rows.profile_id) as today "
        f"from {sent} as rows left join former_ids on rows.profile_id = former_ids.former_profile_id)"
    )


def _with_hers(sent: str, channel: str, purpose: str) -> str:
    """CTEs: rows of a ledger as of today, and where these people may be written to."""
    return (
        f"with sent as {of_today(sent)}, "
        "hers as materialized (select profile_id, address_kind, address from permissions "
        f"where {permits(channel, purpose)} and hash(profile_id) in (select hash(today) from sent))"
    )


def _is_hers(target: Target, number: int) -> str:
    column = target.columns[number]
    return (
        f"hash(today, c{number}) in (select hash(profile_id, {sent_address(column)}) "
        f"from hers where address_kind = {text(ADDRESS_KINDS[column.kind])})"
    )


def _withdrawn(channel: str, purpose: str) -> str:
    return f"select profile_id from withdrawals where {concerns(channel, purpose)}"


def ledger_rows(
    connection: duckdb.DuckDBPyConnection, folder: FeedFolder, run: CommittedRun | None, target: Target
) -> str:
    """The rows of a run's ledger as profile_id, status, row_hash, c<n> (identifiers), since; none without a run."""
    numbers = [(number, column.header) for number, column in enumerate(target.columns) if column.identifier]
    stored: list[str] = []
    source = "(values (0)) where false"
    if run is not None:
        source = parquet(folder.ledger(run))
        stored = [row[0] for row in connection.execute(f"describe select * from {source}").fetchall()]
    told = ("profile_id", "status", "row_hash", "since")
    forgotten = sorted({*stored} - {*told} - {f"id {header}" for _, header in numbers})
    if forgotten:
        raise ContractError(
            f"Feed {folder.feed} was sent with the identifier '{forgotten[0].removeprefix('id ')}', which target "
            f"{target.name} does not have any more: keep the column, else those people cannot be removed."
        )
    columns = [*((each, each) for each in told), *((f"id {header}", f"c{number}") for number, header in numbers)]
    types = {"since": "bigint"}
    selected = [
        f"cast({name(column) if column in stored else 'null'} as {types.get(column, 'varchar')}) as {alias}"
        for column, alias in columns
    ]
    return f"select {', '.join(selected)} from {source}"


def read_whole(connection: duckdb.DuckDBPyConnection, folder: FeedFolder, run: CommittedRun) -> None:
    """Raises ContractError when a run's ledger lost its end or a page: with less of it people stay on a platform."""
    ledger = parquet(folder.ledger(run))
    try:
        connection.execute(f"select bit_xor(hash(each)), count(profile_id), count(status) from {ledger} as each")
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        raise ContractError(f"Feed {folder.feed}: the ledger of run {run.run_id} is damaged: {FROM_BACKUP}.") from None


def count_of(connection: duckdb.DuckDBPyConnection, source: str) -> int:
    """How many rows `source` (a table, with or without conditions) has."""
    ((count,),) = connection.execute(f"select count(*) from {source}").fetchall()
    return int(count)


def digest(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """Tells whether two tables hold the same rows, in whatever order; comparable for one version of DuckDB."""
    ((found,),) = connection.execute(
        f"select concat_ws(' ', count(*), bit_xor(hash(each)), sum(hash(each))) from {table} as each"
    ).fetchall()
    return str(found)
