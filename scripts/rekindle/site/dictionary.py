"""Every table and column: what it holds, what it is made of, who reads it. From dbt's manifest, no warehouse needed."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from rekindle.ground.rules import references
from rekindle.site.drawing import Box, drawing

# the road that data takes; a folder of models that is not here comes last
LAYERS = (
    "staging", "input", "intake", "identity", "core", "segments", "hub",
    "scenarios", "activation", "audiences", "measurement", "quality", "snapshots", "seeds",
)  # fmt: skip
# at these nearly every table points: a picture with them shows nothing else
EVERYWHERE = ("profiles.", "dim_dates.")


@dataclass(frozen=True)
class Table:
    """A model, snapshot, seed or source that dbt knows."""

    unique_id: str
    node: dict[str, Any]

    @property
    def name(self) -> str:
        """As people write it; of a raw table with the name of its source."""
        source = f"{self.node['source_name']}." if self.node["resource_type"] == "source" else ""
        return f"{source}{self.node['name']}"

    @property
    def anchor(self) -> str:
        """Its place on the page."""
        return self.name.replace(".", "-")

    @cached_property
    def layer(self) -> str:
        """The folder of models that it lies in, or what else it is."""
        kind = self.node["resource_type"]
        return {"snapshot": "snapshots", "seed": "seeds", "source": "sources"}.get(kind) or str(self.node["fqn"][1])

    @cached_property
    def description(self) -> str:
        """What the yml says, on one line."""
        return " ".join(str(self.node.get("description") or "").split())

    @property
    def grain(self) -> str:
        """The first sentence: what one row is."""
        return self.description.split(". ")[0].rstrip(".")

    @property
    def link(self) -> str:
        """Where it is described, from another page of the dictionary."""
        return f"{self.layer}.md#{self.anchor}"


@dataclass
class Dictionary:
    """The manifest, read for people."""

    manifest: dict[str, Any]
    # (unique id, column) → what it points at
    notes: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    # unique id → the columns that name a row
    keys: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for test in self.manifest["nodes"].values():
            told = test.get("test_metadata") or {}
            if test.get("attached_node") and told.get("name") == "unique_key":
                self.keys[test["attached_node"]] = told["kwargs"]["columns"]
        for target, columns in references().items():
            for table, column in (each.split(".") for each in columns):
                self.notes[self.by_name[table].unique_id, column].add(f"one of `{target}`")

    @cached_property
    def tables(self) -> dict[str, Table]:
        """All by dbt's unique id."""
        known = {**self.manifest["nodes"], **self.manifest["sources"]}
        kinds = ("model", "snapshot", "seed", "source")
        return {each: Table(each, node) for each, node in known.items() if node["resource_type"] in kinds}

    @cached_property
    def by_name(self) -> dict[str, Table]:
        """All that dbt makes, by name."""
        return {table.name: table for table in self.tables.values() if table.layer != "sources"}

    @cached_property
    def layers(self) -> dict[str, list[Table]]:
        """The layers in the order of the road, with their tables by name."""
        found: dict[str, list[Table]] = defaultdict(list)
        for table in sorted(self.tables.values(), key=lambda table: table.name):
            found[table.layer].append(table)
        order = {layer: place for place, layer in enumerate(LAYERS)}
        return {each: found[each] for each in sorted(found, key=lambda each: (order.get(each, len(order)), each))}

    def made_of(self, table: Table) -> list[Table]:
        """What it reads."""
        return self._beside(table, "parent_map")

    def read_by(self, table: Table) -> list[Table]:
        """Who reads it."""
        return self._beside(table, "child_map")

    def _beside(self, table: Table, side: str) -> list[Table]:
        found = self.manifest[side].get(table.unique_id, [])
        return sorted((self.tables[each] for each in found if each in self.tables), key=lambda each: each.name)

    def picture(self, layer: str) -> str:
        """What is made of what inside a layer."""
        tables = self.layers[layer]
        arrows = {
            (before.name, table.name): "" for table in tables for before in self.made_of(table) if before.layer == layer
        }
        boxes = [Box(table.name, f"#{table.anchor}", table.grain) for table in tables]
        return drawing(boxes, arrows, f"Which tables of the layer {layer} are made of which")

    def relations(self) -> str:
        """The star: which table points at which, over the foreign keys that a test keeps."""
        arrows = {
            (column.split(".")[0], target.split(".")[0]): ""
            for target, columns in references().items()
            for column in columns
            if not target.startswith(EVERYWHERE)
        }
        boxes = [
            Box(name, self.by_name[name].link.replace(".md", ".html"), self.by_name[name].grain)
            for name in sorted({name for arrow in arrows for name in arrow})
        ]
        return drawing(boxes, arrows, "Which table points at which")

    def pages(self) -> Iterator[tuple[str, str]]:
        """File name below dictionary/ and its markdown."""
        yield "index.md", self._index()
        for layer in self.layers:
            yield f"{layer}.md", self._page(layer)

    def _index(self) -> str:
        lines = [
            "# Dictionary", "",
            "Every table by its layer; search finds columns, too. Which of the public ones points at which (people and"
            " days, at which nearly all of them point, are left out):", "",
            self.relations(), "",
        ]  # fmt: skip
        for layer, tables in self.layers.items():
            lines += [f"## [{layer}]({layer}.md)", ""]
            lines += [f"* [`{table.name}`]({table.link}): {table.grain}." for table in tables] + [""]
        return "\n".join(lines)

    def _page(self, layer: str) -> str:
        lines = [f"# {layer}", "", self.picture(layer), ""]
        for table in self.layers[layer]:
            lines += [*self._entry(table), ""]
        return "\n".join(lines)

    def _entry(self, table: Table) -> Iterator[str]:
        yield from (f"## {table.name} {{ #{table.anchor} }}", "", table.description, "")
        for said, others in (("Made of", self.made_of(table)), ("Read by", self.read_by(table))):
            if others:
                yield f"{said}: " + ", ".join(f"[`{each.name}`]({each.link})" for each in others) + "."
                yield ""
        if table.unique_id in self.keys:
            yield f"Key: {', '.join(f'`{column}`' for column in self.keys[table.unique_id])}."
            yield ""
        if table.node["columns"]:
            yield from ("| Column | Type | Meaning |", "|---|---|---|")
            for name, column in table.node["columns"].items():
                notes = sorted(self.notes.get((table.unique_id, name), ()))
                meaning = " ".join(str(column.get("description") or "").split())
                told = "; ".join(part for part in (meaning.rstrip("."), *notes) if part).replace("|", "\\|")
                yield f"| `{name}` | {column.get('data_type') or ''} | {told} |"
            yield ""
        if table.node.get("raw_code"):
            yield '??? quote "How it is made"'
            yield ""
            yield "    ``` { .sql data-search-exclude }"
            yield from (f"    {line}".rstrip() for line in table.node["raw_code"].splitlines())
            yield "    ```"
