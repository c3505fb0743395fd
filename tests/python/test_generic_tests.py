"""Each generic test of our own passes on a good fixture and fails, with the right rows, on a bad one."""

from collections.abc import Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2
import pytest
from jinja2.ext import Extension
from jinja2.nodes import Macro
from jinja2.parser import Parser

from rekindle.ground import rules
from rekindle.ground.paths import PROJECT

Row = tuple[Any, ...]


class DbtTestTag(Extension):
    """`{% test name(...) %}` as a macro called `name`: what dbt does with it, without dbt."""

    tags = {"test"}  # noqa: RUF012 - jinja2 declares it as an instance variable

    def parse(self, parser: Parser) -> Macro:
        """Turn the block into a macro."""
        node = Macro(lineno=next(parser.stream).lineno)
        node.name = parser.parse_assign_target(name_only=True).name
        parser.parse_signature(node)
        node.body = list(parser.parse_statements(("name:endtest",), drop_needle=True))
        return node


def failing_rows(
    test: str,
    rows: str,
    *,
    settings: Mapping[str, Any] | None = None,
    relations: Mapping[str, str] | None = None,
    **arguments: Any,
) -> list[Row]:
    """Render `tests/dbt/generic/<test>.sql` on a relation `rows` (SQL) and run it in memory.

    `settings` are what `setting()` finds, `relations` (SQL by model name) what `ref()` finds.
    """
    environment = jinja2.Environment(extensions=[DbtTestTag])
    environment.globals["setting"] = (settings or {}).get
    environment.globals["config"] = lambda **options: ""
    environment.globals["dbt"] = SimpleNamespace(concat=" || ".join)
    environment.globals["newest_closed_month_text"] = lambda: "2024-06-01"
    environment.globals["anti_join"] = lambda: "anti join"
    environment.globals["repeated_numbers"] = partial(rules.apply, "repeated_numbers")
    # a test may name a model only for the order of things
    environment.globals["ref"] = lambda name: f"({(relations or {}).get(name, name)})"
    source = (PROJECT / "tests" / "dbt" / "generic" / f"{test}.sql").read_text(encoding="utf-8")
    module = environment.from_string(source).module
    sql = getattr(module, test)(f"({rows})", **arguments)
    return sorted(duckdb.connect().execute(str(sql)).fetchall(), key=str)


def values(*rows: str) -> str:
    """A relation with the columns a, b from SQL literals."""
    return "select * from (values " + ", ".join(f"({row})" for row in rows) + ") as t(a, b)"


GOOD = values("'x', 1", "'x', 2", "'y', 1")

# a number within a group, small or not
NUMBERED = {"columns": ["a", "b"], "numbered_within": "a"}

PASSING: list[tuple[str, str, dict[str, Any]]] = [
    ("unique_key", GOOD, {"columns": ["a", "b"]}),
    ("unique_key", values("'x', 1", "'x', 63", "'x', 62", "'y', 1", "'z', -1"), NUMBERED),
    ("relationship", values("'x', 1", "null, 2"), {"column": "a", "to": f"({GOOD})", "field": "a"}),
    ("expression_is_true", GOOD, {"expression": "b > 0 or a = 'z'"}),
    ("not_null_columns", GOOD, {"columns": ["a", "b"]}),
]

FAILING: list[tuple[str, str, dict[str, Any], list[Row]]] = [
    ("unique_key", values("'x', 1", "'x', 1", "'y', 1"), {"columns": ["a", "b"]}, [("x", 1, 2)]),
    ("unique_key", values("'x', 1", "'y', null"), {"columns": ["a", "b"]}, [("y", None, 1)]),
    ("unique_key", values("'x', 1", "'x', 2", "'x', 2", "'y', 1"), NUMBERED, [("x", 2, 2)]),
    ("unique_key", values("'x', 70", "'x', 70", "'y', -3", "'y', -3"), NUMBERED, [("x", 70, 2), ("y", -3, 2)]),
    ("unique_key", values("'x', 1", "'y', null", "null, 3"), NUMBERED, [("y", None, 1), (None, 3, 1)]),
    ("relationship", values("'x', 1", "'q', 2", "'q', 3"), {"column": "a", "to": f"({GOOD})", "field": "a"}, [("q",)]),
    ("expression_is_true", values("'x', 1", "'y', -1"), {"expression": "b > 0"}, [(1,)]),
    ("expression_is_true", values("'x', 1", "'y', null"), {"expression": "b > 0"}, [(1,)]),
    ("not_null_columns", values("'x', 1", "'y', null", "null, 3"), {"columns": ["a", "b"]}, [("a",), ("b",)]),
]


@pytest.mark.parametrize(("test", "rows", "arguments"), PASSING, ids=[case[0] for case in PASSING])
def test_good_rows_pass(test: str, rows: str, arguments: dict[str, Any]) -> None:
    assert failing_rows(test, rows, **arguments) == []


@pytest.mark.parametrize(("test", "rows", "arguments", "expected"), FAILING, ids=[case[0] for case in FAILING])
def test_bad_rows_fail(test: str, rows: str, arguments: dict[str, Any], expected: list[Row]) -> None:
    assert failing_rows(test, rows, **arguments) == expected


@pytest.mark.parametrize(
    ("rejected", "expected"),
    [
        ("('wrong_currency', true, 5)", None),
        ("('wrong_currency', true, 5), ('unreadable_email', false, 50)", None),
        ("('wrong_currency', true, 5), ('erased', true, 50)", None),
        (
            "('missing_key', true, 1), ('wrong_currency', true, 4), ('duplicate_key', true, 1)",
            "6 of 100 rows of input_orders cannot be used, more than max_rejected_share (0.05) allows, 4 of them for "
            "wrong_currency of a_column: see intake.rejected_orders",
        ),
    ],
    ids=["at_the_threshold", "values_set_aside_do_not_count", "nor_do_the_erased", "above_the_threshold"],
)
def test_rejected_share(rejected: str, expected: str | None) -> None:
    rows = (
        "select *, 'orders' as entity, 'a_column' as column_name "
        f"from (values {rejected}) as t(reason, is_row_rejected, rejected_rows)"
    )
    failing = failing_rows(
        "rejected_share", rows, settings={"max_rejected_share": 0.05}, to="(select * from range(100))"
    )
    assert len(failing) == (0 if expected is None else 1)
    assert expected is None or failing[0][0].startswith(expected)


@pytest.mark.parametrize(("published", "failures"), [("2024-05", 1), ("2024-06", 0)], ids=["held_back", "published"])
def test_month_is_published(published: str, failures: int) -> None:
    failing = failing_rows(
        "month_is_published",
        f"select '{published}' as segment_month",
        relations={"publication_check": "select '2024-06' as segment_month, 'the feed is dead' as reason"},
    )
    assert len(failing) == failures
    assert all("the feed is dead" in reason and "--accept 2024-06" in reason for _, reason in failing)


def test_every_generic_test_is_tried_here() -> None:
    ours = {path.stem for path in (PROJECT / "tests" / "dbt" / "generic").glob("*.sql")}
    tried = {case[0] for case in PASSING} & {case[0] for case in FAILING}
    assert ours == tried | {"rejected_share", "month_is_published"}
