"""People in whose lives everything happens that a scenario listens to, day by day over some months.

Everybody is drawn from the seed and her number alone, so that a person is the same in a small world and in a large one.
A day of a life is what the warehouse holds of it then: facts, as `moment_oracle` reads them, and a world of
`decision_oracle`, whose messages were sent as decided and reported as her reactions say.
"""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from decision_oracle import (
    ADDRESSES,
    ChannelRule,
    Decision,
    Interaction,
    MessageCap,
    Offer,
    Order,
    Profile,
    Redemption,
    Scenario,
    Settings,
    Step,
    Suppression,
    Variant,
    World,
    as_of_instant,
    months_later,
)
from decision_worlds import ConsentEvent, Reaction, Story
from moment_oracle import TIERS, Facts, Look, Row, Rules, Shop, month_end, next_month, ranks

SETTINGS = Settings(
    business_timezone="Europe/Brussels",
    send_time=time(9),
    global_holdout_salt="everywhere",
    global_holdout_share=Decimal("0.05"),
    # so that it ends while somebody looks
    isolation_months=1,
)
LOYALTY_MONTHS, LEVELS = 12, (100, 300)
# a leap year, a year that is none, a change of half-years; each runs over a change of the clock or of a quarter
STARTS = (date(2024, 6, 22), date(2024, 2, 20), date(2023, 2, 20))
SEGMENTS = (*("hibernating", "at_risk", "cannot_lose", "needs_attention", "about_to_sleep", "promising"), "new")
LADDER = (*SEGMENTS, "recent", "potential", "loyal", "champions")
ZONE = ZoneInfo(SETTINGS.business_timezone)
STEPS = ("first_message", "other_proposal", "thanks", "reminder", "second_message", "third_message")
OFFER_TYPES = ("coupon", "voucher", "exclusive_promotion", "gift", "free_delivery")


def local_date(at: datetime) -> date:
    return at.replace(tzinfo=UTC).astimezone(ZONE).date()


def days_of(start: date) -> list[date]:
    """Days in a row, then more and more nights are missed: journeys last weeks, and a failed one is told at its end."""
    counted = (*range(5), *range(8, 12), 15, 18, 22, 29, 36, 44, 52, 64, 78, 92)
    return [start + timedelta(days=days) for days in counted]


def scenarios_of(seeds: Facts) -> tuple[Scenario, ...]:
    """The seeds as the engine's oracle takes them."""

    def split(text: str | None) -> tuple[str, ...]:
        return tuple(text.split(">")) if text else ()

    def steps(scenario_id: str) -> Iterator[Step]:
        for row in seeds["scenario_steps"]:
            if row["scenario_id"] == scenario_id:
                variants = tuple(
                    Variant(one["variant"], one["channel"], one["first_bucket"], one["last_bucket"])
                    for one in seeds["scenario_step_variants"]
                    if (one["scenario_id"], one["step"]) == (scenario_id, row["step"])
                )
                yield Step(
                    *(row["step"], split(row["after_steps"]), row["wait_days"], row["condition"]),
                    *(row["fallback_condition"] or "", variants, row["variant_salt"], row["offer_rule"] or ""),
                    tuple(int(days) for days in split(row["stop_after_days"])),
                )

    return tuple(
        Scenario(
            row["scenario_id"],
            tuple(steps(row["scenario_id"])),
            split(row["channels"]),
            **{
                name: row[name]
                for name in (
                    *("starts_date", "objective", "kind", "purpose", "priority", "cooldown_days", "entry_window_days"),
                    *("journey_days", "holdout_share", "holdout_salt", "ends_date", "recurrence", "is_enabled"),
                    "message_limit",
                )
            },
            stops_on=split(row["stops_on"]),
            is_of_state=any(
                one["scenario_id"] == row["scenario_id"] and one["period"] for one in seeds["scenario_moments"]
            ),
        )
        for row in seeds["scenarios"]
    )


def months_of(start: date) -> list[date]:
    """The months that are told of."""
    first = months_later(start.replace(day=1), -3)
    return [months_later(first, months) for months in range(8)]


