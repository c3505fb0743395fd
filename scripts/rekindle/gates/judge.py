"""Great Expectations, as the gates use it: one row of measured numbers, one expectation per number, one page.

No row of data is handed to it, so it can print none; the result format says only yes or no all the same. Importing it
takes seconds: a gate with nothing new to look at does not get here, and one that shows its page only when it is closed
asks for no numbers that are all within their bounds.
"""

import contextlib
import logging
import math
import os
import re
import shutil
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from rekindle.ground import paths

SITE = "rekindle"
# a logo on the maker's server, its address stamped with the moment of the run: it would tell that a page is opened
PIXEL = re.compile(r"https://great-expectations-web-assets[^\"'\s)]*")


@dataclass(frozen=True)
class Measure:
    """One number and its bounds. `rule` and `found` are words for people: never a value of a row."""

    subject: str  # what it was measured on: Raw table synthetic.messages
    name: str  # unique for the subject: duplicates
    value: float | None  # none: there was nothing to measure, which never passes
    rule: str  # at most 5 % of the rows may repeat a key
    found: str
    smallest: float | None = None
    largest: float | None = None

    @property
    def holds(self) -> bool:
        """Whether it is within its bounds."""
        smallest, largest = -math.inf if self.smallest is None else self.smallest, self.largest
        return self.value is not None and smallest <= self.value <= (math.inf if largest is None else largest)

    @property
    def sentence(self) -> str:
        """What the page says of the number, and the command when it is out of bounds."""
        return f"{self.subject}: {self.rule}; found {self.found}."


class Gate:
    """One gate of one process, with its own Data Docs below target/gates/; `shows_all`: also of what is well."""

    def __init__(self, name: str, *, shows_all: bool = False) -> None:
        self.shows_all = shows_all
        self.folder = paths.target() / "gates" / name
        self._draft = self.folder.with_name(f".{name}-{os.getpid()}")
        self._was_asked = self._was_closed = False

    @property
    def page(self) -> Path:
        """The Data Docs of this gate."""
        return self.folder / "index.html"

    def judge(self, suite: str, measures: Sequence[Measure]) -> list[str]:
        """The sentence of each measure that is out of bounds."""
        if not measures or (not self.shows_all and all(measure.holds for measure in measures)):
            return []
        context = self._context  # first: it silences what the imports would say and send
        import great_expectations as gx
        import pandas as pd
        from great_expectations.expectations.core.expect_column_max_to_be_between import ExpectColumnMaxToBeBetween

        names = [f"{measure.subject}: {measure.name}" for measure in measures]
        row = {name: [measure.value] for name, measure in zip(names, measures, strict=True)}
        expectations = [
            ExpectColumnMaxToBeBetween(
                column=name,
                min_value=measure.smallest,
                max_value=measure.largest,
                description=measure.sentence,
            )
            for name, measure in zip(names, measures, strict=True)
        ]
        definition = context.validation_definitions.add(
            gx.ValidationDefinition(
                name=suite,
                data=context.data_sources.get("measured")
                .add_dataframe_asset(suite)
                .add_batch_definition_whole_dataframe("all"),
                suite=context.suites.add(gx.ExpectationSuite(name=suite, expectations=expectations)),
            )
        )
        done = definition.run(
            batch_parameters={"dataframe": pd.DataFrame(row, dtype="float64")}, result_format="BOOLEAN_ONLY"
        )
        closed = {result.expectation_config.kwargs["column"] for result in done.results if not result.success}
        self._was_closed = self._was_closed or bool(closed)
        assert bool(closed) != done.success, "a suite fails exactly when one of its expectations does"
        assert closed == {name for name, measure in zip(names, measures, strict=True) if not measure.holds}
        return [measure.sentence for name, measure in zip(names, measures, strict=True) if name in closed]

    def document(self) -> Path | None:
        """Writes the Data Docs of everything judged so far; nothing when nothing was."""
        if not self._was_asked:
            return None
        self._context.build_data_docs(site_names=[SITE])
        for page in self._draft.rglob("*.html"):
            page.write_text(PIXEL.sub("", page.read_text(encoding="utf-8")), encoding="utf-8")
        shutil.rmtree(self.folder, ignore_errors=True)
        try:
            self._draft.replace(self.folder)
        except OSError:  # another process has just put its own there
            shutil.rmtree(self._draft, ignore_errors=True)
        return self.page

    @contextlib.contextmanager
    def documented(self) -> Iterator[None]:
        """Writes the Data Docs at the end when something was closed: whoever finds all well opens no page."""
        try:
            yield
        finally:
            if self._was_closed:
                self.document()

    @cached_property
    def _context(self) -> Any:
        # read when the library is imported: nobody is told that this runs
        os.environ["GX_ANALYTICS_ENABLED"] = "false"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the library's own past, not ours
            import great_expectations as gx
            from great_expectations.data_context.types.base import ProgressBarsConfig

        # it tells, as information, where a folder lies that nobody uses
        logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
        context.add_data_docs_site(
            SITE,
            {
                "class_name": "SiteBuilder",
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
                "store_backend": {
                    "class_name": "TupleFilesystemStoreBackend",
                    "base_directory": str(self._draft),
                },
            },
        )
        context.data_sources.add_pandas("measured")
        self._was_asked = True
        return context
