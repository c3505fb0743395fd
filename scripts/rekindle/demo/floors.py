"""Whether each kind of message has enough people in the demo for its figures to say anything."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb

from rekindle.ground.warehouse import open_warehouse

# what a scenario that writes to people has at least; mature entries are a month old. Some hold nobody out. The
# rarest step of a journey is taken by somebody, too.
FLOORS = {"due": 60, "selected": 20, "held out": 5, "mature": 20, "of the rarest step": 5}
COUNTS = """
    with mature as (
        select max(as_of_date) - 30 as until_date from activation.decisions
    ),

    decided as (
        select
            scenario_id,
            count(*) as due,
            count(case when outcome = 'selected' then 1 end) as selected
        from activation.decisions
        group by scenario_id
    ),

    taken as (
        select
            steps.scenario_id,
            steps.step,
            count(decisions.decision_id) as messages
        from config.scenario_steps as steps
        left join activation.decisions as decisions
            on
                steps.scenario_id = decisions.scenario_id
                and steps.step = decisions.step
                and decisions.outcome = 'selected'
        group by steps.scenario_id, steps.step
    ),

    rarest as (
        select
            scenario_id,
            min(messages) as messages
        from taken
        group by scenario_id
    ),

    entered as (
        select
            scenario_id,
            count(case when arm = 'held_out' then 1 end) as held_out,
            count(case when entered_date <= mature.until_date then 1 end) as mature
        from activation.scenario_entries
        cross join mature
        where arm <> 'held_out_globally'
        group by scenario_id
    )

    select
        scenarios.scenario_id,
        coalesce(decided.due, 0),
        coalesce(decided.selected, 0),
        case when scenarios.holdout_share > 0 then coalesce(entered.held_out, 0) end,
        coalesce(entered.mature, 0),
        rarest.messages
    from config.scenarios as scenarios
    left join decided on scenarios.scenario_id = decided.scenario_id
    left join rarest on scenarios.scenario_id = rarest.scenario_id
    left join entered on scenarios.scenario_id = entered.scenario_id
    where scenarios.kind = 'message' and scenarios.is_enabled
    order by scenarios.scenario_id
"""


def counted(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, int | None]]:
    """Per scenario that writes to people, what FLOORS names; None: it holds nobody out."""
    rows = connection.execute(COUNTS).fetchall()
    return {scenario: dict(zip(FLOORS, counts, strict=True)) for scenario, *counts in rows}


def below(counts: Mapping[str, Mapping[str, int | None]], floors: Mapping[str, float]) -> dict[str, dict[str, int]]:
    """The counts that do not reach their floor, by scenario."""
    found = {
        scenario: {name: count for name, count in each.items() if count is not None and count < floors[name]}
        for scenario, each in counts.items()
    }
    return {scenario: each for scenario, each in found.items() if each}


def in_words(warehouse: Path) -> Iterator[str]:
    """That all have enough, or a line per scenario with too few people: a defect of the demo."""
    with open_warehouse(warehouse, read_only=True) as connection:
        counts = counted(connection)
    few = below(counts, FLOORS)
    for scenario, each in few.items():
        told = ", ".join(f"{count} {name} of {FLOORS[name]}" for name, count in each.items())
        yield f"Too few     {scenario}: {told}"
    if not few:
        floors = ", ".join(f"{floor} {name}" for name, floor in FLOORS.items())
        yield f"Scenarios   {len(counts)} that write to people, each with at least"
        yield f"            {floors}"
