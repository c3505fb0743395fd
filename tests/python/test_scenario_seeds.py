"""A wrong edit of a scenario seed stops the build with one sentence: which seed, which row, how to mend it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
import yaml
from compiled import CompiledModels, compile_inline, fill

from rekindle.ground.paths import PROJECT

AGREE = "scenarios_seeds_agree_and_keep_their_salts"
TEXTS = "scenarios_texts_can_be_sent"
SEEDS = (
    *("scenarios", "scenario_steps", "scenario_step_variants", "channel_rules", "message_caps", "gate_applicability"),
    *("scenario_moments", "scenario_offers", "content_blocks", "quiet_hours"),
)


@pytest.fixture(scope="module")
def tests() -> CompiledModels:
    return CompiledModels([AGREE, TEXTS], {"as_of_date": "2024-03-01"})


@pytest.fixture
def seeds() -> Iterator[duckdb.DuckDBPyConnection]:
    """The seeds as shipped, an offer, and one entry of this half-year."""
    pages = [
        page
        for name in ("_config", "_steering")
        for page in yaml.safe_load((PROJECT / "seeds" / "config" / f"{name}__seeds.yml").read_text("utf-8"))["seeds"]
    ]
    types = {page["name"]: page["config"]["column_types"] for page in pages}
    with duckdb.connect() as connection:
        for seed in SEEDS:
            fill(connection, seed, types[seed], [])
            path = PROJECT / "seeds" / "config" / f"{seed}.csv"
            connection.execute(f"insert into {seed} from read_csv('{path}', header = true, all_varchar = true)")
        fill(connection, "dim_segments", {"segment": "varchar"}, [("champions",), ("loyal",)])
        fill(connection, "dim_offers", {"offer_id": "varchar", "offer_type": "varchar"}, [("five_off", "coupon")])
        fill(
            connection,
            "scenario_entries",
            {"scenario_id": "varchar", "holdout_period": "varchar", "holdout_salts": "varchar"},
            [("welcome", "2024H1", "welcome_1|everybody_1"), ("welcome", "2023H2", "welcome_0|everybody_0")],
        )
        yield connection


def reasons(tests: CompiledModels, seeds: duckdb.DuckDBPyConnection) -> list[str]:
    return sorted(str(reason) for test in (AGREE, TEXTS) for (reason,) in tests.rows(seeds, test))


def test_the_seeds_as_shipped_have_nothing_wrong(tests: CompiledModels, seeds: duckdb.DuckDBPyConnection) -> None:
    assert reasons(tests, seeds) == []


def edit(scenario: str, change: str) -> str:
    return f"update scenarios set {change} where scenario_id = '{scenario}'"


def edit_step(step: str, change: str) -> str:
    return f"update scenario_steps set {change} where scenario_id = 'welcome' and step = '{step}'"


def edit_moment(change: str) -> str:
    return f"update scenario_moments set {change} where scenario_id = 'welcome'"


def edit_listener(moment: str, change: str) -> str:
    return f"update scenario_moments set {change} where moment = '{moment}'"


def edit_offer(change: str) -> str:
    return f"update scenario_offers set {change} where subject = 'champions' and from_value = 1"


def edit_text(key: str, change: str) -> str:
    return f"update content_blocks set {change} where scenario_id = 'welcome' and step = '*' and text_key = '{key}'"


def add_text(values: str) -> str:
    return f"insert into content_blocks values ('welcome', {values}, '2024-01-01', null)"


def edit_quiet(values: str) -> str:
    return f"insert into quiet_hours (channel, country_code, time_zone, from_time, until_time) values ({values})"


MOMENT = "Seed scenario_moments, row welcome, became_contactable: "
OFFER = "Seed scenario_offers, row anti_attrition, champions, 1.00: "
WELCOME = "Seed scenarios, row welcome: "
FIRST, REMINDER = (f"Seed scenario_steps, row welcome, {step}: " for step in ("first_message", "reminder"))

WRONG_EDITS = {
    "an unknown kind": (edit("welcome", "kind = 'mesage'"), WELCOME + "kind is mesage: write message, media, hygiene."),
    "an unknown trigger kind": (edit("welcome", "trigger_kind = null"), WELCOME + "trigger_kind is nothing: write"),
    "an unknown purpose": (edit("welcome", "purpose = 'sales'"), WELCOME + "purpose is sales: write marketing,"),
    "an unknown recurrence": (edit("welcome", "recurrence = 'daily'"), WELCOME + "recurrence is daily: write once or"),
    "no channel": (edit("welcome", "channels = null"), WELCOME + "channels is empty: write the channels"),
    "an unknown channel": (
        edit("welcome", "channels = 'email>fax'"),
        WELCOME + "channels names fax, which is no channel",
    ),
    "no priority": (edit("welcome", "priority = null"), WELCOME + "priority is missing: write a whole number"),
    "an e-mail that asks no cap": (
        edit("welcome", "kind = 'media'"),
        WELCOME + "channels names email, and kind media asks neither caps nor cooldown, because ads reach no inbox:",
    ),
    "a message by ads": (
        edit("welcome", "channels = 'email>ads'"),
        WELCOME + "channels names ads, which reach no inbox: write kind media, or take the channel out.",
    ),
    "a message for a purpose that is none": (
        edit("welcome", "purpose = 'profiling'"),
        WELCOME + "purpose is profiling, to which nobody said yes for a scenario of kind message: write marketing for",
    ),
    "ads for a purpose that is none": (
        edit("media_reactivation", "purpose = 'marketing'"),
        "row media_reactivation: purpose is marketing, to which nobody said yes for a scenario of kind media: write",
    ),
    "a list of whom to delete that writes": (
        edit("retention_purge", "channels = 'email'"),
        "Seed scenarios, row retention_purge: channels is email, but a list of whom to delete writes to nobody: leave",
    ),
    "a channel that has no name": (
        edit("welcome", "channels = 'email>>sms'"),
        WELCOME + "channels is email>>sms: write words joined by > and nothing else, such as email>sms.",
    ),
    "a channel twice": (
        edit("welcome", "channels = 'email>sms>email'"),
        WELCOME + "channels names email twice: take one out.",
    ),
    "nobody to write to": (
        edit("welcome", "holdout_share = 0.5, as_before_share = 0.5"),
        WELCOME + "holdout_share is 0.5000 and as_before_share 0.5000: nobody would be written to, lower either.",
    ),
    "two scenarios of one salt": (
        edit("anti_attrition", "holdout_salt = 'abandoned_cart_1'"),
        "row abandoned_cart: holdout_salt abandoned_cart_1 is also that of anti_attrition: both would hold out the",
    ),
    "two scenarios of one priority": (
        edit("welcome", "priority = 20"),
        "Seed scenarios, row abandoned_cart: priority 20 is also that of welcome: no two enabled scenarios share one",
    ),
    "no cooldown": (
        edit("welcome", "cooldown_days = null"),
        WELCOME + "cooldown_days is nothing: write the days in which",
    ),
    "a negative cooldown": (
        edit("welcome", "cooldown_days = -1"),
        WELCOME + "cooldown_days is -1: write the days in which",
    ),
    "no entry window": (
        edit("welcome", "entry_window_days = null"),
        WELCOME + "entry_window_days is nothing: write the",
    ),
    "a holdout above a half": (
        edit("welcome", "holdout_share = 0.51"),
        WELCOME + "holdout_share is 0.5100: write a share from 0 to 0.5.",
    ),
    "a negative holdout": (
        edit("welcome", "holdout_share = -0.1"),
        WELCOME + "holdout_share is -0.1000: write a share",
    ),
    "no salt": (
        edit("anti_attrition", "holdout_salt = null"),
        "row anti_attrition: holdout_salt is missing: write a text",
    ),
    "another salt in the middle of a half-year": (
        edit("welcome", "holdout_salt = 'welcome_2'"),
        WELCOME + "holdout_salt and the setting global_holdout_salt are welcome_2|everybody_1, but people entered in "
        "2024H1 by welcome_1|everybody_1: salts never change, put the old ones back.",
    ),
    "an end before the beginning": (
        edit("welcome", "starts_date = '2013-01-01', ends_date = '2012-01-01'"),
        WELCOME + "it ends (2012-01-01) before it starts (2013-01-01): mend one of the dates.",
    ),
    "neither enabled nor not": (edit("welcome", "is_enabled = null"), WELCOME + "is_enabled is missing: write true or"),
    "more than half as before": (
        edit("welcome", "as_before_share = 0.51"),
        WELCOME + "as_before_share is 0.5100: write a share from 0 to 0.5, or leave",
    ),
    "a day without entries": (
        edit("welcome", "max_entries_per_day = 0"),
        WELCOME + "max_entries_per_day is 0: write 1 or more, or leave",
    ),
    "no journey at a time": (
        edit("welcome", "max_running = 0"),
        WELCOME + "max_running is 0: write 1 or more, or leave it",
    ),
    "quiet hours of no channel": (
        edit_quiet("'fax', '*', null, '21:00', '08:00'"),
        "Seed quiet_hours, row fax, *: fax is no channel: use",
    ),
    "quiet hours of no country": (
        edit_quiet("'sms', 'France', null, '21:00', '08:00'"),
        "Seed quiet_hours, row sms, France: country_code is France: write two capital letters",
    ),
    "quiet hours of no zone": (
        edit_quiet("'sms', 'FR', 'Paris', '21:00', '08:00'"),
        "Seed quiet_hours, row sms, FR: time_zone is Paris: write an IANA name",
    ),
    "quiet hours of no clock": (
        edit_quiet("'sms', 'FR', null, '9pm', '08:00'"),
        "Seed quiet_hours, row sms, FR: it goes from 9pm until 08:00: write times of day as HH:MM.",
    ),
    "quiet hours without an end": (
        edit_quiet("'sms', 'FR', null, '21:00', null"),
        "Seed quiet_hours, row sms, FR: it goes from 21:00 until nothing: write times of day as HH:MM.",
    ),
    "a whole day of quiet": (
        edit_quiet("'sms', 'FR', 'Europe/Paris', '08:00', '08:00'"),
        "Seed quiet_hours, row sms, FR: it goes from 08:00 until 08:00: a whole day of quiet would put messages off",
    ),
    "a window of no day": (edit("welcome", "outcome_days = 0"), WELCOME + "outcome_days is 0: write 1 or more"),
    "a limit of no message": (edit("welcome", "message_limit = 0"), WELCOME + "message_limit is 0: write 1 or more"),
    **{
        f"no {kind} data": (edit("welcome", f"{kind}_data = null"), f"{WELCOME}{kind}_data is empty: ")
        for kind in ("targeting", "trigger", "personalisation", "interruption")
    },
    "no sign that stops": (
        edit("welcome", "stops_on = null"),
        WELCOME + "stops_on is empty: a journey that nothing stops",
    ),
    "a journey that nothing stops": (
        edit("welcome", "stops_on = '>'"),
        WELCOME + "stops_on is >: write words joined by > and nothing else, such as order>click.",
    ),
    "a sign that stops with a blank beside it": (
        edit("welcome", "stops_on = 'order > click'"),
        WELCOME + "stops_on is order > click: write words joined by > and nothing else",
    ),
    "an unknown sign that stops": (
        edit("welcome", "stops_on = 'order>clik'"),
        WELCOME + "stops_on names clik, which is no sign that stops: use order,",
    ),
    "a column that the contract does not have": (
        edit("welcome", "targeting_data = 'consents.status contacts.mail'"),
        WELCOME + "targeting_data names contacts.mail, which is no column of the input contract: write entity.column",
    ),
    "a journey shorter than its steps": (
        edit("welcome", "journey_days = 27"),
        WELCOME + "journey_days is 27 and its steps may take 28 (entry_window_days and every stop_after_days): write",
    ),
    "an enabled scenario that listens to nothing": (
        "delete from scenario_moments where scenario_id = 'welcome'",
        WELCOME + "it is enabled and listens to nothing: add what triggers it to scenario_moments, or write",
    ),
    "a moment of no scenario": (
        edit_moment("scenario_id = 'wlcome'"),
        "Seed scenario_moments, row wlcome, became_contactable: there is no scenario wlcome: add its row to scenarios",
    ),
    "a moment that there is not": (
        edit_moment("moment = 'contactable'"),
        "Seed scenario_moments, row welcome, contactable: there is no moment contactable: write one of the setting",
    ),
    "a moment that is missing": (
        edit_moment("moment = null"),
        "Seed scenario_moments, row welcome, nothing: there is no moment nothing: write one of the setting",
    ),
    "a state without a period": (
        "update scenario_moments set period = 'week' where moment = 'inactive'",
        "Seed scenario_moments, row media_reactivation, inactive: period is week: what simply is so triggers once per",
    ),
    "a period of what happens once": (
        edit_moment("period = 'month'"),
        MOMENT + "period is month, but became_contactable happens on a date of its own: leave it empty.",
    ),
    "days before a state": (
        "update scenario_moments set days_before = 3 where moment = 'inactive'",
        "row media_reactivation, inactive: days_before is 3, but a state has no date: leave it empty.",
    ),
    "a negative number of days before": (
        edit_moment("days_before = -1"),
        MOMENT + "days_before is -1: write 0 or more, or leave it empty.",
    ),
    "a message that may come after the date it is about": (
        edit_moment("days_before = 6"),
        MOMENT + "days_before is 6 and the entry window of the scenario is 7 days: the message could come after the",
    ),
    "values between which nothing lies": (
        edit_moment("at_least = 3, at_most = 2"),
        MOMENT + "at_least is 3.00 and at_most 2.00: nothing lies between, mend one of them.",
    ),
    "no reason": (edit_moment("reason_code = null"), MOMENT + "reason_code is missing: name the reason as a code"),
    "a subject that the moment is never about": (
        "update scenario_moments set subjects = 'loyal>champion' where moment = 'went_down'",
        "Seed scenario_moments, row anti_attrition, went_down: subjects names champion, which went_down is never "
        "about: use one of champions,loyal.",
    ),
    "a tier that there is not": (
        "update scenario_moments set subjects = 'dormant>active' where moment = 'inactive'",
        "inactive: subjects names active, which inactive is never about: use one of at_risk,dormant,to_delete.",
    ),
    "two rows for one moment": (
        "insert into scenario_moments by name select 'champions' as subjects, * exclude (subjects) "
        "from scenario_moments where moment = 'went_down'",
        "row anti_attrition, went_down: two rows of the scenario catch the same moment: give each its own subjects",
    ),
    "the same row twice": (
        "insert into scenario_moments from scenario_moments where moment = 'cart_left'",
        "Seed scenario_moments, row abandoned_cart, cart_left: two rows of the scenario catch the same moment",
    ),
    "two rows whose values overlap": (
        edit_moment("at_most = 10") + "; insert into scenario_moments by name select 10 as at_least, null as at_most, "
        "* exclude (at_least, at_most) from scenario_moments where scenario_id = 'welcome'",
        MOMENT + "two rows of the scenario catch the same moment",
    ),
    "a subject of what has none": (
        edit_listener("cart_left", "subjects = 'large'"),
        "Seed scenario_moments, row abandoned_cart, cart_left: subjects is large, but cart_left has none and the row "
        "would hear nothing: leave it empty.",
    ),
    "a subject that is no word": (
        edit_listener("inactive", "subjects = '>'"),
        "Seed scenario_moments, row media_reactivation, inactive: subjects is >: write words joined by > and nothing",
    ),
    "a category with a blank beside it": (
        edit_listener("stock_nearly_out", "subjects = 'dog food> cat food'"),
        "row replenishment, stock_nearly_out: subjects is dog food> cat food: write words joined by > and nothing",
    ),
    "a least of what has no value": (
        edit_listener("birthday", "at_least = 1"),
        "Seed scenario_moments, row birthday, birthday: at_least is 1.00 and at_most nothing, but birthday has no "
        "value and the row would hear nothing: leave both empty.",
    ),
    "a most of what has no value": (
        edit_listener("preference_unknown", "at_most = 1"),
        "row preference_form, preference_unknown: at_least is nothing and at_most 1.00, but preference_unknown has no",
    ),
    "a wish on the day after the birthday": (
        edit_listener("birthday", "days_before = null"),
        "Seed scenario_moments, row birthday, birthday: days_before is nothing, but the date of birthday is known "
        "ahead and a message after it comes too late: write entry_window_days of the scenario, which is 5, or more.",
    ),
    "a contract told of when it has ended": (
        edit_listener("contract_date", "days_before = 0"),
        "row contract_end, contract_date: days_before is 0, but the date of contract_date is known ahead and a message",
    ),
    "points told of when they have run out": (
        edit_listener("loyalty_event", "days_before = null"),
        "row loyalty_programme, loyalty_event: days_before is nothing, but the date of loyalty_event is known ahead",
    ),
    "a level told of before it is reached": (
        edit_listener("loyalty_event", "days_before = 31"),
        "row loyalty_programme, loyalty_event: days_before is 31, but nobody knows ahead of a level that is reached",
    ),
    "a cart told of before it is left": (
        edit_listener("cart_left", "days_before = 3"),
        "row abandoned_cart, cart_left: days_before is 3, but nobody knows of cart_left ahead: leave it empty.",
    ),
    "a step of no scenario": (
        "insert into scenario_steps by name select 'wlcome' as scenario_id, * exclude (scenario_id) "
        "from scenario_steps where scenario_id = 'welcome' and after_steps is null",
        "Seed scenario_steps, row wlcome, first_message: there is no scenario wlcome: add its row to scenarios",
    ),
    "a step that reads as a variant": (
        edit_step("reminder", "step = 'first:message'"),
        "Seed scenario_steps, row welcome, first:message: step is first:message: write a name without : and >, such",
    ),
    "a step that follows one twice": (
        edit_step("reminder", "after_steps = 'first_message>first_message'"),
        REMINDER + "after_steps names first_message twice: take one out.",
    ),
    "a step that follows nothing beside something": (
        edit_step("reminder", "after_steps = 'first_message>'"),
        REMINDER + "after_steps is first_message>: write words joined by > and nothing else",
    ),
    "an end of the first step": (
        edit_step("first_message", "stop_after_days = '5'"),
        FIRST + "stop_after_days is 5, but until when the first step may go out is entry_window_days of the scenario:",
    ),
    "a negative wait": (edit_step("reminder", "wait_days = -1"), REMINDER + "wait_days is -1: write 0 or more."),
    "a negative end": (
        edit_step("reminder", "stop_after_days = null"),
        REMINDER + "stop_after_days is nothing: write 0 or",
    ),
    "an end that is no number": (
        edit_step("reminder", "stop_after_days = '21>soon'"),
        REMINDER + "stop_after_days is 21>soon: write 0 or",
    ),
    "ends for more steps than there are before": (
        edit_step("reminder", "stop_after_days = '21>14'"),
        REMINDER + "stop_after_days is 21>14 and after_steps is first_message: write one number for all of them, or",
    ),
    "a step that waits longer than one of its windows": (
        "update scenario_steps set wait_days = 8 where scenario_id = 'reactivation' and step = 'thanks'",
        "Seed scenario_steps, row reactivation, thanks: wait_days is 8 and stop_after_days is 17>7: it would never go",
    ),
    "a first step that waits longer than its window": (
        edit_step("first_message", "wait_days = 8"),
        FIRST + "wait_days is 8 and the entry window closes after 7 days: it would never go out",
    ),
    "a later step that waits longer than its window": (
        edit_step("reminder", "wait_days = 22"),
        REMINDER + "wait_days is 22 and stop_after_days is 21: it would never go out",
    ),
    "an unknown condition": (
        edit_step("reminder", "condition = 'notopened'"),
        REMINDER + "condition is notopened: write none, delivered, opened, not_opened,",
    ),
    "a link without a name": (
        edit_step("reminder", "condition = 'clicked:'"),
        REMINDER + "condition is clicked:: write",
    ),
    "no click on a link without a name": (
        edit_step("reminder", "condition = 'not_clicked:'"),
        REMINDER + "condition is not_clicked:: write",
    ),
    "a link with a blank behind its name": (
        edit_step("reminder", "condition = 'not_clicked:Offer '"),
        REMINDER + "condition is not_clicked:Offer , and no link has a blank beside its name: take it out.",
    ),
    "a link with a blank before its name": (
        edit_step("reminder", "condition = 'clicked: offer'"),
        REMINDER + "condition is clicked: offer, and no link has a blank beside its name: take it out.",
    ),
    "a condition before anything was sent": (
        edit_step("first_message", "condition = 'not_opened'"),
        FIRST + "condition is not_opened, but nothing comes before the first step: write none.",
    ),
    "no template": (edit_step("reminder", "template = null"), REMINDER + "template is missing: name the template"),
    "no salt for variants": (
        edit_step("reminder", "variant_salt = null"),
        REMINDER + "variant_salt is missing: write a",
    ),
    "an offer rule that is none": (
        edit_step("reminder", "offer_rule = 'cheapest'"),
        REMINDER + "offer_rule is cheapest: write keep, lowest_value, highest_value, best_match, id:<offer_id>",
    ),
    "an offer that nobody has": (
        edit_step("reminder", "offer_rule = 'id:six_off'"),
        REMINDER + "offer_rule is id:six_off and dim_offers has no such offer: name one that it has.",
    ),
    "a step without its predecessor": (
        edit_step("reminder", "after_steps = 'first_message>second_message'"),
        REMINDER + "after_steps names second_message, and welcome has no such step: name a step of the same scenario.",
    ),
    "an unknown fallback": (
        edit_step("reminder", "fallback_condition = 'opened'"),
        REMINDER + "fallback_condition is opened: write no_purchase or skip.",
    ),
    "a fallback that is never asked": (
        edit_step("reminder", "condition = 'delivered'"),
        REMINDER + "fallback_condition is no_purchase, but condition delivered can always be known: leave it empty.",
    ),
    "no first step": (
        edit_step("first_message", "after_steps = 'reminder'"),
        "Seed scenario_steps, row welcome: no step has an empty after_steps: leave it empty for the step that begins",
    ),
    "two first steps": (
        edit_step("reminder", "after_steps = null, condition = 'none', wait_days = 0"),
        "Seed scenario_steps, row welcome: first_message and reminder both have an empty after_steps: a",
    ),
    "a step that follows itself": (
        edit_step("reminder", "after_steps = 'first_message>reminder'"),
        REMINDER + "its after_steps lead back to itself: a journey goes forward, break the ring.",
    ),
    "steps in a ring": (
        "update scenarios set journey_days = 999 where scenario_id = 'welcome'; "
        "update scenario_steps set after_steps = 'first_message>mail_9' where scenario_id = 'welcome' "
        "and step = 'reminder';"
        "insert into scenario_steps by name select 'mail_' || place as step, "
        "case when place = 1 then 'reminder' else 'mail_' || (place - 1) end as after_steps, "
        "* exclude (step, after_steps, place) from scenario_steps, range(1, 10) as places (place) "
        "where scenario_id = 'welcome' and step = 'reminder'",
        "Seed scenario_steps, row welcome, mail_4: its after_steps lead back to itself",
    ),
    "variants that overlap": (
        "update scenario_step_variants set first_bucket = 4999 where variant = 'asks_for_email'",
        "Seed scenario_step_variants, row welcome, first_message, sms, asks_for_email: its buckets begin at 4999 and "
        "the "
        "variant before it ends at 4999: ranges must not overlap.",
    ),
    "two variants of one name": (
        "update scenario_step_variants set variant = 'asks_for_email'",
        "row welcome, first_message, sms, asks_for_email: another variant of the step has this name: give each",
    ),
    "a variant whose name reads as two": (
        "update scenario_step_variants set variant = 'a:b' where variant = 'carries_offer'",
        "row welcome, first_message, sms, a:b: variant is a:b: write a name without : and >, such as carries_offer.",
    ),
    "a variant without a name": (
        "update scenario_step_variants set variant = null where variant = 'carries_offer'",
        "row welcome, first_message, sms, nothing: variant is nothing: write a name without : and >, such as",
    ),
    "variants with a hole": (
        "update scenario_step_variants set first_bucket = 5001 where variant = 'asks_for_email'",
        "asks_for_email: its buckets begin at 5001 and nobody has those just below: ranges must leave no hole.",
    ),
    "variants that do not begin at the beginning": (
        "update scenario_step_variants set first_bucket = 1 where variant = 'carries_offer'",
        "carries_offer: its buckets begin at 1 and nobody has those just below",
    ),
    "variants that end early": (
        "update scenario_step_variants set last_bucket = 9998 where variant = 'asks_for_email'",
        "asks_for_email: its buckets end at 9998 and it is the last variant: ranges must reach 9999.",
    ),
    "variants beyond the last bucket": (
        "update scenario_step_variants set last_bucket = 10000 where variant = 'asks_for_email'",
        "asks_for_email: its buckets go from 5000 to 10000: write a range inside 0 to 9999.",
    ),
    "variants of an unknown step": (
        "update scenario_step_variants set step = 'remind'",
        "Seed scenario_step_variants, row welcome, remind, sms, asks_for_email: welcome has no step remind: name a",
    ),
    "variants of a channel that the scenario does not use": (
        "update scenario_step_variants set channel = 'push'",
        "push, asks_for_email: welcome does not use the channel push: name one of its channels.",
    ),
    "a channel without a general rule": (
        "delete from channel_rules where channel = 'push'",
        "Seed channel_rules, row push: there is no row *,* for the channel: add one, with what a message costs.",
    ),
    "a variant of no scenario": (
        "update scenario_step_variants set scenario_id = 'wlcome'",
        "Seed scenario_step_variants, row wlcome, first_message, sms, asks_for_email: wlcome has no step first_message",
    ),
    "a rule for no channel": (
        "update channel_rules set channel = 'fax' where event = 'anti_attrition' and channel = 'sms'",
        "Seed channel_rules, row anti_attrition, *, fax: fax is no channel: use email,",
    ),
    "a rule for no scenario": (
        "update channel_rules set event = 'wlcome' where event = 'welcome' and channel = 'sms'",
        "Seed channel_rules, row wlcome, *, sms: there is no scenario wlcome: name one, or write * for any.",
    ),
    "a rule for no objective": (
        "update channel_rules set objective = 'retian' where event = 'anti_attrition' and channel = 'sms'",
        "Seed channel_rules, row anti_attrition, retian, sms: no scenario has the objective retian: name one that a",
    ),
    "a rule without costs": (
        "update channel_rules set channel_cost_amount = null where event = 'welcome' and channel = 'sms'",
        "Seed channel_rules, row welcome, *, sms: channel_cost_amount is nothing: write 0 or more.",
    ),
    "a message that costs less than a cent": (
        "update channel_rules set channel_cost_amount = 0.004 where event = 'welcome' and channel = 'email'",
        "Seed channel_rules, row welcome, *, email: channel_cost_amount is 0.004: write two decimals at most,",
    ),
    "a precedence before the first": (
        "update channel_rules set precedence = 0 where event = 'welcome' and channel = 'sms'",
        "Seed channel_rules, row welcome, *, sms: precedence is 0: write 1 or more, or leave it empty.",
    ),
    "an offer that is less than nothing": (
        "update channel_rules set min_offer_amount = -5 where event = 'welcome' and channel = 'sms'",
        "Seed channel_rules, row welcome, *, sms: min_offer_amount is -5.00: write 0 or more, or leave it empty.",
    ),
    "a cap for no channel": (
        "update message_caps set channel = 'fax' where channel = 'push'",
        "Seed message_caps, row fax, *: fax is no channel: use email,",
    ),
    "a cap for no tier": (
        "update message_caps set engagement_tier = 'asleep' where engagement_tier = 'dormant'",
        "Seed message_caps, row email, asleep: engagement_tier is asleep: write active,",
    ),
    "no cap for whoever is active": (
        "delete from message_caps where channel = 'email' and engagement_tier = '*'",
        "Seed message_caps, row email: there is no row of engagement_tier * for the channel, so whoever has no row of "
        "her own could be written to every day: add one.",
    ),
    "a cap over more days than are looked at": (
        "update message_caps set window_days = 61 where channel = 'post'",
        "Seed message_caps, row post, *: window_days is 61: write 1 to 60, longer ago nobody looks.",
    ),
    "a cap that says no number": (
        "update message_caps set max_messages = null where channel = 'post'",
        "Seed message_caps, row post, *: max_messages is nothing: write how many are enough",
    ),
    "fewer messages in a month than none": (
        "update message_caps set max_per_calendar_month = -1 where channel = 'post'",
        "Seed message_caps, row post, *: max_per_calendar_month is -1: write 0 or more, or leave it empty.",
    ),
    "a gate that is neither asked nor not": (
        "update gate_applicability set is_applied = null where kind = 'media' and gate = 'consented'",
        "Seed gate_applicability, row media, consented: it is missing or does not say whether it is applied: add it",
    ),
    **{
        f"no gate {gate} for {kind}": (
            f"update gate_applicability set is_applied = false where kind = '{kind}' and gate = '{gate}'",
            f"Seed gate_applicability, row {kind}, {gate}: is_applied is false, but what this gate protects is no",
        )
        for kind, gate in (
            *((kind, gate) for kind in ("message", "media", "hygiene") for gate in ("not_erased", "not_stopped")),
            *((kind, gate) for kind in ("message", "media") for gate in ("reachable", "consented", "not_suppressed")),
        )
    },
    "a gate that is missing": (
        "delete from gate_applicability where kind = 'media' and gate = 'consented'",
        "Seed gate_applicability, row media, consented: it is missing or does not say whether it is applied: add it "
        "with gate_order 4",
    ),
    "a gate in another place": (
        "update gate_applicability set gate_order = 3 where kind = 'message' and gate = 'consented'",
        "Seed gate_applicability, row message, consented: gate_order is 3, but the gates are asked in one order",
    ),
    "a gate that there is not": (
        "insert into gate_applicability values ('message', 'lucky', 10, true)",
        "Seed gate_applicability, row message, lucky: there is no such kind or gate: take the row out.",
    ),
    "an offer of no scenario": (
        edit_offer("scenario_id = 'anti_attriton'"),
        "Seed scenario_offers, row anti_attriton, champions, 1.00: there is no scenario anti_attriton: add its row to",
    ),
    "an offer that no step gives": (
        "update scenario_steps set offer_rule = null where scenario_id = 'welcome'",
        "Seed scenario_offers, row welcome, *, nothing: no step of welcome gives an offer: write keep as",
    ),
    "a reminder of no offer": (
        "update scenario_steps set offer_rule = null where scenario_id = 'welcome' and after_steps is null; "
        "delete from scenario_offers where scenario_id = 'welcome'",
        REMINDER + "offer_rule is keep, and no step before it gives an offer: write another rule, or leave",
    ),
    "an offer for no segment": (
        edit_offer("subject = 'champion'"),
        "Seed scenario_offers, row anti_attrition, champion: champion is nothing that its moment is ever about: use "
        "one of champions,loyal, or write * for any.",
    ),
    "an offer for a subject of what has none": (
        "update scenario_offers set subject = 'champions' where scenario_id = 'abandoned_cart'",
        "Seed scenario_offers, row abandoned_cart, champions: champions is given to nobody, because what "
        "abandoned_cart listens to has no subject: write * for any.",
    ),
    "an offer from a value of what has none": (
        "update scenario_offers set from_value = 3 where scenario_id = 'birthday' and subject = '*'",
        "Seed scenario_offers, row birthday, *: from_value is 3.00, but what birthday listens to has no value and",
    ),
    "an offer for nobody": (
        edit_offer("subject = null"),
        "Seed scenario_offers, row anti_attrition, nothing, 1.00: subject is missing: name what the moment is about",
    ),
    "two offers for one case": (
        edit_offer("subject = '*'"),
        "Seed scenario_offers, row anti_attrition, *, 1.00: there is another row for the same case",
    ),
    "two offers from no value on": (
        "insert into scenario_offers from scenario_offers where scenario_id = 'welcome'",
        "Seed scenario_offers, row welcome, *, nothing: there is another row for the same case",
    ),
    "an unknown type of offer": (
        edit_offer("offer_type = 'present'"),
        OFFER + "offer_type is present: write coupon,",
    ),
    "an offer by no rule": (edit_offer("offer_rule = 'keep'"), OFFER + "offer_rule is keep: write lowest_value,"),
    "an offer that no such offer is": (
        edit_offer("offer_rule = 'id:six_off'"),
        OFFER + "offer_rule is id:six_off and dim_offers has no such exclusive_promotion: name one",
    ),
    "a text of no scenario": (
        edit_text("headline", "scenario_id = 'wlcome'"),
        "Seed content_blocks, row wlcome, *, headline: there is no scenario wlcome: add its row to scenarios",
    ),
    "a text of no step": (
        add_text("'remind', 'headline', '*', 'Hello'"),
        "Seed content_blocks, row welcome, remind, headline: step is remind, and welcome has no such step: name one of",
    ),
    "a text of no variant": (
        add_text("'first_message:sings', 'headline', '*', 'Hello'"),
        "row welcome, first_message:sings, headline: step is first_message:sings, and welcome has no such step: name "
        "one of its rows in scenario_steps, <step>:<variant> of one in scenario_step_variants, or write *",
    ),
    "a text whose step is missing": (
        add_text("null, 'headline', '*', 'Hello'"),
        "Seed content_blocks, row welcome, nothing, headline: step is nothing, and welcome has no such step: name one",
    ),
    "a text of a step in one language only": (
        "delete from content_blocks where step = 'reminder' and language_code = 'nl' and scenario_id = 'welcome'",
        "Seed content_blocks, row welcome, reminder, headline: on the day of sending the step has no text of its own "
        "in language_code nl, in which there is one for every step: add it.",
    ),
    "a text of a step that is not for everybody": (
        "delete from content_blocks where step = 'reminder' and language_code = '*' and scenario_id = 'welcome'",
        "row welcome, reminder, service: on the day of sending the step has no text of its own in language_code *, in",
    ),
    "a text of a step that ends before that of every step": (
        "update content_blocks set valid_to_date = '2024-03-02' "
        "where step = 'reminder' and language_code = 'nl' and scenario_id = 'welcome'",
        "row welcome, reminder, headline: on the day of sending the step has no text of its own in language_code nl",
    ),
    "two texts of a step on one day": (
        add_text("'reminder', 'headline', '*', 'Hello'"),
        "row welcome, reminder, headline: two texts of the key are valid on 2024-01-01: let one end before the other",
    ),
    "a key that is none": (
        edit_text("headline", "text_key = 'Head line'"),
        "Seed content_blocks, row welcome, *, Head line: text_key is Head line: write small letters, digits and",
    ),
    "a key that is missing": (
        edit_text("headline", "text_key = null"),
        "Seed content_blocks, row welcome, *, nothing: text_key is nothing: write small letters",
    ),
    "a key that the message has already": (
        edit_text("headline", "text_key = 'offer_amount'"),
        "row welcome, *, offer_amount: text_key is offer_amount, which the message gets from its scenario and its",
    ),
    "a key that the moment says": (
        edit_text("headline", "text_key = 'interest'"),
        "row welcome, *, interest: text_key is interest, which the message gets from what it is about "
        "(became_contactable): choose another.",
    ),
    "a language that is none": (
        edit_text("headline", "language_code = 'Dutch'"),
        "row welcome, *, headline: language_code is Dutch: write two small letters, such as nl, or * for",
    ),
    "a text that is missing": (
        edit_text("headline", "content_text = null"),
        "Seed content_blocks, row welcome, *, headline: content_text is missing: write the text, or take the row out.",
    ),
    "a text that begins on no day": (
        edit_text("headline", "valid_from_date = null"),
        "row welcome, *, headline: valid_from_date is missing: write the first day of sending",
    ),
    "a text that ends before it begins": (
        edit_text("headline", "valid_to_date = '2013-01-01'"),
        "row welcome, *, headline: it ends (2013-01-01) before it begins (2013-01-01): mend one of the dates.",
    ),
    "two texts on one day": (
        add_text("'*', 'headline', '*', 'Hello'"),
        "row welcome, *, headline: two texts of the key are valid on 2024-01-01: let one end before the other begins.",
    ),
    "nothing to lead with": (
        edit_text("lever", "valid_to_date = '2024-03-02'"),
        "Seed content_blocks, row welcome: it has no lever on the day of sending: add what the message leads with",
    ),
    "something to lead with at one step only": (
        edit_text("lever", "step = 'reminder'"),
        "Seed content_blocks, row welcome: it has no lever on the day of sending: add what the message leads with",
    ),
    "nowhere to lead to": (
        edit_text("cta", "valid_from_date = '2024-03-03'"),
        "Seed content_blocks, row welcome: it has no cta on the day of sending: add where the message leads to",
    ),
}


@pytest.mark.parametrize("wrong", WRONG_EDITS)
def test_a_wrong_edit_is_one_sentence(wrong: str, tests: CompiledModels, seeds: duckdb.DuckDBPyConnection) -> None:
    statements, sentence = WRONG_EDITS[wrong]
    seeds.execute(statements)
    found = reasons(tests, seeds)
    assert [reason for reason in found if sentence in reason], found


@pytest.mark.parametrize(
    "edited",
    [
        "update scenario_steps set offer_rule = 'id:five_off' where step = 'reminder' and scenario_id = 'welcome'",
        "update scenario_offers set offer_rule = 'id:five_off' where offer_type = 'coupon'",
        "delete from scenario_offers where scenario_id = 'welcome'",
        "update scenario_moments set subjects = 'loyal' where moment = 'went_down'; "
        "insert into scenario_moments by name select 'champions' as subjects, 'left_the_top' as reason_code, "
        "* exclude (subjects, reason_code) from scenario_moments where moment = 'went_down'",
        "update scenario_moments set at_most = 9 where moment = 'cart_left'; "
        "insert into scenario_moments by name select 9.01 as at_least, null as at_most, "
        "* exclude (at_least, at_most) from scenario_moments where moment = 'cart_left'",
        edit_text("headline", "valid_to_date = '2024-01-01'") + "; " + add_text("'*', 'headline', '*', 'Hello'"),
        "delete from content_blocks where step <> '*'",
        # in a language that says nothing of the key to the other steps, and of a key that they do not have
        add_text("'reminder', 'headline', 'fr', 'Bonjour'"),
        add_text("'reminder', 'body', 'nl', 'Dag'"),
        "update scenario_steps set condition = 'clicked:discount' where step = 'reminder' and scenario_id = 'welcome'",
        "update scenario_steps set condition = 'not_clicked:shop' where step = 'reminder' and scenario_id = 'welcome'",
        "update scenario_steps set stop_after_days = '17' where step = 'thanks' and scenario_id = 'reactivation'",
        "update scenario_steps set fallback_condition = 'skip' where step = 'reminder' and scenario_id = 'welcome'",
        "update scenario_steps set fallback_condition = null where step = 'reminder' and scenario_id = 'welcome'",
        "update scenarios set holdout_share = 0, message_limit = null, cooldown_days = 0 where scenario_id = 'welcome'",
        "update scenarios set scenario_name = 'Hello', is_enabled = false where scenario_id = 'welcome'; "
        "delete from scenario_moments where scenario_id = 'welcome'",
        "update scenarios set holdout_salt = 'new' where scenario_id = 'anti_attrition'",
        "delete from scenario_step_variants; delete from content_blocks where step like '%:%'",
        # a category is a word of the retailer's; what runs out may be told of on the day
        "update scenario_moments set subjects = 'dog food>cat food', days_before = null "
        "where moment = 'stock_nearly_out'; "
        "insert into scenario_offers values ('replenishment', 'dog food', 7, 'coupon', 'lowest_value'); "
        "update scenario_steps set offer_rule = 'keep' where scenario_id = 'replenishment'",
        # a value of one of two moments
        "insert into scenario_moments (scenario_id, moment, reason_code) values ('birthday', 'order', 'bought'); "
        "update scenario_offers set from_value = 50 where scenario_id = 'birthday' and subject = '*'; "
        "insert into scenario_offers values ('birthday', 'first', null, 'gift', 'lowest_value')",
        "update scenario_moments set days_before = 40 where moment = 'loyalty_event' and subjects = 'points_expire'",
        # of a channel that no enabled scenario writes on nobody needs a cap
        "delete from message_caps where channel = 'post'; "
        "update scenarios set channels = 'email' where scenario_id = 'anti_attrition'",
        edit("welcome", "holdout_share = 0.5, as_before_share = 0.25"),
        edit_text("headline", "text_key = 'order_id'"),
    ],
)
def test_an_edit_that_means_something_is_let_through(
    edited: str, tests: CompiledModels, seeds: duckdb.DuckDBPyConnection
) -> None:
    seeds.execute(edited)
    assert reasons(tests, seeds) == []


def test_a_scenario_goes_with_all_its_rows(tests: CompiledModels, seeds: duckdb.DuckDBPyConnection) -> None:
    for seed in SEEDS:
        key = "event" if seed == "channel_rules" else "scenario_id"
        if seed not in ("message_caps", "quiet_hours", "gate_applicability"):
            seeds.execute(f"delete from {seed} where {key} = 'welcome'")
    assert reasons(tests, seeds) == []


# --- What the guide says of anti_attrition ---------------------------------------------------------------------------

GUIDE = (PROJECT / "docs" / "scenario-guide.md").read_text(encoding="utf-8")


def rows_of_the_guide(seeds: duckdb.DuckDBPyConnection) -> None:
    """Appends the rows that the guide prints, as whoever copies them would."""
    [printed] = re.findall(r"```csv\n((?: *anti_attrition,risk_signal,.*\n)+) *```", GUIDE)
    for line in printed.split():
        values = ", ".join(f"'{value}'" if value else "null" for value in line.split(","))
        seeds.execute(f"insert into scenario_moments values ({values})")


def test_the_rows_of_the_guide_add_to_who_is_caught(tests: CompiledModels, seeds: duckdb.DuckDBPyConnection) -> None:
    rows_of_the_guide(seeds)
    assert reasons(tests, seeds) == []
    seeds.execute("insert into scenario_offers values ('anti_attrition', 'at_risk', null, 'voucher', 'lowest_value')")
    assert reasons(tests, seeds) == [
        "Seed scenario_offers, row anti_attrition, at_risk: at_risk is nothing that its moment is ever about: use one "
        "of at_risk_of_inactive,champions,costly_decline,loyal, or write * for any."
    ]


def test_the_rows_of_the_guide_stand_alone_without_the_offers_that_it_names(
    tests: CompiledModels, seeds: duckdb.DuckDBPyConnection
) -> None:
    [named] = re.findall(r"stand alone;\s+the rows of `scenario_offers` for (.+?) then go out too", GUIDE, re.DOTALL)
    seeds.execute("delete from scenario_moments where moment = 'went_down'")
    rows_of_the_guide(seeds)
    assert [reason.split(":")[0] for reason in reasons(tests, seeds)] == [
        "Seed scenario_offers, row anti_attrition, champions",
        "Seed scenario_offers, row anti_attrition, champions",
        "Seed scenario_offers, row anti_attrition, loyal",
        "Seed scenario_offers, row anti_attrition, loyal",
    ]
    for subject in re.findall(r"`(\w+)`", named):
        seeds.execute("delete from scenario_offers where scenario_id = 'anti_attrition' and subject = ?", [subject])
    assert reasons(tests, seeds) == []
    seeds.execute(
        "insert into scenario_offers values ('anti_attrition', 'costly_decline', 2, 'voucher', 'lowest_value')"
    )
    assert reasons(tests, seeds) == []


# --- What the tests of seeds know of moments, against the models and the guide ---------------------------------------

MOMENTS = PROJECT / "models" / "scenarios" / "moments"


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    lists = (
        *("moments_without_subject", "moments_without_value", "moments_due_by_date", "moments_told_afterwards"),
        *("moment_texts", "moment_subjects"),
    )
    query = "select '{{ {" + ", ".join(f"'{name}': {name}()" for name in lists) + "} | tojson }}'"
    said = compile_inline(tmp_path_factory.mktemp("known"), query)
    found: dict[str, Any] = json.loads(said[said.index("{") : said.rindex("}") + 1])
    return found


def models_of_moments() -> Iterator[tuple[str, str, str]]:
    """Kind, moment and SQL."""
    for file in sorted(MOMENTS.glob("*.sql")):
        kind, moment = file.stem.split("_", 1)
        yield kind, moment, file.read_text(encoding="utf-8")


def test_the_texts_of_moments_are_those_of_their_models(known: dict[str, Any]) -> None:
    texts = {}
    for _, moment, sql in models_of_moments():
        [pairs] = re.findall(
            r"(?:json_object\(\{((?:(?!json_object).)*)\}\) \}\}|'\{\}') as personalisation", sql, re.DOTALL
        )
        texts[moment] = re.findall(r"'(\w+)': ", pairs)
    assert {moment: keys for moment, keys in texts.items() if keys} == known["moment_texts"]


def test_what_moments_lack_is_what_their_models_and_the_guide_say(known: dict[str, Any]) -> None:
    table = {
        re.findall(r"`(\w+)`", cells[1])[0]: [cell.strip() for cell in cells]
        for cells in (
            line.split("|") for line in GUIDE.splitlines() if re.match(r"\| `\w+`( \(state\))? \|.*\|.*\|.*\|", line)
        )
    }
    models = list(models_of_moments())
    nothing = r"cast\(null as (?:string|decimal\(18, 2\))\) as "
    without_subject = [moment for _, moment, sql in models if re.search(nothing + "subject", sql)]
    without_value = [moment for _, moment, sql in models if re.search(nothing + "moment_value", sql)]
    assert sorted(known["moments_without_subject"]) == sorted(without_subject)
    assert sorted(known["moments_without_value"]) == sorted(without_value)
    assert {moment for _, moment, _ in models} <= set(table)
    assert sorted(moment for _, moment, _ in models if table[moment][3] == "–") == sorted(without_subject)
    assert sorted(moment for _, moment, _ in models if table[moment][4] == "–") == sorted(without_value)


def test_every_moment_is_known_ahead_or_afterwards(known: dict[str, Any]) -> None:
    ahead = [*known["moments_due_by_date"], "loyalty_event", "stock_nearly_out"]
    happens = sorted(moment for kind, moment, _ in models_of_moments() if kind == "moment")
    assert sorted([*ahead, *known["moments_told_afterwards"]]) == happens
    assert known["moments_due_by_date"] == re.findall(
        r"`(\w+)`", GUIDE.partition("known ahead: a row on ")[2].partition(" needs `days_before`")[0]
    )
