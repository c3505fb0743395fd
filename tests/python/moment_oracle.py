"""Who is triggered by what, and when, in plain Python: written from docs/scenario-guide.md and not from the SQL.

One person and one date at a time. What the tables of a warehouse hold about her is given as rows (`Facts`), what holds
for all of them as a `Shop`. Instants are UTC without a zone, as in the tables.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from decision_oracle import Settings, Trigger, as_of_instant, instant, months_later

Row = dict[str, Any]
Facts = Mapping[str, Sequence[Row]]

TIERS = ("active", "dormant", "at_risk", "to_delete")
MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
WELCOMED_DAYS = 365
SAME_VISIT = timedelta(minutes=120)
CART_TOLERANCE = timedelta(minutes=15)
TROUBLE_DAYS = 91
DRIVE_DAYS = 91
# a newcomer's welcome has ended then, and is told of until then, which is how long its journey lasts
WELCOME_ENDS, WELCOME_LASTS = timedelta(days=28), timedelta(days=45)


@dataclass(frozen=True)
class Rules:
    """The settings that moments depend on."""

    settings: Settings
    loyalty_valid_months: int | None
    loyalty_levels: tuple[int, ...]


@dataclass(frozen=True)
class Shop:
    """What is so for everybody."""

    products: Mapping[str, Row]
    stores: Mapping[str, Row]
    # per product what was told about it, oldest first
    availability: Mapping[str, Sequence[tuple[datetime, bool]]]
    rungs: Mapping[str, int]
    offers: Sequence[Row]
    # products by offer
    offer_products: Mapping[str, Sequence[str]]
    # stores at which anybody ever collected an order, by the instant of the first
    collected_at: Mapping[str, datetime]
    # kinds of signs of life that were not recorded before a day
    recorded_from: Mapping[str, date]
    # categories by how far the same people buy both, as of the newest month
    similar: Mapping[str, Mapping[str, float]]
    # by month: what made the tiers, over how many days the spend clusters looked, and from which likelihood on somebody
    # was at risk; None = not told
    tier_rules: Mapping[date, str | None]
    clv_periods: Mapping[date, int | None]
    at_risk_from: Mapping[date, float | None]


@dataclass(frozen=True)
class Moment:
    """What the guide's table says of a moment; a state has no key, day and instant."""

    kind: str
    key: str | None
    day: date | None
    at: datetime | None
    subject: str | None
    value: float | Decimal | None
    says: Mapping[str, Any]
    worth: Decimal | None = None


@dataclass(frozen=True)
class Look:
    """A person, the date on which she is looked at, and what can be read then."""

    facts: Facts
    shop: Shop
    rules: Rules
    today: date
    # her place among those whom new customers should be like: subject and rank
    rank: tuple[str, int] | None = None
    # months whose segments are published
    published: frozenset[date] = frozenset()

    @property
    def now(self) -> datetime:
        return as_of_instant(self.today, self.rules.settings)

    def happened(self, table: str, at: str = "occurred_at") -> list[Row]:
        return [row for row in self.facts[table] if row[at] is not None and row[at] < self.now]

    def day_of(self, at: datetime) -> date:
        zone = ZoneInfo(self.rules.settings.business_timezone)
        return at.replace(tzinfo=UTC).astimezone(zone).date()

    def midnight(self, day: date) -> datetime:
        return instant(day, time(0), self.rules.settings)

    def due(
        self, kind: str, key: str, day: date, subject: str | None, value: Any, says: Row, worth: Any = None
    ) -> Moment:
        """What has a date and no hour begins just before its day: a date alone is read as its first instant."""
        return Moment(kind, key, day, self.midnight(day) - timedelta(seconds=1), subject, value, says, worth)

    @property
    def profile(self) -> Row:
        return self.facts["dim_profiles"][0]

    @property
    def is_profiling_denied(self) -> bool:
        return bool(self.facts["profiling_denials"])


def most(amounts: Mapping[str, Any]) -> str | None:
    """The largest, of equals the first by name."""
    return min(amounts, key=lambda name: (-amounts[name], name)) if amounts else None


