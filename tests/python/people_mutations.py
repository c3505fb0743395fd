"""Every rule about who may be written to, broken once in the project: the worlds must see each.

`make mutations` breaks all of them, `make mutations ONLY=stop` those whose sentence has the word.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

import duckdb
import forked
from people_project import AS_OF, Sent, build, copy_project, environment
from people_worlds import Difference, People, differences, oracle_of, people

PERMISSIONS = "models/identity/address_permissions.sql"
WORDS = "models/identity/record_words.sql"
HEARD = "models/identity/contact_words.sql"
DOUBTFUL = "models/identity/doubtful_noes.sql"
UNREADABLE = "models/intake/intake_unreadable_noes.sql"
REQUESTS = "models/intake/intake_unreadable_erasure_requests.sql"
ADDRESSES = "models/identity/record_addresses.sql"
WORKING = "models/hub/contact_addresses.sql"
PERMITTED = "models/hub/permitted_addresses.sql"
PAUSED = "models/hub/paused_mailboxes.sql"
EDGES = "models/identity/contact_edges.sql"
PARTED = "models/identity/surviving_edges.sql"
IDENTIFIERS = "models/identity/contact_identifiers.sql"
SPELLING = "scripts/rekindle/addresses/spelling.py"
PHONES = "scripts/rekindle/addresses/phones.py"


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
        "        moments.said_at,",
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
        "        noes_of_the_record.was_changed_since\n",
        "        false\n",
    ),
    Mutation(
        "an unknown record closes the address that it names",
        DOUBTFUL,
        "        or addressed_noes.record_id is null",
        "        and addressed_noes.record_id is not null",
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
        "where {{ may_be_a_no('message_events.event_type') }}",
        "where false and {{ may_be_a_no('message_events.event_type') }}",
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
        WORKING,
        "        not has_bounced\n        or",
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
        WORKING,
        "verified_at > first_bounced_at",
        "false",
    ),
    Mutation(
        "the declared address is taken first",
        PERMITTED,
        "            case when is_declared then 0 else 1 end asc nulls last,\n",
        "",
    ),
    Mutation(
        "then the newest verified",
        PERMITTED,
        "            verified_at desc nulls last,\n",
        "",
    ),
    Mutation(
        "a word after the as-of date is not heard",
        PERMITTED,
        "where {{ holds_as_of('valid_from', 'valid_to') }}",
        "where valid_to is null",
    ),
    Mutation(
        "whoever asked to be forgotten is erased, with a time or without",
        REQUESTS,
        "    from all_requests\n    where contact_id is not null",
        "    from all_requests\n    where false",
    ),
    Mutation(
        "a phone alone joins no strangers",
        EDGES,
        "{%- if not setting('identity_phone_joins_strangers') %}",
        "{%- if setting('identity_phone_joins_strangers') %}",
    ),
    Mutation(
        "what cannot be seen is no part of an address",
        SPELLING,
        'unicodedata.category(sign) == "Cf" or',
        "",
    ),
    Mutation(
        "composed and decomposed letters are one spelling",
        SPELLING,
        'unicodedata.normalize("NFC", local_part.lower())',
        "local_part.lower()",
    ),
    # --- The words ---
    Mutation(
        "an unsubscription is a no",
        WORDS,
        "where message_events.event_type in ('unsubscribed', 'complained')",
        "where message_events.event_type = 'complained'",
    ),
    Mutation(
        "a complaint is a no",
        WORDS,
        "where message_events.event_type in ('unsubscribed', 'complained')",
        "where message_events.event_type = 'unsubscribed'",
    ),
    Mutation(
        "a stop is about every purpose of its channel",
        WORDS,
        "        '*' as purpose,\n        'stop' as word",
        "        'marketing' as purpose,\n        'stop' as word",
    ),
    Mutation(
        "a no that names no address is also about the one that the record was seen with before it",
        WORDS,
        "        former_addresses.is_as_old_as_the_record\n"
        "        or former_addresses.first_as_of_date <= {{ local_date('noes_of_the_record.said_at') }}",
        "        false",
    ),
    Mutation(
        "an answer that could not be read may have come from an address of before",
        WORDS,
        "    union all\n    select * from unreadable_stops\n",
        "",
    ),
    Mutation(
        "a withdrawal may be about an address of before",
        WORDS,
        "    union all\n    select * from unnamed_noes\n",
        "",
    ),
    Mutation(
        "a withdrawal that cannot be read may be about an address of before",
        WORDS,
        "        doubtful_noes.is_of_the_record\n",
        "        doubtful_noes.is_of_the_record\n        and doubtful_noes.purpose = '*'\n",
    ),
    Mutation(
        "a record that is not delivered any more speaks for what it was seen with",
        "models/identity/doubtful_noes.sql",
        "        noes_that_name.record_id is null\n",
        "        false\n",
    ),
    Mutation(
        "what a record said that is nobody's today the person said whose it was",
        "models/identity/unknown_record_people.sql",
        "    from former_record_people\n",
        "    from former_record_people\n    where false\n",
    ),
    Mutation(
        "a link says whose a record is that is nobody's",
        "models/identity/unknown_record_people.sql",
        "    select * from linked_to_one\n    union\n",
        "",
    ),
    Mutation(
        "a card says whose a record is that is nobody's",
        "models/identity/unknown_record_people.sql",
        "    union\n    select * from with_one_card\n",
        "",
    ),
    Mutation(
        "a later yes at another address opens that one after a no of a record that is nobody's",
        WORDS,
        "when doubtful_noes.purpose = '*' or doubtful_noes.said_at <> doubtful_noes.heard_at then 'stop'\n"
        "            else 'no'",
        "when false then 'stop'\n            else 'unreadable'",
    ),
    Mutation(
        "a hard bounce that cannot be read is one",
        ADDRESSES,
        "        channel,\n        occurred_at\n    from unreadable_bounces\n",
        "        channel,\n        occurred_at\n    from unreadable_bounces\n    where false\n",
    ),
    Mutation(
        "a bounce of a record that is nobody's closes what it was seen with",
        ADDRESSES,
        "            hard_bounces.source_system = unknown_record_addresses.source_system\n",
        "            false\n            and hard_bounces.source_system = unknown_record_addresses.source_system\n",
    ),
    Mutation(
        "an answer to an id that several messages share is anybody's of them",
        "models/intake/intake_unreadable_noes.sql",
        "where valid_message_events.event_type in ('unsubscribed', 'complained')",
        "where false",
    ),
    Mutation(
        "of messages that share an id each may be the one that bounced",
        ADDRESSES,
        "from {{ ref('intake_shared_message_ids') }}",
        "from {{ ref('intake_shared_message_ids') }}\n    where false",
    ),
    Mutation(
        "an answer is not older than the message that it answers",
        WORDS,
        "{{ answered_at('message_events.occurred_at', 'messages.sent_at') }} as answered_at",
        "message_events.occurred_at as answered_at",
    ),
    Mutation(
        "nor is a bounce",
        ADDRESSES,
        "{{ answered_at('message_events.occurred_at', 'messages.sent_at') }} as occurred_at",
        "message_events.occurred_at",
    ),
    Mutation(
        "nor is an answer that cannot be read",
        UNREADABLE,
        "{{ answered_at('readable_at', 'sent_at') }} as readable_at",
        "readable_at",
    ),
    Mutation(
        "a yes that was confirmed before it was said is as old as its confirmation",
        WORDS,
        "and consents.double_opt_in_confirmed_at < consents.changed_at",
        "and false",
        double_opt_in=True,
    ),
    Mutation(
        "a link of a type that is none of the list ties a record that is nobody's",
        "models/intake/intake_rejected_ties.sql",
        "else 'same'",
        "when link_type is null then 'same' else link_type",
    ),
    Mutation(
        "a link names a record that is nobody's in whatever letters",
        "macros/intake/noes.sql",
        "coalesce({{ folded_name(one) }}, {{ folded_name(other) }}, '')",
        "coalesce({{ one }}, {{ folded_name(other) }}, '')",
    ),
    Mutation(
        "quotes, brackets and separators around an e-mail are no part of it",
        "macros/portability/text.sql",
        "regex_replace_all(expression, around, '')",
        "expression",
    ),
    Mutation(
        "an empty text is a missing one",
        "macros/intake/erased_contacts.sql",
        "{{ filled_text('all_rows.' ~ column) }} as {{ column }}",
        "all_rows.{{ column }}",
    ),
    Mutation(
        "a confirmation of 1970 confirms nothing",
        "models/intake/intake_consents.sql",
        "is_implausible_stamp('double_opt_in_confirmed_at', 'extracted_at')",
        "'false'",
    ),
    Mutation(
        "at a switchboard each record speaks for itself, also in words that name it",
        WORDS,
        "            when over_shared_addresses.identifier_id is not null\n"
        "                then {{ hash_id(['moments.source_system',",
        "            when false\n                then {{ hash_id(['moments.source_system',",
    ),
    Mutation(
        "a no at an address that cannot be read is an unreadable no",
        WORDS,
        "        word = 'no'\n        and names_something_unreadable",
        "        false",
    ),
    Mutation(
        "a yes is not heard before it is confirmed",
        WORDS,
        "when sides.is_confirmation then consents.double_opt_in_confirmed_at",
        "when sides.is_confirmation then consents.changed_at",
        double_opt_in=True,
    ),
    Mutation(
        "two who share an address share no yes",
        HEARD,
        "and record_words.profile_id <> holders.profile_id\n    where record_words.word not in ('yes', 'note')",
        "and record_words.profile_id <> holders.profile_id\n    where record_words.word <> 'note'",
    ),
    Mutation(
        "an unreadable no closes whoever holds the address that it names",
        DOUBTFUL,
        "        not addressed_noes.is_over_shared\n        or addressed_noes.record_id is null",
        "        false",
    ),
    Mutation(
        "at a switchboard an unknown record may be anybody",
        DOUBTFUL,
        "        or addressed_noes.record_id is null",
        "        or false",
    ),
    Mutation(
        "an unreadable no about another purpose closes nothing here",
        WORDS,
        "        own_addresses.channel,\n        doubtful_noes.purpose,\n",
        "        own_addresses.channel,\n        '*' as purpose,\n",
    ),
    Mutation(
        "what was refused before a split both have refused",
        HEARD,
        "on\n            record_words.profile_id = profile_splits.sibling_profile_id\n",
        "on\n            false and record_words.profile_id = profile_splits.sibling_profile_id\n",
    ),
    # --- The rule ---
    Mutation(
        "a no is about its own purpose", PERMISSIONS, "            and words.purpose in (purposes.purpose, '*')\n", ""
    ),
    Mutation("who was never asked is not open", PERMISSIONS, "        granted_at is not null\n", "        true\n"),
    Mutation(
        "a later yes at the same address lifts a no",
        PERMISSIONS,
        "case when granted_at is null or granted_at <= denied_at then denied_at end",
        "denied_at",
    ),
    Mutation(
        "a later yes at the same address lifts a stop",
        PERMISSIONS,
        "case when granted_at is null or granted_at <= stopped_at then stopped_at end",
        "stopped_at",
    ),
    Mutation(
        "a later yes at the very address lifts an unreadable no",
        PERMISSIONS,
        "case when granted_at is null or granted_at <= doubted_at then doubted_at end",
        "doubted_at",
    ),
    # --- Noes that cannot be read ---
    Mutation(
        "a record that was rejected itself speaks for its addresses",
        UNREADABLE,
        "where noes_that_stay.named_address_hash is null",
        "where false",
    ),
    Mutation(
        "white space around an id of a consent loses no no",
        UNREADABLE,
        "'contact_id as written_contact_id',\n    ]) }}\n",
        "'contact_id as written_contact_id',\n    ]) }}\n        and spelled.way <> 'meant'\n",
    ),
    Mutation(
        "white space around an id of a message loses no no",
        UNREADABLE,
        "    where ways.way in ('written', 'meant')",
        "    where ways.way = 'written'",
    ),
    Mutation(
        "a system has one name, however it is spelled",
        UNREADABLE,
        "'contact_id as written_contact_id',\n    ]) }}\n",
        "'contact_id as written_contact_id',\n    ]) }}\n        and spelled.way <> 'folded'\n",
    ),
    Mutation(
        "a wish to be forgotten is honoured whatever stands around an id",
        REQUESTS,
        "{{ each_spelling('dated_requests', ['requested_at']) }}\n",
        "{{ each_spelling('dated_requests', ['requested_at']) }}\n        and spelled.way <> 'meant'\n",
    ),
    Mutation(
        "a wish to be forgotten is honoured however its system is spelled",
        REQUESTS,
        "{{ each_spelling('dated_requests', ['requested_at']) }}\n",
        "{{ each_spelling('dated_requests', ['requested_at']) }}\n        and spelled.way <> 'folded'\n",
    ),
    Mutation(
        "what stands around an e-mail is no part of it",
        "macros/portability/text.sql",
        "when {{ regex_like(written, '[<:\\\\s]|^[^a-z0-9]|[^a-z0-9]$') }} then",
        "when false then",
    ),
    Mutation(
        "an answer to a message that was rejected is heard",
        UNREADABLE,
        "select * from {{ judged_input('messages') }} as input_rows",
        "select * from {{ ref('intake_messages') }}",
    ),
    Mutation(
        "without a purpose that can be read a no is about all",
        UNREADABLE,
        "then consents.purpose\n        end as readable_purpose",
        "then consents.purpose\n            else 'profiling'\n        end as readable_purpose",
    ),
    Mutation(
        "delivered again without a stamp it was said again",
        UNREADABLE,
        "coalesce(readable_at, extracted_at) as said_at",
        "coalesce(readable_at, min(extracted_at) over (partition by source_system, contact_id)) as said_at",
    ),
    Mutation(
        "granted in whatever case is no no",
        UNREADABLE,
        "where coalesce(lower(trim(consents.status)), '') <> 'granted'",
        "where coalesce(consents.status, '') <> 'granted'",
    ),
    Mutation(
        "whoever asked to be forgotten is written to nowhere",
        "models/hub/profile_contacts.sql",
        "        and erased_profiles.profile_id is null\n",
        "",
    ),
    Mutation(
        "a wish to be forgotten of a record that is gone is of whose it was",
        "models/hub/profile_contacts.sql",
        "    from former_records\n",
        "    from former_records\n    where false\n",
    ),
    Mutation(
        "a wish to be forgotten of a record that is nobody's closes whoever holds its addresses",
        UNREADABLE,
        "    from requests\n",
        "    from requests\n    where false\n",
    ),
    Mutation(
        "a wish to be forgotten of whoever is known says nothing about an address",
        DOUBTFUL,
        "        entity <> 'erasure_requests'\n        or record_id is null\n",
        "        true\n",
    ),
    # --- Addresses that work, and which is taken ---
    Mutation(
        "a soft bounce closes nothing",
        ADDRESSES,
        "message_events.event_type = 'bounced_hard'",
        "message_events.event_type in ('bounced_hard', 'bounced_soft')",
    ),
    Mutation(
        "what history has seen at the record before it bounced is not mended by a change of something else",
        ADDRESSES,
        "and contact_address_history.first_as_of_date <= {{ local_date('hard_bounces.occurred_at') }}",
        "and false",
    ),
    Mutation("who has no app gets no push message", ADDRESSES, "where silo = 'app'", "where silo is not null"),
    Mutation(
        "post needs a whole address",
        ADDRESSES,
        "        street_address is not null\n        and postal_code is not null",
        "        postal_code is not null",
    ),
    Mutation("then that of the record changed last", PERMITTED, "            changed_at desc nulls last,\n", ""),
    Mutation(
        "the newest wish counts",
        PERMITTED,
        "order by declared_at desc nulls last",
        "order by declared_at asc nulls last",
    ),
    Mutation(
        "also a wish that no record can fulfil",
        PERMITTED,
        "where {{ happened_by('declared_at') }}",
        "where identifier_id is not null and {{ happened_by('declared_at') }}",
    ),
    Mutation(
        "ads reach by e-mail and by phone",
        "seeds/config/channels.csv",
        "ads,email>phone,",
        "ads,email,",
    ),
    Mutation(
        "a mailbox provider with too many complaints is paused",
        PAUSED,
        "and complaint_share > ",
        "and complaint_share > 1 + ",
    ),
    Mutation("as many complaints as may be pause nothing", PAUSED, "and complaint_share > ", "and complaint_share >= "),
    Mutation(
        "few deliveries say nothing",
        PAUSED,
        "delivered >= {{ setting('mailbox_health_min_delivered') }}",
        "delivered >= 1",
    ),
    # --- Who is one person ---
    Mutation(
        "a household is joined by no phone",
        EDGES,
        "    from households\n    {%-",
        "    from households\n    where false\n    {%-",
    ),
    Mutation(
        "first names that differ make strangers",
        EDGES,
        "{{ folded_name('elders.first_name') }} <> {{ folded_name('youngers.first_name') }}",
        "false",
    ),
    Mutation(
        "last names that differ make strangers",
        EDGES,
        "{{ folded_name('elders.last_name') }} <> {{ folded_name('youngers.last_name') }}",
        "false",
    ),
    Mutation(
        "case, accents and punctuation make no other name",
        EDGES,
        "{{ folded_name('elders.first_name') }} <> {{ folded_name('youngers.first_name') }}",
        "elders.first_name <> youngers.first_name",
    ),
    Mutation(
        "a name that is not known differs from nothing",
        EDGES,
        "{{ folded_name('elders.first_name') }} <> {{ folded_name('youngers.first_name') }}",
        "coalesce(elders.first_name, '') <> coalesce(youngers.first_name, '')",
    ),
    Mutation("at a switchboard nobody is joined", EDGES, "        and not elders.is_over_shared\n", ""),
    Mutation("a link is the strongest edge", EDGES, "when pairs.links = 1 then 5", "when pairs.links = 1 then 0"),
    Mutation("a card is stronger than an e-mail", EDGES, "when pairs.cards = 1 then 4", "when pairs.cards = 1 then 0"),
    Mutation("an e-mail is weaker than a card, also a verified one", EDGES, "is not null then 3", "is not null then 6"),
    Mutation("a phone is the weakest edge", EDGES, "        else 1\n", "        else 7\n"),
    Mutation(
        "of two edges alike the one with the younger record is weaker",
        PARTED,
        "contact_edges.younger desc nulls last",
        "contact_edges.younger asc nulls last",
    ),
    Mutation("different people are parted", PARTED, "where taken_out.edge_rank is null", "where true"),
    Mutation(
        "only links of type same join",
        IDENTIFIERS,
        "    where coalesce(links.link_type, 'same') = 'same'\n",
        "",
    ),
    Mutation(
        "nobody is called or texted at an extension",
        IDENTIFIERS,
        "case when phone_numbers.e164 like '%;ext=%' then 'phone_extension' else 'phone' end as identifier_type",
        "'phone' as identifier_type",
    ),
    Mutation(
        "two extensions are two people",
        PHONES,
        'f";ext={number.extension}" if number.extension else ""',
        '""',
    ),
    Mutation("a number with decimals is no phone", PHONES, "if FLOAT.fullmatch(raw_phone.strip()):", "if False:"),
    Mutation(
        "a domain has one spelling in both scripts",
        SPELLING,
        'idna.encode(domain, uts46=True).decode("ascii").lower()',
        "domain.lower()",
    ),
    Mutation("case makes no other address", SPELLING, "local_part.lower()", "local_part"),
]


def build_once(told: People, folder: Path, *, double_opt_in: bool) -> None:
    """The unbroken project's warehouse; nothing is published, or the date would be sealed and not decided again."""
    copy_project(folder / "project", double_opt_in=double_opt_in)
    # the worlds are to find it, not the project's own tests
    shutil.rmtree(folder / "project" / "tests" / "dbt" / "integrity")
    build(told.world, folder, "--no-publish", past=told.past)
    shutil.copy(folder / "warehouse" / "build.duckdb", folder / "unbroken.duckdb")


