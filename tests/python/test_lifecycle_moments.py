"""Who is triggered by the moments of a customer's life: an oracle in plain Python, written from the scenario guide.

Some hundred people are made up, dense with days at the edge of what counts. Each shipped scenario on one of these kinds
is switched on in a copy of the seeds, which is the edit of one cell.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import duckdb
import numpy as np
import pytest
import yaml
from compiled import CompiledModels, fill

from rekindle.ground.paths import PROJECT

AS_OF = date(2023, 3, 3)
PEOPLE = 800
SEED = 20230303
KINDS = [
    *("moment_available_again", "moment_birthday", "moment_contract_date", "moment_form_submitted"),
    *("moment_interest_shown", "moment_order", "moment_order_delivered", "moment_order_overdue"),
    *("moment_stock_nearly_out", "state_address_missing", "state_drive_use", "state_recommended"),
]
MODELS = ["moment_windows", *KINDS, "moments", "offer_choices", "scenario_triggers"]
SEEDS = ("scenarios", "scenario_moments", "scenario_offers")
TEXT, STAMP, DAY, MONEY, WHOLE, TRUTH = "varchar", "timestamp", "date", "decimal(18, 2)", "integer", "boolean"
TABLES = {
    "dim_profiles": {
        "profile_id": TEXT,
        "has_ads_consent": TRUTH,
        "engagement_tier": TEXT,
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
    },
    "profile_contacts": {"profile_id": TEXT, "birth_date": DAY},
    "profiling_denials": {"profile_id": TEXT},
    "recommendations": {
        "profile_id": TEXT,
        "kind": TEXT,
        "method": TEXT,
        "recommendation_rank": WHOLE,
        "item": TEXT,
        "score": "double",
    },
    "contact_addresses": {"profile_id": TEXT, "address_kind": TEXT, "is_valid": TRUTH},
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
    "fct_order_lines": {"order_id": TEXT, "product_id": TEXT, "net_amount": MONEY},
    "dim_products": {"product_id": TEXT, "product_name": TEXT, "category": TEXT, "package_size": TEXT},
    "dim_stores": {"store_id": TEXT, "store_type": TEXT, "store_name": TEXT, "region": TEXT},
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
    "fct_carts": {"profile_id": TEXT, "updated_date": DAY, "updated_at": STAMP},
    "fct_product_availability": {"product_id": TEXT, "is_available": TRUTH, "changed_at": STAMP},
    "fct_contracts": {
        "contract_id": TEXT,
        "profile_id": TEXT,
        "contract_type": TEXT,
        "start_date": DAY,
        "end_date": DAY,
    },
    "replenishments": {
        "profile_id": TEXT,
        "category": TEXT,
        "product_id": TEXT,
        "interval_days": WHOLE,
        "last_purchase_date": DAY,
        "runs_out_date": DAY,
    },
    "dim_offers": {
        "offer_id": TEXT,
        "offer_type": TEXT,
        "face_value_amount": MONEY,
        "valid_from": DAY,
        "valid_to": DAY,
    },
}
World = dict[str, list[dict[str, Any]]]
Triggers = dict[tuple[str, str, str], tuple[Any, ...]]


@dataclass(frozen=True)
class Moment:
    """What the guide's table says of a moment; `key` and `day` are missing of a state."""

    kind: str
    profile: str
    key: str | None
    day: date | None
    subject: str | None
    value: float | None
    says: dict[str, Any]


