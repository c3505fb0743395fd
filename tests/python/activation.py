"""Small activation files made by hand, and the exporter run on them as somebody would call it."""

import contextlib
import csv
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
from click.testing import CliRunner
from workshop import Said

import export_audiences
from rekindle.export import exporting, runs
from rekindle.export.writing import Report
from rekindle.ground.paths import PROJECT
from rekindle.ground.rules import apply

AUDIENCE = """
    decision_id varchar, as_of_date date, scenario_id varchar, entry_key varchar, step varchar, variant varchar,
    template varchar, profile_id varchar, channel varchar, email varchar, phone varchar, first_name varchar,
    last_name varchar, language_code varchar, country_code varchar, street_address varchar, postal_code varchar,
    city varchar, offer_id varchar, offer_type varchar, content varchar, purpose varchar, consented_at timestamp,
    send_at timestamp
"""
WITHDRAWALS = "profile_id varchar, channel varchar, purpose varchar, reason varchar, withdrawn_at timestamp"
CONSENT = f"""
    create table audiences.audience_withdrawals ({WITHDRAWALS});
    create table audiences.audience_permissions (profile_id varchar, channel varchar, purpose varchar,
        address_kind varchar, address varchar, consented_at timestamp);
    create table audiences.audience_contacts
        (profile_id varchar, source_system varchar, contact_id varchar, country_code varchar);
    create table audiences.audience_former_records
        (profile_id varchar, source_system varchar, contact_id varchar);
    create table audiences.audience_messages
        (message_id varchar, profile_id varchar, channel varchar, sent_at timestamp);
    create table audiences.audience_doubted_messages
        (message_id varchar, source_system varchar, contact_id varchar, channel varchar, sent_at timestamp);
    create table audiences.audience_held_addresses
        (profile_id varchar, address_kind varchar, address_id varchar, is_over_shared boolean);
    create table audiences.audience_unknown_records
        (source_system varchar, contact_id varchar, address_kind varchar, address_id varchar);
    create table audiences.audience_unknown_people
        (source_system varchar, contact_id varchar, profile_id varchar, apart_since_date date);
    create table audiences.audience_siblings
        (profile_id varchar, sibling_profile_id varchar, split_as_of_date date);
    create table audiences.audience_former_ids (former_profile_id varchar, profile_id varchar)
"""
# everybody may be written to at the addresses of her rows, has one contact record and got one message
PERMITTED = """
    insert into audiences.audience_permissions
    with members as (select * from audiences.aud_win_back where {which}),
    addresses as (
        select *, 'email' as kind, email as address from members where email is not null
        union all
        select *, 'phone', phone from members where phone is not null
        union all
        select *, if(channel = 'push', 'app', 'post'), null from members where email is null and phone is null
    )
    select distinct profile_id, channel, purpose, kind, address, coalesce(consented_at, timestamp '2024-01-01 10:00:00')
    from addresses;
    insert into audiences.audience_contacts
    select distinct profile_id, 'web_shop', 'c_' || profile_id, null from audiences.aud_win_back where {which};
    insert into audiences.audience_messages
    select distinct 'm_' || profile_id, profile_id, channel, timestamp '2023-12-01 09:00'
    from audiences.aud_win_back where {which}
"""


def address_id(address: str) -> str:
    """How an address is told that is not written to: as its digest, in SQL."""
    return apply("hash_id", ["'email'" if "@" in address else "'phone'", f"'{address}'"])


# whoever may be written to at an address holds it
HELD = f"""
    insert into audiences.audience_held_addresses
    with held as (
        select distinct profile_id, address_kind, address from audiences.audience_permissions where address is not null
    )
    select
        profile_id, address_kind, {apply("hash_id", ["address_kind", "address"])},
        count(*) over (partition by address) > 10
    from held
"""
EMAIL_FEED = {"feed": "win_back", "target": "generic", "channel": "email", "purpose": "marketing"}
ADS_FEED = {
    "feed": "ads",
    "target": "meta_custom_audience",
    "channel": "ads",
    "purpose": "ads_personalisation",
    "guards": {"platform_minimum": False},
}

