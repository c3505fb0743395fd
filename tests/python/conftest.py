"""What the tests share: a workshop for the real commands, and warehouses that are built once per session."""

import gc
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from unittest import mock

import duckdb
import filelock
import forked
import pandas as pd
import pytest
from consent_cases import Expected, tell_all
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants
from kills import UPGRADE, Night
from people_project import Sent, build_and_export
from people_worlds import People, people
from workshop import ACCEPTED, FIRST_MONTH, LAST_MONTH, Workshop, must

from rekindle.ground import quoting

# Files that take longest come first, and short ones fill what is left of the time. The second builds the demo, which
# the first and those that follow do not need.
LONGEST_FIRST = (
    *(
        "people_worlds",
        "late_worlds",
        "demo_world",
        "fingerprints",
        "run",
        "contract",
        "kills",
        "scenario_rows",
        "pages",
        "star",
    ),
    *("installations", "cases_days", "sealing", "cases_money", "whatif", "access", "upgrade", "host_project"),
    *("replay", "erase", "bench", "bad_input", "private_files", "decision_worlds", "value", "expected_value"),
    *("hostile_names", "shopify", "cuts", "attacks", "explain", "measurement", "publish_activation"),
    *("identity", "export", "export_failures", "publish", "demo_data", "backup"),
)


# the people of each of two builds, and what draws them; `make worlds` draws others
PEOPLE, PEOPLE_SEED = 5000, 20240701
# What hypothesis draws is the same on every run and every machine, fast or slow. `make worlds` draws anew.
settings.register_profile(
    "same", deadline=None, database=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("same")
# it would also draw constants that it finds in the modules loaded so far, which differ between workers
providers._get_local_constants = Constants


def pytest_report_header() -> str:
    """Says what is drawn."""
    stories, seed = os.environ.get("STORIES", "400"), os.environ.get("SEED", "0")
    return f"drawn: the same examples on every run (hypothesis is derandomized); {stories} stories of seed {seed}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Orders files by `LONGEST_FIRST`; the order within a file stays."""
    place = {f"test_{name}": number for number, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(place)))


def pytest_collection_finish() -> None:
    """Spares all modules and tests the collector of garbage, which would look through them in every full round."""
    gc.collect()
    gc.freeze()


def pytest_configure(config: pytest.Config) -> None:
    """A folder for what dbt parses, made before the workers start, so that they share it."""
    if not hasattr(config, "workerinput"):
        folder = tempfile.TemporaryDirectory(prefix="rekindle-parsed-")
        os.environ[forked.PARSED] = folder.name
        config.add_cleanup(folder.cleanup)


@pytest.fixture(autouse=True)
def own_environment() -> Iterator[None]:
    """What a test, or a command that it calls, sets in the environment is gone for the next one."""
    with mock.patch.dict(os.environ):
        yield


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all workers of this session see."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def make_workshop(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Workshop]:
    """Gives this worker's workshop for a connector; another name gives another place."""
    root = tmp_path_factory.mktemp("workshops")

    def make(connector: str, name: str | None = None) -> Workshop:
        workshop = Workshop(root / (name or connector), connector)
        workshop.clear()
        return workshop

    return make


@pytest.fixture
def workshop(make_workshop: Callable[..., Workshop]) -> Workshop:
    """An empty workshop for the hand-written rows of tests/fixtures."""
    return make_workshop("fixture")


def built_once(target: Path, build: Callable[[Path], None]) -> Path:
    """The file `target`, made by whichever worker comes first; `build` writes it to the path it is given."""
    with filelock.FileLock(f"{target}.lock"):
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            unfinished = target.with_name(f"unfinished-{target.name}")
            build(unfinished)
            unfinished.rename(target)
    return target


def _replayed(shared: Path, make_workshop: Callable[..., Workshop], last: str) -> Path:
    def build(path: Path) -> None:
        workshop = make_workshop("fixture")
        workshop.environment[forked.ASK_KEYS] = "1"
        must(workshop.run("replay", "--from", FIRST_MONTH, "--to", last, *ACCEPTED))
        shutil.move(workshop.warehouse, path)

    return built_once(shared / f"fixture-{last}" / "build.duckdb", build)


@pytest.fixture(scope="session")
def fixture_warehouse(shared: Path, make_workshop: Callable[..., Workshop]) -> Path:
    """The hand-written rows, replayed from February to June 2024: as of 2024-07-01. Read-only."""
    return _replayed(shared, make_workshop, LAST_MONTH)


@pytest.fixture(scope="session")
def april_warehouse(shared: Path, make_workshop: Callable[..., Workshop]) -> Path:
    """The same up to April 2024, two months behind. Read-only."""
    return _replayed(shared, make_workshop, "2024-04")


