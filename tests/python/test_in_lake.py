"""What goes of the lake's copy of the input when somebody was erased, tried on DuckDB."""

import duckdb
import pytest

from rekindle.forget import in_lake
from rekindle.ground.contract import entities

TABLES = """
    create schema input; create schema intake;
    create table intake.intake_erased_contacts as
    select * from (values ('newsletter', 'gone'), ('till', 'gone')) as rows (source_system, contact_id);
    create table input.input_messages as
    select * from (values
        ('shared', 'newsletter', 'gone'), ('shared', 'web_shop', 'stays'), ('shared', 'web_shop', 'stays'),
        ('theirs', 'newsletter', 'gone'), ('theirs', 'till', 'gone'), ('with_nobody', 'till', 'gone'),
        ('with_nobody', 'till', ' '), ('with_nobody', 'till', null), ('of_another', 'web_shop', 'stays')
    ) as rows (message_id, source_system, contact_id);
    create table input.input_message_events as
    select message_id, event_type
    from (select distinct message_id from input.input_messages union select null) as ids (message_id)
    cross join (values ('unsubscribed'), ('Bounced_Hard '), (null), ('opened'), ('Clicked')) as kinds (event_type)
"""
EVERYTHING = {"unsubscribed", "Bounced_Hard ", None, "opened", "Clicked"}
MAY_CLOSE = {"unsubscribed", "Bounced_Hard ", None}


@pytest.mark.parametrize(
    ("message_id", "left"),
    [
        ("shared", MAY_CLOSE),
        ("theirs", set()),
        ("with_nobody", set()),
        ("of_another", EVERYTHING),
        (None, EVERYTHING),
    ],
)
def test_what_may_close_whoever_shares_a_message_id_with_an_erased_person_stays_in_the_lake_too(
    message_id: str | None, left: set[str | None]
) -> None:
    condition = in_lake._of_erased(entities()["message_events"])
    with duckdb.connect() as connection:
        connection.execute(TABLES)
        connection.execute(f"delete from input.input_message_events as theirs where {condition}")
        rows = connection.execute(
            "select event_type from input.input_message_events where message_id is not distinct from ?", [message_id]
        ).fetchall()
    assert {kind for (kind,) in rows} == left
