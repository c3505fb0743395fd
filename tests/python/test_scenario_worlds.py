"""All scenarios, switched on, on people to whom everything happens: SQL against oracles, from facts to what leaves.

Triggers, due steps, gates, channels, slots, stops, entries, arms and audiences of each day are compared, then laws
read the days again. `make worlds` plays more people, and starts from other days.
"""

import functools
import json
import math
import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pandas as pd
import pytest
import yaml
from audience_oracle import CONSENTED_AT, MEMBER, contact, members_of, speak
from audience_oracle import comparable as in_numbers
from compiled import CompiledModels, fill
from decision_oracle import GATES, Decision, Entry, Past, Trigger, World, as_of_instant, decide, months_later
from lifecycle_worlds import LEVELS, LOYALTY_MONTHS, OFFER_TYPES, SETTINGS, SIGNS, STARTS, Lives
from moment_oracle import MONTHS, Facts, Look, Triggered, best_match, triggers
from test_decision_worlds import KEPT, Engine, Table, fact_tables, literals, people_tables, selected

from rekindle.ground.paths import PROJECT

TEXT, STAMP, DAY, MONEY, WHOLE, TRUTH = "varchar", "timestamp", "date", "decimal(18, 2)", "integer", "boolean"
# what the moments read of a person, but for what the engine's own tables have
PEOPLE_TABLES: dict[str, dict[str, str]] = {
    "dim_profiles": {
        "profile_id": TEXT,
        "has_erasure_request": TRUTH,
        "preferred_channel": TEXT,
        "responsive_channel": TEXT,
        "country_code": TEXT,
        "time_zone": TEXT,
        "max_messages_30_days": WHOLE,
        "last_contact_from_person_at": STAMP,
        "has_ads_consent": TRUTH,
        "engagement_tier": TEXT,
        "engagement_level": TEXT,
        "has_returned": TRUTH,
        "age_band": TEXT,
        "first_order_date": DAY,
        "last_order_date": DAY,
        "overdue_from_date": DAY,
        "rf_habit": TEXT,
        "promotion_sensitivity": "double",
        "declared_interests": TEXT,
        "preferred_store_id": TEXT,
        "order_count": WHOLE,
        "expected_value_amount": MONEY,
        "rfm_segment": TEXT,
        "first_silo": TEXT,
    },
    "contact_addresses": {"profile_id": TEXT, "address_kind": TEXT, "is_valid": TRUTH},
    "profile_contacts": {"profile_id": TEXT, "birth_date": DAY, **dict.fromkeys(contact("anybody"), TEXT)},
    "profiles": {"profile_id": TEXT, "created_at": STAMP},
    "profiling_denials": {"profile_id": TEXT},
    "recommendations": {
        "profile_id": TEXT,
        "kind": TEXT,
        "method": TEXT,
        "recommendation_rank": WHOLE,
        "item": TEXT,
        "score": "double",
    },
    "fct_consents": {
        "profile_id": TEXT,
        "channel": TEXT,
        "purpose": TEXT,
        "is_granted": TRUTH,
        "valid_from": STAMP,
    },
    "fct_orders": {
        "order_id": TEXT,
        "profile_id": TEXT,
        "store_id": TEXT,
        "sales_channel": TEXT,
        "order_status": TEXT,
        "net_amount": MONEY,
        "order_date": DAY,
        "ordered_at": STAMP,
        "delivered_at": STAMP,
    },
    "fct_order_lines": {"order_id": TEXT, "product_id": TEXT, "quantity": WHOLE, "net_amount": MONEY},
    "fct_interactions": {
        "profile_id": TEXT,
        "interaction_kind": TEXT,
        "channel": TEXT,
        "is_from_person": TRUTH,
        "occurred_date": DAY,
        "occurred_at": STAMP,
    },
    "fct_web_events": {
        "event_id": TEXT,
        "profile_id": TEXT,
        "event_type": TEXT,
        "form_type": TEXT,
        "product_id": TEXT,
        "category": TEXT,
        "occurred_date": DAY,
        "occurred_at": STAMP,
    },
    "fct_carts": {
        "cart_id": TEXT,
        "profile_id": TEXT,
        "order_id": TEXT,
        "items": TEXT,
        "item_count": WHOLE,
        "cart_amount": MONEY,
        "updated_date": DAY,
        "updated_at": STAMP,
    },
    "fct_contracts": {
        "contract_id": TEXT,
        "profile_id": TEXT,
        "contract_type": TEXT,
        "start_date": DAY,
        "end_date": DAY,
    },
    "fct_service_events": {
        "event_id": TEXT,
        "profile_id": TEXT,
        "order_id": TEXT,
        "event_type": TEXT,
        "rating": WHOLE,
        "is_resolved": TRUTH,
        "occurred_date": DAY,
        "occurred_at": STAMP,
    },
    "fct_loyalty_movements": {
        "movement_id": TEXT,
        "profile_id": TEXT,
        "movement_type": TEXT,
        "points": MONEY,
        "occurred_date": DAY,
        "occurred_at": STAMP,
    },
    "replenishments": {
        "profile_id": TEXT,
        "category": TEXT,
        "product_id": TEXT,
        "interval_days": WHOLE,
        "last_purchase_date": DAY,
        "runs_out_date": DAY,
    },
    "silence_published": {
        "profile_id": TEXT,
        "segment_month": DAY,
        "engagement_tier": TEXT,
        "tier_rules": TEXT,
        "last_contact_date": DAY,
        "expected_return_amount": MONEY,
        "no_response_date": DAY,
        "purge_due_date": DAY,
    },
    "value_published": {
        "profile_id": TEXT,
        "segment_month": DAY,
        "spend_cluster": TEXT,
        "clv_period_days": WHOLE,
        "at_risk_probability": "double",
        "is_at_risk_of_inactive": TRUTH,
    },
    "segment_moves": {
        "profile_id": TEXT,
        "segment_month": DAY,
        "from_segment": TEXT,
        "to_segment": TEXT,
        "from_rung": WHOLE,
        "to_rung": WHOLE,
        "direction": TEXT,
        "steps_down": WHOLE,
        "is_down": TRUTH,
        "expected_loss_amount": MONEY,
        "is_costly_decline": TRUTH,
    },
    "rfm_published": {"profile_id": TEXT, "segment_month": DAY, "monetary_amount": MONEY},
    "rfm_monthly": {"profile_id": TEXT, "segment_month": DAY, "segment": TEXT},
    "rfm_current": {"profile_id": TEXT, "segment": TEXT, "monetary_amount": MONEY},
}
PEOPLE_TABLES["silence_current"] = PEOPLE_TABLES["silence_published"]
SHOP_TABLES: dict[str, dict[str, str]] = {
    "dim_products": {"product_id": TEXT, "product_name": TEXT, "category": TEXT, "package_size": TEXT},
    "dim_stores": {"store_id": TEXT, "store_type": TEXT, "store_name": TEXT, "region": TEXT},
    "fct_product_availability": {"product_id": TEXT, "is_available": TRUTH, "changed_at": STAMP},
    "dim_segments": {"segment": TEXT, "rung": WHOLE},
    "observed_sources": {"interaction_kind": TEXT, "channel": TEXT, "observed_from_date": DAY},
    "intake_offer_products": {"offer_id": TEXT, "product_id": TEXT},
    "item_similarities": {"item": TEXT, "similar_item": TEXT, "similarity": "double", "segment_month": DAY},
    "dim_offers": {
        "offer_id": TEXT,
        "offer_type": TEXT,
        "face_value_amount": MONEY,
        "valid_from": DAY,
        "valid_to": DAY,
    },
}
# the engine's tables that the world of its oracle is, row by row
ENGINE_TABLES = (
    *("channel_permissions", "profile_mailboxes", "paused_mailboxes", "profile_merges", "profile_splits"),
    *("fct_messages", "message_clicks", "fct_offer_redemptions", "declared_send_hours"),
)
READINESS = {"scenario_id": TEXT, "data_kind": TEXT, "contract_column": TEXT, "is_ready": TRUTH}
SEEDS = PROJECT / "seeds" / "config"


