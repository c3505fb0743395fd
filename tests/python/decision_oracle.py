"""The decision engine a second time, in plain Python, written from its rules in prose and not from its SQL.

One date at a time: `decide` takes what can be read on that date and what was decided before it, and gives the
decisions and new entries of the date. Instants are UTC without a zone, as in the tables.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

GATES = (
    "not_erased",
    "not_stopped",
    "reachable",
    "consented",
    "not_suppressed",
    "not_cooling_down",
    "admitted",
    "not_held_out",
    "under_pressure_cap",
    "won_arbitration",
)


@dataclass(frozen=True)
class Settings:
    """What the project is told besides its data."""

    business_timezone: str = "UTC"
    as_of_time: time | None = None
    send_time: time = time(9)
    global_holdout_salt: str = ""
    global_holdout_share: Decimal = Decimal(0)
    isolation_months: int = 12


@dataclass(frozen=True)
class Variant:
    """A version of a step's message on a channel, for the people whose buckets lie in a range (both ends included)."""

    variant: str
    channel: str
    first_bucket: int
    last_bucket: int


@dataclass(frozen=True)
class Step:
    """A step of a journey; without `after_steps` it is a first one."""

    step: str
    after_steps: tuple[str, ...] = ()
    wait_days: int = 0
    condition: str = "none"
    fallback_condition: str = ""
    variants: tuple[Variant, ...] = ()
    variant_salt: str = ""
    offer_rule: str = ""
    # one for all steps before, or one for each in their order
    stop_after_days: tuple[int, ...] = (7,)

    def days_after(self, previous: str) -> int:
        """How long it may go out after that step."""
        if len(self.stop_after_days) == 1:
            return self.stop_after_days[0]
        return dict(zip(self.after_steps, self.stop_after_days, strict=True))[previous]


@dataclass(frozen=True)
class Scenario:
    """A scenario with its steps."""

    scenario_id: str
    steps: tuple[Step, ...]
    channels: tuple[str, ...]
    starts_date: date | None
    objective: str = "objective"
    kind: str = "message"
    purpose: str = "marketing"
    priority: int = 1
    cooldown_days: int = 0
    entry_window_days: int = 3
    journey_days: int = 14
    holdout_share: Decimal = Decimal(0)
    holdout_salt: str = "salt"
    ends_date: date | None = None
    recurrence: str = "per_entry_key"
    is_enabled: bool = True
    stops_on: tuple[str, ...] = ()
    message_limit: int | None = None
    as_before_share: Decimal | None = None
    max_entries_per_day: int | None = None
    max_running: int | None = None
    # its data are there
    is_ready: bool = True
    # it listens to something that simply is so
    is_of_state: bool = False


@dataclass(frozen=True)
class ChannelRule:
    """The place of a channel for an event (a scenario) and an objective, and the least offer worth its cost."""

    event: str
    objective: str
    channel: str
    precedence: int | None = None
    min_offer_amount: Decimal | None = None


@dataclass(frozen=True)
class MessageCap:
    """How many slots of a channel people of a tier may have used."""

    channel: str
    engagement_tier: str
    window_days: int
    max_messages: int
    max_per_calendar_month: int | None = None


@dataclass(frozen=True)
class QuietHours:
    """When nobody of a country (or any) is disturbed on a channel, by the clock of a zone (or the business's)."""

    channel: str
    country_code: str
    time_zone: str | None
    begin: time
    end: time


@dataclass(frozen=True)
class Suppression:
    """A person whom nobody may write to on a channel (or any), from a date and until another."""

    profile_id: str
    channel: str
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True)
class Profile:
    """A person as of the date, and the kinds of address that work."""

    profile_id: str
    has_erasure_request: bool = False
    preferred_channel: str | None = None
    max_messages_30_days: int | None = None
    last_contact_from_person_at: datetime | None = None
    # how long she had been silent when the newest month closed
    engagement_tier: str = "active"
    # the channel on which she answers most, as far as that may be known
    responsive_channel: str | None = None
    addresses: frozenset[str] = frozenset()
    # too many people complained at the provider of her mailbox
    is_mailbox_paused: bool = False
    country_code: str | None = None
    # where she lives, where a record says so
    time_zone: str | None = None
    # the hour at which she wants to be written to
    send_hour: int | None = None


@dataclass(frozen=True)
class Permission:
    """Whether a person may be written to as of the date, and what stopped it: given here, judged elsewhere."""

    profile_id: str
    channel: str
    purpose: str
    is_consented: bool
    stopped_by: str | None = None


@dataclass(frozen=True)
class Message:
    """A message that the provider reported."""

    message_id: str
    profile_id: str
    channel: str
    sent_date: date
    sent_at: datetime
    decision_id: str | None = None
    first_delivered_at: datetime | None = None
    first_opened_at: datetime | None = None
    first_clicked_at: datetime | None = None
    first_complained_at: datetime | None = None
    first_unsubscribed_at: datetime | None = None
    first_not_sent_at: datetime | None = None
    is_open_observed: bool = True
    is_click_observed: bool = True
    message_kind: str = "marketing"
    # every click with the link that was clicked, as far as clicks may be known
    clicks: tuple[tuple[datetime, str], ...] = ()


@dataclass(frozen=True)
class Order:
    """An order and what became of it."""

    order_id: str
    profile_id: str
    order_status: str
    order_date: date
    ordered_at: datetime
    sales_channel: str | None = None


@dataclass(frozen=True)
class Redemption:
    """An offer that was used."""

    profile_id: str
    offer_id: str
    redeemed_at: datetime
    # the order it was used on was cancelled: it never was
    was_cancelled: bool = False


@dataclass(frozen=True)
class Interaction:
    """Any other sign of life."""

    profile_id: str
    interaction_kind: str
    occurred_at: datetime
    is_from_person: bool = True


