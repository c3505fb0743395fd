"""Loaded by profiles.yml: a connector's first `dbt build` finds the folder of its warehouse, which DuckDB makes not."""

from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin


class Plugin(BasePlugin):
    """Makes the folder, for its owner only, before the file in it is opened."""

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        """Called by dbt-duckdb when it connects."""
        Path(creds.path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
