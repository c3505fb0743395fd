"""Names and texts as SQL spells them, for statements that take no parameter in that place."""

from pathlib import Path


def name(identifier: str) -> str:
    """A quoted SQL name."""
    return '"' + identifier.replace('"', '""') + '"'


def text(value: str | Path) -> str:
    """A quoted SQL text."""
    return "'" + str(value).replace("'", "''") + "'"
