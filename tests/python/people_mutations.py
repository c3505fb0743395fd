"""Every rule about who may be written to, broken once in the project: the worlds must see each.

python tests/python/people_mutations.py [--people 3000] [--only WORD]
"""

import argparse
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

import duckdb
from people_project import AS_OF, Sent, call, copy_project, run, write_contract
from people_worlds import END_OF_AS_OF, People, differences, people
from permission_oracle import Oracle, Settings

PERMISSIONS = "models/identity/address_permissions.sql"
WORDS = "models/identity/contact_words.sql"
UNREADABLE = "models/intake/intake_unreadable_noes.sql"
ADDRESSES = "models/hub/contact_addresses.sql"


@dataclass(frozen=True)
class Mutation:
    """A rule, and the text that breaks it in one file; `double_opt_in` is the setting in which it shows."""

    rule: str
    file: str
    text: str
    broken: str
    double_opt_in: bool = False


MUTATIONS = [
    Mutation(
        "the latest words count, not the first ones",
        PERMISSIONS,
        "max({{ column }}) over (",
        "min({{ column }}) over (",
    ),
    Mutation("of a yes and a no at one instant the no wins", PERMISSIONS, "<= denied_at then", "< denied_at then"),
    Mutation("of a yes and a stop at one instant the no wins", PERMISSIONS, "<= stopped_at then", "< stopped_at then"),
    Mutation(
        "a no closes the person at other addresses",
        PERMISSIONS,
        "and (latest_denial_at is null or granted_at > latest_denial_at)",
        "and true",
    ),
    Mutation(
        "a stop closes the person at other addresses",
        PERMISSIONS,
        "and (latest_stop_at is null or granted_at > latest_stop_at)",
        "and true",
    ),
    Mutation(
        "a yes elsewhere does not lift an unreadable no",
        PERMISSIONS,
        "latest_doubt_at is null\n        and",
        "standing_doubt_at is null\n        and",
    ),
    Mutation(
        "a no at a shared address holds for whoever shares it",
        PERMISSIONS,
        "and standing_denial_by_others_at is null\n",
        "and true\n",
    ),
    Mutation(
        "a yes that was never confirmed says nothing",
        WORDS,
        "                else 'note'\n            end as word",
        "                else 'yes'\n            end as word",
        double_opt_in=True,
    ),
    Mutation(
        "a yes counts as said when it was given, not when it was confirmed",
        WORDS,
        "        moments.changed_at as said_at,",
        "        moments.heard_at as said_at,",
        double_opt_in=True,
    ),
    Mutation(
        "a word is about the address that it names",
        WORDS,
        "coalesce(addressed_moments.named_key, own_addresses.address_key)",
        "coalesce(own_addresses.address_key, addressed_moments.named_key)",
    ),
    Mutation(
        "a yes at an address that cannot be read opens nothing",
        WORDS,
        "when addressed_moments.word = 'yes' and addressed_moments.names_something_unreadable then 'note'",
        "when false then 'note'",
    ),
    Mutation(
        "a record changed after a stop may have held another address",
        WORDS,
        "        stops.was_changed_since\n",
        "        false\n",
    ),
    Mutation(
        "an unknown record closes the address that it names",
        WORDS,
        "or addressed_doubts.record_id is null",
        "and addressed_doubts.record_id is not null",
    ),
    Mutation(
        "at a switchboard each record speaks for itself",
        WORDS,
        "            when contact_identifiers.is_over_shared\n",
        "            when false\n",
    ),
    Mutation(
        "a consent that cannot be read and could be a no closes",
        UNREADABLE,
        "where coalesce(lower(trim(consents.status)), '') <> 'granted'",
        "where false",
    ),
    Mutation(
        "a consent without a status could be a no",
        UNREADABLE,
        "where coalesce(lower(trim(consents.status)), '') <> 'granted'",
        "where lower(trim(consents.status)) <> 'granted'",
    ),
    Mutation(
        "an event that cannot be read and could be a stop closes",
        UNREADABLE,
        "        coalesce(lower(trim(message_events.event_type)), '') not in (",
        "        false and coalesce(lower(trim(message_events.event_type)), '') not in (",
    ),
    Mutation(
        "without a channel that can be read a no is about all",
        UNREADABLE,
        "then consents.channel\n        end as readable_channel",
        "then consents.channel\n            else 'none'\n        end as readable_channel",
    ),
    Mutation(
        "a row that could only be a yes closes nothing",
        UNREADABLE,
        "where coalesce(lower(trim(consents.status)), '') <> 'granted'",
        "where true",
    ),
    Mutation(
        "an unreadable no counts at its stamp, else at the extraction",
        UNREADABLE,
        "coalesce(readable_at, extracted_at) as said_at",
        "coalesce(readable_at, cast('1990-01-01' as timestamp)) as said_at",
    ),
    Mutation(
        "an address does not work after a hard bounce",
        ADDRESSES,
        "        last_bounces.bounced_at is null\n        or",
        "        true\n        or",
    ),
    Mutation(
        "a record changed after a bounce holds what has not bounced",
        ADDRESSES,
        "where addresses.changed_at <= hard_bounces.occurred_at",
        "where true",
    ),
    Mutation(
        "an address verified after a bounce works",
        ADDRESSES,
        "addresses.verified_at > last_bounces.bounced_at and",
        "false and",
    ),
    Mutation(
        "the declared address is taken first",
        "models/hub/permitted_addresses.sql",
        "            case when is_declared then 0 else 1 end asc nulls last,\n",
        "",
    ),
    Mutation(
        "then the newest verified",
        "models/hub/permitted_addresses.sql",
        "            verified_at desc nulls last,\n",
        "",
    ),
    Mutation(
        "a word after the as-of date is not heard",
        "models/hub/permitted_addresses.sql",
        "where {{ holds_as_of('valid_from', 'valid_to') }}",
        "where valid_to is null",
    ),
    Mutation(
        "whoever asked to be forgotten is erased, with a time or without",
        "models/intake/intake_unreadable_erasure_requests.sql",
        "where all_requests.contact_id is not null",
        "where false",
    ),
    Mutation(
        "a phone alone joins no strangers",
        "models/identity/contact_edges.sql",
        "{%- if not setting('identity_phone_joins_strangers') %}",
        "{%- if setting('identity_phone_joins_strangers') %}",
    ),
    Mutation(
        "what cannot be seen is no part of an address",
        "scripts/rekindle/spelling.py",
        'unicodedata.category(sign) == "Cf" or',
        "",
    ),
    Mutation(
        "composed and decomposed letters are one spelling",
        "scripts/rekindle/spelling.py",
        'unicodedata.normalize("NFC", local_part.lower())',
        "local_part.lower()",
    ),
]


