"""The pages say what is there: settings and commands, links and paths, and every list and count among `CLAIMS`."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from workshop import Workshop

from rekindle.export.targets import target_names
from rekindle.ground import errors

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def written(value: object) -> str:
    """A default as the table shows it."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def test_the_settings_table_names_every_setting_with_its_default() -> None:
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    actual = {name: written(value) for name, value in project["vars"]["default_settings"].items()}
    section = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    documented = {name: default.strip("`") for name, default in re.findall(r"^\| `(\w+)` \| (.*?) \|", section, re.M)}
    assert documented == actual


def test_commands_named_in_the_docs_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    named = {
        (page.name, target)
        for page in pages
        for target in re.findall(r"`make ([a-z-]+)|^make ([a-z-]+)", page.read_text(encoding="utf-8"), re.M)
        for target in target
        if target
    }
    assert named, "no page names a command"
    assert {(page, target) for page, target in named if target not in targets} == set()


def test_links_between_pages_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "tests").rglob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)} -> {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []


def test_links_into_pages_meet_a_heading() -> None:
    def anchors(page: Path) -> set[str]:
        headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
        return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}

    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
    links = [
        (page, page.parent / target if target else page, anchor)
        for page in pages
        for target, anchor in re.findall(r"\]\(([^)#\s]*\.md)?#([^)\s]+)\)", page.read_text(encoding="utf-8"))
    ]
    assert len(links) > 20
    assert [(page.name, anchor) for page, target, anchor in links if anchor not in anchors(target)] == []


def test_tables_named_by_question_are_models() -> None:
    models = {path.stem for folder in ("models", "snapshots", "seeds") for path in (ROOT / folder).rglob("*.*")}
    pages = README + (ROOT / "docs" / "questions.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(?:core|segments|hub|activation|audiences|snapshots)\.(\w+)`", pages))
    assert len(named) > 10
    assert named - models == set()


def test_the_exposure_names_what_is_published() -> None:
    """Everything public right of the input layer, and nothing else: what `scripts/publish.py` writes."""
    exposures = yaml.safe_load((ROOT / "models" / "_exposures.yml").read_text(encoding="utf-8"))["exposures"]
    named = {re.sub(r"ref\('(\w+)'\)", r"\1", entry) for entry in exposures[0]["depends_on"]}
    public = set()
    # of activation, what says so itself: the ledger has a row per person and stays in the warehouse
    layers = {"core": "public", "segments": "public", "hub": "public", "activation": "no", "measurement": "public"}
    for layer, unless_said in layers.items():
        for page in (ROOT / "models" / layer).glob("*.yml"):
            for model in yaml.safe_load(page.read_text(encoding="utf-8")).get("models", []):
                sql = (ROOT / "models" / layer / f"{model['name']}.sql").read_text(encoding="utf-8")
                access = model.get("access") or (model.get("config") or {}).get("access") or unless_said
                if access == "public" and "access='protected'" not in sql:
                    public.add(model["name"])
    assert named == public