def made_up_shop(start: date) -> Shop:
    """Products, stores and offers, the same for everybody; some products and offers come and go."""
    draws = random.Random(f"shop {start}")
    products = {
        f"p{number:02}": {
            "product_id": f"p{number:02}",
            "product_name": f"name {number}",
            "package_size": draws.choice((None, "XL")),
            "category": draws.choice(("dog", "cat", "fish", None)),
        }
        for number in range(12)
    }
    regions = {"s0": "north", "s1": "north", "s2": "south", "drive": "north", "s4": None}
    stores = {
        name: {
            "store_id": name,
            "store_type": "drive" if name == "drive" else "store",
            "store_name": f"store {name}",
            "region": region,
        }
        for name, region in regions.items()
    }
    availability = {}
    for product in products:
        at = datetime.combine(start - timedelta(days=40), time()) + timedelta(hours=draws.randrange(240))
        is_there, told = draws.random() < 0.5, []
        while at.date() < start + timedelta(days=130):
            told.append((at, is_there))
            is_there = not is_there or draws.random() < 0.2
            at += timedelta(days=draws.randrange(1, 20), hours=draws.randrange(24))
        availability[product] = told
    offers = [
        {
            "offer_id": f"{kind}_{number}",
            "offer_type": kind,
            "face_value_amount": draws.choice((None, Decimal(2), Decimal(5), Decimal(10))),
            "valid_from": start + timedelta(days=draws.choice((-30, -30, 4, 30))),
            "valid_to": draws.choice((None, start + timedelta(days=draws.randrange(5, 60)))),
        }
        for kind in OFFER_TYPES
        for number in range(3)
    ]
    # from some day on no voucher can be given any more: the next row of scenario_offers takes its place
    for offer in offers:
        if offer["offer_type"] == "voucher":
            offer["valid_to"] = start + timedelta(days=25)
    rungs = {name: rung for rung, name in enumerate(LADDER, 1)}
    sold_by = {str(row["offer_id"]): draws.sample(sorted(products), draws.randrange(4)) for row in offers}
    # a year before the month in which it all begins, and a day too late for that
    a_year = months_later(start.replace(day=1) - timedelta(days=1), -12)
    recorded_from = {"login": a_year, "store_visit": a_year + timedelta(days=1), "visit": start - timedelta(days=20)}
    # some of it is sold here, some is not
    similar = {
        "dog": {"cat": 0.3, "fish": 0.3, "hay": 0.2, "bird": 0.4},
        "cat": {"dog": 0.3, "hay": 0.6},
        "hay": {"bird": 0.9},
    }
    # untold at first; one setting changes in the month before it all begins, the others a month and two months later
    months = months_of(start)
    tier_rules = dict(zip(months, (None, "12>24>36", *("6>12>24",) * 6), strict=True))
    clv_periods = dict(zip(months, (None, *(365,) * 3, *(91,) * 4), strict=True))
    at_risk_from = dict(zip(months, (None, *(0.2,) * 2, *(0.1,) * 5), strict=True))
    return Shop(
        *(products, stores, availability, rungs, offers, sold_by, {}, recorded_from, similar),
        *(tier_rules, clv_periods, at_risk_from),
    )


