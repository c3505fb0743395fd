"""The rooms of the Python house: which may import which. docs/house.md draws them."""

import ast
import graphlib
from collections.abc import Iterator, Mapping
from pathlib import Path

HOUSE = "scripts/rekindle/"
# Each room, and the rooms that it may import. What lies in no room is what profiles.yml names for dbt.
ROOMS: dict[str, tuple[str, ...]] = {
    "ground": (),
    "addresses": ("ground",),
    "gates": ("ground",),
    "export": ("ground", "addresses", "gates"),
    "forget": ("ground", "addresses", "export"),
    "tell": ("ground", "export", "forget"),
    "fit": ("ground",),
    "boards": ("ground",),
    "run": ("ground", "addresses", "gates", "export", "forget", "fit"),
    # apart: their own commands call into the others, nothing calls them
    "demo": ("ground",),
    "bench": ("ground", "gates", "export"),
    "site": ("ground",),
}
DOORS = {"rekindle": (), "private_warehouse": ("ground",)}


def room_of(module: str) -> str:
    """`ground` of rekindle.ground.paths; the module's own name when it lies in no room."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else parts[0]


def imported(source: str, modules: frozenset[str]) -> dict[str, int]:
    """The modules of the house that a source imports, anywhere in it, with the line."""
    found: dict[str, int] = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{each.name}" for each in node.names]
            names = [each if each in modules else node.module for each in names]
        else:
            continue
        found |= {each: node.lineno for each in names if each.split(".")[0] == "rekindle"}
    return found


def breaches(files: Mapping[str, Path]) -> Iterator[tuple[str, str]]:
    """Place and sentence of every import that goes up or around; `files`: where each path of the project lies."""
    named = {
        path.removeprefix("scripts/").removesuffix(".py").replace("/", ".").removesuffix(".__init__"): path
        for path in files
        if path.startswith(HOUSE)
    }
    modules, graph = frozenset(named), {}
    for module, path in named.items():
        room = room_of(module)
        if room not in ROOMS and room not in DOORS:
            yield path, f"'{room}' is no room of the house: put it into one, or add a room to scripts/checks/rooms.py."
            continue
        found = imported(files[path].read_text(encoding="utf-8"), modules)
        graph[module] = set(found) & modules - {module}
        for other, line in found.items():
            if room_of(other) not in (room, *ROOMS.get(room, DOORS.get(room, ()))):
                yield f"{path}:{line}", f"{room} may not import {other}: what both need lies further down."
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        yield HOUSE, f"modules import each other: {' <- '.join(error.args[1])}."
