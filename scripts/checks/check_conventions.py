"""Conventions that neither sqlfluff nor dbt-bouncer can see.

Two kinds of rule. A text rule is a pattern that no tracked file of certain folders may match, with the reason and the
way out. A manifest rule reads what dbt parsed. Add a rule together with a passing and a failing sample in
`tests/python/test_conventions.py`.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import click
import yaml

# the programs of the project are one folder up
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import rooms
from rekindle.ground import paths
from rekindle.ground.errors import RekindleError

LARGEST_FILE_BYTES = 2_000_000

SQL = ("models/**/*.sql", "snapshots/**/*", "macros/**/*.sql", "tests/dbt/**/*.sql")
DBT = (*SQL, "models/**/*.yml", "seeds/**/*.yml", "tests/dbt/**/*.yml", "dbt_project.yml")
CODE = (*DBT, "scripts/**/*.py", "tests/**/*.py", "Makefile")
EVERYTHING = ("**/*",)

# Functions of one engine only, or with another meaning on the other one.
ENGINE_FUNCTIONS = (
    "any_value|approx_count_distinct|approx_quantile|arbitrary|arg_max|arg_min|array_agg|bool_or_null|columns|concat|"
    "date_diff|date_part|date_sub|datediff|dateadd|dayname|epoch|epoch_ms|explode|first|first_value_ignore_nulls|flatten|"
    "from_utc_timestamp|generate_series|getvariable|group_concat|hash|histogram|if|iff|isodow|json_extract|json_object|last|"
    "list|list_\\w+|make_date|max_by|min_by|mode|monthname|ntile|quantile_cont|quantile_disc|range|read_csv|read_parquet|"
    "regexp_extract|regexp_extract_all|regexp_full_match|regexp_matches|regexp_replace|row|sha2|sha256|strftime|string_agg|"
    "string_split|strptime|struct_pack|timezone|to_json|try_cast|unnest|weekday|xxhash64"
)


@dataclass(frozen=True)
class Finding:
    """One breach: where, which rule, and what to do."""

    place: str
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message} [{self.rule}]"


@dataclass(frozen=True)
class TextRule:
    """A pattern that tracked files must not match.

    `code_only`: comments and Jinja statements are not looked at. `unless`: a match of which this is true is good work.
    """

    name: str
    pattern: str
    message: str
    files: tuple[str, ...] = SQL
    exempt: tuple[str, ...] = ()
    code_only: bool = True
    flags: re.RegexFlag = re.IGNORECASE
    unless: Callable[[str], bool] | None = None

    def applies_to(self, path: str) -> bool:
        """Whether the rule looks at the file (path inside the project, with forward slashes)."""
        return _matches(path, self.files) and not _matches(path, self.exempt)

    def findings(self, path: str, text: str) -> Iterator[Finding]:
        """Every match, with its line."""
        if self.code_only:
            text = without_comments(path, text)
        for match in re.finditer(self.pattern, text, self.flags):
            if self.unless and self.unless(match.group(0)):
                continue
            line = text.count("\n", 0, match.start()) + 1
            shown = " ".join(match.group(0).split())
            yield Finding(f"{path}:{line}", self.name, f"`{shown}`: {self.message}")


# Text with balanced parentheses, three deep, without a comma outside them.
_TERM = r"(?:[^(),;]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))+?"


def _all_terms_place_nulls(order_by: str) -> bool:
    """Whether each term of an `order by` says where nulls go."""
    terms = re.findall(rf"{_TERM}(?=,|\Z)", order_by)
    return all(re.search(r"\bnulls\s+(first|last)\s*\Z", term, re.IGNORECASE) for term in terms)


PORTABILITY = ("macros/portability/**/*",)

TEXT_RULES = (
    TextRule(
        "wall_clock",
        r"\b(current_date|current_timestamp|current_localtimestamp|localtimestamp|getdate|get_current_timestamp|sysdate)\b"
        r"|\b(now|today|utcnow)\s*\(\s*\)|\brun_started_at\b",
        "the only clock is as_of_date() and its kin in macros/time; a result must be the same when run again later.",
        files=DBT,
        # the one clock, and run metadata (the run log), which may hold when a run really took place
        exempt=("macros/time/**/*", "macros/project/**/*"),
    ),
    TextRule("cast", r"(?<=[\w)'\"])::(?=\w)", "write cast(x as type).", exempt=PORTABILITY),
    TextRule(
        "portable_clause",
        r"\bqualify\b|\b(group|order)\s+by\s+all\b|\bfilter\s*\(\s*where\b|\b(asof|semi|anti|positional)\s+join\b"
        r"|\bdistinct\s+on\b|\*\s*(exclude|except|replace)\s*\(|\*\s+exclude\b|\busing\s+sample\b|\b(un)?pivot\b|\bilike\b"
        r"|\brecursive\b|\bwithin\s+group\b|\bat\s+time\s+zone\b|\blambda\b",
        "not every engine has it: spell it out (a ranked CTE, group by the columns, sum(case …)).",
        exempt=PORTABILITY,
    ),
    TextRule(
        "portable_function",
        rf"(?<![\w.|])(?<!{{{{ )(?<!{{{{- )({ENGINE_FUNCTIONS})\s*\(",
        "differs between engines: use dbt's macro or one of macros/portability, or add one there.",
        exempt=PORTABILITY,
    ),
    TextRule(
        "order_of_nulls",
        rf"\border\s+by\b{_TERM}(?:,{_TERM})*?(?=\)|;|\Z|\blimit\b|\b(?:rows|range)\s+between\b)",
        "engines place nulls differently: end each term with `nulls first` or `nulls last`.",
        exempt=PORTABILITY,
        unless=_all_terms_place_nulls,
    ),
    TextRule(
        "line_length",
        r"^[^\n]{121,}$",
        "longer than 120 characters: break it.",
        files=("models/**/*.sql", "tests/dbt/**/*.sql"),
        code_only=False,
        flags=re.MULTILINE,
    ),
    TextRule(
        "engine_word",
        r"\b(duckdb|spark)(\b|__)|\btarget\.type\b|\bparquet\.`",
        "what depends on the engine lives in macros/portability.",
        exempt=(*PORTABILITY, "macros/time/**/*", "macros/project/**/*"),
    ),
    TextRule(
        "database_of_target",
        r"\btarget\.database\b",
        "a profile of Spark has none: target.get('database').",
    ),
    TextRule(
        "text_type",
        r"\bvarchar\b",
        "text is of type string, which every engine knows.",
        files=DBT,
        exempt=PORTABILITY,
    ),
    TextRule(
        "quoted_name",
        r"""'"[A-Za-z][^"']*"'""",
        "a name in double quotes is a text on Spark: adapter.quote('…').",
        files=DBT,
        exempt=PORTABILITY,
    ),
    TextRule(
        "left_for_later",
        r"\b(TODO|FIXME|XXX|HACK)\b|\bNotImplementedError\b",
        "finish it, or write it down where work is planned.",
        files=CODE,
        exempt=("scripts/checks/check_conventions.py",),
        code_only=False,
        flags=re.NOFLAG,
    ),
    TextRule(
        "test_that_cannot_fail",
        r"pytest\.mark\.(skip|skipif|xfail)\b|pytest\.(skip|xfail)\(|\bassert True\b"
        r"|\bseverity:\s*warn\b|\benabled:\s*false\b",
        "a test runs and can fail, or it is removed.",
        files=("tests/**/*", "models/**/*.yml", "seeds/**/*.yml", "snapshots/**/*.yml"),
        exempt=("tests/python/test_conventions.py",),
        code_only=False,
    ),
    TextRule(
        "path_in_sql",
        r"\bread_(parquet|csv|json)\((\?|'?\{(?!file_text\())|\b(attach|copy|from|to)\s+'\{|\battach\s+\?",
        "a name may hold quotes, and readers take * ? [ for a pattern: parquet(…), file_text(…), text(…) of "
        "rekindle.ground.quoting.",
        files=("scripts/**/*.py",),
        # the first makes such SQL safe, the second holds sentences and no SQL
        exempt=("scripts/rekindle/ground/quoting.py", "scripts/rekindle/ground/errors.py"),
        code_only=False,
        flags=re.NOFLAG,
    ),
    TextRule(
        "own_progress",
        r"\bduckdb\.connect\(",
        "rekindle.ground.engine.connect() opens DuckDB without its progress bar, which would stand between our lines.",
        files=("scripts/rekindle/**/*.py",),
        # the benchmark measures other people's SQL in a process of its own
        exempt=("scripts/rekindle/ground/engine.py", "scripts/rekindle/bench/engine.py"),
        flags=re.NOFLAG,
    ),
    TextRule(
        "folder_in_source",
        r"env_var\([^)|]*\)\s*\}\}",
        "a quote in the folder's name would end the text of SQL: env_var(…) | replace(\"'\", \"''\").",
        files=("models/**/*.yml",),
        code_only=False,
    ),
    TextRule(
        "comment_in_csv",
        r"\bread_csv\((?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*\)",
        "DuckDB drops rows that begin with # where it guesses what a comment is: say comment = ''.",
        files=("models/**/*.yml", "scripts/**/*.py", "docs/**/*.md", "examples/**/*"),
        exempt=("scripts/rekindle/bench/frames.py",),  # pandas
        code_only=False,
        unless=lambda read: "comment = ''" in read,
    ),
    TextRule(
        "registry_address",
        r"\bpypi\.org\b|\bfiles\.pythonhosted\.org\b|--(extra-)?index-url\b|\bhub\.getdbt\.com\b|\bcran\.r-project\.org\b|\bregistry\.npmjs\.org\b",
        "where packages come from is the machine's setting (a mirror, a proxy), not the project's.",
        files=EVERYTHING,
        exempt=("tests/python/test_conventions.py",),
        code_only=False,
    ),
    TextRule(
        "machine_path",
        r"(?<![\w./~*}])/(home|root|Users|work)/\w",
        "a path of one machine: use rekindle.ground.paths, or a path inside the project.",
        files=EVERYTHING,
        exempt=("tests/python/test_conventions.py",),
        code_only=False,
        flags=re.NOFLAG,
    ),
)


