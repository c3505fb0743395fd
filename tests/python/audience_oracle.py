"""What leaves the house for a person on a date, from docs/scenario-guide.md: to which address, with which content."""

import itertools
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
from decision_oracle import Decision, Past, World, standing
from moment_oracle import Facts, Row, Triggered

CONSENTED_AT = datetime.fromisoformat("2020-02-02 02:00")
# what a member of an audience has, in the order of members_of()
MEMBER = (
    *("scenario_id", "profile_id", "entry_key", "step", "channel", "email", "phone", "street_address", "first_name"),
    *("language_code", "offer_type", "offer_id", "send_date", "consented_at", "content"),
)
ADDRESSES = ("email", "ads_email", "sms_phone", "call_phone", "ads_phone", "street_address", "postal_code", "city")


def speak(connection: duckdb.DuckDBPyConnection, dates: Sequence[date]) -> None:
    """Texts that the seeds lack: one that changes on these dates, a language and a step that say part of it."""
    welcome = "scenario_id = 'welcome' and step = '*' and text_key = 'headline' and language_code = '*'"
    first, *_, last = ends = [*sorted(dates), date(9999, 1, 1)]
    connection.execute(f"update content_blocks set valid_to_date = '{first}' where {welcome}")
    for begin, end in itertools.pairwise(ends):
        until = "null" if end == last else f"'{end}'"
        row = f"'welcome', '*', 'headline', '*', 'As of {begin}', '{begin}', {until}"
        connection.execute(f"insert into content_blocks values ({row})")
    for row in (
        "'welcome', '*', 'service', 'fr', 'Bienvenue'",
        "'welcome', 'first_message', 'cta', '*', 'begin'",
        "'welcome', 'first_message', 'headline', 'nl', 'Dag'",
        "'welcome', 'first_message:carries_offer', 'service', '*', 'A gift for you'",
        "'abandoned_cart', 'first_message', 'headline', '*', 'Still here'",
    ):
        connection.execute(f"insert into content_blocks values ({row}, '2013-01-01', null)")


def contact(name: str) -> Row:
    """How a person is written to: every address is her own and says for what it is."""
    number = zlib.crc32(name.encode())
    return {
        **{kind: f"{kind} of {name}" for kind in ADDRESSES},
        "first_name": f"first of {name}",
        "last_name": f"last of {name}",
        "language_code": ("nl", "fr", "en", None)[number % 4],
        "country_code": "be",
    }


def texts(seeds: Facts, decision: Decision, language: str | None, send_date: date) -> dict[str, str]:
    """What a message says on the day of sending: of a key what is in her language, of that its variant's or step's."""
    said = {}
    scenario_id, step = decision.scenario_id, decision.step
    for spoken, told in itertools.product(("*", language), ("*", step, f"{step}:{decision.variant}")):
        for row in seeds["content_blocks"]:
            is_valid = row["valid_from_date"] <= send_date < (row["valid_to_date"] or date.max)
            if is_valid and (row["scenario_id"], row["language_code"], row["step"]) == (scenario_id, spoken, told):
                said[row["text_key"]] = row["content_text"]
    return said


def comparable(content: Row) -> Row:
    """A number is the same however it is written."""
    return {key: float(value) if isinstance(value, int | float | Decimal) else value for key, value in content.items()}


def members_of(
    day: date, world: World, heard: Sequence[Triggered], past: Past, seeds: Facts
) -> Iterator[tuple[Any, ...]]:
    """What leaves for a person: a message on its date, a list as long as her journey stands."""
    scenarios = {row["scenario_id"]: row for row in seeds["scenarios"]}
    says = {(one.trigger.scenario_id, one.trigger.entry_key): one.says for one in heard}
    allowed = {(row.channel, row.purpose) for row in world.permissions if row.is_consented and row.stopped_by is None}
    offers = {offer.offer_id: offer for offer in world.offers}
    send_date = day + timedelta(days=1 if world.settings.as_of_time is None else 0)
    for row in standing(world, day, past):
        scenario, who = scenarios[row.scenario_id], contact(row.profile_id)
        key = (row.scenario_id, row.entry_key)
        said = texts(seeds, row, who["language_code"], send_date)
        if not said or (row.channel, scenario["purpose"]) not in allowed:
            continue
        offer = offers.get(row.offer_id or "")
        content = {"objective": scenario["objective"], **says[key], **said}
        if offer is not None:
            content |= {"lever": offer.offer_type, "offer_amount": offer.face_value_amount}
        reached = {
            "email": (who["email"], None, None),
            "ads": (who["ads_email"], who["ads_phone"], None),
            "sms": (None, who["sms_phone"], None),
            "phone": (None, who["call_phone"], None),
            "post": (None, None, who["street_address"]),
        }.get(row.channel or "", (None, None, None))
        yield (
            *(row.scenario_id, row.profile_id, row.entry_key, row.step, row.channel, *reached, who["first_name"]),
            *(who["language_code"], None if offer is None else offer.offer_type, row.offer_id, row.send_date),
            *(CONSENTED_AT, comparable(content)),
        )
