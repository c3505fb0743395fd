"""A person in the lake: looked for, and taken out of it to the last byte, by Spark; what no table shows goes, too.

Who somebody is, is found in the file at hand as of any warehouse. Rows are counted and deleted where they lie. A
deleted row stands in earlier snapshots, and these go at once. Column bounds, which would repeat values of rows, are not
written (profiles.yml).
"""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from rekindle.forget import blocking
from rekindle.forget.finding import Warehouse
from rekindle.forget.people import People
from rekindle.forget.tables import ANONYMISED, RAW_ADDRESSES, Table
from rekindle.ground import lake, rules, stores
from rekindle.ground.contract import Entity, entities
from rekindle.ground.errors import RekindleError
from rekindle.ground.lake import Place
from rekindle.ground.quoting import SPARK
from rekindle.ground.screen import counted

# what says who somebody is
KNOWN_BY = (
    *(("identity", each) for each in ("contact_profiles", "contact_profile_history", "profile_merges")),
    *(("identity", each) for each in ("contact_identifiers", "contact_records")),
    *(("input", each) for each in ("input_contacts", "input_consents", "input_contact_preferences")),
    ("intake", "intake_erasure_requests"),
)
TO_BE_DELETED = (("activation", "decisions"), ("config", "scenarios"), ("scenarios", "scenario_triggers"))
# deleted last, in this order: until then a killed erasure, called again, finds who it was
LAST = ("identity.contact_profile_history", "identity.contact_profiles")
BLOCKED = "landing.blocked_contacts"
# a condition that holds for no row, since the table has no column that names anybody
NOBODY = People().are_in([], [])
TABLES_AT_ONCE = 20
ERASED = "intake.intake_erased_contacts"


@dataclass(frozen=True)
class LakeTable(Table):
    """A table of the lake."""

    spark: Any
    messages: frozenset[str]
    raw_addresses: frozenset[str]  # of a look-up: the values that nobody else has

    def names(self, people: People) -> str:
        """The condition as Spark spells it."""
        named = people.are_in(self.columns, self.texts, SPARK)
        if (self.schema, self.table) in RAW_ADDRESSES:
            return f"({named} or {_among(RAW_ADDRESSES[self.schema, self.table], self.raw_addresses)})"
        return f"({named} or {_among('message_id', self.messages)})" if "message_id" in self.columns else named

    def erase(self, people: People) -> None:
        """One commit; an order keeps its row and loses its person."""
        if self.table in ANONYMISED:
            self.spark.sql(f"update {self.rows} set profile_id = null where {self.names(people)}")
        else:
            self.spark.sql(f"delete from {self.rows} where {self.names(people)}")


class LakeWarehouse(Warehouse):
    """The same questions, with what answers them brought to hand."""

    spelling = SPARK

    def __init__(self, connection: duckdb.DuckDBPyConnection, file: Path) -> None:
        self.spark = lake.session()
        # the statement of an erasure names the person, and a log of events would keep it
        if str(self.spark.sparkContext.getConf().get("spark.eventLog.enabled", "false")).lower() == "true":
            raise RekindleError(
                "Spark keeps a log of events, which would name whom you look for: set spark.eventLog.enabled to false."
            )
        if blocking.own_requests():  # an erasure that was killed may have deleted rows and not their bytes
            lake.tidy(self.spark, keep=datetime.timedelta())
        stores.store().fetch("landing", *KNOWN_BY)
        super().__init__(connection, file)
        self.messages: frozenset[str] = frozenset()

    def purge_list(self) -> list[str]:
        """Fetched when it is asked for: it reads every decision."""
        self.connection.execute("use memory")
        self.connection.execute(f"detach {self.file.stem}")
        stores.store().fetch(*TO_BE_DELETED)
        self.attach()
        return super().purge_list()

    def raw_counts(self, people: People) -> dict[str, int]:
        """By Spark: the lake holds a copy of the input."""
        return {
            view: int(self.spark.sql(f"select count(*) from ({query})").collect()[0][0])
            for view, query in self.delivered(people).items()
        }

    def find_messages(self, people: People) -> None:
        """Read by Spark, for its conditions and, as a table, for those of DuckDB."""
        if self.has_input("messages"):
            theirs = people.are_in(["source_system", "contact_id"], [], SPARK)
            # whoever was erased before is not in the lake's input any more
            rows = self.spark.sql(
                f"select cast(message_id as string) from input.input_messages where {theirs} "
                "except select cast(message_id as string) from input.input_messages "
                f"where nullif(trim(contact_id), '') is not null and not {theirs}"
            )
            self.messages = frozenset(str(row[0]) for row in rows.collect() if row[0] is not None)
        self.connection.execute(
            "create or replace temp table their_messages as select unnest(cast($ids as varchar[])) as message_id",
            {"ids": sorted(self.messages)},
        )

    def has_input(self, entity: str) -> bool:
        """Not at hand, but in the lake."""
        return ("input", f"input_{entity}") in self._input

    @cached_property
    def _input(self) -> set[Place]:
        return {*lake.relations(self.spark, "tables", schemas=["input"])}

    def tables(self) -> Iterator[tuple[str, Sequence[Table]]]:
        """Those of the lake."""
        yield "lake", self.lake_tables()

    def rows_of(self, tables: Sequence[Table], people: People) -> dict[str, int]:
        """Many tables in one query, each of which costs Spark a tenth of a second; of the others as everywhere."""
        counts = super().rows_of([table for table in tables if not isinstance(table, LakeTable)], people)
        asked = {table.title: table for table in tables if isinstance(table, LakeTable)}
        conditions = {title: table.names(people) for title, table in asked.items()}
        counts |= {title: 0 for title, condition in conditions.items() if condition == NOBODY}
        titles = [title for title in asked if title not in counts]
        for first in range(0, len(titles), TABLES_AT_ONCE):
            queries = (
                f"select '{title}' as title, count(*) from {asked[title].rows} where {conditions[title]}"
                for title in titles[first : first + TABLES_AT_ONCE]
            )
            counts |= {str(row[0]): int(row[1]) for row in self.spark.sql(" union all ".join(queries)).collect()}
        return {table.title: counts[table.title] for table in tables}

    def lake_tables(self) -> list["LakeTable"]:
        """As they are now."""
        found = []
        for schema, table in lake.relations(self.spark, "tables"):
            fields = self.spark.table(f"{schema}.{table}").schema.fields
            texts = [field.name for field in fields if field.dataType.simpleString() == "string"]
            raw: frozenset[str] = frozenset()
            if column := RAW_ADDRESSES.get((schema, table)):
                raw = frozenset(
                    row[0]
                    for row in self.connection.execute(
                        f"select {column} from {schema}.{table} "
                        f"where {column} not in (select raw_address from temp.kept_raw_addresses)"
                    ).fetchall()
                )
            found.append(
                LakeTable(
                    *(schema, table, [field.name for field in fields], texts, f"{schema}.{table}"),
                    *(self.spark, self.messages, raw),
                )
            )
        return found


