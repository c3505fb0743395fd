{{ config(materialized='view') }}

with

consents as (
    select * from {{ ref('fct_consents') }}
),

words as (
    select * from {{ ref('contact_words') }}
    where
        is_own
        and {{ happened_by('heard_at') }}
),

-- a no that cannot be read is one as well, until a later yes at the address that it may have meant
unreadable_noes as (
    select
        profile_id,
        channel,
        address_key,
        max(said_at) as said_at
    from words
    where
        word = 'unreadable'
        and purpose in ('profiling', '*')
    group by
        profile_id,
        channel,
        address_key
),

lifted_noes as (
    select
        unreadable_noes.profile_id,
        unreadable_noes.channel,
        unreadable_noes.address_key
    from unreadable_noes
    inner join words
        on
            unreadable_noes.profile_id = words.profile_id
            and unreadable_noes.channel = words.channel
            and unreadable_noes.address_key = words.address_key
    where
        words.word = 'yes'
        and words.purpose = 'profiling'
        and words.said_at > unreadable_noes.said_at
),

standing_noes as (
    select unreadable_noes.profile_id
    from unreadable_noes
    {{ anti_join() }} lifted_noes
        on
            unreadable_noes.profile_id = lifted_noes.profile_id
            and unreadable_noes.channel = lifted_noes.channel
            and unreadable_noes.address_key = lifted_noes.address_key
),

denials as (
    select profile_id
    from consents
    where
        purpose = 'profiling'
        and not is_granted
        and {{ holds_as_of('valid_from', 'valid_to') }}
    union
    select profile_id
    from standing_noes
)

select profile_id
from denials