def next_month(day: date) -> date:
    return months_later(day.replace(day=1), 1)


def month_end(day: date) -> date:
    return next_month(day) - timedelta(days=1)


def in_year(born: date, year: int) -> date:
    """Who was born on 29 February has a birthday on the 28th of other years."""
    try:
        return born.replace(year=year)
    except ValueError:
        return born.replace(year=year, day=28)


def moments(look: Look) -> Iterator[Moment]:
    """Every moment of a person as of the date."""
    for kind in (*SHOPPING, *LOOKING, *LIFE, *SILENCE, *STATES):
        yield from kind(look)


# --- What she buys ---------------------------------------------------------------------------------------------------


def completed(look: Look) -> list[Row]:
    return [row for row in look.happened("fct_orders", "ordered_at") if row["order_status"] == "completed"]


def order(look: Look) -> Iterator[Moment]:
    by_day: dict[date, list[Row]] = defaultdict(list)
    for row in completed(look):
        by_day[row["order_date"]].append(row)
    for day, rows in by_day.items():
        amounts: Counter[str] = Counter()
        for row in rows:
            for line in look.facts["fct_order_lines"]:
                category = look.shop.products[line["product_id"]]["category"]
                if line["order_id"] == row["order_id"] and category:
                    amounts[category] += line["net_amount"]
        yield Moment(
            *("order", str(day), day, max(row["ordered_at"] for row in rows)),
            "first" if day == min(by_day) else "repeat",
            sum(row["net_amount"] for row in rows),
            {
                "order_id": min(row["order_id"] for row in rows),
                "store_id": min((row["store_id"] for row in rows if row["store_id"]), default=None),
                "category": most(amounts),
                **going_well_with(look, rows, is_first=day == min(by_day)),
            },
        )


def going_well_with(look: Look, orders: Sequence[Row], *, is_first: bool) -> Row:
    """What others buy who buy the same as a first customer, but for what she has; of equals the first by name."""
    ids = {row["order_id"] for row in orders}
    lines = [line for line in look.facts["fct_order_lines"] if line["order_id"] in ids]
    bought = {look.shop.products[line["product_id"]]["category"] for line in lines} - {None}
    found: dict[str, float] = {}
    if is_first and not look.is_profiling_denied:
        for category in bought:
            for other, similarity in look.shop.similar.get(category, {}).items():
                if other not in bought:
                    found[other] = max(similarity, found.get(other, 0))
    items = sorted(found, key=lambda other: (-found[other], other))[:3]
    return {f"item_{place}": item for place, item in enumerate([*items, None, None, None][:3], 1)}


def order_delivered(look: Look) -> Iterator[Moment]:
    for row in look.happened("fct_orders", "delivered_at"):
        if row["order_status"] == "completed":
            yield Moment(
                *("order_delivered", row["order_id"], look.day_of(row["delivered_at"]), row["delivered_at"]),
                *(row["sales_channel"], row["net_amount"]),
                {key: row[key] for key in ("order_id", "store_id", "sales_channel")},
            )


def order_overdue(look: Look) -> Iterator[Moment]:
    person = look.profile
    if person["overdue_from_date"] and person["overdue_from_date"] <= look.today:
        own = [row for row in look.facts["recommendations"] if row["kind"] == "own"]
        yield look.due(
            *("order_overdue", str(person["last_order_date"]), person["overdue_from_date"], person["rf_habit"]),
            person["promotion_sensitivity"],
            {
                "favourite_item": next((row["item"] for row in own if row["recommendation_rank"] == 1), None),
                "interest": person["declared_interests"],
                "preferred_store_id": person["preferred_store_id"],
            },
            person["expected_value_amount"],
        )


