select
    system as source_system,
    customer_no as contact_id,
    'email' as channel,
    'marketing' as purpose,
    case newsletter when 'yes' then 'granted' when 'no' then 'withdrawn' else newsletter end as status,
    cast(null as string) as address,
    {{ rekindle.local_to_utc('newsletter_since') }} as changed_at,
    'newsletter box' as evidence_reference,
    cast(null as timestamp) as double_opt_in_confirmed_at,
    cast('2024-07-01 22:00' as timestamp) as extracted_at
from {{ ref('customers') }}
where newsletter is not null
