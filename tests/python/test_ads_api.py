"""Request bodies for ad platforms: every field, type, encoding and limit against what the platforms publish."""

import hashlib
import json
import os
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from activation import ADS_FEED, DESTINATIONS, Retailer, Run, crowd, person
from pages import blocks

from rekindle.export.feeds import feed_of_row
from rekindle.export.targets import load_target
from rekindle.export.writing import Piece
from rekindle.ground.errors import CONTRACT, GUARD

HEX = re.compile(r"[0-9a-f]{64}")
MOST = 10_000
# The keys of Meta that are hashed, and the one that is not
META_KEYS = {"EMAIL", "PHONE", "FN", "LN", "ZIP", "CT", "COUNTRY"}
MANY = {
    "login_account_id": "1234567890",
    "account_id": "9876543210",
    "terms": "ACCEPTED",
}


def feed(target: str, **values: Any) -> dict[str, Any]:
    return {**ADS_FEED, "target": target, "destination": DESTINATIONS[target], **values}


def is_hash(value: Any) -> bool:
    return isinstance(value, str) and HEX.fullmatch(value) is not None


def google_faults(body: Any, *, adds: bool) -> list[str]:
    """What is wrong with a body of audienceMembers:ingest (`adds`) or :remove; written from the reference alone."""
    faults = []

    def must(holds: bool, fault: str) -> None:
        if not holds:
            faults.append(fault)

    needed = {"destinations", "audienceMembers", "encoding"} | ({"termsOfService"} if adds else set())
    must(set(body) == needed, "keys of the body")
    must(body.get("encoding") in ("HEX", "BASE64"), "encoding")
    if adds:
        must(body.get("termsOfService") == {"customerMatchTermsOfServiceStatus": "ACCEPTED"}, "terms")
    must(1 <= len(body.get("destinations", [])) <= 10, "number of destinations")
    for each in body.get("destinations", []):
        must({"operatingAccount", "productDestinationId"} <= set(each), "destination lacks a key")
        must(
            set(each) <= {"reference", "loginAccount", "linkedAccount", "operatingAccount", "productDestinationId"}, "d"
        )
        must(isinstance(each.get("productDestinationId"), str), "id of the audience is no text")
        for role in {"loginAccount", "operatingAccount"} & set(each):
            must(set(each[role]) == {"accountType", "accountId"}, "keys of an account")
            must(each[role].get("accountType") == "GOOGLE_ADS", "type of an account")
            must(re.fullmatch(r"\d{10}", str(each[role].get("accountId"))) is not None, "id of an account")
    must(1 <= len(body.get("audienceMembers", [])) <= MOST, "number of members")
    for member in body.get("audienceMembers", []):
        must(set(member) == {"userData"} | ({"consent"} if adds else set()), "keys of a member")
        if adds:
            granted = {"adUserData": "CONSENT_GRANTED", "adPersonalization": "CONSENT_GRANTED"}
            must(member.get("consent") == granted, "consent")
        identifiers = member.get("userData", {}).get("userIdentifiers", [])
        must(1 <= len(identifiers) <= 10, "number of identifiers")
        for identifier in identifiers:
            must(len(identifier) == 1, "an identifier is exactly one")
            for kind, value in identifier.items():
                if kind == "address":
                    must(set(value) == {"givenName", "familyName", "regionCode", "postalCode"}, "parts of an address")
                    must(is_hash(value.get("givenName")) and is_hash(value.get("familyName")), "a name is not hashed")
                    must(re.fullmatch("[A-Z]{2}", str(value.get("regionCode"))) is not None, "region")
                    must(isinstance(value.get("postalCode"), str) and value["postalCode"] != "", "postal code")
                else:
                    must(kind in ("emailAddress", "phoneNumber"), "kind of an identifier")
                    must(is_hash(value), "an identifier is not hashed")
    return faults