def stock_nearly_out(look: Look) -> Iterator[Moment]:
    if look.is_profiling_denied:
        return
    days = {row["order_id"]: row["order_date"] for row in completed(look)}
    bought = [
        (days[line["order_id"]], look.shop.products[line["product_id"]]["category"])
        for line in look.facts["fct_order_lines"]
        if line["order_id"] in days and line["quantity"] > 0
    ]
    for row in look.facts["replenishments"]:
        is_bought_again = any(
            day > row["last_purchase_date"] and category == row["category"] for day, category in bought
        )
        if row["runs_out_date"] and not is_bought_again:
            product = look.shop.products[row["product_id"]]
            yield look.due(
                *("stock_nearly_out", f"{row['last_purchase_date']} {row['category']}", row["runs_out_date"]),
                *(row["category"], row["interval_days"]),
                {
                    "category": row["category"],
                    "product_id": row["product_id"],
                    "product_name": product["product_name"],
                    "package_size": product["package_size"],
                },
            )


def cart_left(look: Look) -> Iterator[Moment]:
    for row in look.happened("fct_carts", "updated_at"):
        is_filled = bool((row["items"] or "").strip()) if row["item_count"] is None else row["item_count"] > 0
        is_ordered = row["order_id"] is not None or any(
            order["ordered_at"] >= row["updated_at"] - CART_TOLERANCE for order in completed(look)
        )
        if is_filled and not is_ordered:
            yield Moment(
                *("cart_left", row["cart_id"], row["updated_date"], row["updated_at"], None, row["cart_amount"]),
                {
                    "cart_id": row["cart_id"],
                    "product_ids": row["items"],
                    "item_count": row["item_count"],
                    "cart_amount": row["cart_amount"],
                },
                row["cart_amount"],
            )


SHOPPING = (order, order_delivered, order_overdue, stock_nearly_out, cart_left)

# --- What she looks at -----------------------------------------------------------------------------------------------


def form_submitted(look: Look) -> Iterator[Moment]:
    for row in look.happened("fct_web_events"):
        if row["event_type"] == "form_submit":
            yield Moment(
                *("form_submitted", row["event_id"], row["occurred_date"], row["occurred_at"], row["form_type"]),
                look.profile["order_count"],
                {"form_type": row["form_type"], "interest": look.profile["declared_interests"]},
            )


def interest_shown(look: Look) -> Iterator[Moment]:
    by_day: dict[date, list[Row]] = defaultdict(list)
    for row in look.happened("fct_web_events"):
        if row["event_type"] in ("product_view", "wishlist_add"):
            by_day[row["occurred_date"]].append(row)
    carts = [row["updated_at"] for row in look.happened("fct_carts", "updated_at")]
    for day, rows in by_day.items():
        wished = [row["product_id"] for row in rows if row["event_type"] == "wishlist_add"]
        category = most(Counter(row["category"] for row in rows if row["category"]))
        first_seen = min(row["occurred_at"] for row in rows)
        # a message about nothing would be empty
        if (category or wished) and not any(at >= first_seen for at in carts):
            yield Moment(
                *("interest_shown", str(day), day, max(row["occurred_at"] for row in rows)),
                *("wishlist_add" if wished else "product_view", len(rows)),
                {
                    "category": category,
                    "wished_product_ids": ",".join(sorted({product for product in wished if product})) or None,
                },
            )


def available_again(look: Look) -> Iterator[Moment]:
    back: dict[date, dict[str, datetime]] = defaultdict(dict)
    bought_at = {row["order_id"]: row["ordered_at"] for row in completed(look)}
    for row in look.happened("fct_web_events"):
        told = [change for change in look.shop.availability.get(row["product_id"], ()) if change[0] < look.now]
        if [is_there for _, is_there in told[-2:]] != [False, True]:
            continue
        (gone, _), (returned, _) = told[-2:]
        is_wished = row["event_type"] == "wishlist_add" and row["occurred_at"] <= returned
        is_missed = row["event_type"] == "product_view" and gone <= row["occurred_at"] <= returned
        # a wish ends with the purchase; one made after it is another
        got_it = [
            bought_at[line["order_id"]] >= row["occurred_at"]
            for line in look.facts["fct_order_lines"]
            if line["order_id"] in bought_at and line["product_id"] == row["product_id"]
        ]
        if (is_wished or is_missed) and not any(got_it):
            back[look.day_of(returned)][row["product_id"]] = returned
    for day, products in back.items():
        yield Moment(
            *("available_again", str(day), day, max(products.values()), None, len(products)),
            {"product_ids": ",".join(sorted(products))},
        )


