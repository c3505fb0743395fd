"""What commands tell people: a line ends where the terminal does, between words; files and programs get it whole."""

import os
import re
import shutil
import sys
import textwrap
from typing import IO, Any

import click

# what a line goes on under: its indentation, and behind a label what the label is about
_LABEL = re.compile(r" *(?:\S+(?: \S+)? {2,}(?=\S))?")
_WIDEST_LABEL = 32


def say(text: str, *, file: IO[Any] | None = None) -> None:
    """Prints lines, on standard output unless told otherwise; without colours where nobody sees or wants them."""
    stream = file or sys.stdout
    # click takes colours out where no terminal is; https://no-color.org is what people say who do not want any
    click.echo(fitted(text, stream), file=stream, color=False if os.environ.get("NO_COLOR") else None)


def fitted(text: str, stream: IO[Any]) -> str:
    """The lines as they fit the terminal that the stream is; as they are where it is none."""
    if not stream.isatty():
        return text
    # the columns of standard output are the terminal's, also for what is said on standard error
    width = shutil.get_terminal_size().columns
    return "\n".join(part for line in text.split("\n") for part in _broken(line, width))


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 row`, `2 rows`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _broken(line: str, width: int) -> list[str]:
    if len(click.unstyle(line)) <= width:
        return [line]
    found = _LABEL.match(line)
    label = len(found.group()) if found else 0
    indented = len(line) - len(line.lstrip())
    hang = label if indented < label <= indented + _WIDEST_LABEL else indented + 2
    return textwrap.wrap(line, width, subsequent_indent=" " * hang, break_long_words=False, break_on_hyphens=False) or [
        ""
    ]