@dataclass(frozen=True)
class Life:
    """A person: what happens to her, all of it, and her story as the engine's oracle plays it."""

    name: str
    facts: Facts
    story: Story
    # what is so of her, whatever happens
    traits: Row
    # when purchases of a category were made, and how many days they last
    stocks: Mapping[str, tuple[Sequence[tuple[date, str]], int | None]]
    # days from which an address works no more
    bounces: Mapping[str, date]
    left_segment_on: date | None
    newsletter_opens: Sequence[datetime]

    def world_on(self, day: date, selected: Sequence[Decision]) -> World:
        """What the engine's oracle reads, but for triggers and for what follows from facts."""
        world = self.story.world_on(day, selected)
        now = as_of_instant(day, world.settings)
        profile = replace(
            world.profiles[0],
            addresses=frozenset(kind for kind in ADDRESS_KINDS if day < self.bounces.get(kind, date.max)),
            last_contact_from_person_at=max(self.signs(world, now), default=None),
            engagement_tier=self.tier_on(day),
        )
        opens = [at for at in (*self.newsletter_opens, *self.opens(selected, day)) if at < now]
        last_opens = ((self.name, local_date(max(opens))),) if opens else ()
        return replace(world, profiles=(profile,), last_opens=last_opens)

    def tier_on(self, day: date) -> str:
        """How long she had been silent when the newest month closed, as it was published."""
        closed = months_later(day.replace(day=1), -1)
        rows = (row for row in self.facts["silence_published"] if row["segment_month"] == closed)
        return next((row["engagement_tier"] for row in rows), "active")

    def signs(self, world: World, now: datetime) -> Iterator[datetime]:
        """Signs of life; a click is one, an open is none."""
        if self.traits["seen_at"]:
            yield self.traits["seen_at"]
        clicks = (at for message in world.messages for at, _ in message.clicks)
        for at in (*(row.occurred_at for row in world.interactions if row.is_from_person), *clicks):
            if at < now:
                yield at

    def opens(self, selected: Sequence[Decision], day: date) -> Iterator[datetime]:
        """Opens of e-mails, also those that nothing else may know of."""
        blind = replace(
            self.story, reactions=tuple(replace(one, is_open_observed=True) for one in self.story.reactions)
        )
        for decision in selected:
            for message in blind.reports(decision, day):
                if message.channel == "email" and message.first_opened_at is not None:
                    yield message.first_opened_at

    def facts_on(self, day: date, world: World) -> Facts:
        """What the tables hold of her on the day."""
        now = as_of_instant(day, world.settings)
        profile, closed = world.profiles[0], months_later(day.replace(day=1), -1)
        bought = [
            row["order_date"]
            for row in self.facts["fct_orders"]
            if row["order_status"] == "completed" and row["ordered_at"] < now
        ]
        last_at = profile.last_contact_from_person_at
        overdue = self.traits["days_between_orders"]
        published = {
            table: [row for row in self.facts[table] if row["segment_month"] <= closed]
            for table in ("silence_published", "value_published", "segment_moves", "rfm_published", "rfm_monthly")
        }
        person = {
            **self.traits,
            "profile_id": self.name,
            "has_erasure_request": profile.has_erasure_request,
            "has_ads_consent": any(
                row.channel == "ads" and row.is_consented and row.stopped_by is None for row in world.permissions
            ),
            "engagement_tier": profile.engagement_tier,
            "last_contact_from_person_at": last_at,
            "preferred_channel": profile.preferred_channel,
            "responsive_channel": profile.responsive_channel,
            "country_code": profile.country_code,
            "max_messages_30_days": profile.max_messages_30_days,
            "first_order_date": min(bought, default=None),
            "last_order_date": max(bought, default=None),
            "overdue_from_date": max(bought) + timedelta(days=overdue) if bought and overdue else None,
            "order_count": len(bought),
        }
        replenishments = []
        for category, (purchases, lasts) in self.stocks.items():
            made = [purchase for purchase in purchases if purchase[0] <= day]
            if made:
                last, product = max(made)
                replenishments.append(
                    {
                        "profile_id": self.name,
                        "category": category,
                        "product_id": product,
                        "interval_days": lasts,
                        "last_purchase_date": last,
                        "runs_out_date": last + timedelta(days=lasts) if lasts else None,
                    }
                )
        has_left = self.left_segment_on is not None and self.left_segment_on <= day
        current = [
            {
                "profile_id": self.name,
                "segment": LADDER[0] if has_left else row["to_segment"],
                "monetary_amount": Decimal(len(self.name) * 7),
            }
            for row in sorted(published["segment_moves"], key=lambda row: row["segment_month"])[-1:]
        ]
        return {
            **self.facts,
            **published,
            "dim_profiles": [person],
            "replenishments": replenishments,
            "rfm_current": current,
            "silence_current": [row for row in published["silence_published"] if row["segment_month"] == closed],
            "contact_addresses": [
                {"profile_id": self.name, "address_kind": kind, "is_valid": kind in profile.addresses}
                for kind in ADDRESS_KINDS
                if kind not in self.traits["never_had"]
            ],
        }


SIGNS = (
    *("order", "return", "visit", "login", "store_visit", "loyalty_use", "form_submit"),
    *("complaint", "refund", "ticket", "survey_answer"),
)
ADDRESS_KINDS = tuple(sorted(set().union(*ADDRESSES.values())))


