"""The gate before a build: what landed is measured in DuckDB and judged before anything is built from it.

What is measured comes from the project: `config.meta.expect` of a source table and of its columns, for files that have
the contract's shape the meta of the contract itself. Tables that declare nothing are still compared with what was
accepted the last time. A gate that was green is asked again only when a raw file or a rule changed, or when a feed may
have grown stale: what it saw is kept beside the warehouse, in counts.
"""

import datetime
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import duckdb
from dbt.contracts.graph.manifest import Manifest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rekindle.gates.judge import Gate, Measure
from rekindle.ground import paths
from rekindle.ground.engine import connect
from rekindle.ground.errors import RekindleError, without_values
from rekindle.ground.files import checksum_once, private_writing
from rekindle.ground.quoting import file_text, name, text
from rekindle.ground.rules import apply
from rekindle.ground.settings import setting
from rekindle.ground.sources import check_sources, damaged, external_sources, not_in_utf8, readable, source_files

# below this, one row more or less is a large share
ROWS_WORTH_COMPARING = 500
# of money and of pieces, which must not be made another number of: macro exact_number()
NUMBERS = {"integer": "a whole number", "bigint": "a whole number", "decimal(18,2)": "an amount to the cent"}
LIMITS = ("max_rejected_share", "max_raw_loss_share", "max_raw_growth_factor", "max_days_after_last_event")


