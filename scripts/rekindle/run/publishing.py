"""Publishing: the public tables of a finished build, copied into a new file that takes the old one's place in one step.

Consumers open `published/rekindle.duckdb` read-only at any time: they see the last publication or the new one, whole.
The audiences go to a file of their own, `published/activation.duckdb`, which only its owner may read: it holds contact
details. Tables, not views: a view names the file it was made in. Storage version v1.0.0: a BI client may lag behind for
years.
"""

import contextlib
import csv
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import GenericTestNode, ModelNode, SeedNode

from rekindle.export.feeds import Feed, feed_of_row
from rekindle.ground import paths, stores
from rekindle.ground.dbt import file_of
from rekindle.ground.engine import connect, connect_within_limits
from rekindle.ground.errors import RekindleError, without_values
from rekindle.ground.files import ONLY_THE_GROUP_READS, private_files, private_folder, replace_file
from rekindle.ground.quoting import name, text
from rekindle.ground.settings import project
from rekindle.ground.warehouse import Run, columns_of, must_hold, open_warehouse, read_runs, write_ahead_log
from rekindle.run import catalogue

# of activation only what has no row per person: counts and scenarios
LAYERS = ("core", "segments", "hub", "activation", "measurement")
AUDIENCE_LAYER = "audiences"
# what a publication reads besides the tables that it copies
READ_BESIDES = (("run", "run_log"), ("config", "scenarios"), ("config", "feeds"))
# whoever pulls one scenario's messages reads a table of its own, with the rows of this model
MEMBERS = "audience_members"
ACTIVATION = "activation.duckdb"
STORAGE_VERSION = "v1.0.0"
# the columns of `_published`
EDITION = {
    "version": "Version of the project that built it.",
    "connector": "Whose data it is.",
    "invocation_id": "dbt's name for the build.",
    "as_of_date": "The day that it knows of, and nothing later.",
    "content": "Digest of all tables: equal when nothing has changed.",
}


@dataclass(frozen=True)
class Table:
    """One table of a publication: the rows of a model, or those of them that `condition` holds for."""

    model: Any
    name: str
    sort_key: str
    description: str
    condition: str = "true"


@dataclass(frozen=True)
class Publication:
    """What was published, and where."""

    path: Path
    as_of_date: date
    tables: int
    rows: int


def publish(manifest: Manifest, warehouse: Path) -> Publication:
    """Publishes the last finished build of `warehouse`; raises RekindleError when the last build did not finish."""
    tables = _public_tables(manifest)
    keys = _keys(manifest, tables)

    def describe(connection: duckdb.DuckDBPyConnection, runs: list[Run]) -> Run:
        build = last_finished_build(runs)
        _must_hold(connection, tables)
        connection.execute(
            "create table published._published as select ? as version, ? as connector, ? as invocation_id, "
            "cast(? as date) as as_of_date, ? as content",
            [
                *(str(project()["version"]), build.connector, build.invocation_id, build.as_of_date),
                _content(connection, tables, keys)[0],
            ],
        )
        connection.execute(
            "comment on table published._published is "
            "'One row: project version, connector, as-of date, dbt invocation and a digest of all tables.'"
        )
        for column, told in EDITION.items():
            connection.execute(f"comment on column published._published.{column} is {text(told)}")
        return build

    return _write(warehouse, paths.PUBLIC, tables, describe, lambda published: catalogue.write(published, keys))


def published_already(manifest: Manifest, warehouse: Path) -> Publication | None:
    """The publication that is there, when it holds what the last finished build would publish, row for row."""
    target = paths.public_file()
    if not target.exists():
        return None
    tables = _public_tables(manifest)
    with contextlib.closing(open_warehouse(warehouse, read_only=True)) as connection:
        build = last_finished_build(read_runs(connection))
        _must_hold(connection, tables)
        rows = _rows_of(target, tables, build)
        if rows is not None:
            return Publication(target, build.as_of_date, len(tables), rows)
        edition = (str(project()["version"]), build.connector, build.as_of_date)
        # all rows are read only when nothing else tells the two apart: another date is published anew in any case
        published = _published(target)
        if published is None or published[:-1] != edition:
            return None
        content, rows = _content(connection, tables, _keys(manifest, tables))
    if published[-1] != content:
        return None
    target.chmod(paths.PUBLICATIONS[target.name])
    return Publication(target, build.as_of_date, len(tables), rows)


