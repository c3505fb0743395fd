"""The settings of dbt_project.yml, for what happens outside dbt. Macro setting() is the same look-up inside it."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from rekindle.ground.errors import RekindleError

PROJECT = Path(__file__).resolve().parents[3]


@cache
def project() -> dict[str, Any]:
    """dbt_project.yml."""
    with (PROJECT / "dbt_project.yml").open(encoding="utf-8") as handle:
        content: dict[str, Any] = yaml.safe_load(handle)
    return content


def setting(name: str, connector: str) -> Any:
    """The connector's own value, else the default."""
    variables = project()["vars"]
    own = (variables["connector_settings"].get(connector) or {}).get(name)
    return own if own is not None else variables["default_settings"].get(name)


def own_connector() -> str:
    """The project's own connector: of commands that name none, and of a plain `dbt build`."""
    return str(project()["vars"]["connector"])


def chosen_connector(connector: str | None) -> str:
    """The connector asked for, else the project's; one that does not exist is refused before anything is parsed."""
    chosen = connector or own_connector()
    known = sorted(project()["vars"]["connector_settings"])
    if chosen not in known:
        raise RekindleError(
            f"There is no connector '{chosen}': use one of {', '.join(known)}, or add yours to connector_settings "
            "in dbt_project.yml and its models to models/input/ (docs/connector-guide.md)."
        )
    return chosen