class _Strict(BaseModel):
    """Unknown keys are refused: a typo must not switch an expectation off."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TableRules(_Strict):
    """What a raw table is expected to be."""

    key: tuple[str, ...] = ()  # names a row; repeated at most as often as rows may be rejected
    event_at: str | None = None  # when a row happened; its newest says whether the feed is alive
    max_age_days: int | None = Field(default=None, ge=0)  # else the setting max_days_after_last_event
    is_compared: bool = True  # with what was accepted the last time


class ColumnRules(_Strict):
    """What a raw column is expected to hold, but for as many rows as may be rejected."""

    is_required: bool = False
    empty_text_is_a_value: bool = False
    smallest: float | None = None
    largest: float | None = None
    accepted_values: tuple[str, ...] = ()
    reads_as: Literal["integer", "bigint", "decimal(18,2)"] | None = None  # what staging casts it to


@dataclass(frozen=True)
class RawTable:
    """One raw table: where it is and what is expected of it."""

    name: str
    relation: str
    rules: TableRules
    columns: Mapping[str, ColumnRules]


@dataclass(frozen=True)
class Verdict:
    """What became of asking the gate."""

    judged: int  # numbers that were judged; 0: nothing changed since it was green
    page: Path | None


def check_raw(
    manifest: Manifest, connector: str, as_of: datetime.date, *, accept: bool = False, again: bool = False
) -> Verdict:
    """Raises RekindleError, one sentence per expectation that the raw data does not meet; remembers what is accepted.

    `accept`: a person looked at how the data changed since the last time, and it is meant. `again`: also when it is
    what was accepted already.
    """
    check_sources(manifest, connector)
    tables = raw_tables(manifest, connector)
    limits = {name: setting(name, connector) for name in LIMITS}
    memory = _Memory(paths.warehouse().with_name("accepted_raw_data.json"), connector)
    fingerprint = _fingerprint(source_files(manifest, connector), tables, limits)
    if not (accept or again) and memory.holds(fingerprint, as_of):
        return Verdict(0, None)
    seen: dict[str, dict[str, int]] = {}
    measures: list[Measure] = []
    connection = connect()
    try:
        for table in tables:
            counts = measure(connection, table, as_of, setting("earliest_plausible_date", connector))
            seen[table.name] = {name: count for name, count in counts.items() if name.startswith(("rows", "filled "))}
            before = {} if accept else memory.tables.get(table.name, {})
            measures += expectations(table, counts, before, limits)
    except duckdb.Error as error:
        # DuckDB says of a byte that is no UTF-8 only sometimes that this is what it is
        sources = external_sources(manifest, connector)
        if other := [sentence for source in sources for sentence in not_in_utf8(source)]:
            raise RekindleError("\n".join(other)) from None
        if other := [sentence for source in sources for sentence in damaged(connection, source)]:
            raise RekindleError("\n".join(other)) from None
        raise RekindleError(f"The raw data could not be measured: {without_values(str(error))}.") from None
    finally:
        connection.close()
    gate = Gate("raw", shows_all=True)
    closed = gate.judge(f"raw data of {connector}", measures)
    page = gate.document()
    if closed:
        raise RekindleError(
            "\n".join(closed)
            + f"\nNothing was built: mend the raw data, {page} shows all that was expected. When it is meant to have "
            f"changed so much since the last time, say so: `{paths.command('check_sources', '--accept')}`."
        )
    memory.keep(fingerprint, _fresh_until(as_of, measures), seen)
    return Verdict(len(measures), page)


def raw_tables(manifest: Manifest, connector: str) -> list[RawTable]:
    """The raw tables of a connector with their rules; RekindleError when a rule cannot be read."""
    if connector == "parquet":
        return [table for node in _contract_models(manifest) for table in _contract_table(node)]
    return [
        _table(
            f"{source.source_name}.{source.name}",
            readable(source),
            _expect(source),
            {name: _expect(column) for name, column in source.columns.items()},
        )
        for source in external_sources(manifest, connector)
    ]


def _contract_models(manifest: Manifest) -> list[Any]:
    nodes = [node for _, node in sorted(manifest.nodes.items())]
    return [node for node in nodes if node.original_file_path.startswith("models/input/parquet/")]


def _contract_table(node: Any) -> Iterator[RawTable]:
    """A contract-shaped file; what the contract says of the entity is what is expected of it."""
    files = sorted(
        [*paths.contract().glob(f"{node.name}.parquet"), *paths.contract().glob(f"{node.name}/**/*.parquet")]
    )
    if not files:
        return
    quoted = ", ".join(map(file_text, files))
    yield _table(
        node.name,
        f"read_parquet([{quoted}], union_by_name = true, hive_partitioning = false)",
        {name: value for name, value in node.config.meta.items() if name in TableRules.model_fields},
        {column.name: _contract_rules(column) for column in node.columns.values()},
    )


def _contract_rules(column: Any) -> dict[str, Any]:
    meta = column.config.meta
    rules = {name: value for name, value in meta.items() if name in ColumnRules.model_fields}
    if column.data_type in NUMBERS:
        rules["reads_as"] = column.data_type
    # a local date is made of its stamp, so that files may leave it empty
    return rules | {"is_required": False} if "local_date_of" in meta else rules


def _expect(described: Any) -> Any:
    return {**described.meta, **described.config.meta}.get("expect") or {}


def _table(name: str, relation: str, rules: Any, columns: Mapping[str, Any]) -> RawTable:
    where = f"Raw table {name}"
    try:
        table = TableRules.model_validate(rules)
        by_column = {}
        for column, own in columns.items():
            where = f"Raw table {name}, column {column}"
            by_column[column.lower()] = ColumnRules.model_validate(own)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        key = ".".join(str(part) for part in problem["loc"]) or "expect"
        reason = "nobody reads it" if problem["type"] == "extra_forbidden" else problem["msg"].lower()
        raise RekindleError(
            f"{where}: key '{key}' of meta.expect: {reason}; docs/connector-guide.md lists the keys."
        ) from None
    for column in (*table.key, *([table.event_at] if table.event_at else [])):
        if by_column and column not in by_column:
            raise RekindleError(
                f"Raw table {name}: meta.expect names column {column}, which the table does not declare: "
                "declare it or mend the name."
            )
    return RawTable(name, relation, table, by_column)


def measure(
    connection: duckdb.DuckDBPyConnection, table: RawTable, as_of: datetime.date, earliest: str
) -> dict[str, int]:
    """Everything that is counted of a table, in one pass over it, and a second one for its key."""
    described = connection.execute(f"describe select * from {table.relation}").fetchall()
    present = {str(row[0]).lower(): str(row[1]) for row in described}
    asked = {"rows": "count(*)"}
    for column, data_type in present.items():
        if table.columns and column not in table.columns:
            continue
        rules = table.columns.get(column, ColumnRules())
        is_text = data_type == "VARCHAR" and not rules.empty_text_is_a_value
        value = f"nullif({name(column)}, '')" if is_text else name(column)
        asked[f"filled {column}"] = f"count({value})"
        if rules.smallest is not None or rules.largest is not None:
            number = f"try_cast({value} as double)"
            within = [f"{number} >= {rules.smallest}"] if rules.smallest is not None else []
            within += [f"{number} <= {rules.largest}"] if rules.largest is not None else []
            asked[f"outside {column}"] = (
                f"count(case when {value} is not null and not coalesce({' and '.join(within)}, false) then 1 end)"
            )
        if rules.reads_as:
            number = apply("exact_number", name(column), rules.reads_as)
            asked[f"unread {column}"] = f"count(case when {value} is not null and {number} is null then 1 end)"
        if rules.accepted_values:
            known = ", ".join(text(each) for each in rules.accepted_values)
            asked[f"other {column}"] = f"count(case when cast({value} as varchar) not in ({known}) then 1 end)"
    event_at = table.rules.event_at
    if event_at in present:
        moment = f"try_cast({name(event_at)} as timestamp)"
        past = f"case when {moment} < date '{as_of}' + interval 1 day then {moment} end"
        asked["implausible"] = f"count(case when {moment} < date '{earliest}' then 1 end)"
        asked["age"] = f"date_diff('day', cast(max({past}) as date), date '{as_of}')"
    answer = connection.execute(f"select {', '.join(asked.values())} from {table.relation}").fetchall()[0]
    counts = {name: count for name, count in zip(asked, answer, strict=True) if count is not None}
    if table.rules.key and set(table.rules.key) <= set(present):
        key = ", ".join(name(column) for column in table.rules.key)
        ((distinct,),) = connection.execute(
            f"select count(*) from (select distinct {key} from {table.relation})"
        ).fetchall()
        counts["repeated"] = counts["rows"] - distinct
    return counts


def expectations(
    table: RawTable, counts: Mapping[str, int], before: Mapping[str, int], limits: Mapping[str, Any]
) -> list[Measure]:
    """The suite of one table: its numbers with their bounds."""
    subject = f"Raw table {table.name}"
    rows, rules = counts["rows"], table.rules
    most = float(limits["max_rejected_share"])

    def share(name: str, count: int, rule: str) -> Measure:
        found = count / rows if rows else 0.0
        return Measure(subject, name, found, f"at most {most:.4g} of the rows may {rule}", f"{found:.4g}", largest=most)

    measures = []
    for column, own in table.columns.items():
        if f"filled {column}" in counts and (own.is_required or rules.key == (column,)):
            measures.append(share(f"empty {column}", rows - counts[f"filled {column}"], f"lack {column}"))
        if (outside := counts.get(f"outside {column}")) is not None:
            bounds = " to ".join("any" if each is None else f"{each:g}" for each in (own.smallest, own.largest))
            measures.append(share(f"outside {column}", outside, f"have {column} outside {bounds}"))
        if own.reads_as and (unread := counts.get(f"unread {column}")) is not None:
            rule = f"have {column} that is not {NUMBERS[own.reads_as]}"
            measures.append(share(f"unread {column}", unread, rule))
        if (other := counts.get(f"other {column}")) is not None:
            measures.append(share(f"other {column}", other, f"have {column} that is not in the declared list"))
    if "repeated" in counts:
        measures.append(share("repeated", counts["repeated"], f"repeat another row's key ({', '.join(rules.key)})"))
    if rules.event_at and "implausible" in counts:
        early = f"have {rules.event_at} before earliest_plausible_date"
        measures.append(share("implausible", counts["implausible"], early))
        oldest = rules.max_age_days if rules.max_age_days is not None else int(limits["max_days_after_last_event"])
        age = counts.get("age")
        found_age = "none" if age is None else f"one {age} days before"
        rule = f"the newest {rules.event_at} is at most {oldest} days before the as-of date"
        measures.append(Measure(subject, "age", age, rule, found_age, largest=oldest))
    return [*measures, *(_drift(subject, counts, before, limits) if rules.is_compared else ())]


def _drift(
    subject: str, counts: Mapping[str, int], before: Mapping[str, int], limits: Mapping[str, Any]
) -> Iterator[Measure]:
    """Against what was accepted last: rows that went, rows that came, columns that lost their values."""
    rows, rows_before = counts["rows"], before.get("rows", 0)
    if rows_before < ROWS_WORTH_COMPARING:
        return
    loss, growth = float(limits["max_raw_loss_share"]), float(limits["max_raw_growth_factor"])
    least, most = rows_before * (1 - loss), rows_before * growth
    yield Measure(
        subject,
        "rows",
        rows,
        f"{least:,.0f} to {most:,.0f} rows after {rows_before:,} the last time",
        f"{rows:,}",
        smallest=least,
        largest=most,
    )
    lost = [
        (filled / rows_before - counts[name] / rows, name.removeprefix("filled "))
        for name, filled in before.items()
        if name.startswith("filled ") and name in counts and rows
    ]
    share, column = max(lost, default=(0.0, "no column"))
    yield Measure(
        subject,
        "values",
        share,
        f"no column may be filled in more than {loss:.4g} less of the rows than the last time",
        f"{max(share, 0):.4g} less in {column}",
        largest=loss,
    )


def _fresh_until(as_of: datetime.date, measures: list[Measure]) -> datetime.date:
    """The last date as of which no feed is too old: of the same rows the newest only ages by the days that pass."""
    ages = [each for each in measures if each.name == "age"]
    spare = [each.largest - each.value for each in ages if each.largest is not None and each.value is not None]
    return as_of + datetime.timedelta(days=int(min(spare, default=0)))


class _Memory:
    """What the gate accepted, per connector: counts, and how to recognise the same files and rules."""

    def __init__(self, path: Path, connector: str) -> None:
        self.path, self.connector = path, connector
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            content = {}  # damaged or not there: everything is looked at
        self.content: dict[str, Any] = content if isinstance(content, dict) else {}

    @property
    def tables(self) -> dict[str, dict[str, int]]:
        """Counts per table, of the last time."""
        return dict(self._own.get("tables", {}))

    def holds(self, fingerprint: str, as_of: datetime.date) -> bool:
        """Whether the gate was green for this; what is fresh on a later date is not stale on an earlier one."""
        fresh_until = str(self._own.get("fresh_until", ""))
        return bool(self._own.get("fingerprint") == fingerprint and fresh_until >= as_of.isoformat())

    def keep(self, fingerprint: str, fresh_until: datetime.date, tables: Mapping[str, Mapping[str, int]]) -> None:
        """Replaces the file in one step."""
        kept = {"fingerprint": fingerprint, "fresh_until": fresh_until.isoformat(), "tables": tables}
        self.content[self.connector] = kept
        with private_writing(self.path) as unfinished:
            unfinished.write_text(json.dumps(self.content, indent=1, sort_keys=True) + "\n", encoding="utf-8")

    @property
    def _own(self) -> dict[str, Any]:
        return dict(self.content.get(self.connector) or {})


def _fingerprint(files: list[Path], tables: list[RawTable], limits: Mapping[str, Any]) -> str:
    """Changes with a raw file, a rule, a limit or this file."""
    digest = hashlib.sha256(repr((tables, sorted(limits.items()))).encode())
    for path in [Path(__file__), *files]:
        digest.update(f"\n{path}\n".encode())
        digest.update(checksum_once(path).encode())
    return digest.hexdigest()
