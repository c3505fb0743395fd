"""A wrong value in any column of any seed is told in a sentence: which seed, which row, which column, and the cure.

The columns are those of the files: a new one without a sentence fails here. What is said of the scenario seeds is tried
edit by edit in test_scenario_seeds.py.
"""

import csv
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import pytest
import yaml
from compiled import CompiledModels, fill
from dbt.contracts.graph.manifest import Manifest
from dbt_common.events.base_types import EventMsg
from test_scenario_seeds import SEEDS as SCENARIO_SEEDS
from test_scenario_seeds import WRONG_EDITS

from rekindle.export.feeds import feed_of_row
from rekindle.ground.dbt import _Watcher
from rekindle.ground.errors import ContractError
from rekindle.ground.paths import PROJECT
from rekindle.ground.progress import Progress
from rekindle.ground.seeds import misnamed, misread

CONFIG = PROJECT / "seeds" / "config"
TESTS = (
    *(f"seeds_of_{group}_can_be_right" for group in ("segments", "values", "silence", "habits", "decisions", "words")),
    "segments_grid_is_complete_and_monotone",
)
# where any text is right
FREE = {
    *("comment", "closure_periods.description", "inactivity_criteria.description", "source_observed_from.description"),
    *("scenarios.scenario_name", "scenarios.owner", "scenarios.plan", "scenarios.objective"),
    "scenario_step_variants.variant",
}
# the edits that a slip makes of a right value: taken out, mistyped, far off
WRONG: dict[str, tuple[Any, ...]] = {
    "string": (None, "Wrong value"),
    "boolean": (None,),
    "date": (None, "1900-01-02", "2999-12-30"),
    "number": (None, -1, 99_999),
}
# a right row of each seed that is shipped empty
FIRST_ROWS: dict[str, tuple[Any, ...]] = {
    "closure_periods": ("2024-01-01", "2024-01-02", "a flood"),
    "source_observed_from": ("visit", "web", "2024-01-01", "the shop's own word"),
    "suppressions": ("0123456789abcdef", "email", "asked", "2024-01-01", "2024-02-01"),
}
# a sector without rows of its own takes those of *
FOR_EVERYBODY = ("habit_rules", "inactivity_criteria", "return_rate_bands", "taste_rules")
TYPES: dict[str, dict[str, str]] = {
    seed["name"]: seed["config"]["column_types"]
    for page in sorted(CONFIG.glob("*.yml"))
    for seed in yaml.safe_load(page.read_text(encoding="utf-8"))["seeds"]
}
Said = tuple[list[str], list[str], list[str]]
OTHER_SEEDS = sorted({file.stem for file in CONFIG.glob("*.csv")} - {*SCENARIO_SEEDS, "feeds"})


def columns_of(*seeds: str) -> list[tuple[str, str]]:
    found = []
    for seed in seeds:
        with (CONFIG / f"{seed}.csv").open(encoding="utf-8", newline="") as handle:
            found += [(seed, column) for column in next(csv.reader(handle))]
    return [(seed, column) for seed, column in found if not {column, f"{seed}.{column}"} & FREE]


def findings(tests: CompiledModels, connection: duckdb.DuckDBPyConnection) -> list[str]:
    return sorted({str(reason) for test in TESTS for (reason,) in tests.rows(connection, test)})


@pytest.fixture(scope="module")
def said() -> Said:
    """What is said of the seeds as shipped, without the rows for everybody, and with rows that have one wrong value."""
    tests = CompiledModels(TESTS, {"as_of_date": "2024-03-01"})
    with duckdb.connect() as connection:
        for seed in OTHER_SEEDS:
            fill(connection, seed, TYPES[seed], [FIRST_ROWS[seed]] if seed in FIRST_ROWS else [])
            path = CONFIG / f"{seed}.csv"
            connection.execute(f"insert into {seed} from read_csv('{path}', header = true, all_varchar = true)")
        connection.execute("create view dim_segments as from segments")
        shipped = findings(tests, connection)
        connection.execute("begin")
        for seed in FOR_EVERYBODY:
            connection.execute(f"delete from {seed} where sector = '*'")
        without = findings(tests, connection)
        connection.execute("rollback")
        for seed in OTHER_SEEDS:
            rights = connection.execute(f"from {seed}").fetchall()
            rows = [
                (*right[:place], wrong, *right[place + 1 :])
                for right in rights
                for place, data_type in enumerate(TYPES[seed].values())
                for wrong in WRONG.get(data_type, WRONG["number"])
            ]
            connection.executemany(f"insert into {seed} values ({', '.join('?' * len(TYPES[seed]))})", rows)
        return shipped, without, findings(tests, connection)


