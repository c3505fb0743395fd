"""The input contract: every connector fills it, every column explains itself, intake counts what it sets aside."""

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pytest
import yaml
from pages import clone, commands
from workshop import FIXTURES, Said, Workshop, must

from rekindle.ground import rules
from rekindle.ground.contract import entities
from rekindle.ground.paths import PROJECT

Warehouse = duckdb.DuckDBPyConnection

INPUT = PROJECT / "models" / "input"
INTAKE = PROJECT / "models" / "intake"
CONTRACT: dict[str, dict[str, Any]] = {
    model["name"].removeprefix("input_"): model
    for model in yaml.safe_load((INPUT / "_input__models.yml").read_text(encoding="utf-8"))["models"]
}
CONNECTORS = ["completejourney", "empty", "fixture", "parquet", "shopify"]

# Who may need a column: parts of the datamart, and the scenarios of the business by their immutable key.
CONSUMERS = {
    *("all", "consent", "identity", "measurement", "rfm"),
    *(
        "abandoned_cart",
        "ambassador",
        "anti_attrition",
        "back_in_stock",
        "birthday",
        "contact_enrichment",
        "contract_end",
    ),
    *(
        "cross_sell",
        "discover",
        "drive_invitation",
        "drive_revival",
        "first_purchase",
        "lead_nurturing",
        "lookalike_seed",
    ),
    *("loyalty_programme", "media_reactivation", "post_purchase_survey", "preference_form", "reactivation"),
    *("replenishment", "repurchase_overdue", "retention_purge", "returned_thanks", "service_recovery", "welcome"),
    "welcome_back",
}


def promised(entity: str) -> list[tuple[str, str]]:
    """Names and types of an entity's columns, as DuckDB writes them."""
    written = {"string": "VARCHAR"}
    types = [(column["name"], column["data_type"]) for column in CONTRACT[entity]["columns"]]
    return [(name, written.get(data_type, data_type.upper())) for name, data_type in types]


# says that an empty text is a value
TEXT_OF_ITS_OWN = "empty_text_is_a_value"
# what a model or macro file may call of dbt and of other macro files
MADE_BY_DBT = (
    *("config", "is_connector", "ref"),
    *("is_implausible_birth_date", "is_implausible_stamp", "is_negative", "is_outside", "is_unknown_time_zone"),
    *("is_unreadable_email", "is_unreadable_preference"),
)


def rendered(path: Path, **context: Any) -> str:
    """A model or macro file with the given names, everything else that dbt knows being empty."""
    environment = jinja2.Environment(extensions=["jinja2.ext.do"], undefined=jinja2.ChainableUndefined)
    nothing = {name: lambda *arguments, **named: "" for name in MADE_BY_DBT}
    environment.globals.update({**nothing, **context})
    return environment.from_string(path.read_text(encoding="utf-8")).render()


def contract_macro() -> dict[str, dict[str, Any]]:
    """What the macro contract_entities() returns."""
    kept: list[dict[str, dict[str, Any]]] = []
    source = (PROJECT / "macros" / "intake" / "contract.sql").read_text(encoding="utf-8")
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals["return"] = kept.append
    environment.from_string(source).module.contract_entities()  # type: ignore[attr-defined]
    return kept[0]


def rules_of(entity: str) -> dict[str, Any]:
    """The arguments with which rejected_<entity>.sql calls the macro rejected_rows."""
    calls: list[dict[str, Any]] = []
    rendered(
        INTAKE / f"rejected_{entity}.sql",
        rejected_rows=lambda name, **arguments: calls.append({"entity": name, **arguments}),
        contract_lists=rules.contract_lists,
    )
    assert [call["entity"] for call in calls] == [entity]
    return calls[0]


# --- The contract explains itself ---------------------------------------------------------------------------------


def test_every_entity_says_its_grain_and_its_key() -> None:
    for entity, model in CONTRACT.items():
        assert model["description"].startswith("One row per "), entity
        assert model["config"]["contract"] == {"enforced": True}, entity
        assert set(model["config"]["meta"]["key"]) <= {name for name, _ in promised(entity)}, entity
        assert model["config"]["meta"]["mapping_instructions"], entity


def test_every_column_says_what_to_put_there_and_who_needs_it() -> None:
    for entity, model in CONTRACT.items():
        for column in model["columns"]:
            meta, place = column["config"]["meta"], f"{entity}.{column['name']}"
            assert column["description"].endswith("."), place
            assert meta["mapping_instructions"].endswith("."), place
            assert meta["required_for"], place
            assert set(meta["required_for"]) <= CONSUMERS, place
            # what one may rely on is marked, not guessed
            assert set(meta) <= {"accepted_values", "is_required", "mapping_instructions", "pii", "required_for"} | {
                TEXT_OF_ITS_OWN,
                "local_date_of",
                "since_version",
                "replaces",
            }, place
            # what a file of the version before lacks must be able to be empty
            assert not (meta.get("since_version") and meta.get("is_required")), place


