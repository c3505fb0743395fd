"""What dbt does before it opens the warehouse, also when nobody but dbt is called: see `plugins` in profiles.yml."""

from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin


class Plugin(BasePlugin):
    """Makes the folder, for its owner only: a connector's first command may be a plain `dbt build`."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Called before DuckDB opens the file, which makes no folder."""
        assert self.creds is not None, "dbt-duckdb makes its plugins for a profile"
        Path(self.creds.path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
