"""The exporter on small activation files: what leaves, what never leaves, and what a platform can rely on."""

import datetime
import hashlib
import json
import os
import stat
import subprocess
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from activation import ADS_FEED, CENSUS_FEED, CENSUS_TABLES, EMAIL_FEED, Person, Retailer, Run, committed, person
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rekindle.export import runs
from rekindle.export.exporting import Outcome
from rekindle.export.feeds import feed_of_row
from rekindle.export.late_noes import LateNoes
from rekindle.export.targets import load_target, target_names
from rekindle.export.writing import Report
from rekindle.ground.errors import CONTRACT, DONE, GUARD, PLAN_HAS_CHANGES, ContractError
from rekindle.run import building

UNSUBSCRIBED = ("email", "*", "unsubscribed")
ERASED = ("*", "*", "erased")


@pytest.fixture
def shop(tmp_path: Path) -> Retailer:
    return Retailer(tmp_path)


def feed(**changes: Any) -> dict[str, Any]:
    return {**EMAIL_FEED, **changes}


def profiles(rows: Iterable[dict[str, str]]) -> list[str]:
    return [row["profile_id"] for row in rows]


# --- a scenario that is not in use ------------------------------------------------------------------------------------


def test_a_feed_that_nobody_uses_is_not_written_unless_it_is_asked_for_or_was_written_before(shop: Retailer) -> None:
    shop.feeds = [EMAIL_FEED, ADS_FEED]
    ads = str(ADS_FEED["feed"])
    resting = f"update _feeds set is_in_use = false where feed = '{ads}'"
    lists = {f"{kind}_{ADS_FEED['target']}" for kind in ("opt_out", "erasure")}
    shop.publish([], more=resting)
    assert {ads, *lists}.isdisjoint(shop.export())
    assert not (shop.exports / ads).exists()
    assert [*shop.export(ads, dry=True)] == [ads]
    assert [*shop.export(*lists, dry=True)] == [*lists]

    shop.export(ads)
    assert {ads, *lists} <= set(shop.export()), "its people have to leave the platform"

    # a file that an earlier version published does not say it: all are written
    shop.feeds = [EMAIL_FEED, {**ADS_FEED, "feed": "other"}]
    shop.publish([], more="alter table _feeds drop column is_in_use")
    assert "other" in shop.export()


def test_another_target_is_another_feed(shop: Retailer) -> None:
    """Its platform would be told to remove whom it never had, and the one of before would keep everybody."""
    shop.publish([person("ann"), person("bob")])
    shop.export()
    shop.feeds = [feed(target="actito")]
    shop.publish([person("bob")], as_of="2024-07-02", withdrawn=[("ann", *ERASED)])
    report = shop.export()
    assert (report["win_back"].exit_code, len(committed(shop.exports, "win_back"))) == (CONTRACT, 1)
    assert "was sent to generic: give actito a feed of another name" in report["win_back"].message
    assert [row["profile_id"] for row in shop.last("erasure_generic").rows("full")] == ["ann"]


# --- a run ------------------------------------------------------------------------------------------------------------