def test_the_contract_as_macro_is_the_contract_as_yml() -> None:
    macro = contract_macro()

    def mark(column: dict[str, Any]) -> str:
        """What may not be missing, and of which an empty text says that it is."""
        if column["config"]["meta"].get("is_required"):
            return "!"
        return "?" if column["data_type"] == "string" and not column["config"]["meta"].get(TEXT_OF_ITS_OWN) else ""

    from_yml = {
        entity: {
            **{name: model["config"]["meta"].get(name) for name in ("key", "person_key", "outlives_person")},
            "columns": [column["name"] + mark(column) for column in model["columns"]],
        }
        for entity, model in CONTRACT.items()
    }
    from_macro = {
        entity: {
            **{name: about.get(name) for name in ("key", "person_key", "outlives_person")},
            "columns": about["columns"].split(),
        }
        for entity, about in macro.items()
    }
    assert from_macro == from_yml
    # a key column with personal data is kept as a hash, or it would end up in the rejects
    private = {entity: about["private_key"] for entity, about in macro.items() if "private_key" in about}
    personal = {
        entity: [column["name"] for column in model["columns"] if column["config"]["meta"].get("pii")]
        for entity, model in CONTRACT.items()
    }
    assert private == {
        entity: named
        for entity, columns in personal.items()
        if (named := [name for name in CONTRACT[entity]["config"]["meta"]["key"] if name in columns])
    }


def test_every_entity_says_how_its_rows_reach_a_person() -> None:
    """Erasure follows it: an entity without it would keep whom it should forget."""
    for entity, about in entities().items():
        if about.person_key == "contact":
            assert {"source_system", "contact_id"} <= set(about.columns), entity
            # a row that stays must be able to lose its contact
            required = [column for column in CONTRACT[entity]["columns"] if column["config"]["meta"].get("is_required")]
            assert about.outlives_person == ("contact_id" not in {column["name"] for column in required}), entity
        else:
            assert "contact_id" not in about.columns, entity
            assert not about.outlives_person, entity
            if about.person_key != "none":  # one step: the macros look no further than the parent
                parent = entities()[about.person_key]
                assert parent.person_key == "contact", entity
                assert set(parent.key) <= set(about.columns), entity
    # what hangs on a parent must say so
    owned = {parent: set(about.key) for parent, about in entities().items() if about.person_key == "contact"}
    hanging = {
        entity
        for entity, about in entities().items()
        if any(len(key) == 1 and key < set(about.key) for key in owned.values())
    }
    assert hanging == {entity for entity, about in entities().items() if about.person_key not in ("contact", "none")}


@pytest.mark.parametrize("entity", CONTRACT)
def test_closed_lists_of_the_contract_are_those_that_intake_checks(entity: str) -> None:
    listed = {
        column["name"]: column["config"]["meta"]["accepted_values"]
        for column in CONTRACT[entity]["columns"]
        if "accepted_values" in column["config"]["meta"]
    }
    about = contract_macro()[entity]
    blanked = about.get("else_blank", {})
    for column, values in about.get("careful", {}).items():
        assert sorted(values) == sorted(listed[column])
    assert {**rules_of(entity).get("accepted", {}), **blanked} == listed
    # a value that may be blanked may be missing
    assert not {
        column["name"] for column in CONTRACT[entity]["columns"] if "is_required" in column["config"]["meta"]
    } & set(blanked)


# --- Every connector fills it -------------------------------------------------------------------------------------


def connector_settings() -> dict[str, dict[str, Any]]:
    """The connectors of the project and what they declare."""
    config = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    return dict(config["vars"]["connector_settings"])


@pytest.mark.parametrize("connector", ["completejourney", "fixture", "parquet", "shopify"])
def test_a_connector_has_exactly_the_models_of_the_entities_that_it_declares(connector: str) -> None:
    declared = connector_settings()[connector].get("entities", CONTRACT)
    assert {path.stem for path in (INPUT / connector).glob("*.sql")} == {f"input_{entity}" for entity in declared}


def test_the_folders_of_connectors_are_known() -> None:
    assert sorted(connector_settings()) == CONNECTORS
    folders = [path.name for path in INPUT.iterdir() if path.is_dir()]
    # the settings of `host` are those of the project that has this one as a package
    assert sorted(folders) == sorted([*CONNECTORS, "host"])