def setting_rule(settings: Iterable[str]) -> TextRule:
    """Settings have a default per connector: a bare var() would see only what the command line says."""
    names = "|".join(sorted(settings))
    return TextRule(
        "bare_var",
        rf"\bvar\(\s*['\"]({names})['\"]",
        "a setting: read it with setting('…'), which knows the connector's default.",
        exempt=("macros/project/settings.sql",),
        code_only=False,
    )


def without_comments(path: str, text: str) -> str:
    """The text with comments and Jinja statements blanked, line by line as long as before."""
    patterns = [r"\{#.*?#\}"]
    if path.endswith(".sql"):
        # string literals are kept: SQL inside a macro's argument is code
        patterns += [r"/\*.*?\*/", r"--[^\n]*", r"\{%.*?%\}"]
    elif path.endswith((".yml", ".yaml")):
        patterns += [r"(?m)(?<!\S)#[^\n]*", r"\bdescription:(?:[^\n]*)(?:\n[ ]{6,}(?![-\w]+:)[^\n]*)*"]
    for pattern in patterns:
        text = re.sub(pattern, lambda match: re.sub(r"[^\n]", " ", match.group(0)), text, flags=re.DOTALL)
    return text


def _matches(path: str, globs: tuple[str, ...]) -> bool:
    return any(_as_regex(glob).fullmatch(path) for glob in globs)


