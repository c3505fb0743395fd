"""The page that marketers look at: its figures are those of pandas, and everybody can read it."""

import itertools
import math
import re
import stat
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
import yaml
from boards_oracle import ORACLES, Tables
from read_page import Page, SeenPanel
from workshop import Workshop

from rekindle.boards import charts, palette
from rekindle.boards.declared import Board, Chart, declared_boards
from rekindle.boards.page import page
from rekindle.ground.engine import connect
from rekindle.ground.errors import RekindleError
from rekindle.ground.paths import PROJECT

OF_RESULTS = ["Did people come back because of it?", "Carts recovered by us"]
# of a result that is hidden these are still told
COUNTS = ("Written to", "Held out")


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
    assert bool(expected) != bool(panels[board_and_title].empty)
    assert [len(row) for row in found] == [len(row) for row in expected]
    wrong = [
        (row[0].text, cell.text, cell.value, value)
        for row, values in zip(found, expected, strict=True)
        for cell, value in zip(row, values, strict=True)
        if differs(cell, value)
    ]
    assert wrong == []


def test_no_panel_goes_unchecked() -> None:
    assert set(ORACLES) == {(board.board, panel.title) for board in declared_boards() for panel in board.panels}


def monthly_queries() -> dict[str, str]:
    """The questions of docs/questions.md with their SQL."""
    page = (PROJECT / "docs" / "questions.md").read_text(encoding="utf-8")
    return dict(re.findall(r"\*\*\d+\. (.*?)\*\*\n\n```sql\n(.*?)```", page, re.DOTALL))


def test_each_question_of_the_month_is_on_a_board_and_has_a_query() -> None:
    text = (PROJECT / "docs" / "boards.md").read_text(encoding="utf-8").split("## What is asked every month")[1]
    asked = dict(re.findall(r"^\| (.+\?) \| (.+) \|$", text.split("\n## ")[0], re.M))
    assert len(asked) == 15
    assert list(monthly_queries()) == list(asked)
    titles = {board.title: {panel.title for panel in board.panels} for board in declared_boards()}
    for question, places in asked.items():
        board = ""
        for named, panel in re.findall(r"(?:([A-Z][\w ]+), )?\*(.+?)\*", places):
            board = named or board
            assert panel in titles[board], question


@pytest.mark.parametrize("question", monthly_queries())
def test_a_question_of_the_month_has_an_answer(question: str, decided: duckdb.DuckDBPyConnection) -> None:
    answer = decided.execute(monthly_queries()[question])
    assert answer.description
    # the demo asks nobody for an address
    assert answer.fetchall() or "enrichment_summary" in monthly_queries()[question]


def test_the_exposure_names_what_the_boards_read() -> None:
    exposures = yaml.safe_load((PROJECT / "models" / "_exposures.yml").read_text(encoding="utf-8"))["exposures"]
    [named] = [each["depends_on"] for each in exposures if each["name"] == "boards"]
    queries = "".join(panel.sql for board in declared_boards() for panel in board.panels)
    read = re.findall(r"(?:from|join)\s+(?:core|segments|hub|activation|measurement)\.(\w+)", queries)
    assert named == [f"ref('{table}')" for table in sorted(set(read))]


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


def drawn(panel: dict[str, Any]) -> SeenPanel:
    """A page with nothing but this panel, made of a database without tables."""
    board = Board.model_validate({"board": "b", "title": "B", "answers": "", "panels": [{"title": "T", **panel}]})
    with connect() as connection:
        source = page(connection, [board], "completejourney", date(2018, 1, 1))
    seen = Page(source)
    assert seen.faults == []
    assert re.findall("<b>&", source) == []
    return seen.panels[0]


def texts(panel: SeenPanel) -> list[list[str]]:
    return [[cell.text for cell in row] for row in panel.rows]


def test_a_figure_about_too_few_people_is_a_dash_with_its_reason_and_a_zero_is_told() -> None:
    people = "select * from (values ('<b>&', 9), ('ten', 10), ('nobody', 0)) as counted (name, people)"
    panel = drawn(
        {
            "sql": "select name, unless_withheld(people, people) as people, "
            "unless_withheld(people, 0.5) as part_share, "
            f"withheld_because(people) as withheld_because from ({people})",
            "columns": {"name": "Who", "people": "People", "part_share": "Part"},
            "chart": {"kind": "bars", "label": "name", "value": "people"},
        }
    )
    assert texts(panel) == [["<b>&", "–", "–"], ["ten", "10", "50.0 %"], ["nobody", "0", "50.0 %"]]
    assert [cell.value for cell in panel.rows[0]] == [None, None, None]
    assert panel.remarks == ["– is not shown: fewer than 10 people"]