@pytest.mark.parametrize("entity", CONTRACT)
def test_an_entity_without_a_model_of_its_own_is_empty_and_has_the_columns_and_types(entity: str) -> None:
    assert f"(enabled=lacks_entity('{entity}'))" in (INPUT / "empty" / f"input_{entity}.sql").read_text(
        encoding="utf-8"
    )
    here = f"(enabled=is_connector('host') and not lacks_entity('{entity}'))"
    assert here in (INPUT / "host" / f"input_{entity}.sql").read_text(encoding="utf-8")
    macros = (PROJECT / "macros" / "intake" / "missing_entities.sql").read_text(encoding="utf-8")
    template = jinja2.Environment(extensions=["jinja2.ext.do"]).from_string(macros)
    columns = {column["name"]: column for column in CONTRACT[entity]["columns"]}
    sql = template.make_module({"model": {"columns": columns}}).no_rows()  # type: ignore[attr-defined]
    relation = duckdb.connect().sql(sql)
    found = zip(relation.columns, (str(data_type) for data_type in relation.types), strict=True)
    assert [(name, data_type.replace(" ", "")) for name, data_type in found] == promised(entity)
    assert relation.fetchall() == []


@pytest.mark.parametrize(
    ("entities", "sentence"),
    [
        (
            "[contacts, order]",
            "Connector 'empty' lists 'order' among its entities in dbt_project.yml, which is no entity of the input "
            "contract: use contacts, identity_links, ",
        ),
        ("[contacts]", "depends on a node named 'input_contacts' which is disabled"),
    ],
)
def test_a_list_of_entities_that_does_not_fit_stops_before_anything_is_built(
    workshop: Workshop, copied: Path, entities: str, sentence: str
) -> None:
    config = (copied / "dbt_project.yml").read_text(encoding="utf-8")
    assert "      entities: []  " in config
    (copied / "dbt_project.yml").write_text(config.replace("      entities: []  ", f"      entities: {entities}  "))
    said = workshop.dbt(
        *("build", "--project-dir", str(copied), "--profiles-dir", str(copied), "--vars", "{connector: empty}")
    )
    assert said.code != 0
    assert sentence in " ".join(said.text.split())
    assert not workshop.warehouse.exists()


@pytest.mark.parametrize("name", ["demo_warehouse", "fixture_warehouse"])
def test_a_built_connector_has_the_columns_and_types(name: str, request: pytest.FixtureRequest) -> None:
    with duckdb.connect(str(request.getfixturevalue(name)), read_only=True) as warehouse:
        found = warehouse.execute(
            "select table_name, column_name, data_type from duckdb_columns() where schema_name = 'input' "
            "order by table_name, column_index"
        ).fetchall()
    built: dict[str, list[tuple[str, str]]] = {}
    for table, column, data_type in found:
        built.setdefault(table.removeprefix("input_"), []).append((column, data_type))
    assert built == {entity: promised(entity) for entity in CONTRACT}


# --- Intake counts what it sets aside -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fixture(fixture_warehouse: Path) -> Iterator[Warehouse]:
    """The hand-written people, opened read-only."""
    with duckdb.connect(str(fixture_warehouse), read_only=True) as connection:
        yield connection


def rejects(warehouse: Warehouse) -> list[tuple[str, str, str, str]]:
    """Entity, key, column and reason of everything that intake set aside."""
    return warehouse.execute(
        " union all ".join(f"select entity, record_key, column_name, reason from intake.rejected_{e}" for e in CONTRACT)
    ).fetchall()


def test_the_fixture_has_a_bad_row_for_every_reason(fixture: Warehouse) -> None:
    sources = [*(PROJECT / "macros" / "intake").glob("*.sql"), *INTAKE.glob("rejected_*.sql")]
    texts = [path.read_text(encoding="utf-8") for path in sources]
    known = {reason for text in texts for reason in re.findall(r"'reason': '(\w+)'|'(\w+)' as reason", text)}
    # the first is no fault of a row: test_erase.py; the others have their own: test_cases_money.py
    reasons = {one or other for one, other in known} - {"erased", "positive_amount", "does_not_add_up"}
    assert len(reasons) == 19
    assert {reason for _, _, _, reason in rejects(fixture)} == reasons


