"""Small worlds for the decision engine: a few people, a few scenarios, some days, and everything that can go wrong.

A `Story` is drawn by hypothesis before anything is decided. It is played day by day: what was selected is sent, and
providers report it late, twice, wrongly or never, as the story's reactions say. `str(story)` is the story to read.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from decision_oracle import (
    ChannelRule,
    Decision,
    Interaction,
    Message,
    MessageCap,
    Offer,
    Order,
    Permission,
    Profile,
    QuietHours,
    Redemption,
    Scenario,
    Settings,
    Step,
    Suppression,
    Trigger,
    Variant,
    World,
    as_of_instant,
    instant,
)
from hypothesis import strategies as st
from hypothesis.vendor.pretty import RepresentationPrinter

# With the salt of the tests eve and jan are held out globally in the first half of 2024, and dan in the second.
NAMES = ("bob", "ann", "dan", "eve", "cis", "gus", "ida", "jan")
SCENARIOS = ("cart", "wake", "club")
CHANNELS = ("email", "sms", "post")

WORDS = ("granted", "granted but refused elsewhere", "withdrawn")
EVENING = time(18)

# The half-year ends in one, daylight saving begins in one, February has 29 days in one.
STARTS = (date(2024, 3, 4), date(2024, 6, 28), date(2024, 3, 29), date(2024, 2, 27))

# None; one for all; halves; one per channel, and a rest that gets none.
VARIANTS = (
    (),
    (Variant("a", "email", 0, 9_999),),
    (Variant("a", "email", 0, 4_999), Variant("b", "email", 5_000, 9_999)),
    (Variant("a", "email", 0, 2_999), Variant("b", "email", 3_000, 8_999), Variant("s", "sms", 5_000, 9_999)),
)

MEDIA_SKIPS = ("not_cooling_down", "under_pressure_cap", "won_arbitration")
HYGIENE_SKIPS = ("reachable", "consented", "not_suppressed", "not_held_out", "under_pressure_cap", "won_arbitration")
# of an evening, over midnight, and of a morning where the sun is elsewhere
QUIET_HOURS = (
    QuietHours("email", "*", None, time(17), time(9, 30)),
    QuietHours("email", "US", "America/New_York", time(1), time(4, 30)),
    QuietHours("sms", "FR", "Asia/Tokyo", time(16), time(18)),
)
# what keeps people waiting before they enter, or apart
STEERING = ("as_before", "entry_cap", "running_cap", "data")
GATES_SWITCHED_OFF = frozenset(
    [("media", gate) for gate in MEDIA_SKIPS] + [("hygiene", gate) for gate in HYGIENE_SKIPS]
)


@dataclass(frozen=True)
class ConsentEvent:
    """A word on one channel: one of WORDS. Refused elsewhere: another address of the person overrules the grant."""

    profile_id: str
    channel: str
    purpose: str
    word: str
    at: datetime


@dataclass(frozen=True)
class Reaction:
    """What becomes of a message to a person at a step: when it is reported, and what she does with it."""

    profile_id: str
    step: str
    late_days: int = 0
    copies: int = 1
    not_sent_copies: int = 0
    channel: str | None = None
    opened_after_hours: int | None = None
    clicked_after_hours: int | None = None
    link_tag: str = ""
    unsubscribed_after_hours: int | None = None
    complained_after_hours: int | None = None
    # what the person refused to have followed
    is_open_observed: bool = True
    is_click_observed: bool = True


@dataclass(frozen=True)
class Story:
    """A world over some days, before anything is decided."""

    days: tuple[date, ...]
    base: World
    # days whose run does not wait for midnight: what it selects goes out the same day
    evenings: frozenset[date] = frozenset()
    consent_events: tuple[ConsentEvent, ...] = ()
    # who asks to be forgotten, and when
    erasures: tuple[tuple[str, datetime], ...] = ()
    # triggers that are no longer emitted from a date on
    vanishing: tuple[tuple[Trigger, date], ...] = ()
    reactions: tuple[Reaction, ...] = ()
    # old profile id, survivor, first date that knows
    merges: tuple[tuple[str, str, date], ...] = ()
    # of these, what turns out to be wrong: old profile id, the other's, first date that tells them apart
    splits: tuple[tuple[str, str, date], ...] = ()

    def world_on(self, day: date, selected: Iterable[Decision]) -> World:
        """What can be read on the day, after these decisions went out before it."""
        settings = replace(self.base.settings, as_of_time=EVENING if day in self.evenings else None)
        now = as_of_instant(day, settings)
        splits = [(old, new, told_apart) for old, new, told_apart in self.splits if told_apart <= day]
        apart = {old for old, _, _ in splits}
        survivor = {old: new for old, new, known_from in self.merges if known_from <= day and old not in apart}

        def who(profile_id: str) -> str:
            return survivor.get(profile_id, profile_id)

        reports = [message for decision in selected for message in self.reports(decision, day)]
        messages = tuple(replace(row, profile_id=who(row.profile_id)) for row in [*self.base.messages, *reports])
        return replace(
            self.base,
            settings=settings,
            profiles=self.profiles_on(now, survivor),
            permissions=self.permissions_on(now, who, messages),
            messages=messages,
            orders=tuple(replace(row, profile_id=who(row.profile_id)) for row in self.base.orders),
            redemptions=tuple(replace(row, profile_id=who(row.profile_id)) for row in self.base.redemptions),
            interactions=tuple(replace(row, profile_id=who(row.profile_id)) for row in self.base.interactions),
            triggers=self.triggers_on(day, now, survivor),
            merges=tuple(survivor.items()),
            splits=(*splits, *((new, old, told_apart) for old, new, told_apart in splits)),
        )

    def profiles_on(self, now: datetime, survivor: dict[str, str]) -> tuple[Profile, ...]:
        erased = {survivor.get(profile_id, profile_id) for profile_id, at in self.erasures if at < now}
        profiles = {profile.profile_id: profile for profile in self.base.profiles}
        for old, new in survivor.items():
            gone, kept = profiles.pop(old), profiles[new]
            contacts = [
                profile.last_contact_from_person_at
                for profile in (gone, kept)
                if profile.last_contact_from_person_at is not None
            ]
            profiles[new] = replace(
                kept,
                last_contact_from_person_at=max(contacts, default=None),
                addresses=kept.addresses | gone.addresses,
            )
        return tuple(
            replace(profile, has_erasure_request=True) if profile.profile_id in erased else profile
            for profile in profiles.values()
        )

    def permissions_on(
        self, now: datetime, who: Callable[[str], str], messages: Sequence[Message]
    ) -> tuple[Permission, ...]:
        """The last word per person, channel and purpose; a stop counts until a later yes to marketing."""
        last_words: dict[tuple[str, str, str], ConsentEvent] = {}
        yeses: dict[tuple[str, str], datetime] = {}
        # at one instant the no counts: the last word of WORDS
        for event in sorted(self.consent_events, key=lambda row: (row.at, WORDS.index(row.word))):
            if event.at < now:
                person = who(event.profile_id)
                last_words[(person, event.channel, event.purpose)] = event
                if event.word != "withdrawn" and event.purpose == "marketing":
                    yeses[(person, event.channel)] = event.at
        stops: dict[tuple[str, str], datetime] = {}
        for message in messages:
            for at in (message.first_unsubscribed_at, message.first_complained_at):
                if at is not None and at < now and message.sent_at < now:
                    place = (message.profile_id, message.channel)
                    stops[place] = max(at, stops.get(place, at))

        def stopped_by(place: tuple[str, str]) -> str | None:
            is_stopped = place in stops and (place not in yeses or yeses[place] <= stops[place])
            return "unsubscribed" if is_stopped else None

        return tuple(
            Permission(*key, is_consented=event.word == "granted", stopped_by=stopped_by(key[:2]))
            for key, event in last_words.items()
        )

    def triggers_on(self, day: date, now: datetime, survivor: dict[str, str]) -> tuple[Trigger, ...]:
        scenarios = {scenario.scenario_id: scenario for scenario in self.base.scenarios}
        gone_from = dict(self.vanishing)
        emitted: dict[tuple[str, str, str], Trigger] = {}
        for trigger in sorted(self.base.triggers, key=lambda row: row.triggered_at):
            scenario = scenarios[trigger.scenario_id]
            last_day = trigger.triggered_date + timedelta(days=max(scenario.entry_window_days, scenario.journey_days))
            if trigger.triggered_at < now and day <= last_day and day < gone_from.get(trigger, date.max):
                row = replace(trigger, profile_id=survivor.get(trigger.profile_id, trigger.profile_id))
                emitted[(row.scenario_id, row.profile_id, row.entry_key)] = row
        return tuple(emitted.values())

    def reports(self, decision: Decision, day: date) -> list[Message]:
        """The provider's messages about a decision, as far as the feed of the day has them."""
        for reaction in self.reactions:
            if (reaction.profile_id, reaction.step) == (decision.profile_id, decision.step):
                break
        else:
            return []
        channel = reaction.channel or decision.channel
        if channel is None or day < decision.send_date + timedelta(days=reaction.late_days):
            return []
        messages = []
        for copy in range(reaction.copies):
            sent_at = decision.send_at + timedelta(minutes=copy)
            message = Message(
                f"{decision.scenario_id}/{decision.step}/{decision.profile_id}/{decision.entry_key}/{decision.as_of_date}/{copy}",
                decision.profile_id,
                channel,
                decision.send_date,
                sent_at,
                decision.decision_id,
            )
            if copy < reaction.not_sent_copies:
                messages.append(replace(message, first_not_sent_at=sent_at + timedelta(hours=1)))
                continue
            opened_at = _after(sent_at, reaction.opened_after_hours) if reaction.is_open_observed else None
            clicked_at = _after(sent_at, reaction.clicked_after_hours) if reaction.is_click_observed else None
            messages.append(
                replace(
                    message,
                    first_delivered_at=sent_at + timedelta(minutes=5),
                    first_opened_at=opened_at,
                    first_clicked_at=clicked_at,
                    first_unsubscribed_at=_after(sent_at, reaction.unsubscribed_after_hours),
                    first_complained_at=_after(sent_at, reaction.complained_after_hours),
                    is_open_observed=reaction.is_open_observed,
                    is_click_observed=reaction.is_click_observed,
                    clicks=() if clicked_at is None else ((clicked_at, reaction.link_tag),),
                )
            )
        return messages

    def __repr__(self) -> str:
        return "\n".join(["", *self.lines(), ""])

    def _repr_pretty_(self, printer: RepresentationPrinter, cycle: bool) -> None:
        """Hypothesis shows the story, not the calls that would draw it."""
        printer.text(repr(self))

    def lines(self) -> Iterable[str]:
        base = self.base
        yield f"Days: {', '.join(f'{day} evening' if day in self.evenings else str(day) for day in self.days)}"
        for scenario in base.scenarios:
            yield f"Scenario {_fields(replace(scenario, steps=()))}"
            for step in scenario.steps:
                yield f"    step {_fields(step)}"
        for title, rows in (
            ("Rule", base.channel_rules),
            ("Cap", base.message_caps),
            ("Quiet", base.quiet_hours),
            ("Suppressed", base.suppressions),
            ("Person", base.profiles),
            ("Consent", self.consent_events),
            ("Newsletter", base.messages),
            ("Order", base.orders),
            ("Redemption", base.redemptions),
            ("Interaction", base.interactions),
            ("Trigger", base.triggers),
            ("Reaction", self.reactions),
        ):
            for row in rows:
                yield f"{title} {_fields(row)}"
        for name, at in self.erasures:
            yield f"{name} asks to be forgotten at {at}"
        for trigger, day in self.vanishing:
            yield f"Trigger {trigger.scenario_id} {trigger.profile_id} {trigger.entry_key} is not emitted from {day} on"
        for old, new, day in self.merges:
            yield f"{old} is found to be {new} on {day}"
        for old, new, day in self.splits:
            yield f"{old} is found not to be {new} on {day}"
        for kind, gate in sorted(base.gates_switched_off - GATES_SWITCHED_OFF):
            yield f"Gate {gate} is switched off for {kind}"