def made_up_world() -> World:
    """The same people on every run."""
    draws = np.random.default_rng(SEED)
    world: World = {table: [] for table in TABLES}

    def one_of(*values: Any) -> Any:
        return values[int(draws.integers(len(values)))]

    def day(before: int, after: int) -> date:
        return AS_OF + timedelta(days=int(draws.integers(-before, after + 1)))

    def noted(on: date) -> datetime:
        return datetime.combine(on, time(int(draws.integers(24)), int(draws.integers(60)), int(draws.integers(60))))

    for number in range(12):
        product = f"p{number:02}"
        world["dim_products"].append(
            {
                "product_id": product,
                "product_name": f"name {number}",
                "package_size": one_of(None, "XL"),
                "category": one_of("dog", "cat", "fish", None),
            }
        )
        changed = datetime.combine(AS_OF - timedelta(days=60), time())
        is_available = one_of(True, False)
        while changed.date() <= AS_OF + timedelta(days=2):
            world["fct_product_availability"].append(
                {"product_id": product, "is_available": is_available, "changed_at": changed}
            )
            is_available = not is_available or one_of(True, False, False)
            changed += timedelta(days=int(draws.integers(1, 9)), hours=int(draws.integers(24)))
    for number, kind in enumerate(("store", "store", "store", "drive", "store")):
        world["dim_stores"].append(
            {
                "store_id": f"s{number}",
                "store_type": kind,
                "store_name": f"store {number}",
                "region": ("north", "north", "south", "north", None)[number],
            }
        )
    products = [row["product_id"] for row in world["dim_products"]]
    categories = {row["product_id"]: row["category"] for row in world["dim_products"]}
    for number in range(PEOPLE):
        person = f"person{number:03}"
        is_plausible = one_of(True, True, True, False)
        born = one_of(
            *(date(1980, 2, 29), date(1996, 2, 29), date(1990, 2, 28), date(1970, 12, 31)),
            *(date(1985, 3, 1) + timedelta(days=int(draws.integers(-50, 20))) for _ in range(4)),
        )
        world["profile_contacts"].append({"profile_id": person, "birth_date": born})
        if one_of(True, False, False, False):
            world["profiling_denials"].append({"profile_id": person})
        ordered: list[date] = []
        for order in range(int(draws.integers(9))):
            on, channel = day(150, 2), one_of("store", "store", "store", "store", "store", "web", "drive")
            is_bought = one_of(True, True, True, False)
            delivered = one_of(None, noted(on + timedelta(days=int(draws.integers(4)))))
            order_id = f"{person}_{order}"
            amount = 0
            for line in draws.choice(products, size=int(draws.integers(3)), replace=False):
                amount += (worth := int(draws.integers(1, 9)))
                world["fct_order_lines"].append({"order_id": order_id, "product_id": str(line), "net_amount": worth})
            world["fct_orders"].append(
                {
                    "order_id": order_id,
                    "profile_id": person,
                    "store_id": "s2" if channel == "drive" else one_of("s0", "s1", "s2", "s4", None),
                    "sales_channel": channel,
                    "order_status": "completed" if is_bought else "cancelled",
                    "net_amount": amount,
                    "order_date": on,
                    "ordered_at": noted(on),
                    "delivered_at": delivered,
                }
            )
            if is_bought and on <= AS_OF:
                ordered.append(on)
        overdue = one_of(None, day(60, 2), day(60, 2))
        world["dim_profiles"].append(
            {
                "profile_id": person,
                "has_ads_consent": False,
                "order_count": len(ordered),
                "engagement_tier": one_of("active", "active", "dormant", "at_risk", None),
                "age_band": "35-44" if is_plausible else None,
                "first_order_date": min(ordered, default=None),
                "last_order_date": max(ordered, default=None),
                "rf_habit": one_of("weekly", "monthly"),
                "overdue_from_date": overdue if ordered else None,
                "expected_value_amount": None,
                "promotion_sensitivity": one_of(None, 0.25, 0.29, 0.3, 0.31),
                "preferred_store_id": "s1",
                "declared_interests": one_of(None, "dog"),
            }
        )
        for kind, method in (("own", "purchases"), ("new", one_of("similar_buyers", "popular"))):
            for rank in range(int(draws.integers(5))):
                world["recommendations"].append(
                    {
                        "profile_id": person,
                        "kind": kind,
                        "method": method,
                        "recommendation_rank": rank + 1,
                        "item": f"{kind} {rank}",
                        "score": one_of(0.04, 0.05, 0.3),
                    }
                )
        for kind in ("email", "phone", "post"):
            for _ in range(int(draws.integers(3))):
                world["contact_addresses"].append(
                    {"profile_id": person, "address_kind": kind, "is_valid": one_of(True, False)}
                )
        for event in range(int(draws.integers(9))):
            seen, what = noted(day(8, 1)), one_of("product_view", "product_view", "wishlist_add", "form_submit")
            viewed = one_of(*products, None) if what != "form_submit" else None
            world["fct_web_events"].append(
                {
                    "event_id": f"{person}_{event}",
                    "profile_id": person,
                    "event_type": what,
                    "form_type": one_of("contest", "lead_ad", "preference") if what == "form_submit" else None,
                    "product_id": viewed,
                    "category": categories.get(viewed),
                    "occurred_date": seen.date(),
                    "occurred_at": seen,
                }
            )
        if one_of(True, False, False):
            updated = noted(day(8, 1))
            world["fct_carts"].append({"profile_id": person, "updated_date": updated.date(), "updated_at": updated})
        for contract in range(int(draws.integers(3))):
            begins = day(400, 20)
            world["fct_contracts"].append(
                {
                    "contract_id": f"{person}_{contract}",
                    "profile_id": person,
                    "start_date": begins,
                    "contract_type": one_of("plan", "warranty"),
                    "end_date": one_of(None, day(40, 60)),
                }
            )
        for category in ("dog", "cat"):
            bought = day(60, 0)
            lasts = one_of(None, *range(7, 40))
            world["replenishments"].append(
                {
                    "profile_id": person,
                    "category": category,
                    "product_id": one_of(*products),
                    "interval_days": lasts,
                    "last_purchase_date": bought,
                    "runs_out_date": bought + timedelta(days=lasts) if lasts else None,
                }
            )
    world["dim_offers"] = [
        {"offer_id": kind, "offer_type": kind, "face_value_amount": 5, "valid_from": date(2020, 1, 1)}
        for kind in ("gift", "coupon", "voucher", "free_delivery")
    ]
    return world