@cache
def _as_regex(glob: str) -> re.Pattern[str]:
    # fnmatch lets `*` cross folders and knows no `**`
    parts = re.escape(glob).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
    return re.compile(parts)


@dataclass
class Manifest:
    """The part of dbt's manifest that the rules read."""

    models: list[dict[str, Any]] = field(default_factory=list)
    snapshots: list[dict[str, Any]] = field(default_factory=list)
    unit_tests: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> "Manifest":
        """Read manifest.json; `dbt parse` writes it."""
        if not path.is_file():
            raise RekindleError(f"There is no {path}: run `dbt parse` first.")
        content = json.loads(path.read_bytes())
        nodes = list(content["nodes"].values())
        return cls(
            models=[node for node in nodes if node["resource_type"] == "model"],
            snapshots=[node for node in nodes if node["resource_type"] == "snapshot"],
            unit_tests=list(content["unit_tests"].values()),
        )


ADDRESS_FOLDERS = ("models/intake/", "models/identity/", "models/quality/")


def sources_enter_through_staging(manifest: Manifest) -> Iterator[Finding]:
    """Nothing outside staging names a source; what Python made of addresses is read where they are compared."""
    for model in manifest.models:
        path = model["original_file_path"]
        for parent in model["depends_on"]["nodes"]:
            # what scripts land before dbt: the erased, read by intake only
            is_erasure = parent.endswith((".landing.blocked_contacts", ".landing.erasure_requests"))
            is_erasure = is_erasure and path.startswith("models/intake/")
            is_addresses = parent.endswith((".landing.phone_numbers", ".landing.email_addresses"))
            is_addresses = is_addresses and path.startswith(ADDRESS_FOLDERS)
            # what the project wrote itself and remembers is no raw table: there is nothing to rename or to cast
            is_memory = ".memory." in parent or parent.endswith(".run.sealed_dates")
            is_engine = is_memory and path.startswith("models/activation/")
            # what only a journey can tell, as the run before left it: who is left alone, who was asked a last time
            is_left = parent.endswith((".memory.isolations", ".memory.decisions"))
            is_engine = is_engine or (is_left and path.startswith("models/segments/"))
            is_fit = parent.endswith(".landing.clv_parameters") and path.startswith("models/segments/")
            if parent.startswith("source.") and not (
                path.startswith("models/staging/") or is_addresses or is_erasure or is_engine or is_fit
            ):
                yield Finding(path, "source_layer", f"reads {parent.split('.', 2)[2]}: add a staging model for it.")