@functools.cache
def seed_types() -> dict[str, dict[str, str]]:
    """Columns and types of every seed."""
    types = {}
    for page in sorted(SEEDS.glob("*.yml")):
        for seed in yaml.safe_load(page.read_text(encoding="utf-8"))["seeds"]:
            types[seed["name"]] = seed["config"]["column_types"]
    return types


def fill_seeds(connection: duckdb.DuckDBPyConnection) -> None:
    """The seeds as shipped, with every scenario switched on: the edit of one cell each."""
    for path in sorted(SEEDS.glob("*.csv")):
        fill(connection, path.stem, seed_types()[path.stem], [])
        connection.execute(f"insert into {path.stem} from read_csv('{path}', header = true, all_varchar = true)")
    connection.execute("update scenarios set is_enabled = true")
    # so few are the best of a small world
    connection.execute("update scenario_moments set at_most = 12 where moment = 'lookalike_rank'")
    speak(connection, [start + timedelta(days=10) for start in STARTS])
    # a step that looks for the offer anew
    connection.execute("update scenario_steps set offer_rule = 'best_match' where step = 'thanks'")
    # signals that a retailer may choose beside the move
    for signal in ("costly_decline", "at_risk_of_inactive"):
        connection.execute(
            "insert into scenario_moments (scenario_id, moment, subjects, reason_code) "
            "values ('anti_attrition', 'risk_signal', ?, ?)",
            [signal, signal],
        )
    # kinds of moment whose keys are alike: months that come on one day or weeks apart, and days
    connection.execute(
        "insert into scenario_moments (scenario_id, moment, subjects, period, reason_code) values "
        "('media_reactivation', 'preference_unknown', 'silent', 'month', 'is_silent'), "
        "('returned_thanks', 'went_up', null, null, 'went_up'), "
        "('returned_thanks', 'fell_silent', null, null, 'fell_silent'), "
        "('discover', 'available_again', null, null, 'is_back')"
    )