def test_a_first_run_writes_whole_private_files_with_the_manifest(shop: Retailer) -> None:
    shop.publish([person("ann", first_name="Ann"), person("bob")])
    report = shop.export()["win_back"]
    run = shop.last()
    assert (report.status, report.exit_code, report.run_id) == ("new run", DONE, run.run_id)
    assert run.roles == ["full", "added", "changed", "removed", "rejected"]
    assert [(row["profile_id"], row["first_name"]) for row in run.rows("full")] == [("ann", "Ann"), ("bob", "")]
    assert run.folder == shop.exports / "win_back" / "2024-07-01" / run.run_id
    for file in run.manifest["files"]:
        data = (run.folder / file["name"]).read_bytes()
        assert (file["bytes"], file["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    inside = list(shop.exports.rglob("*"))
    assert {stat.S_IMODE(path.stat().st_mode) for path in inside if path.is_dir()} == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in inside if path.is_file()} == {0o600}


def test_sha256sum_agrees(shop: Retailer) -> None:
    shop.publish([person("ann")])
    shop.export("win_back")
    done = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=shop.last().folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_running_again_writes_nothing_also_after_the_acknowledgement(shop: Retailer) -> None:
    shop.publish([person("ann")])
    shop.export()
    before = {path: path.stat().st_mtime_ns for path in shop.exports.rglob("*") if path.is_file()}
    shop.ack(shop.last())
    again = shop.export()
    assert {report.status for report in again.values()} == {"unchanged"}
    changed = {path.name for path in shop.exports.rglob("*") if path.is_file() and before.get(path) is None}
    assert changed == {"acknowledged.json"}
    assert all(path.stat().st_mtime_ns == when for path, when in before.items() if path.name != ".lock")


@pytest.mark.parametrize("format", ["csv", "csv.gz", "parquet", "jsonl"])
def test_the_same_input_gives_the_same_bytes(tmp_path: Path, format: str) -> None:
    contents = []
    for name in ("one", "other"):
        shop = Retailer(tmp_path / name, [feed(format=format)])
        people = [person(f"p{n}", first_name=f"Name {n}") for n in range(50)]
        shop.publish(people if name == "one" else people[::-1])
        shop.export("win_back")
        contents.append({path.name: path.read_bytes() for path in shop.last().folder.iterdir()})
    assert len(contents[0]) == 7
    assert contents[0] == contents[1]


def test_each_format_holds_the_same_rows(tmp_path: Path) -> None:
    found = []
    for format, reader in (
        ("csv", "read_csv"),
        ("csv.gz", "read_csv"),
        ("parquet", "read_parquet"),
        ("jsonl", "read_json"),
    ):
        shop = Retailer(tmp_path / format, [feed(format=format)])
        shop.publish([person("ann", first_name='A "quoted", name'), person("bob")])
        shop.export("win_back")
        path = shop.last().path("full")
        found.append(duckdb.sql(f"select profile_id, email, first_name, phone from {reader}('{path}')").fetchall())
    assert found == [[("ann", "ann@example.com", 'A "quoted", name', None), ("bob", "bob@example.com", None, None)]] * 4


def test_an_empty_audience_is_a_header_and_never_yesterdays_file(shop: Retailer) -> None:
    shop.publish([person("ann")])
    shop.export("win_back")
    shop.publish([], as_of="2024-07-02")
    shop.export("win_back")
    run = shop.last()
    assert run.manifest["counts"]["members"] == 0
    assert run.path("full").read_text(encoding="utf-8").startswith("profile_id,email,")
    assert run.path("full").read_text(encoding="utf-8").count("\n") == 1
    assert profiles(run.rows("removed")) == ["ann"]


def test_a_feed_takes_the_rows_of_its_channel_only(shop: Retailer) -> None:
    shop.feeds = [EMAIL_FEED, feed(feed="texts", channel="sms")]
    shop.publish([person("ann"), person("bob", channel="sms")])
    shop.export()
    assert profiles(shop.last("win_back").rows("full")) == ["ann"]
    assert profiles(shop.last("texts").rows("full")) == ["bob"]


def test_content_keys_become_columns_when_the_feed_asks_for_them(shop: Retailer) -> None:
    shop.feeds = [feed(target="brevo", content={"CTA": "cta", "OTHER": "missing"})]
    shop.publish([person("ann")])
    shop.export("win_back")
    line = shop.last().path("full").read_text(encoding="utf-8").splitlines()[1]
    assert line.endswith(";Come back;")


@pytest.mark.parametrize(("target", "longest"), [("actito", "é" * 255), ("mailchimp", "é" * 127)])
def test_a_text_that_a_platform_would_cut_is_rejected_in_a_feeds_own_column_too(
    shop: Retailer, target: str, longest: str
) -> None:
    shop.feeds = [feed(target=target, content={"Headline": "headline"})]
    shop.publish(
        [
            person("ann", content=json.dumps({"headline": longest})),
            person("bob", content=json.dumps({"headline": longest + "é"})),
        ]
    )
    shop.export("win_back")
    assert [row["Headline"] for row in shop.last().rows("full")] == [longest]
    assert shop.last().rows("rejected") == [{"profile_id": "bob", "reason": "too_long", "column": "Headline"}]


@pytest.mark.parametrize("content", ["Email=a", "DECISION_ID=a", "Headline=a headline=b", "Headline=a Headline=b"])
def test_a_header_that_the_file_has_already_is_told_where_the_row_of_the_feed_is_read(content: str) -> None:
    row = {**EMAIL_FEED, "target": "brevo", "content": content}
    with pytest.raises(ContractError, match=r"row win_back: .*content.*(is in the file already|says something twice)"):
        feed_of_row(row)


def test_a_plan_writes_nothing_and_says_by_its_exit_code_whether_there_is_something_to_do(shop: Retailer) -> None:
    shop.publish([person("ann")])
    assert Outcome(list(shop.export(dry=True).values()), LateNoes()).exit_code == PLAN_HAS_CHANGES
    assert not shop.exports.exists()
    shop.export()
    assert Outcome(list(shop.export(dry=True).values()), LateNoes()).exit_code == DONE


# --- deltas -----------------------------------------------------------------------------------------------------------


def test_a_changed_address_is_removed_and_added(shop: Retailer) -> None:
    shop.feeds = [feed(target="mailchimp", mode="delta")]
    shop.publish([person("ann")])
    shop.export("win_back")
    shop.ack(shop.last())
    shop.publish([person("ann", email="ann@new.example.com")], as_of="2024-07-02")
    shop.export("win_back")
    run = shop.last()
    assert [row["Email Address"] for row in run.rows("removed")] == ["ann@example.com"]
    assert [row["Email Address"] for row in run.rows("added")] == ["ann@new.example.com"]
    assert run.rows("changed") == []


def test_an_identifier_that_is_still_sent_is_not_removed_with_the_one_that_changed(shop: Retailer) -> None:
    shop.feeds = [ADS_FEED]
    shop.publish([person("ann", channel="ads", phone="+32470000001")])
    shop.export("ads")
    shop.publish([person("ann", channel="ads", phone="+32470000001", email="ann@new.example.com")], as_of="2024-07-02")
    shop.export("ads")
    (row,) = shop.last("ads").rows("removed")
    assert row == {"email": hashlib.sha256(b"ann@example.com").hexdigest(), "phone": ""}


def test_who_only_looks_different_is_changed(shop: Retailer) -> None:
    shop.feeds = [
        feed(
            target="meta_custom_audience",
            channel="ads",
            purpose="ads_personalisation",
            mode="full_and_delta",
            guards={"platform_minimum": False},
        )
    ]
    shop.publish([person("ann", channel="ads", first_name="Ann"), person("bob", channel="ads")])
    shop.export("win_back")
    shop.ack(shop.last())
    shop.publish([person("ann", channel="ads", first_name="Anna"), person("bob", channel="ads")], as_of="2024-07-02")
    shop.export("win_back")
    counts = shop.last().manifest["counts"]
    assert (counts["added"], counts["changed"], counts["removed"]) == (0, 1, 0)


def test_a_delta_that_nobody_acknowledged_is_repeated_in_the_next(shop: Retailer) -> None:
    shop.feeds = [feed(mode="delta")]
    shop.publish([person("ann"), person("bob")])
    shop.export("win_back")
    first = shop.last()
    shop.ack(first)
    shop.publish([person("ann"), person("cas")], as_of="2024-07-02")
    shop.export("win_back")
    lost = shop.last()
    shop.publish([person("ann"), person("dan")], as_of="2024-07-03")
    shop.export("win_back")
    run = shop.last()
    assert (run.manifest["previous_run_id"], run.manifest["base_run_id"]) == (lost.run_id, first.run_id)
    # cas may have arrived with the run that was never acknowledged
    assert profiles(run.rows("removed")) == ["bob", "cas"]
    assert profiles(run.rows("added")) == ["dan"]
    shop.ack(run)
    shop.publish([person("ann"), person("dan"), person("eve")], as_of="2024-07-04")
    shop.export("win_back")
    assert (profiles(shop.last().rows("removed")), profiles(shop.last().rows("added"))) == ([], ["eve"])


PEOPLE = ("ann", "bob", "cas", "dan", "eve")
# whom a day knows, and how: her e-mail, whether she answers the family's phone, her name; or how she said no
KNOWN = st.tuples(st.sampled_from(["", "2"]), st.booleans(), st.sampled_from(["Kim", "Robin"]))
DAY = st.fixed_dictionaries({}, optional=dict.fromkeys(PEOPLE, KNOWN | st.sampled_from(["withdrawn", "erased"])))
DAYS = st.lists(
    # what becomes of the day's run, and whether somebody accepts what the guards say
    st.tuples(DAY, st.sampled_from(["lost", "taken", "acknowledged"]), st.booleans()),
    min_size=2,
    max_size=4,
)
ALL: dict[str, Any] = dict.fromkeys(PEOPLE, ("", True, "Kim"))
ONE_LEFT = [(ALL, "acknowledged", False), ({**ALL, "ann": "withdrawn"}, "taken", False), (ALL, "lost", False)]
ONE_RENAMED = [
    (ALL, "acknowledged", False),
    ({**ALL, "ann": ("", True, "Robin")}, "taken", False),
    (ALL, "lost", False),
]
# behind a closed guard ann is taken off, with the phone of the others, who are held back and are there the day after
BEHIND_A_GUARD = [
    (ALL, "acknowledged", False),
    ({"ann": "withdrawn"}, "acknowledged", False),
    ({**ALL, "ann": "withdrawn"}, "lost", False),
    ({**ALL, "ann": "withdrawn"}, "lost", False),
]


class Platform:
    """Whom a platform finds, and the names it knows them by, when it does what the files of a run say."""

    def __init__(self, ids: list[str], value: str) -> None:
        self.ids, self.value = ids, value
        self.found: set[str] = set()
        self.names: dict[tuple[str, ...], str] = {}

    def takes(self, run: Run) -> None:
        """A run, in the order of the page."""
        for role in ("full", "removed", "changed", "added"):
            for row in run.rows(role) if role in run.roles else []:
                key = tuple(row[each] for each in self.ids)
                if role == "removed":
                    self.found -= set(key)
                    self.names = {each: name for each, name in self.names.items() if self.found & set(each)}
                else:
                    self.found |= set(key) - {""}
                    self.names[key] = row[self.value]


@pytest.mark.parametrize("target", ["mailchimp", "meta_custom_audience"])
def test_a_platform_that_applies_deltas_ends_with_the_list_whatever_it_missed(
    tmp_path_factory: pytest.TempPathFactory, target: str
) -> None:
    is_ads = target == "meta_custom_audience"
    columns = (["email", "phone"], "fn") if is_ads else (["Email Address"], "FNAME")
    sent = (lambda value: hashlib.sha256(value.lower().lstrip("+").encode()).hexdigest()) if is_ads else str
    guards = {"max_remove_pct": 20, "platform_minimum": False}
    channel, purpose = ("ads", "ads_personalisation") if is_ads else ("email", "marketing")

    def one(name: str, suffix: str, has_family_phone: bool, first_name: str) -> Person:
        phone = {"phone": "+32470000001"} if is_ads and has_family_phone else {}
        return person(name, channel=channel, email=f"{name}{suffix}@example.com", first_name=first_name, **phone)

    def ids(row: Person) -> tuple[str, ...]:
        return tuple(sent(row[each]) for each in (["email", "phone"] if is_ads else ["email"]))

    @settings(max_examples=9, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @example(mode="delta", days=ONE_LEFT)
    @example(mode="full_and_delta", days=ONE_RENAMED)
    @example(mode="delta", days=BEHIND_A_GUARD)
    @given(mode=st.sampled_from(["delta", "full_and_delta"]), days=DAYS)
    def ends_with_the_list(mode: str, days: list[tuple[dict[str, Any], str, bool]]) -> None:
        row = feed(mode=mode, target=target, channel=channel, purpose=purpose, guards=guards)
        shop, platform = Retailer(tmp_path_factory.mktemp("shop"), [row]), Platform(*columns)
        for number, (known, fate, is_accepted) in enumerate(days):
            rows = [one(name, *how) for name, how in known.items() if not isinstance(how, str)]
            gone = [(name, channel, "*", how) for name, how in known.items() if isinstance(how, str)]
            shop.publish(rows, as_of=f"2024-07-{number + 1:02}", withdrawn=gone)
            runs_before = len(committed(shop.exports, "win_back"))
            # the last day arrives in any case: a delta counts from what was acknowledged, the rest is repeated
            is_last = number == len(days) - 1
            report = shop.export("win_back", accepted=("win_back",) if is_accepted or is_last else ())["win_back"]
            assert report.exit_code == DONE or (report.exit_code == GUARD and not is_accepted), report.message
            if len(committed(shop.exports, "win_back")) == runs_before or (fate == "lost" and not is_last):
                continue
            run = shop.last()
            platform.takes(run)
            members = {ids(each): sent(each["first_name"]) for each in rows}
            of_members = {each for key in members for each in key}
            if run.manifest["kind"] == "whole":
                assert platform.found == of_members
                assert {key: platform.names.get(key) for key in members} == members
            mails = [sent(f"{name}{suffix}@example.com") for name, *_ in gone for suffix in ("", "2")]
            assert not platform.found & set(mails) - of_members, "whoever said no has left"
            if fate == "acknowledged":
                shop.ack(run)

    ends_with_the_list()


def test_a_delta_feed_sends_the_full_list_before_the_platform_forgets(shop: Retailer) -> None:
    shop.feeds = [feed(mode="delta", max_full_age_days=3)]
    roles = []
    for day in ("01", "02", "03", "04", "05"):
        shop.publish([person("ann")], as_of=f"2024-07-{day}")
        shop.export("win_back")
        shop.ack(shop.last())
        roles.append("full" in shop.last().roles)
    assert roles == [True, False, False, True, False]


def test_only_a_committed_newer_run_can_be_acknowledged(shop: Retailer) -> None:
    found = []
    for day in ("01", "02"):
        shop.publish([person("ann")], as_of=f"2024-07-{day}")
        shop.export("win_back")
        found.append(shop.last())
    shop.ack(found[1])
    with pytest.raises(ContractError, match="is older than"):
        shop.ack(found[0])
    said = shop.call("ack", "0123456789abcdef")
    assert (said.code, "has the id '0123456789abcdef'" in said.text) == (CONTRACT, True)


def test_an_older_list_is_never_sent_after_a_newer_one(shop: Retailer) -> None:
    shop.publish([person("ann")], as_of="2024-07-02")
    shop.export("win_back")
    shop.publish([person("ann")], as_of="2024-07-01")
    report = shop.export("win_back")["win_back"]
    assert report.exit_code == CONTRACT
    assert "an older list is never sent after a newer one" in report.message


# --- withdrawals ------------------------------------------------------------------------------------------------------


def test_a_withdrawn_consent_leaves_although_a_guard_stops_the_rest(shop: Retailer) -> None:
    shop.feeds = [feed(mode="delta", guards={"max_remove_pct": 10})]
    people = [person(name) for name in PEOPLE]
    shop.publish(people)
    shop.export("win_back")
    shop.ack(shop.last())
    shop.publish(people[3:], as_of="2024-07-02", withdrawn=[("ann", *UNSUBSCRIBED)])
    report = shop.export("win_back")["win_back"]
    run = shop.last()
    assert (report.status, report.exit_code) == ("guard", GUARD)
    assert report.message.startswith("2 of 5 members would be removed (max_remove_pct 10).")
    assert (run.manifest["kind"], run.roles) == ("withdrawals_only", ["removed"])
    assert profiles(run.rows("removed")) == ["ann"]

    again = shop.export("win_back")["win_back"]
    assert (again.exit_code, shop.last().run_id) == (GUARD, run.run_id), "said again, written once"

    shop.ack(run)
    accepted = shop.export("win_back", accepted=("win_back",))["win_back"]
    assert accepted.exit_code == DONE
    assert profiles(shop.last().rows("removed")) == ["ann", "bob", "cas"]


def test_whoever_said_no_and_may_be_written_to_nowhere_leaves_a_feed_of_all_channels(shop: Retailer) -> None:
    shop.feeds = [{**CENSUS_FEED, "guards": {"max_remove_pct": 20}}]
    everybody = [person(name) for name in ("ann", "bob", "cas", "dan", "eve")]
    shop.publish(everybody, more=CENSUS_TABLES)
    shop.export()
    shop.ack(shop.last("reverse_etl"))
    still_open = """
        insert into audiences.audience_permissions
        values
            ('bob', 'ads', 'ads_personalisation', 'email', 'bob@example.com', timestamp '2024-01-01 10:00:00'),
            ('cas_today', 'ads', 'ads_personalisation', 'email', 'cas@example.com', timestamp '2024-01-01 10:00:00'),
            ('ann', 'email', 'open_tracking', 'email', 'ann@example.com', timestamp '2024-01-01 10:00:00'),
            ('ann', 'email', 'profiling', 'email', 'ann@example.com', timestamp '2024-01-01 10:00:00');
        insert into audiences.audience_former_ids values ('cas', 'cas_today');
    """
    said_no = [(name, *UNSUBSCRIBED) for name in ("ann", "bob", "cas", "cas_today")]
    shop.publish([person("eve")], as_of="2024-07-02", withdrawn=said_no, more=CENSUS_TABLES + still_open)
    reports = shop.export()
    assert reports["reverse_etl"].exit_code == GUARD
    run = shop.last("reverse_etl")
    assert run.manifest["kind"] == "withdrawals_only"
    # bob may be held for ads, and so may cas, whose id has changed; dan's consent has only vanished
    assert [row["id"] for row in run.rows("removed")] == ["ann"]
    assert [row["id"] for row in shop.last("opt_out_census").rows("full")] == ["ann"]


def test_a_late_no_leaves_a_feed_of_all_channels_although_a_guard_stops_the_rest(shop: Retailer) -> None:
    shop.feeds = [{**CENSUS_FEED, "guards": {"max_remove_pct": 20}}]
    shop.publish([person("ann"), person("bob")], more=CENSUS_TABLES)
    shop.export()
    shop.late_noes.mkdir()
    file = shop.late_noes / "input_message_events.csv"
    file.write_text("message_id,event_type,occurred_at\nm_ann,unsubscribed,2024-07-01 08:00:00\n", encoding="utf-8")
    report = shop.export()["reverse_etl"]
    assert (report.exit_code, report.counts["late_noes"], report.counts["withdrawn"]) == (DONE, 1, 1)
    run = shop.last("reverse_etl")
    assert [row["id"] for row in run.rows("removed")] == ["ann"]
    assert [row["id"] for row in shop.last("opt_out_census").rows("full")] == ["ann"]


def test_a_guard_without_withdrawals_writes_nothing(shop: Retailer) -> None:
    shop.feeds = [feed(guards={"min_rows": 5})]
    shop.publish([person("ann")])
    report = shop.export("win_back")["win_back"]
    assert (report.exit_code, report.message) == (GUARD, "1 members are fewer than 5 (min_rows).")
    assert committed(shop.exports, "win_back") == []


def test_who_withdrew_is_never_sent_even_when_an_audience_holds_the_row(shop: Retailer) -> None:
    shop.publish([person("ann"), person("bob")], withdrawn=[("bob", "email", "marketing", "consent_withdrawn")])
    shop.export("win_back")
    assert profiles(shop.last().rows("full")) == ["ann"]
    assert shop.last().rows("rejected") == [{"profile_id": "bob", "reason": "withdrawn", "column": ""}]


@pytest.mark.parametrize(
    ("withdrawal", "concerned"),
    [
        (("email", "marketing"), True),
        (("*", "*"), True),
        (("email", "*"), True),
        (("sms", "marketing"), False),
        (("email", "profiling"), False),
    ],
)
def test_a_withdrawal_concerns_its_channel_and_purpose(
    shop: Retailer, withdrawal: tuple[str, str], *, concerned: bool
) -> None:
    shop.publish([person("ann")], withdrawn=[("ann", *withdrawal, "consent_withdrawn")])
    shop.export("win_back")
    assert (shop.last().rows("full") == []) == concerned


def test_the_opt_out_and_erasure_lists_reach_everybody_a_platform_was_ever_sent(shop: Retailer) -> None:
    shop.feeds = [feed(target="actito", mode="delta")]
    shop.publish([person("ann"), person("bob"), person("cas")])
    shop.export()
    shop.ack(shop.last())
    shop.publish([person("cas")], as_of="2024-07-02")  # ann and bob leave and are removed
    shop.export()
    shop.ack(shop.last())
    shop.feeds = []  # the feed is not configured any more; what it sent is still out there
    withdrawn = [("ann", *UNSUBSCRIBED), ("bob", *ERASED), ("zoe", *ERASED), ("cas", "sms", "*", "unsubscribed")]
    shop.publish([], as_of="2024-08-01", withdrawn=withdrawn)
    shop.export()
    assert shop.last("opt_out_actito").rows("full") == [
        {"customerId": "ann", "emailAddress": "ann@example.com", "gsmNumber": "", "subscription_marketing": "N"}
    ]
    assert shop.last("erasure_actito").rows("full") == [
        {"customerId": "bob", "emailAddress": "bob@example.com", "gsmNumber": ""}
    ]


OLD_ADDRESS_CLOSED = """
    insert into audiences.audience_permissions
    values ('ann', 'email', 'marketing', 'email', 'ann@new.example.com', timestamp '2024-06-01')
"""


@pytest.mark.parametrize("sent_as", ["ann", "ann_before"])
def test_an_address_that_may_not_be_written_to_any_more_leaves_and_is_opted_out_alone(
    shop: Retailer, sent_as: str
) -> None:
    shop.feeds = [feed(target="actito", mode="delta", guards={"max_remove_pct": 10})]
    shop.publish([person(sent_as, email="ann@old.example.com"), *map(person, PEOPLE[1:])])
    shop.export()
    shop.ack(shop.last())
    # she complained at the old address and said yes at the new one, which nothing is sent to today
    former = "insert into audiences.audience_former_ids values ('ann_before', 'ann')"
    shop.publish([person("bob")], as_of="2024-07-02", more=f"{OLD_ADDRESS_CLOSED}; {former}")
    report = shop.export()["win_back"]
    assert (report.status, report.counts["withdrawn"]) == ("guard", 1), "whose consent has only vanished waits"
    assert [row["emailAddress"] for row in shop.last().rows("removed")] == ["ann@old.example.com"]
    assert shop.last("opt_out_actito").rows("full") == [
        {"customerId": "", "emailAddress": "ann@old.example.com", "gsmNumber": "", "subscription_marketing": "N"}
    ]
    assert shop.last("erasure_actito").rows("full") == []


FAMILY = "+32470000001"


@pytest.mark.parametrize("kind", ["opt_out", "erasure"])
@pytest.mark.parametrize("target", ["google_customer_match", "meta_custom_audience", "tiktok"])
def test_the_no_of_one_lists_no_address_at_which_the_platform_holds_another_one_who_may_be_written_to(
    shop: Retailer, target: str, kind: str
) -> None:
    shop.feeds = [{**ADS_FEED, "target": target}]
    (phone,) = [column.header for column in load_target(target).identifiers if column.kind == "e164"]
    ann, bob, cas = [person(name, channel="ads", phone=FAMILY) for name in ("ann", "bob", "cas")]
    shop.publish([ann, bob])
    shop.export()
    gone = ("ann", "ads", "*", "consent_withdrawn") if kind == "opt_out" else ("ann", *ERASED)
    shop.publish([bob], as_of="2024-07-02", withdrawn=[gone])
    shop.export()
    (removed,) = shop.last("ads").rows("removed")
    assert removed[phone] == ""
    assert shop.last(f"{kind}_{target}").rows("full") == [removed]

    # of cas, who may be written to there and was never sent, the platform holds nothing; bob leaves, without a no
    shop.publish([cas], as_of="2024-07-03", withdrawn=[gone], more="delete from audiences.aud_win_back")
    shop.export("ads")
    shop.export()
    assert [bool(row[phone]) for row in shop.last(f"{kind}_{target}").rows("full")] == [True]


def test_an_address_that_is_closed_on_a_channel_is_listed_though_somebody_is_held_at_it_for_another(
    shop: Retailer,
) -> None:
    shop.feeds = [feed(feed="texts", channel="sms"), feed(feed="calls", channel="phone")]
    ann, bob = person("ann", channel="sms", phone=FAMILY), person("bob", channel="phone", phone=FAMILY)
    no = [("ann", "sms", "*", "unsubscribed")]
    shop.publish([ann, bob])
    shop.export()
    shop.publish([bob], as_of="2024-07-02", withdrawn=no)
    shop.export()
    (listed,) = shop.last("opt_out_generic").rows("full")
    assert FAMILY in listed.values()
    # to be forgotten everywhere is not to be called no more
    shop.publish([bob], as_of="2024-07-03", withdrawn=[*no, ("ann", *ERASED)])
    shop.export()
    (listed,) = shop.last("erasure_generic").rows("full")
    assert FAMILY not in listed.values()


def test_what_two_people_have_as_one_address_of_a_platform_is_listed_when_neither_may_be_written_to(
    shop: Retailer,
) -> None:
    shop.feeds = [{**ADS_FEED, "target": "google_customer_match"}]
    ann, bob = [person(name, channel="ads", email=f"{name}@gmail.com") for name in ("a.b", "ab")]
    shop.publish([ann, bob])
    shop.export()
    no = [("a.b", "ads", "*", "consent_withdrawn")]
    shop.publish([bob], as_of="2024-07-02", withdrawn=no)
    shop.export()
    (alone,) = shop.last("opt_out_google_customer_match").rows("full")
    assert (alone["Email"], alone["Phone"]) == ("", hashlib.sha256(str(ann["phone"]).encode()).hexdigest())
    shop.publish([], as_of="2024-07-03", withdrawn=[*no, ("ab", "ads", "*", "consent_withdrawn")])
    shop.export()
    emails = [row["Email"] for row in shop.last("opt_out_google_customer_match").rows("full")]
    assert emails == [hashlib.sha256(b"ab@gmail.com").hexdigest()] * 2


def test_an_id_is_listed_without_the_address_of_somebody_else_until_that_one_has_left(shop: Retailer) -> None:
    shop.feeds = [feed(target="actito")]
    ann, bob = [person(name, email="fam@example.com") for name in ("ann", "bob")]
    no = [("ann", "email", "*", "unsubscribed")]
    shop.publish([ann, bob])
    shop.export()
    listed = []
    for day, members in (("02", [bob]), ("03", [])):
        shop.publish(members, as_of=f"2024-07-{day}", withdrawn=no)
        shop.export()
        (row,) = shop.last("opt_out_actito").rows("full")
        listed.append((row["customerId"], row["emailAddress"]))
    assert listed == [("ann", ""), ("ann", "fam@example.com")]


def test_an_address_that_is_still_permitted_is_no_forced_removal(shop: Retailer) -> None:
    shop.feeds = [feed(target="actito", guards={"max_remove_pct": 10})]
    shop.publish([person("ann"), person("bob")])
    shop.export()
    shop.publish([person("bob")], as_of="2024-07-02", more="delete from audiences.aud_win_back")
    report = shop.export()["win_back"]
    assert (report.status, report.counts["removed"], report.counts["withdrawn"]) == ("guard", 2, 0)
    assert shop.last("opt_out_actito").rows("full") == []


def test_consents_and_subscriptions_are_never_part_of_a_feed() -> None:
    for name in target_names():
        for column in load_target(name).columns:
            assert not {"consented_at", "purpose"} & set(column.sources), name
            assert "subscri" not in column.header.lower(), name


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        ("update audiences.aud_win_back set consented_at = null", "1 rows of aud_win_back have no evidence of consent"),
        (
            "update audiences.aud_win_back set purpose = 'profiling'",
            "have no evidence of consent for email and marketing",
        ),
        (
            "alter table audiences.aud_win_back drop column email",
            "aud_win_back has no column email, which generic needs",
        ),
        ("update audiences.aud_win_back set as_of_date = '2024-06-30'", "rows of another date"),
    ],
)
def test_an_audience_that_breaks_its_contract_does_not_leave(shop: Retailer, problem: str, sentence: str) -> None:
    shop.publish([person("ann")], more=problem)
    report = shop.export("win_back")["win_back"]
    assert (report.exit_code, sentence in report.message) == (CONTRACT, True), report.message
    assert committed(shop.exports, "win_back") == []


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        ("drop table _published", "does not say which build it comes from"),
        ("delete from _published", "does not say which build it comes from"),
        ("update _published set tests_passed = false", "A test that the audiences depend on did not pass"),
        ("drop table audiences.audience_withdrawals", "has no table audience_withdrawals"),
        ("drop table audiences.audience_permissions", "has no table audience_permissions"),
        ("drop table audiences.audience_contacts", "has no table audience_contacts"),
        ("update _feeds set config = replace(config, 'channel', 'chanel')", "Feed win_back: "),
    ],
)
def test_a_publication_that_cannot_be_trusted_stops_everything(shop: Retailer, problem: str, sentence: str) -> None:
    shop.publish([person("ann")], more=problem)
    said = shop.call("export")
    assert said.code == CONTRACT
    assert sentence in said.error
    assert not shop.exports.exists()


