"""The first cuts: what propose_rfm_cuts prints can be pasted and serves, whatever the customers are like."""

import csv
import io
import math
import random
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from workshop import Workshop, must

from rekindle.ground.paths import PROJECT

HEADER = "sector,threshold_version,valid_from_month,measure,score,min_value,comment"
CLV_HEADER = "sector,threshold_version,valid_from_month,spend_cluster,min_amount,comment"


def proposed(
    workshop: Workshop, *arguments: str, operation: str = "propose_rfm_cuts", header: str = HEADER, **variables: object
) -> list[dict[str, str]]:
    """The rows that the operation prints."""
    given = ", ".join(f"{name}: {value}" for name, value in {"connector": workshop.connector, **variables}.items())
    said = workshop.dbt("run-operation", operation, *arguments, "--vars", f"{{{given}}}")
    must(said)
    return list(csv.DictReader(io.StringIO(said.text[said.text.index(header) :])))


def test_the_shipped_cuts_of_groceries_are_what_the_demo_gives(
    make_workshop: Callable[[str], Workshop], demo_warehouse: Path
) -> None:
    """They were measured from the segment tables of an earlier version; core gives the same."""
    workshop = make_workshop("completejourney")
    workshop.start_from(demo_warehouse)
    found = proposed(workshop, "--args", '{month: "2017-06"}')
    with (PROJECT / "seeds/config/rfm_value_cuts.csv").open(encoding="utf-8") as file:
        shipped = [row for row in csv.DictReader(file) if row["sector"] == "grocery"]
    keys = ("sector", "threshold_version", "valid_from_month", "measure", "score")
    assert [[row[key] for key in keys] for row in found] == [[row[key] for key in keys] for row in shipped]
    assert [float(row["min_value"]) for row in found] == [float(row["min_value"]) for row in shipped]


@pytest.fixture(scope="module")
def empty(make_workshop: Callable[[str], Workshop]) -> Workshop:
    """A warehouse with the tables of core, and no row."""
    workshop = make_workshop("empty")
    must(workshop.dbt("run", "--select", "+profile_days", "--vars", "{connector: empty}"))
    return workshop


def fill(workshop: Workshop, days: list[tuple[str, date, int, float]]) -> None:
    """Rows of profile_days: profile, date, orders, net amount."""
    with duckdb.connect(str(workshop.warehouse)) as connection:
        connection.execute("delete from core.profile_days")
        for profile, day, orders, amount in days:
            connection.execute(
                "insert into core.profile_days (profile_id, order_date, orders, net_amount) values (?, ?, ?, ?)",
                [profile, day, orders, amount],
            )


def quintiles(values: list[float]) -> list[float]:
    """The cuts of scores 2 to 5, from the definition in words: ties share the rank of the first of them."""
    ordered = sorted(values)
    earned = {value: 1 + math.floor(5 * ordered.index(value) / len(ordered)) for value in ordered}
    return [
        min((value for value in ordered if earned[value] >= score), default=ordered[-1] + 1) for score in (2, 3, 4, 5)
    ]


@pytest.mark.parametrize("kind", ["most bought once", "all bought once", "a few who buy a lot", "one customer"])
def test_the_proposal_is_complete_and_rises_whatever_the_customers_are_like(empty: Workshop, kind: str) -> None:
    draw = random.Random(kind)
    end = date(2024, 5, 31)
    visits = {
        "most bought once": [1] * 85 + [2] * 10 + [3] * 5,
        "all bought once": [1] * 20,
        "a few who buy a lot": [draw.randint(1, 40) for _ in range(60)],
        "one customer": [4],
    }[kind]
    days: list[tuple[str, date, int, float]] = []
    for number, count in enumerate(visits):
        # the first of them bought before the window only: they count, with nothing in it
        first = end - timedelta(days=400) if number % 10 == 9 else end
        days += [(f"p{number}", first - timedelta(days=3 * each), 1, draw.randint(5, 90)) for each in range(count)]
    days.append(("p0", end - timedelta(days=1), 0, -2.5))  # a return is no visit, and subtracts
    days.append(("later", end + timedelta(days=1), 1, 1000.0))
    fill(empty, days)
    rows = proposed(empty, "--args", '{month: "2024-05"}', rfm_window_days=182, rfm_sector="acme")
    inside = [(who, orders, amount) for who, day, orders, amount in days if end - timedelta(days=182) < day <= end]
    people = sorted({who for who, *_ in days} - {"later"})
    expected = {
        "frequency": quintiles([sum(orders for who, orders, _ in inside if who == each) for each in people]),
        "monetary": quintiles([sum(amount for who, _, amount in inside if who == each) for each in people]),
    }
    assert [(row["measure"], int(row["score"])) for row in rows] == [
        (measure, score) for measure in ("frequency", "monetary") for score in (2, 3, 4, 5)
    ]
    for measure, cuts in expected.items():
        assert [float(row["min_value"]) for row in rows if row["measure"] == measure] == pytest.approx(cuts), measure
        assert cuts == sorted(cuts)


