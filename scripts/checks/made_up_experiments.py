"""Comparisons of people who are made up: those of the hand-written rows are too few for any figure to be told.

The models that judge a comparison run once more on them, as dbt has compiled them, on each engine.
"""

import re
from collections.abc import Callable
from pathlib import Path

from rekindle.ground.engine import connect
from rekindle.ground.quoting import text

SCHEMA = "made_up"
# each reads those before it
JUDGES = ("experiment_health", "experiment_statistics", "experiment_results")
# Two arms, three, and the variants of a message. Of some reasons there are few people, of some people no margin.
PEOPLE = """
    with people as (
        select
            number,
            number % 3 as kind,
            number * 37 % 100 as drawn,
            number * 7919 % 1000 as luck,
            number % 7 as days_before
        from range(3000) as numbers (number)
    ),
    arms as (
        select
            *,
            case
                when kind = 2 then case when drawn < 50 then 'short' else 'long' end
                when drawn < 20 then 'held_out'
                when kind = 1 and drawn < 40 then 'as_before'
                else 'treated'
            end as arm
        from people
    ),
    outcomes as (
        select
            *,
            case
                when luck < 250 + 40 * days_before + case when arm in ('treated', 'long') then 150 else 0 end then 1
                else 0
            end as came
        from arms
    )
    select
        'made_up:' || kind as experiment_id,
        'p' || number as profile_id,
        arm as variation_id,
        'made_up' as scenario_id,
        'e' || number as entry_key,
        case when kind < 2 then '2024H1' end as holdout_period,
        'retain' as objective,
        case when luck < 990 then 'reason_' || number % 4 else 'rare' end as reason_code,
        case when number % 2 = 0 then 'gift' end as offer_type,
        case
            when kind = 2 then 0.5e0
            when arm <> 'treated' then 0.2e0
            when kind = 1 then 0.6e0
            else 0.8e0
        end as expected_share,
        came::double as revisited,
        (came * (1 + number % 3))::double as purchase_days,
        (came * (1 + number % 4))::double as orders,
        came * (number * 104729 % 9973) / 100e0 as net_sales,
        case when kind > 0 or number % 1000 > 0 then came * (number * 104729 % 9973) / 400e0 end as margin,
        case when kind > 0 or number % 1000 > 0 then came * (number * 104729 % 9973) / 300e0 - 1.5e0 end as net_return,
        1.5e0 + number % 5 / 10e0 as cost,
        (luck % 100 = 0)::double as unsubscribed,
        (luck = 500)::double as complained,
        round(ln(1e0 + days_before), 6) as log_purchase_days_before,
        days_before * (number % 211) / 10e0 as net_sales_before,
        arm in ('held_out', 'short') as is_baseline,
        true as is_first,
        number % 11 > 0 as is_mature,
        number % 11 > 0 as is_analysed,
        kind = 1 as has_changed_shares,
        date '2024-05-01' + (number % 20)::integer as assigned_date,
        date '2024-06-01' + (number % 20)::integer as matured_date
    from outcomes
"""


def write_people(file: Path) -> None:
    """Everybody, as rows of scenario_outcomes, to a Parquet file."""
    with connect() as connection:
        connection.execute(f"copy ({PEOPLE}) to {text(file)} (format parquet)")


def judge(compiled: Path, make: Callable[[str, str], object]) -> None:
    """Has `make` make each table, by its name and query; of a query only who is asked is another.

    `compiled` is the folder of the models of measurement as dbt has compiled them. The people are there already.
    """
    for model in JUDGES:
        query = (compiled / f"{model}.sql").read_text(encoding="utf-8")
        imported = rf"select \* from (?:\S+\.)?[\"`]?({'|'.join(('scenario_outcomes', *JUDGES))})[\"`]?$"
        query = re.sub(imported, rf"select * from {SCHEMA}.\1", query, flags=re.MULTILINE)
        make(f"{SCHEMA}.{model}", query)