NAMED = frozenset({"profile_id", "scenario_id", "message_id", "order_id", "event"})


def renamed(row: Any, prefix: str) -> Any:
    """The same with every id of a person, scenario, message and order begun by the prefix."""
    if isinstance(row, tuple):
        return tuple(renamed(part, prefix) for part in row)
    if not is_dataclass(row) or isinstance(row, type):
        return row
    changed = {}
    for one in fields(row):
        value = getattr(row, one.name)
        if one.name in NAMED:
            changed[one.name] = value if value == "*" else prefix + value
        elif one.name in ("erasures", "merges", "splits"):
            changed[one.name] = tuple(
                tuple(prefix + part if isinstance(part, str) else part for part in parts) for parts in value
            )
        elif isinstance(value, tuple) or is_dataclass(value):
            changed[one.name] = renamed(value, prefix)
    return replace(row, **changed)


def side_by_side(told: Sequence[Story]) -> list[Story]:
    """Stories that begin on one day, as they can be decided in one warehouse.

    No id occurs in two of them, and what a warehouse has once (days, caps, rules of channels, offers) is the first's.
    """
    first = told[0]
    return [
        renamed(
            replace(
                story,
                days=first.days,
                evenings=first.evenings,
                base=replace(
                    story.base,
                    message_caps=first.base.message_caps,
                    quiet_hours=first.base.quiet_hours,
                    channel_rules=first.base.channel_rules,
                    offers=first.base.offers,
                ),
            ),
            f"{number:04} ",
        )
        for number, story in enumerate(told)
    ]