# What a person could be reached or recognised by. Anything else that is personal gets its meta by hand.
PERSONAL_COLUMN = re.compile(
    r"(preferred_|raw_|linked_|old_|new_)?(email|e_mail|phone|phone_number|e164|first_name|last_name|full_name|birth_date|"
    r"postal_code|street_address|city|loyalty_card_id|identifier_value)"
)
# the last: what leaves the house carries the address it leaves for, in a schema of its own
PERSONAL_FOLDERS = (
    *("models/staging/", "models/input/", "models/intake/", "models/identity/", "models/quality/"),
    "models/audiences/",
)
PERSONAL_MODEL = "profile_contacts"


def _is_personal(column: dict[str, Any]) -> bool:
    meta = {**column.get("meta", {}), **column.get("config", {}).get("meta", {})}
    return meta.get("pii") is True


def models_have_a_group(manifest: Manifest) -> Iterator[Finding]:
    """Somebody owns each model."""
    for model in manifest.models + manifest.snapshots:
        if not model["config"].get("group"):
            yield Finding(model["original_file_path"], "group", "set a group: its owner answers for the model.")


def personal_columns_are_marked(manifest: Manifest) -> Iterator[Finding]:
    """Exports, docs and erasure find personal data by the mark."""
    for model in manifest.models:
        for name, column in model["columns"].items():
            # a store's city or a product's name is nobody's
            if PERSONAL_COLUMN.fullmatch(name) and not _is_personal(column) and not _describes_a_thing(model["name"]):
                place = f"{model['original_file_path']} ({name})"
                yield Finding(place, "pii_meta", "looks like personal data: set config: {meta: {pii: true}}.")


def _describes_a_thing(model: str) -> bool:
    return model.endswith(("_stores", "_products", "_campaigns", "_offers"))


def personal_columns_stay_left(manifest: Manifest) -> Iterator[Finding]:
    """Right of identity everything is keyed by profile_id; one model holds contact details, and what is sent."""
    for model in manifest.models:
        path = model["original_file_path"]
        if path.startswith(PERSONAL_FOLDERS) or model["name"] == PERSONAL_MODEL:
            continue
        for name, column in model["columns"].items():
            if _is_personal(column):
                message = f"personal data right of identity: only {PERSONAL_MODEL} may hold it."
                yield Finding(f"{path} ({name})", "pii_place", message)


def constraints_print_no_personal_data(manifest: Manifest) -> Iterator[Finding]:
    """A violated constraint prints the row's value; a primary key makes the build of large tables many times slower."""
    for model in manifest.models:
        path = model["original_file_path"]
        kinds = {kind["type"] for kind in model.get("constraints") or []}
        for name, column in model["columns"].items():
            own = {kind["type"] for kind in column.get("constraints") or []}
            kinds |= own
            if own and _is_personal(column):
                yield Finding(f"{path} ({name})", "pii_constraint", "its error would print the value: test it instead.")
        if "primary_key" in kinds or "unique" in kinds:
            message = "test keys with unique_key: a key constraint makes the build 11 times as long."
            yield Finding(path, "key_constraint", message)


def snapshots_follow_segments(manifest: Manifest) -> Iterator[Finding]:
    """Snapshots read segments, and only segments and what lies right of it read snapshots."""
    folder = {node["unique_id"]: node["original_file_path"].split("/")[1] for node in manifest.models}
    for snapshot in manifest.snapshots:
        if any(folder.get(parent) not in (None, "segments") for parent in snapshot["depends_on"]["nodes"]):
            yield Finding(snapshot["original_file_path"], "snapshot_layer", "a snapshot reads models of segments only.")
    left = {"staging", "input", "intake", "identity", "core"}
    for model in manifest.models:
        reads = any(parent.startswith("snapshot.") for parent in model["depends_on"]["nodes"])
        if reads and folder[model["unique_id"]] in left:
            yield Finding(model["original_file_path"], "snapshot_layer", "reads a snapshot, which lies to its right.")