def test_a_publication_others_may_read_is_refused(shop: Retailer) -> None:
    shop.publish([person("ann")])
    shop.activation.chmod(0o640)
    said = shop.call("plan")
    assert (said.code, "chmod 600" in said.error) == (CONTRACT, True)


def test_audiences_older_than_asked_for_are_refused(shop: Retailer) -> None:
    shop.publish([person("ann")])
    assert "older than 2024-07-02" in shop.call("export", "--as-of", "2024-07-02").error
    assert shop.call("export", "--as-of", "2024-07-01").code == DONE


def test_without_a_publication_or_the_feed_there_is_one_sentence(shop: Retailer) -> None:
    assert "There is no" in shop.call("export").error
    shop.publish([person("ann")])
    said = shop.call("export", "../../etc")
    assert (said.code, said.error.startswith("There is no feed '../../etc': there are win_back")) == (CONTRACT, True)


# --- values -----------------------------------------------------------------------------------------------------------

PAYLOADS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", " =1"]
TEXT_COLUMNS = ("first_name", "last_name", "street_address", "postal_code", "city")


@pytest.mark.parametrize("policy", ["strip", "escape", "reject"])
def test_no_free_text_column_can_carry_a_formula(shop: Retailer, policy: str) -> None:
    shop.feeds = [feed(text_policy=policy)]
    people = [
        person(f"p{number}_{column}", **{column: payload})
        for number, payload in enumerate(PAYLOADS)
        for column in TEXT_COLUMNS
    ]
    shop.publish([*people, person("ann", first_name="Ann")])
    shop.export("win_back")
    run = shop.last()
    for row in run.rows("full"):
        for column in TEXT_COLUMNS:
            assert not row[column].lstrip().startswith(tuple("=+-@＝")), policy
            assert not set(row[column]) & {"\t", "\r"}, policy
    assert len(run.rows("full")) == (1 if policy == "reject" else len(people) + 1)
    if policy == "reject":
        reasons = {(row["reason"], row["column"]) for row in run.rows("rejected")}
        assert reasons == {(why, column) for why in ("formula", "control_character") for column in TEXT_COLUMNS}


