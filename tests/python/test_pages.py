"""Every command of the pages is called as it is written, in a clone; what cannot be is on a list, with the reason."""

import re
import shutil
from pathlib import Path

import duckdb
import pytest
from pages import SHELL, Clone, blocks, clone, commands

from rekindle.ground.paths import PROJECT

# The pages of one installation, in an order that it can live through: it is built first and people are erased last.
LIFE = (
    "docs/runbook.md",
    "docs/activation.md",
    "README.md",
    "docs/boards.md",
    "docs/metrics.md",
    "docs/upgrade.md",
    "docs/segments.md",
    "docs/scenario-guide.md",
    "docs/privacy.md",
)
# Pages that bring an installation of their own, and the test that calls their commands
ELSEWHERE = {
    "docs/shopify.md": "test_a_stranger_can_follow_the_page_of_a_shop",
    "docs/connector-guide.md": "test_a_stranger_can_follow_the_connector_guide",
    "examples/host/README.md": "test_a_host_project_builds_with_dbt_alone",
}
# Pages whose commands take too long to be called
DEVELOPERS = ("CONTRIBUTING.md", "docs/benchmark.md", "docs/scale.md")
# What the pages call in the demo or in somebody's installation, and what it is called in the hand-written rows.
NAMES = {
    "installations/mine": "installations/fixture",
    "01607f9505a7994f": "{profile}",
    "0123456789abcdef": "{profile}",
    "till:123": "pos:rita_champion",
    "2018-01-01_1": "{backup}",
    '"2018-06"': '"2024-06"',
    '"2018-07"': '"2024-07"',
    "win_back/2018-01-01/0f…": "{folder}",
    "win_back": "anti_attrition_email",
    "ack 0f…": "ack {run}",
    "my_model": "profile_days",
}
# Commands that are not called here: their targets and options are looked at only. The words that begin them, and why.
NOT_CALLED = {
    "make demo": "half the tests are about it",
    "make test-spark": "needs Java and some minutes, and compares by itself",
    "make test": "it is what calls this",
    "make lint": "`make test` calls it",
    "make bench": "takes minutes",
    "make whatif": "compares with what git has, and a clone here has no git; test_whatif.py calls it",
    ".venv/bin/pre-commit": "changes the clone's git",
    "mkdir -p installations/acme": "moves folders of an older version; test_installations.py has them",
    "make build DAILY=1": "what it decides is published whole by the next whole run; test_sealing.py calls it",
    "python scripts/run.py": "`make build` of docs/shopify.md is the same, of half a minute; test_run.py has the rest",
    "python scripts/replay.py": "takes half a minute; test_replay.py calls it",
    "python scripts/backup.py --restore": "asks for the warehouse to be away; test_backup.py moves it",
    "make publish TO=": "needs a PostgreSQL; test_publish_postgres.py starts one and calls the script",
    "make erase PURGE=1": "has nobody to delete while retention_purge is not in use; test_erase.py has it",
    "make erase REQUESTS=1": "waits for platforms, and ends with their names; test_erase.py has them",
    ".venv/bin/python -m pytest": "a test of tests",
    ".venv/bin/dbt": "test_contract.py builds chosen models",
}
# Commands that end well with another code than 0.
ENDS_WITH = {
    "make export": 3,  # a platform takes no list as short as that of a handful of people
    "python scripts/export_audiences.py plan": 3,
}


FASTER_DBT = "scripts/checks/faster_dbt.py"


def options(clone: Clone, line: str) -> None:
    """The script is there and knows every option that the line gives it; `make` knows the command."""
    for name, *arguments in clone.calls(line) if not line.startswith(("mkdir", ".venv/bin/pre")) else []:
        calls = clone.recipe(arguments) if name == "make" else [[name, *arguments]]
        for program, *given in calls:
            # faster_dbt.py takes the options of dbt
            if program == "python" and given[0].startswith("scripts/") and given[0] != FASTER_DBT:
                source = (clone.root / given[0]).read_text(encoding="utf-8")
                told = {part for part in given if re.fullmatch(r"--[a-z-]+", part)} - {"--connector"}
                assert {option for option in told if f'"{option}"' not in source} == set(), line


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory, fixture_warehouse: Path) -> Clone:
    """A clone with the hand-written rows, replayed up to June 2024."""
    place = clone(tmp_path_factory.mktemp("clone") / "rekindle", "fixture")
    place.environment |= {
        "REKINDLE_ERASURE_KEY": "0" * 64,
        "REKINDLE_ERASURES": str(place.installation / "erasures"),
    }
    (place.installation / "warehouse").mkdir(parents=True)
    shutil.copy(fixture_warehouse, place.installation / "warehouse" / "build.duckdb")
    return place


