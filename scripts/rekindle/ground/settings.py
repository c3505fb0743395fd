"""The settings of dbt_project.yml, for what happens outside dbt. Macro setting() is the same look-up inside it."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from rekindle.ground.errors import RekindleError

PROJECT = Path(__file__).resolve().parents[3]


def read_yaml(file: Path, refused: type[RekindleError] = RekindleError) -> Any:
    """What a file of the project's configuration says; `refused` is raised for one that is no YAML."""
    named = file.relative_to(PROJECT) if file.is_relative_to(PROJECT) else file
    try:
        return yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        said = " ".join(filter(None, [error.context, error.problem]))
        raise refused(f"{named} is not YAML{line}: {said}.") from None
    except yaml.YAMLError as error:
        raise refused(f"{named} is not YAML: {' '.join(str(error).split())}.") from None


@cache
def project() -> dict[str, Any]:
    """dbt_project.yml. Raises RekindleError where it has no settings."""
    content = read_yaml(PROJECT / "dbt_project.yml")
    settings = content.get("vars") if isinstance(content, dict) else None
    for name in ("connector", "connector_settings", "default_settings"):
        if not isinstance(settings, dict) or settings.get(name) is None:
            raise RekindleError(f"dbt_project.yml has no '{name}' in its vars: restore it (git diff dbt_project.yml).")
    return dict(content)


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
