"""The conventions themselves: each rule lets good work pass and stops its breach."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

import check_conventions
import rooms
from check_conventions import Finding, Manifest, TextRule
from rekindle.ground import paths
from rekindle.ground.errors import RekindleError

MODEL = "models/core/fct_orders.sql"

# rule → (a file that passes, a file that fails), each as (path, text)
TEXT_SAMPLES: dict[str, list[tuple[tuple[str, str], tuple[str, str]]]] = {
    "wall_clock": [
        ((MODEL, "where order_date < {{ as_of_date() }} -- never now()"), (MODEL, "where order_date < current_date")),
        (("macros/time/as_of.sql", "{{ run_started_at }}"), ("macros/other.sql", "{{ run_started_at }}")),
        (
            ("models/core/_core__models.yml", 'description: "Never current_date."'),
            ("models/core/_core__models.yml", 'expression: "order_date <= current_date"'),
        ),
    ],
    "cast": [
        ((MODEL, "cast(a as date), 'a :: b'"), (MODEL, "a::date")),
        (("macros/portability/casts.sql", "a::date"), ("snapshots/rfm.sql", "max(a)::date")),
    ],
    "portable_clause": [
        (
            (MODEL, "{# qualify #}\nselect * from ranked where position = 1"),
            (MODEL, "select a\nqualify row_number() = 1"),
        ),
        ((MODEL, "group by order_id"), (MODEL, "group by all")),
        ((MODEL, "count(case when a then 1 end)"), (MODEL, "count(*) filter (where a)")),
        ((MODEL, "select a, b from wide"), (MODEL, "select * exclude (b) from wide")),
    ],
    "portable_function": [
        ((MODEL, "min(channel)"), (MODEL, "any_value(channel)")),
        ((MODEL, "{% for round in range(8) %}{{ dbt.hash('a') }}{% endfor %}"), (MODEL, "select * from range(8)")),
        ((MODEL, "{{ try_cast('a', 'date') | list }}"), (MODEL, "ntile(5) over (order by amount)")),
        ((MODEL, "first_value(a) over (order by b)"), (MODEL, "first(a order by b)")),
    ],
    "order_of_nulls": [
        (
            (MODEL, "row_number() over (partition by a order by coalesce(b, c) desc nulls last, d nulls last) as n"),
            (MODEL, "row_number() over (partition by a order by coalesce(b, c) desc nulls last, d) as n"),
        ),
        ((MODEL, "select a\norder by a nulls first\nlimit 1"), (MODEL, "select a\norder by a desc\nlimit 1")),
        (
            (MODEL, "sum(a) over (order by b asc nulls last rows between 1 preceding and current row), (b, c)"),
            (MODEL, "sum(a) over (order by b rows between 1 preceding and current row), lag(a) as nulls_last"),
        ),
    ],
    "line_length": [
        ((MODEL, "-- " + 117 * "a" + "\n" + 120 * "b"), (MODEL, "select a\n-- " + 118 * "a" + "\n")),
    ],
    "engine_word": [
        ((MODEL, "-- DuckDB and Spark agree\nselect a"), (MODEL, "{{ 'a' if target.type == 'x' else 'b' }}")),
        (("macros/portability/a.sql", "macro duckdb__a()"), ("macros/a.sql", "{{ duckdb__a() }}")),
        (("macros/portability/a.sql", "parquet.`a`"), (MODEL, "select * from parquet.`a`")),
    ],
    "database_of_target": [
        (("macros/a.sql", "{{ target.get('database') }}"), ("macros/a.sql", "{{ target.database }}")),
    ],
    "text_type": [
        ((MODEL, "cast(a as string)"), (MODEL, "cast(a as varchar)")),
        (("seeds/config/a.yml", "data_type: string"), ("seeds/config/a.yml", "data_type: varchar")),
    ],
    "quoted_name": [
        ((MODEL, "{{ as_is(adapter.quote('Created at')) }}"), (MODEL, """{{ as_is('"Created at"') }}""")),
    ],
    "left_for_later": [
        ((MODEL, "-- todos los santos"), (MODEL, "-- TO" + "DO: later")),
        (("scripts/run.py", "raise RekindleError"), ("scripts/run.py", "raise NotImplemented" + "Error")),
    ],
    "test_that_cannot_fail": [
        (("tests/python/test_a.py", "assert a"), ("tests/python/test_a.py", "@pytest.mark.skip")),
        (("models/core/a.yml", "severity: error"), ("models/core/a.yml", "severity:  warn")),
    ],
    "path_in_sql": [
        (("scripts/a.py", "f'from {parquet(path)}'"), ("scripts/a.py", "f'from read_parquet({text(path)})'")),
        (("scripts/a.py", "read_csv({file_text(path)}, x)"), ("scripts/a.py", "read_parquet(?)")),
        (("scripts/a.py", "f'copy t to {text(file)}'"), ("scripts/a.py", "f\"copy t to '{file}'\"")),
    ],
    "folder_in_source": [
        (
            ("models/staging/a/_a__sources.yml", """read_parquet('{{ env_var("D", "d") | replace("'", "''") }}/x')"""),
            ("models/staging/a/_a__sources.yml", """read_parquet('{{ env_var("D", "d") }}/x')"""),
        ),
    ],
    "comment_in_csv": [
        (
            ("scripts/a.py", "read_csv({file_text(path)}, comment = '')"),
            ("scripts/a.py", "read_csv({file_text(path)})"),
        ),
        (
            ("models/staging/a/a.yml", """read_csv('{{ env_var("D", "d") }}/x',\n  comment = '')"""),
            ("models/staging/a/a.yml", """read_csv('{{ env_var("D", "d") }}/x',\n  header = true)"""),
        ),
    ],
    "own_progress": [
        (("scripts/rekindle/a.py", "connect(path)"), ("scripts/rekindle/a.py", "duckdb.connect(str(path))")),
    ],
    "registry_address": [
        (("README.md", "pip install"), ("requirements/dev.txt", "--index-url https://mirror.example.com/simple")),
        (
            ("README.md", "https://docs.getdbt.com"),
            ("README.md", "https://" + ".".join(["pypi", "org"]) + "/project/rekindle"),
        ),
    ],
    "machine_path": [
        (("README.md", "see docs/home/work.md, ~/work/x and https://example.com/home/x"), ("README.md", "cd /home/me")),
        (("scripts/run.py", "paths.PROJECT / 'work'"), ("scripts/run.py", "Path('/work/rekindle')")),
    ],
    "bare_var": [
        ((MODEL, "{{ setting('rfm_window_days') }}"), (MODEL, "{{ var('rfm_window_days') }}")),
        ((MODEL, "{{ var('connector') }}"), ("macros/a.sql", '{{ var( "currency_code", none) }}')),
    ],
}
RULES: dict[str, TextRule] = {
    rule.name: rule
    for rule in (*check_conventions.TEXT_RULES, check_conventions.setting_rule(["rfm_window_days", "currency_code"]))
}


