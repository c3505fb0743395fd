"""From contract files to exported files: the real programs on a copy of the project.

Only who may be written to decides there: no holdout; whoever left a cart is written to on any channel that is
open, and ads take whoever has been silent for long.
"""

import csv
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb
import forked
import yaml

from rekindle.ground import quoting
from rekindle.ground.paths import PROJECT

AS_OF = "2024-07-01"
PAST_AS_OF = "2020-09-14"
CHANNELS = ("email", "sms", "phone", "post", "push", "ads")
# Which scenario writes on which channel; a feed takes it in the format that holds every column.
SCENARIO = dict.fromkeys(CHANNELS, "abandoned_cart") | {"ads": "media_reactivation"}
COPIED = ("models", "macros", "seeds", "scripts", "dashboards", "snapshots", "tests/dbt", "tests/fixtures")
CONTRACT = {
    model["name"].removeprefix("input_"): [(column["name"], column["data_type"]) for column in model["columns"]]
    for model in yaml.safe_load((PROJECT / "models/input/_input__models.yml").read_text(encoding="utf-8"))["models"]
}
# A shop in Brussels whose customers rise and fall within months.
SHOP: dict[str, object] = {
    "default_as_of": f'"{AS_OF}"',
    "business_timezone": "Europe/Brussels",
    "default_country_code": "BE",
    "rfm_sector": "fixture",
    "rfm_window_days": 182,
}
Row = dict[str, object]
World = dict[str, list[Row]]


@dataclass(frozen=True)
class Sent:
    """One row of an exported file."""

    channel: str
    entry_key: str
    profile_id: str
    email: str
    phone: str
    street_address: str
    last_name: str


def empty_world() -> World:
    """Nobody, and one order of nobody: without orders a shop has no feed that is alive."""
    world: World = {entity: [] for entity in CONTRACT}
    till = {"source_system": "pos", "order_id": "o1", "extracted_at": datetime.fromisoformat("2024-07-01 06:00")}
    world["orders"].append(
        till
        | {
            "sales_channel": "store",
            "ordered_at": datetime.fromisoformat("2024-06-30 12:00"),
            "order_date": date(2024, 6, 30),
        }
        | {"sales_channel": "store", "order_status": "completed", "currency_code": "EUR"}
    )
    world["order_lines"].append(
        till
        | {"line_number": 1, "product_id": "p1", "quantity": 1, "gross_amount": 10}
        | {"discount_amount": 0, "offer_discount_amount": 0, "net_amount": 10}
    )
    return world


def recorded_world() -> World:
    """One regular at that till, who looked at the shop long ago: by what was not recorded nobody would be silent."""
    world = empty_world()
    who = {"source_system": "pos", "contact_id": "regular", "extracted_at": datetime.fromisoformat("2024-07-01 06:00")}
    begun = {"at": datetime.fromisoformat("2015-01-02 12:00"), "date": date(2015, 1, 2)}
    world["contacts"].append(who | {"silo": "till"} | {f"created_{name}": value for name, value in begun.items()})
    world["web_events"].append(
        who
        | {"event_id": "first", "event_type": "visit", "platform": "web"}
        | {f"occurred_{name}": value for name, value in begun.items()}
    )
    world["orders"][0]["contact_id"] = "regular"
    return world


def write_contract(world: World, folder: Path) -> None:
    """One Parquet file per entity of the contract; what the world does not have is empty."""
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        for entity, columns in CONTRACT.items():
            source, names = folder / f"{entity}.ndjson", {name for name, _ in columns}
            with source.open("w", encoding="utf-8") as handle:
                for row in world.get(entity, ()):
                    assert set(row) <= names, f"{entity} has no columns {set(row) - names}"
                    handle.write(json.dumps(row, default=str) + "\n")
            types = ", ".join(f"'{name}': '{kind}'" for name, kind in columns)
            connection.execute(
                f"copy (from read_json({quoting.text(source)}, format = 'newline_delimited', columns = {{{types}}})) "
                f"to {quoting.text(folder / f'input_{entity}.parquet')} (format parquet)"
            )
            source.unlink()


def copy_files(folder: Path, settings: dict[str, object]) -> None:
    """The project as it ships, with settings of the connector parquet."""
    for place in COPIED:
        if (PROJECT / place).exists():
            shutil.copytree(PROJECT / place, folder / place, ignore=shutil.ignore_patterns("__pycache__"))
    for file in PROJECT.glob("*.yml"):
        shutil.copy(file, folder)
    lines = "    parquet:\n" + "".join(f"      {name}: {value}\n" for name, value in settings.items())
    _edit(folder / "dbt_project.yml", lambda text: text.replace("    parquet:\n", lines, 1))


def copy_project(folder: Path, *, double_opt_in: bool) -> None:
    """The project with the settings and seeds of the worlds."""
    only_permission = {"max_rejected_share": 0.99, "global_holdout_share": 0}
    # the two settings are independent: with one of them raw rows are kept as those of text files are
    chosen = dict.fromkeys(("require_double_opt_in", "raw_rows_are_text"), str(double_opt_in).lower())
    copy_files(folder, SHOP | only_permission | chosen)
    config = folder / "seeds" / "config"
    _edit_rows(config / "scenarios.csv", _one_campaign)
    _edit_rows(config / "scenario_moments.csv", _any_silence)
    _edit_feeds(config / "feeds.csv")