def meta_faults(body: Any, *, adds: bool, valued: bool = False) -> list[str]:
    """The same of a body for users of a custom audience."""
    faults = []

    def must(holds: bool, fault: str) -> None:
        if not holds:
            faults.append(fault)

    must(set(body) == {"payload"} | ({"session"} if adds else set()), "keys of the body")
    payload = body.get("payload", {})
    must(set(payload) == {"schema", "data"}, "keys of the payload")
    schema = payload.get("schema", [])
    known = META_KEYS | ({"LOOKALIKE_VALUE"} if valued else set())
    must(set(schema) <= known and len(set(schema)) == len(schema), "schema")
    must(("LOOKALIKE_VALUE" in schema) == valued, "values")
    must(1 <= len(payload.get("data", [])) <= MOST, "number of rows")
    for row in payload.get("data", []):
        must(len(row) == len(schema), "width of a row")
        for key, value in zip(schema, row, strict=False):
            if key == "LOOKALIKE_VALUE":
                must(isinstance(value, (int, float)) and not isinstance(value, bool), "value is no number")
            else:
                must(value == "" or is_hash(value), "a key is not hashed")
        must(any(row[schema.index(key)] for key in ("EMAIL", "PHONE") if key in schema), "nothing to find a person by")
    if adds:
        session = body.get("session", {})
        must(set(session) == {"session_id", "batch_seq", "last_batch_flag", "estimated_num_total"}, "keys of a session")
        must(type(session.get("session_id")) is int and 0 < session["session_id"] < 2**53, "number of the session")
        must(type(session.get("batch_seq")) is int and session["batch_seq"] >= 1, "number of the batch")
        must(type(session.get("last_batch_flag")) is bool, "last batch")
        must(type(session.get("estimated_num_total")) is int, "total")
    return faults


FAULTS: dict[str, Callable[..., list[str]]] = {"google_data_manager": google_faults, "meta_users": meta_faults}


def bodies(run: Run, role: str) -> list[Any]:
    return [json.loads(line) for line in run.path(role).read_text(encoding="utf-8").splitlines()]