def read_seeds(connection: duckdb.DuckDBPyConnection) -> Facts:
    seeds = {}
    for path in sorted(SEEDS.glob("*.csv")):
        answer = connection.execute(f"from {path.stem}")
        names = [column[0] for column in answer.description or ()]
        seeds[path.stem] = [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
    return seeds


class Scenarios(Engine):
    """The models from moments to decisions, for any date."""

    # its month, quarter, half-year and year begin on four days, and the month before it on a fifth
    COMPILED_FOR = date(2031, 12, 17)

    def __init__(self) -> None:
        self.models = CompiledModels(
            [
                "matching_offers",
                "path:models/scenarios",
                "+decisions,models/activation",
                "+scenario_entries,models/activation",
                "standing_decisions",
                "audience_members",
            ],
            self.variables(self.COMPILED_FOR, None),
        )
        self.replaced = self.literals(self.COMPILED_FOR, None)
        self.pattern = re.compile("|".join(sorted(map(re.escape, self.replaced), key=len, reverse=True)))

    @staticmethod
    def variables(day: date, as_of_time: time | None) -> dict[str, Any]:
        return {
            "business_timezone": SETTINGS.business_timezone,
            "send_time": SETTINGS.send_time.strftime("%H:%M"),
            "global_holdout_salt": SETTINGS.global_holdout_salt,
            "global_holdout_share": float(SETTINGS.global_holdout_share),
            "isolation_months": SETTINGS.isolation_months,
            "loyalty_points_valid_months": LOYALTY_MONTHS,
            "loyalty_level_points": list(LEVELS),
            "as_of_date": day.isoformat(),
            **({} if as_of_time is None else {"as_of_time": as_of_time.strftime("%H:%M")}),
        }

    @staticmethod
    def literals(day: date, as_of_time: time | None) -> list[str]:
        begun = [day.replace(month=(day.month - 1) // length * length + 1, day=1) for length in MONTHS.values()]
        return [*literals(day, as_of_time), *map(str, begun), str(months_later(day.replace(day=1), -1))]

    def sql(self, day: date, as_of_time: time | None) -> dict[str, str]:
        wanted = dict(zip(self.replaced, self.literals(day, as_of_time), strict=True))
        return {
            name: self.pattern.sub(lambda match: wanted[match.group(0)], self.models.sql[name])
            for name in self.models.order
        }


class Warehouse:
    """A warehouse in memory that keeps what was decided."""

    def __init__(self, engine: Scenarios, lives: Lives) -> None:
        self.engine, self.lives = engine, lives
        self.connection = duckdb.connect(config={"threads": 1})
        fill_seeds(self.connection)
        for name in KEPT:
            fill(self.connection, name, engine.models.columns[name], [])
        self.filled: dict[str, list[Any]] = {}
        self.fill("sealed_dates", {"as_of_date": DAY}, [])
        # nothing is missing here; what is, the stories of test_decision_worlds have
        self.fill("scenario_readiness", READINESS, [])
        shop = lives.shop
        rows = {
            "dim_products": list(shop.products.values()),
            "dim_stores": list(shop.stores.values()),
            "dim_offers": list(shop.offers),
            "intake_offer_products": [
                {"offer_id": offer, "product_id": product}
                for offer, products in shop.offer_products.items()
                for product in products
            ],
            # the month before said otherwise
            "item_similarities": [
                {"item": item, "similar_item": other, "similarity": similarity, "segment_month": month}
                for item, others in shop.similar.items()
                for other, likeness in others.items()
                for month, similarity in ((date(2000, 2, 1), likeness), (date(2000, 1, 1), 1 - likeness))
            ],
            "dim_segments": [{"segment": segment, "rung": rung} for segment, rung in shop.rungs.items()],
            "observed_sources": [
                {
                    "interaction_kind": kind,
                    "channel": "any",
                    "observed_from_date": shop.recorded_from.get(kind, date(2000, 1, 1)),
                }
                for kind in SIGNS
            ],
            "fct_product_availability": [
                {"product_id": product, "is_available": is_there, "changed_at": at}
                for product, told in shop.availability.items()
                for at, is_there in told
            ],
        }
        for table, columns in SHOP_TABLES.items():
            self.fill(table, columns, [tuple(row[name] for name in columns) for row in rows[table]])
        suppressions = [row for life in lives.people for row in life.story.base.suppressions]
        self.connection.execute("delete from suppressions")
        for row in suppressions:
            self.connection.execute(
                "insert into suppressions (profile_id, channel, reason, valid_from_date, valid_to_date) "
                "values (?, ?, 'asked', ?, ?)",
                [row.profile_id, row.channel, row.valid_from, row.valid_to],
            )

    def fill(self, table: str, columns: dict[str, str], rows: list[Any]) -> None:
        """Makes the table of rows, by way of texts: thousands of placeholders would take longer than the models."""
        if self.filled.get(table) == rows:
            return
        self.filled[table] = rows
        fill(self.connection, table, columns, [])
        if rows:
            texts = [[None if value is None else str(value) for value in row] for row in rows]
            frame = pd.DataFrame(texts, columns=list(columns), dtype=object)
            self.connection.register("frame", frame)
            self.connection.execute(f'insert into "{table}" select * from frame')
            self.connection.unregister("frame")

    def run(self, day: date, looks: Sequence[Look], worlds: Sequence[World]) -> None:
        """Decides the date on what can be read of everybody."""
        tables: dict[str, Table] = {}
        for world in worlds:
            for table, (columns, rows) in {**people_tables(world), **fact_tables(world)}.items():
                if table in ENGINE_TABLES:
                    tables.setdefault(table, (columns, []))[1].extend(rows)
        columns, permissions = tables["channel_permissions"]
        tables["channel_permissions"] = (
            {**columns, "is_contactable": TRUTH, "consented_at": STAMP},
            [(*row, row[-1] and row[-2] is None, CONSENTED_AT) for row in permissions],
        )
        tables["paused_mailboxes"] = (tables["paused_mailboxes"][0], [("paused",)])
        opens = [row for world in worlds for row in world.last_opens]
        tables["last_opens"] = ({"profile_id": TEXT, "last_open_date": DAY}, opens)
        for table, columns in PEOPLE_TABLES.items():
            found = [row for look in looks for row in look.facts[table]]
            if table == "profile_contacts":
                found = [{**row, **contact(row["profile_id"])} for row in found]
            rows = [tuple(row.get(name) for name in columns) for row in found]
            tables[table] = (columns, rows)
        for table, (columns, rows) in tables.items():
            self.fill(table, columns, rows)
        for name, sql in self.engine.sql(day, worlds[0].settings.as_of_time).items():
            if name in KEPT:
                self.connection.execute(f'insert into "{name}" by name {sql}')
            else:
                self.connection.execute(f'create or replace table "{name}" as {sql}')

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(query, list(values)).fetchall()

    def triggers(self) -> dict[str, list[Triggered]]:
        """What is triggered, by person."""
        columns = list(Trigger.__dataclass_fields__)
        found = defaultdict(list)
        query = f"select {', '.join(columns)}, reason_code, personalisation from scenario_triggers"
        for row in self.rows(query):
            trigger = Triggered(Trigger(*row[: len(columns)]), row[-2], json.loads(row[-1]))
            found[trigger.trigger.profile_id].append(trigger)
        return found

    def decided(self, day: date) -> dict[str, Past]:
        """What was decided on the date, by person."""
        columns = [name for name in Decision.__dataclass_fields__ if name != "gates"]
        gates = [f"is_{gate}" for gate in GATES]
        found: dict[str, Past] = defaultdict(Past)
        query = f"select {', '.join(columns + gates)} from decisions where as_of_date = ?"
        for row in self.rows(query, day):
            decision = Decision(**dict(zip(columns, row, strict=False)), gates=row[len(columns) :])
            found[decision.profile_id] += Past((decision,))
        query = f"select {', '.join(Entry.__dataclass_fields__)} from scenario_entries where entered_date = ?"
        for row in self.rows(query, day):
            entry = Entry(*row)
            found[entry.profile_id] += Past((), (entry,))
        return found

    def audience(self) -> dict[str, list[tuple[Any, ...]]]:
        """What leaves the house as of the date, by person."""
        found = defaultdict(list)
        for row in self.rows(f"select {', '.join(MEMBER)} from audience_members"):
            found[row[1]].append((*row[:-1], in_numbers(json.loads(row[-1]))))
        return found


# --- Playing the days ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Played:
    """What came of a world: who differed, and what was decided."""

    lives: Lives
    past: Past
    differences: list[str]
    triggered: Counter[str]
    members: Counter[str]


def told(day: date, name: str, what: str, found: Sequence[Any], wanted: Sequence[Any]) -> Iterator[str]:
    """Both sides of a difference."""
    for side, ours, theirs in (("SQL", found, wanted), ("oracle", wanted, found)):
        for row in ours:
            if row not in theirs:
                yield f"{day} {name} {what}: only the {side} has {row}"


def comparable(trigger: Triggered) -> tuple[Any, ...]:
    """A number is the same however it is written."""
    says = {
        key: float(value) if isinstance(value, int | float | Decimal) else value for key, value in trigger.says.items()
    }
    return (trigger.trigger, trigger.reason_code, says)


def play(engine: Scenarios, lives: Lives) -> Played:
    """Each day by both; a person who differs is told and left to the SQL's past, so that one fault is told once."""
    warehouse = Warehouse(engine, lives)
    pasts: dict[str, Past] = defaultdict(Past)
    differences: list[str] = []
    triggered: Counter[str] = Counter()
    members_seen: Counter[str] = Counter()
    for day in lives.days:
        worlds = [life.world_on(day, selected(pasts[life.name])) for life in lives.people]
        looks = lives.looks(day, worlds)
        warehouse.run(day, looks, worlds)
        heard, decided, audience = warehouse.triggers(), warehouse.decided(day), warehouse.audience()
        for life, look, world in zip(lives.people, looks, worlds, strict=True):
            expected = list(triggers(look, lives.seeds))
            triggered.update(one.trigger.scenario_id for one in expected)
            differences += told(
                *(day, life.name, "trigger"),
                *([comparable(one) for one in heard[life.name]], [comparable(one) for one in expected]),
            )
            matching = [(kind, best_match(look, kind)) for kind in OFFER_TYPES]
            here = replace(
                world,
                triggers=tuple(one.trigger for one in heard[life.name]),
                matching_offers=tuple((life.name, kind, best["offer_id"]) for kind, best in matching if best),
            )
            decisions, entries = decide(here, day, pasts[life.name])
            found = decided[life.name]
            differences += told(day, life.name, "decision", found.decisions, decisions)
            differences += told(day, life.name, "entry", found.entries, entries)
            pasts[life.name] += found
            members = list(members_of(day, here, heard[life.name], pasts[life.name], lives.seeds))
            left = audience[life.name]
            differences += told(day, life.name, "audience", left, members)
            members_seen.update(member[0] for member in members)
    everything = Past(
        tuple(row for past in pasts.values() for row in past.decisions),
        tuple(row for past in pasts.values() for row in past.entries),
    )
    return Played(lives, everything, differences, triggered, members_seen)


@functools.cache
def seeds() -> Facts:
    with duckdb.connect() as connection:
        fill_seeds(connection)
        return read_seeds(connection)


@pytest.fixture(scope="module")
def played() -> list[Played]:
    people, first = int(os.environ.get("LIVES", "240")), int(os.environ.get("SEED", "0"))
    engine, worlds = Scenarios(), []
    for number, done in enumerate(range(0, people, 500)):
        start = STARTS[(first + number) % len(STARTS)]
        some = range(done, min(done + 500, people))
        worlds.append(play(engine, Lives.made_up(some, first, start, seeds())))
    days = sum(len(world.lives.people) * len(world.lives.days) for world in worlds)
    print(f"{people} lives of seed {first}: {days} days of a person, each looked at by every scenario")
    return worlds


def test_every_scenario_decides_for_everybody_what_the_oracles_say(played: list[Played]) -> None:
    assert [told for world in played for told in world.differences] == []


def test_every_scenario_has_its_people(played: list[Played]) -> None:
    triggered = sum((world.triggered for world in played), Counter[str]())
    decided = Counter(row.scenario_id for world in played for row in world.past.decisions)
    left = sum((world.members for world in played), Counter[str]())
    scenarios = {row["scenario_id"] for row in seeds()["scenarios"]}
    assert {name: triggered[name] for name in scenarios if triggered[name] < 10} == {}
    assert {name: decided[name] for name in scenarios if decided[name] < 3} == {}
    # a drive is seldom more important than all else; a list of whom to delete has no words, and is no message
    assert len(left) >= 20
    assert {name for name in left if kinds()[name] == "hygiene"} == set()


# --- Laws ------------------------------------------------------------------------------------------------------------
# What no reading of the rules may break. Each looks at what the SQL decided, and at the lives again, by itself.


def kinds() -> dict[str, str]:
    return {row["scenario_id"]: row["kind"] for row in seeds()["scenarios"]}


def nobody_gets_two_messages_on_one_date(world: Played) -> None:
    slots = Counter(
        (row.profile_id, row.send_date) for row in selected(world.past) if kinds()[row.scenario_id] == "message"
    )
    assert max(slots.values()) == 1


def no_step_of_an_entry_is_selected_twice(world: Played) -> None:
    steps = Counter((row.scenario_id, row.profile_id, row.entry_key, row.step) for row in selected(world.past))
    assert max(steps.values()) == 1


def nobody_is_written_to_without_a_yes(world: Played) -> None:
    stories = {life.name: life.story for life in world.lives.people}
    for row in selected(world.past):
        if row.channel is None:
            continue
        story = stories[row.profile_id]
        purpose = "ads_personalisation" if row.channel == "ads" else "marketing"
        words = [
            (event.at, event.word)
            for event in story.consent_events
            if (event.channel, event.purpose) == (row.channel, purpose) and event.at < row.send_at
        ]
        decided_at = as_of_instant(row.as_of_date, story.world_on(row.as_of_date, ()).settings)
        assert max(word for word in words if word[0] < decided_at)[1] == "granted"


def nothing_goes_out_after_an_order_that_stops_it(world: Played) -> None:
    stopped = {row["scenario_id"] for row in seeds()["scenarios"] if "order" in (row["stops_on"] or "").split(">")}
    stories = {life.name: life.story for life in world.lives.people}
    entries = {(row.scenario_id, row.profile_id, row.entry_key): row for row in world.past.entries}
    for row in selected(world.past):
        if row.scenario_id in stopped:
            story = stories[row.profile_id]
            entry = entries[(row.scenario_id, row.profile_id, row.entry_key)]
            now = as_of_instant(row.as_of_date, story.world_on(row.as_of_date, ()).settings)
            assert not any(
                order.order_status == "completed" and entry.triggered_at < order.ordered_at < now
                for order in story.base.orders
            )


def nobody_who_is_held_out_is_selected(world: Played) -> None:
    arms = {(row.scenario_id, row.profile_id, row.entry_key): row.arm for row in world.past.entries}
    assert {arms[(row.scenario_id, row.profile_id, row.entry_key)] for row in selected(world.past)} == {"treated"}


def as_many_are_held_out_as_the_seed_says(world: Played) -> None:
    shares = {row["scenario_id"]: float(row["holdout_share"]) for row in seeds()["scenarios"]}
    for scenario_id, share in shares.items():
        # the first entry of a period draws the arm
        arms = {
            (row.profile_id, row.holdout_period): row.arm == "held_out"
            for row in world.past.entries
            if row.scenario_id == scenario_id and row.arm != "held_out_globally"
        }
        people, spread = len(arms), math.sqrt(len(arms) * share * (1 - share))
        assert abs(sum(arms.values()) - people * share) <= 4.5 * spread + (1 if share else 0), scenario_id


def nobody_gets_more_than_the_caps(world: Played) -> None:
    # who is reported as not sent, or as sent elsewhere, has room again: not looked at here
    odd = {
        life.name for life in world.lives.people for one in life.story.reactions if one.not_sent_copies or one.channel
    }
    sent = [row for row in selected(world.past) if row.channel not in (None, "ads") and row.profile_id not in odd]
    for channel in {row.channel for row in sent}:
        caps = [cap for cap in seeds()["message_caps"] if cap["channel"] == channel]
        most, window = max(cap["max_messages"] for cap in caps), min(cap["window_days"] for cap in caps)
        for row in sent:
            until_then = [
                other
                for other in sent
                if (other.profile_id, other.channel) == (row.profile_id, channel)
                and timedelta(0) <= row.send_date - other.send_date < timedelta(days=window)
            ]
            assert row.channel != channel or len(until_then) <= most


LAWS = (
    nobody_gets_two_messages_on_one_date,
    no_step_of_an_entry_is_selected_twice,
    nobody_is_written_to_without_a_yes,
    nothing_goes_out_after_an_order_that_stops_it,
    nobody_who_is_held_out_is_selected,
    as_many_are_held_out_as_the_seed_says,
    nobody_gets_more_than_the_caps,
)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_no_day_breaks_a_law(law: Callable[[Played], None], played: list[Played]) -> None:
    for world in played:
        law(world)