@pytest.mark.parametrize("page", ["README.md", "docs/segments.md", "docs/customer-base.md"])
def test_questions_to_the_published_file_have_answers(page: str, demo_workshop: Workshop) -> None:
    questions = re.findall(r"```sql\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    assert questions
    with duckdb.connect(str(demo_workshop.published), read_only=True) as published:
        for question in questions:
            assert published.execute(question).fetchall(), question


@pytest.mark.parametrize("page", ["docs/scenario-guide.md", "docs/upgrade.md"])
def test_questions_to_the_warehouse_can_be_asked(page: str, demo_warehouse: Path) -> None:
    questions = re.findall(r"```sql\n(select.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    assert questions
    with duckdb.connect(str(demo_warehouse), read_only=True) as warehouse:
        for question in questions:
            assert warehouse.execute(question).description, question


def test_people_whom_the_readme_names_are_in_the_demo(demo_warehouse: Path) -> None:
    [profile] = re.findall(r"make explain PROFILE=(\w+)", README)
    [(system, contact)] = re.findall(r"make access CONTACT=(\w+):(\w+)", README)
    with duckdb.connect(str(demo_warehouse), read_only=True) as warehouse:
        assert warehouse.execute("from core.profiles where profile_id = ?", [profile]).fetchall()
        who = "from identity.contact_profiles where source_system = ? and contact_id = ?"
        assert warehouse.execute(who, [system, contact]).fetchall()


def test_the_map_leads_to_what_it_names() -> None:
    text = (ROOT / "docs" / "map.md").read_text(encoding="utf-8")
    places = re.findall(r"^\| .+\? \| `(.+?)` \| `(.+?)` \|$", text, re.M)
    assert len(places) == len([line for line in text.splitlines() if line.startswith("| ")]) - 1
    assert len(places) >= 20
    lost = [(path, symbol) for path, symbol in places if symbol not in (ROOT / path).read_text(encoding="utf-8")]
    assert lost == []


def test_paths_named_in_the_pages_are_there() -> None:
    """Those of the project's folders; what a reader is to make himself is written with < > or {…}."""
    named = re.compile(r"`((?:models|macros|scripts|seeds|tests|docs|examples|snapshots|requirements)/[\w./*-]*)`")
    pages = [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "examples/README.md", "tests/fixtures/README.md")),
        *(ROOT / "docs").rglob("*.md"),
    ]
    found = {(page.name, path) for page in pages for path in named.findall(page.read_text(encoding="utf-8"))}
    assert len(found) > 40
    assert {(page, path) for page, path in found if not list(ROOT.glob(path.rstrip("/")))} == set()


def test_variables_of_the_environment_are_in_the_runbook_and_in_the_code() -> None:
    variable = re.compile(r"REKINDLE_[A-Z_]+")
    code = [*(ROOT / "scripts").rglob("*.py"), *(ROOT / "macros").rglob("*.sql"), *(ROOT / "models").rglob("*.yml")]
    read = {name for file in [*code, ROOT / "profiles.yml"] for name in variable.findall(file.read_text("utf-8"))}
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    named = {name for page in pages for name in variable.findall(page.read_text("utf-8"))}
    # set by the programs and the tests themselves
    internal = {"REKINDLE_FIXTURES", "REKINDLE_KEEP_OPEN"}
    internal |= {"REKINDLE_TESTS_PARSED", "REKINDLE_TESTS_MOMENTS"}
    assert named - {"REKINDLE_GOLDEN"} == read - internal


# --- claims that are lists or counts ---------------------------------------------------------------------------------


def yml(path: str) -> Any:
    """A YAML file of the project."""
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def names(text: str) -> set[str]:
    """What stands in backticks."""
    return set(re.findall(r"`([\w_]+)`", text))


def first_cells(text: str) -> set[str]:
    """What stands in backticks in the first column of a table."""
    return names(" ".join(line.split("|")[1] for line in text.splitlines() if line.startswith("|")))


def folders(path: str) -> set[str]:
    """The names of the folders in a folder."""
    return {each.name for each in (ROOT / path).iterdir() if each.is_dir() and each.name != "__pycache__"}


def reject_reasons() -> set[str]:
    """What intake may say of a row."""
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "macros" / "intake").glob("*.sql"))
    models = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "models" / "intake").glob("*.sql"))
    return {one or other for one, other in re.findall(r"'reason': '(\w+)'|'(\w+)' as reason", text + models)}


def scenarios() -> list[str]:
    lines = (ROOT / "seeds" / "config" / "scenarios.csv").read_text(encoding="utf-8").splitlines()
    return [line.split(",")[0] for line in lines[1:]]


def gates() -> list[str]:
    """The gates in their order."""
    text = (ROOT / "macros" / "activation" / "gates.sql").read_text(encoding="utf-8")
    return re.findall(r"'(\w+)'", text.split("macro gates()")[1].split("endmacro")[0])