@pytest.fixture(scope="session")
def upgraded(shared: Path, make_workshop: Callable[..., Workshop]) -> Path:
    """An installation of version 0.1.0 after its upgrade in place, as kills.py keeps it. Read-only."""

    def build(path: Path) -> None:
        Night(make_workshop("fixture", "upgraded"), path, seed=0).undisturbed(UPGRADE)

    return built_once(shared / "upgraded", build)


def _let_everybody_be_profiled(consents: Path) -> None:
    with_denials = consents.with_suffix(".before")
    consents.rename(with_denials)
    duckdb.execute(
        f"copy (from {quoting.parquet(with_denials)} where purpose is distinct from 'profiling' or status = 'granted') "
        f"to {quoting.text(consents)} (format parquet)"
    )
    with_denials.unlink()


@pytest.fixture(scope="session")
def demo_workshop(shared: Path) -> Workshop:
    """The demo as `make demo` makes it, loaded, replayed and published once per session. Read-only.

    But for two things: there are no past customers, so that the purchases are those of the data set alone; and nobody
    has denied profiling, so that figures are those of all customers.
    """
    workshop = Workshop(shared / "demo", "completejourney")
    workshop.environment |= {"REKINDLE_DATA": str(shared / "demo" / "data"), forked.ASK_KEYS: "1"}

    def build(path: Path) -> None:
        workshop.warehouse.parent.mkdir(parents=True)
        must(workshop.run("load_demo", "--no-archive"))
        _let_everybody_be_profiled(Path(workshop.environment["REKINDLE_DATA"]) / "raw/synthetic/consents.parquet")
        must(workshop.run("replay", "--from", "2017-01", "--to", "2017-12"))
        path.write_text(must(workshop.run("publish")).text, encoding="utf-8")

    built_once(shared / "demo-is-built", build)
    return workshop


@pytest.fixture(scope="session")
def demo_warehouse(demo_workshop: Workshop) -> Path:
    """The demo's warehouse, twelve months of 2017 replayed: as of 2018-01-01. Read-only."""
    return demo_workshop.warehouse


@pytest.fixture(scope="module")
def warehouse(demo_warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The replayed demo, opened read-only."""
    with duckdb.connect(str(demo_warehouse), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def households(warehouse: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Which profile each household's till record became."""
    return warehouse.execute(
        "select contact_id as household_id, profile_id from identity.contact_profiles where source_system = 'till'"
    ).df()


@pytest.fixture(scope="session")
def decided_workshop(shared: Path, demo_workshop: Workshop) -> Workshop:
    """The demo with decisions on the days of publication from July on, answered by its world. Read-only."""
    workshop = Workshop(shared / "decided", "completejourney")
    workshop.environment["REKINDLE_DATA"] = str(shared / "decided" / "data")
    workshop.environment["REKINDLE_EXPORTS"] = str(shared / "decided" / "exports")
    workshop.environment[forked.ASK_KEYS] = "1"

    def build(path: Path) -> None:
        workshop.warehouse.parent.mkdir(parents=True)
        shutil.copytree(demo_workshop.environment["REKINDLE_DATA"], workshop.environment["REKINDLE_DATA"])
        must(workshop.run("demo", "replay", "--from", "2017-01", "--to", "2017-12", "--decide-from", "2017-07"))
        path.write_text("decided", encoding="utf-8")

    built_once(shared / "demo-is-decided", build)
    return workshop


@dataclass(frozen=True)
class ExportedPeople:
    """A world of generated people and of hand-written cases, and the rows of the files that were exported for it."""

    people: People
    expected: dict[str, Expected]
    sent: list[Sent]
    double_opt_in: bool


@pytest.fixture(scope="session", params=[False, True], ids=["without_double_opt_in", "with_double_opt_in"])
def exported_people(request: pytest.FixtureRequest, shared: Path) -> ExportedPeople:
    """One build per setting serves every test about who is written to."""
    double_opt_in: bool = request.param
    told = people(PEOPLE, PEOPLE_SEED)
    expected = tell_all(told.world, told.past, double_opt_in=double_opt_in)

    def build(path: Path) -> None:
        folder = path.with_name("people")
        # one of the two asks keys, too: nowhere else are there as many rows that lack something
        with mock.patch.dict(os.environ, {} if double_opt_in else {forked.ASK_KEYS: "1"}):
            sent = build_and_export(told.world, folder, double_opt_in=double_opt_in, past=told.past)
        shutil.rmtree(folder)
        path.write_text(json.dumps([asdict(row) for row in sent]), encoding="utf-8")

    file = built_once(shared / f"people-{double_opt_in}" / "sent.json", build)
    rows = json.loads(file.read_text(encoding="utf-8"))
    print(f"people: PEOPLE={PEOPLE} SEED={PEOPLE_SEED}")
    return ExportedPeople(told, expected, [Sent(**row) for row in rows], double_opt_in)
