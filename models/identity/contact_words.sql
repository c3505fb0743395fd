-- Every yes and every no that was said, whom it concerns and about which address;
-- address_permissions says what follows.
-- The rule in words: docs/decisions/0005-consent-is-about-an-address.md.
{%- set word_columns = [
    'source_system', 'contact_id', 'channel', 'purpose', 'address_key', 'word', 'reason', 'evidence_reference',
    'said_at', 'heard_at',
] %}

with

record_words as (
    select * from {{ ref('record_words') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

contact_identifiers as (
    select * from {{ ref('contact_identifiers') }}
),

profile_splits as (
    select * from {{ ref('profile_splits') }}
),

-- before a split, all of them were one person: what was refused then, each of them refused
words_before_a_split as (
    select
        profile_splits.profile_id,
        record_words.{{ word_columns | join(',\n        record_words.') }}
    from record_words
    inner join profile_splits
        on
            record_words.profile_id = profile_splits.sibling_profile_id
            and {{ local_date('record_words.heard_at') }} <= profile_splits.split_as_of_date
    where record_words.word not in ('yes', 'note')
),

personal_words as (
    select * from record_words
    union
    select * from words_before_a_split
),

-- two people may share an address without being one: a no at it holds for both there, and nowhere else
holders as (
    select distinct
        contact_identifiers.identifier_id as address_key,
        contact_profiles.profile_id
    from contact_identifiers
    inner join contact_profiles
        on
            contact_identifiers.source_system = contact_profiles.source_system
            and contact_identifiers.contact_id = contact_profiles.contact_id
    where
        contact_identifiers.identifier_type in ('email', 'phone')
        and not contact_identifiers.is_over_shared
),

words_of_others as (
    select distinct
        holders.profile_id,
        record_words.{{ word_columns | join(',\n        record_words.') }}
    from record_words
    inner join holders
        on
            record_words.address_key = holders.address_key
            and record_words.profile_id <> holders.profile_id
    where record_words.word not in ('yes', 'note')
),

-- what concerns them as persons already needs no telling twice
words_only_of_others as (
    select words_of_others.*
    from words_of_others
    {{ anti_join() }} personal_words
        on
            words_of_others.profile_id = personal_words.profile_id
            and words_of_others.channel = personal_words.channel
            and words_of_others.purpose = personal_words.purpose
            and words_of_others.address_key = personal_words.address_key
            and words_of_others.word = personal_words.word
            and words_of_others.said_at = personal_words.said_at
),

words as (
    select
        *,
        true as is_own
    from personal_words
    union all
    select
        *,
        false as is_own
    from words_only_of_others
)

select
    profile_id,
    source_system,
    contact_id,
    channel,
    purpose,
    address_key,
    word,
    reason,
    evidence_reference,
    is_own,
    said_at,
    heard_at
from words