def break_and_build(mutation: Mutation, told: People, folder: Path) -> None:
    """Builds what depends on the file that holds the rule; everything when that is no model."""
    file = folder / "project" / mutation.file
    whole = file.read_text(encoding="utf-8")
    assert whole.count(mutation.text) == 1, mutation.rule
    file.write_text(whole.replace(mutation.text, mutation.broken), encoding="utf-8")
    try:
        if mutation.file.startswith("models/"):
            shutil.copy(folder / "unbroken.duckdb", folder / "warehouse" / "build.duckdb")
            variables = f"{{connector: parquet, as_of_date: '{AS_OF}'}}"
            selected = f"{file.stem}+,+audience_members"
            command = ["-m", "dbt.cli.main", "run", "--select", selected, "--vars", variables]
            # starting dbt anew would take longer than what it does
            done = forked.call(command, environment(folder), folder / "project", folder / "output.txt")
            assert done == 0, (folder / "output.txt").read_text(encoding="utf-8")[-4000:]
        else:
            forked.import_anew()
            build(told.world, folder, "--no-publish", past=told.past)
    finally:
        file.write_text(whole, encoding="utf-8")


def judged(told: People, folder: Path, *, double_opt_in: bool) -> set[Difference]:
    """What the worlds say of the audiences in the warehouse."""
    with duckdb.connect(str(folder / "warehouse" / "build.duckdb"), read_only=True) as connection:
        columns = ", ".join(f"coalesce({name}, '')" for name in Sent.__annotations__)
        rows = connection.execute(f"select {columns} from audiences.audience_members").fetchall()
    oracle = oracle_of(told, double_opt_in=double_opt_in)
    return set(differences(told, [Sent(*row) for row in rows], oracle)[0])