def test_what_makes_an_entry_unique_may_be_any_words_of_the_business(shop: Retailer) -> None:
    shop.feeds = [feed(channel="push")]
    shop.publish([person("ann", channel="push", entry_key="2024-06-20 dog food/XL")])
    shop.export("win_back")
    assert shop.last().rows("full")[0]["entry_key"] == "2024-06-20 dog food/XL"


@pytest.mark.parametrize("policy", ["strip", "escape", "reject"])
def test_a_phone_in_e164_is_untouched(shop: Retailer, policy: str) -> None:
    shop.feeds = [feed(channel="sms", text_policy=policy)]
    shop.publish([person("ann", channel="sms", phone="+32470123456")])
    shop.export("win_back")
    assert shop.last().rows("full")[0]["phone"] == "+32470123456"


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("email", "=cmd@example.com", "not_email"),
        ("email", "no at sign", "not_email"),
        ("email", "two@at@example.com", "not_email"),
        ("phone", "0470123456", "not_e164"),
        ("phone", "=+32470123456", "not_e164"),
        ("language_code", "=n", "not_language"),
        ("offer_id", "=1", "not_id"),
        ("template", "-hello", "not_id"),
        ("decision_id", "abc", "not_hex64"),
        ("content", "=1+1", "not_json"),
        ("content", "{not json", "not_json"),
    ],
)
def test_a_typed_value_that_does_not_fit_is_rejected_and_the_value_is_not_told(
    shop: Retailer, column: str, value: str, reason: str
) -> None:
    shop.publish([person("ann"), person("bob", **{column: value})])
    report = shop.export("win_back")["win_back"]
    run = shop.last()
    assert profiles(run.rows("full")) == ["ann"]
    assert run.rows("rejected") == [{"profile_id": "bob", "reason": reason, "column": column}]
    told = str(report) + run.path("rejected").read_text("utf-8") + (run.folder / "manifest.json").read_text("utf-8")
    assert value not in told