LOOKING = (form_submitted, interest_shown, available_again)

# --- Her life as a customer ------------------------------------------------------------------------------------------


def became_contactable(look: Look) -> Iterator[Moment]:
    yeses = [
        row["valid_from"]
        for row in look.happened("fct_consents", "valid_from")
        if row["is_granted"] and row["purpose"] == "marketing" and row["channel"] in ("email", "sms")
    ]
    created = look.facts["profiles"][0]["created_at"]
    if not yeses:
        return
    # a yes that came before anybody knew her counts from the day on which she was known
    said = max(min(yeses), created)
    if said >= look.now or (look.day_of(said) - look.day_of(created)).days > WELCOMED_DAYS:
        return
    person = look.profile
    seen = Counter(row["category"] for row in look.happened("fct_web_events") if row["category"])
    interest = person["declared_interests"] or most(seen)
    source = "declared" if person["declared_interests"] else "observed"
    yield Moment(
        *("became_contactable", "first_contact", look.day_of(said), said + SAME_VISIT, None, None),
        {
            "interest": interest,
            "interest_source": source if interest else None,
            "preferred_store_id": person["preferred_store_id"],
        },
    )


def birthday(look: Look) -> Iterator[Moment]:
    born = look.facts["profile_contacts"][0]["birth_date"]
    # who has no plausible date of birth has no age
    if born and look.profile["age_band"]:
        for year in (look.today.year - 1, look.today.year, look.today.year + 1):
            day = in_year(born, year)
            yield look.due("birthday", str(year), day, look.profile["engagement_tier"], None, {})


def contract_date(look: Look) -> Iterator[Moment]:
    rows = look.facts["fct_contracts"]
    for row in rows:
        is_renewed = any(
            other["contract_type"] == row["contract_type"]
            and other["start_date"] > row["start_date"]
            and (other["end_date"] is None or (row["end_date"] and other["end_date"] > row["end_date"]))
            for other in rows
        )
        for subject, day in (("start", row["start_date"]), ("end", None if is_renewed else row["end_date"])):
            if day:
                yield look.due(
                    *("contract_date", f"{subject} {row['contract_id']} {day}", day, subject, None),
                    {"contract_type": row["contract_type"], "contract_date": str(day)},
                )


def loyalty_event(look: Look) -> Iterator[Moment]:
    movements = [row for row in look.happened("fct_loyalty_movements") if row["points"] is not None]
    earned = [row for row in movements if row["movement_type"] == "earned"]
    gone = sum(row["points"] for row in movements if row["points"] < 0)
    if look.rules.loyalty_valid_months is not None:
        runs_out = [
            (month_end(months_later(row["occurred_date"], look.rules.loyalty_valid_months)), row["points"])
            for row in earned
        ]
        end = month_end(look.today.replace(day=1) - timedelta(days=1))
        for _ in range(4):
            left = sum(points for day, points in runs_out if day <= end) + gone
            if left > 0:
                yield look.due(
                    *("loyalty_event", f"points_expire {end}", end, "points_expire", left),
                    {"points": left, "event_date": str(end)},
                )
            end = month_end(end + timedelta(days=1))
    by_day: Counter[date] = Counter()
    for row in earned:
        by_day[row["occurred_date"]] += row["points"]
    total = 0
    for day in sorted(by_day):
        before, total = total, total + by_day[day]
        for level in look.rules.loyalty_levels:
            if before < level <= total:
                yield look.due(
                    *("loyalty_event", f"level_reached {level}", day, "level_reached", level),
                    {"points": level, "event_date": str(day)},
                )


