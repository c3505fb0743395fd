"""Each column of the scenario seeds and of the feeds has a wrong edit that is told in a sentence.

The columns are those of the files: a new one without a sentence fails here.
"""

import csv

import pytest
from test_scenario_seeds import SEEDS, WRONG_EDITS

from rekindle.export.feeds import feed_of_row
from rekindle.ground.errors import ContractError
from rekindle.ground.paths import PROJECT

CONFIG = PROJECT / "seeds" / "config"
# where any text is right
FREE = {
    *("scenarios.scenario_name", "scenarios.owner", "scenarios.plan", "scenarios.objective"),
    "scenario_step_variants.variant",
}


def columns_of(*seeds: str) -> list[tuple[str, str]]:
    found = []
    for seed in seeds:
        with (CONFIG / f"{seed}.csv").open(encoding="utf-8", newline="") as handle:
            found += [(seed, column) for column in next(csv.reader(handle)) if f"{seed}.{column}" not in FREE]
    return found


@pytest.mark.parametrize(("seed", "column"), columns_of(*SEEDS))
def test_a_wrong_edit_of_each_column_of_the_scenario_seeds_is_tried(seed: str, column: str) -> None:
    edits = [statements for statements, _ in WRONG_EDITS.values() if seed in statements and column in statements]
    assert edits


@pytest.mark.parametrize("column", [column for _, column in columns_of("feeds")])
def test_a_wrong_value_of_a_feed_is_one_sentence(column: str) -> None:
    with (CONFIG / "feeds.csv").open(encoding="utf-8", newline="") as handle:
        right: dict[str, str | None] = {name: value or None for name, value in next(csv.DictReader(handle)).items()}
    said = []
    for wrong in (None, "Wrong value"):
        try:
            feed_of_row({**right, column: wrong})
        except ContractError as error:
            said.append(str(error))
    assert [sentence for sentence in said if sentence.startswith("Seed feeds, row ") and column in sentence], said