def unit_tests_are_named_by_their_rule(manifest: Manifest) -> Iterator[Finding]:
    """The name of a unit test is the business rule as a sentence."""
    for test in manifest.unit_tests:
        if not re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+){3,}", test["name"]):
            message = "name the rule as a sentence_in_snake_case."
            yield Finding(f"{test['original_file_path']} ({test['name']})", "unit_test_name", message)


MANIFEST_RULES: tuple[Callable[[Manifest], Iterator[Finding]], ...] = (
    models_have_a_group,
    sources_enter_through_staging,
    personal_columns_are_marked,
    personal_columns_stay_left,
    constraints_print_no_personal_data,
    snapshots_follow_segments,
    unit_tests_are_named_by_their_rule,
)


def file_sizes(project: Path, tracked: Iterable[str]) -> Iterator[Finding]:
    """Large files belong into a package or a download, not into everybody's clone."""
    for path in tracked:
        size = (project / path).stat().st_size
        if size > LARGEST_FILE_BYTES:
            yield Finding(path, "file_size", f"{size / 1e6:.1f} MB is larger than {LARGEST_FILE_BYTES / 1e6:.0f} MB.")


def stray_keys(path: str, text: str) -> Iterator[Finding]:
    """In `{description: Of these, half}` the text ends at the comma, and `half` is a key without a value."""
    nodes: list[Any] = [yaml.compose(text, Loader=yaml.CSafeLoader)]
    while nodes:
        node = nodes.pop()
        if isinstance(node, yaml.SequenceNode):
            nodes.extend(node.value)
        elif isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                nodes.append(value)
                if " " in str(key.value) and value.tag == "tag:yaml.org,2002:null":
                    place = f"{path}:{key.start_mark.line + 1}"
                    message = f'quote the text that ends before "{key.value}": it holds a comma.'
                    yield Finding(place, "stray_key", message)


def tracked_files(project: Path) -> list[str]:
    """What git tracks or would track, as paths inside the project."""
    command = ["git", "-C", str(project), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        raise RekindleError(f"{project} is not a git checkout: the conventions are checked on what git tracks.")
    found = done.stdout.decode().split("\0")
    return sorted({path for path in found if path and (project / path).is_file()})


def check_files(project: Path) -> Iterator[Finding]:
    """All text rules and sizes over the tracked files of a project."""
    settings = yaml.safe_load((project / "dbt_project.yml").read_bytes())["vars"]["default_settings"]
    rules = (*TEXT_RULES, setting_rule(settings))
    tracked = tracked_files(project)
    yield from file_sizes(project, tracked)
    yield from (
        Finding(place, "rooms", message)
        for place, message in rooms.breaches({path: project / path for path in tracked if path.endswith(".py")})
    )
    for path in tracked:
        wanted = [rule for rule in rules if rule.applies_to(path)]
        try:
            text = (project / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # not text
        for rule in wanted:
            yield from rule.findings(path, text)
        if path.endswith(".yml"):
            yield from stray_keys(path, text)


@click.command()
@click.option(
    "--target",
    "targets",
    type=click.Path(path_type=Path),
    multiple=True,
    envvar="DBT_TARGET_PATH",
    default=[paths.PROJECT / "target"],
    show_default="target",
    help="Folder with dbt's manifest.json; may be given once per connector.",
)
def main(targets: tuple[Path, ...]) -> None:
    """Check the project's conventions, its files once and each connector's models; list every breach with its place."""
    manifests = [Manifest.read(target / "manifest.json") for target in targets]
    of_models = [finding for manifest in manifests for rule in MANIFEST_RULES for finding in rule(manifest)]
    # most models are those of several connectors
    findings = [*check_files(paths.PROJECT), *dict.fromkeys(of_models)]
    for finding in findings:
        click.echo(finding)
    if findings:
        raise RekindleError(f"{len(findings)} breach(es) of the project's conventions, listed above.")
    click.echo(f"Conventions hold ({' and '.join(str(len(each.models)) for each in manifests)} models).")


if __name__ == "__main__":
    main()