def test_nothing_is_said_of_the_seeds_as_shipped(said: Said) -> None:
    assert said[0] == []


def test_rows_for_everybody_are_missed(said: Said) -> None:
    cure = "has no row of sector *: write one, for all sectors that have none."
    assert said[1] == [f"Seed {seed} {cure}" for seed in FOR_EVERYBODY]


@pytest.mark.parametrize(("seed", "column"), columns_of(*OTHER_SEEDS))
def test_a_wrong_value_of_a_column_is_one_sentence(seed: str, column: str, said: Said) -> None:
    told = [sentence for sentence in said[2] if sentence.startswith(f"Seed {seed}, row ")]
    # the row, what is wrong, the cure
    assert [sentence for sentence in told if f" {column} is " in sentence and sentence.count(": ") == 2], told


METRIC = "Seed outcome_metrics, row revisit_rate: "
CURE_OF_RATE = "write revisited, unsubscribed, complained, or another kind."
CURE_OF_COVARIATE = "write log_purchase_days_before, net_sales_before, or leave it empty."
WRONG_METRICS = {
    "a rate of what is no yes or no": (
        "measure = 'orders'",
        METRIC + "measure is orders, which is no yes or no, as a rate needs: " + CURE_OF_RATE,
    ),
    "a rate of what was before": (
        "measure = 'log_purchase_days_before'",
        METRIC + "measure is log_purchase_days_before, which is no yes or no, as a rate needs: " + CURE_OF_RATE,
    ),
    "a covariate that the message can change": (
        "covariate = 'revisited'",
        METRIC + "covariate is revisited, which is not from before the entry: " + CURE_OF_COVARIATE,
    ),
    "a covariate of money that came after": (
        "kind = 'mean', covariate = 'net_sales'",
        METRIC + "covariate is net_sales, which is not from before the entry: " + CURE_OF_COVARIATE,
    ),
}


@pytest.fixture(scope="module")
def words() -> CompiledModels:
    return CompiledModels(["seeds_of_words_can_be_right"], {"as_of_date": "2024-03-01"})


@pytest.mark.parametrize("edit", WRONG_METRICS)
def test_a_metric_that_cannot_be_computed_or_takes_its_own_effect_away_is_one_sentence(
    edit: str, words: CompiledModels
) -> None:
    change, sentence = WRONG_METRICS[edit]
    with duckdb.connect() as connection:
        for seed in ("algorithms", "kpi_benchmarks", "lifecycle_stages", "outcome_metrics", "sentences"):
            fill(connection, seed, TYPES[seed], [])
        path = CONFIG / "outcome_metrics.csv"
        connection.execute(f"insert into outcome_metrics from read_csv('{path}', header = true, all_varchar = true)")
        connection.execute(f"update outcome_metrics set {change} where metric_id = 'revisit_rate'")
        assert words.rows(connection, "seeds_of_words_can_be_right") == [(sentence,)]


TYPED = [
    (seed, column) for seed, types in TYPES.items() for column, data_type in types.items() if data_type != "string"
]


@pytest.mark.parametrize(("seed", "column"), TYPED)
def test_a_cell_that_its_column_cannot_be_is_told_with_its_line(seed: str, column: str, tmp_path: Path) -> None:
    names = list(TYPES[seed])
    assert list(misread(CONFIG / f"{seed}.csv", TYPES[seed])) == []
    edited = tmp_path / f"{seed}.csv"
    cells = ["a year" if name == column else "" for name in names]
    edited.write_text(f"{','.join(names)}\n{',' * (len(names) - 1)}\n{','.join(cells)}\n", encoding="utf-8")
    (told,) = misread(edited, TYPES[seed])
    assert told.startswith(f"Seed {seed}, line 3: {column} is a year: write ")