def united(worlds: Sequence[World]) -> World:
    """One world with the rows of all."""
    rows: dict[str, Any] = {
        one.name: tuple(dict.fromkeys(row for world in worlds for row in getattr(world, one.name)))
        for one in fields(World)
        if isinstance(getattr(worlds[0], one.name), tuple)
    }
    return replace(worlds[0], **rows)


def tell(decisions: Iterable[Decision]) -> str:
    """Decisions as lines to read."""
    return "\n".join(
        f"  {row.as_of_date} {row.scenario_id} {row.profile_id} {row.entry_key} {row.step}: {row.outcome}"
        f" {row.closed_gate or ''} {row.channel or ''} {row.variant or ''} {row.offer_id or ''}"
        for row in decisions
    )


def _after(at: datetime, hours: int | None) -> datetime | None:
    return None if hours is None else at + timedelta(hours=hours)


def _fields(row: object) -> str:
    """The fields that say something."""
    defaults = {name: field.default for name, field in type(row).__dataclass_fields__.items()}  # type: ignore[attr-defined]
    shown = []
    for name, value in vars(row).items():
        if value != defaults[name] and value not in (None, (), frozenset()):
            text = (
                ">".join(map(str, sorted(value) if isinstance(value, frozenset) else value))
                if isinstance(value, (tuple, frozenset))
                else str(value)
            )
            shown.append(f"{name}={text}")
    return " ".join(shown)