def sha(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def emails(found: Sequence[Any]) -> set[str]:
    """The hashed e-mails of bodies of either platform."""
    google = {
        identifier["emailAddress"]
        for body in found
        for member in body.get("audienceMembers", [])
        for identifier in member["userData"]["userIdentifiers"]
        if "emailAddress" in identifier
    }
    return google | {row[0] for body in found for row in body.get("payload", {}).get("data", []) if row[0]}


PEOPLE = [
    person("ann", channel="ads", first_name="Ann", last_name="Lee", postal_code="1000", city="Brussel"),
    person("bob", channel="ads", phone=None, first_name="Bob"),
    person("cleo", channel="ads", email=None),
]


@pytest.mark.parametrize("target", sorted(DESTINATIONS))
def test_every_body_is_what_the_platform_publishes(tmp_path: Path, target: str) -> None:
    shop = Retailer(tmp_path, [feed(target)])
    shop.publish(PEOPLE)
    shop.export()
    added = bodies(shop.last("ads"), "full")
    assert [fault for body in added for fault in FAULTS[target](body, adds=True)] == []
    assert emails(added) == {sha("ann@example.com"), sha("bob@example.com")}
    shop.ack(shop.last("ads"))
    shop.publish([PEOPLE[0]], as_of="2024-07-02")
    shop.export()
    removed = bodies(shop.last("ads"), "removed")
    assert [fault for body in removed for fault in FAULTS[target](body, adds=False)] == []
    assert emails(removed) == {sha("bob@example.com")}
    assert bodies(shop.last("ads"), "added") == []


@pytest.mark.parametrize(
    ("target", "email", "phone", "hashes"),
    [
        (
            "google_data_manager",
            "Cloudy.SanFrancisco+shopping@Gmail.com",
            "+18005550100",
            [
                "223ebda6f6889b1494551ba902d9d381daf2f642bae055888e96343d53e9f9c4",
                "fb4f73a6ec5fdb7077d564cdd22c3554b43ce49168550c3b12c547b78c517b30",
            ],
        ),
        (
            "meta_users",
            "Mary@example.com",
            "+15559876543",
            [
                "f1904cf1a9d73a55fa5de0ac823c4403ded71afd4c3248d00bdcd0866552bb79",
                "1ef970831d7963307784fa8688e8fce101a15685d62aa765fed23f3a2c576a4e",
            ],
        ),
    ],
)
def test_a_body_holds_the_hashes_that_the_platforms_publish(
    tmp_path: Path, target: str, email: str, phone: str, hashes: list[str]
) -> None:
    shop = Retailer(tmp_path, [feed(target)])
    shop.publish([person("ann", channel="ads", email=email, phone=phone)])
    shop.export("ads")
    (body,) = bodies(shop.last("ads"), "full")
    if target == "meta_users":
        assert body["payload"]["data"][0][:2] == hashes
    else:
        identifiers = body["audienceMembers"][0]["userData"]["userIdentifiers"]
        assert identifiers == [{"emailAddress": hashes[0]}, {"phoneNumber": hashes[1]}]


def test_the_judges_see_what_is_wrong() -> None:
    """A judge that is always content proves nothing: one change per rule, each seen."""
    member = {"userData": {"userIdentifiers": [{"emailAddress": sha("a")}]}}
    account = {"accountType": "GOOGLE_ADS", "accountId": "1234567890"}
    destination = {"operatingAccount": account, "productDestinationId": "1"}
    google: dict[str, Any] = {"destinations": [destination], "encoding": "HEX", "audienceMembers": [member]}
    wrong: list[Mapping[str, Any]] = [
        {"encoding": "hex"},
        {"consent": {}},
        {"destinations": []},
        {"destinations": [destination] * 11},
        {"destinations": [{"operatingAccount": account}]},
        {"destinations": [{**destination, "productDestinationId": 1}]},
        {"audienceMembers": []},
        {"audienceMembers": [member] * (MOST + 1)},
        {"audienceMembers": [{**member, "consent": {}}]},
        {"audienceMembers": [{"userData": {"userIdentifiers": [{"emailAddress": "a@example.com"}]}}]},
        {"audienceMembers": [{"userData": {"userIdentifiers": [{"address": {"givenName": sha("a")}}]}}]},
    ]
    assert google_faults(google, adds=False) == []
    assert all(google_faults({**google, **change}, adds=False) for change in wrong)
    payload = {"schema": ["EMAIL"], "data": [[sha("a")]]}
    assert meta_faults({"payload": payload}, adds=False) == []
    for change in ({"schema": ["MAIL"]}, {"data": [["a@b.c"]]}, {"data": [[""]]}, {"data": [[sha("a"), ""]]}):
        assert meta_faults({"payload": {**payload, **change}}, adds=False)


@pytest.mark.parametrize("target", sorted(DESTINATIONS))
def test_no_request_has_more_members_than_the_platform_takes(tmp_path: Path, target: str) -> None:
    shop = Retailer(tmp_path, [feed(target)])
    shop.publish([person("ann", channel="ads")], more=crowd(2 * MOST))
    shop.export("ads")
    run = shop.last("ads")
    found = bodies(run, "full")
    assert [fault for body in found for fault in FAULTS[target](body, adds=True)] == []
    assert [len(body.get("audienceMembers") or body["payload"]["data"]) for body in found] == [MOST, MOST, 1]
    assert len(emails(found)) == 2 * MOST + 1
    (file,) = [each for each in run.manifest["files"] if each["role"] == "full"]
    assert (file["rows"], file["requests"]["bodies"]) == (2 * MOST + 1, 3)
    if target == "meta_users":
        sessions = [body["session"] for body in found]
        assert [each["batch_seq"] for each in sessions] == [1, 2, 3]
        assert [each["last_batch_flag"] for each in sessions] == [False, False, True]
        assert {each["estimated_num_total"] for each in sessions} == {2 * MOST + 1}
        assert len({each["session_id"] for each in sessions}) == 1


def test_the_manifest_says_where_each_file_goes(tmp_path: Path) -> None:
    shop = Retailer(tmp_path, [feed("meta_users")])
    shop.publish(PEOPLE)
    shop.export()
    said = {file["role"]: file.get("requests") for file in shop.last("ads").manifest["files"]}
    users = "https://graph.facebook.com/v25.0/23850000000000001/users"
    assert said == {
        "full": {"method": "POST", "url": users, "bodies": 1},
        "added": {"method": "POST", "url": users, "bodies": 1},
        "changed": {"method": "POST", "url": users, "bodies": 0},
        "removed": {"method": "DELETE", "url": users, "bodies": 0},
        "rejected": None,
    }
    (file,) = shop.last("erasure_meta_users").manifest["files"]
    everywhere = "https://graph.facebook.com/v25.0/act_100200300/usersofanyaudience"
    assert file["requests"] == {"method": "DELETE", "url": everywhere, "bodies": 0}
    assert shop.call("verify", str(shop.last("ads").folder / "manifest.json")).code == 0


@pytest.mark.parametrize("target", sorted(DESTINATIONS))
def test_a_withdrawal_is_a_body_to_remove_also_behind_a_closed_guard(tmp_path: Path, target: str) -> None:
    shop = Retailer(tmp_path, [feed(target, guards={"platform_minimum": False, "on_empty": "stop"})])
    shop.publish(PEOPLE)
    shop.export()
    gone = [("ann", "*", "*", "unsubscribed"), ("bob", "*", "*", "erased")]
    shop.publish([], as_of="2024-07-02", withdrawn=gone)
    assert shop.export()["ads"].exit_code == GUARD
    run = shop.last("ads")
    assert (run.manifest["kind"], run.roles) == ("withdrawals_only", ["removed"])
    assert emails(bodies(run, "removed")) == {sha("ann@example.com"), sha("bob@example.com")}
    for kind, who in (("opt_out", "ann"), ("erasure", "bob")):
        found = bodies(shop.last(f"{kind}_{target}"), "full")
        assert [fault for body in found for fault in FAULTS[target](body, adds=False)] == []
        assert emails(found) == {sha(f"{who}@example.com")}


@pytest.mark.parametrize("target", sorted(DESTINATIONS))
def test_a_phone_of_a_member_is_in_no_body_that_takes_somebody_else_off_everywhere(tmp_path: Path, target: str) -> None:
    shop = Retailer(tmp_path, [feed(target)])
    ann, bob = [person(name, channel="ads", phone="+32470000001") for name in ("ann", "bob")]
    shop.publish([ann, bob])
    shop.export()
    shop.publish([bob], as_of="2024-07-02", withdrawn=[("ann", "*", "*", "erased")])
    shop.export()
    erased = shop.last(f"erasure_{target}").path("full").read_text(encoding="utf-8")
    phones = [sha("+32470000001"), sha("32470000001")]
    assert [phone in shop.last("ads").path("full").read_text(encoding="utf-8") for phone in phones].count(True) == 1
    assert (sha("ann@example.com") in erased, [phone in erased for phone in phones]) == (True, [False, False])


def test_a_list_reaches_every_audience_that_was_sent_in_requests_of_ten(tmp_path: Path) -> None:
    feeds = [
        feed("google_data_manager", feed=f"ads_{n:02}", destination={**MANY, "audience_id": str(n)})
        for n in range(1, 13)
    ]
    shop = Retailer(tmp_path, feeds)
    shop.publish(PEOPLE)
    shop.export()
    shop.publish(PEOPLE[1:], as_of="2024-07-02", withdrawn=[("ann", "*", "*", "erased")])
    shop.export()
    run = shop.last("erasure_google_data_manager")
    assert run.roles == ["full", "full_2"]
    found = [*bodies(run, "full"), *bodies(run, "full_2")]
    assert [fault for body in found for fault in google_faults(body, adds=False)] == []
    reached = [each["productDestinationId"] for body in found for each in body["destinations"]]
    assert sorted(reached, key=int) == [str(n) for n in range(1, 13)]
    assert [emails([body]) for body in found] == [{sha("ann@example.com")}] * 2
    assert shop.call("verify", str(run.folder / "manifest.json")).code == 0


def test_a_feed_with_a_value_gives_meta_a_number_per_person(tmp_path: Path) -> None:
    shop = Retailer(tmp_path, [feed("meta_users", content={"LOOKALIKE_VALUE": "worth"})])
    worth = ['{"worth": "44.5"}', '{"worth": "0"}', "{}"]
    shop.publish([{**each, "content": content} for each, content in zip(PEOPLE, worth, strict=True)])
    shop.export()
    (body,) = bodies(shop.last("ads"), "full")
    assert meta_faults(body, adds=True, valued=True) == []
    assert {row[0]: row[-1] for row in body["payload"]["data"]} == {
        sha("ann@example.com"): 44.5,
        sha("bob@example.com"): 0,
    }
    assert shop.last("ads").rows("rejected") == [
        {"profile_id": "cleo", "reason": "missing", "column": "LOOKALIKE_VALUE"}
    ]


def test_another_audience_is_another_feed(tmp_path: Path) -> None:
    shop = Retailer(tmp_path, [feed("meta_users")])
    shop.publish(PEOPLE)
    shop.export()
    shop.feeds = [feed("meta_users", destination={**DESTINATIONS["meta_users"], "audience_id": "7"})]
    shop.publish(PEOPLE, as_of="2024-07-02")
    report = shop.export()["ads"]
    assert (report.status, report.exit_code) == ("stopped", CONTRACT)
    assert "another audience of meta_users: give the new one a feed of its own" in report.message


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("// 10000", "// 20000", "no request has more members"),
        ("to_json(c0)", "to_json('x' || c0)", "what is to be hashed is 64 hex digits"),
        ("string_agg(member,", "string_agg(case when place > 0 then member end,", "10,002 rows as written"),
        ("to_json(c0)", "to_json(sha256(c0))", "every row is somebody with evidence of consent"),
    ],
)
def test_the_gate_reads_bodies_back(tmp_path: Path, old: str, new: str, fault: str) -> None:
    """What is broken between staging and disk is found on the disk; no body of it is committed."""
    shop = Retailer(tmp_path, [feed("google_data_manager")])
    shop.publish([person("ann", channel="ads")], more=crowd(MOST + 1))
    whole = Piece.copy_to

    def broken(piece: Piece, *arguments: Any) -> dict[str, Any]:
        if piece.role == "full":
            assert old in piece.query
            piece = Piece(piece.role, piece.query.replace(old, new), piece.promise, piece.call)
        return whole(piece, *arguments)

    with mock.patch.object(Piece, "copy_to", broken):
        report = shop.export("ads")["ads"]
    assert report.status == "stopped"
    assert fault in report.message
    assert list(shop.exports.glob("ads/*/*/manifest.json")) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"destination": "ad_account_id=1"}, "destination: meta_users takes ad_account_id, audience_id"),
        ({"destination": "ad_account_id=act_1 audience_id=2"}, "ad_account_id of meta_users looks like"),
        ({"destination": "ad_account_id"}, "destination is written as name=value"),
        ({"content": "GEN=gender"}, "content: meta_users takes LOOKALIKE_VALUE"),
        ({"purpose": "marketing"}, "purpose: meta_users takes ads_personalisation"),
        ({"format": "csv"}, "format: meta_users takes jsonl"),
        ({"target": "meta_custom_audience"}, "destination: meta_custom_audience takes none"),
    ],
)
def test_a_wrong_row_is_told_by_its_column(change: dict[str, str], sentence: str) -> None:
    row = {
        "feed": "ads",
        "target": "meta_users",
        "channel": "ads",
        "purpose": "ads_personalisation",
        "destination": "ad_account_id=1 audience_id=2",
    }
    assert feed_of_row(row).format == "jsonl"
    with pytest.raises(Exception, match=sentence):
        feed_of_row({**row, **change})


