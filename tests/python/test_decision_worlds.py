"""The decision engine's SQL against the oracle, day by day in generated worlds; and laws that read the worlds again."""

import hashlib
import os
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import duckdb
import pytest
from compiled import CompiledModels, Row, fill
from decision_oracle import (
    ADDRESSES,
    GATES,
    Decision,
    Entry,
    Past,
    Permission,
    Profile,
    Scenario,
    Settings,
    Step,
    Trigger,
    Variant,
    World,
    as_of_instant,
    bucket,
    decide,
    half_year,
    instant,
    standing,
)
from decision_worlds import EVENING, Story, side_by_side, stories, tell, united
from hypothesis import Phase, given, note, seed, settings

SETTINGS = Settings(
    business_timezone="Europe/Brussels",
    send_time=time(9),
    global_holdout_salt="everywhere",
    global_holdout_share=Decimal("0.2"),
)


def compile_models(day: date, as_of_time: time | None) -> CompiledModels:
    """The engine for one date."""
    variables = {
        "business_timezone": SETTINGS.business_timezone,
        "send_time": SETTINGS.send_time.strftime("%H:%M"),
        "global_holdout_salt": SETTINGS.global_holdout_salt,
        "global_holdout_share": float(SETTINGS.global_holdout_share),
        "as_of_date": day.isoformat(),
    }
    if as_of_time is not None:
        variables["as_of_time"] = as_of_time.strftime("%H:%M")
    activation = ["+decisions,models/activation", "+scenario_entries,models/activation"]
    return CompiledModels([*activation, "standing_decisions", "offer_choices", "kept_offers"], variables)


def literals(day: date, as_of_time: time | None) -> list[str]:
    """The texts in the SQL that depend on the clock."""
    told = replace(SETTINGS, as_of_time=as_of_time)
    now = as_of_instant(day, told)
    send_date = day if as_of_time else day + timedelta(days=1)
    send_at = now if as_of_time else instant(send_date, told.send_time, told)
    return [str(now), str(send_at), str(day), str(send_date), half_year(day)]


class Engine:
    """The models for any date: compiled for one night and one evening, whose literals are replaced by others.

    dbt writes the clock into the SQL, and a compilation takes seconds. The day's literals occur nowhere else.
    """

    COMPILED_FOR = date(2031, 8, 17)

    def __init__(self) -> None:
        self.models = compile_models(self.COMPILED_FOR, None)
        # in the evening nobody's own hour is asked for
        self.of_evenings = compile_models(self.COMPILED_FOR, EVENING)

    def sql(self, day: date, as_of_time: time | None) -> dict[str, str]:
        """The SQL of each model."""
        models, compiled_at = (self.models, None) if as_of_time is None else (self.of_evenings, EVENING)
        wanted = dict(zip(literals(self.COMPILED_FOR, compiled_at), literals(day, as_of_time), strict=True))
        # an instant begins with its date: the longer text is looked for first
        pattern = re.compile("|".join(sorted(map(re.escape, wanted), key=len, reverse=True)))
        return {name: pattern.sub(lambda match: wanted[match.group(0)], models.sql[name]) for name in models.order}


KEPT = {"decisions": "as_of_date", "scenario_entries": "entered_date"}