# --- Strategies -----------------------------------------------------------------------------------------------------


def _some_of(draw: st.DrawFn, names: tuple[str, ...]) -> list[str]:
    """A few of the ways in which things go wrong: were all of them tried at once, nothing would go far."""
    count = draw(st.sampled_from((0, 1, 2, 3)))
    return draw(st.lists(st.sampled_from(names), min_size=count, max_size=count, unique=True))


def _steps(draw: st.DrawFn) -> tuple[Step, ...]:
    conditions = (
        *("none", "none", "none", "not_opened", "opened", "clicked", "not_clicked", "clicked:gift"),
        *("not_clicked:gift", "delivered", "has_offer", "no_purchase"),
    )
    earlier: list[str] = []
    steps = []
    for name in ("mail_1", "mail_2", "mail_3")[: draw(st.sampled_from((1, 2, 2, 3, 3)))]:
        after: tuple[str, ...] = ()
        if earlier:
            after = draw(st.sampled_from([(step,) for step in reversed(earlier)] + [tuple(earlier)]))
        wait_days = draw(st.sampled_from((0, 1, 2) if not after else (1, 2, 0)))
        steps.append(
            Step(
                name,
                after,
                wait_days,
                draw(st.sampled_from(conditions)) if after else "none",
                draw(st.sampled_from(("", "no_purchase", "skip"))),
                draw(st.sampled_from(VARIANTS)),
                draw(st.sampled_from(("", "blue", "red"))),
                draw(st.sampled_from(("", "keep", "lowest_value", "highest_value", "id:c10", "id:old"))),
                tuple(
                    wait_days + draw(st.sampled_from((0, 1, 3, 5)))
                    for _ in range(draw(st.sampled_from((1, len(after)))) if after else 1)
                ),
            )
        )
        earlier.append(name)
    return tuple(steps)


