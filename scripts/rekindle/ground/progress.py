"""How far a command is: a bar on a terminal, a plain line every quarter elsewhere."""

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from rekindle.ground.screen import fitted, say


class Progress:
    """`with Progress("Build"): …`; without a title it only passes sentences on. Writes to standard error."""

    def __init__(self, title: str | None) -> None:
        self.title = title
        self._total = 0
        self._done = 0
        self._started = time.monotonic()
        self._bar: Bar | None = None
        if title is not None and sys.stderr.isatty():
            self._bar = Bar(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=Console(stderr=True),
                transient=True,
            )

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._task = self._bar.add_task(str(self.title), total=None)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def expect(self, total: int) -> None:
        """How many steps there will be."""
        self._total = total
        if self._bar is not None:
            self._bar.update(self._task, total=total)
        elif self.title is not None:
            self._line(f"{self.title}: {total} steps")

    def advance(self) -> None:
        """One step is done."""
        self._done += 1
        if self._bar is not None:
            self._bar.advance(self._task)
        elif (
            self.title is not None
            and self._total
            and (self._done * 4) // self._total > ((self._done - 1) * 4) // self._total
        ):
            self._line(f"{self.title}: {self._done} of {self._total}, {time.monotonic() - self._started:.0f} s")

    def say(self, sentence: str) -> None:
        """A sentence above the bar."""
        if self._bar is not None:
            self._bar.console.print(fitted(sentence, sys.stderr), markup=False, highlight=False, soft_wrap=True)
        else:
            self._line(sentence)

    def tell(self, text: str) -> None:
        """A line of the result, on standard output."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
            self.title = None
        print(text, flush=True)

    def _line(self, text: str) -> None:
        say(text, file=sys.stderr)
