"""The input contract, as far as programs outside dbt follow it: which rows there are of a person."""

from dataclasses import dataclass
from functools import cache

from rekindle.ground import paths
from rekindle.ground.settings import read_yaml


@dataclass(frozen=True)
class Entity:
    """One entity of the contract."""

    key: tuple[str, ...]
    columns: tuple[str, ...]
    person_key: str  # contact, none, or the entity that a row belongs to
    outlives_person: bool  # the row of an erased person stays and loses its contact


@cache
def entities() -> dict[str, Entity]:
    """The entities of models/input/_input__models.yml, by name."""
    return {
        model["name"].removeprefix("input_"): Entity(
            key=tuple(model["config"]["meta"]["key"]),
            columns=tuple(column["name"] for column in model["columns"]),
            person_key=model["config"]["meta"]["person_key"],
            outlives_person=model["config"]["meta"].get("outlives_person", False),
        )
        for model in read_yaml(paths.PROJECT / "models" / "input" / "_input__models.yml")["models"]
    }
