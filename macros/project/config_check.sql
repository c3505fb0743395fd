{#
  Stops a run before it touches anything when its settings contradict each other or its as-of date would skip a month or
  go back. One sentence per problem, all of them at once. Only commands that build are checked: `dbt test`, `compile`,
  `docs` and `parse` read what is there.
  Checks that need data (an as-of date far from the newest order, a window shorter than the recency bands) are data tests
  in tests/dbt/integrity: at run start the data is not there yet when the warehouse is new.
#}
{% macro config_check() %}
    {%- if execute and flags.WHICH in ('build', 'run', 'snapshot') -%}
        {%- set problems = installation_problems() + settings_problems() -%}
        {%- if not problems -%}
            {%- set problems = history_problems() -%}
        {%- endif -%}
        {%- if problems -%}
            {{ exceptions.raise_compiler_error(problems | join('\n')) }}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{# Contradictory or malformed settings, as sentences. Reads settings only. #}
{% macro settings_problems() %}
    {%- set problems = [] -%}
    {%- for name in [
        'max_rejected_share', 'max_raw_loss_share', 'mailbox_complaint_stop_share', 'at_risk_probability', 'clv_hysteresis',
    ] -%}
        {%- if not is_number(setting(name)) or setting(name) < 0 or setting(name) > 1 -%}
            {%- do problems.append(name ~ " is '" ~ setting(name) ~ "': a share lies between 0 and 1.") -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for name, least in {
        'cart_order_tolerance_minutes': 0,
        'clv_period_days': 1,
        'coupon_rounds': 1,
        'erasure_max_wait_days': 0,
        'identity_max_contacts_per_identifier': 1,
        'identity_rounds': 1,
        'mailbox_health_days': 1,
        'mailbox_health_min_delivered': 1,
        'mailbox_provider_min_contacts': 1,
        'max_days_after_last_event': 0,
        'max_feed_age_days': 0,
        'return_rate_prior': 1,
        'rfm_restate_months': 1,
        'rfm_window_days': 1,
        'signal_low_rung': 1,
        'welcome_max_days_after_first_contact': 0,
        'welcome_same_visit_minutes': 0,
    }.items() -%}
        {%- if setting(name) is not integer or setting(name) < least -%}
            {%- do problems.append(name ~ " is '" ~ setting(name) ~ "': it must be a whole number, at least " ~ least ~ ".") -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for name in ['count_orders_without_lines', 'identity_phone_joins_strangers'] -%}
        {%- if setting(name) is not boolean -%}
            {%- do problems.append(name ~ " is '" ~ setting(name) ~ "': it must be true or false.") -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not is_number(setting('max_down_share_factor')) or setting('max_down_share_factor') < 1 -%}
        {%- do problems.append(
            "max_down_share_factor is '" ~ setting('max_down_share_factor')
            ~ "': below 1 the brake would hold back every ordinary month; it must be a number, at least 1."
        ) -%}
    {%- endif -%}
    {%- if not is_number(setting('min_expected_loss_amount')) or setting('min_expected_loss_amount') < 0 -%}
        {%- do problems.append(
            "min_expected_loss_amount is '" ~ setting('min_expected_loss_amount') ~ "': it must be an amount, at least 0."
        ) -%}
    {%- endif -%}
    {%- if not is_number(setting('max_raw_growth_factor')) or setting('max_raw_growth_factor') <= 1 -%}
        {%- do problems.append(
            "max_raw_growth_factor is '" ~ setting('max_raw_growth_factor')
            ~ "': a table may always keep its rows; it must be a number above 1."
        ) -%}
    {%- endif -%}
    {%- for name in ['REKINDLE_DATA', 'REKINDLE_FIXTURES', 'REKINDLE_INSTALLATION'] if modules.re.search('[*?[]', env_var(name, '')) -%}
        {%- do problems.append(
            name ~ " is '" ~ env_var(name) ~ "': readers take * ? [ for wildcards and would read other folders; name one without."
        ) -%}
    {%- endfor -%}
    {%- do problems.extend(decision_settings_problems()) -%}
    {%- if setting('business_timezone') not in modules.pytz.all_timezones_set -%}
        {%- do problems.append(
            "business_timezone is '" ~ setting('business_timezone') ~ "': it must be an IANA name such as Europe/Paris."
        ) -%}
    {%- else -%}
        {%- do as_of_instant() -%}{# raises when as_of_time is no time of day, whether or not a chosen model reads it #}
    {%- endif -%}
    {%- if not modules.re.match('^[A-Z]{3}$', setting('currency_code') | string) -%}
        {%- do problems.append(
            "currency_code is '" ~ setting('currency_code') ~ "': it must be three capital letters (ISO 4217), such as EUR."
        ) -%}
    {%- endif -%}
    {%- set country = setting('default_country_code') -%}
    {%- if country is not none and not modules.re.match('^[A-Z]{2}$', country | string) -%}
        {%- do problems.append(
            "default_country_code is '" ~ country
            ~ "': it must be two capital letters (ISO 3166-1), such as FR, or null."
        ) -%}
    {%- endif -%}
    {%- for name in ['open_tracking_consent_countries', 'click_tracking_consent_countries'] -%}
        {%- set countries = setting(name) -%}
        {%- set is_list = countries is sequence and countries is not string -%}
        {%- if countries != '*' and not (is_list and are_country_codes(countries)) -%}
            {%- do problems.append(
                name ~ " is '" ~ countries ~ "': it must be a list of countries (ISO 3166-1), such as [FR, IT], or '*' for all."
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not modules.re.match('^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$', setting('earliest_plausible_date') | string) -%}
        {%- do problems.append(
            "earliest_plausible_date is '" ~ setting('earliest_plausible_date') ~ "': write it as YYYY-MM-DD."
        ) -%}
    {%- elif setting('earliest_plausible_date') | string > as_of_date_text() -%}
        {%- do problems.append(
            "earliest_plausible_date (" ~ setting('earliest_plausible_date') ~ ") is after the as-of date ("
            ~ as_of_date_text() ~ "): every event would be rejected."
        ) -%}
    {%- endif -%}
    {%- set accepted = var('accept_publication', none) -%}
    {%- if accepted is not none and not modules.re.match('^\\d{4}-(0[1-9]|1[0-2])$', accepted | string) -%}
        {%- do problems.append("accept_publication is '" ~ accepted ~ "': write the month as YYYY-MM.") -%}
    {%- elif accepted is not none and accepted | string != newest_closed_month_text()[:7] -%}
        {%- do problems.append(
            "accept_publication names " ~ accepted ~ " but the month to publish as of " ~ as_of_date_text() ~ " is "
            ~ newest_closed_month_text()[:7] ~ ": accept that one, after looking at it."
        ) -%}
    {%- endif -%}
    {{ return(problems) }}
{% endmacro %}


{# The same for the settings of scenarios and decisions. #}
{% macro decision_settings_problems() %}
    {%- set problems = [] -%}
    {%- if setting('moments') is string or setting('moments') is not sequence or not setting('moments') -%}
        {%- do problems.append(
            "moments is '" ~ setting('moments') ~ "': it must be a list of models of models/scenarios/moments, such as "
            ~ "[moment_cart_left]."
        ) -%}
    {%- endif -%}
    {%- for name, words in {
        'anti_attrition_signal': ['is_down', 'is_attrition_signal', 'is_costly_decline', 'is_confirmed'],
    }.items() -%}
        {%- if setting(name) not in words -%}
            {%- do problems.append(name ~ " is '" ~ setting(name) ~ "': it must be one of " ~ words | join(', ') ~ ".") -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not modules.re.match('^([01]\\d|2[0-3]):[0-5]\\d$', setting('send_time') | string) -%}
        {%- do problems.append("send_time is '" ~ setting('send_time') ~ "': write a time of day as HH:MM, in quotes.") -%}
    {%- endif -%}
    {%- set share = setting('global_holdout_share') -%}
    {%- if not is_number(share) or share < 0 or share > 0.5 -%}
        {%- do problems.append("global_holdout_share is '" ~ share ~ "': it must be a share from 0 to 0.5.") -%}
    {%- endif -%}
    {%- set shorter = namespace(months=0) -%}
    {%- for name in ['tier_dormant_months', 'tier_at_risk_months', 'tier_to_delete_months'] -%}
        {%- if setting(name) is not integer or setting(name) <= shorter.months -%}
            {%- do problems.append(
                name ~ " is '" ~ setting(name) ~ "': it must be a whole number, more than the " ~ shorter.months
                ~ " months before it."
            ) -%}
        {%- else -%}
            {%- set shorter.months = setting(name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set months = setting('decision_retention_months') -%}
    {%- if months is not none and (months is not integer or months < 13) -%}
        {%- do problems.append(
            "decision_retention_months is '" ~ months
            ~ "': cooldowns and arms look back a year, so it must be a whole number from 13 on, or null."
        ) -%}
    {%- endif -%}
    {{ return(problems) }}
{% endmacro %}


{#
  Months are published in order and nothing is rewound in place: published rows and snapshots are the project's memory.
  The newest published month comes from rfm_published, the newest as-of date from run_log; both may not exist yet.
#}
{% macro history_problems() %}
    {%- set problems = [] -%}
    {%- set replay_hint = "to rebuild history in a new file, use `python scripts/replay.py --from YYYY-MM --to YYYY-MM`" -%}
    {%- set run_log = load_run_log() -%}
    {%- if run_log -%}
        {%- set latest = run_query(
            "select cast(max(as_of_date) as varchar) as as_of_date, max(connector) as connector, "
            ~ "min(connector) as first_connector from " ~ run_log
            ~ " where finished_at is not null and command_scope in ('full', 'monthly')"
        ).rows[0] -%}
        {%- if latest['connector'] is not none and latest['connector'] != var('connector') -%}
            {%- do problems.append(
                "This warehouse holds the history of connector '" ~ latest['connector'] ~ "', not of '" ~ var('connector')
                ~ "': leave REKINDLE_WAREHOUSE and REKINDLE_INSTALLATION out, or point them to places of its own."
            ) -%}
        {%- elif latest['as_of_date'] is not none and as_of_date_text() < latest['as_of_date'] -%}
            {%- do problems.append(
                "This warehouse stands as of " ~ latest['as_of_date'] ~ " and cannot go back to " ~ as_of_date_text()
                ~ ": name a date from " ~ latest['as_of_date'] ~ " on, or, " ~ replay_hint ~ "."
            ) -%}
        {%- endif -%}
    {%- endif -%}
    {%- set newest = none if problems else newest_published_month_text() -%}
    {%- if newest is not none -%}
        {%- set parts = newest.split('-') -%}
        {%- set due = next_month(parts[0] | int, parts[1] | int) -%}
        {%- set due_from = next_month(due.year, due.month) -%}
        {%- if newest_closed_month_text() > due.strftime('%Y-%m-%d') -%}
            {%- do problems.append(
                "The newest published month is " ~ newest[:7] ~ " and an as-of date of " ~ as_of_date_text() ~ " would skip "
                ~ due.strftime('%Y-%m') ~ ": publish that first (`python scripts/run.py --as-of " ~ due_from.strftime('%Y-%m-%d')
                ~ "`), or, " ~ replay_hint ~ "."
            ) -%}
        {%- elif newest_closed_month_text() < newest -%}
            {%- do problems.append(
                newest[:7] ~ " is already published and an as-of date of " ~ as_of_date_text()
                ~ " would go back before it: name a later date, or, " ~ replay_hint ~ "."
            ) -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(problems) }}
{% endmacro %}


{# First day of the month after the given one. #}
{% macro next_month(year, month) %}
    {{ return(modules.datetime.date(year + (month // 12), month % 12 + 1, 1)) }}
{% endmacro %}


{# First day of the newest published month as a string, none when nothing is published. #}
{% macro newest_published_month_text() %}
    {%- set node = graph.nodes.get('model.rekindle.rfm_published') -%}
    {%- if node is not none -%}
        {%- set published = load_relation(api.Relation.create(database=node.database, schema=node.schema, identifier=node.alias)) -%}
        {%- if published -%}
            {{ return(run_query("select cast(max(segment_month) as varchar) from " ~ published).rows[0][0]) }}
        {%- endif -%}
    {%- endif -%}
    {{ return(none) }}
{% endmacro %}


{% macro is_number(value) %}
    {{ return(value is number and value is not boolean) }}
{% endmacro %}


{% macro are_country_codes(countries) %}
    {%- for country in countries if not modules.re.match('^[A-Z]{2}$', country | string) -%}
        {{ return(false) }}
    {%- endfor -%}
    {{ return(true) }}
{% endmacro %}