def _scenario(draw: st.DrawFn, scenario_id: str, priority: int, start: date) -> Scenario:
    twists = _some_of(draw, ("kind", "dates", "once", "off", "stops", "limit", "holdout", "cooldown", *STEERING))

    def twist(name: str, usual: Any, *others: Any) -> Any:
        return draw(st.sampled_from(others)) if name in twists else usual

    kind = twist("kind", "message", "media", "hygiene")
    channels: tuple[str, ...]
    if kind == "media":
        channels = ("ads",)
    elif kind == "hygiene":
        channels = draw(st.sampled_from(((), ("email",))))
    else:
        channels = draw(st.sampled_from((("email",), ("email", "sms"), ("sms", "email"), ("post", "email", "sms"))))
    entry_window_days = draw(st.sampled_from((3, 5, 5, 0, 1)))
    return Scenario(
        scenario_id,
        _steps(draw),
        channels,
        twist("dates", start - timedelta(days=30), start - timedelta(days=30), start + timedelta(days=1)),
        objective=draw(st.sampled_from(("sell", "thank"))),
        kind=kind,
        purpose="ads_personalisation" if kind == "media" else "marketing",
        priority=priority,
        cooldown_days=twist("cooldown", 0, 1, 2, 30),
        entry_window_days=entry_window_days,
        journey_days=entry_window_days + draw(st.sampled_from((14, 0, 1))),
        holdout_share=twist("holdout", Decimal(0), Decimal("0.3"), Decimal("0.5")),
        holdout_salt=draw(st.sampled_from(("oak", "elm", "fir"))),
        ends_date=twist("dates", None, start + timedelta(days=3), start + timedelta(days=2)),
        recurrence=twist("once", "per_entry_key", "once"),
        is_enabled=twist("off", True, True, True, False),
        stops_on=twist(
            *("stops", (), ("order",), ("order", "click"), ("drive_order",)),
            *(("redemption", "visit"), ("refund", "click")),
        ),
        message_limit=twist("limit", None, 1, 1, 2),
        as_before_share=twist("as_before", None, Decimal("0.3"), Decimal("0.5")),
        max_entries_per_day=twist("entry_cap", None, 1, 2),
        max_running=twist("running_cap", None, 1, 2, 3),
        is_ready=twist("data", True, False),
        is_of_state=draw(st.booleans()) if "cooldown" in twists else False,
    )


