"""The README says what is there: every setting with its default, every command, every linked page."""

import re
from pathlib import Path

import duckdb
import pytest
import yaml
from workshop import Workshop

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def written(value: object) -> str:
    """A default as the table shows it."""
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def test_the_settings_table_names_every_setting_with_its_default() -> None:
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    actual = {name: written(value) for name, value in project["vars"]["default_settings"].items()}
    section = README.split("## Settings", 1)[1].split("\n## ", 1)[0]
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


def test_tables_named_in_the_readme_are_models() -> None:
    models = {path.stem for folder in ("models", "snapshots", "seeds") for path in (ROOT / folder).rglob("*.*")}
    named = set(re.findall(r"`(?:core|segments|hub|activation|audiences|snapshots)\.(\w+)`", README))
    assert len(named) > 10
    assert named - models == set()


def test_the_exposure_names_what_is_published() -> None:
    """Everything public right of the input layer, and nothing else: what `scripts/publish.py` writes."""
    exposures = yaml.safe_load((ROOT / "models" / "_exposures.yml").read_text(encoding="utf-8"))["exposures"]
    named = {re.sub(r"ref\('(\w+)'\)", r"\1", entry) for entry in exposures[0]["depends_on"]}
    public = set()
    # of activation, what says so itself: the ledger has a row per person and stays in the warehouse
    for layer, unless_said in {"core": "public", "segments": "public", "hub": "public", "activation": "no"}.items():
        for page in (ROOT / "models" / layer).glob("*.yml"):
            for model in yaml.safe_load(page.read_text(encoding="utf-8")).get("models", []):
                sql = (ROOT / "models" / layer / f"{model['name']}.sql").read_text(encoding="utf-8")
                access = model.get("access") or (model.get("config") or {}).get("access") or unless_said
                if access == "public" and "access='protected'" not in sql:
                    public.add(model["name"])
    assert named == public


@pytest.mark.parametrize("page", ["README.md", "docs/segments.md"])
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