def test_the_fixture_rejects_what_its_ids_say(fixture: Warehouse) -> None:
    """Every `bad_…` row is set aside; beside them only the duplicates and values that the README names."""
    found = {(entity, key) for entity, key, _, _ in rejects(fixture)}
    named_bad = set()
    for entity, model in CONTRACT.items():
        key = model["config"]["meta"]["key"]
        parts = " || '|' || ".join(f"coalesce(cast({column} as varchar), '')" for column in key)
        rows = fixture.execute(f"select {parts} from input.input_{entity} where {parts} like '%bad\\_%' escape '\\'")
        named_bad |= {(entity, row[0]) for row in rows.fetchall()}
    assert named_bad <= found
    assert {place for place in found if "bad_" not in place[1] and "nobody" not in place[1]} == {
        ("consents", "pos|rita_champion|email|marketing|granted|2023-01-20 10:20:00"),
        ("consents", "pos|rita_champion|email|marketing|maybe|2023-01-10 09:00:00"),
        (
            "contact_preferences",
            "pos|anna_withdraws_then_regrants|max_frequency|a8f3ae8a7a276d5df8c175230b19390d|2024-03-01 08:00:00",
        ),
        ("contacts", "pos|"),
        ("contacts", "pos|bea_born_in_1850"),
        ("contacts", "pos|dora_comes_twice"),
        ("contacts", "pos|uli_unreadable_email"),
        ("message_events", "rita_spring|Delivered|2024-03-01 08:02:00|"),
        ("messages", "stan_june"),
        ("offer_redemptions", "omar_was_not_given_it"),
        ("offers", "free_delivery"),
        ("order_lines", "una_first|1"),
        ("order_lines", "una_first|2"),
        ("order_lines", "una_first|3"),
        ("order_lines", "|1"),
        ("orders", ""),
        ("orders", "rita_2024-06"),
        ("product_availability", "tulips|2024-03-01 06:00:00"),
        ("products", "tulips"),
    }


def test_values_set_aside_are_blank_and_the_customer_stays(fixture: Warehouse) -> None:
    people = fixture.execute(
        "select contact_id, email, birth_date, first_name from intake.intake_contacts "
        "where contact_id in ('uli_unreadable_email', 'bea_born_in_1850', 'dora_comes_twice', 'mina_has_an_emoji', "
        "'dana_writes_right_to_left', 'ilse_quotes_and_commas') order by contact_id"
    ).fetchall()
    assert people == [
        ("bea_born_in_1850", "bea@example.com", None, "Bea"),
        (
            "dana_writes_right_to_left",
            "dana@example.com",
            None,
            "דנה",
        ),
        ("dora_comes_twice", "dora.new@example.com", None, "Dora"),
        ("ilse_quotes_and_commas", None, None, 'Ilse "Isa"'),
        ("mina_has_an_emoji", "mina@example.com", None, "Mina 🦊"),
        ("uli_unreadable_email", None, None, "Uli"),
    ]
    told = fixture.execute(
        "select contact_id, time_zone from intake.intake_contacts "
        "where contact_id in ('bea_born_in_1850', 'rita_champion') "
        "union all select message_id, message_kind from intake.intake_messages "
        "where message_id in ('stan_june', 'anna_spring') "
        "union all select offer_id, funded_by from intake.intake_offers "
        "union all select product_id, cast(margin_share as varchar) from intake.intake_products "
        "where product_id in ('dog_food', 'tulips') "
        "union all select redemption_id, concat(assignment_id, ':', redeemed_amount) "
        "from intake.intake_offer_redemptions"
    ).fetchall()
    assert sorted(told) == [
        ("anna_five_off", "anna_used:5.00"),
        ("anna_spring", "marketing"),
        ("bea_born_in_1850", None),
        ("dog_food", "0.3500"),
        ("five_off", "manufacturer"),
        ("free_delivery", None),
        ("omar_was_not_given_it", ":"),
        ("rita_champion", "Europe/Lisbon"),
        ("stan_june", None),
        ("tulips", None),
    ]
    [(uli,)] = fixture.execute("select count(*) from intake.intake_orders where order_id = 'uli_2024-06'").fetchall()
    assert uli == 1


def test_rejects_never_hold_a_value(fixture: Warehouse) -> None:
    personal = [
        value
        for (value,) in fixture.execute(
            "select email from input.input_contacts union select phone from input.input_contacts "
            "union select first_name from input.input_contacts union select preference_value "
            "from input.input_contact_preferences where preference_type = 'preferred_email'"
        ).fetchall()
        if value
    ]
    for entity in CONTRACT:
        text = str(fixture.execute(f"select * from intake.rejected_{entity}").fetchall())
        assert [value for value in personal if re.search(rf"(?<![\w]){re.escape(value)}(?![\w])", text)] == [], entity


