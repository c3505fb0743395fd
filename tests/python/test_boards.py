"""The page that marketers look at: its figures are those of pandas, and everybody can read it."""

import math
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from boards_oracle import ORACLES, Tables
from read_page import Page, SeenPanel
from workshop import Workshop

from rekindle.boards import palette
from rekindle.boards.declared import declared_boards
from rekindle.boards.page import page
from rekindle.ground.engine import connect


@pytest.fixture(scope="module")
def source(demo_workshop: Workshop) -> str:
    """The page that publishing the demo left."""
    return (demo_workshop.boards / "index.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def decided(decided_workshop: Workshop) -> Iterator[duckdb.DuckDBPyConnection]:
    """The demo with its decisions, as tables."""
    with connect() as connection:
        connection.execute(f"attach '{decided_workshop.warehouse}' as rekindle (read_only)")
        connection.execute("use rekindle")
        yield connection


@pytest.fixture(scope="module")
def tables(decided: duckdb.DuckDBPyConnection) -> Tables:
    """A table as pandas has it, read once."""
    read: dict[str, pd.DataFrame] = {}

    def table(name: str) -> pd.DataFrame:
        if name not in read:
            found = decided.execute(f"select * from {name}").df()
            for column in found.columns[found.columns.str.endswith(("_month", "_date"))]:
                found[column] = pd.to_datetime(found[column])
            read[name] = found
        return read[name]

    return table


@pytest.fixture(scope="module")
def panels(decided: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], SeenPanel]:
    """The panels of that page."""
    as_of = decided.execute("select max(as_of_date) from hub.dim_profiles").fetchall()[0][0]
    drawn = Page(page(decided, declared_boards(), "completejourney", as_of))
    return {(panel.board, panel.title): panel for panel in drawn.panels}


def differs(cell: Any, expected: Any) -> bool:
    if isinstance(expected, str):
        return bool(cell.text != expected)
    if pd.isna(expected):
        return cell.value is not None
    return cell.value is None or not math.isclose(float(cell.value), float(expected), rel_tol=1e-9, abs_tol=1e-9)


@pytest.mark.parametrize("board_and_title", ORACLES, ids=lambda each: " - ".join(each))
def test_figures_of_the_page_are_those_of_pandas(
    board_and_title: tuple[str, str], panels: dict[tuple[str, str], SeenPanel], tables: Tables
) -> None:
    found, expected = panels[board_and_title].rows, ORACLES[board_and_title](tables)
    assert expected
    assert [len(row) for row in found] == [len(row) for row in expected]
    wrong = [
        (row[0].text, cell.text, cell.value, value)
        for row, values in zip(found, expected, strict=True)
        for cell, value in zip(row, values, strict=True)
        if differs(cell, value)
    ]
    assert wrong == []


def test_the_page_is_whole_and_loads_nothing_from_elsewhere(source: str) -> None:
    seen = Page(source)
    assert seen.faults == []
    assert all(link.startswith("#") or link == "data:," for link in seen.links)
    assert re.findall(r"https?:|url\(|@import|<script|\son\w+=", source) == []
    assert "default-src 'none'" in source


def test_under_each_picture_stands_the_table_it_was_drawn_from_and_a_panel_without_figures_says_why(
    source: str,
) -> None:
    panels = Page(source).panels
    assert len(panels) == sum(len(board.panels) for board in declared_boards())
    for panel in panels:
        assert bool(panel.rows) != bool(panel.empty), panel.title
        assert not panel.has_picture or panel.headings, panel.title
        assert all(len(row) == len(panel.headings) for row in panel.rows if panel.has_picture), panel.title
    assert sum(panel.has_picture for panel in panels) >= 5


def test_everything_is_reached_by_the_keyboard_and_headings_make_an_outline(source: str) -> None:
    seen = Page(source)
    boards = declared_boards()
    # the way past the links, the links, then what can be opened or scrolled
    assert seen.reachable[: len(boards) + 1] == ["a"] * (len(boards) + 1)
    assert seen.reachable.count("summary") == sum(panel.has_picture for panel in seen.panels)
    assert seen.headings[:3] == ["h1", "h2", "h3"]
    assert seen.headings.count("h1") == 1


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.03928 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_and_shapes_stand_out_in_light_and_in_dark(scheme: int) -> None:
    colours = {name: pair[scheme] for name, pair in palette.COLOURS.items()}
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    for background in ("page", "card"):
        for text in ("ink", "muted", "link"):
            assert contrast(colours[text], colours[background]) >= 4.5, (text, background)
    for shape in palette.TONES:
        assert contrast(colours[shape], colours["card"]) >= 3, shape


def test_who_may_read_what_is_published_may_read_the_page(demo_workshop: Workshop) -> None:
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (demo_workshop.boards, demo_workshop.boards / "index.html")]
    assert modes == [0o750, 0o640]
    assert list(demo_workshop.boards.iterdir()) == [demo_workshop.boards / "index.html"]


def test_the_same_publication_gives_the_same_bytes(demo_workshop: Workshop, source: str, tmp_path: Path) -> None:
    with connect() as connection:
        connection.execute(f"attach '{demo_workshop.published}' as rekindle (read_only)")
        connection.execute("use rekindle")
        as_of = connection.execute("select as_of_date from _published").fetchall()[0][0]
        assert page(connection, declared_boards(), "completejourney", as_of) == source