def service_event(look: Look) -> Iterator[Moment]:
    for row in look.happened("fct_service_events"):
        if not (row["event_type"] in ("ticket", "complaint") and row["is_resolved"]):
            yield Moment(
                *("service_event", row["event_id"], row["occurred_date"], row["occurred_at"], row["event_type"]),
                row["rating"],
                {"order_id": row["order_id"]},
            )


LIFE = (became_contactable, birthday, contract_date, loyalty_event, service_event)

# --- Segments and silence: told by the months that are published -----------------------------------------------------


def went_down(look: Look) -> Iterator[Moment]:
    for row in look.facts["segment_moves"]:
        if not row["is_down"]:
            continue
        month = row["segment_month"]
        today = [other["segment"] for other in look.facts["rfm_monthly"] if other["segment_month"] == month]
        # late orders show that she never went down
        if today and look.shop.rungs[today[0]] >= look.shop.rungs[row["from_segment"]]:
            continue
        worth = [other["monetary_amount"] for other in look.facts["rfm_published"] if other["segment_month"] == month]
        yield look.due(
            *("went_down", str(month), next_month(month), row["from_segment"], row["steps_down"]),
            {"steps_down": row["steps_down"]},
            worth[0] if worth else None,
        )


def went_up(look: Look) -> Iterator[Moment]:
    has_trouble = any(
        row["occurred_date"] > look.today - timedelta(days=TROUBLE_DAYS)
        and (row["event_type"] in ("complaint", "refund") or (row["rating"] is not None and row["rating"] <= 2))
        for row in look.happened("fct_service_events")
    )
    for row in look.facts["segment_moves"]:
        now = [other for other in look.facts["rfm_current"] if other["segment"] == row["to_segment"]]
        if row["direction"] in ("up", "back") and now and not has_trouble:
            yield look.due(
                *("went_up", str(row["segment_month"]), next_month(row["segment_month"]), row["to_segment"]),
                *(row["to_rung"] - row["from_rung"], {}),
                now[0]["monetary_amount"],
            )


def is_told_alike(rules: Mapping[date, Any], month: date) -> bool:
    """Was the month told by the rules of the one before? Where they were not told, they were."""
    before, now = rules[months_later(month, -1)], rules[month]
    return None in (before, now) or before == now


def fell_silent(look: Look) -> Iterator[Moment]:
    silence = {row["segment_month"]: row for row in look.facts["silence_published"]}
    clusters = {row["segment_month"]: row["spend_cluster"] for row in look.facts["value_published"]}
    for month in sorted({*silence, *clusters}):
        before = months_later(month, -1)
        # of the first published month nobody knows what was before
        if before not in look.published:
            continue
        row = silence.get(month)
        depth = TIERS.index(row["engagement_tier"]) if row else 0
        depth_before = TIERS.index(silence[before]["engagement_tier"]) if before in silence else 0
        # who is silent by another setting has not fallen silent
        is_deeper = depth > depth_before and is_told_alike(look.shop.tier_rules, month)
        is_lost = (
            clusters.get(month) == "inactive"
            and clusters.get(before) not in (None, "inactive")
            and is_told_alike(look.shop.clv_periods, month)
        )
        if not (is_deeper or is_lost):
            continue
        amount = row["expected_return_amount"] if row else None
        if amount is not None and amount <= 0 and not look.is_profiling_denied:
            continue
        last = row["last_contact_date"] if row else None
        yield look.due(
            *("fell_silent", str(month), next_month(month)),
            row["engagement_tier"] if row and is_deeper else "stopped_buying",
            (month_end(month) - last).days if last else None,
            {},
            None if look.is_profiling_denied else amount,
        )


def is_a_return(look: Look, sign: Row) -> bool:
    """Had the kind been recorded for a year when the month before ended? Else nobody was silent by it yet."""
    begun = look.shop.recorded_from.get(sign["interaction_kind"], date.min)
    return begun <= months_later(sign["occurred_date"].replace(day=1) - timedelta(days=1), -12)