def test_the_summary_adds_up(fixture: Warehouse) -> None:
    summed = fixture.execute(
        "select sum(rejected_rows) from quality.rejected_row_summary where is_row_rejected"
    ).fetchall()
    difference = fixture.execute(
        "select "
        + " + ".join(
            f"(select count(*) from input.input_{entity}) - (select count(*) from intake.intake_{entity})"
            for entity in CONTRACT
        )
    ).fetchall()
    assert summed == difference
    assert summed[0][0] > 50


# --- Journeys ------------------------------------------------------------------------------------------------------


@pytest.fixture
def spoiled(workshop: Workshop) -> Path:
    """A copy of the hand-written rows to spoil, which the workshop reads."""
    folder = workshop.root / "spoiled"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(FIXTURES, folder)
    workshop.environment["REKINDLE_FIXTURES"] = str(folder)
    return folder


def build(workshop: Workshop, *select: str, **variables: Any) -> Said:
    """`dbt build` of these models in the workshop, with the tests that need no others."""
    named = ", ".join(f"{name}: {value}" for name, value in {"connector": workshop.connector, **variables}.items())
    arguments = ["build", "--select", *select, "--indirect-selection", "cautious", "--vars", f"{{{named}}}"]
    return workshop.dbt(*arguments)


def test_short_lines_and_foreign_types_are_counted_and_nothing_stops(workshop: Workshop, spoiled: Path) -> None:
    with (spoiled / "orders.csv").open("a", encoding="utf-8") as orders:
        orders.write("pos,half_a_line,rita_champion\n")
        orders.write(
            "pos,typed_wrongly,rita_champion,ghent,store,31/12/2023 10:00,,completed,,EUR,2024-07-01 06:00:00\n"
        )
    must(build(workshop, "+rejected_orders", "+intake_orders"))
    with duckdb.connect(str(workshop.warehouse), read_only=True) as warehouse:
        added = warehouse.execute(
            "select record_key, column_name, reason from intake.rejected_orders "
            "where record_key in ('half_a_line', 'typed_wrongly') order by 1"
        ).fetchall()
        assert added == [
            ("half_a_line", "sales_channel", "missing_value"),
            ("typed_wrongly", "ordered_at", "missing_value"),
        ]


def test_too_many_rejects_stop_what_depends_on_them_and_not_the_table_that_says_why(workshop: Workshop) -> None:
    selected = ("+rejected_row_summary", "contact_records", "contact_identifiers", "contact_edges")
    said = build(workshop, *selected, max_rejected_share=0.05)
    assert said.code != 0
    assert "too_many_rejected_contacts" in said.text
    assert "Stopped     6 of 66 rows of input_contacts cannot be used, more than max_rejected_share (0.05)" in said.text
    with duckdb.connect(str(workshop.warehouse), read_only=True) as warehouse:
        relations = {
            name for (name,) in warehouse.execute("select table_name from information_schema.tables").fetchall()
        }
        [(rejected,)] = warehouse.execute(
            "select sum(rejected_rows) from quality.rejected_row_summary where entity = 'contacts' and is_row_rejected"
        ).fetchall()
    assert rejected == 6
    # the rows are there to be looked at, who they are is not
    assert "contact_records" in relations
    assert not {"contact_identifiers", "contact_edges"} & relations


def test_empty_tables_build(workshop: Workshop, spoiled: Path) -> None:
    for path in spoiled.glob("*.csv"):
        path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    must(build(workshop, "staging", "input", "intake", "rejected_row_summary", "intake_loses_no_row"))
    with duckdb.connect(str(workshop.warehouse), read_only=True) as warehouse:
        assert rejects(warehouse) == []
        assert warehouse.execute("select count(*) from intake.intake_order_lines").fetchall() == [(0,)]


@pytest.fixture
def parquet(make_workshop: Callable[[str], Workshop]) -> Workshop:
    """A workshop for contract-shaped Parquet files, with orders and their lines, the lines in a folder."""
    workshop = make_workshop("parquet")
    folder = workshop.root / "contract"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "input_order_lines" / "day=1").mkdir(parents=True)
    workshop.environment["REKINDLE_CONTRACT_PATH"] = str(folder)
    places = {
        "orders": folder / "input_orders.parquet",
        "order_lines": folder / "input_order_lines" / "day=1" / "a.parquet",
    }
    with duckdb.connect() as connection:
        for entity, place in places.items():
            columns = [
                (f"'{FIXTURES / entity}.csv'" and name)
                if name != "order_date"
                else "cast(ordered_at as date) as order_date"
                for name, _ in promised(entity)
            ]
            connection.execute(
                f"copy (select {', '.join(columns)} from read_csv('{FIXTURES / entity}.csv', all_varchar = true) "
                f"where order_id like 'rita%') to '{place}' (format parquet)"
            )
    return workshop