@pytest.mark.parametrize("seed", sorted(TYPES))
def test_the_columns_of_a_seed_are_named_as_they_are_declared(seed: str, tmp_path: Path) -> None:
    """What a spreadsheet makes of a file that somebody edits in it; a mark before the first name is none of it."""
    file, edited = CONFIG / f"{seed}.csv", tmp_path / f"{seed}.csv"
    content = file.read_text(encoding="utf-8")
    columns = list(TYPES[seed])
    assert misnamed(file, columns) is None
    edited.write_bytes(b"\xef\xbb\xbf" + content.replace("\n", "\r\n").encode())
    assert misnamed(edited, columns) is None
    for separator, words in ((";", "semicolons"), ("\t", "tabs")):
        edited.write_text(content.replace(",", separator), encoding="utf-8")
        assert (
            misnamed(edited, columns) == f"Seed {seed}: its columns are parted by {words}: save it as CSV with commas."
        )
    edited.write_text(content.replace(columns[-1], "misspelt", 1), encoding="utf-8")
    lacks = f"Seed {seed}, line 1: it lacks {columns[-1]}"
    assert misnamed(edited, columns) == f"{lacks} and has misspelt: name the columns as they were."
    another = f"Seed {seed}, line 1: it lacks another: name the columns as they were."
    assert misnamed(file, [*columns, "another"]) == another


def test_a_comma_too_many_in_a_seed_is_told_with_its_line(tmp_path: Path) -> None:
    edited = tmp_path / "sentences.csv"
    edited.write_text("subject,code,counted,sentence\ndue,*,due,\ndue,*,due,one, two\n", encoding="utf-8")
    (told,) = misread(edited, TYPES["sentences"])
    assert told.startswith("Seed sentences, line 3: it has 5 fields, the header 4: put a text that has a comma between")


def test_a_seed_that_cannot_be_loaded_is_told_by_its_cells(tmp_path: Path) -> None:
    edited = tmp_path / "habit_rules.csv"
    edited.write_text("sector,own_from_gaps\n*,ten\n", encoding="utf-8")
    said: list[str] = []
    config = SimpleNamespace(column_types={"own_from_gaps": "integer"})
    node = SimpleNamespace(original_file_path="habit_rules.csv", root_path=str(tmp_path), config=config)
    watcher = _Watcher(
        cast(Manifest, SimpleNamespace(nodes={"seed": node}, unit_tests={})),
        cast(Progress, SimpleNamespace(say=said.append, advance=lambda: None)),
    )
    info = SimpleNamespace(unique_id="seed", node_path="", node_name="habit_rules", resource_type="seed")
    failed = SimpleNamespace(status="error", message="Runtime Error\n  Conversion Error: Could not convert 'ten'")
    event = SimpleNamespace(
        info=SimpleNamespace(name="NodeFinished"), data=SimpleNamespace(node_info=info, run_result=failed)
    )
    watcher.see(cast(EventMsg, event))
    assert said == ["Seed habit_rules, line 2: own_from_gaps is ten: write a whole number."]


@pytest.mark.parametrize(("seed", "column"), columns_of(*SCENARIO_SEEDS))
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


def test_whoever_reads_dutch_is_written_to_in_dutch_by_every_scenario() -> None:
    rows = {}
    for seed in ("scenarios", "content_blocks"):
        with (CONFIG / f"{seed}.csv").open(encoding="utf-8", newline="") as handle:
            rows[seed] = list(csv.DictReader(handle))
    spoken: dict[str, set[str]] = {"*": set(), "nl": set()}
    for row in rows["content_blocks"]:
        if row["text_key"] not in ("lever", "cta"):
            spoken[row["language_code"]].add(f"{row['scenario_id']} {row['step']} {row['text_key']}")
    assert spoken["nl"] == spoken["*"]
    talking = {row["scenario_id"] for row in rows["scenarios"] if row["kind"] == "message"}
    assert talking <= {text.removesuffix(" * headline") for text in spoken["*"] if text.endswith(" * headline")}


def test_no_message_of_a_journey_repeats_the_one_before_it() -> None:
    rows = {}
    for seed in ("scenario_steps", "content_blocks"):
        with (CONFIG / f"{seed}.csv").open(encoding="utf-8", newline="") as handle:
            rows[seed] = list(csv.DictReader(handle))
    own = {(row["scenario_id"], row["step"], row["text_key"]) for row in rows["content_blocks"] if row["step"] != "*"}
    general = {
        (row["scenario_id"], row["text_key"])
        for row in rows["content_blocks"]
        if row["step"] == "*" and row["text_key"] not in ("lever", "cta")
    }
    followers = {(row["scenario_id"], row["step"]) for row in rows["scenario_steps"] if row["after_steps"]}
    repeated = {
        (scenario, step, key)
        for scenario, step in followers
        for talking, key in general
        if scenario == talking and (scenario, step, key) not in own
    }
    assert len(followers) > 8
    assert repeated == set()
    said = [(row["scenario_id"], row["text_key"], row["content_text"]) for row in rows["content_blocks"]]
    texts = [each for each in said if each[1] not in ("lever", "cta")]
    assert len(texts) == len(set(texts))
