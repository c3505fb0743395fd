"""Late noes beside a build: whoever it would close because of a no is closed by the late check already."""

import csv
import json
import random
import shutil
from dataclasses import asdict
from pathlib import Path

from conftest import PEOPLE, PEOPLE_SEED, ExportedPeople, built_once
from consent_cases import tell_all
from people_project import CONTRACT, Row, Sent, World, build_and_export, late_noes
from people_worlds import PROVIDERS, people

HARMLESS = ("delivered", "opened", "clicked", "bounced_hard", "bounced_soft", "not_sent")
# complaints rest a mailbox provider for everybody: no late no does
OF_PROVIDERS = tuple(domain.partition(".")[0] + "_" for domain in PROVIDERS)


def may_be_a_no(entity: str, row: Row) -> bool:
    if entity == "consents":
        return str(row["status"] or "").strip().lower() != "granted"
    if entity == "message_events":
        is_harmless = str(row["event_type"] or "").strip().lower() in HARMLESS
        return not is_harmless and not str(row["message_id"]).startswith(OF_PROVIDERS)
    return entity == "erasure_requests"


def without_half_of_the_noes(world: World, late: Path) -> World:
    """The world without them; they lie in files of `late`."""
    draw = random.Random(PEOPLE_SEED)
    late.mkdir(parents=True)
    kept = dict(world)
    for entity in ("consents", "message_events", "erasure_requests"):
        rows: dict[bool, list[Row]] = {True: [], False: []}
        for row in world[entity]:
            rows[may_be_a_no(entity, row) and draw.random() < 0.5].append(row)
        kept[entity] = rows[False]
        with (late / f"input_{entity}.csv").open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, [name for name, _ in CONTRACT[entity]], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows[True])
        assert len(rows[True]) > 100
    return kept


def test_whoever_a_build_would_close_because_of_a_no_is_left_out_when_it_is_late(
    exported_people: ExportedPeople, shared: Path
) -> None:
    double_opt_in = exported_people.double_opt_in
    told = people(PEOPLE, PEOPLE_SEED)
    tell_all(told.world, told.past, double_opt_in=double_opt_in)

    def build(path: Path) -> None:
        folder = path.with_name("late_people")
        kept = without_half_of_the_noes(told.world, late_noes(folder))
        sent = build_and_export(kept, folder, double_opt_in=double_opt_in, past=told.past)
        shutil.rmtree(folder)
        path.write_text(json.dumps([asdict(row) for row in sent]), encoding="utf-8")

    file = built_once(shared / f"late-people-{double_opt_in}" / "sent.json", build)
    late = {Sent(**row) for row in json.loads(file.read_text(encoding="utf-8"))}
    whole = set(exported_people.sent)
    assert late - whole == set()
    # in doubt more are closed, but not many
    assert len(whole - late) < len(whole) / 5