class Warehouse:
    """A warehouse in memory that begins empty and keeps what was decided, as the project's does."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.connection = duckdb.connect(config={"threads": 1})
        self.filled: dict[str, list[Row]] = {}
        for name in KEPT:
            fill(self.connection, name, engine.models.columns[name], [])

    def run(self, world: World, day: date) -> Past:
        """What the SQL decides on the date; it takes the place of what an earlier run of the date left."""
        for table, (columns, rows) in tables(world).items():
            if self.filled.get(table) != rows:
                fill(self.connection, table, columns, rows)
                self.filled[table] = rows
        for name, sql in self.engine.sql(day, world.settings.as_of_time).items():
            if name in KEPT:
                self.connection.execute(f'delete from "{name}" where {KEPT[name]} = ?', [day])
                self.connection.execute(f'insert into "{name}" by name {sql}')
            else:
                self.connection.execute(f'create or replace table "{name}" as {sql}')
        return Past(self.decisions(day), self.entries(day))

    def decisions(self, day: date) -> tuple[Decision, ...]:
        columns = [name for name in Decision.__dataclass_fields__ if name != "gates"]
        gates = [f"is_{gate}" for gate in GATES]
        query = f"select {', '.join(columns + gates)} from decisions where as_of_date = ?"
        rows = self.connection.execute(query, [day]).fetchall()
        return tuple(Decision(**dict(zip(columns, row, strict=False)), gates=row[len(columns) :]) for row in rows)

    def entries(self, day: date) -> tuple[Entry, ...]:
        query = f"select {', '.join(Entry.__dataclass_fields__)} from scenario_entries where entered_date = ?"
        return tuple(Entry(*row) for row in self.connection.execute(query, [day]).fetchall())

    def standing(self) -> list[Row]:
        return self.connection.execute("select profile_id, decision_id from standing_decisions").fetchall()

    def due_steps(self) -> list[Row]:
        return self.connection.execute("select scenario_id, profile_id, entry_key, step from due_steps").fetchall()


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine()


# --- Worlds as tables, and tables as decisions ----------------------------------------------------------------------


def typed(**types: str) -> dict[str, str]:
    """Columns by type, each a list of names."""
    return {column: data_type for data_type, columns in types.items() for column in columns.split()}


Table = tuple[dict[str, str], list[Row]]


def tables(world: World) -> dict[str, Table]:
    """Every relation that the engine reads."""
    return {**seed_tables(world), **people_tables(world), **fact_tables(world)}


def seed_tables(world: World) -> dict[str, Table]:
    steps = [(scenario, step) for scenario in world.scenarios for step in scenario.steps]
    return {
        "scenarios": (
            {
                **typed(varchar="scenario_id objective kind channels purpose"),
                **typed(integer="priority cooldown_days entry_window_days journey_days"),
                "holdout_share": "decimal(6,4)",
                **typed(varchar="holdout_salt", date="starts_date ends_date"),
                **typed(varchar="recurrence stops_on", boolean="is_enabled", integer="message_limit"),
                **typed(integer="max_entries_per_day max_running"),
                "as_before_share": "decimal(6,4)",
                **typed(varchar="scenario_name plan trigger_kind owner", integer="outcome_days"),
            },
            [
                (
                    *(row.scenario_id, row.objective, row.kind, ">".join(row.channels) or None, row.purpose),
                    *(row.priority, row.cooldown_days, row.entry_window_days, row.journey_days),
                    *(row.holdout_share, row.holdout_salt, row.starts_date, row.ends_date),
                    *(row.recurrence, ">".join(row.stops_on) or None, row.is_enabled, row.message_limit),
                    *(row.max_entries_per_day, row.max_running, row.as_before_share),
                    *[None] * 5,
                )
                for row in world.scenarios
            ],
        ),
        # of one kind of data one column will do, and what makes a message personal is not asked
        "scenario_readiness": (
            typed(varchar="scenario_id data_kind contract_column", boolean="is_ready"),
            [
                (row.scenario_id, *told)
                for row in world.scenarios
                for told in (
                    ("trigger", "carts.items", row.is_ready),
                    ("trigger", "carts.updated_at", False),
                    ("interruption", "orders.ordered_at", True),
                    ("personalisation", "offers.offer_type", False),
                )
            ],
        ),
        "scenario_steps": (
            {
                **typed(
                    varchar="scenario_id step after_steps condition fallback_condition template variant_salt offer_rule"
                ),
                **typed(integer="wait_days", varchar="stop_after_days"),
            },
            [
                (
                    *(scenario.scenario_id, step.step, ">".join(step.after_steps) or None, step.condition),
                    *(step.fallback_condition or None, f"{step.step}.html", step.variant_salt, step.offer_rule or None),
                    *(step.wait_days, ">".join(map(str, step.stop_after_days))),
                )
                for scenario, step in steps
            ],
        ),
        "scenario_moments": (
            typed(varchar="scenario_id period"),
            [(row.scenario_id, "quarter" if row.is_of_state else None) for row in world.scenarios],
        ),
        "scenario_step_variants": (
            typed(varchar="scenario_id step channel variant", integer="first_bucket last_bucket"),
            [
                (scenario.scenario_id, step.step, row.channel, row.variant, row.first_bucket, row.last_bucket)
                for scenario, step in steps
                for row in step.variants
            ],
        ),
        "channel_rules": (
            {
                **typed(varchar="event objective channel", integer="precedence"),
                "min_offer_amount": "decimal(18,2)",
                "channel_cost_amount": "double",
            },
            [
                (row.event, row.objective, row.channel, row.precedence, row.min_offer_amount, Decimal("0.1"))
                for row in world.channel_rules
            ],
        ),
        "gate_applicability": (
            typed(varchar="kind gate", integer="gate_order", boolean="is_applied"),
            [
                (kind, gate, order, (kind, gate) not in world.gates_switched_off)
                for kind in ("message", "media", "hygiene")
                for order, gate in enumerate(GATES, 1)
            ],
        ),
        "message_caps": (
            typed(varchar="channel engagement_tier", integer="window_days max_messages max_per_calendar_month"),
            [tuple(vars(row).values()) for row in world.message_caps],
        ),
        "quiet_hours": (
            typed(varchar="channel country_code time_zone from_time until_time"),
            [
                (row.channel, row.country_code, row.time_zone, row.begin.strftime("%H:%M"), row.end.strftime("%H:%M"))
                for row in world.quiet_hours
            ],
        ),
        "channels": (
            typed(varchar="channel address_kinds"),
            [(channel, ">".join(sorted(kinds))) for channel, kinds in ADDRESSES.items()],
        ),
        "sealed_dates": (typed(date="as_of_date"), []),
        # none of these scenarios wakes anybody: who is left alone is judged by unit tests
        "last_opens": (typed(varchar="profile_id", date="last_open_date"), []),
        "suppressions": (
            typed(varchar="profile_id channel reason", date="valid_from_date valid_to_date"),
            [(row.profile_id, row.channel, "asked", row.valid_from, row.valid_to) for row in world.suppressions],
        ),
    }


def people_tables(world: World) -> dict[str, Table]:
    return {
        "dim_profiles": (
            {
                **typed(varchar="profile_id preferred_channel responsive_channel country_code time_zone"),
                **typed(boolean="has_erasure_request", integer="max_messages_30_days"),
                **typed(timestamp="last_contact_from_person_at", varchar="engagement_tier"),
            },
            [
                (
                    *(row.profile_id, row.preferred_channel, row.responsive_channel, row.country_code, row.time_zone),
                    *(row.has_erasure_request, row.max_messages_30_days),
                    *(row.last_contact_from_person_at, row.engagement_tier),
                )
                for row in world.profiles
            ],
        ),
        # the SQL is compiled for nights: that of an evening asks nobody's hour, as a unit test shows
        "declared_send_hours": (
            typed(varchar="profile_id", integer="send_hour"),
            [
                (row.profile_id, row.send_hour)
                for row in world.profiles
                if row.send_hour is not None and world.settings.as_of_time is None
            ],
        ),
        "contact_addresses": (
            typed(varchar="profile_id address_kind", boolean="is_valid"),
            [
                (row.profile_id, kind, kind in row.addresses)
                for row in world.profiles
                for kind in sorted(set().union(*ADDRESSES.values()))
            ],
        ),
        "channel_permissions": (
            typed(varchar="profile_id channel purpose stopped_by", boolean="is_consented"),
            [(row.profile_id, row.channel, row.purpose, row.stopped_by, row.is_consented) for row in world.permissions],
        ),
        "profile_mailboxes": (
            typed(varchar="profile_id mailbox_provider"),
            [(row.profile_id, "paused" if row.is_mailbox_paused else "fine") for row in world.profiles],
        ),
        "paused_mailboxes": (typed(varchar="mailbox_provider"), [("paused",)]),
        "profile_merges": (
            typed(varchar="old_profile_id new_profile_id", date="merged_as_of_date"),
            [(old, new, date(2024, 1, 1)) for old, new in world.merges],
        ),
        "profile_splits": (typed(varchar="profile_id sibling_profile_id", date="split_as_of_date"), list(world.splits)),
    }


def fact_tables(world: World) -> dict[str, Table]:
    return {
        "fct_messages": (
            {
                **typed(varchar="message_id profile_id channel", date="sent_date", timestamp="sent_at"),
                **typed(varchar="decision_id"),
                **typed(timestamp="first_delivered_at first_opened_at first_clicked_at first_complained_at"),
                **typed(timestamp="first_unsubscribed_at first_not_sent_at"),
                **typed(boolean="is_open_observed is_click_observed", varchar="message_kind"),
            },
            [tuple(vars(row).values())[:-1] for row in world.messages],
        ),
        "message_clicks": (
            typed(varchar="message_id link_tag", timestamp="occurred_at"),
            [(message.message_id, link, at) for message in world.messages for at, link in message.clicks],
        ),
        "fct_orders": (
            {
                **typed(varchar="order_id profile_id order_status", date="order_date", timestamp="ordered_at"),
                **typed(varchar="sales_channel"),
            },
            [tuple(vars(row).values()) for row in world.orders],
        ),
        "fct_offer_redemptions": (
            typed(varchar="profile_id offer_id", timestamp="redeemed_at", boolean="was_cancelled"),
            [tuple(vars(row).values()) for row in world.redemptions],
        ),
        "fct_interactions": (
            typed(varchar="profile_id interaction_kind", timestamp="occurred_at", boolean="is_from_person"),
            [tuple(vars(row).values()) for row in world.interactions],
        ),
        "matching_offers": (
            {**typed(varchar="profile_id offer_type offer_id"), "offer_amount": "decimal(18,2)"},
            [(*row, None) for row in world.matching_offers],
        ),
        "dim_offers": (
            {
                **typed(varchar="offer_id offer_type"),
                "face_value_amount": "decimal(18,2)",
                **typed(date="valid_from valid_to"),
            },
            [tuple(vars(row).values()) for row in world.offers],
        ),
        "scenario_triggers": (
            {
                **typed(varchar="scenario_id profile_id entry_key", timestamp="triggered_at", date="triggered_date"),
                **typed(varchar="offer_type offer_id"),
                "offer_amount": "decimal(18,2)",
                "expected_value_amount": "decimal(18,2)",
                **typed(varchar="trigger_reference reason_code reason_parameters personalisation"),
            },
            [(*vars(row).values(), f"why {row.entry_key}", "because", "{}", "{}") for row in world.triggers],
        ),
    }


# --- Playing a story ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Day:
    """A day of a story: what could be read, what was kept before, and what was decided."""

    day: date
    world: World
    before: Past
    decided: Past


def play(story: Story) -> Iterator[Day]:
    """The days of a story in their order, as the oracle decides them."""
    past = Past()
    for day in story.days:
        world = story.world_on(day, selected(past))
        decisions, entries = decide(world, day, past)
        today = Day(day, world, past, Past(tuple(decisions), tuple(entries)))
        yield today
        past += today.decided


def selected(past: Past) -> list[Decision]:
    return [decision for decision in past.decisions if decision.outcome == "selected"]


def leaving(today: Day) -> list[Row]:
    """Who leaves the house by the oracle, with the decision that says why."""
    return sorted(
        (row.profile_id, row.decision_id) for row in standing(today.world, today.day, today.before + today.decided)
    )


def in_order(past: Past) -> tuple[list[Decision], list[Entry]]:
    return (
        sorted(past.decisions, key=lambda row: (row.profile_id, row.scenario_id, row.entry_key, row.step)),
        sorted(past.entries, key=lambda row: (row.profile_id, row.scenario_id, row.entry_key)),
    )


@settings(max_examples=60)
@given(story=stories(SETTINGS))
def test_the_sql_decides_day_by_day_what_the_oracle_decides(engine: Engine, story: Story) -> None:
    warehouse = Warehouse(engine)
    for today in play(story):
        found = warehouse.run(today.world, today.day)
        note(f"The oracle on {today.day}:\n{tell(today.decided.decisions)}")
        note(f"The SQL on {today.day}:\n{tell(found.decisions)}")
        assert in_order(found) == in_order(today.decided)
        decided = [(row.scenario_id, row.profile_id, row.entry_key, row.step) for row in found.decisions]
        assert sorted(warehouse.due_steps()) == sorted(decided), "each due step is decided"
        assert sorted(warehouse.standing()) == leaving(today)


def drawn_stories(count: int, seed_of_draw: int) -> list[Story]:
    """So many stories; none is looked at while they are drawn."""
    told: list[Story] = []

    @seed(seed_of_draw)
    @settings(max_examples=count, phases=[Phase.generate])
    @given(story=stories(SETTINGS))
    def draw(story: Story) -> None:
        told.append(story)

    draw()
    return told


def batches(count: int, first_seed: int) -> Iterator[list[Story]]:
    """Stories to be decided side by side: they begin on one day."""
    for number, done in enumerate(range(0, count, 1_000)):
        by_start: dict[date, list[Story]] = defaultdict(list)
        for story in drawn_stories(min(1_000, count - done), first_seed * 1_000_000 + number):
            by_start[story.days[0]].append(story)
        for told in by_start.values():
            for first in range(0, len(told), 50):
                yield side_by_side(told[first : first + 50])


def test_many_stories_side_by_side_are_decided_as_the_oracle_decides_each(engine: Engine) -> None:
    count, first_seed = int(os.environ.get("STORIES", "400")), int(os.environ.get("SEED", "0"))
    stories_told = decided = 0
    for batch in batches(count, first_seed):
        warehouse = Warehouse(engine)
        for days in zip(*(play(story) for story in batch), strict=True):
            found = warehouse.run(united([today.world for today in days]), days[0].day)
            assert len(warehouse.due_steps()) == len(found.decisions), "each due step is decided"
            rows: dict[str, Past] = defaultdict(Past)
            for decision in found.decisions:
                rows[decision.profile_id[:5]] += Past((decision,))
            left = defaultdict(list)
            for row in warehouse.standing():
                left[row[0][:5]].append(row)
            for entry in found.entries:
                rows[entry.profile_id[:5]] += Past((), (entry,))
            for story, today in zip(batch, days, strict=True):
                own = rows[story.base.scenarios[0].scenario_id[:5]]
                assert in_order(own) == in_order(today.decided), (
                    f"{story}\nThe oracle on {today.day}:\n{tell(today.decided.decisions)}\n"
                    f"The SQL on {today.day}:\n{tell(own.decisions)}"
                )
                assert sorted(left[story.base.scenarios[0].scenario_id[:5]]) == leaving(today), f"{story}\n{today.day}"
            decided += len(found.decisions)
        stories_told += len(batch)
    print(f"{stories_told} stories of seed {first_seed}: {decided} steps decided, all as by the oracle")
    assert decided > stories_told


@settings(max_examples=10)
@given(story=stories(SETTINGS))
def test_a_date_decides_the_same_when_it_is_run_again_whatever_was_decided_since(engine: Engine, story: Story) -> None:
    warehouse = Warehouse(engine)
    runs = [(today, warehouse.run(today.world, today.day)) for today in play(story)]
    for today, first_run in reversed(runs):
        assert in_order(warehouse.run(today.world, today.day)) == in_order(first_run)


def test_the_sql_for_another_date_is_what_dbt_compiles_for_it(engine: Engine) -> None:
    # winter, an evening and the end of a half-year, where the models of the tests were compiled for a summer's night
    day = date(2032, 12, 31)
    compiled = compile_models(day, EVENING)
    assert engine.sql(day, EVENING) == {name: compiled.sql[name] for name in compiled.order}


def test_a_persons_bucket_is_the_same_number_in_sql_and_in_hashlib(engine: Engine) -> None:
    day, drawn = date(2024, 3, 4), random.Random(7)
    ids = [f"{drawn.getrandbits(64):016x}" for _ in range(300)] + ["", "|", "zoë", "a person", "x" * 200]
    # as many variants as there are buckets: the variant is the number
    variants = tuple(Variant(str(number), "email", number, number) for number in range(10_000))
    step = Step("mail_1", variants=variants, variant_salt="blue", stop_after_days=(0,))
    scenario = Scenario("cart", (step,), ("email",), day, holdout_share=Decimal("0.3"), holdout_salt="oak")
    world = World(
        settings=SETTINGS,
        scenarios=(scenario,),
        profiles=tuple(Profile(one, addresses=frozenset({"email"})) for one in ids),
        permissions=tuple(Permission(one, "email", "marketing", is_consented=True) for one in ids),
        triggers=tuple(Trigger("cart", one, "k1", instant(day, time(12), SETTINGS), day) for one in ids),
    )
    found = Warehouse(engine).run(world, day)

    def number(text: str) -> int:
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") % 10_000

    def arm(one: str) -> str:
        if number(f"everywhere|2024H1|{one}") < 2_000:
            return "held_out_globally"
        return "held_out" if number(f"oak|2024H1|{one}") < 3_000 else "treated"

    assert {entry.profile_id: entry.arm for entry in found.entries} == {one: arm(one) for one in ids}
    treated = [one for one in ids if arm(one) == "treated"]
    drawn_variants = {row.profile_id: row.variant for row in selected(found)}
    assert drawn_variants == {one: str(number(f"blue|{one}")) for one in treated}
    assert [bucket("blue", one) for one in treated] == [number(f"blue|{one}") for one in treated]


# --- Laws -----------------------------------------------------------------------------------------------------------
# What no reading of the rules may break. Each looks at the rows, and at the story again, by itself.


def applies(today: Day, decision: Decision, gate: str) -> bool:
    kinds = {scenario.scenario_id: scenario.kind for scenario in today.world.scenarios}
    return (kinds[decision.scenario_id], gate) not in today.world.gates_switched_off


def each_selected(days: Sequence[Day], gate: str) -> Iterator[tuple[Day, Decision]]:
    """What was selected by scenarios that the gate is for."""
    for today in days:
        for decision in selected(today.decided):
            if applies(today, decision, gate):
                yield today, decision


def now(today: Day) -> datetime:
    return as_of_instant(today.day, today.world.settings)


def nobody_is_selected_without_consent(story: Story, days: Sequence[Day]) -> None:
    for today, decision in each_selected(days, "consented"):
        purpose = "ads_personalisation" if decision.channel == "ads" else "marketing"
        people = {decision.profile_id, *(old for old, new in today.world.merges if new == decision.profile_id)}
        words = [
            (event.at, event.word)
            for event in story.consent_events
            if event.profile_id in people
            and (event.channel, event.purpose) == (decision.channel, purpose)
            and event.at < now(today)
        ]
        assert words
        assert max(words)[1] == "granted"


def nobody_is_selected_who_asked_to_be_forgotten(story: Story, days: Sequence[Day]) -> None:
    for today, decision in each_selected(days, "not_erased"):
        survivors = dict(today.world.merges)
        for person, at in story.erasures:
            assert survivors.get(person, person) != decision.profile_id or at >= now(today)


def nobody_is_selected_who_is_suppressed(story: Story, days: Sequence[Day]) -> None:
    for today, decision in each_selected(days, "not_suppressed"):
        survivors = dict(today.world.merges)
        for row in story.base.suppressions:
            if survivors.get(row.profile_id, row.profile_id) == decision.profile_id:
                is_in_force = row.valid_from <= today.day < (row.valid_to or date.max)
                assert not (is_in_force and row.channel in ("*", decision.channel))


def nobody_gets_two_messages_on_one_date(story: Story, days: Sequence[Day]) -> None:
    slots = Counter((decision.profile_id, decision.send_date) for _, decision in each_selected(days, "won_arbitration"))
    assert max(slots.values(), default=0) <= 1


def no_step_of_an_entry_is_selected_twice(story: Story, days: Sequence[Day]) -> None:
    for today in days:
        survivors = dict(today.world.merges)
        before = Counter(
            (row.scenario_id, survivors.get(row.profile_id, row.profile_id), row.entry_key, row.step)
            for row in selected(today.before)
        )
        for row in selected(today.decided):
            assert before[(row.scenario_id, row.profile_id, row.entry_key, row.step)] == 0


def nobody_who_is_held_out_is_selected(story: Story, days: Sequence[Day]) -> None:
    merged = {name for old, new, _ in story.merges for name in (old, new)}
    salts = {scenario.scenario_id: scenario for scenario in story.base.scenarios}
    arms: dict[tuple[str, str, str], Entry] = {}
    for today in days:
        arms |= {(row.scenario_id, row.profile_id, row.entry_key): row for row in today.decided.entries}
        for row in selected(today.decided):
            if row.profile_id in merged or not applies(today, row, "not_held_out"):
                continue
            entry, scenario = arms[(row.scenario_id, row.profile_id, row.entry_key)], salts[row.scenario_id]
            period = half_year(entry.entered_date)
            assert entry.arm == "treated"
            assert bucket("everywhere", period, row.profile_id) >= 2_000
            assert bucket(scenario.holdout_salt, period, row.profile_id) >= scenario.holdout_share * 10_000


def nobody_gets_more_than_the_cap_whatever_is_reported(story: Story, days: Sequence[Day]) -> None:
    # who is reported as not sent, or as sent elsewhere, has room again: not looked at here
    odd = {row.profile_id for row in story.reactions if row.not_sent_copies or row.channel}
    odd |= {name for old, new, _ in story.merges for name in (old, new)}
    rows = [row for _, row in each_selected(days, "under_pressure_cap") if row.profile_id not in odd]
    limits = {profile.profile_id: profile.max_messages_30_days for profile in story.base.profiles}
    for row in rows:
        until_then = [
            other for other in rows if other.profile_id == row.profile_id and other.send_date <= row.send_date
        ]
        limit = limits[row.profile_id]
        assert limit is None or len(until_then) <= limit
        caps = [cap for cap in story.base.message_caps if cap.channel == row.channel]
        # without a row for everybody some tiers have no cap
        if any(cap.engagement_tier == "*" for cap in caps):
            window = timedelta(days=min(cap.window_days for cap in caps))
            in_window = [
                other
                for other in until_then
                if other.channel == row.channel and other.send_date > row.send_date - window
            ]
            assert len(in_window) <= max(cap.max_messages for cap in caps)


def every_due_step_has_one_outcome_and_one_reason(story: Story, days: Sequence[Day]) -> None:
    reasons: dict[str, set[str | None]] = {
        "selected": {None},
        "held_out": {"not_held_out"},
        "deferred": {"admitted", "under_pressure_cap", "won_arbitration"},
        "expired": {"admitted", "under_pressure_cap", "won_arbitration"},
        "closed": set(GATES[:6]),
    }
    for today in days:
        keys = [(row.scenario_id, row.profile_id, row.entry_key, row.step) for row in today.decided.decisions]
        assert len(set(keys)) == len(keys)
        for row in today.decided.decisions:
            assert row.closed_gate in reasons[row.outcome]
            place = len(GATES) if row.closed_gate is None else GATES.index(row.closed_gate)
            asked = [True if applies(today, row, gate) else None for gate in GATES[:place]]
            assert row.gates == (*asked, *[False, *[None] * len(GATES)][: len(GATES) - place])


LAWS = (
    nobody_is_selected_without_consent,
    nobody_is_selected_who_asked_to_be_forgotten,
    nobody_is_selected_who_is_suppressed,
    nobody_gets_two_messages_on_one_date,
    no_step_of_an_entry_is_selected_twice,
    nobody_who_is_held_out_is_selected,
    nobody_gets_more_than_the_cap_whatever_is_reported,
    every_due_step_has_one_outcome_and_one_reason,
)


@settings(max_examples=150)
@given(story=stories(SETTINGS))
def test_no_world_breaks_a_law(story: Story) -> None:
    # the oracle's rows, which the SQL's must equal: a rule that both misread is found here
    days = list(play(story))
    note("\n".join(tell(today.decided.decisions) for today in days))
    for law in LAWS:
        law(story, days)