CENSUS_FEED = {"feed": "reverse_etl", "target": "census", "channel": "*", "purpose": "*", "mode": "full"}
CENSUS_TABLES = """
    create table audiences.audience_people as select profile_id as person_id, max(email) as email, max(phone) as phone,
        max(first_name) as first_name, max(last_name) as last_name, max(language_code) as language_code,
        max(country_code) as country_code from audiences.aud_win_back group by profile_id;
    create table audiences.audience_memberships as select scenario_id as audience_id, profile_id as person_id,
        decision_id, channel, email, phone, send_at, as_of_date as member_since_date from audiences.aud_win_back;
    create table audiences.audiences as select 'win_back' as audience_id, 'Win back' as audience_name,
        'People who stay away' as description;
"""

# what a feed of a target with an API must say
DESTINATIONS = {
    "google_data_manager": {
        "login_account_id": "1234567890",
        "account_id": "9876543210",
        "audience_id": "5550001",
        "terms": "ACCEPTED",
    },
    "meta_users": {"ad_account_id": "100200300", "audience_id": "23850000000000001"},
}

Person = Mapping[str, Any]


def crowd(number: int) -> str:
    """SQL that makes many people of the first one; row by row it would take longer than the test."""
    return (
        "insert into audiences.aud_win_back select first.* replace ('p' || n as profile_id, "
        "'p' || n || '@example.com' as email, sha256('p' || n) as decision_id) "
        f"from (select * from audiences.aud_win_back limit 1) as first cross join range({number}) as numbers (n); "
        + PERMITTED.format(which="regexp_matches(profile_id, '^p[0-9]+$')")
    )


def person(profile: str, **values: Any) -> Person:
    """A row of an audience; a name is enough."""
    channel = values.get("channel", "email")
    return {
        "profile_id": profile,
        "channel": channel,
        "email": f"{profile}@example.com" if channel in ("email", "ads") else None,
        "phone": None if channel == "email" else "+32470" + f"{sum(profile.encode()):06}",
        "purpose": "ads_personalisation" if channel == "ads" else "marketing",
        **values,
    }


