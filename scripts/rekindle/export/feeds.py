"""What the business configures: a row of the seed `feeds` per feed."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator

from rekindle.export.runs import FEED_NAME
from rekindle.export.targets import (
    Channel,
    Column,
    Mode,
    Strict,
    Table,
    Target,
    first_problem,
    load_target,
    target_names,
)
from rekindle.ground.errors import ContractError
from rekindle.ground.files import Format
from rekindle.ground.quoting import text

# names of the feeds that follow from what was sent: opt_out_brevo, erasure_brevo
RESERVED = ("opt_out_", "erasure_")

Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


class Guards(Strict):
    """What a file must look like to leave without somebody having looked at it."""

    min_rows: int = Field(default=0, ge=0)
    platform_minimum: bool = True
    max_remove_pct: float | None = Field(default=None, ge=0, le=100)
    max_change_pct: float | None = Field(default=None, ge=0, le=100)
    on_empty: Literal["allow", "stop"] = "allow"


class Feed(Strict):
    """One feed: an audience, a channel, a target."""

    later = ("destination",)

    feed: str
    target: str
    channel: Channel
    purpose: Literal["marketing", "ads_personalisation", "profiling", "*"]
    mode: Mode = "full_and_delta"
    format: Format = "csv"
    content: dict[str, Key] = Field(default={})  # header: key of the audience's JSON column `content`
    guards: Guards = Guards()
    text_policy: Literal["strip", "escape", "reject"] = "strip"
    retention_days: int = Field(default=30, ge=1)
    max_full_age_days: int | None = Field(default=None, ge=1)
    destination: dict[str, str] = Field(default={})  # which audience of which account; ids, never a secret

    @model_validator(mode="before")
    @classmethod
    def _as_its_target_likes_it(cls, given: Any) -> Any:
        if isinstance(given, dict) and "format" not in given and given.get("target") in target_names():
            return {**given, "format": load_target(given["target"]).formats[0]}
        return given

    @model_validator(mode="after")
    def _fits_its_target(self) -> Self:
        if not FEED_NAME.fullmatch(self.feed) or self.feed.startswith(RESERVED):
            raise ValueError(
                "feed: lower case letters, digits and underscores, at most 63, and not beginning with "
                + " or ".join(RESERVED)
            )
        try:
            target = load_target(self.target)
        except ContractError as error:
            raise ValueError(f"target: {error.message}") from None
        for key, value, known in (
            ("channel", self.channel, target.channels),
            ("mode", self.mode, target.modes),
            ("format", self.format, target.formats),
        ):
            if value not in known:
                raise ValueError(f"{key}: {target.name} takes {', '.join(known)}")
        if (self.purpose == "*") != (self.channel == "*"):
            raise ValueError("purpose: '*' goes with channel '*' only")
        taken = {column.header.casefold() for column in target.columns}
        for header in self.content:
            if header.casefold() in taken:
                raise ValueError(f"content: the header {header} is in the file already: name another")
            taken.add(header.casefold())
        self._fits_an_api(target)
        return self

    def _fits_an_api(self, target: Target) -> None:
        wanted = target.api.settings if target.api else {}
        if set(self.destination) != set(wanted):
            raise ValueError(f"destination: {target.name} takes {', '.join(wanted) or 'none'}")
        for key, pattern in wanted.items():
            if not re.fullmatch(pattern, self.destination[key]):
                raise ValueError(f"destination: {key} of {target.name} looks like {pattern}")
        if target.api is None:
            return
        if self.purpose != target.api.purpose:
            raise ValueError(f"purpose: {target.name} takes {target.api.purpose}")
        known = [column.header for column in target.may_have]
        if not set(self.content) <= set(known):
            raise ValueError(f"content: {target.name} takes {', '.join(known) or 'none'}")

    @property
    def platform(self) -> Target:
        """The target profile, with the feed's own columns behind the target's."""
        target = load_target(self.target)
        known = {column.header: column.model_dump(by_alias=True) for column in target.may_have}
        limits = target.own_columns.model_dump() if target.own_columns else {}
        own = tuple(
            Column.model_validate({**limits, **known.get(header, {}), "header": header, "from": f"content.{key}"})
            for header, key in self.content.items()
        )
        return target.model_copy(update={"columns": target.columns + own})

    def tables(self, audience: str) -> list[Table]:
        """What is sent of it: the audience's own rows first, then the tables that go with them."""
        target = self.platform
        own = {"name": "", "from": audience, "evidence": target.evidence, "columns": target.columns}
        return [
            table.model_copy(update={"evidence": table.evidence.replace("{purpose}", text(self.purpose))})
            for table in (Table.model_validate(own), *target.also)
        ]

    @property
    def full_age_days(self) -> int | None:
        """After how many days a delta feed sends the full list again."""
        ages = [age for age in (self.max_full_age_days, load_target(self.target).max_full_age_days) if age]
        return min(ages, default=None)


def feed_of_row(row: Mapping[str, str | None]) -> Feed:
    """The feed that a row of the seed says; raises ContractError, in a sentence that names the row and the column."""
    given: dict[str, Any] = {key: value for key, value in row.items() if value is not None}
    where = f"Seed feeds, row {given.get('feed', 'without a name')}"
    for column in ("content", "guards", "destination"):
        words = [word.partition("=") for word in given.get(column, "").split()]
        if not all(key and value for key, _, value in words):
            raise ContractError(f"{where}: {column} is written as name=value, several of them separated by spaces.")
        given[column] = {key: value for key, _, value in words}
        if len(given[column]) < len(words):
            raise ContractError(f"{where}: {column} says something twice.")
    return read_feed(where, given)


def read_feed(where: str, values: Any) -> Feed:
    """A feed with these values; raises ContractError, in a sentence that says where they stand and which is wrong."""
    try:
        return Feed.model_validate(values)
    except ValidationError as error:
        raise ContractError(f"{where}: {first_problem(error)}. docs/activation.md lists the columns.") from None