def named_here(clone: Clone, line: str) -> str:
    """The line with the names of this installation."""
    for there, ours in NAMES.items():
        line = line.replace(there, ours)
    if "{" not in line:
        return line
    newest = sorted(path.parent for path in clone.installation.glob("exports/anti_attrition_email/*/*/manifest.json"))
    backups = sorted((clone.installation / "backups").glob("*"))
    with duckdb.connect(str(clone.installation / "warehouse" / "build.duckdb"), read_only=True) as warehouse:
        [(profile,)] = warehouse.execute(
            "select profile_id from identity.contact_profiles where contact_id = 'ben_never_asked'"
        ).fetchall()
    here: dict[str, str] = {"profile": profile}
    if newest:
        here |= {"folder": str(newest[-1].relative_to(clone.installation / "exports")), "run": newest[-1].name}
    if backups:
        here |= {"backup": backups[-1].name}
    return re.sub(r"\{(profile|folder|run|backup)\}", lambda found: here[found[1]], line)


def test_the_pages_of_an_installation_are_lived_through(lived_in: Clone) -> None:
    called = 0
    for page in LIFE:
        for line in commands(page):
            if line.startswith(tuple(NOT_CALLED)):
                options(lived_in, line)
                continue
            for said in lived_in.run(named_here(lived_in, line)):
                assert said.code == next((code for begin, code in ENDS_WITH.items() if line.startswith(begin)), 0), (
                    f"{page}: {line}\n{said.text}"
                )
                called += 1
    assert called > 20


@pytest.mark.parametrize("page", DEVELOPERS)
def test_commands_of_developers_are_there(page: str, lived_in: Clone) -> None:
    lines = commands(page)
    assert lines
    assert [line for line in lines if not line.startswith(tuple(NOT_CALLED))] == [
        line for line in lines if line.endswith("--help")
    ]
    for line in lines:
        options(lived_in, line)


def test_no_page_is_left_out_and_no_reason_is_left_over() -> None:
    pages = [
        *PROJECT.glob("*.md"),
        *(PROJECT / "docs").glob("*.md"),
        *(PROJECT / "examples").rglob("*.md"),
    ]
    with_commands = {str(page.relative_to(PROJECT)) for page in pages if commands(str(page.relative_to(PROJECT)))}
    assert with_commands == {*LIFE, *ELSEWHERE, *DEVELOPERS, "docs/spark.md"}
    lines = [line for page in with_commands for line in commands(page)]
    assert [begin for begin in NOT_CALLED if not any(line.startswith(begin) for line in lines)] == []
    tests = "".join(path.read_text(encoding="utf-8") for path in (PROJECT / "tests" / "python").glob("test_*.py"))
    assert [test for test in ELSEWHERE.values() if f"def {test}(" not in tests] == []


def test_a_stranger_can_follow_the_page_of_a_shop(lived_in: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a download folder to answers, as the page says; the downloads are those that it offers to try it out."""
    place = Clone(lived_in.root, "shopify")
    place._forked = lived_in._server()
    place.environment["ACCEPT"] = "2024-06"
    text = (PROJECT / "docs" / "shopify.md").read_text(encoding="utf-8")
    [downloads] = re.findall(r"To try it out: `(cp [^`]+)`", text)
    settings_to_try = re.findall(r"`(\w+: [^`]+)`", text.split("two more settings below,")[1].split("\n\n")[0])
    assert len(settings_to_try) == 2
    assert "`ACCEPT=2024-06` behind `make build`" in text
    project = place.root / "dbt_project.yml"
    settings = project.read_text(encoding="utf-8")
    line = "    shopify:                      # "
    assert line in settings
    start, rest = settings.split(line)
    comment, rest = rest.split("\n", 1)
    own = "".join(f"      {setting}\n" for setting in settings_to_try)
    project.write_text(f"{start}{line}{comment}\n{own}{rest}", encoding="utf-8")
    copies, builds = blocks("docs/shopify.md", *SHELL)
    place.calls(copies)
    place.calls(downloads)
    for command in builds.splitlines():
        for said in place.run(command):
            assert said.code == 0, f"{command}\n{said.text}"
    assert (place.installation / "published" / "rekindle.duckdb").exists()
    monkeypatch.chdir(place.root)  # as the page says: views name the raw files from there
    with duckdb.connect(str(place.installation / "warehouse" / "build.duckdb"), read_only=True) as warehouse:
        for question in blocks("docs/shopify.md", "sql"):
            assert warehouse.execute(question).fetchall(), question