def _channel_rules(draw: st.DrawFn) -> tuple[ChannelRule, ...]:
    rule = st.builds(
        ChannelRule,
        event=st.sampled_from(("*", "cart", *SCENARIOS)),
        objective=st.sampled_from(("*", "sell", "thank")),
        channel=st.sampled_from(("email", "email", "sms", "post")),
        precedence=st.sampled_from((None, 1, 2)),
        min_offer_amount=st.sampled_from((None, None, None, Decimal(0), Decimal(5), Decimal(10))),
    )
    rows = st.lists(rule, min_size=2, max_size=6, unique_by=lambda row: (row.event, row.objective, row.channel))
    return tuple(draw(rows)) if draw(st.booleans()) else ()


def _caps(draw: st.DrawFn) -> tuple[MessageCap, ...]:
    if draw(st.booleans()):
        return ()
    tiers = draw(st.sampled_from((("*",), ("*", "active"), ("*", "dormant", "at_risk"), ("active", "to_delete"))))
    return tuple(
        MessageCap(
            channel,
            tier,
            draw(st.sampled_from((7, 2, 3, 30))),
            draw(st.sampled_from((1, 2, 9, 0))),
            draw(st.sampled_from((None, 1, 2))),
        )
        for channel in ("email", "sms")
        for tier in tiers
    )


@dataclass(frozen=True)
class Calendar:
    """The first day of a story, and local times counted from it."""

    start: date
    settings: Settings

    def day(self, days: int) -> date:
        return self.start + timedelta(days=days)

    def noon(self, days: int) -> datetime:
        return instant(self.day(days), time(12), self.settings)

    def some_time(self, first_day: int, last_day: int) -> st.SearchStrategy[datetime]:
        """Midnight, the send time and the evening run are where days are told apart."""
        return st.builds(
            lambda day, hour: instant(self.day(day), time(hour), self.settings),
            st.integers(first_day, last_day),
            st.sampled_from((12, 0, 9, 18, 20, 23)),
        )

    def local_date(self, moment: datetime) -> date:
        return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(self.settings.business_timezone)).date()


@dataclass(frozen=True)
class Life:
    """What a person is and does during a story."""

    profile: Profile
    consent_events: list[ConsentEvent]
    erased_at: datetime | None
    suppressions: list[Suppression]
    triggers: list[Trigger]
    vanishing: list[tuple[Trigger, date]]
    reactions: list[Reaction]
    newsletters: list[Message]
    orders: list[Order]
    redemptions: list[Redemption]
    interactions: list[Interaction]


ADDRESSES = frozenset({"email", "phone", "post"})
# before and after the month began
LAST_CONTACTS = (None, *range(34), 500)
TIERS = ("active", "dormant", "at_risk", "to_delete")
SELDOM = (*[None] * 9, 0, 2, 26)
HINTS = (
    (None, None, None),
    ("coupon", "c5", Decimal(5)),
    ("voucher", "v20", Decimal(20)),
    ("coupon", None, Decimal(10)),
    ("gift", "unknown", Decimal(10)),
)