def activation_already(manifest: Manifest, warehouse: Path) -> Publication | None:
    """The published audiences, when they are those of the last build and nothing was built since."""
    tables = [_whole(manifest, model) for model in audience_models(manifest)]
    with contextlib.closing(open_warehouse(warehouse, read_only=True)) as connection:
        newest = read_runs(connection)[-1]
        tables += _tables_of_scenarios(connection, tables)
    target = paths.published() / ACTIVATION
    rows = _rows_of(target, tables, newest)
    return None if rows is None else Publication(target, newest.as_of_date, len(tables), rows)


def _rows_of(file: Path, tables: list[Table], build: Run) -> int | None:
    """How many rows are published of the tables; None when they are not there, or not of that very build."""
    if not file.exists():
        return None
    with contextlib.suppress(duckdb.Error), contextlib.closing(connect(file, read_only=True)) as connection:
        edition = connection.execute("select version, connector, invocation_id, as_of_date from _published").fetchall()
        if edition == [(str(project()["version"]), build.connector, build.invocation_id, build.as_of_date)]:
            places = [f"{name(table.model.schema)}.{name(table.name)}" for table in tables]
            counted = " union all ".join(f"select count(*) as rows from {place}" for place in places)
            found = connection.execute(f"select sum(rows) from ({counted})").fetchone()
            file.chmod(paths.PUBLICATIONS[file.name])
            return int(found[0]) if found else None
    return None


def _published(file: Path) -> tuple[Any, ...] | None:
    """Version, connector, as-of date and digest of what is published; None when the file does not say."""
    with contextlib.suppress(duckdb.Error), contextlib.closing(connect(file, read_only=True)) as connection:
        found = connection.execute("select version, connector, as_of_date, content from _published").fetchall()
        return found[0] if len(found) == 1 else None
    return None


def _keys(manifest: Manifest, tables: list[Table]) -> list[catalogue.KeyColumn]:
    return catalogue.keys({table.name: str(table.model.schema) for table in tables}, primary_keys(manifest))


def _content(
    connection: duckdb.DuckDBPyConnection, tables: list[Table], keys: list[catalogue.KeyColumn]
) -> tuple[str, int]:
    """A digest of all rows and of how they are described, and the number of rows."""
    told, rows = [duckdb.__version__, repr(keys), catalogue.ANSWERS.read_text(encoding="utf-8")], 0
    for table in tables:
        place = f"{name(table.model.schema)}.{name(table.model.alias)}"
        found = connection.execute(f"select count(*), sum(cast(hash(held) as hugeint)) from {place} as held").fetchone()
        described = [(column.name, column.data_type, column.description) for column in table.model.columns.values()]
        told.append(repr((place, table.sort_key, table.description, described, found)))
        rows += found[0] if found else 0
    return hashlib.sha256("\n".join(told).encode()).hexdigest(), rows


def _public_tables(manifest: Manifest) -> list[Table]:
    return [_whole(manifest, model) for model in public_models(manifest)]


def _whole(manifest: Manifest, model: Any) -> Table:
    return Table(model, model.alias, _sort_key(manifest, model), model.description)


def _must_hold(connection: duckdb.DuckDBPyConnection, tables: list[Table]) -> None:
    must_hold(
        columns_of(connection), {(table.model.schema, table.model.alias): table.model.columns for table in tables}
    )


def publish_activation(manifest: Manifest, warehouse: Path) -> Publication | None:
    """Publishes the audiences of the last finished build for the exporter; none when the project has no audiences."""
    tables = [_whole(manifest, model) for model in audience_models(manifest)]
    return publish_audiences(tables, warehouse) if tables else None


def publish_audiences(tables: list[Table], warehouse: Path) -> Publication:
    """Copies audience models to published/activation.duckdb (mode 0600), one table per scenario, and their feeds.

    Raises ContractError for a wrong row of the seed `feeds`.
    """
    with contextlib.closing(open_warehouse(warehouse, read_only=True)) as connection:
        tables = [*tables, *_tables_of_scenarios(connection, tables)]
        feeds = _feeds(connection, [table.name for table in tables])

    def describe(connection: duckdb.DuckDBPyConnection, runs: list[Run]) -> Run:
        build = last_finished_build(runs, scopes=("full", "daily"))
        # models built again afterwards may have been built without their tests
        tests_passed = runs[-1].invocation_id == build.invocation_id
        connection.execute(
            "create table published._published as select ? as version, ? as connector, ? as invocation_id, "
            "cast(? as date) as as_of_date, cast(? as boolean) as tests_passed",
            [str(project()["version"]), build.connector, build.invocation_id, build.as_of_date, tests_passed],
        )
        connection.execute(
            "create table published._feeds (feed varchar, audience varchar, config varchar, is_in_use boolean)"
        )
        for audience, feed, is_in_use in feeds:
            connection.execute(
                "insert into published._feeds values (?, ?, ?, ?)",
                [feed.feed, audience, feed.model_dump_json(exclude_defaults=True), is_in_use],
            )
        return build

    return _write(warehouse, ACTIVATION, tables, describe)


