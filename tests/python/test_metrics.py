"""Metrics by name are what the marts say, and what pandas counts; the page names all of them."""

import math
import re
from typing import Any

import duckdb
import pandas as pd
import pytest
from metrics_oracle import figures
from workshop import Workshop, must

from rekindle.ground.errors import RekindleError
from rekindle.ground.paths import PROJECT
from rekindle.tell.metrics import Metrics

PAGE = (PROJECT / "docs" / "metrics.md").read_text(encoding="utf-8")
BENCHMARKS = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (?:`(.+?)`)? *\|$", PAGE, re.M)


@pytest.fixture(scope="module")
def metrics(decided_workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Metrics:
    """The metrics as dbt parses them, asked of the demo with its decisions."""
    folder = tmp_path_factory.mktemp("parsed")
    must(decided_workshop.dbt("parse", "--quiet", "--write-json", "--target-path", str(folder)))
    return Metrics((folder / "semantic_manifest.json").read_text(encoding="utf-8"), decided_workshop.warehouse)


@pytest.fixture(scope="module")
def expected(decided_workshop: Workshop) -> dict[str, float]:
    """What pandas counts."""
    with duckdb.connect(str(decided_workshop.warehouse), read_only=True) as connection:

        def table(name: str) -> pd.DataFrame:
            found = connection.execute(f"from {name}").df()
            for column in found.columns[found.columns.str.endswith(("_month", "_date"))]:
                found[column] = pd.to_datetime(found[column])
            return found

        return figures(table)


def mart(workshop: Workshop, question: str) -> dict[Any, Any]:
    with duckdb.connect(str(workshop.warehouse), read_only=True) as connection:
        return {row[:-1]: row[-1] for row in connection.execute(question).fetchall()}


def is_same(found: Any, wanted: Any) -> bool:
    if wanted is None or pd.isna(wanted):
        return found is None
    return found is not None and math.isclose(float(found), float(wanted), rel_tol=1e-9, abs_tol=1e-9)


def test_each_metric_is_what_pandas_counts(metrics: Metrics, expected: dict[str, float]) -> None:
    found = {each: metrics.ask([each])[1] for each in metrics.declared}
    assert set(found) == set(expected)
    told = {each: rows[0][0] if rows else None for each, rows in found.items()}
    wrong = {each: (told[each], expected[each]) for each in told if not is_same(told[each], expected[each])}
    assert wrong == {}
    assert sum(value is not None for value in told.values()) > 60


def test_all_that_others_publish_has_a_metric() -> None:
    seed = (PROJECT / "seeds" / "config" / "kpi_benchmarks.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert sorted(row[0] for row in BENCHMARKS) == sorted(line.split(",")[0] for line in seed)


@pytest.mark.parametrize(("benchmark", "metric", "where"), BENCHMARKS)
def test_what_others_publish_is_a_metric_and_equal_to_the_mart(
    benchmark: str, metric: str, where: str, metrics: Metrics, decided_workshop: Workshop
) -> None:
    kpis = mart(decided_workshop, "select kpi_id, own_figure from measurement.kpis")
    rows = metrics.ask([metric], where=where.split())[1]
    assert is_same(rows[0][0] if rows else None, kpis[(benchmark,)])


@pytest.mark.parametrize(
    ("metric", "by", "where", "question"),
    [
        (
            "known_people",
            ["metric_time__month"],
            [],
            "select cast(segment_month as timestamp), people from measurement.customer_base where slice_kind = 'all'",
        ),
        (
            "customers",
            ["metric_time__month", "segment"],
            [],
            "select cast(segment_month as timestamp), segment, count(*) from segments.rfm_published group by all",
        ),
        (
            "customers",
            ["segment__segment_name"],
            [],
            "select segment_name, count(*) from segments.rfm_published join segments.dim_segments using (segment) "
            "where segment_month = '2017-12-01' group by all",
        ),
        (
            "revisit_rate",
            ["scenario"],
            [],
            "select scenario_id, mean from measurement.experiment_results where metric_id = 'revisit_rate' "
            "and slice_kind = 'all' and holdout_period is not null",
        ),
        (
            "steps_due",
            ["scenario__scenario_name", "gate__gate_label"],
            [],
            "select scenario_name, gate_label, sum(step_count) from activation.decision_waterfall "
            "join activation.dim_scenarios using (scenario_id) group by all",
        ),
        (
            "offer_use_rate",
            ["performance__channel"],
            ["scenario=anti_attrition"],
            "select channel, sum(redeemed) / sum(sent) from measurement.scenario_performance "
            "where offer_type <> 'none' and scenario_id = 'anti_attrition' group by all",
        ),
        (
            "went_down",
            ["metric_time__quarter", "move__from_segment"],
            ["move__direction=down"],
            "select cast(date_trunc('quarter', segment_month) as timestamp), from_segment, count(*) "
            "from segments.segment_moves where is_down group by all",
        ),
    ],
)
def test_by_a_field_metrics_are_what_the_marts_say(
    metric: str, by: list[str], where: list[str], question: str, metrics: Metrics, decided_workshop: Workshop
) -> None:
    columns, rows = metrics.ask([metric], by, where)
    told = [dict(zip(columns, row, strict=True)) for row in rows]
    found = {tuple(row[each] for each in by): row[metric] for row in told}
    expected = mart(decided_workshop, question)
    assert len(expected) > 1
    assert set(found) == set(expected)
    assert [key for key in expected if not is_same(found[key], expected[key])] == []


def test_the_page_has_every_metric_as_it_is_declared(metrics: Metrics) -> None:
    assert dict(re.findall(r"^\| `(\w+)` \| ([^`|]+?) \|$", PAGE, re.M)) == metrics.declared


def test_metrics_read_published_tables_only(metrics: Metrics, demo_workshop: Workshop) -> None:
    published = Metrics(metrics._manifest, demo_workshop.published)
    assert len(published.ask(["known_people"])[1]) == 1
    for each in metrics.declared:
        published._connection.execute(f"explain {published.query([each])}")


def test_a_wrong_question_is_answered_by_a_sentence(metrics: Metrics) -> None:
    for wrong, sentence in [
        ((["nobody"],), "no metric nobody"),
        ((["customers"], ["colour"]), "grouped by .*segment__segment_name"),
        ((["customers"], [], ["segment"]), "is no condition"),
    ]:
        with pytest.raises(RekindleError, match=sentence):
            metrics.ask(*wrong)


def test_the_command_lists_each_metric_in_a_line_and_answers(demo_workshop: Workshop, metrics: Metrics) -> None:
    listed = must(demo_workshop.run("metrics")).text.splitlines()
    assert sorted(line.split(maxsplit=1) for line in listed) == sorted(map(list, metrics.declared.items()))
    answer = must(demo_workshop.run("metrics", "known_people", "--by", "metric_time__month")).text.splitlines()
    assert answer[0].split() == ["metric_time__month", "known_people"]
    assert len(answer) == 13