@dataclass(frozen=True)
class Offer:
    """An offer, usable from a date until before another."""

    offer_id: str
    offer_type: str
    face_value_amount: Decimal | None
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True)
class Trigger:
    """A row of scenario_triggers: why a journey of a person may begin."""

    scenario_id: str
    profile_id: str
    entry_key: str
    triggered_at: datetime
    triggered_date: date
    offer_type: str | None = None
    offer_id: str | None = None
    offer_amount: Decimal | None = None
    expected_value_amount: Decimal | None = None


@dataclass(frozen=True)
class Entry:
    """A row of scenario_entries."""

    scenario_id: str
    profile_id: str
    entry_key: str
    entered_date: date
    triggered_at: datetime
    triggered_date: date
    arm: str
    holdout_period: str
    offer_type: str | None = None
    offer_id: str | None = None
    offer_amount: Decimal | None = None
    expected_value_amount: Decimal | None = None


@dataclass(frozen=True)
class Decision:
    """A row of decisions; a gate that was not asked, being switched off or after the one that closed, is None."""

    decision_id: str
    as_of_date: date
    scenario_id: str
    profile_id: str
    entry_key: str
    step: str
    outcome: str
    closed_gate: str | None
    gates: tuple[bool | None, ...]
    offer_id: str | None
    send_date: date
    send_at: datetime
    channel: str | None = None
    variant: str | None = None
    has_matching_offer: bool | None = None


