"""What if: each kind of edit shows its exact effect on the hand-written rows, and nothing of it is kept.

As of 2024-07-01 four scenarios have somebody due: three people are selected, and nobody is selected for the cart.
"""

import contextlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from unittest import mock

import duckdb
import pytest
from pages import Clone, clone
from workshop import FIXTURES, Said, Workshop, digest, must

from rekindle.ground import paths
from rekindle.ground.dbt import Dbt
from rekindle.ground.errors import RekindleError
from rekindle.ground.warehouse import only_command
from rekindle.run.whatif import Change, first_layer, take_committed
from rekindle.tell.side_by_side import side_by_side

FELL, RITA, SILENT = "ef7756759cf7c00a", "10564be45edab22f", "d5cdcf210b234952"
SCENARIOS, STEPS = "seeds/fixture/scenarios.csv", "seeds/fixture/scenario_steps.csv"
OFFERS, TEXTS = "seeds/config/scenario_offers.csv", "seeds/fixture/content_blocks.csv"
BANDS, SETTINGS = "seeds/config/rfm_recency_bands.csv", "dbt_project.yml"
DECISIONS = "Made again: decisions only; facts and segments stay as they are."
ALSO_SEGMENTS = "Made again: segments and decisions. Published months stay as they are."


def git(project: Clone, *arguments: str) -> None:
    somebody = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *somebody, *arguments], cwd=project.root, check=True, capture_output=True)


