"""The comparison of two engines' warehouses notices whatever differs."""

from pathlib import Path

import duckdb
import pytest

from same_rows import differences

WAREHOUSE = """
create schema core;
create table core.orders (order_id string, net_amount decimal(18,2), share double, ordered_at timestamp);
insert into core.orders values
    ('a', 1.50, 0.1, '2024-06-30 10:00:00'), ('a', 1.50, 0.1, '2024-06-30 10:00:00'), ('b', 2.00, null, null);
create table core.stores (store_id string, is_open boolean);
insert into core.stores values ('north', true), ('south', false);
create schema input;
create table input.input_contacts as select unnest(['rita', 'gert']) as contact_id;
create schema run;
create table run.last_build as select 'digest' as inputs;
create table run.loaded_seeds as select 'digest' as seeds;
create table run.run_log as select 'full' as command_scope;
create view core.dear as select order_id from core.orders where net_amount > 1.60;
"""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            "update core.stores set is_open = null where store_id = 'south'",
            ["core.stores lacks 1 rows and has 1 others; other values in is_open"],
        ),
        (
            "update core.stores set is_open = not is_open",
            ["core.stores lacks 2 rows and has 2 others; other values in no column, but otherwise combined"],
        ),
        (
            "delete from core.orders where rowid = 0",
            ["core.orders lacks 1 rows and has 0 others; other values in order_id, net_amount, share, ordered_at"],
        ),
        (
            "alter table core.stores alter store_id type integer using length(store_id)",
            ["core.stores has other columns: expected store_id VARCHAR, found store_id INTEGER"],
        ),
        (
            "create or replace table core.stores as select is_open, store_id from core.stores",
            ["core.stores has its columns in another order"],
        ),
        ("drop table core.stores", ["core.stores is missing"]),
        ("create table core.more (x integer)", ["core.more is one table too many"]),
        (
            "update core.orders set share = 0.1001",
            ["core.orders lacks 3 rows and has 3 others; other values in share"],
        ),
        # another order of adding up; what is a view here may be stored there
        ("update core.orders set share = 0.1 + 1e-12 where share is not null", []),
        ("drop view core.dear; create table core.dear as select 'b' as order_id", []),
        (
            "drop view core.dear; create table core.dear as select order_id from core.orders",
            ["core.dear lacks 0 rows and has 2 others; other values in order_id"],
        ),
        # a copy of the retailer's rows may lack who was forgotten, and holds nobody who is not there
        ("delete from input.input_contacts where contact_id = 'rita'", []),
        (
            "update input.input_contacts set contact_id = 'eve' where contact_id = 'rita'",
            ["input.input_contacts lacks 1 rows and has 1 others; other values in contact_id"],
        ),
        ("drop table input.input_contacts", ["input.input_contacts is missing"]),
        # what was run, and from what
        ("drop table run.last_build; drop table run.loaded_seeds; insert into run.run_log values ('partial')", []),
    ],
)
def test_what_differs_between_two_warehouses_is_said(tmp_path: Path, change: str, said: list[str]) -> None:
    for name, statements in (("build", WAREHOUSE), ("lake", f"{WAREHOUSE};{change}")):
        with duckdb.connect(str(tmp_path / f"{name}.duckdb")) as connection:
            connection.execute(statements)
    assert differences(tmp_path / "build.duckdb", tmp_path / "lake.duckdb") == said
