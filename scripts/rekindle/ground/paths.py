"""Where things live: everything of a connector in one folder, `installations/<connector>` inside the project folder.

`REKINDLE_INSTALLATION` names another folder, and each place in it can be moved by a variable of its own.
"""

import os
from pathlib import Path

from rekindle.ground import settings

PROJECT = settings.PROJECT
# the folders of the project that dbt makes tables from, in this order
TABLES_ARE_MADE_FROM = ("macros", "models", "seeds", "snapshots")
PUBLIC = "rekindle.duckdb"
# what is published, and who may read it: consumers of the owner's group, and the owner alone
PUBLICATIONS = {PUBLIC: 0o640, "activation.duckdb": 0o600}


class _Chosen:
    """What this process's command works for."""

    connector: str | None = None


def use_connector(connector: str) -> None:
    """From here on, everything is looked for in this connector's installation."""
    _Chosen.connector = connector


def connector() -> str:
    """The connector whose installation is used: the one that was chosen, else the project's own."""
    return _Chosen.connector or settings.own_connector()


def command(script: str, *arguments: str) -> str:
    """How a person calls one of our programs for the connector in use: `python scripts/run.py --connector mine`."""
    of = [] if connector() == settings.own_connector() else ["--connector", connector()]
    return " ".join(["python", f"scripts/{script}.py", *arguments, *of])


def installation() -> Path:
    """The folder with everything of a connector (`REKINDLE_INSTALLATION`). profiles.yml has the same rule."""
    return (PROJECT / os.environ.get("REKINDLE_INSTALLATION", f"installations/{connector()}")).resolve()


def _place(variable: str, default: str) -> Path:
    named = os.environ.get(variable)
    return (PROJECT / named if named else installation() / default).resolve()


def shown(path: Path) -> str:
    """A path as people read it: from the project folder, where it lies in it."""
    return str(path.relative_to(PROJECT) if path.is_relative_to(PROJECT) else path)


def data() -> Path:
    """Raw files that the loaders write (`REKINDLE_DATA`)."""
    return _place("REKINDLE_DATA", "data")


def on_spark() -> bool:
    """Whether dbt builds on Spark, into a lake (`REKINDLE_TARGET`)."""
    return os.environ.get("REKINDLE_TARGET", "duckdb") == "spark"


def warehouse() -> Path:
    """The DuckDB file that dbt builds (`REKINDLE_WAREHOUSE`).

    Where it builds on Spark: one beside it, of what a command has at hand of the lake (rekindle.ground.stores).
    """
    file = _place("REKINDLE_WAREHOUSE", "warehouse/build.duckdb")
    return file.with_name("lake.duckdb") if on_spark() else file


def published() -> Path:
    """The folder that consumers read (`REKINDLE_PUBLISHED`)."""
    return _place("REKINDLE_PUBLISHED", "published")


def public_file() -> Path:
    """The file that BI tools, boards and the documentation read."""
    return published() / PUBLIC


def boards() -> Path:
    """The page that marketers look at (`REKINDLE_BOARDS`)."""
    return _place("REKINDLE_BOARDS", "boards")


def backups() -> Path:
    """The folder of backups (`REKINDLE_BACKUPS`)."""
    return _place("REKINDLE_BACKUPS", "backups")


def contract() -> Path:
    """Contract-shaped files of the connector `parquet` (`REKINDLE_CONTRACT_PATH`)."""
    return _place("REKINDLE_CONTRACT_PATH", "data/contract")


def exports() -> Path:
    """The folder of files for platforms (`REKINDLE_EXPORTS`)."""
    return _place("REKINDLE_EXPORTS", "exports")


def late_noes() -> Path:
    """Noes that came after the publication, for the exporter (`REKINDLE_LATE_NOES`)."""
    return _place("REKINDLE_LATE_NOES", "late_noes")


def erasures() -> Path:
    """Requests to be forgotten and the tokens of who was (`REKINDLE_ERASURES`)."""
    return _place("REKINDLE_ERASURES", "erasures")


def access() -> Path:
    """What was written for people who asked what is held about them (`REKINDLE_ACCESS`)."""
    return _place("REKINDLE_ACCESS", "access")


def target() -> Path:
    """What dbt and the gates leave to look at, of all connectors (`DBT_TARGET_PATH`)."""
    return (PROJECT / os.environ.get("DBT_TARGET_PATH", "target")).resolve()