def test_what_is_ascii_is_judged_the_same_beside_other_scripts_and_without(tmp_path: Path) -> None:
    characters = [chr(code) for code in range(1, 128)]
    emails, ids = [], []
    for each in characters:
        emails += [f"{local}@example.com" for local in (f"{each}a", f"b{each}c", f"d{each}")]
        emails += [f"e@{domain}" for domain in (f"{each}f.be", f"g{each}h.be", f"i.j{each}", f"k{each}")]
        ids += [f"{each}l", f"m{each}n"]
    people = [person(f"email_{number}", email=email) for number, email in enumerate(emails)]
    people += [person(value.encode().hex(), template=value) for value in ids]
    judged = []
    for others in ([], [person("zoé", email="zoé@example.com", template="été")]):
        shop = Retailer(tmp_path / str(len(others)))
        shop.publish([*people, *others])
        shop.export("win_back")
        run = shop.last()
        assert {each["profile_id"] for each in others} <= {*profiles(run.rows("full"))}, "é is a letter, too"
        judged.append(sorted((row["reason"], row["profile_id"]) for row in run.rows("rejected")))
    assert judged[0] == judged[1]
    assert 0 < sum(reason == "not_email" for reason, _ in judged[0]) < len(emails)
    wrong = [
        value
        for value in ids
        if not (value[0].isalnum() or value[0] == "_") or not all(each.isalnum() or each in "_.:>/|-" for each in value)
    ]
    assert [who for reason, who in judged[0] if reason == "not_id"] == sorted(value.encode().hex() for value in wrong)