class Maker:
    """Draws one life."""

    def __init__(self, number: int, seed: int, start: date, shop: Shop, base: World) -> None:
        self.draws = random.Random(f"{seed} {start} {number}")
        self.name = f"person{number:05}"
        self.start, self.shop, self.base = start, shop, base
        self.is_asleep = self.is_so(0.25)

    def is_so(self, share: float) -> bool:
        return self.draws.random() < share

    def one_of(self, *values: Any) -> Any:
        return self.draws.choice(values)

    def day(self, before: int, after: int) -> date:
        return self.start + timedelta(days=self.draws.randint(-before, after))

    def at(self, day: date) -> datetime:
        """An instant on a local day; midnight and the evening run are where days are told apart."""
        hour = self.one_of(0, 0, 9, 12, 17, 18, 22, 23, self.draws.randrange(24))
        minute = self.one_of(0, 0, 59, self.draws.randrange(60))
        local = datetime.combine(day, time(hour, minute), ZONE)
        return local.astimezone(UTC).replace(tzinfo=None)

    def times(self, share: float, most: int, before: int, after: int) -> list[datetime]:
        """Some instants, of so large a share of the people."""
        if not self.is_so(share):
            return []
        return [self.at(self.day(before, after)) for _ in range(self.draws.randint(1, most))]

    def life(self) -> Life:
        orders, lines = self.orders()
        web = self.web_events()
        service = self.service_events()
        signs = self.signs(orders, web, service)
        seen_at = self.seen_at()
        silence, values = self.months_of_silence(seen_at)
        moves, published, monthly = self.months_of_segments()
        consents = self.consents()
        facts: dict[str, list[Row]] = {
            "fct_orders": orders,
            "fct_order_lines": lines,
            "fct_web_events": web,
            "fct_service_events": service,
            "fct_interactions": signs,
            "fct_carts": self.carts(orders),
            "fct_contracts": self.contracts(),
            "fct_loyalty_movements": self.loyalty(),
            "fct_consents": [
                {
                    "profile_id": self.name,
                    "channel": row.channel,
                    "purpose": row.purpose,
                    "is_granted": row.word == "granted",
                    "valid_from": row.at,
                }
                for row in consents
            ],
            "profiles": [{"profile_id": self.name, "created_at": self.created_at(consents)}],
            "profile_contacts": [{"profile_id": self.name, "birth_date": self.birth_date()}],
            "profiling_denials": [{"profile_id": self.name}] if self.is_so(0.1) else [],
            "recommendations": self.recommendations(),
            "silence_published": silence,
            "value_published": values,
            "segment_moves": moves,
            "rfm_published": published,
            "rfm_monthly": monthly,
        }
        known = self.is_so(0.8)
        traits = {
            "age_band": self.one_of("35-44", "35-44", "35-44", None),
            "rf_habit": self.one_of("weekly", "monthly"),
            "days_between_orders": self.one_of(None, None, 7, 20, 40),
            "promotion_sensitivity": self.one_of(None, 0.25, 0.29, 0.3, 0.31),
            "declared_interests": self.one_of("dog", "cat") if known else None,
            "preferred_store_id": self.one_of("s1", None),
            "expected_value_amount": self.one_of(None, Decimal(0), Decimal(self.draws.randrange(1, 60))),
            "engagement_level": self.one_of("none", "low", "high"),
            "has_returned": self.is_so(0.15),
            "rfm_segment": None,
            "first_silo": "pos",
            "seen_at": seen_at,
            "never_had": self.one_of((), (), (), (), ("email",), ("phone",), ("post", "app")),
        }
        bounces = {kind: self.day(10, 80) for kind in ("email", "phone") if self.is_so(0.1)}
        bounces |= dict.fromkeys(traits["never_had"], date.min)
        return Life(
            self.name,
            facts,
            self.story(consents, orders, signs, known=known),
            traits,
            self.stocks(),
            bounces,
            self.day(0, 100) if self.is_so(0.3) else None,
            self.times(0.1, 2, 30, 120),
        )

    def seen_at(self) -> datetime | None:
        if self.is_asleep:
            months = self.one_of(12, 12, 24, 24, 36)
            return self.at(months_later(self.day(20, 100), -months)) if self.is_so(0.8) else None
        return self.at(self.day(60, -1))

    def created_at(self, consents: Sequence[ConsentEvent]) -> datetime:
        first = min((row.at for row in consents), default=self.at(self.start))
        return first - timedelta(days=self.one_of(0, 0, 0, 20, 364, 365, 366, 900), hours=self.one_of(0, -30, 2))

    def birth_date(self) -> date | None:
        known: list[date | None] = [None, date(1950, 12, 31), date(1990, 11, 20)]
        if self.is_so(0.5):
            known = [date(1980, 2, 29), date(1996, 2, 29), *(self.day(20, 110).replace(year=1984) for _ in range(6))]
        return self.draws.choice(known)

    def orders(self) -> tuple[list[Row], list[Row]]:
        orders: list[Row] = []
        lines: list[Row] = []
        buys = self.one_of(0, 0, 1, 3, 8) if not self.is_asleep else self.one_of(0, 0, 0, 1)
        # most have never used a drive
        channels = ("store", "store", "web", *(("drive",) if self.is_so(0.3) else ()))
        for number in range(buys):
            at = self.at(self.day(120 if buys > 1 else 5, 125))
            channel = self.one_of(*channels)
            order_id = f"{self.name}_{number}"
            amount = Decimal(0)
            for product in self.draws.sample(sorted(self.shop.products), self.draws.randrange(3)):
                worth = Decimal(self.draws.randrange(1, 9))
                amount += worth
                quantity = (len(lines) + 1) % 4
                line = {"order_id": order_id, "product_id": product, "quantity": quantity, "net_amount": worth}
                lines.append(line)
            delivered = at + timedelta(days=self.draws.randrange(4), hours=self.draws.randrange(24))
            orders.append(
                {
                    "order_id": order_id,
                    "profile_id": self.name,
                    "store_id": "drive" if channel == "drive" else self.one_of("s0", "s1", "s2", "s4", None),
                    "sales_channel": channel,
                    "order_status": self.one_of("completed", "completed", "completed", "cancelled"),
                    "net_amount": amount,
                    "order_date": local_date(at),
                    "ordered_at": at,
                    "delivered_at": self.one_of(None, delivered),
                }
            )
        return orders, lines

    def web_events(self) -> list[Row]:
        rows = []
        instants = [] if self.is_asleep else self.times(0.35, 6, 30, 120)
        # more than one look on a day
        instants += [at + timedelta(minutes=self.draws.randrange(300)) for at in instants if self.is_so(0.5)]
        for number, at in enumerate(instants):
            what = self.one_of("product_view", "product_view", "wishlist_add", "form_submit")
            is_form = what == "form_submit"
            product = None if is_form else self.one_of(*sorted(self.shop.products), None)
            rows.append(
                {
                    "event_id": f"{self.name}_{number}",
                    "profile_id": self.name,
                    "event_type": what,
                    "form_type": self.one_of("contest", "lead_ad", "preference") if is_form else None,
                    "product_id": product,
                    "category": self.shop.products[product]["category"] if product else None,
                    "occurred_date": local_date(at),
                    "occurred_at": at,
                }
            )
        return rows

    def service_events(self) -> list[Row]:
        instants = [] if self.is_asleep else self.times(0.25, 3, 100, 120)
        return [
            {
                "event_id": f"{self.name}_{number}",
                "profile_id": self.name,
                "order_id": self.one_of(None, "an order"),
                "event_type": self.one_of("complaint", "refund", "ticket", "survey_answer", "survey_answer"),
                "rating": self.one_of(None, 1, 2, 3, 5),
                "is_resolved": self.one_of(None, True, False, False),
                "occurred_date": local_date(at),
                "occurred_at": at,
            }
            for number, at in enumerate(instants)
        ]

    def signs(self, orders: Sequence[Row], web: Sequence[Row], service: Sequence[Row]) -> list[Row]:
        """Signs of life: those that other facts are, and visits of a kind."""
        told = [(row["ordered_at"], "order") for row in orders if row["order_status"] == "completed"]
        told += [(row["occurred_at"], "form_submit" if row["event_type"] == "form_submit" else "visit") for row in web]
        told += [(row["occurred_at"], row["event_type"]) for row in service]
        kinds = ("visit", "login", "store_visit", "loyalty_use", "return", "form_submit")
        told += [(at, self.one_of(*kinds)) for at in self.times(0.12 if self.is_asleep else 0.3, 3, 60, 120)]
        return [
            {
                "profile_id": self.name,
                "interaction_kind": kind,
                "channel": "any",
                "is_from_person": kind not in ("refund", "return"),
                "occurred_date": local_date(at),
                "occurred_at": at,
            }
            for at, kind in told
        ]

    def carts(self, orders: Sequence[Row]) -> list[Row]:
        instants = [] if self.is_asleep else self.times(0.3, 3, 15, 110)
        # at the edge of what an order's cart may be stamped with
        minutes = timedelta(minutes=self.one_of(14, 15, 16))
        instants += [row["ordered_at"] + minutes for row in orders if self.is_so(0.1)]
        return [
            {
                "cart_id": f"{self.name}_{number}",
                "profile_id": self.name,
                "order_id": self.one_of(None, None, None, "a guest's"),
                "items": self.one_of("p01,p02", "p01", None),
                "item_count": self.one_of(None, 0, 1, 2, 2),
                "cart_amount": self.one_of(None, Decimal("9.90"), Decimal(60)),
                "updated_date": local_date(at),
                "updated_at": at,
            }
            for number, at in enumerate(instants)
        ]

    def contracts(self) -> list[Row]:
        return [
            {
                "contract_id": f"{self.name}_{number}",
                "profile_id": self.name,
                "contract_type": self.one_of("plan", "warranty"),
                "start_date": self.day(200, 120),
                "end_date": self.one_of(None, self.day(20, 150)),
            }
            for number in range(self.one_of(0, 0, 0, 1, 2))
        ]

    def loyalty(self) -> list[Row]:
        rows = []
        instants = self.times(0.3, 6, 60, 110) if not self.is_asleep else []
        instants += [self.at(local_date(at) - timedelta(days=365)) for at in instants]
        for number, at in enumerate(instants):
            kind = self.one_of("earned", "earned", "earned", "spent", "expired", "gift")
            points = Decimal(self.draws.randrange(1, 120))
            rows.append(
                {
                    "movement_id": f"{self.name}_{number}",
                    "profile_id": self.name,
                    "movement_type": kind,
                    "points": None if kind == "gift" else points if kind == "earned" else -points,
                    "occurred_date": local_date(at),
                    "occurred_at": at,
                }
            )
        return rows

    def recommendations(self) -> list[Row]:
        rows: list[Row] = []
        for kind, method in (("own", "purchases"), ("new", self.one_of("similar_buyers", "popular"))):
            items = self.draws.sample(("dog", "cat", "fish", "bird", "hay"), 5)
            rows += [
                {
                    "profile_id": self.name,
                    "kind": kind,
                    "method": method,
                    "recommendation_rank": rank,
                    "item": items[rank - 1],
                    "score": self.one_of(0.04, 0.05, 0.3),
                }
                for rank in range(1, self.one_of(1, 1, 1, 2, 3, 5))
            ]
        return rows

    def months(self) -> list[date]:
        return months_of(self.start)

    def months_of_silence(self, seen_at: datetime | None) -> tuple[list[Row], list[Row]]:
        """Months as they were published; most people are never silent. What they knew of her last sign may be wrong."""
        seen = local_date(seen_at) if seen_at else None
        silence: list[Row] = []
        values: list[Row] = []
        if not self.is_so(0.7 if self.is_asleep else 0.15):
            return silence, values
        place = self.draws.randrange(4)
        for month in self.months():
            place = self.one_of(place, place, min(place + 1, 3), 0)
            if self.is_so(0.9):
                last = self.one_of(None, month - timedelta(days=self.draws.randrange(1200)), seen, seen)
                silence.append(
                    {
                        "profile_id": self.name,
                        "segment_month": month,
                        "engagement_tier": TIERS[place],
                        "tier_rules": self.shop.tier_rules[month],
                        "last_contact_date": last,
                        "expected_return_amount": self.one_of(None, Decimal(-1), Decimal(0), Decimal(4), Decimal(7)),
                        "no_response_date": self.one_of(None, month),
                        "purge_due_date": month_end(month) + timedelta(days=self.draws.randrange(-5, 25))
                        if place == 3
                        else None,
                    }
                )
            if self.is_so(0.9):
                cluster = self.one_of(None, "inactive", "low", "high")
                is_at_risk = self.one_of(None, True, False, False)
                values.append(
                    {
                        "profile_id": self.name,
                        "segment_month": month,
                        "spend_cluster": cluster,
                        "clv_period_days": self.shop.clv_periods[month],
                        "at_risk_probability": self.shop.at_risk_from[month],
                        "is_at_risk_of_inactive": is_at_risk,
                    }
                )
        return silence, values

    def months_of_segments(self) -> tuple[list[Row], list[Row], list[Row]]:
        moves: list[Row] = []
        published: list[Row] = []
        monthly: list[Row] = []
        if not self.is_so(0.4):
            return moves, published, monthly
        rung = self.draws.randrange(1, 12)
        for month in self.months():
            before, rung = rung, self.one_of(rung, rung, self.draws.randrange(1, 12), 11)
            change = "same" if rung == before else "up" if rung > before else "down"
            direction = "back" if change == "up" and self.is_so(0.3) else change
            moves.append(
                {
                    "profile_id": self.name,
                    "segment_month": month,
                    "from_segment": LADDER[before - 1],
                    "to_segment": LADDER[rung - 1],
                    "from_rung": before,
                    "to_rung": rung,
                    "direction": "recalibrated" if change != "same" and self.is_so(0.1) else direction,
                    "steps_down": before - rung,
                    "is_down": change == "down",
                    "expected_loss_amount": self.one_of(None, Decimal(3), Decimal(12)),
                    "is_costly_decline": change == "down" and self.one_of(None, True, False),
                }
            )
            if self.is_so(0.9):
                worth = self.one_of(None, Decimal(self.draws.randrange(90)))
                published.append({"profile_id": self.name, "segment_month": month, "monetary_amount": worth})
            # what today's data say of the month
            if self.is_so(0.8):
                known = rung if self.is_so(0.8) else self.draws.randrange(1, 12)
                monthly.append({"profile_id": self.name, "segment_month": month, "segment": LADDER[known - 1]})
        return moves, published, monthly

    def stocks(self) -> dict[str, tuple[list[tuple[date, str]], int | None]]:
        stocks: dict[str, tuple[list[tuple[date, str]], int | None]] = {}
        for category in ("dog", "cat"):
            if self.is_so(0.2):
                purchases = [
                    (self.day(40, 110), self.one_of(*sorted(self.shop.products)))
                    for _ in range(self.draws.randint(1, 3))
                ]
                stocks[category] = (purchases, self.one_of(None, *range(7, 40, 3)))
        return stocks

    def consents(self) -> list[ConsentEvent]:
        """Most said yes long ago, some during the story, and some say no."""
        rows = []
        is_new = not self.is_asleep and self.is_so(0.35)
        channels = [channel for channel in (*ADDRESSES,) if self.is_so(0.85 if channel == "email" else 0.5)]
        for channel in channels:
            purpose = "ads_personalisation" if channel == "ads" else "marketing"
            first = self.at(self.day(10, 60) if is_new else self.start - timedelta(days=self.one_of(100, 400)))
            rows.append(ConsentEvent(self.name, channel, purpose, "granted", first))
            if self.is_so(0.1):
                rows.append(ConsentEvent(self.name, channel, purpose, "withdrawn", self.at(self.day(5, 120))))
                if self.is_so(0.5):
                    rows.append(ConsentEvent(self.name, channel, purpose, "granted", self.at(self.day(5, 120))))
        return rows

    def reactions(self) -> tuple[Reaction, ...]:
        hours = (None, None, 1, 12, 30, 80)
        seldom = (*[None] * 24, 0, 2, 26)
        is_seen = self.is_so(0.8)
        return tuple(
            Reaction(
                *(self.name, step, self.one_of(0, 0, 1, 2), self.one_of(1, 1, 1, 2), self.one_of(*[0] * 12, 1, 2)),
                channel=self.one_of(*[None] * 12, "sms"),
                opened_after_hours=self.one_of(*hours),
                clicked_after_hours=self.one_of(*hours),
                link_tag=self.one_of("", "discount"),
                unsubscribed_after_hours=self.one_of(*seldom),
                complained_after_hours=self.one_of(*seldom),
                is_open_observed=is_seen,
                is_click_observed=is_seen or self.is_so(0.5),
            )
            for step in STEPS
            if self.is_so(0.85)
        )

    def story(
        self,
        consents: Sequence[ConsentEvent],
        orders: Sequence[Row],
        signs: Sequence[Row],
        *,
        known: bool,
    ) -> Story:
        profile = Profile(
            self.name,
            preferred_channel=self.one_of(None, None, "sms", "email") if known else None,
            responsive_channel=self.one_of(None, None, "sms", "email", "push"),
            max_messages_30_days=self.one_of(*[None] * 10, 1, 4) if known else None,
            is_mailbox_paused=self.is_so(0.03),
            send_hour=self.one_of(None, None, 7, 19) if known else None,
        )
        suppressions: tuple[Suppression, ...] = ()
        if self.is_so(0.06):
            first = self.day(5, 100)
            last = self.one_of(None, first + timedelta(days=10))
            suppressions = (Suppression(self.name, self.one_of("email", "*", "sms"), first, last),)
        offers = [row["offer_id"] for row in self.shop.offers]
        redemptions = [
            Redemption(self.name, self.one_of(*offers), at, was_cancelled=self.is_so(0.2))
            for at in self.times(0.25, 4, 10, 120)
        ]
        base = replace(
            self.base,
            profiles=(profile,),
            suppressions=suppressions,
            orders=tuple(
                Order(
                    *(row["order_id"], self.name, row["order_status"], row["order_date"], row["ordered_at"]),
                    row["sales_channel"],
                )
                for row in orders
            ),
            redemptions=tuple(redemptions),
            interactions=tuple(
                Interaction(self.name, row["interaction_kind"], row["occurred_at"], row["is_from_person"])
                for row in signs
            ),
        )
        days = days_of(self.start)
        return Story(
            tuple(days),
            base,
            evenings=frozenset((days[3], days[8], days[13])),
            consent_events=tuple(consents),
            erasures=((self.name, self.at(self.day(5, 110))),) if self.is_so(0.03) else (),
            reactions=self.reactions(),
        )