def _findings(rule: TextRule, sample: tuple[str, str]) -> list[Finding]:
    path, text = sample
    return list(rule.findings(path, text)) if rule.applies_to(path) else []


@pytest.mark.parametrize("name", sorted(RULES))
def test_each_text_rule_passes_good_work_and_stops_its_breach(name: str) -> None:
    samples = TEXT_SAMPLES[name]
    assert [_findings(RULES[name], good) for good, _ in samples] == [[] for _ in samples]
    assert [len(_findings(RULES[name], bad)) for _, bad in samples] == [1 for _ in samples]


def test_a_finding_names_the_line_of_the_file_as_it_stands() -> None:
    text = "{# two\nlines #}\n/* three\n*/\nselect a::date"
    assert [finding.place for finding in RULES["cast"].findings(MODEL, text)] == [f"{MODEL}:5"]


def _model(name: str, folder: str, **changes: Any) -> dict[str, Any]:
    return {
        "unique_id": f"model.rekindle.{name}",
        "name": name,
        "original_file_path": f"models/{folder}/{name}.sql",
        "config": {"group": "analytics_engineering"},
        "columns": {},
        "constraints": [],
        "depends_on": {"nodes": []},
    } | changes


def _snapshot(*parents: str) -> dict[str, Any]:
    return {
        "original_file_path": "snapshots/rfm_segments.yml",
        "config": {"group": "customer_analytics"},
        "depends_on": {"nodes": [f"model.rekindle.{parent}" for parent in parents]},
    }