def test_a_country_that_is_none_is_left_out_and_counted_and_the_row_stays(shop: Retailer) -> None:
    shop.publish(
        [person("ann", country_code="BE"), person("bob", country_code="Belgium"), person("cis", country_code="")]
    )
    report = shop.export("win_back")["win_back"]
    run = shop.last()
    assert {row["profile_id"]: row["country_code"] for row in run.rows("full")} == {"ann": "BE", "bob": "", "cis": ""}
    assert run.rows("rejected") == []
    assert report.counts["left_out"] == run.manifest["counts"]["left_out"] == 1
    assert "Belgium" not in str(report) + (run.folder / "manifest.json").read_text("utf-8")


def test_nobody_is_listed_twice_and_the_same_one_always_stays(shop: Retailer) -> None:
    shop.feeds = [feed(target="mailchimp")]
    twins = [person("bob", email="shared@example.com"), person("ann", email="shared@example.com")]
    shop.publish([*twins, person("nobody", email=None)])
    shop.export("win_back")
    assert [row["PROFILEID"] for row in shop.last().rows("full")] == ["ann"]
    assert [(row["profile_id"], row["reason"]) for row in shop.last().rows("rejected")] == [
        ("bob", "duplicate_identifier"),
        ("nobody", "missing"),
    ]


