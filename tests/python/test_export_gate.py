"""The gate after an export: a file that is not what was promised is never committed, whatever made it so."""

from pathlib import Path
from typing import Any

import duckdb
import pytest
from activation import ADS_FEED, EMAIL_FEED, Person, Retailer, person

from rekindle.export import one_feed, staging
from rekindle.export.writing import Piece
from rekindle.gates import files
from rekindle.gates.files import Promise, ledger_measure, measures_of
from rekindle.gates.judge import Gate
from rekindle.ground.errors import CONTRACT

COPY_TO = Piece.copy_to
CANARY = "canary.person@example.com"
PEOPLE = """
    select hash('ann@example.com') as key, true as has_evidence, false as is_withdrawn, true as is_permitted
    union all select hash('bob@example.com'), null, false, true
    union all select hash('eve@example.com'), true, true, true
    union all select hash('dan@example.com'), true, false, false
"""


def closed_by(root: Path, content: str, rows: int, promise: Promise) -> list[str]:
    """The names of the expectations that a file with this content does not meet."""
    path = root / "file.csv"
    path.write_text(content, encoding="utf-8")
    with duckdb.connect() as connection:
        measures = measures_of(connection, path, rows, promise)
    sentences = Gate("export").judge(f"suite of {path}", measures)
    return [measure.name for measure in measures if measure.sentence in sentences]


LIST = Promise(["email", "name"], "csv", True, ",", identifiers=(0,), people=PEOPLE)
HASHES = Promise(["email"], "csv", True, ",", identifiers=(0,), hashed=(0,))


@pytest.mark.parametrize(
    ("content", "rows", "promise", "closed"),
    [
        ("email,name\nann@example.com,Ann\n", 1, LIST, []),
        ("name,email\nAnn,ann@example.com\n", 1, LIST, ["columns"]),
        ("email\nann@example.com\n", 1, LIST, ["columns"]),
        ("", 0, LIST, ["columns"]),
        ("email,name\nann@example.com\n", 1, LIST, ["readable"]),
        ("email,name\nann@example.com,Ann\n", 2, LIST, ["rows"]),
        ("email,name\nann@example.com,Ann\nann@example.com,Anna\n", 2, LIST, ["repeated"]),
        ("email,name\n,Ann\n", 1, LIST, ["anonymous", "without_evidence"]),
        ("email,name\nbob@example.com,Bob\n", 1, LIST, ["without_evidence"]),
        ("email,name\nnobody@example.com,Nobody\n", 1, LIST, ["without_evidence"]),
        ("email,name\neve@example.com,Eve\n", 1, LIST, ["withdrawn"]),
        ("email,name\ndan@example.com,Dan\n", 1, LIST, ["not_permitted"]),
        (f"email\n{'0a' * 32}\n", 1, HASHES, []),
        (f"email\n{'0A' * 32}\n", 1, HASHES, ["unhashed"]),
        ("email\nann@example.com\n", 1, HASHES, ["unhashed"]),
    ],
)
def test_each_expectation_is_met_by_a_good_file_and_not_by_a_spoiled_one(
    content: str,
    rows: int,
    promise: Promise,
    closed: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))
    assert closed_by(tmp_path, content, rows, promise) == closed


def test_a_ledger_that_lost_members_its_manifest_names_closes_the_gate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path))
    judge = Gate("export").judge
    assert judge("whole", ledger_measure("win_back", 1000, 1000)) == []
    assert judge("a few erased", ledger_measure("win_back", 1000, 500)) == []
    assert judge("few", ledger_measure("win_back", 499, 1)) == []
    assert judge("torn", ledger_measure("win_back", 1000, 499)) == [
        "Feed win_back: 500 to 1,000 members in the ledger of the last run, whose manifest says 1,000; found 499."
    ]


def with_its_last_row_twice(
    piece: Piece, connection: duckdb.DuckDBPyConnection, folder: Path, prefix: str
) -> dict[str, Any]:
    """Stands in for Piece.copy_to: writes the file as it is, and one row more into the full list."""
    entry = COPY_TO(piece, connection, folder, prefix)
    if piece.role == "full":
        path = folder / entry["name"]
        lines = path.read_text(encoding="utf-8").splitlines()
        path.write_text("\n".join([*lines, lines[-1], ""]), encoding="utf-8")
    return entry


def test_a_closed_gate_ends_with_code_4_commits_nothing_and_shows_no_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Retailer(tmp_path, [{**EMAIL_FEED, "target": "brevo"}])
    shop.publish([person("ann"), person("bob", email=CANARY)])
    with monkeypatch.context() as patch:
        patch.setattr(Piece, "copy_to", with_its_last_row_twice)
        said = shop.call("export", "win_back")
    assert said.code == CONTRACT
    page = tmp_path / "target" / "gates" / "export" / "index.html"
    assert f"Nothing of feed win_back was committed: {page} shows all that was expected." in said.text
    assert "File win_back__2024-07-01__full.csv: 2 rows as written; found 3." in said.text
    assert not list(shop.exports.glob("win_back/*/*"))
    pages = [path.read_bytes().decode("latin-1") for path in page.parent.rglob("*") if path.is_file()]
    assert any("no identifier stands in two rows" in text for text in pages)
    assert not any(CANARY in text for text in (said.text, *pages))
    assert shop.call("export", "win_back").code == 0
    assert len(shop.last().rows("full")) == 2