def _unit_test(name: str) -> dict[str, Any]:
    return {"name": name, "original_file_path": "models/core/_core__models.yml"}


PII = {"config": {"meta": {"pii": True}}}
NOT_NULL = {"constraints": [{"type": "not_null"}]}
SEGMENT = _model("rfm_current", "segments")
PROFILE = _model("profiles", "core")

# rule → (a manifest that passes, a manifest that fails)
MANIFEST_SAMPLES: dict[str, list[tuple[Manifest, Manifest]]] = {
    "models_have_a_group": [
        (Manifest([PROFILE]), Manifest([_model("profiles", "core", config={"group": None})])),
    ],
    "sources_enter_through_staging": [
        (
            Manifest([_model("stg_a__b", "staging/a", depends_on={"nodes": ["source.rekindle.a.b"]})]),
            Manifest([_model("input_b", "input/a", depends_on={"nodes": ["source.rekindle.a.b"]})]),
        ),
        (
            Manifest([_model("phones", "identity", depends_on={"nodes": ["source.rekindle.landing.phone_numbers"]})]),
            Manifest([_model("phones", "identity", depends_on={"nodes": ["source.rekindle.a.b"]})]),
        ),
        (
            Manifest([_model("phones", "identity", depends_on={"nodes": ["source.rekindle.landing.phone_numbers"]})]),
            Manifest([_model("phones", "core", depends_on={"nodes": ["source.rekindle.landing.phone_numbers"]})]),
        ),
        (
            Manifest([_model("erased", "intake", depends_on={"nodes": ["source.rekindle.landing.blocked_contacts"]})]),
            Manifest([_model("erased", "core", depends_on={"nodes": ["source.rekindle.landing.blocked_contacts"]})]),
        ),
        (
            Manifest([_model("values", "segments", depends_on={"nodes": ["source.rekindle.landing.clv_parameters"]})]),
            Manifest([_model("values", "hub", depends_on={"nodes": ["source.rekindle.landing.clv_parameters"]})]),
        ),
    ],
    "personal_columns_are_marked": [
        (
            Manifest([_model("intake_contacts", "intake", columns={"email": PII})]),
            Manifest([_model("intake_contacts", "intake", columns={"email": {}})]),
        ),
        (
            Manifest([_model("dim_stores", "core", columns={"city": {}})]),
            Manifest([_model("intake_contacts", "intake", columns={"city": {"meta": {"pii": False}}})]),
        ),
    ],
    "personal_columns_stay_left": [
        (
            Manifest([_model("profile_contacts", "hub", columns={"email": PII})]),
            Manifest([_model("dim_profiles", "hub", columns={"email": PII})]),
        ),
    ],
    "constraints_print_no_personal_data": [
        (
            Manifest([_model("a", "identity", columns={"email": PII, "profile_id": NOT_NULL})]),
            Manifest([_model("a", "identity", columns={"email": PII | NOT_NULL})]),
        ),
        (
            Manifest([_model("a", "core", constraints=[{"type": "not_null"}])]),
            Manifest([_model("a", "core", constraints=[{"type": "primary_key"}])]),
        ),
    ],
    "snapshots_follow_segments": [
        (
            Manifest([SEGMENT, PROFILE], snapshots=[_snapshot("rfm_current")]),
            Manifest([SEGMENT, PROFILE], snapshots=[_snapshot("profiles")]),
        ),
        (
            Manifest([_model("segment_moves", "segments", depends_on={"nodes": ["snapshot.rekindle.rfm_segments"]})]),
            Manifest([_model("fct_orders", "core", depends_on={"nodes": ["snapshot.rekindle.rfm_segments"]})]),
        ),
    ],
    "unit_tests_are_named_by_their_rule": [
        (
            Manifest(unit_tests=[_unit_test("a_cancelled_order_counts_nowhere")]),
            Manifest(unit_tests=[_unit_test("test_orders")]),
        ),
    ],
}