def _one_campaign(row: dict[str, str]) -> dict[str, str]:
    # a share of 0 may not be written as an empty field; other scenarios would take a person's one slot of the day
    changes = {
        "abandoned_cart": {"channels": "email>sms>phone>push>post", "holdout_share": "0"},
        "media_reactivation": {"holdout_share": "0"},
    }
    return row | changes.get(row["scenario_id"], {"is_enabled": "false"})


def _any_silence(row: dict[str, str]) -> dict[str, str]:
    # nobody of the worlds has been silent for two years
    return row | ({"subjects": "dormant>at_risk>to_delete"} if row["scenario_id"] == "media_reactivation" else {})


def _edit_feeds(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    columns = list(rows[0])
    feeds = [
        dict.fromkeys(columns, "")
        | {
            "feed": channel,
            "audience": SCENARIO[channel],
            "target": "generic",
            "channel": channel,
            "purpose": purpose(channel),
            "mode": "full",
        }
        for channel in CHANNELS
    ]
    _write_rows(path, columns, feeds)


def purpose(channel: str) -> str:
    """What the campaign of a channel needs consent for."""
    return "ads_personalisation" if channel == "ads" else "marketing"


def _edit(path: Path, change: Callable[[str], str]) -> None:
    before = path.read_text(encoding="utf-8")
    after = change(before)
    assert after != before, f"{path.name} is not as expected"
    path.write_text(after, encoding="utf-8")


def _edit_rows(path: Path, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
    with path.open(encoding="utf-8", newline="") as handle:
        rows = [change(row) for row in csv.DictReader(handle)]
    _write_rows(path, list(rows[0]), rows)


def _write_rows(path: Path, columns: list[str], rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def late_noes(folder: Path) -> Path:
    """Where noes lie that come after the build."""
    return folder / "late_noes"


def environment(folder: Path) -> dict[str, str]:
    """Everything that the programs write lies below the folder."""
    return {
        **os.environ,
        "REKINDLE_CONTRACT_PATH": str(folder / "contract"),
        "REKINDLE_WAREHOUSE": str(folder / "warehouse" / "build.duckdb"),
        "REKINDLE_PUBLISHED": str(folder / "published"),
        "REKINDLE_BACKUPS": str(folder / "backups"),
        "REKINDLE_ERASURES": str(folder / "erasures"),
        "REKINDLE_EXPORTS": str(folder / "exports"),
        "REKINDLE_LATE_NOES": str(late_noes(folder)),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "PYTHONUTF8": "1",
        "GX_ANALYTICS_ENABLED": "false",
    }


def build_and_export(world: World, folder: Path, *, double_opt_in: bool, past: World | None = None) -> list[Sent]:
    """What `run.py` writes for platforms when it is given the world, which may have seen another one before."""
    project = folder / "project"
    if not project.exists():
        copy_project(project, double_opt_in=double_opt_in)
    for place in ("published", "exports"):
        shutil.rmtree(folder / place, ignore_errors=True)
    build(world, folder, past=past)
    return read_exports(folder / "exports")


def build(world: World, folder: Path, *options: str, past: World | None = None) -> None:
    """`run.py` on the world, into a warehouse that remembers nothing but who was who in the past."""
    shutil.rmtree(folder / "warehouse", ignore_errors=True)
    (folder / "warehouse").mkdir()
    if past is not None:
        write_contract(past, folder / "contract")
        remember(folder)
    write_contract(world, folder / "contract")
    run_day(folder, AS_OF, *options)


def remember(folder: Path) -> None:
    """Who was who at which address: the tables that are kept, and what they are made of."""
    call(folder, str(folder / "project" / "scripts" / "normalise_contacts.py"), "--connector", "parquet")
    variables = f"{{connector: parquet, as_of_date: '{PAST_AS_OF}'}}"
    kept = "+contact_address_history +contact_profile_history +profile_split_history"
    call(folder, "-m", "dbt.cli.main", "run", "--select", *kept.split(), "--vars", variables)


def run(folder: Path, *options: str) -> None:
    """`run.py` on the project and the contract of the folder, into a new warehouse."""
    shutil.rmtree(folder / "warehouse", ignore_errors=True)
    run_day(folder, AS_OF, *options)


def run_day(folder: Path, as_of: str, *options: str) -> None:
    """The same into the warehouse that the days before have left."""
    (folder / "warehouse").mkdir(exist_ok=True)
    script = folder / "project" / "scripts" / "run.py"
    call(folder, str(script), "--connector", "parquet", "--as-of", as_of, *options)


def call(folder: Path, *command: str) -> None:
    """A Python program of the project, which must end well."""
    output = folder / "output.txt"
    output.unlink(missing_ok=True)
    # plain dbt would open the file anew for every node
    variables = {**environment(folder), "REKINDLE_KEEP_OPEN": "1" if command[0] == "-m" else ""}
    code = forked.call(command, variables, folder / "project", output)
    assert code == 0, output.read_text(encoding="utf-8")[-4000:]


def read_exports(folder: Path) -> list[Sent]:
    """The rows of the lists of every feed."""
    sent = []
    for channel in CHANNELS:
        files = sorted((folder / channel).glob("*/*/*__full.csv"))
        assert len(files) == 1, f"{len(files)} lists of {channel}"
        with files[0].open(encoding="utf-8", newline="") as handle:
            for row in csv.DictReader(handle):
                assert row["channel"] == channel
                sent.append(Sent(**{name: row[name] for name in Sent.__annotations__}))
    return sent
