"""Where things live. Each place can be moved by an environment variable; the defaults lie inside the project folder."""

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def _place(variable: str, default: str) -> Path:
    return (PROJECT / os.environ.get(variable, default)).resolve()


def data() -> Path:
    """Raw files that the loaders write (`REKINDLE_DATA`)."""
    return _place("REKINDLE_DATA", "data")


def warehouse() -> Path:
    """The DuckDB file that dbt builds (`REKINDLE_WAREHOUSE`)."""
    return _place("REKINDLE_WAREHOUSE", "warehouse/build.duckdb")


def published() -> Path:
    """The folder that consumers read (`REKINDLE_PUBLISHED`)."""
    return _place("REKINDLE_PUBLISHED", "published")


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


def target() -> Path:
    """What dbt and the gates leave to look at (`DBT_TARGET_PATH`)."""
    return _place("DBT_TARGET_PATH", "target")


def erasures() -> Path:
    """Requests to be forgotten and the tokens of who was (`REKINDLE_ERASURES`)."""
    return _place("REKINDLE_ERASURES", "erasures")


def access() -> Path:
    """What was written for people who asked what is held about them (`REKINDLE_ACCESS`)."""
    return _place("REKINDLE_ACCESS", "access")