def _tables_of_scenarios(connection: duckdb.DuckDBPyConnection, tables: list[Table]) -> list[Table]:
    """`aud_<scenario>` for each scenario there is, switched on or not: who pulls it finds it."""
    members = [table for table in tables if table.name == MEMBERS]
    scenarios = connection.execute("select scenario_id, scenario_name from config.scenarios order by 1").fetchall()
    return [
        replace(
            table,
            name=f"aud_{scenario}",
            condition=f"scenario_id = {text(scenario)}",
            description=f"{title}: the rows of {MEMBERS} of this scenario. {table.description}",
        )
        for table in members
        for scenario, title in scenarios
    ]


def refuse_wrong_feeds(manifest: Manifest) -> None:
    """Raises ContractError where a row of the seed `feeds` cannot be a feed, before a build that nobody would see."""
    for seed in manifest.nodes.values():
        if isinstance(seed, SeedNode) and seed.name == "feeds":
            with file_of(seed).open(encoding="utf-8-sig", errors="replace", newline="") as handle:
                rows = list(csv.DictReader(handle, delimiter=seed.config.delimiter))
            # a row of too many or too few fields, or in another encoding, is told by whoever loads the seed
            for row in (row for row in rows if None not in row and None not in row.values()):
                feed_of_row({column: value or None for column, value in row.items() if column != "audience"})


def _feeds(connection: duckdb.DuckDBPyConnection, tables: list[str]) -> list[tuple[str, Feed, bool]]:
    """The feeds of the seed, each with the table that its rows come from, and whether its scenario is in use."""
    resting = connection.execute("select scenario_id from config.scenarios where not is_enabled").fetchall()
    cursor = connection.execute("select * from config.feeds order by feed")
    columns = [column[0] for column in cursor.description or []]
    found: list[tuple[str, Feed, bool]] = []
    for values in cursor.fetchall():
        row = dict(zip(columns, values, strict=True))
        audience = row.pop("audience")
        table = next((each for each in (f"aud_{audience}", audience) if each in tables), None)
        if table is None:
            raise RekindleError(
                f"Seed feeds, row {row['feed']}: audience is {audience or 'nothing'}: name a scenario, or a table of "
                "models/audiences."
            )
        if found and found[-1][1].feed == row["feed"]:
            raise RekindleError(f"Seed feeds has two rows {row['feed']}: give one of them another name.")
        found.append((table, feed_of_row(row), (audience,) not in resting))
    return found


def _write(
    warehouse: Path,
    file: str,
    tables: list[Table],
    describe: Callable[[duckdb.DuckDBPyConnection, list[Run]], Run],
    complete: Callable[[duckdb.DuckDBPyConnection], None] | None = None,
) -> Publication:
    """A new file of these tables and of what `describe` and then `complete` add, put in the place of the old one."""
    if not warehouse.exists():
        raise RekindleError(f"There is no warehouse at {warehouse} yet: build it with `{paths.command('run')}`.")
    target = paths.published() / file
    private_folder(target.parent, closed=ONLY_THE_GROUP_READS)
    unfinished = target.with_name(f".{file}.tmp")
    for leftover in (unfinished, write_ahead_log(unfinished)):
        leftover.unlink(missing_ok=True)
    open_warehouse(warehouse).close()  # says so when it is locked
    with private_files(), contextlib.closing(connect_within_limits(target.with_name(".rekindle.spill"))) as connection:
        connection.execute(f"attach {text(warehouse)} as {name(warehouse.stem)} (read_only)")
        connection.execute(f"use {name(warehouse.stem)}")
        try:
            connection.execute(f"attach {text(unfinished)} as published (storage_version {text(STORAGE_VERSION)})")
            build = describe(connection, read_runs(connection))
            _must_hold(connection, tables)
            rows = sum(_copy(connection, table) for table in tables)
            if complete is not None:
                connection.execute("use published")
                complete(connection)
                connection.execute(f"use {name(warehouse.stem)}")
            connection.execute("detach published")
        except duckdb.Error as error:
            unfinished.unlink(missing_ok=True)
            raise RekindleError(
                f"{target} was not replaced ({without_values(str(error))}): the last publication stays as it was."
            ) from None
        except RekindleError:
            unfinished.unlink(missing_ok=True)
            raise
    unfinished.chmod(paths.PUBLICATIONS[file])
    replace_file(unfinished, target)
    return Publication(target, build.as_of_date, len(tables), rows)