@pytest.mark.parametrize("rule", check_conventions.MANIFEST_RULES, ids=lambda rule: rule.__name__)
def test_each_manifest_rule_passes_good_work_and_stops_its_breach(rule: Any) -> None:
    samples = MANIFEST_SAMPLES[rule.__name__]
    assert [list(rule(good)) for good, _ in samples] == [[] for _ in samples]
    assert [len(list(rule(bad))) for _, bad in samples] == [1 for _ in samples]


def test_a_large_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_conventions, "LARGEST_FILE_BYTES", 10)
    (tmp_path / "small.csv").write_bytes(b"x" * 10)
    (tmp_path / "large.csv").write_bytes(b"x" * 11)
    found = check_conventions.file_sizes(tmp_path, ["small.csv", "large.csv"])
    assert [finding.place for finding in found] == ["large.csv"]


def test_what_git_ignores_is_not_checked_and_what_is_new_is(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("target/\n")
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "manifest.json").write_text("{}")
    (tmp_path / "new.sql").write_text("select 1")
    assert check_conventions.tracked_files(tmp_path) == [".gitignore", "new.sql"]


def test_a_folder_without_git_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RekindleError, match="not a git checkout"):
        check_conventions.tracked_files(tmp_path)


def test_a_missing_manifest_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(RekindleError, match="run `dbt parse` first"):
        Manifest.read(tmp_path / "manifest.json")


