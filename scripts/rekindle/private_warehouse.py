"""What dbt does before it opens the warehouse, also when nobody but dbt is called: see `plugins` in profiles.yml."""

import os
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin

from rekindle.ground.files import NOBODY_ELSE, private_file, private_folder
from rekindle.ground.warehouse import write_ahead_log


class Plugin(BasePlugin):
    """Makes the folder and keeps others out of it: the warehouse holds contact details."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """For the rest of the process: DuckDB makes its log and its spilled files as it goes."""
        os.umask(NOBODY_ELSE)
        assert self.creds is not None, "dbt-duckdb makes its plugins for a profile"
        warehouse = Path(self.creds.path).resolve()
        private_folder(warehouse.parent)
        for file in (warehouse, write_ahead_log(warehouse)):
            private_file(file)
