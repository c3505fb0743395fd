"""A scenario is rows of seeds: the engine names none, and decides one that only tests have like any."""

import json
import re
from pathlib import Path

import pytest
from workshop import rows

from check_conventions import without_comments
from rekindle.ground.paths import PROJECT
from rekindle.tell.explaining import Explainer

SEEDS = PROJECT / "seeds"
OWN = "survey_thanks"


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def scenario_ids(folder: str) -> list[str]:
    return [line.split(",")[0] for line in lines(SEEDS / folder / "scenarios.csv")[1:]]


def test_the_engine_names_no_scenario() -> None:
    folders = ("models/activation", "models/scenarios", "models/audiences", "macros/activation")
    engine = [path for folder in folders for path in (PROJECT / folder).glob("*.sql")]
    # a kind of moment may bear the name of the scenario that it is made for
    kinds = {path.stem.split("_", 1)[1] for path in (PROJECT / "models" / "scenarios" / "moments").glob("*.sql")}
    named = {
        f"{path.name}: {scenario}"
        for path in engine
        for scenario in set(scenario_ids("fixture")) - kinds
        if scenario in without_comments(path.name, path.read_text(encoding="utf-8"))
    }
    assert len(engine) > 10
    assert named == set()


@pytest.mark.parametrize("seed", ["scenarios", "scenario_moments", "scenario_steps", "content_blocks"])
def test_the_tests_have_the_shipped_rows_and_one_scenario_more(seed: str) -> None:
    shipped, tested = lines(SEEDS / "config" / f"{seed}.csv"), lines(SEEDS / "fixture" / f"{seed}.csv")
    # the hand-written people are known for too short a time to be silent for more than a year
    wider = [line.replace(",dormant>at_risk>to_delete,", ",at_risk>to_delete,") for line in tested]
    assert [line for line in wider if not line.startswith(f"{OWN},")] == shipped
    assert len(tested) > len(shipped)


def test_a_scenario_of_the_tests_gets_an_entry_a_decision_and_a_row_of_its_audience(fixture_warehouse: Path) -> None:
    (entry,) = rows(
        fixture_warehouse,
        f"select profile_id, entry_key, arm, reason_code from activation.scenario_entries where scenario_id = '{OWN}'",
    )
    assert entry[1:] == ("rita_survey", "treated", "answered_a_survey")
    (decision,) = rows(
        fixture_warehouse,
        f"select profile_id, decision_id, outcome, channel from activation.decisions where scenario_id = '{OWN}'",
    )
    assert decision[0] == entry[0]
    # her answers came by SMS, which goes before the order of the scenario
    assert decision[2:] == ("selected", "sms")
    (member,) = rows(
        fixture_warehouse,
        f"select decision_id, content, phone is not null from audiences.audience_members where scenario_id = '{OWN}'",
    )
    assert member[0] == decision[1]
    assert member[2]
    assert json.loads(str(member[1]))["order_id"] == "rita_2024-06"
    assert rows(fixture_warehouse, f"select count(*) from audiences.audiences where audience_id = '{OWN}'") == [(1,)]


def test_the_guide_names_the_moments_and_what_each_lets_a_message_say() -> None:
    guide = (PROJECT / "docs" / "scenario-guide.md").read_text(encoding="utf-8")
    section = guide.split("## Moments", 1)[1].split("\n## ", 1)[0]
    documented = {
        moment: re.findall(r"`(\w+)`", keys)
        for moment, keys in re.findall(r"^\| `(\w+)`(?: \(state\))? \|(?: [^|]* \|){3} ([^|]*) \|$", section, re.M)
    }
    written = {}
    for path in (PROJECT / "models" / "scenarios" / "moments").glob("*.sql"):
        text = path.read_text(encoding="utf-8")
        (said,) = re.findall(r"(?:json_object\(\{([^}]*)\}\) \}\}|'\{\}') as personalisation", text)
        written[path.stem.split("_", 1)[1]] = re.findall(r"'(\w+)':", said)
    assert documented == written


def test_the_waterfall_of_each_scenario_adds_up_to_its_decisions(fixture_warehouse: Path) -> None:
    explainer = Explainer.open(fixture_warehouse)
    try:
        told = list(explainer.waterfalls(None, None))
    finally:
        explainer.connection.close()
    found = rows(fixture_warehouse, "select scenario_id, count(*) from activation.decisions group by all")
    decided = {str(scenario): int(str(count)) for scenario, count in found}
    counted: dict[str, list[int]] = {}
    for line in told:
        if heading := re.search(r"\((\w+)\), as of", line):
            counted[heading[1]] = []
        elif line:
            counted[list(counted)[-1]].append(int(line[22:32].replace(",", "")))
    assert {scenario: due for scenario, (due, *_) in counted.items() if due} == decided
    assert [due for due, *_ in counted.values()] == [sum(stopped) for _, *stopped in counted.values()]
    total = rows(fixture_warehouse, "select sum(decision_count) from activation.decision_waterfall")
    assert total == [(sum(decided.values()),)]