def returned(look: Look) -> Iterator[Moment]:
    silence = {row["segment_month"]: row for row in look.facts["silence_published"]}
    first: dict[date, Row] = {}
    signs = [row for row in look.happened("fct_interactions") if row["is_from_person"] and is_a_return(look, row)]
    for row in sorted(signs, key=lambda row: row["occurred_at"]):
        first.setdefault(row["occurred_date"].replace(day=1), row)
    for month, row in first.items():
        before = silence.get(months_later(month, -1))
        comes_in_trouble = any(
            other["interaction_kind"] in ("complaint", "ticket") and other["occurred_at"] == row["occurred_at"]
            for other in signs
        )
        if before and before["engagement_tier"] != "active" and not comes_in_trouble:
            last = before["last_contact_date"]
            yield Moment(
                *("returned", str(month), row["occurred_date"], row["occurred_at"], before["engagement_tier"]),
                (row["occurred_date"] - last).days if last else None,
                {},
            )


def risk_signal(look: Look) -> Iterator[Moment]:
    if look.is_profiling_denied:
        return
    moves = {row["segment_month"]: row for row in look.facts["segment_moves"]}
    worth = {row["segment_month"]: row["monetary_amount"] for row in look.facts["rfm_published"]}
    today = {row["segment_month"]: row["segment"] for row in look.facts["rfm_monthly"]}
    risks = {row["segment_month"]: row["is_at_risk_of_inactive"] for row in look.facts["value_published"]}
    told = [(month, "costly_decline") for month, row in moves.items() if row["is_costly_decline"]]
    told += [
        (month, "at_risk_of_inactive")
        for month, is_at_risk in risks.items()
        if is_at_risk
        and risks.get(months_later(month, -1)) is False
        and all(is_told_alike(rules, month) for rules in (look.shop.at_risk_from, look.shop.clv_periods))
    ]
    for month, signal in told:
        rungs, move = look.shop.rungs, moves.get(month)
        if signal == "costly_decline" and month in today and rungs[today[month]] >= rungs[moves[month]["from_segment"]]:
            continue
        steps = max(move["steps_down"], 0) if move else 0
        key = f"{signal} {month}"
        yield look.due("risk_signal", key, next_month(month), signal, steps, {}, worth.get(month))


SILENCE = (went_down, went_up, risk_signal, fell_silent, returned)

# --- What simply is so -----------------------------------------------------------------------------------------------


def state(kind: str, subject: str | None, value: Any, says: Row, worth: Any = None) -> Moment:
    return Moment(kind, None, None, None, subject, value, says, worth)


def address_missing(look: Look) -> Iterator[Moment]:
    works = {row["address_kind"] for row in look.facts["contact_addresses"] if row["is_valid"]} & {"email", "phone"}
    if len(works) == 1:
        yield state("address_missing", ({"email", "phone"} - works).pop(), None, {})


def recommended(look: Look) -> Iterator[Moment]:
    new = sorted(
        (row["recommendation_rank"], row["item"], row["method"], row["score"])
        for row in look.facts["recommendations"]
        if row["kind"] == "new"
    )
    if new and not look.is_profiling_denied:
        items = [item for _, item, _, _ in new[:3]] + [None] * 3
        says = {"item_1": items[0], "item_2": items[1], "item_3": items[2]}
        yield state("recommended", new[0][2], new[0][3], says)


def drive_use(look: Look) -> Iterator[Moment]:
    stores = look.shop.stores
    drives = {store for store, row in stores.items() if row["store_type"] == "drive"}
    drives |= {store for store, at in look.shop.collected_at.items() if at < look.now}
    near = {}
    for store, row in stores.items():
        regional = [other for other in drives if stores[other]["region"] == row["region"]]
        if store in drives:
            near[store] = store
        elif row["region"] and regional:
            near[store] = min(regional)
    rows = completed(look)
    collected = [row["order_date"] for row in rows if row["sales_channel"] == "drive"]
    since = look.today - timedelta(days=DRIVE_DAYS)
    visits = Counter(near[row["store_id"]] for row in rows if row["order_date"] > since and row["store_id"] in near)
    of_choice = near.get(look.profile["preferred_store_id"])
    is_welcomed = not collected and any(
        look.today - WELCOME_LASTS <= moment.day <= look.today - WELCOME_ENDS
        for moment in became_contactable(look)
        if moment.day and of_choice
    )
    if (visits or is_welcomed) and (not collected or max(collected) <= since):
        drive = most(visits) or of_choice
        assert drive is not None
        yield state(
            *("drive_use", "lapsed" if collected else "greeted" if is_welcomed else "never", visits.total()),
            {"drive_store_id": drive, "drive_store_name": stores[drive]["store_name"]},
        )


