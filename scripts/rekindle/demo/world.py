"""Generates the demo's raw tables in a DuckDB connection. The SQL lies in `sql/`, run in the order of the file names.

Free of look-ahead: a synthetic row of instant t depends on draws (md5 of a seed and a key) and on what the data set
holds up to t. `cut_at` (a UTC stamp as text) hides the data set from there on, so that a test can compare what lies
before.
"""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from rekindle.ground.quoting import text

SQL_FOLDER = Path(__file__).with_name("sql")

PACKAGE_TABLES = (
    "transactions",
    "products",
    "campaigns",
    "campaign_descriptions",
    "coupons",
    "coupon_redemptions",
    "demographics",
)


@dataclass(frozen=True)
class RawTable:
    """One raw file: where it goes, the order of its rows (a unique one), the instant (UTC) of a row if it has one."""

    schema: str
    name: str
    order_by: str
    time_column: str | None = None

    @property
    def relation(self) -> str:
        """Its name in the connection."""
        return f"{self.schema}.{self.name}"

    @property
    def file(self) -> str:
        """Its path below `raw/`."""
        return f"{self.schema}/{self.name}.parquet"


RAW_TABLES = (
    RawTable("completejourney", "transactions", "transaction_timestamp, basket_id, line_number"),
    RawTable("completejourney", "products", "product_id"),
    RawTable("completejourney", "campaigns", "campaign_id, household_id"),
    RawTable("completejourney", "campaign_descriptions", "campaign_id"),
    RawTable("completejourney", "coupons", "campaign_id, coupon_upc, product_id"),
    RawTable("completejourney", "coupon_redemptions", "redemption_date, household_id, campaign_id, coupon_upc"),
    RawTable("completejourney", "demographics", "household_id"),
    RawTable("synthetic", "till_members", "household_id", "enrolled_at"),
    RawTable("synthetic", "till_archive", "transaction_timestamp, basket_id, line_number", "transaction_timestamp"),
    RawTable("synthetic", "web_accounts", "account_id", "created_at"),
    RawTable(
        "synthetic", "newsletter_subscribers", "subscriber_id, first_name nulls last, subscribed_at", "subscribed_at"
    ),
    RawTable("synthetic", "app_users", "app_user_id", "installed_at"),
    RawTable("synthetic", "callers", "caller_id", "first_called_at"),
    RawTable("synthetic", "social_contacts", "entrant_id", "entered_at"),
    RawTable("synthetic", "identity_links", "linked_at, source_system, contact_id", "linked_at"),
    RawTable("synthetic", "stores", "store_id"),
    RawTable("synthetic", "order_channels", "basket_id", "ordered_at"),
    RawTable("synthetic", "offer_assignments", "assigned_at, assignment_id", "assigned_at"),
    RawTable("synthetic", "redemption_baskets", "redeemed_at, redemption_id", "redeemed_at"),
    RawTable(
        "synthetic",
        "consents",
        "changed_at, source_system, contact_id, channel, purpose, status",
        "changed_at",
    ),
    RawTable(
        "synthetic",
        "contact_preferences",
        "declared_at, source_system, contact_id, preference_type, preference_value",
        "declared_at",
    ),
    RawTable("synthetic", "erasure_requests", "requested_at, source_system, contact_id", "requested_at"),
    RawTable("synthetic", "marketing_campaigns", "start_date, campaign_id, route"),
    RawTable("synthetic", "marketing_offers", "offer_id"),
    RawTable("synthetic", "media_results", "result_date, campaign_id, route", "result_date"),
    RawTable("synthetic", "messages", "sent_at, message_id", "sent_at"),
    RawTable(
        "synthetic",
        "message_events",
        "occurred_at, message_id, event_type, link_tag, is_machine",
        "occurred_at",
    ),
    RawTable("synthetic", "web_events", "occurred_at, event_id", "occurred_at"),
    RawTable("synthetic", "carts", "updated_at, cart_id", "updated_at"),
    RawTable("synthetic", "loyalty_movements", "occurred_at, movement_id", "occurred_at"),
    RawTable("synthetic", "service_events", "occurred_at, event_id", "occurred_at"),
    RawTable("synthetic", "contracts", "start_date, contract_id", "start_date"),
    RawTable("synthetic", "product_attributes", "product_id"),
    RawTable("synthetic", "product_availability", "changed_at, product_id", "changed_at"),
    RawTable("synthetic", "_truth_people", "source_system, contact_id"),
)


def generate(
    con: duckdb.DuckDBPyConnection,
    package_folder: Path,
    cut_at: str | None = None,
    seed: str | None = None,
    trait: bool = True,
    archive: bool = True,
    until: str | None = None,
) -> None:
    """Make every raw table in `con`, in the schemas `completejourney` (real) and `synthetic`.

    Another seed draws another world; without `trait` everybody reads alike, so that nothing tells who will come back;
    without `archive` there are no past customers. `until` names the last script: what the later ones make is
    left out.
    """
    con.execute("set TimeZone = 'UTC'")
    for table in PACKAGE_TABLES:
        con.execute(f"set variable {table} = ?", [str(package_folder / f"{table}.parquet")])
    if cut_at is not None:
        con.execute("set variable cut_at = ?", [cut_at])  # read back as a timestamp by the macro cut_at()
    if seed is not None:
        con.execute("set variable seed = ?", [seed])
    con.execute("set variable trait = ?", [trait])
    con.execute("set variable archive = ?", [archive])
    for script in sorted(SQL_FOLDER.glob("*.sql")):
        con.execute(script.read_text(encoding="utf-8"))
        if script.stem == until:
            return


def write(con: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, int]:
    """Write each raw table as Parquet below `folder`; the rows per file. The same tables give the same bytes."""
    rows = {}
    # one thread: how rows are cut into row groups must not depend on which thread was faster
    con.execute("set threads = 1")
    for table in RAW_TABLES:
        path = folder / table.file
        path.parent.mkdir(parents=True, exist_ok=True)
        ordered = f"select * from {table.relation} order by {table.order_by}"
        con.execute(f"copy ({ordered}) to {text(path)} (format parquet, compression zstd)")
        counted = con.execute(f"select count(*) from {table.relation}").fetchone()
        rows[table.file] = int(counted[0]) if counted else 0
    return rows
