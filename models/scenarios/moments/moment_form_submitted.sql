-- Sent a form. Subject: its type; value: the orders that the person has made so far, 0 for a prospect.
with

moment_windows as (
    select *
    from {{ ref('moment_windows') }}
    where moment = 'form_submitted'
),

web_events as (
    select * from {{ ref('fct_web_events') }}
),

profiles as (
    select * from {{ ref('dim_profiles') }}
),

open_forms as (
    select web_events.*
    from web_events
    inner join moment_windows
        on web_events.occurred_date >= moment_windows.oldest_date
    where
        web_events.event_type = 'form_submit'
        and {{ happened_by('web_events.occurred_at') }}
)

select
    open_forms.profile_id,
    'form_submitted' as moment,
    open_forms.event_id as moment_key,
    open_forms.event_id as moment_reference,
    open_forms.form_type as subject,
    {{ json_object({'form_type': 'open_forms.form_type'}) }} as reason_parameters,
    {{ json_object({
        'form_type': 'open_forms.form_type',
        'interest': 'profiles.declared_interests',
    }) }} as personalisation,
    coalesce(profiles.order_count, 0) as moment_value,
    cast(null as decimal(18, 2)) as expected_value_amount,
    open_forms.occurred_date as moment_date,
    open_forms.occurred_at as moment_at
from open_forms
inner join profiles
    on open_forms.profile_id = profiles.profile_id
