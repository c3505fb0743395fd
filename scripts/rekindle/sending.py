"""What leaves the house: the messages that were decided as of a date, as a file for whoever sends them."""

import datetime
import os
from pathlib import Path

from rekindle.errors import RekindleError
from rekindle.warehouse import open_warehouse


def export_messages(warehouse: Path, folder: Path, as_of: datetime.date) -> Path:
    """Writes audiences.audience_members of a warehouse decided as of that date to a Parquet file, whole or not at all."""
    target = folder / "messages" / f"{as_of}" / "messages.parquet"
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = target.with_name(".messages.parquet")
    connection = open_warehouse(warehouse, read_only=True)
    try:
        dates = connection.execute(
            "select distinct as_of_date from activation.decisions where as_of_date = (select max(as_of_date) from activation.decisions)"
        ).fetchone()
        if dates is not None and dates[0] > as_of:
            raise RekindleError(f"{warehouse} has decided up to {dates[0]}: nothing of {as_of} can be sent any more.")
        name = str(unfinished).replace("'", "''")
        connection.execute(
            f"copy (select * from audiences.audience_members order by decision_id) to '{name}' (format parquet)"
        )
    finally:
        connection.close()
    unfinished.chmod(0o600)
    os.replace(unfinished, target)
    return target