# --- guards -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("guards", "before", "after", "sentence"),
    [
        ({"on_empty": "stop"}, 5, 0, "The audience is empty"),
        ({"min_rows": 3}, 5, 2, "2 members are fewer than 3"),
        ({"max_remove_pct": 50}, 4, 1, "3 of 4 members would be removed"),
        ({"max_change_pct": 50}, 4, 4, "4 of 4 members would change"),
    ],
)
def test_a_number_that_looks_wrong_stops_a_feed(
    shop: Retailer, guards: dict[str, Any], before: int, after: int, sentence: str
) -> None:
    shop.feeds = [feed(guards=guards)]
    shop.publish([person(name) for name in PEOPLE[:before]])
    shop.export("win_back")
    shop.ack(shop.last())
    first = shop.last().run_id
    shop.publish([person(name, first_name="New") for name in PEOPLE[:after]], as_of="2024-07-02")
    report = shop.export("win_back")["win_back"]
    assert (report.exit_code, sentence in report.message) == (GUARD, True), report.message
    assert shop.last().run_id == first
    assert shop.export("win_back", accepted=("win_back",))["win_back"].exit_code == DONE


def test_a_list_the_platform_would_not_deliver_is_stopped(shop: Retailer) -> None:
    shop.feeds = [{**ADS_FEED, "guards": {}}]
    shop.publish([person("ann", channel="ads")])
    assert "meta_custom_audience asks for 100" in shop.export("ads")["ads"].message


def test_a_file_too_large_for_the_platform_is_not_committed(shop: Retailer, monkeypatch: pytest.MonkeyPatch) -> None:
    small = load_target("mailchimp").model_copy(update={"max_bytes": 150})
    monkeypatch.setattr("rekindle.export.feeds.load_target", lambda _name: small)
    shop.feeds = [feed(target="mailchimp")]
    shop.publish([person("ann")])
    report = shop.export("win_back")["win_back"]
    assert (report.exit_code, "mailchimp takes 150: split the feed" in report.message) == (GUARD, True)
    assert committed(shop.exports, "win_back") == []


def test_one_feed_that_stops_does_not_stop_the_others_and_the_worst_exit_code_counts(shop: Retailer) -> None:
    shop.feeds = [feed(feed="a_guarded", guards={"min_rows": 9}), EMAIL_FEED]
    shop.publish([person("ann")])
    said = shop.call("export", "--json")
    content = json.loads(said.text[said.text.index("{") :])
    ends = {each["feed"]: (each["status"], each["exit_code"]) for each in content["feeds"]}
    assert (said.code, content["exit_code"]) == (GUARD, GUARD)
    assert ends["a_guarded"] == ("guard", GUARD)
    assert ends["win_back"] == ("new run", DONE)


# --- afterwards -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda run: run.path("full").write_bytes(b"x"), "was changed after the commit"),
        (lambda run: run.path("full").unlink(), "is missing"),
        (lambda run: (run.folder / "SHA256SUMS").write_text(""), "SHA256SUMS is not what the manifest says"),
        (lambda run: run.path("full").chmod(0o644), "readable by others"),
        (lambda run: (run.folder / "manifest.json").write_text("{}"), "is not a manifest"),
    ],
)
def test_verify_finds_what_was_damaged(shop: Retailer, damage: Any, sentence: str) -> None:
    shop.publish([person("ann")])
    shop.export("win_back")
    manifest = shop.last().folder / "manifest.json"
    said = shop.call("verify", str(manifest))
    assert (said.code, "5 files are what the manifest says" in said.text) == (DONE, True)
    damage(shop.last())
    said = shop.call("verify", str(manifest))
    assert (said.code, sentence in said.error) == (CONTRACT, True), said.text


def test_purging_removes_the_data_and_leaves_a_tombstone_the_chain_and_the_ledger(shop: Retailer) -> None:
    shop.publish([person("ann")])
    shop.export("win_back")
    run = shop.last()
    assert shop.call("purge").text == "Nothing is old enough.\n"
    os.utime(run.folder / "manifest.json", (0, 0))
    assert run.run_id in shop.call("purge").text
    assert sorted(path.name for path in run.folder.iterdir()) == ["manifest.json", "purged.json"]
    said = shop.call("verify", str(run.folder / "manifest.json"))
    assert (said.code, "purged (retention)" in said.text) == (DONE, True)
    shop.publish([], as_of="2024-07-02", withdrawn=[("ann", *ERASED)])
    shop.export()
    assert profiles(shop.last().rows("removed")) == ["ann"]
    assert shop.last().manifest["previous_run_id"] == run.run_id


def test_a_purge_that_was_killed_is_ended_by_the_next_and_by_whoever_writes_the_feed(shop: Retailer) -> None:
    shop.publish([person("ann")])
    shop.export("win_back")
    run = shop.last()
    os.utime(run.folder / "manifest.json", (0, 0))
    left = run.path("full").read_bytes()
    shop.call("purge")
    run.path("full").write_bytes(left)
    assert run.run_id in shop.call("purge").text
    assert not run.path("full").exists()
    run.path("full").write_bytes(left)
    shop.publish([person("ann")], as_of="2024-07-02")
    shop.export("win_back")
    assert sorted(path.name for path in run.folder.iterdir()) == ["manifest.json", "purged.json"]