def test_codes_are_told_as_people_say_them_and_a_reason_that_is_not_there_is_no_dash() -> None:
    panel = drawn(
        {
            "sql": "select in_words('email') as sent_by, in_words('as_before') as arm, in_words('lead_ad') as route, "
            "cast(null as varchar) as no_return_because, 'few' as withheld_because",
            "columns": {"sent_by": "By", "arm": "Group", "route": "Route", "no_return_because": "Why"},
        }
    )
    assert texts(panel) == [["e-mail", "as before", "lead ad", ""]]


def test_where_no_figure_can_be_shown_the_table_stands_without_a_picture() -> None:
    panel = drawn(
        {
            "sql": "select 'few' as name, unless_withheld(3, 3) as people, withheld_because(3) as withheld_because",
            "columns": {"name": "Who", "people": "People"},
            "chart": {"kind": "bars", "label": "name", "value": "people"},
        }
    )
    assert not panel.has_picture
    assert texts(panel) == [["few", "–"]]


def test_a_large_figure_stands_with_its_change_and_without_one_as_a_dash() -> None:
    panel = drawn(
        {
            "sql": "select 12 as up, 3 as up_change, unless_withheld(4, 4) as down, "
            "cast(null as integer) as down_change, withheld_because(4) as withheld_because",
            "columns": {"up": "Up", "up_change": "Change", "down": "Down", "down_change": "Change"},
            "is_tiles": True,
        }
    )
    assert panel.headings == ["Up", "Down"]
    assert texts(panel) == [["12", "+3 from the month before", "–"]]
    assert panel.remarks == ["– is not shown: fewer than 10 people"]


def test_a_panel_whose_query_does_not_fit_what_is_published_is_named() -> None:
    with pytest.raises(RekindleError, match=r"Board b, panel 'T', cannot be made of what is published .*nowhere"):
        drawn({"sql": "select * from core.nowhere", "columns": {"a": "A"}})
    with pytest.raises(RekindleError, match="Board b, panel 'T': its query has no b"):
        drawn({"sql": "select 1 as a", "columns": {"a": "A", "b": "B"}})


def test_a_column_says_by_its_name_how_it_reads() -> None:
    panel = drawn(
        {
            "sql": "select date '2017-12-01' as sold_month, date '2017-12-09' as sold_date, 1234.4 as sold_amount, "
            "0.9 as small_amount, -12 as people_change, -0.123 as lift_points, -0.0004 as hardly_points_change, "
            "0.0012 as complaint_permille, "
            "12345 as n, true as is_so, 8803.0 as own_figure, 'people' as unit, cast(null as integer) as nothing",
            "columns": {
                name: name
                for name in (
                    *("sold_month", "sold_date", "sold_amount", "small_amount", "people_change", "lift_points"),
                    "hardly_points_change",
                    *("complaint_permille", "n", "is_so", "own_figure", "nothing"),
                )
            },
        }
    )
    assert texts(panel) == [
        [
            *("Dec 2017", "9 Dec 2017", "1,234", "0.90", "−12"),
            *("−12.3 points", "0.0 points", "1.20 ‰", "12,345", "yes", "8,803", ""),
        ]
    ]
    assert panel.headings[2] == "sold_amount (USD)"


def test_a_flow_keeps_the_order_of_the_ladder_and_each_ribbon_its_width() -> None:
    rows: list[dict[str, Any]] = [
        {"a": "Best", "b": "Worst", "from_rung": 3, "to_rung": 1, "n": 30, "way": "down"},
        {"a": "Best", "b": "Middle", "from_rung": 3, "to_rung": 2, "n": 10, "way": "down"},
        {"a": "Worst", "b": "Best", "from_rung": 1, "to_rung": 3, "n": 20, "way": "up"},
        {"a": "Middle", "b": "Worst", "from_rung": 2, "to_rung": 1, "n": None, "way": "down"},
    ]
    chart = Chart.model_validate({"kind": "flow", "label": "a", "series": "b", "value": "n", "tone": "way"})
    flow = charts.flow(chart, rows)
    assert [(node.name, node.text) for node in flow.left] == [("Best", "40"), ("Worst", "20")]
    assert [(node.name, node.text) for node in flow.right] == [("Best", "20"), ("Middle", "10"), ("Worst", "30")]
    scale = flow.right[0].height / 20
    assert [node.height for node in (*flow.left, *flow.right)] == pytest.approx(
        [scale * count for count in (40, 20, 20, 10, 30)], abs=0.01
    )
    for side in (flow.left, flow.right):
        assert all(upper.top + upper.height < lower.top for upper, lower in itertools.pairwise(side))
        assert side[-1].top + side[-1].height <= 100
    # from the upper edge on the left to that on the right, and back along the lower edges
    edges = [[float(each) for each in re.findall(r"-?[\d.]+", ribbon.path)] for ribbon in flow.ribbons]
    assert [ribbon.title for ribbon in flow.ribbons] == ["Best → Middle: 10", "Best → Worst: 30", "Worst → Best: 20"]
    for (start, end, bottom, back), count in zip(
        [(edge[1], edge[7], edge[8], edge[-1]) for edge in edges], (10, 30, 20), strict=True
    ):
        assert (bottom - end, back - start) == pytest.approx((scale * count, scale * count), abs=0.02)


