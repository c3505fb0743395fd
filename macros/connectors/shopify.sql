{# What the models of the connector `shopify` share: docs/shopify.md says what the files hold and what they cannot tell. #}

{# Identifiers, phones and postal codes are exported with one apostrophe in front, against spreadsheets. Names keep theirs. #}
{% macro without_apostrophe(expression) -%}
    {{ as_is(regex_replace_all(as_is(expression), '^\\x27', '')) }}
{%- endmacro %}


{# An identifier of Shopify: digits. What a spreadsheet made of it (9.01381E+12) names nothing any more: null, and so rejected. #}
{% macro shopify_number(expression) -%}
    {%- set text = without_apostrophe(expression) -%}
    case when {{ regex_like(text, '^[0-9]+$') }} then {{ text }} end
{%- endmacro %}


{#
  When a file was exported at the latest, by the date in its name (orders_export_2024-06-30.csv): the last second of that local day,
  since events of the day are in the file. Null without a date in the name.
#}
{% macro exported_at(file_name) -%}
    {%- set day = regex_replace_all(file_name, '^.*([0-9]{4}-[0-9]{2}-[0-9]{2})[^0-9/][^/]*$', '\\1') -%}
    {%- set next_day = add_days(try_cast(day, 'date'), 1) -%}
    {{ local_to_utc(add_seconds(next_day, -1)) }}
{%- endmacro %}


{# When the local day of a time began, in UTC. #}
{% macro start_of_day(expression) -%}
    {{ local_to_utc('cast(' ~ local_date(expression) ~ ' as timestamp)') }}
{%- endmacro %}


{#
  Of files downloaded on the same day, the one with the higher number is newer: a browser saves the second download as
  `orders_export_2024-06-30 (1).csv`, which sorts before the first. 0 without such a number.
#}
{% macro download_number(file_name) -%}
    {%- set number = regex_replace_all(file_name, '^.*[(]([0-9]+)[)][^(/]*$', '\\1') -%}
    coalesce({{ try_cast(number, 'integer') }}, 0)
{%- endmacro %}


{#
  An amount of money: 0 where the cell is empty, null where it is filled and no number (7,50), so that nobody takes a
  discount or a tax that cannot be read for none.
#}
{% macro shopify_amount(column) -%}
    case when {{ as_is(column) }} is null then 0 else {{ try_cast(column, 'decimal(18,2)') }} end
{%- endmacro %}


{# Whether a cell is filled and holds no such number. #}
{% macro is_unreadable_number(column, data_type='decimal(18,2)') -%}
    ({{ as_is(column) }} is not null and {{ try_cast(column, data_type) }} is null)
{%- endmacro %}


{# The identifier of an order, checkout or place of sale: with the shop in front when the setting names one. #}
{% macro shopify_key(expression) -%}
    {%- set shop = setting('shopify_shop') -%}
    {{ dbt.concat(["'" ~ dbt.escape_single_quotes(shop) ~ "-'", expression]) if shop else expression }}
{%- endmacro %}


{#
  The contact record of whoever bought: one per e-mail, or per phone where there is no e-mail, since the orders file names no customer.
  A hash, for an identifier goes where an address may not. Null for nobody: a till sale to a passer-by.
#}
{% macro shopify_buyer(email, phone, prefix='buyer-') -%}
    {%- set email_key = normalised_email(email) -%}
    {%- set phone_key = "nullif(" ~ digits(phone) ~ ", '')" -%}
    case
        when {{ email_key }} is not null
            then {{ dbt.concat(["'" ~ prefix ~ "'", hash_id(["'email'", email_key])]) }}
        when {{ phone_key }} is not null
            then {{ dbt.concat(["'" ~ prefix ~ "'", hash_id(["'phone'", phone_key])]) }}
    end
{%- endmacro %}


{# The orders file names no product: the stock keeping unit, else the line's name. #}
{% macro shopify_product(sku, product_name) -%}
    coalesce({{ sku }}, {{ dbt.concat(["'name-'", hash_id([product_name])]) }})
{%- endmacro %}


{# A gift card sold is no goods, nor is a tip; nothing but the name tells. #}
{% macro is_no_goods(product_name) -%}
    {%- set patterns = setting('shopify_not_goods') -%}
    {{ 'coalesce(' ~ regex_like('lower(' ~ product_name ~ ')', patterns | join('|')) ~ ', false)' if patterns else 'false' }}
{%- endmacro %}


{#
  What became of an order. A cancellation counts whatever the payment says; what was refunded was sold before, its return is an order
  of its own; unpaid ones are what the setting says. A test order has no mark but its payment method.
#}
{% macro shopify_order_status() -%}
    case
        when was_cancelled or financial_status = 'voided' or payment_method like '%bogus%' then 'cancelled'
        when financial_status in ('pending', 'authorized', 'expired') then '{{ setting("shopify_unpaid_order_status") }}'
        when financial_status in ('paid', 'partially_paid', 'partially_refunded', 'refunded') then 'completed'
        else financial_status
    end
{%- endmacro %}


{# Whether all of an order was given back. Of a part nobody knows which lines, and a cancelled order was never sold. #}
{% macro is_given_back() -%}
    coalesce(refunded_amount >= total_amount and total_amount > 0 and {{ shopify_order_status() }} <> 'cancelled', false)
{%- endmacro %}


{#
  The rows of an orders or checkouts file. An order is as many rows as lines. What is said of the order (its total, its status) is in
  one of them, the identifier in that one or in each; a row without it belongs to the order above of the same name, else to the only
  one of that name. order_row, the number of the row that says most, names the copy of the order. The rows need not follow one another:
  a file may have been sorted.

  The same order may be in several files, and several times in files that were joined: is_newest_copy is true of all rows of the copy
  exported last, and of no other's. Copies in one file are told apart by the header between them, and without one by each having its
  own total, or by each being one line that pays for the whole order. A row without a readable identifier is a copy of nothing: all of
  those are kept, to be rejected and counted one by one.
#}
{% macro shopify_order_rows(raw) -%}
with

numbered_rows as (
    select
        *,
        {{ file_row_number() }} as row_number
    from {{ raw }}
),

-- files may have been joined with their headers
parts as (
    select
        *,
        sum(case when name = 'Name' then 1 else 0 end) over (
            partition by file_name
            order by row_number asc nulls last
            rows between unbounded preceding and current row
        ) as part_number
    from numbered_rows
),

typed_rows as (
    select
        file_name,
        part_number,
        row_number,
        {{ as_is('name') }} as order_name,
        {{ without_apostrophe('id') }} as written_id,
        {{ shopify_number('id') }} as order_id,
        {{ as_is('email') }} as email,
        {{ without_apostrophe('phone') }} as phone,
        {{ without_apostrophe(adapter.quote('Billing Zip')) }} as postal_code,
        {{ as_is(adapter.quote('Billing City')) }} as city,
        {{ as_is(adapter.quote('Billing Street')) }} as street_address,
        upper({{ as_is(adapter.quote('Billing Country')) }}) as country,
        lower({{ as_is(adapter.quote('Financial Status')) }}) as financial_status,
        lower({{ as_is(adapter.quote('Payment Method')) }}) as payment_method,
        lower({{ as_is('source') }}) as source_name,
        {{ as_is('location') }} as location_name,
        upper({{ as_is('currency') }}) as currency_code,
        {{ as_is(adapter.quote('Discount Code')) }} as discount_codes,
        {{ without_apostrophe(adapter.quote('Lineitem sku')) }} as sku,
        {{ as_is(adapter.quote('Lineitem name')) }} as product_name,
        {{ as_is('vendor') }} as vendor,
        coalesce(lower({{ as_is(adapter.quote('Lineitem taxable')) }}), '') <> 'false' as is_taxable,
        {{ try_cast(adapter.quote('Lineitem quantity'), 'integer') }} as quantity,
        {{ try_cast(adapter.quote('Lineitem price'), 'decimal(18,2)') }} as price_amount,
        {{ shopify_amount(adapter.quote('Lineitem discount')) }} as line_discount_amount,
        {{ try_cast('subtotal', 'decimal(18,2)') }} as subtotal_amount,
        {{ shopify_amount('shipping') }} as shipping_amount,
        {{ shopify_amount('taxes') }} as tax_amount,
        {{ shopify_amount('duties') }} as duty_amount,
        {{ try_cast('total', 'decimal(18,2)') }} as total_amount,
        {{ as_is('total') }} is not null as has_total,
        {{ shopify_amount(adapter.quote('Discount Amount')) }} as order_discount_amount,
        -- refunded without a sum is refunded whole
        case
            when
                lower({{ as_is(adapter.quote('Financial Status')) }}) = 'refunded'
                and {{ as_is(adapter.quote('Refunded Amount')) }} is null
                then {{ try_cast('total', 'decimal(18,2)') }}
            else {{ shopify_amount(adapter.quote('Refunded Amount')) }}
        end as refunded_amount,
        {% for column in [
            'subtotal', 'shipping', 'taxes', 'duties', 'total', 'Discount Amount', 'Refunded Amount', 'Lineitem discount',
            'Lineitem price',
        ] -%}
            {{ is_unreadable_number(adapter.quote(column) if ' ' in column else column) }} or
        {% endfor -%}
        {{ is_unreadable_number(adapter.quote('Lineitem quantity'), 'integer') }} as has_unreadable_amount,
        {{ as_is(adapter.quote('Cancelled at')) }} is not null as was_cancelled,
        {{ instant(adapter.quote('Created at')) }} as created_at,
        {{ exported_at('file_name') }} as exported_at,
        {{ download_number('file_name') }} as download_number
    from parts
    where coalesce(name, '') <> 'Name'
),

-- the row above that says which order it is, and whether all that do so with this name say the same
followed_rows as (
    select
        *,
        max(case when written_id is not null then row_number end) over (
            partition by file_name, part_number
            order by row_number asc nulls last
            rows between unbounded preceding and current row
        ) as row_above,
        min(written_id) over (partition by file_name, part_number, order_name) as first_id_of_name,
        max(written_id) over (partition by file_name, part_number, order_name) as last_id_of_name,
        coalesce(exported_at, max(created_at) over (partition by file_name)) as extracted_at
    from typed_rows
),

led_rows as (
    select
        *,
        first_value(written_id) over (partition by row_above order by row_number asc nulls last) as id_above,
        first_value(order_name) over (partition by row_above order by row_number asc nulls last) as name_above
    from followed_rows
),

-- a row that says no order and has the name of none, or of several, belongs to nobody knows which: no order_row, and
-- rejected for its missing key
named_rows as (
    select
        *,
        case
            when written_id is not null then written_id
            when order_name = name_above then id_above
            when order_name is not null and first_id_of_name = last_id_of_name then first_id_of_name
        end as own_id
    from led_rows
),

counted_rows as (
    select
        *,
        count(*) over (partition by file_name, part_number, own_id, order_name) as rows_of_order,
        sum(case when has_total then 1 else 0 end) over (
            partition by file_name, part_number, own_id, order_name
        ) as totals_of_order
    from named_rows
),

-- one that says the total begins a copy, unless the total is on every row: then it does when its line alone pays for all
beginnings as (
    select
        *,
        case
            when
                written_id is not null
                and has_total
                and (
                    totals_of_order < rows_of_order
                    or quantity * price_amount >= subtotal_amount + order_discount_amount
                )
                then 1
            else 0
        end as begins_copy
    from counted_rows
),

copies as (
    select
        *,
        -- what was sorted above the first beginning belongs to it
        greatest(1, sum(begins_copy) over (
            partition by file_name, part_number, own_id, order_name
            order by row_number asc nulls last
            rows between unbounded preceding and current row
        )) as copy_number
    from beginnings
),

-- the row with the total says most
orders as (
    select
        *,
        case
            when own_id is not null
                then first_value(row_number) over (
                    partition by file_name, part_number, own_id, order_name, copy_number
                    order by
                        case when written_id is null then 2 when has_total then 0 else 1 end asc nulls last,
                        row_number asc nulls last
                )
        end as order_row,
        max(order_id) over (
            partition by file_name, part_number, own_id, order_name, copy_number
        ) as own_order_id
    from copies
)

select
    order_row,
    coalesce(row_number = order_row, false) as is_first_row,
    case when order_row is not null then own_order_id end as order_id,
    row_number,
    email,
    phone,
    postal_code,
    city,
    street_address,
    country,
    financial_status,
    payment_method,
    source_name,
    location_name,
    currency_code,
    discount_codes,
    sku,
    product_name,
    vendor,
    is_taxable,
    quantity,
    price_amount,
    line_discount_amount,
    subtotal_amount,
    shipping_amount,
    tax_amount,
    duty_amount,
    total_amount,
    order_discount_amount,
    refunded_amount,
    has_unreadable_amount,
    was_cancelled,
    order_row is null
    or own_order_id is null
    or first_value(order_row) over (
        partition by own_order_id
        order by
            extracted_at desc nulls last, download_number desc nulls last, part_number desc nulls last,
            copy_number desc nulls last, order_row desc nulls last, row_number asc nulls last
    ) = order_row as is_newest_copy,
    created_at,
    extracted_at
from orders
{%- endmacro %}


{# The order that gives another one back. #}
{% macro shopify_return(order_id) -%}
    {{ dbt.concat([order_id, "'-R'"]) }}
{%- endmacro %}


{# Where it was sold: the till's place by its name, or the web shop; null for a till without a place. #}
{% macro shopify_store(source_name, location_name) -%}
    {%- set place = 'lower(' ~ location_name ~ ')' -%}
    case when {{ source_name }} = 'pos' then {{ shopify_key(place) }} else {{ shopify_key("'web'") }} end
{%- endmacro %}


{#
  A line's part of an amount, by its weight among the lines of its order, to the cent: what is due up to the line less what was due
  up to the one before, so that the parts add up to the amount and none is larger than its weight.
#}
{% macro shared_out(amount, weight, order_row, line_number) -%}
    {%- set running = 'sum(' ~ weight ~ ') over (partition by ' ~ order_row ~ ' order by ' ~ line_number ~ ' asc nulls last '
        ~ 'rows between unbounded preceding and current row)' -%}
    {%- set share = 'cast(' ~ amount ~ ' as double) / cast(nullif(sum(' ~ weight ~ ') over (partition by ' ~ order_row ~ '), 0) as double)' -%}
    coalesce(
        cast(round(cast({{ running }} as double) * {{ share }}, 2) as decimal(18,2))
        - cast(round(cast({{ running }} - {{ weight }} as double) * {{ share }}, 2) as decimal(18,2)),
        0
    )
{%- endmacro %}


{# The contact record of a customer; a number that a spreadsheet destroyed names nobody: null. #}
{% macro shopify_customer(is_numbered, customer_id, email, phone) -%}
    case
        when {{ is_numbered }} then {{ dbt.concat(["'customer-'", customer_id]) }}
        else {{ shopify_buyer(email, phone, prefix='customer-') }}
    end
{%- endmacro %}


{# The contact record of a Klaviyo profile; the export may have been made without the column of its identifier. #}
{% macro klaviyo_profile(profile_id, email) -%}
    coalesce({{ profile_id }}, {{ dbt.concat(["'email-'", hash_id([normalised_email(email)])]) }})
{%- endmacro %}


{#
  What the suppressions of a profile say of the person: `unsubscribed` for an unsubscription or a complaint, which may be an event as
  well; null for none, a plain no or a dead address, which is no word of a person; `suppressed` for every other text, however written,
  so that nothing odd lets somebody be written to.
#}
{% macro klaviyo_suppression(expression) -%}
    {%- set gap = '[\\s\\p{Z}_-]*' -%}
    {%- set quote = '[\\x27"]?' -%}
    {%- set harmless = ['HARD' ~ gap ~ 'BOUNCE', 'INVALID' ~ gap ~ 'EMAIL', 'NO', 'FALSE', 'NONE'] -%}
    {%- set noes = ['UNSUBSCRIBED?', 'SPAM' ~ gap ~ 'COMPLAINT'] -%}
    {%- set text = 'upper(' ~ as_is(expression) ~ ')' -%}
    case
        when {{ text }} is null or {{ regex_like(text, '^\\[' ~ gap ~ '\\]$') }} then null
        {%- for words, word in [(harmless, 'null'), (harmless + noes, "'unsubscribed'")] %}
        {%- set item = quote ~ '(' ~ words | join('|') ~ ')' ~ quote %}
        when {{ regex_like(text, '^\\[?' ~ gap ~ item ~ '(' ~ gap ~ '[,;]' ~ gap ~ item ~ ')*' ~ gap ~ '\\]?$') }} then {{ word }}
        {%- endfor %}
        else 'suppressed'
    end
{%- endmacro %}


{# Klaviyo writes this day for consents that are older or have no time. #}
{% macro klaviyo_floor() -%}
    cast('1990-01-02 00:00:00' as timestamp)
{%- endmacro %}


{# The name of a metric, as it is compared: written in any case, with spaces or underscores. #}
{% macro klaviyo_metric(expression) -%}
    lower({{ regex_replace_all(as_is(expression), '[ _]+', ' ') }})
{%- endmacro %}


{# What Klaviyo says of a machine: null where it does not say; whatever is not a plain no is a yes, so that nothing odd passes for a person. #}
{% macro klaviyo_flag(expression) -%}
    lower({{ as_is(expression) }}) not in ('false', 'f', 'no', 'n', '0')
{%- endmacro %}


{#
  What a metric says of a message; its names differ by the age of the account. Null for a metric without a name, and its own name for
  one that is about messages and not listed here: either is rejected, and counted. A bounce that does not say that it is hard is soft.
#}
{% macro klaviyo_event_type(metric_name, bounce_type) -%}
    case
        when {{ metric_name }} in ('received email', 'received sms') then 'delivered'
        when {{ metric_name }} = 'opened email' then 'opened'
        when {{ metric_name }} in ('clicked email', 'clicked sms') then 'clicked'
        when {{ metric_name }} = 'bounced email' and {{ bounce_type }} like '%hard%' then 'bounced_hard'
        when {{ metric_name }} in ('bounced email', 'bounced sms', 'failed to deliver sms') then 'bounced_soft'
        when {{ metric_name }} in ('dropped email', 'dropped sms') then 'not_sent'
        when {{ metric_name }} in ('marked email as spam', 'marked as spam') then 'complained'
        when
            {{ metric_name }} in (
                'unsubscribed', 'unsubscribed from email', 'unsubscribed from email marketing', 'unsubscribed from list',
                'unsubscribed from sms', 'unsubscribed from sms marketing'
            )
            then 'unsubscribed'
        else {{ metric_name }}
    end
{%- endmacro %}


{#
  Whether a metric is about messages to a person: orders, visits and metrics of the shop's own are not. Nor are subscriptions, which the
  profiles tell with their state of today, what a person writes to us, and push notes.
#}
{% macro is_klaviyo_message_metric(metric_name) -%}
    {{ regex_like(metric_name, '(email|sms|spam|bounce|unsubscribe)') }}
    and not {{ regex_like(metric_name, '^(subscribed to|consented to|updated) |^sent sms$|automated response|push') }}
{%- endmacro %}


{#
  CTE klaviyo_events, of the CTEs `events` and `metrics`: what happened to messages, in the contract's words, and to which one. Klaviyo
  names no copy. A campaign reaches a person once. A flow may send the same message again: a copy begins when it is received, or when
  it bounced or was dropped and none had been received before; what happens later belongs to the newest. An event without a copy has a
  message_id that no message has; is_doubtful is true of one that may be a no for all we know (a metric without a name, or that we do
  not know), and says whose by the person only.
#}
{% macro klaviyo_events() -%}
named_events as (
    select
        events.*,
        coalesce(events.metric_name, metrics.metric_name) as metric
    from events
    left join metrics
        on events.metric_id = metrics.metric_id
),

typed_events as (
    select
        *,
        {{ klaviyo_event_type('metric', 'bounce_type') }} as event_type,
        case when metric like '%sms%' then 'sms' else 'email' end as channel,
        coalesce(flow_message_id, campaign_id) as sending_id
    from named_events
    where metric is null or ({{ is_klaviyo_message_metric('metric') }})
),

copies as (
    select
        *,
        -- rows of the same second are in each other's frame: an open in the second of its delivery is of that copy
        max(case when event_type = 'delivered' then occurred_at end) over (
            partition by person_id, channel, sending_id
            order by occurred_at asc nulls last
            range between unbounded preceding and current row
        ) as received_at,
        min(case when event_type in ('bounced_hard', 'bounced_soft', 'not_sent') then occurred_at end) over (
            partition by person_id, channel, sending_id
            order by occurred_at asc nulls last
            range between unbounded preceding and current row
        ) as failed_at
    from typed_events
),

sent_copies as (
    select
        *,
        coalesce(received_at, failed_at) as sent_at
    from copies
),

klaviyo_events as (
    select
        *,
        {{ hash_id([
            'person_id', 'channel', 'sending_id',
            "case when flow_message_id is null then '' else coalesce(cast(sent_at as string), '') end",
        ]) }} as message_id,
        -- it may be a no, and no message tells whose: the person is named beside it
        {{ may_be_a_no('event_type') }}
        and coalesce(event_type, '') not in ('unsubscribed', 'complained')
        and (sending_id is null or sent_at is null) as is_doubtful
    from sent_copies
)
{%- endmacro %}


{# As many discount codes of one order as are read: more than Shopify lets a customer combine. #}
{% macro code_numbers() -%}
    {{ whole_numbers('code_number', 1, 6) }}
{%- endmacro %}


{# One of the codes of an order, which are joined with commas; customers write them in any case. #}
{% macro shopify_code(discount_codes, code_number) -%}
    lower({{ as_is(dbt.split_part(discount_codes, "','", code_number)) }})
{%- endmacro %}
