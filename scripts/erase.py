"""Forgets a person: `python scripts/erase.py --contact till:123`, with `--yes` in earnest. See docs/privacy.md."""

import datetime
from collections.abc import Iterable, Mapping
from functools import reduce
from operator import or_

import click

from rekindle.forget import blocking
from rekindle.forget.blocking import Request
from rekindle.forget.erasing import ADVICE, erase, waiting_feeds
from rekindle.forget.finding import Warehouse, contact_named, opened
from rekindle.forget.in_lake import LakeWarehouse
from rekindle.forget.looking import look_for
from rekindle.forget.people import People
from rekindle.ground import paths
from rekindle.ground.errors import RekindleError
from rekindle.ground.screen import counted, say
from rekindle.ground.settings import setting
from rekindle.run import installation


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--profile", metavar="ID", help="The person with this profile id, today's or an earlier one.")
@click.option("--contact", metavar="SOURCE:ID", help="The person this contact record belongs to.")
@click.option("--requests", is_flag=True, help="Everybody who asked, in input_erasure_requests or here before.")
@click.option("--purge", is_flag=True, help="Everybody on the lists of hygiene scenarios, such as retention_purge.")
@click.option("--now", is_flag=True, help="Do not wait for platforms to acknowledge that they removed the person.")
@click.option("--yes", is_flag=True, help="Carry it out; without it, only say what would happen.")
@installation.CONNECTOR
def main(
    profile: str | None, contact: str | None, requests: bool, purge: bool, now: bool, yes: bool, connector: str | None
) -> None:
    """Take a person out of warehouse, publications, backups and exports, and keep them out.

    First the removal goes out to every platform that ever received the person; when all have acknowledged it, or after
    erasure_max_wait_days, or with --now, everything is erased. Until then the request is remembered.
    """
    if sum([profile is not None, contact is not None, requests, purge]) != 1:
        raise RekindleError("Name one: --profile ID, --contact SOURCE:ID, --requests, or --purge.")
    installation.enter(connector)
    kind = LakeWarehouse if paths.on_spark() else Warehouse
    with installation.only_command(), opened(paths.warehouse(), ADVICE, kind) as warehouse:
        if requests:
            wanted = _everybody(warehouse)
        elif purge:
            wanted = [_one(warehouse, listed, None) for listed in warehouse.purge_list()]
        else:
            wanted = [_one(warehouse, profile, contact)]
        if not wanted:
            say(f"Nobody who {'is to be deleted' if purge else 'asked to be forgotten'} is left in the warehouse.")
            return
        patience = datetime.timedelta(days=int(setting("erasure_max_wait_days", warehouse.connector)))
        ready: list[tuple[Request, People]] = []
        waiting: list[tuple[Request, People]] = []
        for request, person in wanted:
            feeds = waiting_feeds(warehouse, person)
            is_late = request.requested_at.date() + patience <= warehouse.as_of
            if feeds:
                say(f"Not acknowledged  asked {request.requested_at.date()}, sent by {', '.join(feeds)}")
            (ready if now or is_late or not feeds else waiting).append((request, person))
        if not yes:
            everybody = reduce(or_, (person for _, person in wanted))
            _tell("Found", everybody, look_for(warehouse, everybody).lines())
            _tell_raw(warehouse.raw_counts(everybody))
            say(f"{len(ready)} of {len(wanted)} can be erased now; nothing was changed. --yes carries it out.")
            return
        key = blocking.erasure_key()
        # those who wait stand in input_erasure_requests still; of the others nobody might know after a kill
        remembered = ready if requests else [*ready, *waiting]
        open_requests = {*blocking.own_requests(), *(request for request, _ in remembered)}
        blocking.write_requests(open_requests)
        if ready:
            people = reduce(or_, (person for _, person in ready))
            raw = warehouse.raw_counts(people)
            _tell("Erased", people, erase(warehouse, people, key).lines())
            _tell_raw(raw)
            blocking.write_requests(
                each for each in open_requests if (each.source_system, each.contact_id) not in people.contacts
            )
            say("Programs that hold the old warehouse or publication open keep it until they close it.")
            say("Copies elsewhere (backups on other machines, files that were handed over) are yours to erase.")
        if waiting:
            say(
                f"Waiting     {len(waiting)} remembered: suppressed from the next build on, removed by the next "
                "export. Acknowledge that and call this again with --requests, or use --now."
            )


def _one(warehouse: Warehouse, profile: str | None, contact: str | None) -> tuple[Request, People]:
    person = warehouse.person(str(profile)) if contact is None else warehouse.person_of(*contact_named(contact))
    if not person.profile_ids:
        raise RekindleError(
            "The warehouse knows nobody by that name: look it up in identity.contact_profiles. "
            "(Somebody who was erased is not known any more.)"
        )
    source_system, contact_id = min(person.contacts)
    known = {(each.source_system, each.contact_id): each for each in blocking.own_requests()}
    today = datetime.datetime.combine(warehouse.as_of, datetime.time())
    request = known.get((source_system, contact_id), Request(source_system, contact_id, today))
    return request, person


def _everybody(warehouse: Warehouse) -> list[tuple[Request, People]]:
    """Open requests with their person; one request per person, the oldest. Who was erased before is left out."""
    found: dict[frozenset[tuple[str, str]], tuple[Request, People]] = {}
    own = set(blocking.own_requests())
    for request in warehouse.requests():
        person = warehouse.person_of(request.source_system, request.contact_id)
        is_done = not person.profile_ids and request not in own and _is_erased(person)
        if not is_done:
            found.setdefault(person.contacts, (request, person))
    return list(found.values())


def _is_erased(person: People) -> bool:
    return blocking.tokens_file().exists() and all(
        blocking.has_token(blocking.erasure_key(), each) for each in person.token_names
    )


def _tell(verb: str, people: People, lines: Iterable[str]) -> None:
    records, ids = counted(len(people.contacts), "contact record"), counted(len(people.profile_ids), "profile id")
    say(f"{verb:<12}{records}, {ids}")
    for line in lines:
        say(f"  {line}")


def _tell_raw(counts: Mapping[str, int]) -> None:
    rows = ", ".join(f"{view} {count:,}" for view, count in counts.items() if count)
    say(f"  raw data: {rows or 'no rows'} (not touched: they stay out by their tokens)")


if __name__ == "__main__":
    main()