@dataclass
class Retailer:
    """A published activation file, what is below exports/, and the commands on them."""

    root: Path
    feeds: Sequence[Mapping[str, Any]] = field(default_factory=lambda: [EMAIL_FEED])

    @property
    def activation(self) -> Path:
        return self.root / "published" / "activation.duckdb"

    @property
    def exports(self) -> Path:
        return self.root / "exports"

    @property
    def late_noes(self) -> Path:
        return self.root / "late_noes"

    def publish(
        self,
        people: Sequence[Person],
        *,
        as_of: str = "2024-07-01",
        withdrawn: Sequence[tuple[str, str, str, str]] = (),
        tests_passed: bool = True,
        more: str = "",
    ) -> None:
        """Writes the activation file: one audience aud_win_back, withdrawals as (profile, channel, purpose, reason)."""
        self.activation.parent.mkdir(parents=True, exist_ok=True)
        self.activation.unlink(missing_ok=True)
        with duckdb.connect(str(self.activation)) as connection:
            connection.execute(f"create schema audiences; create table audiences.aud_win_back ({AUDIENCE})")
            connection.execute(CONSENT)
            connection.execute(
                "create table _published as select '0.1.0' as version, 'an-invocation' as invocation_id, "
                "cast(? as date) as as_of_date, ? as tests_passed",
                [as_of, tests_passed],
            )
            connection.execute(
                "create table _feeds (feed varchar, audience varchar, config varchar, is_in_use boolean)"
            )
            for row in people:
                full = {
                    "as_of_date": as_of,
                    "scenario_id": "win_back",
                    "entry_key": "2024-06",
                    "step": "mail_1",
                    "variant": "a",
                    "template": "hello",
                    "country_code": "BE",
                    "language_code": "nl",
                    "content": '{"cta": "Come back"}',
                    "consented_at": "2024-01-01 10:00:00",
                    "send_at": f"{as_of} 07:00:00",
                    **row,
                }
                columns = ", ".join(full)
                connection.execute(
                    f"insert into audiences.aud_win_back ({columns}) values ({', '.join('?' * len(full))})",
                    list(full.values()),
                )
            connection.execute(
                "update audiences.aud_win_back set decision_id = "
                "sha256(concat_ws('|', as_of_date, scenario_id, profile_id, step)) where decision_id is null"
            )
            connection.execute(PERMITTED.format(which="true"))
            for gone in withdrawn:
                connection.execute(
                    "insert into audiences.audience_withdrawals values (?, ?, ?, ?, timestamp '2024-06-30 08:00:00')",
                    list(gone),
                )
            for feed in self.feeds:
                audience = "audience_people" if feed["target"] == "census" else "aud_win_back"
                connection.execute(
                    "insert into _feeds values (?, ?, ?, true)", [feed["feed"], audience, json.dumps(dict(feed))]
                )
            if more:
                connection.execute(more)
            with contextlib.suppress(duckdb.CatalogException):  # a table that `more` has taken away
                connection.execute(HELD)
        self.activation.chmod(0o600)

    def export(self, *feeds: str, dry: bool = False, accepted: tuple[str, ...] = ()) -> dict[str, Report]:
        """The exporter in this process, with this retailer's places."""
        with mock.patch.dict(os.environ, self.variables()):
            outcome = exporting.export(feeds, None, dry=dry, accepted=accepted)
        return {report.feed: report for report in outcome.reports}

    def ack(self, run: "Run") -> None:
        """Says that the platform took the run."""
        with mock.patch.dict(os.environ, self.variables()):
            folder, found = runs.find_run(run.run_id)
            folder.acknowledge(found)

    def last(self, feed: str = "win_back") -> "Run":
        """The newest committed run of a feed."""
        return committed(self.exports, feed)[-1]

    def variables(self) -> dict[str, str]:
        return {
            **os.environ,
            "REKINDLE_INSTALLATION": str(self.root),
            "DBT_TARGET_PATH": str(self.root / "target"),
            "PYTHONUTF8": "1",
        }

    def call(self, *arguments: str, **variables: str) -> Said:
        """`python scripts/export_audiences.py …`, in this process: starting Python takes longer than most tests."""
        with mock.patch.dict(os.environ, {**self.variables(), **variables}):
            result = CliRunner().invoke(export_audiences.main, arguments)
        return Said(result.exit_code, result.output)

    def spawn(self, *arguments: str, **options: Any) -> Said:
        """The same in a process of its own."""
        command = [sys.executable, str(PROJECT / "scripts" / "export_audiences.py"), *arguments]
        done = subprocess.run(
            command, env=self.variables(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **options
        )
        return Said(done.returncode, done.stdout.decode())


@dataclass(frozen=True)
class Run:
    """A committed run as a consumer reads it."""

    folder: Path
    manifest: dict[str, Any]

    @property
    def run_id(self) -> str:
        return str(self.manifest["run_id"])

    @property
    def roles(self) -> list[str]:
        return [file["role"] for file in self.manifest["files"]]

    def path(self, role: str) -> Path:
        (name,) = [file["name"] for file in self.manifest["files"] if file["role"] == role]
        return self.folder / str(name)

    def rows(self, role: str) -> list[dict[str, str]]:
        with self.path(role).open(encoding="utf-8", newline="") as handle:
            return list(csv.DictReader(handle))


def committed(exports: Path, feed: str) -> list[Run]:
    """The runs of a feed, oldest first, found the way a consumer finds them: by their manifests."""
    found = [
        Run(file.parent, json.loads(file.read_text(encoding="utf-8")))
        for file in exports.glob(f"{feed}/*/*/manifest.json")
    ]
    return sorted(found, key=lambda run: int(run.manifest["sequence"]))