def test_terms_are_accepted_by_whoever_writes_so_only() -> None:
    said = " ".join(f"{key}={value}" for key, value in DESTINATIONS["google_data_manager"].items())
    row = {"feed": "ads", "target": "google_data_manager", "channel": "ads", "purpose": "ads_personalisation"}
    assert feed_of_row({**row, "destination": said}).destination["terms"] == "ACCEPTED"
    for unsaid in (said.replace(" terms=ACCEPTED", ""), said.replace("ACCEPTED", "REJECTED")):
        with pytest.raises(Exception, match="destination: "):
            feed_of_row({**row, "destination": unsaid})


def test_the_loop_of_the_page_posts_every_body_to_its_place(tmp_path: Path) -> None:
    """With a curl that only notes what it was given: the order of the roles, method, address and whole bodies."""
    shop = Retailer(tmp_path, [feed("meta_users")])
    shop.publish(PEOPLE)
    shop.export()
    shop.ack(shop.last("ads"))
    shop.publish([*PEOPLE[1:], person("dan", channel="ads")], as_of="2024-07-02")
    shop.export()
    run = shop.last("ads")
    (loop,) = [block for block in blocks("docs/activation.md", "bash") if "curl" in block]
    loop = re.sub(r"^run=\S+", f"run={run.folder}", loop)
    noted = tmp_path / "bin" / "curl"
    noted.parent.mkdir()
    noted.write_text('#!/bin/sh\necho "$7 ${12}" >> noted\ncat\n', encoding="utf-8")
    noted.chmod(0o700)
    variables = {**os.environ, "PATH": f"{noted.parent}:{os.environ['PATH']}"}
    subprocess.run(["bash", "-c", loop], cwd=tmp_path, env=variables, check=True)
    users = "https://graph.facebook.com/v25.0/23850000000000001/users"
    told = (tmp_path / "noted").read_text(encoding="utf-8").splitlines()
    assert told == [f"POST {users}", f"DELETE {users}", f"POST {users}"]
    answers = [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text(encoding="utf-8").splitlines()]
    assert answers == [body for role in ("full", "removed", "added") for body in bodies(run, role)]


def test_feeds_without_an_api_stay_what_they_were() -> None:
    """Their manifests and the ids of their runs are made of these."""
    row = {"feed": "ads", "target": "google_customer_match", "channel": "ads", "purpose": "ads_personalisation"}
    told = feed_of_row(row).model_dump()
    assert told["format"] == "csv"
    assert "destination" not in told
    assert {"api", "may_have"}.isdisjoint(load_target("google_customer_match").model_dump())