def preference_unknown(look: Look) -> Iterator[Moment]:
    person, current = look.profile, look.facts["silence_current"]
    said = [person[name] for name in ("declared_interests", "preferred_channel", "max_messages_30_days")]
    if current and current[0]["engagement_tier"] != "active":
        yield state("preference_unknown", "silent", None, {})
    elif current and current[0]["no_response_date"]:
        yield state("preference_unknown", "no_response", None, {})
    elif said == [None] * 3:
        yield state("preference_unknown", "nothing_declared", None, {})


def inactive(look: Look) -> Iterator[Moment]:
    """Silent as the newest month says; a sign of life that it did not know of ends that."""
    at = look.profile["last_contact_from_person_at"]
    for month in look.facts["silence_current"]:
        known = month["last_contact_date"]
        has_come = at is not None and (known is None or look.day_of(at) > known)
        if month["engagement_tier"] != "active" and not has_come:
            days = (look.today.replace(day=1) - known).days if known else None
            yield state("inactive", month["engagement_tier"], days, {})


def lookalike_rank(look: Look) -> Iterator[Moment]:
    if look.rank:
        subject, rank = look.rank
        worth = look.profile["expected_value_amount"]
        yield state("lookalike_rank", subject, rank, {"lookalike_value": worth}, worth)


def to_purge(look: Look) -> Iterator[Moment]:
    for row in look.facts["silence_current"]:
        last = look.profile["last_contact_from_person_at"]
        heard_of = last is not None and look.day_of(last) > month_end(row["segment_month"])
        if row["purge_due_date"] and row["purge_due_date"] <= look.today and not heard_of:
            yield state("to_purge", None, (look.today - row["purge_due_date"]).days, {})


STATES = (address_missing, recommended, drive_use, preference_unknown, inactive, lookalike_rank, to_purge)