def by_person(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found = defaultdict(list)
    for row in rows:
        found[row["profile_id"]].append(row)
    return found


def most(amounts: Counter[str]) -> str | None:
    """The largest, of equals the first by name."""
    return min(amounts, key=lambda name: (-amounts[name], name)) if amounts else None


def in_year(born: date, year: int) -> date:
    """Who was born on 29 February has a birthday on the 28th of other years."""
    try:
        return born.replace(year=year)
    except ValueError:
        return born.replace(year=year, day=28)


def moments_of(world: World) -> Iterator[Moment]:
    """Every moment of everybody up to the as-of date, and birthdays, contracts and stocks also after it."""
    people = {row["profile_id"]: row for row in world["dim_profiles"]}
    names = {row["product_id"]: row for row in world["dim_products"]}
    stores = {row["store_id"]: row for row in world["dim_stores"]}
    denied = {row["profile_id"] for row in world["profiling_denials"]}
    orders = by_person([row for row in world["fct_orders"] if row["order_status"] == "completed"])
    bought = {person: [row for row in rows if row["ordered_at"].date() <= AS_OF] for person, rows in orders.items()}
    events = by_person([row for row in world["fct_web_events"] if row["occurred_date"] <= AS_OF])
    recommended = by_person(world["recommendations"])

    for row in world["profile_contacts"]:
        person = people[row["profile_id"]]
        for year in (AS_OF.year - 1, AS_OF.year, AS_OF.year + 1):
            if person["age_band"]:
                yield Moment(
                    *("birthday", row["profile_id"], str(year), in_year(row["birth_date"], year)),
                    *(person["engagement_tier"], None, {}),
                )

    for name, person in people.items():
        own = [row["item"] for row in recommended[name] if row["kind"] == "own" and row["recommendation_rank"] == 1]
        if person["overdue_from_date"]:
            yield Moment(
                *("order_overdue", name, str(person["last_order_date"]), person["overdue_from_date"]),
                *(person["rf_habit"], person["promotion_sensitivity"]),
                {
                    "favourite_item": own[0] if own else None,
                    "interest": person["declared_interests"],
                    "preferred_store_id": person["preferred_store_id"],
                },
            )
        new = sorted(
            (row["recommendation_rank"], row["item"], row["method"], row["score"])
            for row in recommended[name]
            if row["kind"] == "new"
        )
        if new and name not in denied:
            items = [item for _, item, _, _ in new[:3]] + [None] * 3
            yield Moment(
                *("recommended", name, None, None, new[0][2], new[0][3]),
                {"item_1": items[0], "item_2": items[1], "item_3": items[2]},
            )

    for name, rows in by_person(world["contact_addresses"]).items():
        works = {row["address_kind"] for row in rows if row["is_valid"]} - {"post"}
        if len(works) == 1:
            yield Moment("address_missing", name, None, None, ({"email", "phone"} - works).pop(), None, {})

    lines = defaultdict(list)
    for row in world["fct_order_lines"]:
        lines[row["order_id"]].append(row)
    for name, rows in bought.items():
        for on in {row["order_date"] for row in rows}:
            visit = [row for row in rows if row["order_date"] == on]
            amounts: Counter[str] = Counter()
            for row in visit:
                for line in lines[row["order_id"]]:
                    if names[line["product_id"]]["category"]:
                        amounts[names[line["product_id"]]["category"]] += line["net_amount"]
            yield Moment(
                *("order", name, str(on), on),
                "first" if on == min(row["order_date"] for row in rows) else "repeat",
                sum(row["net_amount"] for row in visit),
                {
                    "order_id": min(row["order_id"] for row in visit),
                    "store_id": min((row["store_id"] for row in visit if row["store_id"]), default=None),
                    "category": most(amounts),
                },
            )
    for name, rows in orders.items():
        for row in rows:
            if row["delivered_at"] and row["delivered_at"].date() <= AS_OF:
                yield Moment(
                    *("order_delivered", name, row["order_id"], row["delivered_at"].date()),
                    *(row["sales_channel"], row["net_amount"]),
                    {key: row[key] for key in ("order_id", "store_id", "sales_channel")},
                )

    for name, rows in events.items():
        for row in rows:
            if row["event_type"] == "form_submit":
                yield Moment(
                    *("form_submitted", name, row["event_id"], row["occurred_date"], row["form_type"]),
                    people[name]["order_count"],
                    {"form_type": row["form_type"], "interest": people[name]["declared_interests"]},
                )
        looked = [row for row in rows if row["event_type"] != "form_submit"]
        carts = [
            row["updated_at"]
            for row in world["fct_carts"]
            if row["profile_id"] == name and row["updated_date"] <= AS_OF
        ]
        for on in {row["occurred_date"] for row in looked}:
            that_day = [row for row in looked if row["occurred_date"] == on]
            wished = [row["product_id"] for row in that_day if row["event_type"] == "wishlist_add"]
            category = most(Counter(row["category"] for row in that_day if row["category"]))
            if (category or wished) and not any(at >= min(row["occurred_at"] for row in that_day) for at in carts):
                yield Moment(
                    *("interest_shown", name, str(on), on),
                    *("wishlist_add" if wished else "product_view", len(that_day)),
                    {
                        "category": category,
                        "wished_product_ids": ",".join(sorted({product for product in wished if product})) or None,
                    },
                )

    changes = defaultdict(list)
    for row in world["fct_product_availability"]:
        if row["changed_at"].date() <= AS_OF:
            changes[row["product_id"]].append((row["changed_at"], row["is_available"]))
    for name, rows in events.items():
        back: dict[date, set[str]] = defaultdict(set)
        for product, history in changes.items():
            if len(history) < 2 or [state for _, state in sorted(history)[-2:]] != [False, True]:
                continue
            (gone, _), (returned, _) = sorted(history)[-2:]
            for row in rows:
                wished = row["event_type"] == "wishlist_add" and row["occurred_at"] <= returned
                missed = row["event_type"] == "product_view" and gone <= row["occurred_at"] <= returned
                if row["product_id"] == product and (wished or missed):
                    back[returned.date()].add(product)
        for on, products in back.items():
            yield Moment(
                *("available_again", name, str(on), on, None, len(products)),
                {"product_ids": ",".join(sorted(products))},
            )

    for name, rows in by_person(world["fct_contracts"]).items():
        for row in rows:
            renewed = any(
                other["contract_type"] == row["contract_type"]
                and other["start_date"] > row["start_date"]
                and (other["end_date"] is None or (row["end_date"] and other["end_date"] > row["end_date"]))
                for other in rows
            )
            for subject, on in (("start", row["start_date"]), ("end", None if renewed else row["end_date"])):
                if on:
                    yield Moment(
                        *("contract_date", name, f"{subject} {row['contract_id']}", on, subject, None),
                        {"contract_type": row["contract_type"], "contract_date": str(on)},
                    )

    for row in world["replenishments"]:
        if row["runs_out_date"]:
            product = names[row["product_id"]]
            yield Moment(
                *("stock_nearly_out", row["profile_id"], f"{row['last_purchase_date']} {row['category']}"),
                *(row["runs_out_date"], row["category"], row["interval_days"]),
                {
                    "category": row["category"],
                    "product_id": row["product_id"],
                    "product_name": product["product_name"],
                    "package_size": product["package_size"],
                },
            )

    drives = {store for store, row in stores.items() if row["store_type"] == "drive"} | {
        row["store_id"] for rows in bought.values() for row in rows if row["sales_channel"] == "drive"
    }
    near = {}
    for store, row in stores.items():
        regional = [other for other in drives if other in stores and stores[other]["region"] == row["region"]]
        if store in drives:
            near[store] = store
        elif row["region"] and regional:
            near[store] = min(regional)
    for name, rows in bought.items():
        collected = [row["order_date"] for row in rows if row["sales_channel"] == "drive"]
        recent = [row for row in rows if row["order_date"] > AS_OF - timedelta(days=91)]
        visits = Counter(near[row["store_id"]] for row in recent if row["store_id"] in near)
        if visits and (not collected or max(collected) <= AS_OF - timedelta(days=91)):
            drive = most(visits)
            yield Moment(
                *("drive_use", name, None, None, "lapsed" if collected else "never", visits.total()),
                {"drive_store_id": drive, "drive_store_name": stores[drive]["store_name"] if drive else None},
            )


def expected(world: World, seeds: dict[str, list[dict[str, Any]]]) -> Triggers:
    """Date, offer and words of every trigger, as the seeds read by the guide: subjects, values, days before, period."""
    months = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
    scenarios = {row["scenario_id"]: row for row in seeds["scenarios"]}
    moments = list(moments_of(world))
    found: Triggers = {}
    for listener in seeds["scenario_moments"]:
        scenario = scenarios[listener["scenario_id"]]
        for moment in moments:
            value = None if moment.value is None else float(moment.value)
            least, largest = listener["at_least"], listener["at_most"]
            if (
                moment.kind != listener["moment"]
                or (listener["subjects"] and moment.subject not in listener["subjects"].split(">"))
                or (least is not None and (value is None or value < float(least)))
                or (largest is not None and (value is None or value > float(largest)))
            ):
                continue
            if moment.day is None:
                length = months[listener["period"]]
                triggered = date(AS_OF.year, (AS_OF.month - 1) // length * length + 1, 1)
            else:
                triggered = moment.day - timedelta(days=listener["days_before"] or 0)
            if not triggered <= AS_OF <= triggered + timedelta(days=scenario["journey_days"]):
                continue
            offers = [
                (
                    row["subject"] != "*",
                    -1.0 if row["from_value"] is None else float(row["from_value"]),
                    row["offer_type"],
                )
                for row in seeds["scenario_offers"]
                if row["scenario_id"] == listener["scenario_id"]
                and row["subject"] in ("*", moment.subject)
                and (row["from_value"] is None or (value is not None and value >= float(row["from_value"])))
            ]
            key = (listener["scenario_id"], moment.profile, moment.key or str(triggered))
            assert key not in found, "two rows catch one moment"
            found[key] = (triggered, max(offers)[2] if offers else None, moment.says)
    return found


@pytest.fixture(scope="module")
def judged() -> tuple[Triggers, Triggers]:
    """What the models say and what the oracle says, by scenario, person and key."""
    world = made_up_world()
    pages = yaml.safe_load((PROJECT / "seeds" / "config" / "_config__seeds.yml").read_text(encoding="utf-8"))["seeds"]
    types = {page["name"]: page["config"]["column_types"] for page in pages}
    models = CompiledModels(MODELS, {"as_of_date": str(AS_OF), "business_timezone": "UTC", "moments": KINDS})
    with duckdb.connect() as connection:
        for table, columns in TABLES.items():
            fill(connection, table, columns, [tuple(row.get(name) for name in columns) for row in world[table]])
        for seed in SEEDS:
            fill(connection, seed, types[seed], [])
            path = PROJECT / "seeds" / "config" / f"{seed}.csv"
            connection.execute(f"insert into {seed} from read_csv('{path}', header = true, all_varchar = true)")
        # only who listens to these kinds, and all of them: the edit of one cell
        kinds = ", ".join(f"'{kind.split('_', 1)[1]}'" for kind in KINDS)
        connection.execute(f"delete from scenario_moments where moment not in ({kinds})")
        connection.execute("delete from scenarios where scenario_id not in (select scenario_id from scenario_moments)")
        connection.execute("update scenarios set is_enabled = true")
        seeds = {}
        for seed in SEEDS:
            answer = connection.execute(f"from {seed}")
            names = [column[0] for column in answer.description or ()]
            seeds[seed] = [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
        models.build(connection, *MODELS)
        triggers = connection.execute(
            "select scenario_id, profile_id, entry_key, triggered_date, offer_type, personalisation "
            "from scenario_triggers"
        ).fetchall()
    found = {
        (scenario, person, key): (day, offer, json.loads(said)) for scenario, person, key, day, offer, said in triggers
    }
    assert len(found) == len(triggers)
    return found, expected(world, seeds)


def test_every_scenario_is_triggered_as_the_oracle_says(
    judged: tuple[Triggers, Triggers],
) -> None:
    found, wanted = judged
    differences = {key: (found.get(key), wanted.get(key)) for key in found.keys() | wanted.keys()}
    assert {key: both for key, both in differences.items() if both[0] != both[1]} == {}


def test_the_made_up_people_try_every_scenario_with_and_without_offers(
    judged: tuple[Triggers, Triggers],
) -> None:
    found, _ = judged
    counted = Counter(scenario for scenario, _, _ in found)
    assert len(counted) == 13
    assert min(counted.values()) >= 20, counted
    overdue = Counter(offer for (scenario, _, _), (_, offer, _) in found.items() if scenario == "repurchase_overdue")
    assert set(overdue) == {None, "coupon"}
    wishes = Counter(offer for (scenario, _, _), (_, offer, _) in found.items() if scenario == "birthday")
    assert set(wishes) == {"gift", "voucher"}