def build_once(told: People, folder: Path, *, double_opt_in: bool) -> None:
    """The unbroken project's warehouse; nothing is published, or the date would be sealed and not decided again."""
    copy_project(folder / "project", double_opt_in=double_opt_in)
    # the worlds are to find it, not the project's own tests
    shutil.rmtree(folder / "project" / "tests" / "dbt" / "integrity")
    write_contract(told.world, folder / "contract")
    run(folder, "--no-publish")
    shutil.copy(folder / "warehouse" / "build.duckdb", folder / "unbroken.duckdb")


def seen(mutation: Mutation | None, told: People, folder: Path, *, double_opt_in: bool) -> str:
    """What the worlds say of the audience of a project with one rule broken; only what depends on it is built anew."""
    if mutation is not None:
        file = folder / "project" / mutation.file
        whole = file.read_text(encoding="utf-8")
        assert whole.count(mutation.text) == 1, mutation.rule
        file.write_text(whole.replace(mutation.text, mutation.broken), encoding="utf-8")
        try:
            if file.suffix == ".sql":
                shutil.copy(folder / "unbroken.duckdb", folder / "warehouse" / "build.duckdb")
                variables = f"{{connector: parquet, as_of_date: '{AS_OF}'}}"
                selected = f"{file.stem}+,+audience_members"
                call(folder, "-m", "dbt.cli.main", "run", "--select", selected, "--vars", variables)
            else:
                run(folder, "--no-publish")
        finally:
            file.write_text(whole, encoding="utf-8")
    with duckdb.connect(str(folder / "warehouse" / "build.duckdb"), read_only=True) as connection:
        columns = ", ".join(f"coalesce({name}, '')" for name in Sent.__annotations__)
        rows = connection.execute(f"select {columns} from audiences.audience_members").fetchall()
    oracle = Oracle(told.world, Settings(END_OF_AS_OF, double_opt_in))
    found, _ = differences(told, [Sent(*row) for row in rows], oracle)
    return f"{len(found)} differences" if found else "NOT SEEN"


def main() -> None:
    """Break each rule and say what the worlds see of it; ends with 1 when something is not seen."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--people", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=20240701)
    parser.add_argument("--only", default="", help="rules with this word")
    given = parser.parse_args()
    told = people(given.people, given.seed)
    unseen = 0
    for double_opt_in in (False, True):
        chosen = [each for each in MUTATIONS if given.only in each.rule and each.double_opt_in == double_opt_in]
        if not chosen:
            continue
        with tempfile.TemporaryDirectory(prefix="rekindle-mutations-") as temporary:
            build_once(told, Path(temporary), double_opt_in=double_opt_in)
            print(f"nothing broken: {seen(None, told, Path(temporary), double_opt_in=double_opt_in)}", flush=True)
            for mutation in chosen:
                started = time.monotonic()
                result = seen(mutation, told, Path(temporary), double_opt_in=double_opt_in)
                unseen += result == "NOT SEEN"
                print(f"{mutation.rule}: {result} ({time.monotonic() - started:.0f} s)", flush=True)
    sys.exit(unseen > 0)


if __name__ == "__main__":
    main()
