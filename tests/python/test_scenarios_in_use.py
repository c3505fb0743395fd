"""Which scenarios a connector uses: four to begin with, and all in the demo."""

import csv
import datetime
from collections.abc import Mapping
from typing import Any

import yaml

from rekindle.ground.paths import PROJECT
from rekindle.run.replaying import Rhythm
from rekindle.site.catalogue import seeds

SEEDS = PROJECT / "seeds" / "config"
BEGIN = ["abandoned_cart", "anti_attrition", "media_reactivation", "welcome"]


def rows(seed: str) -> list[Mapping[str, str]]:
    with (SEEDS / f"{seed}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def variables() -> Any:
    return yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]


def test_every_stage_of_a_life_has_a_scenario_that_is_on() -> None:
    assert variables()["connector_settings"]["completejourney"]["scenarios_in_use"] == "*"
    on = {row["plan"] for row in rows("scenarios") if row["is_enabled"] == "true"}
    stages = {row["stage"]: row["plan"] for row in rows("lifecycle_stages")}
    assert len(stages) >= 7
    assert [stage for stage, plan in stages.items() if plan not in on] == []


def test_a_retailer_begins_with_four_scenarios() -> None:
    assert variables()["default_settings"]["scenarios_in_use"] == BEGIN
    assert set(BEGIN) <= {row["scenario_id"] for row in rows("scenarios") if row["is_enabled"] == "true"}


def test_the_catalogue_says_on_of_what_is_in_use_only() -> None:
    told = {row["scenario_id"]: row["is_enabled"] for row in seeds(SEEDS, BEGIN)["scenarios"]}
    assert {scenario for scenario, on in told.items() if on == "true"} == set(BEGIN)
    assert {row["is_enabled"] for row in seeds(SEEDS, "*")["scenarios"]} == {"true"}


def test_a_replay_decides_monthly_then_four_times_a_month_then_daily() -> None:
    rhythm = Rhythm(datetime.date(2017, 7, 1), datetime.date(2017, 10, 1), datetime.date(2017, 12, 25))
    days = {month: rhythm.days_before(datetime.date(2017, month + 1, 1)) for month in (7, 9, 10, 11)}
    assert {month: [day.day for day in found] for month, found in days.items()} == {
        7: [],
        9: [],
        10: [8, 15, 22],
        11: [8, 15, 22],
    }
    december = rhythm.days_before(datetime.date(2018, 1, 1))
    assert [day.day for day in december] == [8, 15, 22, *range(25, 32)]
    assert Rhythm(datetime.date(2017, 7, 1)).days_before(datetime.date(2018, 1, 1)) == []