@dataclass(frozen=True)
class World:
    """Everything that can be read on one date, what has not happened yet included."""

    settings: Settings = Settings()
    scenarios: tuple[Scenario, ...] = ()
    channel_rules: tuple[ChannelRule, ...] = ()
    # (kind, gate) pairs that do not apply
    gates_switched_off: frozenset[tuple[str, str]] = frozenset()
    message_caps: tuple[MessageCap, ...] = ()
    quiet_hours: tuple[QuietHours, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    profiles: tuple[Profile, ...] = ()
    permissions: tuple[Permission, ...] = ()
    messages: tuple[Message, ...] = ()
    orders: tuple[Order, ...] = ()
    redemptions: tuple[Redemption, ...] = ()
    interactions: tuple[Interaction, ...] = ()
    offers: tuple[Offer, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    # old profile id: the survivor's
    merges: tuple[tuple[str, str], ...] = ()
    # a profile, another with which it was one person before, and the first date that told them apart
    splits: tuple[tuple[str, str, date], ...] = ()
    # of a person and a type of offer the valid one that matches best: profile, type, offer
    matching_offers: tuple[tuple[str, str, str], ...] = ()
    # who opened an e-mail, and the date of the last time
    last_opens: tuple[tuple[str, date], ...] = ()


@dataclass(frozen=True)
class Past:
    """The kept tables, as they were written."""

    decisions: tuple[Decision, ...] = ()
    entries: tuple[Entry, ...] = ()

    def __add__(self, other: "Past") -> "Past":
        return Past(self.decisions + other.decisions, self.entries + other.entries)


def bucket(*parts: str) -> int:
    """A number below 10,000 that is the same for the same parts, everywhere."""
    digest = hashlib.sha256("|".join(parts).encode()).hexdigest()
    return int(digest[:8], 16) % 10_000


def decision_id(as_of_date: date, scenario_id: str, profile_id: str, entry_key: str, step: str) -> str:
    """The id that travels with a message and comes back in its report."""
    return hashlib.sha256(f"{as_of_date}|{scenario_id}|{profile_id}|{entry_key}|{step}".encode()).hexdigest()


def instant(day: date, at: time, settings: Settings) -> datetime:
    """A local time as UTC without a zone."""
    local = datetime.combine(day, at, ZoneInfo(settings.business_timezone))
    return local.astimezone(UTC).replace(tzinfo=None)


def as_of_instant(day: date, settings: Settings) -> datetime:
    """The first instant that the date does not see."""
    if settings.as_of_time is not None:
        return instant(day, settings.as_of_time, settings)
    return instant(day + timedelta(days=1), time(0), settings)


def half_year(day: date) -> str:
    """The period that a holdout lasts."""
    return f"{day.year}H{1 if day.month <= 6 else 2}"


def pick_variant(step: Step, channel: str | None, profile_id: str) -> str | None:
    """The variant of the channel whose buckets hold the person."""
    place = bucket(step.variant_salt, profile_id)
    for variant in step.variants:
        if variant.channel == channel and variant.first_bucket <= place <= variant.last_bucket:
            return variant.variant
    return None


def months_later(day: date, months: int) -> date:
    """The same day that many months on, or the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    first_of_next = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    last = (first_of_next - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


@dataclass(frozen=True)
class Report:
    """What providers told by the date about the message of a decision."""

    messages: tuple[Message, ...]
    is_delivered: bool
    is_opened: bool
    is_clicked: bool
    clicked_links: frozenset[str]
    is_not_sent: bool
    is_open_observed: bool
    is_click_observed: bool


Key = tuple[str, str, str]  # scenario, profile, entry key

# Where it is seen that a message was clicked, or opened: nobody clicks in a letter, and of an SMS nobody is told that
# it was read.
CLICKED = ("email", "sms", "push")
OPENED = ("email", "push")

# Any of these kinds of address reaches a person on the channel.
ADDRESSES = {
    "email": {"email"},
    "sms": {"phone"},
    "phone": {"phone"},
    "post": {"post"},
    "push": {"app"},
    "ads": {"email", "phone"},
}


@dataclass(frozen=True)
class Due:
    """A step that is due, with what is known of its journey."""

    scenario: Scenario
    step: Step
    profile_id: str
    entry_key: str
    triggered_at: datetime
    triggered_date: date
    window_end: date
    offer_type: str | None
    offer_id: str | None
    offer_amount: Decimal | None
    expected_value_amount: Decimal | None
    previous: Decision | None
    entry: Entry | None

    @property
    def key(self) -> Key:
        return (self.scenario.scenario_id, self.profile_id, self.entry_key)


@dataclass
class Case:
    """A due step on its way through the gates."""

    due: Due
    offer_id: str | None
    channels: list[str]
    gates: list[bool | None] = field(default_factory=list)
    arm: str = "treated"

    @property
    def is_open(self) -> bool:
        return False not in self.gates


def decide(world: World, as_of_date: date, past: Past) -> tuple[list[Decision], list[Entry]]:
    """The decisions and the new entries of a date."""
    return _Day(world, as_of_date, past).decide()


def standing(world: World, as_of_date: date, past: Past) -> list[Decision]:
    """What leaves the house: the messages of the date, and of lists whoever was selected and whose journey stands."""
    return _Day(world, as_of_date, past).standing(past.decisions)


class _Day:
    """One date with its look-ups."""

    def __init__(self, world: World, as_of_date: date, past: Past) -> None:
        self.world = world
        self.today = as_of_date
        self.now = as_of_instant(as_of_date, world.settings)
        self.send_date = as_of_date + timedelta(days=1 if world.settings.as_of_time is None else 0)
        self.send_at = (
            instant(self.send_date, world.settings.send_time, world.settings)
            if world.settings.as_of_time is None
            else self.now
        )
        self.survivor = dict(world.merges)
        self.past_decisions = [
            replace(row, profile_id=person)
            for row in past.decisions
            if row.as_of_date < as_of_date
            for person in self.heirs(row.profile_id, row.as_of_date)
        ]
        # of one reason the earlier entry stands, of one day that of the id which sorts first: both must choose the same
        entered = [row for row in past.entries if row.entered_date < as_of_date]
        entered.sort(key=lambda row: (row.entered_date, row.profile_id, row.scenario_id, row.entry_key))
        self.past_entries = [
            replace(row, profile_id=person)
            for row in entered
            for person in self.heirs(row.profile_id, row.entered_date)
        ]
        self.profiles = {profile.profile_id: profile for profile in world.profiles}
        self.decided: dict[Key, list[Decision]] = defaultdict(list)
        for row in self.past_decisions:
            self.decided[(row.scenario_id, row.profile_id, row.entry_key)].append(row)
        self.entered: dict[Key, Entry] = {}
        for entry in reversed(self.past_entries):
            self.entered[(entry.scenario_id, entry.profile_id, entry.entry_key)] = entry
        self.emitted = {(row.scenario_id, row.profile_id, row.entry_key): row for row in world.triggers}

    def heirs(self, profile_id: str, day: date) -> list[str]:
        """Whose past a row of the day is: whoever carries on the id, and whoever was one with them on that day."""
        person = self.survivor.get(profile_id, profile_id)
        return [person, *(one for one, other, told_apart in self.world.splits if other == person and day < told_apart)]

    def happened(self, at: datetime | None) -> bool:
        return at is not None and at < self.now

    def local_date(self, at: datetime) -> date:
        return at.replace(tzinfo=UTC).astimezone(ZoneInfo(self.world.settings.business_timezone)).date()

    def applies(self, scenario: Scenario, gate: str) -> bool:
        return (scenario.kind, gate) not in self.world.gates_switched_off

    def sending(self, profile_id: str, channel: str | None) -> tuple[date, datetime]:
        """When a message goes out: as planned, or at the end of the quiet hours that it falls into."""
        if channel is None:
            return self.send_date, self.send_at
        planned = self.planned(profile_id)
        country = self.profiles[profile_id].country_code if profile_id in self.profiles else None
        rows = {row.country_code: row for row in self.world.quiet_hours if row.channel == channel}
        hours = rows.get(country or "*") or rows.get("*")
        if hours is None:
            return self.send_date, planned
        own = self.profiles[profile_id].time_zone if profile_id in self.profiles else None
        zone = ZoneInfo(own or hours.time_zone or self.world.settings.business_timezone)
        clock = planned.replace(tzinfo=UTC).astimezone(zone)
        at, begin, end = clock.time(), hours.begin, hours.end
        if not (begin <= at < end if begin < end else at >= begin or at < end):
            return self.send_date, planned
        days = 1 if begin > end and at >= begin else 0
        later = datetime.combine(clock.date() + timedelta(days=days), end, zone).astimezone(UTC)
        home = later.astimezone(ZoneInfo(self.world.settings.business_timezone))
        return home.date(), later.replace(tzinfo=None)

    def planned(self, profile_id: str) -> datetime:
        """At the hour that the person has declared, else as everybody; in the evening at once."""
        hour = self.profiles[profile_id].send_hour if profile_id in self.profiles else None
        if hour is None or self.world.settings.as_of_time is not None:
            return self.send_at
        return instant(self.send_date, time(hour), self.world.settings)

    # --- Reports ------------------------------------------------------------------------------------------------

    def report(self, decision: Decision) -> Report:
        messages = tuple(
            message
            for message in self.world.messages
            if message.decision_id == decision.decision_id and self.happened(message.sent_at)
        )
        return Report(
            messages,
            is_delivered=any(self.happened(message.first_delivered_at) for message in messages),
            is_opened=any(self.happened(message.first_opened_at) for message in messages),
            is_clicked=any(self.happened(message.first_clicked_at) for message in messages),
            clicked_links=frozenset(link for message in messages for at, link in message.clicks if self.happened(at)),
            is_not_sent=bool(messages) and all(self.happened(message.first_not_sent_at) for message in messages),
            is_open_observed=(
                all(message.is_open_observed for message in messages) if messages else decision.channel in OPENED
            ),
            is_click_observed=(
                all(message.is_click_observed for message in messages) if messages else decision.channel in CLICKED
            ),
        )

    def sent(self, key: Key) -> list[Decision]:
        """Selected steps of the journey, as far as nobody says that they were not sent."""
        return [row for row in self.decided[key] if row.outcome == "selected" and not self.report(row).is_not_sent]

    # --- Due steps ----------------------------------------------------------------------------------------------

    def is_running_scenario(self, scenario: Scenario) -> bool:
        return (
            scenario.is_enabled
            and (scenario.starts_date is None or scenario.starts_date <= self.today)
            and (scenario.ends_date is None or self.today <= scenario.ends_date)
        )

    def is_over(self, scenario: Scenario, key: Key) -> bool:
        source = self.entered.get(key) or self.emitted[key]
        return source.triggered_date + timedelta(days=scenario.journey_days) < self.today

    def is_decided(self, key: Key, step: Step) -> bool:
        return any(row.step == step.step and row.outcome != "deferred" for row in self.decided[key])

    def due_steps(self) -> list[Due]:
        steps = []
        for scenario in self.world.scenarios:
            if not self.is_running_scenario(scenario):
                continue
            keys = {key for key in [*self.emitted, *self.entered] if key[0] == scenario.scenario_id}
            for key in sorted(keys):
                if self.is_over(scenario, key):
                    continue
                for step in scenario.steps:
                    if not self.is_decided(key, step):
                        due = (
                            self.follow_up(scenario, key, step) if step.after_steps else self.first(scenario, key, step)
                        )
                        steps += [due] if due else []
        return steps

    def make_due(self, scenario: Scenario, key: Key, step: Step, previous: Decision | None) -> Due:
        entry = self.entered.get(key)
        source = entry or self.emitted.get(key)
        assert source is not None, "a due step comes from a trigger or an entry"
        return Due(
            scenario,
            step,
            profile_id=key[1],
            entry_key=key[2],
            triggered_at=source.triggered_at,
            triggered_date=source.triggered_date,
            window_end=(
                previous.as_of_date + timedelta(days=step.days_after(previous.step))
                if previous
                else source.triggered_date + timedelta(days=scenario.entry_window_days)
            ),
            offer_type=source.offer_type,
            offer_id=source.offer_id,
            offer_amount=source.offer_amount,
            expected_value_amount=source.expected_value_amount,
            previous=previous,
            entry=entry,
        )

    def first(self, scenario: Scenario, key: Key, step: Step) -> Due | None:
        due = self.make_due(scenario, key, step, None)
        if not due.triggered_date + timedelta(days=step.wait_days) <= self.today <= due.window_end:
            return None
        # what is so waits until its cooldown is over; what happened is turned away by the gate
        if scenario.is_of_state and due.entry is None and self.applies(scenario, "not_cooling_down"):
            entered = [row.entered_date for row in self.past_entries if (row.scenario_id, row.profile_id) == key[:2]]
            if any(self.today < day + timedelta(days=scenario.cooldown_days) for day in entered):
                return None
        other_entries = [
            entry
            for entry in self.past_entries
            if (entry.scenario_id, entry.profile_id) == key[:2] and entry.entry_key != key[2]
        ]
        # whoever has entered goes on: "once" keeps others out
        if scenario.recurrence == "once" and due.entry is None and other_entries:
            return None
        return due

    def follow_up(self, scenario: Scenario, key: Key, step: Step) -> Due | None:
        previous = [
            row
            for row in self.sent(key)
            if row.step in step.after_steps
            and row.as_of_date + timedelta(days=step.wait_days) <= self.today
            and self.today <= row.as_of_date + timedelta(days=step.days_after(row.step))
            and self.condition_holds(self.asked_condition(step, row), row)
        ]
        if not previous:
            return None
        latest = max(row.as_of_date for row in previous)
        chosen = min((row for row in previous if row.as_of_date == latest), key=lambda row: (row.step, row.decision_id))
        return self.make_due(scenario, key, step, chosen)

    def is_answered(self, previous: Decision) -> bool:
        """Did the person claim the offer of the message, or send a form after it?"""
        return any(self.happened(at) for at in self.answers(previous))

    def answers(self, previous: Decision) -> list[datetime]:
        claims = [
            row.redeemed_at
            for row in self.world.redemptions
            if (row.profile_id, row.offer_id) == (previous.profile_id, previous.offer_id) and not row.was_cancelled
        ]
        forms = [
            row.occurred_at
            for row in self.world.interactions
            if row.profile_id == previous.profile_id and row.interaction_kind == "form_submit"
        ]
        return [at for at in claims + forms if at > previous.send_at]

    def asked_condition(self, step: Step, previous: Decision) -> str:
        """The step's condition, or its fallback where what it asks may not be known."""
        report = self.report(previous)
        about = step.condition.partition(":")[0].removeprefix("not_")
        is_observed = {"opened": report.is_open_observed, "clicked": report.is_click_observed}.get(about, True)
        if is_observed or self.is_answered(previous):
            return step.condition
        return step.fallback_condition or "no_purchase"

    def condition_holds(self, condition: str, previous: Decision) -> bool:
        report, is_answered = self.report(previous), self.is_answered(previous)
        name, _, link = condition.partition(":")
        has_clicked = is_answered or (link in report.clicked_links if link else report.is_clicked)
        return {
            "none": True,
            "skip": False,
            "delivered": report.is_delivered,
            "opened": is_answered or report.is_opened,
            "not_opened": not is_answered and not report.is_opened,
            "clicked": has_clicked,
            "not_clicked": not has_clicked,
            "has_offer": self.still_given(previous.offer_id)[0] is not None,
            "no_purchase": not any(
                order.profile_id == previous.profile_id
                and order.order_status == "completed"
                and order.order_date > previous.as_of_date
                and self.happened(order.ordered_at)
                for order in self.world.orders
            ),
        }[name]

    # --- The offer of a step ------------------------------------------------------------------------------------

    def offer(self, due: Due) -> tuple[str | None, Decimal | None]:
        """The offer that the step gives, and what it is worth."""
        rule, _, wanted = due.step.offer_rule.partition(":")
        if rule == "":
            return None, None
        if rule == "keep":
            return self.still_given(due.offer_id if due.previous is None else due.previous.offer_id)
        valid = self.valid_offers
        matching = [
            of for who, kind, of in self.world.matching_offers if (who, kind) == (due.profile_id, due.offer_type)
        ]
        if rule == "id":
            fitting = [offer for offer in valid if offer.offer_id == wanted]
        elif rule == "best_match" and matching:
            fitting = [offer for offer in valid if offer.offer_id == matching[0]]
        else:
            fitting = self.by_value(due.offer_type, {"lowest_value": 1, "highest_value": -1, "best_match": 1}[rule])
        return (fitting[0].offer_id, fitting[0].face_value_amount) if fitting else (None, None)

    @cached_property
    def valid_offers(self) -> list[Offer]:
        """The offers that can be used on the day of sending."""
        return [
            offer
            for offer in self.world.offers
            if offer.valid_from <= self.send_date and (offer.valid_to is None or self.send_date < offer.valid_to)
        ]

    def by_value(self, offer_type: str | None, sign: int) -> list[Offer]:
        """The valid offers of a type, the cheapest first (sign 1) or last (-1); what has no value is last."""
        return sorted(
            (offer for offer in self.valid_offers if offer.offer_type == offer_type),
            key=lambda offer: (offer.face_value_amount is None, sign * (offer.face_value_amount or 0), offer.offer_id),
        )

    def still_given(self, promised: str | None) -> tuple[str | None, Decimal | None]:
        """What can be given for an offer that was promised: the same, else the cheapest of its type, else nothing."""
        offers = {offer.offer_id: offer for offer in self.world.offers}
        if promised not in offers:
            return None, None
        same_type = self.by_value(offers[promised].offer_type, 1)
        given = next((offer for offer in same_type if offer.offer_id == promised), next(iter(same_type), None))
        return (given.offer_id, given.face_value_amount) if given else (None, None)

    # --- Channels -----------------------------------------------------------------------------------------------

    def channel_rule(self, scenario: Scenario, channel: str) -> ChannelRule | None:
        fitting = [
            rule
            for rule in self.world.channel_rules
            if rule.channel == channel
            and rule.event in (scenario.scenario_id, "*")
            and rule.objective in (scenario.objective, "*")
        ]
        return max(fitting, key=lambda rule: (rule.event != "*", rule.objective != "*"), default=None)

    def is_worth_it(self, scenario: Scenario, channel: str, amount: Decimal | None) -> bool:
        rule = self.channel_rule(scenario, channel)
        if rule is None or rule.min_offer_amount is None:
            return True
        return amount is not None and amount >= rule.min_offer_amount

    def is_reachable(self, due: Due, channel: str) -> bool:
        profile = self.profiles.get(due.profile_id)
        return profile is not None and bool(profile.addresses & ADDRESSES[channel])

    def permission(self, due: Due, channel: str) -> Permission | None:
        for row in self.world.permissions:
            if (row.profile_id, row.channel, row.purpose) == (due.profile_id, channel, due.scenario.purpose):
                return row
        return None

    def is_consented(self, due: Due, channel: str) -> bool:
        permission = self.permission(due, channel)
        return permission is not None and permission.is_consented

    def is_unsuppressed(self, due: Due, channel: str) -> bool:
        permission, profile = self.permission(due, channel), self.profiles.get(due.profile_id)
        if permission is not None and permission.stopped_by is not None:
            return False
        if channel == "email" and profile is not None and profile.is_mailbox_paused:
            return False
        if channel != "ads" and self.is_isolated(due.profile_id):
            return False
        return not any(
            # also of whoever was one with her until a split, that day's included
            due.profile_id in self.heirs(row.profile_id, row.valid_from - timedelta(days=1))
            and row.channel in (channel, "*")
            and row.valid_from <= self.today
            and (row.valid_to is None or self.today < row.valid_to)
            for row in self.world.suppressions
        )

    # --- Left alone ---------------------------------------------------------------------------------------------

    def is_isolated(self, profile_id: str) -> bool:
        """Did a reactivation end without waking her, so lately that she is to be left alone?"""
        by_id = {scenario.scenario_id: scenario for scenario in self.world.scenarios}
        return any(
            self.has_failed(by_id[key[0]], key, entry)
            and self.today
            < months_later(max(row.as_of_date for row in self.sent(key)), self.world.settings.isolation_months)
            for key, entry in self.entered.items()
            if key[1] == profile_id and key[0] in by_id
        )

    def has_failed(self, scenario: Scenario, key: Key, entry: Entry) -> bool:
        """Is the journey over, and was there no answer and no sign of life since it began, of one who can be seen?

        What a scenario wrote before it was switched off is waited for as long as its steps would have been.
        """
        profile = self.profiles.get(key[1])
        if (scenario.kind, scenario.objective) != ("message", "reactivate") or entry.arm != "treated":
            return False
        if profile is None or key in self.running_journeys:
            return False
        if not self.is_running_scenario(scenario) and self.may_go_on(scenario, key, also_decided=True):
            return False
        sent = self.sent(key)
        if not any(report.messages and report.is_click_observed for report in map(self.report, sent)):
            return False
        last = profile.last_contact_from_person_at
        lives = last is not None and self.local_date(last) > entry.entered_date
        reads = any(name == key[1] and day > entry.entered_date for name, day in self.world.last_opens)
        return not lives and not reads and not any(self.report(row).is_clicked or self.is_answered(row) for row in sent)

    # --- Stops --------------------------------------------------------------------------------------------------

    def is_stopped(self, scenario: Scenario, key: Key, triggered_at: datetime) -> bool:
        if scenario.message_limit is not None and len(self.sent(key)) >= scenario.message_limit:
            return True
        return self.has_ended(scenario, key, triggered_at)

    def has_ended(self, scenario: Scenario, key: Key, triggered_at: datetime) -> bool:
        # what began the journey has turned out not to be so
        if key not in self.emitted:
            return True
        return any(
            self.happened(at) and at > triggered_at for word in scenario.stops_on for at in self.signals(word, key)
        )

    def signals(self, word: str, key: Key) -> Iterable[datetime]:
        profile_id = key[1]
        if word == "order":
            return [
                order.ordered_at
                for order in self.world.orders
                if order.profile_id == profile_id and order.order_status == "completed"
            ]
        if word == "drive_order":
            return [
                order.ordered_at
                for order in self.world.orders
                if order.profile_id == profile_id
                and order.order_status == "completed"
                and order.sales_channel == "drive"
            ]
        if word == "redemption":
            return [
                row.redeemed_at
                for row in self.world.redemptions
                if row.profile_id == profile_id and not row.was_cancelled
            ]
        if word == "click":
            # an answer is a click that needs no tracking
            ids = {row.decision_id for row in self.decided[key]}
            clicks = [at for message in self.world.messages if message.decision_id in ids for at, _ in message.clicks]
            return clicks + [at for row in self.sent(key) for at in self.answers(row)]
        return [
            row.occurred_at
            for row in self.world.interactions
            if row.profile_id == profile_id and row.interaction_kind == word
        ]

    # --- What leaves --------------------------------------------------------------------------------------------

    def standing(self, decisions: Iterable[Decision]) -> list[Decision]:
        """Under the ids of today; of two who became one the earlier decision, of one day by the id that sorts first."""
        by_id = {scenario.scenario_id: scenario for scenario in self.world.scenarios}
        rows: dict[tuple[Key, str], Decision] = {}
        for row in sorted(decisions, key=lambda row: (row.as_of_date, row.profile_id)):
            scenario = by_id.get(row.scenario_id)
            if row.outcome != "selected" or row.as_of_date > self.today or scenario is None or not scenario.is_enabled:
                continue
            is_list = scenario.kind != "message"
            if row.as_of_date < self.today and not is_list:
                continue
            person = self.survivor.get(row.profile_id, row.profile_id)
            key = (row.scenario_id, person, row.entry_key)
            if (key, row.step) in rows or key not in self.emitted or (is_list and not self.is_listed(scenario, key)):
                continue
            rows[(key, row.step)] = replace(row, profile_id=person)
        return list(rows.values())

    def is_listed(self, scenario: Scenario, key: Key) -> bool:
        """Does the journey of whoever is on a list go on, as one that is not held out?"""
        entry = self.entered.get(key)
        begun = entry or self.emitted[key]
        return (
            self.is_running_scenario(scenario)
            and not self.is_over(scenario, key)
            and (entry is None or entry.arm == "treated")
            and not self.has_ended(scenario, key, begun.triggered_at)
        )

    # --- Holdouts -----------------------------------------------------------------------------------------------

    def new_arm(self, due: Due) -> str:
        scenario, settings = due.scenario, self.world.settings
        if not self.applies(scenario, "not_held_out"):
            return "treated"
        period = half_year(self.today)
        scenarios = {scenario.scenario_id: scenario for scenario in self.world.scenarios}
        # in the order in which they count: by day, then by the id that entered
        drawn = [
            entry
            for entry in self.past_entries
            if (entry.profile_id, entry.holdout_period) == (due.profile_id, period)
            and self.applies(scenarios[entry.scenario_id], "not_held_out")
        ]
        if drawn and drawn[0].arm == "held_out_globally":
            return "held_out_globally"
        for entry in drawn:
            if entry.scenario_id == scenario.scenario_id:
                return entry.arm
        is_drawn_globally = (
            bucket(settings.global_holdout_salt, period, due.profile_id) < settings.global_holdout_share * 10_000
        )
        if is_drawn_globally and not drawn:
            return "held_out_globally"
        place = bucket(scenario.holdout_salt, period, due.profile_id)
        if place < scenario.holdout_share * 10_000:
            return "held_out"
        if place < (scenario.holdout_share + (scenario.as_before_share or 0)) * 10_000:
            return "as_before"
        return "treated"

    # --- Pressure -----------------------------------------------------------------------------------------------

    def tier(self, profile_id: str) -> str:
        profile = self.profiles.get(profile_id)
        if profile is None:
            return "to_delete"
        at = profile.last_contact_from_person_at
        has_come_this_month = at is not None and self.local_date(at) >= self.today.replace(day=1)
        return "active" if has_come_this_month else profile.engagement_tier

    def messages_of(self, profile_id: str) -> set[tuple[str, date, str]]:
        """Key, date and channel of what a person got: messages reported as sent, and selected ones not reported yet.

        Ads are left out: they reach no inbox. So are receipts and answers of the service that carry out no decision.
        """
        send_dates = {row.decision_id: row.send_date for row in self.past_decisions if row.outcome == "selected"}
        messages = set()
        for message in self.world.messages:
            is_sent = self.happened(message.sent_at) and not self.happened(message.first_not_sent_at)
            if profile_id in self.heirs(message.profile_id, message.sent_date) and is_sent:
                if message.decision_id in send_dates:
                    messages.add((message.decision_id, send_dates[message.decision_id], message.channel))
                elif message.message_kind == "marketing":
                    messages.add((message.message_id, message.sent_date, message.channel))
        for row in self.past_decisions:
            is_selected = row.profile_id == profile_id and row.outcome == "selected"
            if is_selected and row.channel is not None and not self.report(row).messages:
                messages.add((row.decision_id, row.send_date, row.channel))
        return {message for message in messages if message[2] != "ads"}

    def is_under_cap(self, due: Due, channel: str) -> bool:
        messages = self.messages_of(due.profile_id)
        profile = self.profiles.get(due.profile_id)
        if profile is not None and profile.max_messages_30_days is not None:
            recent = {key for key, day, _ in messages if day > self.send_date - timedelta(days=30)}
            if len(recent) >= profile.max_messages_30_days:
                return False
        caps = {cap.engagement_tier: cap for cap in self.world.message_caps if cap.channel == channel}
        cap = caps.get(self.tier(due.profile_id)) or caps.get("*")
        if cap is None:
            return True
        on_channel = [(key, day) for key, day, used_channel in messages if used_channel == channel]
        in_window = {key for key, day in on_channel if day > self.send_date - timedelta(days=cap.window_days)}
        in_month = {
            key for key, day in on_channel if (day.year, day.month) == (self.send_date.year, self.send_date.month)
        }
        return len(in_window) < cap.max_messages and (
            cap.max_per_calendar_month is None or len(in_month) < cap.max_per_calendar_month
        )

    # --- Arbitration --------------------------------------------------------------------------------------------

    @cached_property
    def running_journeys(self) -> set[Key]:
        """Journeys that sent a message and may send another."""
        by_id = {scenario.scenario_id: scenario for scenario in self.world.scenarios}
        running = set()
        for key, entry in self.entered.items():
            scenario = by_id.get(entry.scenario_id)
            if scenario is None or entry.arm != "treated" or not self.is_running_scenario(scenario):
                continue
            if self.is_over(scenario, key):
                continue
            if self.applies(scenario, "not_stopped") and self.is_stopped(scenario, key, entry.triggered_at):
                continue
            if self.may_go_on(scenario, key):
                running.add(key)
        return running

    def may_go_on(self, scenario: Scenario, key: Key, also_decided: bool = False) -> bool:
        """May a step still follow what the journey sent: in its window, and what it asks not yet out of reach?"""
        return any(
            previous.step in step.after_steps
            and (also_decided or not self.is_decided(key, step))
            and self.today <= previous.as_of_date + timedelta(days=step.days_after(previous.step))
            and (
                self.asked_condition(step, previous).partition(":")[0]
                not in ("not_opened", "not_clicked", "no_purchase", "has_offer", "skip")
                or self.condition_holds(self.asked_condition(step, previous), previous)
            )
            for previous in self.sent(key)
            for step in scenario.steps
        )

    def winners(self, cases: Sequence[Case]) -> list[Case]:
        """Per person the one case that may go out today."""
        running = {
            key
            for key in self.running_journeys
            if any(self.applies(each, "won_arbitration") for each in self.world.scenarios if each.scenario_id == key[0])
        }
        by_profile: dict[str, list[Case]] = defaultdict(list)
        for case in cases:
            by_profile[case.due.profile_id].append(case)
        winners = []
        taken = {
            (row.profile_id, row.send_date)
            for row in self.past_decisions
            if row.outcome == "selected" and row.channel not in (None, "ads")
        }
        for profile_id, all_rivals in by_profile.items():
            # an evening run after a morning's: both send on the same day; so does what quiet hours have put off
            rivals = [
                case
                for case in all_rivals
                if (profile_id, self.sending(profile_id, self.choose_channel(case))[0]) not in taken
            ]
            is_busy = any(key[1] == profile_id for key in running)
            left = [case for case in rivals if case.due.key in running] if is_busy else rivals
            if left:
                winners.append(min(left, key=self.rank))
        return winners

    @staticmethod
    def rank(case: Case) -> tuple[int, bool, Decimal, str, str, str]:
        due = case.due
        value = due.expected_value_amount
        return (
            due.scenario.priority,
            value is None,
            -(value or Decimal(0)),
            due.scenario.scenario_id,
            due.entry_key,
            due.step.step,
        )

    # --- The waterfall ------------------------------------------------------------------------------------------

    def decide(self) -> tuple[list[Decision], list[Entry]]:
        cases = [self.make_case(due) for due in self.due_steps()]
        for case in cases:
            self.pass_first_gates(case)
        self.pass_cooldown(cases)
        self.admit(cases)

        entries = {}
        for case in cases:
            if case.is_open and case.due.entry is None:
                entries[case.due.key] = self.make_entry(case.due)
        for case in cases:
            entry = case.due.entry or entries.get(case.due.key)
            case.arm = entry.arm if entry else case.arm
            self.gate(case, "not_held_out", case.arm == "treated")
            self.channel_gate(case, "under_pressure_cap", [c for c in case.channels if self.is_under_cap(case.due, c)])

        rivals = [case for case in cases if case.is_open and self.applies(case.due.scenario, "won_arbitration")]
        winners = self.winners(rivals)
        for case in cases:
            self.gate(case, "won_arbitration", any(case is winner for winner in winners))
        return [self.make_decision(case) for case in cases], list(entries.values())

    def make_case(self, due: Due) -> Case:
        offer_id, amount = self.offer(due)
        channels = [channel for channel in due.scenario.channels if self.is_worth_it(due.scenario, channel, amount)]
        return Case(due, offer_id, channels)

    def gate(self, case: Case, name: str, is_passed: bool) -> None:
        if case.is_open:
            case.gates.append(is_passed if self.applies(case.due.scenario, name) else None)

    def channel_gate(self, case: Case, name: str, passing: list[str]) -> None:
        """A gate that holds per channel; a scenario that uses no channel has none that could close."""
        if case.is_open and self.applies(case.due.scenario, name):
            case.channels = passing
            case.gates.append(bool(passing) or not case.due.scenario.channels)
        else:
            self.gate(case, name, True)

    def pass_first_gates(self, case: Case) -> None:
        due = case.due
        profile = self.profiles.get(due.profile_id)
        self.gate(case, "not_erased", profile is None or not profile.has_erasure_request)
        self.gate(case, "not_stopped", not self.is_stopped(due.scenario, due.key, due.triggered_at))
        self.channel_gate(case, "reachable", [c for c in case.channels if self.is_reachable(due, c)])
        self.channel_gate(case, "consented", [c for c in case.channels if self.is_consented(due, c)])
        self.channel_gate(case, "not_suppressed", [c for c in case.channels if self.is_unsuppressed(due, c)])

    def pass_cooldown(self, cases: Sequence[Case]) -> None:
        new = [case.due for case in cases if case.is_open and case.due.entry is None]
        for case in cases:
            due = case.due
            rivals = [other for other in new if other.key[:2] == due.key[:2]]
            newest = min(
                rivals,
                key=lambda other: (-other.triggered_date.toordinal(), -_seconds(other.triggered_at), other.entry_key),
                default=due,
            )
            has_recent = any(
                (entry.scenario_id, entry.profile_id) == due.key[:2]
                and entry.entry_key != due.entry_key
                and entry.entered_date > self.today - timedelta(days=due.scenario.cooldown_days)
                for entry in self.past_entries
            )
            is_new = due.entry is None
            # where nobody rests after an entry, each of her contracts has its own turn
            rests = due.scenario.cooldown_days > 0 or due.scenario.recurrence == "once"
            is_newest = newest.entry_key == due.entry_key or not rests
            self.gate(case, "not_cooling_down", not is_new or (not has_recent and is_newest))

    def admit(self, cases: Sequence[Case]) -> None:
        """A scenario takes in as many as it may; who waited longest first, then who is worth most."""
        under_way = self.running_journeys | {
            case.due.key
            for case in cases
            if case.due.previous is None
            and case.due.entry is not None
            and case.due.entry.arm == "treated"
            and not self.is_stopped(case.due.scenario, case.due.key, case.due.triggered_at)
        }
        queues: dict[str, list[Case]] = defaultdict(list)
        for case in cases:
            if case.is_open and case.due.entry is None:
                queues[case.due.scenario.scenario_id].append(case)
        let_in = set()
        for scenario_id, queue in queues.items():
            scenario = queue[0].due.scenario
            queue.sort(key=self.place_in_queue)
            room = len(queue) if scenario.max_entries_per_day is None else scenario.max_entries_per_day
            if scenario.max_running is not None:
                room = min(room, max(0, scenario.max_running - sum(key[0] == scenario_id for key in under_way)))
            let_in |= {case.due.key for case in queue[:room]}
        for case in cases:
            is_let_in = case.due.entry is not None or case.due.key in let_in
            self.gate(case, "admitted", case.due.scenario.is_ready and is_let_in)

    @staticmethod
    def place_in_queue(case: Case) -> tuple[date, bool, Decimal, str, str]:
        due, value = case.due, case.due.expected_value_amount
        return (due.triggered_date, value is None, -(value or Decimal(0)), due.profile_id, due.entry_key)

    def make_entry(self, due: Due) -> Entry:
        return Entry(
            due.scenario.scenario_id,
            due.profile_id,
            due.entry_key,
            self.today,
            due.triggered_at,
            due.triggered_date,
            self.new_arm(due),
            half_year(self.today),
            due.offer_type,
            due.offer_id,
            due.offer_amount,
            due.expected_value_amount,
        )

    def choose_channel(self, case: Case) -> str | None:
        scenario = case.due.scenario
        profile = self.profiles.get(case.due.profile_id)

        def place(channel: str) -> tuple[bool, int, bool, bool, int]:
            rule = self.channel_rule(scenario, channel)
            precedence = rule.precedence if rule else None
            is_preferred = profile is not None and profile.preferred_channel == channel
            is_responsive = profile is not None and profile.responsive_channel == channel
            return (
                precedence is None,
                precedence or 0,
                not is_preferred,
                not is_responsive,
                scenario.channels.index(channel),
            )

        return min(case.channels, key=place, default=None)

    def make_decision(self, case: Case) -> Decision:
        due = case.due
        closed_gate = None if case.is_open else GATES[len(case.gates) - 1]
        if closed_gate is None:
            outcome = "selected"
        elif closed_gate == "not_held_out":
            outcome = "held_out"
        elif closed_gate in ("admitted", "under_pressure_cap", "won_arbitration"):
            outcome = "deferred" if self.today < due.window_end else "expired"
        else:
            outcome = "closed"
        channel = self.choose_channel(case) if closed_gate is None else None
        send_date, send_at = self.sending(due.profile_id, channel)
        return Decision(
            decision_id(self.today, *due.key, due.step.step),
            self.today,
            *due.key,
            due.step.step,
            outcome,
            closed_gate,
            (*case.gates, *[None] * (len(GATES) - len(case.gates))),
            case.offer_id,
            send_date,
            send_at,
            channel,
            pick_variant(due.step, channel, due.profile_id) if closed_gate is None else None,
            None
            if case.offer_id is None
            else any((who, of) == (due.profile_id, case.offer_id) for who, _, of in self.world.matching_offers),
        )


def _seconds(at: datetime) -> float:
    return (at - datetime(1970, 1, 1)).total_seconds()  # noqa: DTZ001 - instants are UTC without a zone
