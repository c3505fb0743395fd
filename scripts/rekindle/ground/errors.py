"""One clear sentence for whoever runs a command, and a non-zero exit."""

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import click

from rekindle.ground.screen import say

# Kinds of database error whose text comes from our own SQL, the file system or the memory limit, never from a row.
_KINDS_WITHOUT_VALUES = frozenset(
    {
        "Binder Error",
        "Catalog Error",
        "Connection Error",
        "Dependency Error",
        "HTTP Error",
        "IO Error",
        "Not implemented Error",
        "Out of Memory Error",
        "Parser Error",
        "Permission Error",
        "Syntax Error",
        "TransactionContext Error",
    }
)
# `Kind Error: text`, or what without_values() made of it before; a kind may hold small words: Out of Memory Error
DATABASE_ERROR = re.compile(r"\b([A-Z][A-Za-z]*(?: [A-Za-z]+){0,3} Error)(?::\s*(.*)| \(values)")
# what dbt puts before and after a sentence of our own macros
_COMPILATION_ERROR = re.compile(r"\s*Compilation Error(?: in .*)?\n")
STACK = ("> in macro", "> called by")

# what a command ends with, and a scheduler acts on (docs/activation.md)
DONE, PLAN_HAS_CHANGES, GUARD, CONTRACT, LOCKED = 0, 2, 3, 4, 5
# which end a scheduler hears of when several feeds end differently
WORST_FIRST = (CONTRACT, 1, LOCKED, GUARD, PLAN_HAS_CHANGES, DONE)


class RekindleError(click.ClickException):
    """Something the user can mend: the message says what, where and how. It never contains a customer's data."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Says the sentence, as wide as the terminal is."""
        say(f"{click.style('Error:', fg='red')} {self.format_message()}", file=file or sys.stderr)


class ContractError(RekindleError):
    """What was published, configured or committed is not what was promised; consent is part of the promise."""

    exit_code = CONTRACT


class LockedError(RekindleError):
    """Somebody else writes this feed at the moment."""

    exit_code = LOCKED


def worst(codes: Iterable[int]) -> int:
    """The exit code of a command of which these are the parts."""
    return min(codes, key=WORST_FIRST.index, default=DONE)


def of_another(place: Path, theirs: str, ours: str, variable: str) -> str:
    """The sentence about a place that carries the name of another connector; `variable` moves such places."""
    return (
        f"{place} belongs to connector '{theirs}', not to '{ours}': use --connector {theirs}, or give '{ours}' a place "
        f"of its own ({variable})."
    )


def without_values(message: str) -> str:
    """The first line of a database error, or only its kind where the text may quote a value (casts, constraints).

    What our macros say when they refuse to compile is told whole.
    """
    found = DATABASE_ERROR.search(message)
    if found is None:
        start = _COMPILATION_ERROR.match(message)
        return sentence_of(message[start.end() :]) if start else " ".join(message.strip().splitlines()[:1])
    kind, text = found.groups()
    if kind in _KINDS_WITHOUT_VALUES and text is not None:
        return f"{kind}: {text.strip()}"
    return f"{kind} (values are not shown: they may be personal data)"


def sentence_of(message: str) -> str:
    """A message of dbt without its stack of macros."""
    lines = [line.strip() for line in message.splitlines()]
    return "\n".join(line for line in lines if line and not line.startswith(STACK))
