"""Each target profile writes exactly its golden files; with REKINDLE_GOLDEN=write they are written anew, to be read."""

import os
from pathlib import Path
from typing import Any

import pytest
from activation import CENSUS_TABLES, DESTINATIONS, Retailer, person

from rekindle.export.targets import load_target, target_names
from rekindle.ground.paths import PROJECT

GOLDEN = PROJECT / "tests" / "fixtures" / "export"


def people(channel: str) -> list[dict[str, Any]]:
    """Names of several scripts, a comma, a quote, a formula, a Gmail address, and a country that is none."""
    details = [
        {
            "profile_id": "a1",
            "first_name": "Mary-Ann",
            "last_name": "O'Neill, jr.",
            "offer_id": "gift_5",
            "variant": "b",
        },
        {"profile_id": "b2", "first_name": "Valéry", "last_name": '"Val" Łoś', "language_code": "fr"},
        {"profile_id": "c3", "first_name": "정", "last_name": "=1+1", "country_code": "US"},
        {"profile_id": "d4", "first_name": "Dana", "offer_id": "=2+2", "country_code": "Belgium"},
    ]
    addresses = ["Cloudy.San+x@gmail.com", "valery@example.com", "c3@example.com", "d4@example.com"]
    phones = ["+32470000001", "+33600000002", "+16505551212", "+32470000004"]
    return [
        dict(
            person(
                each["profile_id"],
                **{
                    **each,
                    "channel": channel,
                    "email": email if channel in ("email", "ads") else None,
                    "phone": phone if channel in ("sms", "ads") else None,
                    "content": '{"cta": "Kom terug", "value": "12.50"}',
                },
            )
        )
        for each, email, phone in zip(details, addresses, phones, strict=True)
    ]


@pytest.mark.parametrize("target", target_names())
def test_a_target_writes_its_golden_files(target: str, tmp_path: Path) -> None:
    profile = load_target(target)
    channel = "email" if "email" in profile.channels else profile.channels[0]
    purpose = {"ads": "ads_personalisation", "*": "*"}.get(channel, "marketing")
    feed = {
        "feed": "win_back",
        "target": target,
        "channel": channel,
        "purpose": purpose,
        "mode": profile.modes[0],
        "guards": {"platform_minimum": False},
    }
    if profile.api:
        feed["destination"] = DESTINATIONS[target]
    shop = Retailer(tmp_path, [feed])
    rows = people("email" if channel == "*" else channel)
    more = CENSUS_TABLES if target == "census" else ""
    shop.publish(rows, more=more)
    shop.export()
    files = {path.name: path for path in shop.last().folder.glob("win_back__*") if "__removed" not in path.name}
    withdrawn = [("b2", "*", "*", "unsubscribed"), ("c3", "*", "*", "erased")]
    shop.publish(rows[:1], as_of="2024-07-02", withdrawn=withdrawn, more=more)
    shop.export()
    files[shop.last().path("removed").name] = shop.last().path("removed")
    for feed_name in (f"opt_out_{target}", f"erasure_{target}"):
        files[shop.last(feed_name).path("full").name] = shop.last(feed_name).path("full")

    folder = GOLDEN / target
    if os.environ.get("REKINDLE_GOLDEN") == "write":
        folder.mkdir(exist_ok=True)
        for name, path in files.items():
            (folder / name).write_bytes(path.read_bytes())
    assert sorted(files) == sorted(path.name for path in folder.iterdir())
    for name, path in files.items():
        assert path.read_bytes() == (folder / name).read_bytes(), name


def test_every_target_of_the_design_has_a_profile() -> None:
    emails = ["actito", "brevo", "klaviyo", "listmonk", "mailchimp"]
    ads = ["google_customer_match", "linkedin", "meta_custom_audience", "pinterest", "tiktok"]
    assert target_names() == sorted([*emails, *ads, *DESTINATIONS, "generic", "census"])