def _life(draw: st.DrawFn, name: str, calendar: Calendar, scenario_ids: tuple[str, ...]) -> Life:
    def one_of(*values: Any) -> Any:
        return draw(st.sampled_from(values))

    troubles = _some_of(
        draw,
        (
            "consent",
            "address",
            "erasure",
            "suppression",
            "wishes",
            "newsletters",
            "orders",
            "signs",
            "reports",
            "reports",
        ),
    )

    def times(trouble: str, first_day: int, last_day: int) -> list[datetime]:
        if trouble not in troubles:
            return []
        return draw(st.lists(calendar.some_time(first_day, last_day), min_size=1, max_size=3))

    days_ago = draw(st.sampled_from(LAST_CONTACTS))
    profile = Profile(
        name,
        preferred_channel=one_of(None, None, "sms", "email"),
        responsive_channel=one_of(None, "sms", "email", "push"),
        engagement_tier=one_of(*TIERS),
        country_code=one_of(None, "FR", "US"),
        time_zone=one_of(None, None, "Pacific/Honolulu", "Asia/Tokyo"),
        send_hour=one_of(None, None, 7, 19, 22),
        max_messages_30_days=one_of(1, 2, 0) if "wishes" in troubles else None,
        last_contact_from_person_at=None if days_ago is None else calendar.noon(-days_ago),
        addresses=one_of(ADDRESSES, frozenset({"email"}), frozenset({"phone"})) if "address" in troubles else ADDRESSES,
        is_mailbox_paused="address" in troubles and one_of(False, False, True),
    )
    consent_events = [
        ConsentEvent(
            name, channel, "ads_personalisation" if channel == "ads" else "marketing", WORDS[0], calendar.noon(-20)
        )
        for channel in (
            (*CHANNELS, "ads") if "address" not in troubles else one_of((*CHANNELS, "ads"), ("email",), ("sms", "ads"))
        )
    ] + [
        ConsentEvent(
            name,
            one_of("email", "email", "sms", "ads"),
            one_of(*["marketing"] * 4, "ads_personalisation", "profiling"),
            one_of(*WORDS),
            at,
        )
        for at in times("consent", -1, 4)
    ]
    # two carts in one day, the same key twice after a merge, a key that sorts before an older one
    entries = draw(
        st.lists(
            st.tuples(st.sampled_from((scenario_ids[0], *scenario_ids)), st.sampled_from(("k1", "k2", "k0"))),
            min_size=min(one_of(1, 2, 3, 4), 3 * len(scenario_ids)),
            max_size=5,
            unique=True,
        )
    )
    triggers = []
    for scenario_id, entry_key in entries:
        at = draw(calendar.some_time(-1, one_of(1, 1, 4)))
        offer_type, offer_id, offer_amount = one_of(*HINTS)
        triggers.append(
            Trigger(
                scenario_id,
                name,
                entry_key,
                at,
                calendar.local_date(at),
                offer_type,
                offer_id,
                offer_amount,
                expected_value_amount=one_of(None, Decimal(1), Decimal(2)),
            )
        )
    hours = (None, 1, 12, 30)
    reactions = [
        Reaction(
            name,
            step,
            late_days=one_of(0, 1, 2),
            copies=one_of(1, 1, 2),
            not_sent_copies=one_of(0, 0, 0, 0, 1, 2),
            channel=one_of(None, None, None, None, "sms"),
            opened_after_hours=one_of(*hours),
            clicked_after_hours=one_of(*hours),
            link_tag=one_of("", "gift"),
            unsubscribed_after_hours=one_of(*SELDOM),
            complained_after_hours=one_of(*SELDOM),
            is_open_observed=one_of(True, False),
            is_click_observed=one_of(True, False),
        )
        for step in (("mail_1", "mail_2") if "reports" in troubles else one_of((), ("mail_1",)))
    ]
    newsletters = [
        Message(
            f"newsletter {number} to {name}",
            name,
            one_of("email", "sms"),
            calendar.local_date(at),
            at,
            first_delivered_at=at,
            first_not_sent_at=_after(at, one_of(*SELDOM)),
            first_unsubscribed_at=_after(at, one_of(*SELDOM)),
            first_complained_at=_after(at, one_of(*SELDOM)),
            message_kind=one_of("marketing", "marketing", "transactional", "service"),
        )
        for number, at in enumerate(times("newsletters", -3, 4) + times("newsletters", -30, -28))
    ]
    orders = [
        Order(
            f"order {number} of {name}",
            name,
            one_of("completed", "completed", "cancelled"),
            calendar.local_date(at),
            at,
            one_of(None, "store", "drive"),
        )
        for number, at in enumerate(times("orders", -2, 6))
    ]
    interactions = []
    for at in times("signs", -2, 6):
        kind = one_of("visit", "refund", "form_submit")
        interactions.append(Interaction(name, kind, at, is_from_person=kind != "refund"))
    suppressions = [
        Suppression(name, one_of("email", "*", "sms"), first, one_of(None, first + timedelta(days=1)))
        for first in (calendar.day(days) for days in (one_of((0,), (1,), (2,)) if "suppression" in troubles else ()))
    ]
    return Life(
        profile,
        consent_events,
        draw(calendar.some_time(-1, 4)) if "erasure" in troubles else None,
        suppressions,
        triggers,
        [(row, row.triggered_date + timedelta(days=one_of(1, 2))) for row in triggers if one_of(*[False] * 5, True)],
        reactions,
        newsletters,
        orders,
        [Redemption(name, "c5", at, one_of(False, False, True)) for at in times("signs", -2, 6)],
        interactions,
    )


