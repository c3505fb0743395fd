"""What the boards show, as declared in dashboards/*.yml: panels, each one query and what its columns are called."""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from rekindle.ground import paths
from rekindle.ground.errors import RekindleError
from rekindle.ground.settings import read_yaml


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Chart(_Declared):
    """How rows become a picture; every other name is a column of the query.

    bars: one per label and series, from `start` on where there is one. months: a small column chart per series. flow:
    from label to series, ordered as the ladder has them. intervals: value between lower and upper.
    """

    kind: Literal["bars", "months", "flow", "intervals"]
    label: str
    value: str
    series: str = ""
    start: str = ""
    # bars, flow: a column with the tone of each, a key of palette.TONES
    tone: str = ""
    lower: str = ""
    upper: str = ""
    # a chart for each value of this column
    facet: str = ""
    # bars: each facet to a scale of its own
    own_scales: bool = False
    # months: all series to one scale
    one_scale: bool = False


class Pivot(_Declared):
    """The table under a chart that has a row per `rows` and a column per `columns`."""

    rows: str
    columns: str
    value: str


class Panel(_Declared):
    """One question: a query, a chart or tiles where they help, and always the table of what was found."""

    title: str
    note: str = ""
    sql: str
    # the columns that are shown, in this order, and what people read above them
    columns: dict[str, str]
    chart: Chart | None = None
    pivot: Pivot | None = None
    # one row, shown as large figures
    is_tiles: bool = False
    # rows of one column, shown as sentences
    is_sentences: bool = False
    is_half: bool = False
    # the table is open from the start
    is_open: bool = False
    # what is said when there is no row
    empty: str = "There is nothing to show yet."

    @model_validator(mode="after")
    def _columns_of_chart_and_table_are_described(self) -> "Panel":
        if self.pivot and {self.pivot.rows, self.pivot.columns, self.pivot.value} - set(self.columns):
            raise ValueError("pivot names a column that `columns` does not")
        return self


class Board(_Declared):
    """One page of the boards; `answers` is what it is opened for."""

    board: str
    title: str
    answers: str
    panels: tuple[Panel, ...]


def declared_boards() -> list[Board]:
    """All boards, in the order of their files. Raises RekindleError for a declaration that cannot be read."""
    return [_board(file) for file in sorted(folder().glob("*.yml"))]


def folder() -> Any:
    """Where the declarations lie."""
    return paths.PROJECT / "dashboards"


def _board(file: Path) -> Board:
    try:
        return Board.model_validate(read_yaml(file))
    except ValidationError as error:
        raise RekindleError(f"dashboards/{file.name} cannot be read: {error}") from None
