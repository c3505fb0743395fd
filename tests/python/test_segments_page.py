"""docs/segments.md says of what is foretold, and of the simple rules beside it, what the tests of the demo measure.

Lists of recommendations and replenishments are compared by test_tastes.py itself.
"""

import re
from statistics import mean

import pandas as pd
import pytest
from test_habits import HABITS
from test_segments import PUBLISHED_SIGNALS
from test_silence import WORTH as SCORES
from test_value import AT_RISK, IN_MONEY, LONGEST_AWAY
from test_value import WORTH as RATES

from rekindle.ground.paths import PROJECT

PAGE = (PROJECT / "docs" / "segments.md").read_text(encoding="utf-8")
WORDS = {"six": 6, "seven": 7, "nine": 9}
TITLES = {"reactivation": "Will she come back?", "lookalike": "Who is like those who came?"}


def section(title: str) -> str:
    """What stands below a heading, up to the next."""
    [text] = re.findall(rf"^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    return str(text)


def number(cell: str) -> float | None:
    """A cell as a number, a share where it stands in percent; None of words."""
    if not re.fullmatch(r"[\d,]*\.?\d+( %)?", cell):
        return None
    value = float(cell.removesuffix(" %").replace(",", ""))
    return value / 100 if cell.endswith("%") else value


def table(title: str) -> dict[str, list[float]]:
    """First cell of each row → the numbers in the others."""
    lines = [line[2:-2].split(" | ") for line in section(title).splitlines() if line.startswith("| ")]
    numbers = {name: [value for cell in cells if (value := number(cell)) is not None] for name, *cells in lines}
    return {name: values for name, values in numbers.items() if values}


def glance(column: str) -> list[float]:
    """The figures that the first table gives to a question, by the column that answers it."""
    [sure] = re.findall(rf"^\| .*`{column}`.* \| (.*) \|$", section("At a glance"), re.MULTILINE)
    return [float(WORDS.get(word, word)) for word in re.findall(rf"[\d.]*\d|\b(?:{'|'.join(WORDS)})\b", sure)]


def in_ten(shares: list[float]) -> int:
    return round(10 * mean(shares))


@pytest.mark.parametrize("score", TITLES)
def test_the_scores_are_as_good_as_the_page_says(score: str) -> None:
    right = {f"{pd.Timestamp(month):%B %Y}": list(worth) for (name, month), worth in SCORES.items() if name == score}
    assert len(right) == 3
    assert {name: values for name, values in table(TITLES[score]).items() if name in right} == right
    by_score, by_recency = ([worth[place] for worth in right.values()] for place in (2, 3))
    shown = [line.count("●") for line in section(TITLES[score]).splitlines() if "●" in line]
    assert shown == [in_ten(by_score), in_ten(by_recency)]
    if score == "reactivation":
        assert glance("reactivation_score") == shown


def test_the_rates_are_as_good_as_the_page_says() -> None:
    told = re.findall(r"^\| (\d\d) days \| (\w+) \| (.*) \|$", section("Who will stay away"), re.MULTILINE)
    assert told == [
        (str(horizon), f"{pd.Timestamp(2017, month, 1):%B}", " | ".join(f"{value:.3f}"[1:] for value in worth))
        for (horizon, month), worth in RATES.items()
    ]
    assert glance("silent_28_probability") == [in_ten([worth[0] for worth in RATES.values()])]


def test_the_flag_is_no_better_in_heads_and_the_page_says_so() -> None:
    [told] = re.findall(
        r"Of the (\d+) customers at risk at the end of August (\d+) % bought nothing for 91 days, of the (\d+) of "
        r"September (\d+) %; of all .*?, (\d+) %\..*?would have been (\d+) % and (\d+) %",
        section("Who will stay away").replace("\n", " "),
    )
    (people_8, away_8, all_8), (people_9, away_9, all_9) = AT_RISK.values()
    shares = [round(100 * share) for share in (away_8, away_9, all_8, *LONGEST_AWAY.values())]
    assert list(map(int, told)) == [people_8, shares[0], people_9, *shares[1:]]
    assert all_8 == all_9


@pytest.mark.parametrize(("title", "signals"), [("Moves", PUBLISHED_SIGNALS), ("Money at stake", IN_MONEY)])
def test_the_signals_are_as_good_as_the_page_says(title: str, signals: dict[str, tuple[float, ...]]) -> None:
    told = {name.strip("`").removeprefix("is_"): values for name, values in table(title).items() if "is_" in name}
    assert list(told) == list(signals)
    for name, values in told.items():
        for value, measured in zip(values, signals[name], strict=True):
            # a share to two tenths of a percent, a lift to a tenth
            assert value == pytest.approx(measured, abs=0.002 if measured < 1 else 0.1), name
    if title == "Moves":
        assert glance("is_down")[1:] == [signals["down"][2]]
    else:
        share, _, of_the_money, _ = signals["costly_decline"]
        assert glance("is_costly_decline") == pytest.approx([100 * share, 100 * of_the_money])


def test_habits_are_as_good_as_the_page_says() -> None:
    said = section("What she is inclined to").replace("\n", " ")
    [hour] = re.findall(r"in the 28 days after, (\d+) % fell within an hour of it, (\d+) % within", said)
    overdue = re.findall(
        r"Of those overdue at the ends of September to November (\d+) % bought nothing in the 28 days after, of "
        r"everybody with a rhythm (\d+) %",
        section("How she buys").replace("\n", " "),
    )
    for column, measure, [told] in (
        ("best_send_hour", "best_send_hour", [hour]),
        ("overdue_from_date", "overdue_stays_away", overdue),
    ):
        right = [round(100 * share) for share in HABITS[measure]]
        assert list(map(int, told)) == right
        assert glance(column) == right
