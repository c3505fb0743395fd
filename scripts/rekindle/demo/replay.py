"""The demo's world in a replay: it answers what was decided, date by date, before the next date is built."""

import datetime
from pathlib import Path

from rekindle.demo import responses
from rekindle.demo.sending import export_messages


class SimulatedWorld:
    """The e-mail provider and the customers of the demo (rekindle.run.replaying.World)."""

    code: tuple[str, ...] = ("scripts/rekindle/demo",)

    def __init__(self, data: Path) -> None:
        self.data = data

    def is_answer(self, file: Path) -> bool:
        """Whether a raw file was written by the world: it follows from the others and from the code."""
        return responses.is_answer(file)

    def take_back(self) -> None:
        """Empties the world."""
        responses.lay_out(self.data)

    def answer(self, warehouse: Path, as_of: datetime.date) -> None:
        """Exports what was decided as of a date, and plays what comes of it; nothing when it was played before."""
        if not responses.folder_of(self.data, as_of).is_dir():
            exported = export_messages(warehouse, warehouse.parent / "exports", as_of)
            responses.play(self.data, as_of, [exported])