@st.composite
def stories(draw: st.DrawFn, settings: Settings) -> Story:
    """Stories in the time zone and with the holdout of the settings."""
    calendar = Calendar(draw(st.sampled_from(STARTS)), settings)
    days = [calendar.day(days) for days in range(draw(st.sampled_from((2, 4, 6, 7, 7))))]
    if len(days) > 2 and draw(st.integers(0, 3)) == 3:
        days.remove(draw(st.sampled_from(days[1:])))
    scenario_ids = SCENARIOS[: draw(st.sampled_from((1, 2, 3, 3)))]
    priorities = draw(st.permutations(range(1, len(scenario_ids) + 1)))
    names = draw(st.permutations(NAMES))[: draw(st.sampled_from((1, 2, 4, 8)))]
    scenarios = [
        _scenario(draw, scenario_id, priority, calendar.start)
        for scenario_id, priority in zip(scenario_ids, priorities, strict=True)
    ]
    lives = [_life(draw, name, calendar, scenario_ids) for name in names]

    def all_of(kind: str) -> tuple[Any, ...]:
        return tuple(row for life in lives for row in getattr(life, kind))

    # neighbours become one person, each pair on its day
    merges = [
        (old, new, calendar.day(draw(st.integers(0, 4))))
        for old, new in zip(names[::2], names[1::2], strict=False)
        if draw(st.booleans())
    ]
    splits = [
        (old, new, day + timedelta(days=draw(st.integers(1, 3))))
        for old, new, day in merges
        if draw(st.sampled_from((False, False, True)))
    ]
    base = World(
        settings=settings,
        scenarios=tuple(scenarios),
        channel_rules=_channel_rules(draw),
        gates_switched_off=GATES_SWITCHED_OFF,
        message_caps=_caps(draw),
        quiet_hours=tuple(draw(st.lists(st.sampled_from(QUIET_HOURS), max_size=3, unique=True))),
        suppressions=all_of("suppressions"),
        profiles=tuple(life.profile for life in lives),
        messages=all_of("newsletters"),
        orders=all_of("orders"),
        redemptions=all_of("redemptions"),
        interactions=all_of("interactions"),
        offers=(
            Offer("c5", "coupon", Decimal(5), calendar.day(-30)),
            Offer("c5b", "coupon", Decimal(5), calendar.day(-30), calendar.day(2)),
            Offer("c10", "coupon", Decimal(10), calendar.day(1), calendar.day(5)),
            Offer("c_any", "coupon", None, calendar.day(-30)),
            Offer("old", "coupon", Decimal(50), calendar.day(-30), calendar.day(0)),
            Offer("v20", "voucher", Decimal(20), calendar.day(-30)),
        ),
        triggers=all_of("triggers"),
    )
    return Story(
        tuple(days),
        base,
        evenings=frozenset(day for day in days if draw(st.booleans())) if draw(st.integers(0, 2)) == 2 else frozenset(),
        consent_events=all_of("consent_events"),
        erasures=tuple((life.profile.profile_id, life.erased_at) for life in lives if life.erased_at is not None),
        vanishing=all_of("vanishing"),
        reactions=all_of("reactions"),
        merges=tuple(merges),
        splits=tuple(splits),
    )