def bring_what_was_built(manifest: Manifest, *, only_audiences: bool = False) -> None:
    """Has at hand what is published, where dbt builds into a lake. What is missing there is said by publish()."""
    published = [] if only_audiences else public_models(manifest)
    models = [(str(each.schema), str(each.alias)) for each in (*published, *audience_models(manifest))]
    stores.store().fetch(*models, *READ_BESIDES)


def last_finished_build(runs: list[Run], scopes: tuple[str, ...] = ("full",)) -> Run:
    """The build that consumers may see: the newest one of these scopes, when it is green and nothing came after it."""
    complete = [position for position, run in enumerate(runs) if run.command_scope in scopes]
    if not complete:
        raise RekindleError(f"Nothing was built yet, so there is nothing to publish: run `{paths.command('run')}`.")
    build = runs[complete[-1]]
    again = f"finish it with `{paths.command('run', '--as-of', str(build.as_of_date))}`"
    if not build.is_finished:
        raise RekindleError(f"The build as of {build.as_of_date} did not finish, so nothing is published: {again}.")
    for later in runs[complete[-1] + 1 :]:
        if not (later.is_finished and later.command_scope == "partial" and later.as_of_date == build.as_of_date):
            how = "were built" if later.is_finished else "failed"
            raise RekindleError(
                f"After the build as of {build.as_of_date} some models {how} as of {later.as_of_date}: "
                f"tables may disagree, so nothing is published: {again}."
            )
    return build


def public_models(manifest: Manifest) -> list[Any]:
    """The models people outside the project read, in a fixed order; none may hold contact details."""
    models = [
        node
        for node in manifest.nodes.values()
        if isinstance(node, ModelNode) and node.fqn[1] in LAYERS and str(node.access) == "public"
    ]
    for model in models:
        for column in model.columns.values():
            if _meta(column).get("pii"):
                raise RekindleError(
                    f"{model.name}.{column.name} holds personal data and {model.name} is public: "
                    "make the model protected or take the column out; nothing was published."
                )
    return sorted(models, key=lambda model: (LAYERS.index(model.fqn[1]), model.name))


def audience_models(manifest: Manifest) -> list[Any]:
    """The models of models/audiences, in a fixed order: who may be contacted, how, and who has withdrawn."""
    models = [node for node in manifest.nodes.values() if isinstance(node, ModelNode) and node.fqn[1] == AUDIENCE_LAYER]
    return sorted(models, key=lambda model: str(model.name))


def _copy(connection: duckdb.DuckDBPyConnection, table: Table) -> int:
    model = table.model
    target = f"published.{name(model.schema)}.{name(table.name)}"
    # with its comments in one go: each would be brought to the disk alone
    connection.execute("begin")
    connection.execute(f"create schema if not exists published.{name(model.schema)}")
    connection.execute(
        f"create table {target} as select * from {name(model.schema)}.{name(model.alias)} "
        f"where {table.condition} order by {table.sort_key}"
    )
    if table.description:
        connection.execute(f"comment on table {target} is {text(_one_line(table.description))}")
    for column in model.columns.values():
        if column.description:
            place = f"{target}.{name(column.name)}"
            connection.execute(f"comment on column {place} is {text(_one_line(column.description))}")
    connection.execute("commit")
    counted = connection.execute(f"select count(*) from {target}").fetchone()
    return int(counted[0]) if counted else 0


def primary_keys(manifest: Manifest) -> dict[str, list[str]]:
    """The columns of the unique_key test of each public table that has one."""
    return {
        str(model.alias): list(columns)
        for model in public_models(manifest)
        if (columns := _unique_key(manifest, model)) is not None
    }


def _sort_key(manifest: Manifest, model: Any) -> str:
    """The columns of the model's unique_key test: the same content gives the same file, and ranges are found fast."""
    columns = _unique_key(manifest, model)
    return "all" if columns is None else ", ".join(name(column) for column in columns)


def _unique_key(manifest: Manifest, model: Any) -> list[str] | None:
    for test in manifest.nodes.values():
        if (
            isinstance(test, GenericTestNode)
            and test.attached_node == model.unique_id
            and test.test_metadata.name == "unique_key"
        ):
            return list(test.test_metadata.kwargs["columns"])
    return None


def _meta(column: Any) -> dict[str, Any]:
    return {**getattr(column, "meta", {}), **getattr(getattr(column, "config", None), "meta", {})}


def _one_line(description: str) -> str:
    return " ".join(description.split())
