"""Other worlds than the demo's: the score of a return finds a reader's trait where there is one, and says so where not.

The readers of the newsletter are enough. Models run as dbt compiles them, on what the demo's generator draws.
"""

import duckdb
import pytest
from compiled import CompiledModels

from rekindle.demo import loader, world
from rekindle.ground import paths

MODELS = (
    "observed_sources",
    "dim_months",
    "silence_score_candidates",
    "silence_scorecard",
    "silence_scores",
    "silence_score_quality",
)
# newsletter readers as the models know people: one record, one person; scanners click on the decoy
CORE = """
    create table scanned as
    select distinct message_id from synthetic.message_events where link_tag = 'decoy';

    create table profiles as
    select contact_id as profile_id, cast(created_at as date) as created_date
    from readers where source_system = 'newsletter';

    create table fct_messages as
    select
        messages.message_id, messages.contact_id as profile_id, 'email' as channel, true as is_open_observed,
        cast(messages.sent_at as date) as sent_date,
        min(case when event_type = 'opened' and not is_machine then occurred_at end) as first_opened_at,
        min(case when event_type = 'bounced_hard' then occurred_at end) as first_bounced_hard_at,
        min(case when event_type = 'not_sent' then occurred_at end) as first_not_sent_at
    from synthetic.messages left join synthetic.message_events using (message_id)
    where messages.source_system = 'newsletter'
    group by all;

    create table fct_interactions as
    select
        fct_messages.profile_id, 'click' as interaction_kind, 'email' as channel, true as is_from_person,
        cast(occurred_at as date) as occurred_date
    from synthetic.message_events inner join fct_messages using (message_id)
    where event_type = 'clicked' and message_id not in (from scanned);

    create table fct_consents as
    select
        contact_id as profile_id, channel, purpose, changed_at as valid_from,
        status = 'granted' and double_opt_in_confirmed_at is not null as is_granted,
        lead(changed_at) over (partition by contact_id order by changed_at) as valid_to
    from synthetic.consents where source_system = 'newsletter' and channel = 'email' and purpose = 'marketing';

    create table profile_days as
    select 'a customer' as profile_id, date '2017-01-01' as order_date, 1 as orders, 1.0 as net_amount;

    create table source_observed_from (interaction_kind varchar, channel varchar, observed_from date);
    create table profiling_denials (profile_id varchar);
    create table fct_web_events (profile_id varchar, form_type varchar, occurred_at timestamp, occurred_date date);
"""


@pytest.fixture(scope="module")
def models() -> CompiledModels:
    """The models of the score, for the first of January 2018."""
    return CompiledModels(MODELS, {"as_of_date": "2018-01-01"})


def worth(models: CompiledModels, seed: str, *, trait: bool) -> list[tuple[str, int, int, float, float]]:
    """Month, people, returns, area under the curve of the score and of recency alone, in the world of that seed."""
    with duckdb.connect() as connection:
        world.generate(connection, loader.package_folder(), seed=seed, trait=trait, until="60_messages")
        connection.execute(CORE)
        connection.execute(
            f"create table silence_score_bins as from '{paths.PROJECT}/seeds/config/reactivation_bins.csv'"
        )
        models.build(connection, *MODELS)
        return connection.execute("""
            select
                cast(segment_month as varchar), sum(profiles), sum(returned_profiles), max(score_auc), max(recency_auc)
            from silence_score_quality
            where score = 'reactivation' and segment_month in ('2016-12-01', '2017-03-01', '2017-06-01')
            group by segment_month order by segment_month
        """).fetchall()


@pytest.mark.parametrize("seed", ["one", "another"])
def test_a_trait_that_shows_in_what_was_read_tells_who_comes_back(models: CompiledModels, seed: str) -> None:
    months = worth(models, seed, trait=True)
    assert len(months) == 3
    for _, people, returned, score, recency in months:
        assert people > 1_500
        assert returned > 150
        assert score >= recency + 0.03


def test_where_everybody_reads_alike_the_score_says_that_it_knows_nothing(models: CompiledModels) -> None:
    months = worth(models, "one", trait=False)
    assert len(months) == 3
    for _, people, returned, score, _ in months:
        assert people > 1_000
        assert returned > 150
        assert score < 0.55  # the least that a score must reach to be given at all