def erase(warehouse: LakeWarehouse, people: People, rows: dict[str, int]) -> Iterator[str]:
    """Takes them out of the lake, and blocks their records; says what is left for another day. `rows`: by table."""
    held = [table for table in warehouse.lake_tables() if rows.get(table.title)]
    if people.contacts:
        digests = warehouse.connection.execute(blocking.digests_of(people.contacts)).fetchall()
        values = ", ".join(f"({SPARK.text(digest)})" for (digest,) in digests)
        warehouse.spark.sql(f"insert into {BLOCKED} values {values}")
    for table in sorted(held, key=lambda table: LAST.index(table.title) if table.title in LAST else -1):
        table.erase(people)
        lake.expire(warehouse.spark, (table.schema, table.table), datetime.datetime.now(datetime.UTC))
    # what earlier builds and killed commands left in the others
    yield from in_words(lake.tidy(warehouse.spark, keep=datetime.timedelta()))


def in_words(orphans: list[datetime.datetime]) -> Iterator[str]:
    """What killed commands left that may hold anybody, by when it was written, and when it goes."""
    if orphans:
        yield (
            f"{counted(len(orphans), 'file')} of killed commands, written until {max(orphans):%Y-%m-%d %H:%M} UTC, may "
            "hold anybody and cannot be removed within a day: the first run a day after that removes them"
        )


def keep_out_blocked() -> bool:
    """After a build: takes the raw rows of who was erased out of the lake's copy of the input; whether anybody was.

    On DuckDB the input is a view of the retailer's files, and nothing is copied.
    """
    spark = lake.session()
    is_anybody = bool(spark.sql(f"select 1 from {BLOCKED} limit 1").collect())
    if is_anybody:
        there = {*lake.relations(spark, "tables", schemas=["input"])}
        # rows of rows first, and last the contacts: by way of these it is told whose the others are
        order = sorted(entities(), key=lambda each: (each == "contacts", entities()[each].person_key == "contact"))
        for entity in order:
            condition = _of_erased(entities()[entity])
            if condition is not None and ("input", f"input_{entity}") in there:
                spark.sql(f"delete from input.input_{entity} as theirs where {condition}")
    lake.tidy(spark, keep=datetime.timedelta() if is_anybody else lake.ORPHANS_WAIT)
    return is_anybody


def _of_erased(about: Entity) -> str | None:
    if about.person_key == "none":
        return None
    if about.person_key == "contact":
        return (
            f"exists (select 1 from {ERASED} as erased where theirs.source_system = erased.source_system "
            "and theirs.contact_id = erased.contact_id)"
        )
    parents = f"input.input_{about.person_key}"
    if about.person_key == "messages":
        # what may close somebody else, who has a message by the same id, is not theirs alone
        return (
            f"exists (select 1 from ({rules.apply('events_of_erased', parents, ERASED)}) as erased "
            "where theirs.message_id = erased.message_id "
            f"and {rules.apply('may_close_somebody', 'theirs.event_type')} = erased.may_close)"
        )
    same = " and ".join(f"theirs.{column} = parents.{column}" for column in entities()[about.person_key].key)
    return (
        f"exists (select 1 from {parents} as parents inner join {ERASED} as erased "
        f"on parents.source_system = erased.source_system and parents.contact_id = erased.contact_id where {same})"
    )


def _among(column: str, values: frozenset[str]) -> str:
    listed = ", ".join(map(SPARK.text, sorted(values)))
    return f"coalesce(cast({SPARK.name(column)} as string) in ({listed}), false)" if listed else "false"
