"""Answers who asks what is held about her: `python scripts/access.py --contact till:123`. See docs/privacy.md."""

from collections.abc import Iterator
from typing import Any

import click

from rekindle.forget import answers, blocking
from rekindle.forget.finding import contact_named, opened
from rekindle.ground import paths
from rekindle.ground.errors import RekindleError
from rekindle.ground.screen import counted, say
from rekindle.run import installation
from rekindle.tell.accessing import answer, is_known
from rekindle.tell.answer_page import page
from rekindle.tell.scope import scope_of


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--profile", metavar="ID", help="The person with this profile id, today's or an earlier one.")
@click.option("--contact", metavar="SOURCE:ID", help="The person this contact record belongs to.")
@click.option("--all", "everything", is_flag=True, help="Tell every record, also those that may be somebody else's.")
@installation.CONNECTOR
def main(profile: str | None, contact: str | None, everything: bool, connector: str | None) -> None:
    """Write everything that is held about a person, as JSON and as a page to read, into the folder access/.

    Records that a phone alone, a household or the weakest of what joins them made hers are counted and left out: they
    may be a neighbour's. --all tells them as well, once you know that they are hers.
    """
    if (profile is None) == (contact is None):
        raise RekindleError("Name one: --profile ID or --contact SOURCE:ID.")
    installation.enter(connector, only_duckdb=True)
    with installation.only_command(), opened(paths.warehouse()) as warehouse:
        start = contact_named(contact) if contact is not None else None
        person = warehouse.person_of(*start) if start is not None else warehouse.person(str(profile))
        if not person.profile_ids and start is not None and blocking.is_erased(warehouse.connection, start):
            rows = sum(warehouse.raw_counts(person).values())
            say("Erased      nothing is held about that record but a keyed token, which keeps it out.")
            say(f"            The retailer's own raw data has {rows:,} rows of it: see to that there.")
            return
        if not (person.profile_ids or (start is not None and is_known(warehouse, person))):
            raise RekindleError(
                "The warehouse knows nobody by that name: look it up in identity.contact_profiles. (Somebody who was "
                f"erased is known by a token only, and that only where {blocking.KEY} is set.)"
            )
        content = answer(warehouse, scope_of(warehouse, person, start, everything=everything))
    folder = answers.put(content, page(content))
    say("\n".join(_told(content)))
    say(f"Written     {paths.shown(folder)}/{folder.name}.html and .json: see who asks, hand them over, remove them.")


def _told(content: dict[str, Any]) -> Iterator[str]:
    """Counts of what is told, and of what is not."""
    about = content["about"]
    yield f"Told        {counted(about['records_told'], 'contact record')} as of {about['as_of_date']}"
    for place, tables in content["held"].items():
        found = {table: counts for table, counts in tables.items() if counts["rows"]}
        rows = sum(counts["rows"] for counts in found.values())
        yield f"{place}: {rows:,} rows in {len(found)} of {len(tables)} tables"
        for table, counts in found.items():
            less = counts["rows"] - counts.get("told", counts["rows"])
            yield f"  {table:<44} {counts['rows']:>7,}" + (f"  {less:,} not told" if less else "")
    for platform in content["platforms"]:
        runs = content["exports"][platform["feed"]]
        identifiers = counted(len(platform["identifiers"]), "identifier")
        yield f"exports/{platform['feed']}: {counted(runs, 'export run')}, {identifiers}"
    for reason, records in about["records_left_out"].items():
        yield f"Left out    {counted(records, 'contact record')}: {reason}; ALL=1 (--all) tells them"


if __name__ == "__main__":
    main()