def published_of(page: str) -> set[str]:
    """Tables that the questions say can be read from the published file."""
    table = page.split("| You ask | Read |")[1].split("\n\n")[0]
    read = " ".join(line.split(" | ")[1] for line in table.splitlines()[2:])
    # `schema.table`, unless (warehouse only) or `in the warehouse also` says otherwise
    warehouse_only = r"in the warehouse also `[\w.]+`|`[\w.]+` \(warehouse only\)"
    return set(re.findall(r"`\w+\.(\w+)`", re.sub(warehouse_only, "", read)))


def exposed() -> set[str]:
    """The tables of the published file."""
    return {entry.split("'")[1] for entry in yml("models/_exposures.yml")["exposures"][0]["depends_on"]}


CONNECTORS = set(yml("dbt_project.yml")["vars"]["connector_settings"])
# page, what is claimed (one group), how it is read, and what it must be
CLAIMS: dict[str, tuple[str, str, Callable[[str], Any], Callable[[], Any]]] = {
    "entities of the contract": (
        "README.md",
        r"of the (\d+) tables of the \[input contract\]",
        int,
        lambda: len(yml("models/input/_input__models.yml")["models"]),
    ),
    "published tables": ("README.md", r"^Published +(\d+) tables, [\d,]+ rows:", int, lambda: len(exposed())),
    "published audiences": (
        "README.md",
        r"^Published +(\d+) tables, [\d,]+ rows, personal data:",
        int,
        # and one per scenario, with its rows of audience_members
        lambda: len(list((ROOT / "models" / "audiences").glob("*.sql"))) + len(scenarios()),
    ),
    "files of the demo": (
        "docs/demo-data.md",
        r"(\d+) Parquet files",
        int,
        lambda: len(re.findall(r"^\| `\w+/\w+` \|", (ROOT / "docs/demo-data.md").read_text("utf-8"), re.M)),
    ),
    "targets": ("docs/activation.md", r"Targets: (.*?) \(three tables", names, lambda: set(target_names())),
    "exit codes": (
        "docs/activation.md",
        r"^## Exit codes\n(.*?)^When several",
        lambda text: {int(code) for code in re.findall(r"^\| (\d) \|", text, re.M)},
        lambda: {1, errors.DONE, errors.PLAN_HAS_CHANGES, errors.GUARD, errors.CONTRACT, errors.LOCKED},
    ),
    "the worst exit code": (
        "docs/activation.md",
        r"the code is the first of ([\d, ]+) that occurred",
        lambda text: tuple(int(code) for code in text.split(",")),
        lambda: errors.WORST_FIRST,
    ),
    "gates of a decision": (
        "docs/scenario-guide.md",
        r"^\| \| gate \| closed means \|\n(.*?)\n\n",
        lambda text: re.findall(r"^\| \d+ \| `(\w+)`", text, re.M),
        gates,
    ),
    "reasons for a reject": (
        "docs/connector-guide.md",
        r"^\| reason \| usual cause(.*?)\n\n",
        lambda text: first_cells(text) - {"reason"},
        reject_reasons,
    ),
    "connectors that are checked": (
        "Makefile",
        r"^CONNECTORS := ([^\n]*)",
        lambda text: set(text.split()),
        lambda: CONNECTORS - {"parquet"},
    ),
    "layers and what they read": (
        "CONTRIBUTING.md",
        r"^\| folder \| reads \|\n(.*?)\n\n",
        lambda text: set(re.findall(r"^\| `(\w+)/", text, re.M)),
        lambda: folders("models"),
    ),
    "layers in the README": (
        "README.md",
        r"^## Where things live\n(.*?)\n\n[^|]",
        lambda text: set(re.findall(r"`models/(\w+)`", text)),
        lambda: folders("models"),
    ),
    "questions to the published file": (
        "docs/questions.md",
        r"^(\| You ask \| Read \|.*)",
        lambda text: published_of(text) - exposed(),
        set,
    ),
    "Python": (
        "README.md",
        r"You need Python (\S+) or newer",
        lambda text: f">={text}",
        lambda: tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"],
    ),
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_lists_and_counts_in_the_pages_are_right(claim: str) -> None:
    page, pattern, read, right = CLAIMS[claim]
    [told] = re.findall(pattern, (ROOT / page).read_text(encoding="utf-8"), re.M | re.S)
    assert read(told) == right()