def test_a_run_whose_files_were_taken_away_by_hand_gets_its_tombstone_when_it_is_old(shop: Retailer) -> None:
    shop.publish([person("ann")])
    shop.export("win_back")
    run = shop.last()
    os.utime(run.folder / "manifest.json", (0, 0))
    for file in run.folder.iterdir():
        if file.name != "manifest.json":
            file.unlink()
    assert run.run_id in shop.call("purge").text
    assert [file.name for file in sorted(run.folder.iterdir())] == ["manifest.json", "purged.json"]


def test_a_committed_export_seals_its_date_and_nothing_else_does(
    shop: Retailer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in shop.variables().items():
        monkeypatch.setenv(name, value)
    warehouse = tmp_path / "build.duckdb"
    building.note_sealed_dates(warehouse)
    shop.feeds = [feed(guards={"max_remove_pct": 10})]
    shop.publish([person("ann"), person("bob")])
    shop.export()
    sealed = shop.last()
    shop.publish([], as_of="2024-07-02", withdrawn=[("ann", *ERASED)])
    shop.export()
    assert shop.last().manifest["kind"] == "withdrawals_only"
    for _ in range(2):
        building.note_sealed_dates(warehouse)
    with duckdb.connect(str(warehouse)) as connection:
        found = connection.execute("select * from run.sealed_dates").fetchall()
    assert found == [(datetime.date(2024, 7, 1), "win_back", sealed.run_id, "completejourney")]


def test_census_gets_three_tables_of_the_same_people(shop: Retailer) -> None:
    shop.feeds = [CENSUS_FEED]
    shop.publish([person("ann"), person("bob")], withdrawn=[("bob", *ERASED)], more=CENSUS_TABLES)
    shop.export()
    run = shop.last("reverse_etl")
    assert [row["id"] for row in run.rows("full")] == ["ann"]
    assert [row["name"] for row in run.rows("audiences")] == ["Win back"]
    members = [(row["person_id"], row["audience_id"], row["email"]) for row in run.rows("memberships")]
    assert members == [("ann", "win_back", "ann@example.com")]


def test_census_gets_no_membership_with_an_address_that_is_open_on_another_channel_only(shop: Retailer) -> None:
    shop.feeds = [CENSUS_FEED]
    elsewhere = """
        update audiences.audience_permissions set channel = 'ads' where profile_id = 'ann';
        insert into audiences.audience_permissions
        values
            ('ann', 'email', 'marketing', 'email', 'ann@example.net', timestamp '2024-01-01 10:00:00'),
            ('ann', 'email', 'profiling', 'email', 'ann@example.com', timestamp '2024-01-01 10:00:00')
    """
    shop.publish([person("ann"), person("bob")], more=CENSUS_TABLES + elsewhere)
    shop.export()
    run = shop.last("reverse_etl")
    assert [row["person_id"] for row in run.rows("memberships")] == ["bob"]
    assert run.rows("rejected") == [{"profile_id": "ann", "reason": "not_permitted", "column": "email"}]


def test_census_refuses_a_person_without_evidence_of_consent(shop: Retailer) -> None:
    shop.feeds = [CENSUS_FEED]
    shop.publish([person("ann")], more=CENSUS_TABLES + "update audiences.audience_memberships set person_id = 'bob'")
    report = shop.export("reverse_etl")["reverse_etl"]
    assert (report.exit_code, "no evidence of consent" in report.message) == (CONTRACT, True)


def test_runs_are_read_once_and_again_by_whoever_locks_the_feed(
    shop: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REKINDLE_EXPORTS", str(shop.exports))
    shop.publish([person("ann")])
    folder = runs.FeedFolder("win_back")
    assert folder.runs() == []
    shop.export("win_back")
    assert folder.runs() == [], "as they were when first asked"
    with folder.locked():
        (run,) = folder.runs()
        assert folder.runs() == [run]
    shop.publish([person("ann"), person("bob")])
    shop.export("win_back")
    assert len(folder.runs()) == 2, "a lock that was let go says nothing of what came after"


def test_however_many_feeds_and_lists_there_are_each_manifest_is_read_three_times(
    shop: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # before anything is exported, under the feed's lock, and for the lists; besides, whose it is, of the newest
    shop.feeds = [EMAIL_FEED, ADS_FEED, {**EMAIL_FEED, "feed": "other", "target": "brevo"}]
    for as_of in ("2024-06-29", "2024-06-30"):
        shop.publish([person("ann"), person("bob", channel="ads")], as_of=as_of)
        shop.export()
    read, manifests = runs.read_manifest, list[Path]()

    def count(file: Path) -> dict[str, Any]:
        manifests.append(file)
        return read(file)

    monkeypatch.setattr(runs, "read_manifest", count)
    shop.publish([person("ann")], as_of="2024-07-01")
    shop.export()
    times = Counter(file for file in manifests if file.parent.parent.name == "2024-06-29")
    assert {file.parents[2].name for file in times} >= {"win_back", "other", "opt_out_brevo", "erasure_brevo"}
    assert set(times.values()) == {3}


def test_the_newest_manifest_chain_tells_a_missed_run(shop: Retailer) -> None:
    people: list[Person] = []
    for number, name in enumerate(PEOPLE):
        people.append(person(name))
        shop.publish(people, as_of=f"2024-07-{number + 1:02}")
        shop.export("win_back")
    found = committed(shop.exports, "win_back")
    assert [run.manifest["previous_run_id"] for run in found] == [None, *[run.run_id for run in found[:-1]]]
    assert runs.RUN_ID.fullmatch(found[0].run_id)


def test_a_line_about_a_feed_tells_what_is_not_zero_and_always_how_many_members_there_are() -> None:
    quiet = Report("crm", "new run", counts={"members": 0, "added": 0, "late_noes": 0})
    busy = Report("crm", "new run", counts={"members": 1200, "added": 0, "removed": 2, "late_noes": 1})
    assert str(quiet).split()[-2:] == ["0", "members"]
    assert str(busy).endswith("1,200 members, 2 removed, 1 late no")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (["verify", "/nonexistent/manifest.json"], "does not exist"),
        (["exprot"], "No such command"),
        (["--dry"], "No such option"),
        (["plan", "--dry"], "No such option"),
        ([], "Usage"),
    ],
)
def test_a_call_that_cannot_be_understood_does_not_end_as_a_plan_with_changes(
    wrong: list[str], sentence: str, shop: Retailer
) -> None:
    said = shop.call(*wrong)
    assert (said.code, sentence in said.text) == (1, True), said.text
