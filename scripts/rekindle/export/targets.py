"""Target profiles: what one platform takes, as data. One YAML file each in targets/, no code per platform."""

from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)

from rekindle.ground import rules
from rekindle.ground.errors import ContractError
from rekindle.ground.files import Format
from rekindle.ground.settings import read_yaml

FOLDER = Path(__file__).with_name("targets")

Mode = Literal["full", "delta", "full_and_delta"]
Channel = Literal["email", "sms", "phone", "post", "push", "ads", "*"]
Kind = Literal["text", "email", "e164", "id", "hex64", "country", "language", "number", "date", "timestamp", "json"]

AddressKind = Literal["email", "phone"]
# the kind of a column that holds an address, and what the permissions call it
ADDRESS_KINDS: dict[Kind, AddressKind] = {"email": "email", "e164": "phone"}


def _known_rule(name: str) -> str:
    if name not in rules.rule_names():
        raise ValueError(f"there is no rule '{name}' in macros/portability/identifiers.sql")
    return name


class Strict(BaseModel):
    """Unknown keys are refused: a typo must not switch a guard off."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    # keys that came later: unset they are not told, so that the runs of whoever lacks them stay the same, byte for byte
    later: ClassVar[tuple[str, ...]] = ()

    @model_serializer(mode="wrap")
    def _without_what_came_later(self, told: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in told(self).items() if value or key not in self.later}


class Column(Strict):
    """One column of a file. `from`: columns of the audience joined by a space, or `content.<key>`."""

    header: str
    source: str = Field(alias="from")
    fields: tuple[str, ...] = ()  # a JSON object of these audience columns; `from` is then only a name
    kind: Kind = "text"
    rule: Annotated[str, AfterValidator(_known_rule)] = "as_is"
    hash: bool = False
    identifier: bool = False  # the platform finds a person by it
    required: bool = False
    max_length: int | None = None  # characters
    max_bytes: int | None = None
    group: str | None = None  # all of a group or none of it

    @property
    def sources(self) -> tuple[str, ...]:
        """The columns of the audience that it is made of."""
        if self.source.startswith("content."):
            return ("content",)
        return self.fields or tuple(self.source.split())


def addresses_in(columns: tuple[Column, ...]) -> dict[int, AddressKind]:
    """The columns that hold an address, by their number."""
    return {n: ADDRESS_KINDS[column.kind] for n, column in enumerate(columns) if column.kind in ADDRESS_KINDS}


class Table(Strict):
    """A file that goes with the feed's own: another table of schema audiences (reverse-ETL tools read three)."""

    name: str
    source: str = Field(alias="from")
    evidence: str
    columns: tuple[Column, ...]

    @property
    def staged(self) -> str:
        """The temporary table in which its rows are made ready."""
        return f"staged_{self.name}" if self.name else "staged"

    @property
    def permitted(self) -> str:
        """The temporary table of where its people may be written to."""
        return f"permitted_{self.staged}"

    @property
    def addresses(self) -> dict[int, AddressKind]:
        """The columns that people are written to at, by their number."""
        return addresses_in(self.columns)

    @property
    def has_other_identifiers(self) -> bool:
        """Whether a person can be found without an address."""
        return any(column.identifier and column.kind not in ADDRESS_KINDS for column in self.columns)

    @property
    def channel_column(self) -> int | None:
        """The number of the column that says on which channel."""
        return next((number for number, column in enumerate(self.columns) if column.sources == ("channel",)), None)


class Request(Strict):
    """One kind of call: what stands in braces is filled in, by export/bodies.py."""

    method: Literal["POST", "DELETE"]
    url: str
    body: dict[str, Any]
    member: Any  # one person of {members}


class Api(Strict):
    """A platform that takes request bodies instead of a file; a file holds one per line."""

    purpose: str  # the only one that people may have said yes to
    max_members: int  # of one request
    max_destinations: int = 1  # of one request
    settings: dict[str, str]  # what a feed's `destination` must say, and the pattern of it
    destination: Any = None  # one of {destinations}
    add: Request
    remove: Request
    remove_everywhere: Request  # the lists of whom to opt out and to erase

    @model_validator(mode="after")
    def _says_which_audience(self) -> Self:
        if "audience_id" not in self.settings:
            raise ValueError(
                "settings: audience_id is missing: by it a feed knows that it still speaks of one audience"
            )
        return self


class Limits(Strict):
    """How long a text may be."""

    max_length: int | None = None  # characters
    max_bytes: int | None = None


class Target(Strict):
    """A platform: its columns and limits."""

    later = ("may_have", "api", "own_columns")

    name: str
    description: str
    channels: tuple[Channel, ...]
    modes: tuple[Mode, ...] = ("full", "delta", "full_and_delta")
    formats: tuple[Format, ...] = ("csv", "csv.gz", "parquet", "jsonl")
    delimiter: str = ","
    header: bool = True
    date_format: str = "%Y-%m-%d"
    timestamp_format: str = "%Y-%m-%dT%H:%M:%SZ"
    booleans: tuple[str, str] = ("true", "false")
    person: str = "profile_id"  # the column of the audience that names the person
    evidence: str = "consented_at is not null and purpose = {purpose}"
    columns: tuple[Column, ...]
    opt_out: dict[str, bool] = {}  # columns that an opt-out file has besides the identifiers
    also: tuple[Table, ...] = ()
    may_have: tuple[Column, ...] = ()  # columns for which a feed names a key of the content; without an API, any
    own_columns: Limits | None = None  # of each column that a feed adds
    api: Api | None = None
    declare: dict[str, str] = {}  # what the upload has to state, copied into the manifest
    minimum: int = 0  # members the platform asks for
    max_rows: int | None = None
    max_bytes: int | None = None
    max_full_age_days: int | None = None  # the platform forgets members: a full list at least this often

    @model_validator(mode="after")
    def _one_identifier_at_least(self) -> Self:
        if not self.identifiers:
            raise ValueError("no column is an identifier")
        tables = (self.columns, *(table.columns for table in self.also))
        if not all(columns[n].identifier for columns in tables for n in addresses_in(columns)):
            raise ValueError("an e-mail or a phone is an identifier: else nobody looks whether it may be written to")
        return self

    @property
    def identifiers(self) -> tuple[Column, ...]:
        """The columns by which the platform finds a person."""
        return tuple(column for column in self.columns if column.identifier)


def target_names() -> list[str]:
    """All profiles there are."""
    return sorted(path.stem for path in FOLDER.glob("*.yml"))


@cache
def load_target(name: str) -> Target:
    """A profile by its name."""
    if name not in target_names():
        raise ContractError(f"There is no target '{name}': use one of {', '.join(target_names())}.")
    content = read_yaml(FOLDER / f"{name}.yml", ContractError)
    try:
        return Target.model_validate({"name": name, **content})
    except ValidationError as error:
        raise ContractError(f"Target profile {name}.yml: {first_problem(error)}.") from None


def first_problem(error: ValidationError) -> str:
    """Which key of a configuration is wrong and why, without the full stop; its value is left out."""
    problem = error.errors(include_input=False, include_url=False)[0]
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"there is no key '{key}'"
    reason = problem["msg"].removeprefix("Value error, ").removesuffix(".")
    return f"key '{key}': {reason[:1].lower()}{reason[1:]}" if key else reason