@dataclass(frozen=True)
class Lives:
    """The people of a world, who live through the same days."""

    start: date
    seeds: Facts
    people: Sequence[Life]
    shop: Shop

    @classmethod
    def made_up(cls, people: Iterable[int], seed: int, start: date, seeds: Facts) -> "Lives":
        shop = made_up_shop(start)
        base = World(
            settings=SETTINGS,
            scenarios=scenarios_of(seeds),
            channel_rules=tuple(
                ChannelRule(
                    *(row[name] for name in ("event", "objective", "channel", "precedence", "min_offer_amount"))
                )
                for row in seeds["channel_rules"]
            ),
            gates_switched_off=frozenset(
                (row["kind"], row["gate"]) for row in seeds["gate_applicability"] if not row["is_applied"]
            ),
            message_caps=tuple(
                MessageCap(*(row[name] for name in MessageCap.__dataclass_fields__)) for row in seeds["message_caps"]
            ),
            offers=tuple(Offer(*(row[name] for name in Offer.__dataclass_fields__)) for row in shop.offers),
        )
        lives = [Maker(number, seed, start, shop, base).life() for number in people]
        collected: dict[str, datetime] = {}
        for life in lives:
            for row in life.facts["fct_orders"]:
                if row["sales_channel"] == "drive" and row["order_status"] == "completed":
                    at = collected.get(row["store_id"], row["ordered_at"])
                    collected[row["store_id"]] = min(at, row["ordered_at"])
        return cls(start, seeds, lives, replace(shop, collected_at=collected))

    @cached_property
    def days(self) -> list[date]:
        return list(self.people[0].story.days)

    def looks(self, day: date, worlds: Sequence[World]) -> list[Look]:
        """Everybody on a day."""
        settings = worlds[0].settings
        rules = Rules(settings, LOYALTY_MONTHS, LEVELS)
        months = frozenset(self.published(day))
        facts = [life.facts_on(day, world) for life, world in zip(self.people, worlds, strict=True)]
        places = ranks([row for one in facts for row in one["dim_profiles"]])
        return [
            Look(one, self.shop, rules, day, places.get(life.name), months)
            for life, one in zip(self.people, facts, strict=True)
        ]

    def published(self, day: date) -> list[date]:
        """The months that are closed and published."""
        months, month = [], months_later(self.start.replace(day=1), -3)
        while next_month(month) <= day:
            months.append(month)
            month = next_month(month)
        return months