def house(folder: Path, files: dict[str, str]) -> list[tuple[str, str]]:
    """The breaches of a house of these modules, by their paths in it."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return list(rooms.breaches({rooms.HOUSE + path: folder / path for path in files}))


def test_an_import_that_goes_down_or_stays_in_its_room_is_let_through(tmp_path: Path) -> None:
    files = {
        "ground/paths.py": "import os",
        "ground/files.py": "from rekindle.ground import paths",
        "export/runs.py": "from rekindle.ground.files import sync",
    }
    assert house(tmp_path, files) == []


def test_an_import_that_goes_up_is_refused_wherever_it_stands(tmp_path: Path) -> None:
    (found,) = house(
        tmp_path,
        {
            "ground/files.py": "def late():\n    from rekindle.export import runs",
            "export/runs.py": "",
        },
    )
    assert found == (
        "scripts/rekindle/ground/files.py:2",
        "ground may not import rekindle.export.runs: what both need lies further down.",
    )


def test_nobody_imports_the_demo_or_the_benchmark(tmp_path: Path) -> None:
    files = {"run/building.py": "import rekindle.demo.world\nfrom rekindle import bench", "bench/__init__.py": ""}
    assert [place for place, _ in house(tmp_path, {**files, "demo/world.py": ""})] == [
        "scripts/rekindle/run/building.py:1",
        "scripts/rekindle/run/building.py:2",
    ]
    assert not [room for room, others in rooms.ROOMS.items() if {"demo", "bench"} & {*others}]


def test_modules_of_a_room_that_import_each_other_are_refused(tmp_path: Path) -> None:
    files = {"ground/one.py": "from rekindle.ground import two", "ground/two.py": "from rekindle.ground.one import a"}
    ((place, message),) = house(tmp_path, files)
    assert place == rooms.HOUSE
    assert message.startswith("modules import each other: rekindle.ground.")


def test_a_module_without_a_room_is_refused(tmp_path: Path) -> None:
    assert [place for place, _ in house(tmp_path, {"helpers.py": ""})] == ["scripts/rekindle/helpers.py"]


def test_the_page_of_the_house_lists_the_rooms() -> None:
    page = (paths.PROJECT / "docs" / "house.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ([^|]*) \|", page, re.MULTILINE)
    assert {room: tuple(re.findall(r"\w+", others)) for room, others in rows} == rooms.ROOMS


# The road that data takes: folder → what its models may read. dbt-bouncer.yml must say the same.
ROAD = {
    "staging": set(),
    "input": {"staging"},
    "intake": {"input", "intake", "rejected"},
    "identity": {"intake", "identity"},
    "core": {"intake", "identity", "core"},
    "segments": {"core", "segments"},
    "hub": {"intake", "identity", "core", "segments", "hub"},
    "scenarios": {"core", "segments", "hub", "scenarios"},
    # and of intake the one model that says which link was clicked, of identity the one that says who became whom
    "activation": {"core", "segments", "hub", "scenarios", "activation"},
    "audiences": {"core", "hub", "scenarios", "activation", "audiences"},
    # and of identity the one model that says who may be written to, when
    "measurement": {"core", "segments", "activation", "measurement"},
    "quality": {"input", "intake", "rejected", "identity", "core", "segments", "quality"},
}


def test_dbt_bouncer_lets_data_flow_in_one_direction_only() -> None:
    config = yaml.safe_load((paths.PROJECT / "dbt-bouncer.yml").read_text(encoding="utf-8"))
    lineage = [rule for rule in config["manifest_checks"] if rule["name"] == "check_lineage_permitted_upstream_models"]
    samples = {folder: f"models/{folder}/any.sql" for folder in ROAD} | {
        "intake": "models/intake/intake_orders.sql",
        "rejected": "models/intake/rejected_orders.sql",
        "input": "models/input/fixture/input_orders.sql",
        "staging": "models/staging/fixture/stg_fixture__orders.sql",
    }
    permitted: dict[str, set[str]] = {}
    for folder in ROAD:
        applying = [rule for rule in lineage if re.match(rule["include"], samples[folder])]
        assert len(applying) == 1, f"models/{folder} has {len(applying)} lineage rules"
        pattern = applying[0]["upstream_path_pattern"]
        permitted[folder] = {parent for parent, path in samples.items() if re.match(pattern, path)}
    assert permitted == ROAD


def test_activation_reads_two_models_left_of_the_star_and_no_other() -> None:
    config = yaml.safe_load((paths.PROJECT / "dbt-bouncer.yml").read_text(encoding="utf-8"))
    lineage = [rule for rule in config["manifest_checks"] if rule["name"] == "check_lineage_permitted_upstream_models"]
    (pattern,) = [rule["upstream_path_pattern"] for rule in lineage if rule["include"] == "^models/activation"]
    left = [
        path.relative_to(paths.PROJECT).as_posix()
        for folder in ("intake", "identity")
        for path in (paths.PROJECT / "models" / folder).glob("*.sql")
    ]
    assert sorted(path for path in left if re.match(pattern, path)) == [
        "models/identity/profile_merges.sql",
        "models/identity/profile_splits.sql",
    ]


def test_every_folder_of_models_is_on_the_road() -> None:
    folders = {path.name for path in (paths.PROJECT / "models").iterdir() if path.is_dir()}
    assert folders <= set(ROAD)


def test_a_text_that_an_unquoted_comma_cuts_off_is_refused() -> None:
    good = 'columns:\n  - {name: a, description: "Of these, half."}\n  - {name: b, description: null, meta: }\n'
    cut = "columns:\n  - {name: a, description: Of these, without an order.}\n"
    assert list(check_conventions.stray_keys("x.yml", good)) == []
    [found] = check_conventions.stray_keys("x.yml", cut)
    assert (found.place, found.rule) == ("x.yml:2", "stray_key")