def test_a_month_before_the_first_order_and_a_word_that_is_no_month_are_one_sentence(empty: Workshop) -> None:
    fill(empty, [("p1", date(2024, 5, 1), 1, 10.0)])
    for month, sentence in {
        "2024-04": "Nobody had ordered by the end of 2024-04: name a later month.",
        "May": "month 'May' is not a month: write it as YYYY-MM.",
    }.items():
        said = empty.dbt(
            *("run-operation", "propose_rfm_cuts", "--args", f'{{month: "{month}"}}', "--vars", "{connector: empty}")
        )
        assert said.code != 0
        assert sentence in said.text


def test_cuts_asked_for_before_their_table_is_built_are_one_sentence(
    make_workshop: Callable[..., Workshop],
) -> None:
    workshop = make_workshop("empty", "not_built")
    for operation in ("propose_rfm_cuts", "propose_clv_cuts"):
        said = workshop.dbt("run-operation", operation, "--args", '{month: "2024-05"}', "--vars", "{connector: empty}")
        assert said.code != 0
        assert (
            "Nothing is proposed before core.profile_days is built: run `dbt build --select +profile_days" in said.text
        )
        assert "Catalog Error" not in said.text


def test_cuts_of_spend_clusters_are_thirds_of_who_bought_in_the_period(empty: Workshop) -> None:
    end = date(2024, 5, 31)
    days = [(f"p{number}", end, 1, float(number)) for number in range(1, 10)]
    days += [
        ("p9", end - timedelta(days=90), 1, 100.0),
        ("p9", end - timedelta(days=91), 1, 1000.0),  # before the period
        ("p9", end + timedelta(days=1), 1, 1000.0),  # after it
        ("long_ago", end - timedelta(days=91), 1, 5.0),
        ("returns_only", end, 0, -5.0),
    ]
    fill(empty, days)

    def cuts(month: str) -> list[tuple[str, float]]:
        rows = proposed(
            empty, "--args", f'{{month: "{month}", version: 2, valid_from: "2024-06"}}',
            operation="propose_clv_cuts", header=CLV_HEADER, clv_period_days=91, rfm_sector="acme",
        )  # fmt: skip
        assert [row["valid_from_month"] for row in rows] == ["2024-06-01"] * 2
        assert {(row["sector"], row["threshold_version"]) for row in rows} == {("acme", "2")}
        return [(row["spend_cluster"], float(row["min_amount"])) for row in rows]

    assert cuts("2024-05") == [("medium", 4.0), ("high", 7.0)]
    fill(empty, [(f"p{number}", end, 1, 10.0) for number in range(9)])
    assert cuts("2024-05") == [("medium", 11.0), ("high", 11.0)], "equal amounts are in one cluster"
    said = empty.dbt(
        *("run-operation", "propose_clv_cuts", "--args", '{month: "2023-01"}', "--vars", "{connector: empty}")
    )
    assert said.code != 0
    assert "days to the end of 2023-01: name another month." in said.text


def test_the_shipped_cuts_of_spend_clusters_are_what_the_demo_gives(
    make_workshop: Callable[[str], Workshop], demo_warehouse: Path
) -> None:
    """To a few cents: the lower one was measured as the value before the one that begins the second third."""
    workshop = make_workshop("completejourney")
    workshop.start_from(demo_warehouse)
    found = proposed(workshop, "--args", '{month: "2017-06"}', operation="propose_clv_cuts", header=CLV_HEADER)
    with (PROJECT / "seeds/config/clv_cuts.csv").open(encoding="utf-8") as file:
        shipped = [row for row in csv.DictReader(file) if row["sector"] == "grocery"]
    assert [row["spend_cluster"] for row in found] == [row["spend_cluster"] for row in shipped]
    assert [float(row["min_amount"]) for row in found] == pytest.approx(
        [float(row["min_amount"]) for row in shipped], abs=0.11
    )
