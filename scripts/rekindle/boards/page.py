"""The page: what the published tables answer, drawn. One file, nothing loaded from elsewhere, no script."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import jinja2

from rekindle.boards import charts, palette
from rekindle.boards.declared import Board, Panel, declared_boards
from rekindle.boards.wording import shown
from rekindle.ground import paths
from rekindle.ground.engine import connect_within_limits
from rekindle.ground.errors import RekindleError, without_values
from rekindle.ground.files import ONLY_THE_GROUP_READS, private_writing
from rekindle.ground.quoting import text
from rekindle.ground.settings import setting

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Cell:
    """One figure of a table: as it is, as people read it, and whether it is one."""

    value: Any
    text: str
    is_number: bool
    # there is no figure because it would be about too few people
    is_withheld: bool = False


@dataclass(frozen=True)
class Table:
    """Headings and cells; the first cell of a row names it."""

    headings: list[str]
    rows: list[list[Cell]]

    @property
    def has_withheld(self) -> bool:
        """Whether a cell is empty for the people's sake."""
        return any(cell.is_withheld for row in self.rows for cell in row)


@dataclass(frozen=True)
class Tile:
    """One large figure, and by how much it changed."""

    heading: str
    figure: Cell
    change: Cell | None


@dataclass(frozen=True)
class Shown:
    """A panel with what was found for it."""

    panel: Panel
    key: str
    table: Table
    picture: Any

    @property
    def tiles(self) -> list[Tile]:
        """The one row as tiles; a column `…_change` belongs to the one before it."""
        figures = zip(self.panel.columns, self.table.headings, self.table.rows[0], strict=True)
        found: list[Tile] = []
        for column, heading, cell in figures:
            if column.endswith("_change"):
                found[-1] = replace(found[-1], change=cell)
            else:
                found.append(Tile(heading, cell, None))
        return found


def make_boards(connector: str) -> Path:
    """Writes boards/index.html from published/rekindle.duckdb. Raises RekindleError when nothing is published."""
    published = paths.public_file()
    if not published.exists():
        raise RekindleError(
            f"There is no {paths.shown(published)} to make boards of: `{paths.command('run')}` builds and publishes it."
        )
    target = paths.boards() / "index.html"
    with connect_within_limits(target.with_name(".rekindle.spill")) as connection:
        connection.execute(f"attach {text(published)} as rekindle (read_only)")
        connection.execute("use rekindle")
        as_of = connection.execute("select as_of_date from _published").fetchall()[0][0]
        content = page(connection, declared_boards(), connector, as_of)
    with private_writing(target, closed=ONLY_THE_GROUP_READS) as unfinished:
        unfinished.write_text(content, encoding="utf-8")
        unfinished.chmod(paths.PUBLICATIONS[paths.PUBLIC])
    return target


def page(connection: duckdb.DuckDBPyConnection, boards: Sequence[Board], connector: str, as_of: date) -> str:
    """The page, of the tables that the connection uses; the same tables give the same bytes."""
    least = int(setting("min_group_size", connector))
    currency = str(setting("currency_code", connector))
    # as in the models: of fewer people there is no figure
    few = f"people > 0 and people < {least}"
    connection.execute(
        f"create or replace temp macro unless_withheld(people, figure) as case when not ({few}) then figure end"
    )
    connection.execute(
        f"create or replace temp macro withheld_because(people) as case when {few} then 'fewer than {least} people' end"
    )
    connection.execute(
        "create or replace temp macro in_words(code) as case code "
        "when 'email' then 'e-mail' when 'sms' then 'SMS' when 'treated' then 'written to' "
        "when 'held_out_globally' then 'held out of everything' else replace(code, '_', ' ') end"
    )
    connection.execute(f"create or replace temp macro currency_code() as {text(currency)}")
    answered = [
        (board, [_answer(connection, board, number, panel, currency) for number, panel in enumerate(board.panels)])
        for board in boards
    ]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("page.html.jinja").render(
        boards=answered,
        connector=connector,
        as_of=shown("as_of_date", as_of),
        least=least,
        style=palette.custom_properties() + (HERE / "style.css").read_text(encoding="utf-8"),
    )


def _answer(connection: duckdb.DuckDBPyConnection, board: Board, number: int, panel: Panel, currency: str) -> Shown:
    try:
        cursor = connection.execute(panel.sql)
        names = [column[0] for column in cursor.description or []]
        rows = [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
    except duckdb.Error as error:
        raise RekindleError(
            f"Board {board.board}, panel '{panel.title}', cannot be made of what is published "
            f"({without_values(str(error))}): publish anew with `{paths.command('run')}`."
        ) from None
    missing = set(panel.columns) - set(names)
    if missing:
        raise RekindleError(
            f"Board {board.board}, panel '{panel.title}': its query has no {', '.join(sorted(missing))}."
        )
    return Shown(panel, f"{board.board}-{number}", _table(panel, rows, currency), _picture(panel, rows))


def _picture(panel: Panel, rows: list[charts.Row]) -> Any:
    # where each figure would be about too few people there is nothing to draw
    if panel.chart is None or all(row[panel.chart.value] is None for row in rows):
        return None
    return {"bars": charts.bars, "intervals": charts.intervals, "months": charts.months, "flow": charts.flow}[
        panel.chart.kind
    ](panel.chart, rows)


def _table(panel: Panel, rows: list[charts.Row], currency: str) -> Table:
    def heading(column: str, label: str) -> str:
        return f"{label} ({currency})" if column.endswith("_amount") else label

    headings = [heading(column, label) for column, label in panel.columns.items()]
    if panel.pivot is None:
        return Table(headings, [[_cell(column, row[column], row) for column in panel.columns] for row in rows])
    pivot = panel.pivot
    across = charts.in_order(row[pivot.columns] for row in rows)
    found = {(row[pivot.rows], row[pivot.columns]): row for row in rows}
    return Table(
        [panel.columns[pivot.rows], *(heading(pivot.value, shown(pivot.columns, each)) for each in across)],
        [
            [
                _cell(pivot.rows, down, {}),
                *(
                    _cell(pivot.value, row[pivot.value], row)
                    if (row := found.get((down, each)))
                    else _cell("", None, {})
                    for each in across
                ),
            ]
            for down in charts.in_order(row[pivot.rows] for row in rows)
        ],
    )


def _cell(column: str, value: Any, row: charts.Row) -> Cell:
    # a reason that is not there is no figure that is withheld
    is_withheld = value is None and row.get("withheld_because") is not None and not column.endswith("_because")
    if column.endswith("_figure"):  # what it is of differs from row to row
        column = f"{column}_{row['unit']}"
    is_number = isinstance(value, int | float) or hasattr(value, "as_tuple")
    return Cell(value, shown(column, value), is_number and not isinstance(value, bool), is_withheld)