@pytest.fixture(scope="module")
def project(fixture_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A committed copy of the project, with a warehouse that is published and whose newest date was exported."""
    project = clone(tmp_path_factory.mktemp("whatif"), "fixture")
    git(project, "init")
    git(project, "add", "--all")
    git(project, "commit", "--message", "As it was")
    project.environment |= {"REKINDLE_FIXTURES": str(FIXTURES), "REKINDLE_THREADS": "1"}
    warehouse = warehouse_of(project)
    warehouse.parent.mkdir(parents=True)
    shutil.copy(fixture_warehouse, warehouse)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("insert into run.sealed_dates values (date '2024-07-01', 'a_feed', 'a_run', 'fixture')")
    for said in project.run("python scripts/publish.py"):
        must(said)
    (project.installation / "exports").mkdir()
    (project.installation / "exports" / "sent.csv").write_text("a file that has left the house\n", encoding="utf-8")
    return project


def warehouse_of(project: Clone) -> Path:
    return project.installation / "warehouse" / "build.duckdb"


@contextlib.contextmanager
def edited(project: Clone, *edits: tuple[str, str, str]) -> Iterator[None]:
    """Somebody edits rows, and takes it back."""
    before = {file: (project.root / file).read_text(encoding="utf-8") for file, _, _ in edits}
    try:
        for file, old, new in edits:
            text = (project.root / file).read_text(encoding="utf-8")
            assert text.count(old) == 1, f"{file}: {old}"
            (project.root / file).write_text(text.replace(old, new), encoding="utf-8")
        yield
    finally:
        for file, text in before.items():
            (project.root / file).write_text(text, encoding="utf-8")


def files_of(project: Clone) -> dict[str, str]:
    """Everything of the installation, but for the locks that each command leaves."""
    found = (path for path in project.installation.rglob("*") if path.is_file() and path.suffix != ".lock")
    return {str(path): digest(path) for path in sorted(found)}


def whatif(project: Clone, *options: str) -> Said:
    [said] = project.run(" ".join(["python scripts/whatif.py", *options]))
    return said


def blocks(said: Said) -> dict[str, list[str]]:
    """What is said of each scenario, or of segments: the lines below its title."""
    found: dict[str, list[str]] = {}
    for part in said.text.split("\n\n"):
        title, *lines = part.splitlines()
        if title.endswith("change"):
            found[title.split("  ")[0]] = [re.sub(r"\s{2,}", " | ", line.strip()) for line in lines]
    return found


def differing(lines: list[str]) -> list[str]:
    return [line for line in lines if line.count("|") != 2]


def effects(said: Said) -> dict[str, list[str]]:
    """Of each block only what differs."""
    return {title: [line for line in lines if line.count("|") != 2] for title, lines in blocks(said).items()}


def test_a_scenario_off_a_longer_wait_and_another_offer_show_their_exact_effect(project: Clone) -> None:
    edits = [
        (SCENARIOS, "media_reactivation_1,,,per_entry_key,true", "media_reactivation_1,,,per_entry_key,false"),
        (STEPS, "survey_thanks,first_message,,1,", "survey_thanks,first_message,,12,"),
        (OFFERS, "anti_attrition,*,5,voucher,", "anti_attrition,*,5,free_delivery,"),
    ]
    with edited(project, *edits):
        said = must(whatif(project, "--people"))
    assert f"\n  {OFFERS}\n  {STEPS}\n  {SCENARIOS}\n{ALSO_SEGMENTS}\n" in said.text
    assert effects(said) == {
        "media_reactivation": [
            "due | 1 | 0 | -1",
            "selected | 1 | 0 | -1",
            "selected by ads | 1 | 0 | -1",
            "in the audience | 1 | 0 | -1",
            "cost of the channels | 0.20 | 0 | -0.20",
            "people: 0 come in, 1 go out",
            f"go out | {SILENT}",
        ],
        "survey_thanks": [
            "due | 1 | 0 | -1",
            "selected | 1 | 0 | -1",
            "selected by sms | 1 | 0 | -1",
            "in the audience | 1 | 0 | -1",
            "cost of the channels | 0.06 | 0 | -0.06",
            "people: 0 come in, 1 go out",
            f"go out | {RITA}",
        ],
        "anti_attrition": [
            "selected with offer free_delivery | 0 | 1 | +1",
            "people: 0 come in, 0 go out",
            "1 of those who stay read something else",
        ],
    }
    assert "As before   abandoned_cart (1 due, 0 selected)" in said.text
    assert max(map(len, said.text.splitlines())) <= 80


def test_another_text_and_a_larger_holdout_show_their_exact_effect(project: Clone) -> None:
    # the one who answered a survey has the bucket 4990 of 10000
    holdout = (SCENARIOS, "40,90,14,14,0.00,survey_thanks_1", "40,90,14,14,0.50,survey_thanks_1")
    with edited(project, holdout, (TEXTS, "We hebben u gemist", "Daar bent u")):
        said = must(whatif(project))
    assert effects(said) == {
        "survey_thanks": [
            "stopped at not_held_out | 0 | 1 | +1",
            "selected | 1 | 0 | -1",
            "selected by sms | 1 | 0 | -1",
            "in the audience | 1 | 0 | -1",
            "cost of the channels | 0.06 | 0 | -0.06",
            "people: 0 come in, 1 go out",
        ],
        "anti_attrition": ["people: 0 come in, 0 go out", "1 of those who stay read something else"],
    }
    assert RITA not in said.text


def test_another_band_moves_people_and_another_setting_their_messages(project: Clone) -> None:
    # of those who bought 28 to 56 days before the end of the month, two did so more than 49 days before
    with edited(project, (BANDS, "fixture,1,1900-01-01,4,56", "fixture,1,1900-01-01,4,49")):
        said = must(whatif(project, "--set", "send_time=18:30"))
    assert "  2 customers would be elsewhere:\n    potential_loyalist -> needs_attention " in said.text
    assert f"\n  {BANDS}\n  send_time: 09:00 -> 18:30\n{ALSO_SEGMENTS}\n" in said.text
    later = ["people: 0 come in, 0 go out", "1 of those who stay get it at another time"]
    assert effects(said) == {
        "RFM segments, 2024-06": ["needs_attention | 0 | 2 | +2", "potential_loyalist | 4 | 2 | -2"],
        "anti_attrition": later,
        "media_reactivation": later,
        "survey_thanks": later,
    }


def test_what_a_change_can_reach_is_made_again_and_no_more(workshop: Workshop) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths._Chosen, "connector", "fixture")
        for variable, value in workshop.variables().items():
            patch.setenv(variable, value)
        manifest = Dbt("fixture").manifest

    def layer(*files: str, setting: str | None = None, is_of_the_project: bool = False) -> str:
        return first_layer(manifest, Change(files, {setting: (1, 2)} if setting else {}, is_of_the_project))

    seeds = {STEPS, OFFERS, TEXTS, "seeds/config/message_caps.csv", "seeds/config/feeds.csv"}
    assert {layer(seed) for seed in seeds} == {"hub"}
    settings = ("global_holdout_share", "send_time", "anti_attrition_signal", "moments")
    assert {layer(setting=each) for each in settings} == {"hub"}
    # whether the silent are asked a last time, and by which channel, says who of them waits for it
    segments = (BANDS, "seeds/config/clv_cuts.csv", "seeds/config/segments.csv", SCENARIOS)
    assert {layer(each) for each in segments} == {"segments"}
    assert {layer(setting=each) for each in ("rfm_window_days", "tier_dormant_months")} == {"segments"}
    # whoever is one person, what an order is, who opened
    everything = ("identity_rounds", "count_orders_without_lines", "open_tracking_consent_countries")
    assert {layer(setting=each) for each in everything} == {"staging"}
    assert layer("macros/core/is_counted_order.sql") == "staging"
    assert layer(is_of_the_project=True) == "staging"


def test_nothing_is_kept_although_somebody_reads(project: Clone) -> None:
    before = files_of(project)
    left = warehouse_of(project).parent / "whatif" / "before"
    left.mkdir(parents=True)
    (left / "of_one_that_was_killed").touch()
    edit = edited(project, (SETTINGS, 'send_time: "09:00"', 'send_time: "18:30"'))
    with edit, contextlib.closing(duckdb.connect(str(warehouse_of(project)), read_only=True)) as reader:
        said = must(whatif(project))
        [(seals,)] = reader.execute("select count(*) from run.sealed_dates").fetchall()
    assert "\n  send_time: 09:00 -> 18:30\nMade again: decisions only" in said.text
    assert said.text.count("1 of those who stay get it at another time") == 3
    assert seals == 1
    assert files_of(project) == before


def test_a_revision_is_no_option_of_git(tmp_path: Path) -> None:
    written = tmp_path / "written.tar"
    with pytest.raises(RekindleError, match="is no revision: name a commit, a branch or a tag with --against"):
        take_committed(f"--output={written}", tmp_path / "tree")
    assert not written.exists()


def test_what_cannot_be_tried_is_one_sentence(project: Clone, tmp_path: Path) -> None:
    before = files_of(project)
    assert whatif(project).error.startswith("No seed, setting, model or macro differs from HEAD: edit a row first")
    assert whatif(project, "--set", "send_tmie=18:30").error.startswith("There is no setting 'send_tmie':")
    assert whatif(project, "--set", "moments=[]").error.startswith("--set moments needs one value,")
    assert whatif(project, "--against", "nowhere").error.startswith("git has no state 'nowhere' of ")
    with edited(project, (TEXTS, "We hebben u gemist", "Daar bent u")):
        too_early = whatif(project, "--as-of", "2024-06-30")
        with only_command(warehouse_of(project)):
            busy = whatif(project)
        with mock.patch.dict(project.environment, {"GIT_DIR": str(tmp_path)}):
            without_git = whatif(project)
        with mock.patch.dict(project.environment, {"REKINDLE_INSTALLATION": str(tmp_path / "new")}):
            unbuilt = whatif(project)
    assert too_early.error.startswith("The warehouse stands as of 2024-07-01 and cannot go back to 2024-06-30:")
    assert re.search(r"build\.duckdb is in use by process \d+: wait for it to end", busy.error)
    assert without_git.error.startswith("git has no state 'HEAD' of ")
    assert (
        unbuilt.error
        == "Nothing was built yet to try a change on: run `python scripts/run.py --connector fixture` first."
    )
    assert files_of(project) == before


def test_a_wrong_row_is_told_as_a_build_tells_it(project: Clone) -> None:
    before = files_of(project)
    with edited(project, (STEPS, "survey_thanks,first_message,,1,none", "survey_thanks,first_message,,1,nonsense")):
        said = whatif(project)
    assert said.code == 1
    assert "nonsense" in said.text
    assert "this cannot be built (see above)" in said.error
    assert files_of(project) == before


def test_a_list_of_whom_to_delete_goes_by_no_channel_and_is_compared(tmp_path: Path) -> None:
    for side, selected in (("before", 1), ("after", 2)):
        with duckdb.connect(str(tmp_path / f"{side}.duckdb")) as connection:
            connection.execute(
                "create schema segments; create schema activation; create schema audiences; "
                "create table segments.rfm_monthly (profile_id varchar, segment varchar, segment_month date); "
                "create table segments.value_published "
                "(profile_id varchar, spend_cluster varchar, segment_month date); "
                "create table activation.decisions (scenario_id varchar, profile_id varchar, outcome varchar, "
                "closed_gate varchar, channel varchar, offer_id varchar, offer_type varchar, "
                "offer_amount decimal(18, 2), channel_cost_amount decimal(18, 2), as_of_date date); "
                "create table audiences.audience_members (decision_id varchar, scenario_id varchar, content varchar, "
                "template varchar, variant varchar, channel varchar, send_at timestamp, as_of_date date); "
                "insert into activation.decisions (scenario_id, profile_id, outcome, as_of_date) "
                f"select 'purge_list', 'p' || i, 'selected', date '2024-07-01' from range({selected}) as people (i)"
            )
    lines = list(side_by_side(tmp_path / "before.duckdb", tmp_path / "after.duckdb", date(2024, 7, 1), people=False))
    assert [line.split() for line in lines if line] == [
        ["purge_list", "before", "after", "change"],
        ["due", "1", "2", "+1"],
        ["selected", "1", "2", "+1"],
        ["people:", "1", "come", "in,", "0", "go", "out"],
    ]
