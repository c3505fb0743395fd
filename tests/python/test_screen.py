"""What commands say fits a terminal of 80 columns, is coloured there only, and names one cause once."""

import re
from io import StringIO
from pathlib import Path

import duckdb
import pytest
from workshop import Said, Workshop

from rekindle.ground.paths import PROJECT
from rekindle.ground.screen import counted, fitted

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# how a bar of progress is drawn and taken away
MOVES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[^\n]*\r")


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")


@pytest.mark.usefixtures("wide")
@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("A sentence of forty characters, no more.", ["A sentence of forty characters, no more."]),
        (
            "Error: there is no scenario: name one of welcome, abandoned_cart.",
            ["Error: there is no scenario: name one of", "  welcome, abandoned_cart."],
        ),
        (
            "Published   12 tables, 3,000 rows, as of 2024-07-01: a/folder",
            ["Published   12 tables, 3,000 rows, as of", "            2024-07-01: a/folder"],
        ),
        (
            "    sent     goes out by e-mail tomorrow, without an offer",
            ["    sent     goes out by e-mail", "             tomorrow, without an offer"],
        ),
        (
            "a/path/that/cannot/be/broken/anywhere/at/all.duckdb",
            ["a/path/that/cannot/be/broken/anywhere/at/all.duckdb"],
        ),
    ],
)
def test_a_line_that_is_too_long_goes_on_below_what_it_is_about(line: str, shown: list[str]) -> None:
    assert fitted(line, Terminal()).split("\n") == shown
    assert fitted(line, StringIO()) == line


def test_one_is_no_plural() -> None:
    assert [counted(number, "row") for number in (0, 1, 1200)] == ["0 rows", "1 row", "1,200 rows"]
    assert counted(2, "person", "people") == "2 people"


@pytest.fixture
def decided(workshop: Workshop, fixture_warehouse: Path) -> Workshop:
    workshop.start_from(fixture_warehouse)
    return workshop


def too_wide(said: Said) -> list[str]:
    """Lines of more than 80 columns; a path alone may be longer."""
    lines = MOVES.sub("", said.text).split("\n")
    return [line for line in lines if len(line) > 80 and len(line.split()) > 1]


def test_what_commands_say_fits_80_columns(decided: Workshop) -> None:
    with duckdb.connect(str(decided.warehouse), read_only=True) as warehouse:
        [(profile,)] = warehouse.execute(
            "select profile_id from activation.decisions group by 1 order by count(*) desc, 1 limit 1"
        ).fetchall()
    commands = {
        ("status",): 0,
        ("explain",): 0,
        ("explain", profile): 0,
        ("explain", profile, "--as-of", "2023-01-01"): 0,
        ("explain", "--scenario", "nothing"): 1,
        ("access", "--profile", profile): 0,
        ("erase", "--profile", profile): 0,
    }
    said = {command: decided.shown(*command) for command in commands}
    assert {command: each.code for command, each in said.items()} == commands
    assert {command: too_wide(each) for command, each in said.items() if too_wide(each)} == {}
    assert said["explain", profile, "--as-of", "2023-01-01"].text.count("triggers are not kept") == 1


def test_colours_are_for_terminals_of_people_who_want_them(decided: Workshop) -> None:
    shown = decided.shown("explain", "nobody")
    assert shown.code == 1
    assert "There is no such profile" in shown.text
    assert COLOUR.search(shown.text)
    assert not COLOUR.search(decided.shown("explain", "nobody", NO_COLOR="1").text)
    assert not COLOUR.search(decided.run("explain", "nobody").text)


def test_commands_speak_by_one_voice() -> None:
    """`click.echo` knows no width: only what programs read goes through it."""
    places = [*(PROJECT / "scripts").glob("*.py"), *(PROJECT / "scripts" / "rekindle" / "run").glob("*.py")]
    found = {
        f"{place.name}: {line.strip()}"
        for place in places
        for line in place.read_text(encoding="utf-8").splitlines()
        if "click.echo(" in line and "json.dumps" not in line
    }
    assert not {each for each in found if not each.startswith(("check_clients", "bench"))}