def main() -> None:
    """Break each rule and say what the worlds see of it; ends with 1 when something is not seen."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--people", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=20240701)
    parser.add_argument("--only", default="", help="rules with this word")
    given = parser.parse_args()
    told = people(given.people, given.seed)
    unseen: list[str] = []
    for double_opt_in in (False, True):
        chosen = [each for each in MUTATIONS if given.only in each.rule and each.double_opt_in == double_opt_in]
        if not chosen:
            continue
        with tempfile.TemporaryDirectory(prefix="rekindle-mutations-") as temporary:
            folder = Path(temporary)
            os.environ[forked.PARSED] = temporary
            build_once(told, folder, double_opt_in=double_opt_in)
            unbroken = judged(told, folder, double_opt_in=double_opt_in)
            print(f"Nothing broken: {len(unbroken)} differences", flush=True)
            for mutation in chosen:
                started = time.monotonic()
                try:
                    break_and_build(mutation, told, folder)
                    found = len(judged(told, folder, double_opt_in=double_opt_in) - unbroken)
                    result = f"{found} differences" if found else "NOT SEEN"
                except AssertionError:
                    result = "does not build"
                unseen += [mutation.rule] if result == "NOT SEEN" else []
                print(f"{mutation.rule}: {result} ({time.monotonic() - started:.0f} s)", flush=True)
    print(f"Not seen: {', '.join(unseen) or 'none'}")
    sys.exit(bool(unseen))


if __name__ == "__main__":
    main()