def test_contract_shaped_parquet_is_read_and_what_is_not_there_is_empty(parquet: Workshop) -> None:
    must(build(parquet, "input_orders", "input_order_lines", "input_web_events"))
    with duckdb.connect(str(parquet.warehouse), read_only=True) as warehouse:
        counts = warehouse.execute(
            "select (select count(*) from input.input_orders), (select count(*) from input.input_order_lines), "
            "(select count(*) from input.input_web_events)"
        ).fetchall()
    assert counts == [(19, 18, 0)]


@pytest.mark.parametrize("versions", [("is_proxy_open",), ("is_machine",), ("is_proxy_open", "is_machine")])
def test_files_of_version_1_are_read_also_beside_files_of_version_2(parquet: Workshop, versions: Sequence[str]) -> None:
    """In a folder whose name would end a text of SQL."""
    folder = Path(parquet.environment["REKINDLE_CONTRACT_PATH"])
    quoted = folder.with_name("o'brien's contract")
    shutil.rmtree(quoted, ignore_errors=True)
    folder.rename(quoted)
    parquet.environment["REKINDLE_CONTRACT_PATH"] = str(quoted)
    (quoted / "input_message_events").mkdir()
    for number, column in enumerate(versions):
        duckdb.sql(
            "select 'esp' as source_system, message_id, event_type, cast('2024-03-01' as timestamp) as occurred_at, "
            "cast('2024-03-01' as date) as occurred_date, '' as link_tag, "
            f"cast('2024-03-02' as timestamp) as extracted_at, is_it as {column} "
            f"from (values ('{column}', 'opened', true), ('{column}', 'clicked', false)) "
            "as events (message_id, event_type, is_it)"
        ).write_parquet(str(quoted / "input_message_events" / f"it's {number}.parquet"))
    must(build(parquet, "input_message_events", "input_orders"))
    with duckdb.connect(str(parquet.warehouse), read_only=True) as warehouse:
        events = warehouse.execute(
            "select message_id, event_type, is_machine from input.input_message_events order by message_id, event_type"
        ).fetchall()
        orders = warehouse.execute("select count(*) from input.input_orders").fetchall()
    assert events == [row for each in sorted(versions) for row in ((each, "clicked", False), (each, "opened", True))]
    assert orders == [(19,)]
    said = must(parquet.dbt("run-operation", "print_contract_gaps", "--vars", "{connector: parquet}"))
    assert ("message_events.is_machine (is_proxy_open is read)" in said.text) == ("is_proxy_open" in versions)
    assert ("Files of version 1 of the input contract" in said.text) == ("is_proxy_open" in versions)