def test_a_withdrawal_that_staging_overlooks_is_found_by_the_gate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Retailer(tmp_path, [ADS_FEED])
    gone = [("ann", "*", "*", "erased")]
    shop.publish([person("ann", channel="ads"), person("bob", channel="ads")], withdrawn=gone)
    monkeypatch.setattr(staging, "concerns", lambda *_: "false")
    said = shop.call("export", "ads")
    assert said.code == CONTRACT
    assert "nobody who withdrew or is to be erased; found 1 rows." in said.text
    assert not list(shop.exports.glob("ads/*/*"))


# she complained there and said yes elsewhere: the row still carries the old address
ELSEWHERE = """
    update audiences.audience_permissions set address = 'new@example.com' where address_kind = 'email';
    update audiences.audience_permissions set address = '+32470999999' where address_kind = 'phone'
"""


@pytest.mark.parametrize(
    ("feed", "row", "closed"),
    [
        (EMAIL_FEED, person("ann"), ELSEWHERE),
        ({**EMAIL_FEED, "target": "mailchimp"}, person("ann"), ELSEWHERE),
        ({**EMAIL_FEED, "channel": "sms"}, person("ann", channel="sms"), ELSEWHERE),
        (ADS_FEED, person("ann", channel="ads"), ELSEWHERE),
        ({**ADS_FEED, "target": "google_customer_match"}, person("ann", channel="ads"), ELSEWHERE),
        (
            {**EMAIL_FEED, "channel": "post"},
            person("ann", channel="post", email=None, phone=None),
            "delete from audiences.audience_permissions",
        ),
        (EMAIL_FEED, person("ann"), "update audiences.audience_permissions set purpose = 'profiling'"),
        (EMAIL_FEED, person("ann"), "update audiences.audience_permissions set channel = 'ads'"),
        (EMAIL_FEED, person("ann"), "update audiences.audience_permissions set profile_id = 'bob'"),
    ],
    ids=["email", "mailchimp", "sms", "meta", "google", "post", "purpose", "channel", "person"],
)
def test_an_address_that_staging_overlooks_is_found_by_the_gate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, feed: dict[str, Any], row: Person, closed: str
) -> None:
    shop = Retailer(tmp_path, [feed])
    shop.publish([row], more=closed)
    report = shop.export(feed["feed"])[feed["feed"]]
    assert (report.counts["members"], report.counts["rejected"]) == (0, 1)
    assert "not_permitted" in shop.last(feed["feed"]).path("rejected").read_text(encoding="utf-8")

    stage: Any = staging.stage

    def overlook(connection: duckdb.DuckDBPyConnection, *given: Any) -> None:
        stage(connection, *given)
        connection.execute("update staged set reject = null where starts_with(reject, 'not_permitted|')")

    monkeypatch.setattr(one_feed, "stage", overlook)
    report = shop.export(feed["feed"])[feed["feed"]]
    assert report.exit_code == CONTRACT
    assert "nobody, and no address, that may not be written to; found 1 rows." in report.message
    assert len(list(shop.exports.glob(f"{feed['feed']}/*/*/manifest.json"))) == 1


def test_of_two_addresses_in_a_row_each_must_be_permitted(tmp_path: Path) -> None:
    shop = Retailer(tmp_path, [ADS_FEED])
    shop.publish(
        [person("ann", channel="ads"), person("bob", channel="ads")],
        more="delete from audiences.audience_permissions where profile_id = 'bob' and address_kind = 'phone'",
    )
    shop.export("ads")
    assert shop.last("ads").manifest["counts"]["members"] == 1
    assert shop.last("ads").rows("rejected") == [{"profile_id": "bob", "reason": "not_permitted", "column": "phone"}]


def test_consent_that_staging_overlooks_is_found_by_the_gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Retailer(tmp_path)
    shop.publish([person("ann"), person("bob", consented_at=None)])
    stage: Any = staging.stage
    monkeypatch.setattr(
        one_feed,
        "stage",
        lambda connection, table, *given: stage(connection, table.model_copy(update={"evidence": "true"}), *given),
    )
    said = shop.call("export", "win_back")
    assert said.code == CONTRACT
    assert "every row is somebody with evidence of consent; found 1 rows." in said.text


def test_a_plan_and_a_run_that_changes_nothing_do_not_ask_the_gate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Retailer(tmp_path)
    shop.publish([person("ann")])
    shop.export()
    monkeypatch.setattr(files, "measures_of", lambda *_: pytest.fail("judged again"))
    assert shop.export()["win_back"].status == "unchanged"
    shop.publish([person("ann")], as_of="2024-07-02")
    assert shop.export(dry=True)["win_back"].status == "new run"