def ranks(profiles: Sequence[Row]) -> dict[str, tuple[str, int]]:
    """Those who came back apart from those who answer most, by expected value; of equals the id that sorts first."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in profiles:
        if (row["expected_value_amount"] or 0) > 0:
            if row["has_returned"]:
                groups["returned"].append(row)
            elif row["engagement_level"] == "high":
                groups["engaged"].append(row)
    return {
        row["profile_id"]: (subject, rank)
        for subject, rows in groups.items()
        for rank, row in enumerate(
            sorted(rows, key=lambda row: (-row["expected_value_amount"], row["profile_id"])), start=1
        )
    }


# --- What the scenarios make of it -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Triggered:
    """A trigger of the engine, with the words that go with it."""

    trigger: Trigger
    reason_code: str
    says: Mapping[str, Any]


def catches(listener: Row, moment: Moment) -> bool:
    least, largest = listener["at_least"], listener["at_most"]
    value = None if moment.value is None else float(moment.value)
    return (
        listener["moment"] == moment.kind
        and (not listener["subjects"] or moment.subject in listener["subjects"].split(">"))
        and (least is None or (value is not None and value >= float(least)))
        and (largest is None or (value is not None and value <= float(largest)))
    )


def triggers(look: Look, seeds: Facts) -> Iterator[Triggered]:
    """What the enabled scenarios hear of a person: subjects, values, days before and periods as the seeds have them."""
    scenarios = {row["scenario_id"]: row for row in seeds["scenarios"]}
    found = list(moments(look))
    caught: dict[tuple[str, str], list[tuple[date, str, Triggered]]] = defaultdict(list)
    for listener in seeds["scenario_moments"]:
        scenario = scenarios[listener["scenario_id"]]
        if scenario["kind"] == "media" and not look.profile["has_ads_consent"]:
            continue
        for moment in found:
            if not catches(listener, moment):
                continue
            if moment.day is None:
                length = MONTHS[listener["period"]]
                day = date(look.today.year, (look.today.month - 1) // length * length + 1, 1)
            else:
                day = moment.day - timedelta(days=listener["days_before"] or 0)
            if not day <= look.today <= day + timedelta(days=scenario["journey_days"]):
                continue
            # what is so, and what falls due, begins with the last second that the run sees
            at = moment.at
            if at is None or listener["days_before"] is not None:
                at = look.now - timedelta(seconds=1)
            key = (scenario["scenario_id"], moment.key or str(day))
            offer_type, offer_id, amount = offer(look, seeds, scenario["scenario_id"], moment)
            profile_id = look.profile["profile_id"]
            trigger = Trigger(
                scenario["scenario_id"], profile_id, key[1], at, day, offer_type, offer_id, amount, moment.worth
            )
            caught[key].append((day, moment.kind, Triggered(trigger, listener["reason_code"], moment.says)))
    # of two kinds with one key the earlier, of one day the kind whose name sorts first
    for rivals in caught.values():
        assert len({kind for _, kind, _ in rivals}) == len(rivals), "two rows catch one moment"
        yield min(rivals, key=lambda rival: rival[:2])[2]


def valid_offers(look: Look, offer_type: str) -> list[Row]:
    send_date = look.today + timedelta(days=1 if look.rules.settings.as_of_time is None else 0)
    return [
        offer
        for offer in look.shop.offers
        if offer["offer_type"] == offer_type
        and offer["valid_from"] <= send_date
        and (offer["valid_to"] is None or send_date < offer["valid_to"])
    ]


def best_match(look: Look, offer_type: str) -> Row | None:
    """The offer whose products most of her recommendations are of, of equals the cheaper; None when none is hit."""
    if look.is_profiling_denied:
        return None
    recommended = {row["item"] for row in look.facts["recommendations"]}
    hits = {}
    for offer in valid_offers(look, offer_type):
        products = look.shop.offer_products[offer["offer_id"]]
        hits[offer["offer_id"]] = len({look.shop.products[product]["category"] for product in products} & recommended)
    found = [offer for offer in valid_offers(look, offer_type) if hits[offer["offer_id"]]]
    return min(
        found,
        key=lambda offer: (
            -hits[offer["offer_id"]],
            offer["face_value_amount"] is None,
            offer["face_value_amount"] or 0,
            offer["offer_id"],
        ),
        default=None,
    )


def offer(look: Look, seeds: Facts, scenario_id: str, moment: Moment) -> tuple[str | None, str | None, Decimal | None]:
    """Of the rows of which an offer is valid that of the subject before that of any, of the highest value reached."""
    value = None if moment.value is None else float(moment.value)
    rows = [
        row
        for row in seeds["scenario_offers"]
        if row["scenario_id"] == scenario_id
        and row["subject"] in ("*", moment.subject)
        and (row["from_value"] is None or (value is not None and value >= float(row["from_value"])))
        and valid_offers(look, row["offer_type"])
    ]
    if not rows:
        return None, None, None
    row = max(
        rows, key=lambda row: (row["subject"] != "*", -1.0 if row["from_value"] is None else float(row["from_value"]))
    )
    valid = valid_offers(look, row["offer_type"])
    sign = {"lowest_value": 1, "highest_value": -1, "best_match": 1}[row["offer_rule"]]
    if row["offer_rule"] == "best_match":
        valid = [best for best in (best_match(look, row["offer_type"]),) if best] or valid
    valid.sort(
        key=lambda offer: (
            offer["face_value_amount"] is None,
            sign * (offer["face_value_amount"] or 0),
            offer["offer_id"],
        )
    )
    return row["offer_type"], valid[0]["offer_id"], valid[0]["face_value_amount"]
