"""What leaves the house in a replay: the messages decided as of a date, as a file for the demo's simulated provider."""

import datetime
from pathlib import Path

from rekindle.ground.errors import RekindleError
from rekindle.ground.files import private_files, private_folder, replace_file
from rekindle.ground.quoting import text
from rekindle.ground.warehouse import open_warehouse


def export_messages(warehouse: Path, folder: Path, as_of: datetime.date) -> Path:
    """Writes audiences.audience_members of a warehouse, decided as of that date, to a Parquet file, whole."""
    target = folder / "messages" / f"{as_of}" / "messages.parquet"
    unfinished = target.with_name(".messages.parquet")
    connection = open_warehouse(warehouse, read_only=True)
    try:
        newest = connection.execute("select max(as_of_date) from activation.decisions").fetchone()
        if newest is not None and newest[0] is not None and newest[0] > as_of:
            raise RekindleError(f"{warehouse} has decided up to {newest[0]}: nothing of {as_of} can be sent any more.")
        with private_files():
            private_folder(target.parent)
            connection.execute(
                "copy (select * from audiences.audience_members order by decision_id) "
                f"to {text(unfinished)} (format parquet)"
            )
    finally:
        connection.close()
    replace_file(unfinished, target)
    return target