def test_bars_of_all_facets_share_a_scale_and_negative_ones_end_at_zero() -> None:
    rows: list[dict[str, Any]] = [
        {"l": "x", "f": "1", "v": -50},
        {"l": "y", "f": "1", "v": 150},
        {"l": "x", "f": "2", "v": None},
    ]
    chart = Chart.model_validate({"kind": "bars", "label": "l", "value": "v", "facet": "f"})
    first, second = charts.bars(chart, rows)
    assert (first.zero, second.zero) == (25, 25)
    assert [(bar.start, bar.length) for bar in first.bars] == [(0, 25), (25, 75)]
    assert [bar.has_value for bar in second.bars] == [False]
    # all leave as much room to their figures: a bar of the same length is of the same figure
    assert (first.widest, second.widest) == (3, 0)


def test_bars_of_facets_about_different_things_have_a_scale_each() -> None:
    rows: list[dict[str, Any]] = [
        {"l": "due", "f": "few", "v": 20},
        {"l": "go out", "f": "few", "v": 10},
        {"l": "due", "f": "many", "v": 5000},
    ]
    chart = Chart.model_validate({"kind": "bars", "label": "l", "value": "v", "facet": "f", "own_scales": True})
    assert [[bar.length for bar in facet.bars] for facet in charts.bars(chart, rows)] == [[100, 50], [100]]


def test_before_anything_is_published_or_decided_each_panel_says_so(decided: duckdb.DuckDBPyConnection) -> None:
    names = decided.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = 'rekindle' and schema_name in "
        "('core', 'segments', 'hub', 'activation', 'measurement')"
    ).fetchall()
    with connect() as connection:
        for schema, name in names:
            # what is a seed is there from the first day
            rows = "" if name in ("dim_segments", "dim_scenarios") else "limit 0"
            held = decided.execute(f"select * from rekindle.{schema}.{name} {rows}").to_arrow_table()  # noqa: F841
            connection.execute(f"create schema if not exists {schema}")
            connection.execute(f"create table {schema}.{name} as from held")
        seen = Page(page(connection, declared_boards(), "completejourney", date(2018, 1, 1)))
    assert seen.faults == []
    assert [panel.title for panel in seen.panels if panel.rows or not panel.empty] == []


def test_a_result_that_is_not_trustworthy_has_its_sentence_and_no_figure(decided: duckdb.DuckDBPyConnection) -> None:
    with connect() as connection:
        for name in ("measurement.experiment_results", "measurement.scenario_decisions", "activation.dim_scenarios"):
            rows = decided.execute(f"select * from rekindle.{name}").to_arrow_table()  # noqa: F841
            connection.execute(f"create schema if not exists {name.split('.')[0]}")
            connection.execute(f"create table {name} as from rows")
        connection.execute(
            "update measurement.experiment_results set verdict = 'not trustworthy', sentence = 'Not as drawn.', "
            "lift = null, adjusted_lift = null, mean = 0.5, baseline_mean = 0.5, always_valid_lower_lift = 0.1, "
            "always_valid_upper_lift = 0.2"
        )
        boards = [
            board.model_copy(update={"panels": tuple(each for each in board.panels if each.title in OF_RESULTS)})
            for board in declared_boards()
            if board.board == "scenarios"
        ]
        seen = Page(page(connection, boards, "completejourney", date(2018, 1, 1)))
    assert [panel.title for panel in seen.panels] == OF_RESULTS
    for panel in seen.panels:
        for row in panel.rows:
            told = dict(zip(panel.headings, row, strict=True))
            assert (told["Verdict"].text, told["In words"].text) == ("not trustworthy", "Not as drawn.")
            assert [name for name, cell in told.items() if cell.value and name not in COUNTS] == []