def test_a_column_that_one_file_of_a_folder_lacks_is_named_with_its_file(parquet: Workshop) -> None:
    folder = Path(parquet.environment["REKINDLE_CONTRACT_PATH"]) / "input_order_lines"
    whole = f"read_parquet('{folder}/day=1/a.parquet', hive_partitioning = false)"
    (folder / "day=2").mkdir()
    duckdb.sql(f"select * exclude (net_amount, margin_amount) from {whole}").write_parquet(f"{folder}/day=2/b.parquet")
    said = build(parquet, "input_order_lines")
    assert said.code != 0
    assert f"{folder}/day=2/b.parquet lacks net_amount: add it, empty where unknown" in said.text


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (
            lambda folder: shutil.rmtree(folder),
            "There is no input_<entity>.parquet in {folder}: set REKINDLE_CONTRACT_PATH to the folder that holds the "
            "contract's files.",
        ),
        (
            lambda folder: (folder / "input_orders.parquet").rename(folder / "input_oders.parquet"),
            "There is no entity input_oders in the input contract, but a file of that name in {folder}: name it after "
            "a model of models/input/_input__models.yml.",
        ),
        (
            lambda folder: duckdb.sql("select 'o1' as order_id, 1 as line_number").write_parquet(
                str(folder / "input_orders.parquet")
            ),
            "{folder}/input_orders.parquet lacks source_system, contact_id, store_id, sales_channel, ordered_at, "
            "order_date, delivered_at, order_status, original_order_id, currency_code, extracted_at: add them, empty "
            "where unknown; models/input/_input__models.yml says what belongs there.",
        ),
    ],
    ids=["no_folder", "misspelt_file", "missing_columns"],
)
def test_parquet_that_is_not_the_contract_is_one_sentence(
    parquet: Workshop, spoil: Callable[[Path], Any], sentence: str
) -> None:
    folder = Path(parquet.environment["REKINDLE_CONTRACT_PATH"])
    spoil(folder)
    said = build(parquet, "input_orders")
    assert said.code != 0
    assert sentence.format(folder=folder) in said.text


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the project to change."""
    for name in ("macros", "models", "seeds", "snapshots", "tests/dbt"):
        shutil.copytree(PROJECT / name, tmp_path / "project" / name)
    for name in ("profiles.yml", "dbt_project.yml", "selectors.yml"):
        shutil.copy(PROJECT / name, tmp_path / "project" / name)
    return tmp_path / "project"


@pytest.mark.parametrize(
    ("line", "declared"), [("contract_version: 1", "version 1"), ("rfm_sector: grocery", "no version")]
)
def test_a_connector_of_another_contract_version_is_one_sentence(
    workshop: Workshop, copied: Path, line: str, declared: str
) -> None:
    """Also when it lacks an entity that is new: dbt would name a model that nobody there has heard of."""
    config = (copied / "dbt_project.yml").read_text(encoding="utf-8")
    old = "    fixture:\n      contract_version: 2\n"
    assert old in config
    (copied / "dbt_project.yml").write_text(config.replace(old, f"    fixture:\n      {line}\n"), encoding="utf-8")
    (copied / "models" / "input" / "fixture" / "input_message_totals.sql").unlink()
    said = workshop.dbt(
        *("build", "--project-dir", str(copied), "--profiles-dir", str(copied), "--vars", "{connector: fixture}")
    )
    assert said.code != 0
    assert (
        f"Connector 'fixture' declares {declared} of the input contract and version 2 is read here: follow 'From "
        "version 1' in docs/contract-version-2.md, then write contract_version: 2 below the connector in "
        "connector_settings of dbt_project.yml."
    ) in said.text
    assert not workshop.warehouse.exists()


def test_a_time_zone_that_is_none_is_one_sentence_before_the_project_is_read(workshop: Workshop) -> None:
    # what another test has parsed would be read instead
    said = workshop.dbt(
        "parse", "--no-partial-parse", "--vars", "{connector: fixture, business_timezone: Europe/Bruxelles}"
    )
    assert said.code != 0
    told = "business_timezone 'Europe/Bruxelles' is no time zone: it must be an IANA name such as Europe/Paris."
    assert told in said.text


def test_a_stranger_can_follow_the_connector_guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks and commands of the guide, on raw files of three customers, give the rows that they promise."""
    page = "docs/connector-guide.md"
    place = clone(tmp_path / "rekindle", "acme")
    guide = (PROJECT / page).read_text(encoding="utf-8")
    [settings] = re.findall(r"```yaml\n( +acme:\n.*?)```", guide, re.DOTALL)
    # two of these few rows are bad, all are of 2024, and the first build has no entity yet
    settings += '      max_rejected_share: 0.5\n      default_as_of: "2024-06-01"\n'
    [entities] = re.findall(r"entities: \[.+?\]", settings)
    project = place.root / "dbt_project.yml"
    config = project.read_text(encoding="utf-8")

    def connect(settings: str) -> None:
        project.write_text(config.replace("    empty:\n", f"{settings}    empty:\n"), encoding="utf-8")

    def follow(line: str) -> str:
        said = place.run(line)
        assert [each.code for each in said] == [0] * len(said), said
        return "".join(each.text for each in said)

    folders, first_build, build, look, facts, propose, propose_clusters = commands(page)
    follow(folders)
    connect(settings.replace(entities, "entities: []"))
    follow(first_build)
    connect(settings)
    blocks = re.findall(r"```\w+\n(?:--|#) (models/\S+)\n(.*?)```", guide, re.DOTALL)
    assert len(blocks) == 9
    for path, text in blocks:
        assert (place.root / path).parent.is_dir()
        (place.root / path).write_text(text, encoding="utf-8")
    raw = place.installation / "data" / "raw"
    raw.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute(
            "copy (select * from (values "
            "('007', 'anna@example.com', '0470 00 00 07', 'Anna', '1985-07-04', 'Y', '2023-01-10', '2022-05-01'), "
            "('008', 'n/a', null, 'Ben', '04/07/1985', 'N', '2023-01-10 09:00', '2022-05-02 10:00'), "
            "('009', null, null, 'Cleo', null, null, null, '2022-05-03 10:00')) "
            "as t(card_no, mail, mobile, first_name, birthday, mailing_allowed, mailing_changed, created), "
            f"(select '2024-06-01 06:00' as exported)) to '{raw}/customers.parquet'"
        )
        connection.execute(
            "copy (select * from (values "
            "('1', '007', 's1', 'jacket', 'S', null, 'EUR', '1', '1', '100', '5', '85', '2024-05-31 23:30'), "
            "('1', '007', 's1', 'scarf', 'S', null, 'EUR', '2', '2', '40', '0', '40', '2024-05-31 23:30'), "
            "('2', '007', 's1', 'scarf', 'R', '1', 'EUR', '1', '-1', '-20', '0', '-20', '2024-05-31 23:40'), "
            "('3', '', 's1', 'scarf', 'S', null, 'EUR', '1', '1', '20', '0', '20', '2024-05-30 12:00'), "
            "('4', '008', 's1', 'scarf', 'X', null, 'EUR', '1', '1', '20', '0', '20', '2024-05-30 12:00')) "
            "as t(receipt_no, card_no, shop_no, article_no, receipt_type, original_receipt_no, currency, line_no, qty, "
            "list_amount, coupon_amount, paid_amount, sold), "
            f"(select '2024-06-01 06:00' as exported)) to '{raw}/sales.parquet'"
        )
    # as a spreadsheet saves them in Western Europe: one file per month, the second joined from two
    (raw / "purchases_05.csv").write_bytes(
        "receipt;card;shop;paid;bought\n1;'007;Café;1.234,50;2024-05-31T23:30:00+02:00\n".encode("latin-1")
    )
    (raw / "purchases_06.csv").write_bytes(
        'receipt;card;paid;bought;note\n2;008;-5,00;2024-06-01 04:04:00 -0400;"two\nlines; été"\n'
        "receipt;card;paid;bought;note\n3;009;7,25;2024-06-01 04:04:00;\n".encode("latin-1")
    )
    # what may be said besides: in the place of the table as it was declared first
    [expected] = re.findall(r"```yaml\n(      - name: sales\n.*?expect:.*?)```", guide, re.DOTALL)
    [sources] = [place.root / path for path, text in blocks if "      - name: sales\n" in text]
    declared = sources.read_text(encoding="utf-8")
    sources.write_text(declared[: declared.index("      - name: sales\n")] + expected, encoding="utf-8")
    follow("python scripts/check_sources.py --connector acme")
    sources.write_text(declared, encoding="utf-8")
    follow(build)
    assert "unreadable_email" in follow(look)
    follow(facts)
    assert follow(propose).count("acme,1,") == 8
    assert follow(propose_clusters).count("acme,1,") == 2
    database = place.installation / "warehouse" / "build.duckdb"
    monkeypatch.chdir(place.root)  # views name the raw files from there
    with duckdb.connect(str(database), read_only=True) as warehouse:
        orders = warehouse.execute(
            "select order_id, contact_id, order_status, original_order_id, cast(ordered_at as varchar), "
            "cast(order_date as varchar) from intake.intake_orders order by order_id"
        ).fetchall()
        lines = warehouse.execute(
            "select order_id, line_number, cast(discount_amount as integer), cast(net_amount as integer) "
            "from intake.intake_order_lines order by 1, 2"
        ).fetchall()
        rejected = warehouse.execute(
            "select entity, reason, column_name, rejected_rows from quality.rejected_row_summary order by 1, 2"
        ).fetchall()
        consents = warehouse.execute("select contact_id, status from intake.intake_consents order by 1").fetchall()
        purchases = warehouse.execute(
            "select receipt, contact_id, cast(net_amount as varchar), cast(ordered_at as varchar) "
            "from staging.stg_acme_crm__purchases order by 1"
        ).fetchall()
    assert purchases == [
        ("1", "007", "1234.50", "2024-05-31 21:30:00"),
        ("2", "008", "-5.00", "2024-06-01 08:04:00"),
        ("3", "009", "7.25", None),
    ]
    assert orders == [
        ("s1-1", "007", "completed", None, "2024-05-31 21:30:00", "2024-05-31"),
        ("s1-2", "007", "returned", "s1-1", "2024-05-31 21:40:00", "2024-05-31"),
        ("s1-3", None, "completed", None, "2024-05-30 10:00:00", "2024-05-30"),
    ]
    assert lines == [("s1-1", 1, 10, 85), ("s1-1", 2, 0, 40), ("s1-2", 1, 0, -20), ("s1-3", 1, 0, 20)]
    assert rejected == [
        ("contacts", "unreadable_email", "email", 1),
        ("order_lines", "unknown_order", "order_id", 1),
        ("orders", "not_in_list", "order_status", 1),
    ]
    assert consents == [("007", "granted"), ("008", "withdrawn")]
