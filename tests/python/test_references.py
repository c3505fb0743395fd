"""Foreign keys of published tables: all are declared, a lost one is found, and the published file tells of them."""

import re
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
import yaml
from compiled import CompiledModels

from rekindle.ground import rules
from rekindle.ground.paths import PROJECT

FOUND = "star_every_reference_finds_its_row"
# a column of this name, also behind a word that says which one, names a row of that table
NAMES = {
    "profile_id": "profiles.profile_id",
    "order_id": "fct_orders.order_id",
    "store_id": "dim_stores.store_id",
    "product_id": "dim_products.product_id",
    "campaign_id": "dim_campaigns.campaign_id",
    "offer_id": "dim_offers.offer_id",
    "assignment_id": "fct_coupons.assignment_id",
    "segment": "dim_segments.segment",
    "closed_gate": "dim_gates.closed_gate",
    "scenario_id": "dim_scenarios.scenario_id",
}
# what is kept, or tells of what is kept, names people as they were then
AS_IT_WAS = {
    *("rfm_published", "rfm_monthly", "rfm_restatements", "rfm_current", "segment_moves", "profile_segments"),
    *("silence_published", "silence_current", "traits_published", "traits_current", "value_published", "value_current"),
    *("scenario_decisions", "experiment_assignments"),
}
# in the demo, or wherever a retailer has anonymous orders
MAY_BE_NULL = {
    *("dim_offers.campaign_id", "coupons_available.campaign_id", "fct_messages.campaign_id"),
    *("fct_web_events.campaign_id", "fct_web_events.product_id", "fct_orders.profile_id", "fct_order_lines.profile_id"),
    *("fct_benefits.order_id", "fct_carts.order_id", "fct_loyalty_movements.order_id", "fct_service_events.order_id"),
    *("fct_coupons.first_redemption_order_id", "fct_offer_redemptions.order_id"),
    *("fct_offer_redemptions.assignment_id", "dim_profiles.preferred_store_id", "profile_appetencies.usual_store_id"),
    *("segment_moves.from_segment", "dim_profiles.rfm_segment", "dim_campaigns.scenario_id"),
    "reactivation_summary.scenario_id",
}
NO_REFERENCE = {
    # the order that is returned may be older than the data
    ("fct_orders", "original_order_id"),
    # `none` of whoever had no segment before
    ("segment_transitions", "from_segment"),
    # the newest rows of rfm_published, and what the rows of a restatement compare
    ("rfm_current", "segment"),
    ("rfm_restatements", "published_segment"),
    ("rfm_restatements", "restated_segment"),
    # an offer of then
    ("scenario_decisions", "offer_id"),
}


def public_columns() -> Iterator[tuple[str, str]]:
    """Every column of the published tables, as the pages beside the models describe them."""
    exposures = yaml.safe_load((PROJECT / "models" / "_exposures.yml").read_text(encoding="utf-8"))["exposures"]
    published = set(re.findall(r"ref\('(\w+)'\)", str(exposures[0]["depends_on"])))
    for page in (PROJECT / "models").glob("*/*.yml"):
        described: list[dict[str, Any]] = yaml.safe_load(page.read_text(encoding="utf-8")).get("models", [])
        for model in described:
            if model["name"] in published:
                for column in model.get("columns", []):
                    yield model["name"], column["name"]


def test_every_column_that_names_a_row_of_another_table_is_declared() -> None:
    declared = {child: parent for parent, children in rules.references().items() for child in children}
    named = {}
    for table, column in public_columns():
        for word, parent in NAMES.items():
            is_named = column == word or column.endswith(f"_{word}")
            of_a_person_then = word == "profile_id" and table in AS_IT_WAS
            if is_named and parent != f"{table}.{column}" and not of_a_person_then:
                named[f"{table}.{column}"] = parent
    exempt = {f"{table}.{column}" for table, column in NO_REFERENCE}
    assert exempt <= set(named), "an exemption of nothing"
    dates = {child for child, parent in declared.items() if parent == "dim_dates.calendar_date"}
    assert {each: parent for each, parent in declared.items() if each not in dates} == {
        each: parent for each, parent in named.items() if each not in exempt
    }


@pytest.fixture(scope="module")
def lost() -> CompiledModels:
    return CompiledModels([FOUND], {})


def test_a_key_that_leads_nowhere_is_found_in_whichever_table(lost: CompiledModels) -> None:
    references, theirs = rules.references(), set(rules.told_only())
    assert theirs < {child for children in references.values() for child in children}
    columns: dict[str, set[str]] = {}
    for place in (*references, *(child for children in references.values() for child in children)):
        table, column = place.split(".")
        columns.setdefault(table, set()).add(column)
    with duckdb.connect() as connection:
        for table, held in columns.items():
            kinds = [f"{column} {'date' if column.endswith('_date') else 'varchar'}" for column in sorted(held)]
            connection.execute(f"create table {table} ({', '.join(kinds)})")
            connection.execute(f"insert into {table} ({', '.join(held)}) values ({', '.join(['null'] * len(held))})")
        assert lost.rows(connection, FOUND) == [], "null is no key"
        for parent, children in references.items():
            for child in children:
                table, column = child.split(".")
                value = "2024-02-29" if column.endswith("_date") else "lost"
                connection.execute(f"insert into {table} ({column}) values ('{value}')")
                found: dict[str, int] = dict(lost.rows(connection, FOUND))
                assert found.pop(child, 0) == (0 if child in theirs else 1)
                # what is not there is missed by whoever names it, and by nobody else
                assert not found, parent
                connection.execute(f"delete from {table} where {column} is not null")


def test_a_reference_that_may_be_null_says_what_that_means() -> None:
    """No row of a dimension stands for nobody or nothing: a null does, and the comment says of what."""
    pages = (yaml.safe_load(page.read_text(encoding="utf-8")) for page in (PROJECT / "models").glob("*/*.yml"))
    models = [model for page in pages for model in page.get("models", [])]
    described = {
        f"{model['name']}.{column['name']}": column["description"]
        for model in models
        for column in model.get("columns", [])
    }
    assert {name for name in MAY_BE_NULL if "null" not in described[name].lower()} == set()
    assert {child for children in rules.references().values() for child in children} >= MAY_BE_NULL
