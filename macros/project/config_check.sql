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


{#
  What each setting may be, a row each: [settings, kind, limits, what is said when it is something else].
  Kinds: number and whole [least, most, whether the least itself is too little], boolean, words (one of them), text (a pattern),
  countries, names (a list of them or '*'), list, wholes and texts (a list of them, or none); `or null` where it may be left
  out. tests/python/test_bad_input.py asks that no setting is missing here.
#}
{% macro setting_specs() %}
    {%- set specs = [
        [['max_rejected_share', 'max_raw_loss_share', 'mailbox_complaint_stop_share', 'mailbox_complaint_warn_share', 'at_risk_probability',
          'clv_hysteresis', 'reactivation_margin_rate'],
         'number', [0, 1],
         'a share lies between 0 and 1.'],
        [['max_down_share_factor'], 'number', [1],
         'below 1 the brake would hold back every ordinary month; it must be a number, at least 1.'],
        [['max_raw_growth_factor'], 'number', [1, none, true], 'a table may always keep its rows; it must be a number above 1.'],
        [['min_expected_loss_amount', 'reactivation_cost'], 'number', [0], 'it must be an amount, at least 0.'],
        [['global_holdout_share'], 'number', [0, 0.5], 'it must be a share from 0 to 0.5.'],
        [['cart_order_tolerance_minutes', 'erasure_max_wait_days', 'max_days_after_last_event', 'max_feed_age_days',
          'isolation_months', 'purge_grace_days', 'trouble_days',
          'welcome_ends_after_days', 'welcome_max_days_after_first_contact', 'welcome_same_visit_minutes'],
         'whole', [0],
         'it must be a whole number, at least 0.'],
        [['coupon_rounds', 'identity_max_contacts_per_identifier', 'identity_rounds', 'mailbox_health_days',
          'mailbox_health_min_delivered', 'mailbox_provider_min_contacts', 'rfm_restate_months', 'rfm_window_days',
          'signal_low_rung', 'clv_fit_months', 'clv_period_days', 'return_rate_prior', 'outcome_days', 'covariate_days',
          'expected_entries', 'min_group_size', 'access_retention_days'], 'whole', [1],
         'it must be a whole number, at least 1.'],
        [['clv_horizon_days'], 'whole', [7], 'it must be a whole number, at least 7.'],
        [['loyalty_points_valid_months'], 'whole or null', [1], 'it must be a whole number, at least 1, or null.'],
        [['loyalty_level_points'], 'wholes', [1], 'it must be a list of whole numbers, at least 1, such as [500, 2000], or [].'],
        [['decision_retention_months'], 'whole or null', [13],
         'cooldowns and arms look back a year, so it must be a whole number from 13 on, or null.'],
        [['count_orders_without_lines', 'raw_rows_are_text', 'send_at_best_hour', 'identity_phone_joins_strangers', 'opens_count_as_contact',
          'require_double_opt_in', 'shopify_prices_include_tax'], 'boolean', [], 'it must be true or false.'],
        [['rfm_sector', 'global_holdout_salt'], 'text', '^[\\w-]+$', 'it must be a word of letters, digits, _ and -.'],
        [['shopify_shop'], 'text or null', '^\\S*$', 'it must be a word without spaces, or null.'],
        [['shopify_not_goods'], 'texts', [], 'it must be a list of patterns, such as ["gift ?card"], or [].'],
        [['business_timezone'], 'words', modules.pytz.all_timezones_set, 'it must be an IANA name such as Europe/Paris.'],
        [['currency_code'], 'text', '^[A-Z]{3}$', 'it must be three capital letters (ISO 4217), such as EUR.'],
        [['default_country_code'], 'country or null', [],
         'it must be a country in two capital letters (ISO 3166-1), such as FR or GB, or null.'],
        [['earliest_plausible_date'], 'text', '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$', 'write it as YYYY-MM-DD.'],
        [['orders_complete_from'], 'text or null', '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$', 'write it as YYYY-MM-DD, or null.'],
        [['send_time'], 'text', '^([01]\\d|2[0-3]):[0-5]\\d$', 'write a time of day as HH:MM, in quotes.'],
        [['open_tracking_consent_countries', 'click_tracking_consent_countries'], 'countries', [],
         "it must be a list of countries in two capital letters (ISO 3166-1), such as [FR, GB], or '*' for all."],
        [['scenarios_in_use'], 'names', [],
         "it must be a list of scenario_ids, such as [welcome], or '*' for all that are switched on."],
        [['channels_read_as_tables'], 'texts', [], 'it must be a list of channels, such as [push], or empty.'],
        [['moments'], 'list', [], 'it must be a list of models of models/scenarios/moments, such as [moment_cart_left].'],
    ] -%}
    {%- for name, words in {
        'clv_model': ['mbg_nbd', 'none'],
        'shopify_unpaid_order_status': ['cancelled', 'completed'],
        'recommendation_item': ['category', 'product_name', 'brand', 'collection'],
        'anti_attrition_signal': ['is_down', 'is_attrition_signal', 'is_costly_decline', 'is_confirmed'],
    }.items() -%}
        {%- do specs.append([[name], 'words', words, 'it must be one of ' ~ words | join(', ') ~ '.']) -%}
    {%- endfor -%}
    {{ return(specs) }}
{% endmacro %}


{# Malformed or contradictory settings, as sentences. Reads settings only. #}
{% macro settings_problems() %}
    {%- set problems = [] -%}
    {%- set malformed = [] -%}
    {%- set known = var('default_settings').keys() | list + ['contract_version', 'entities', 'default_as_of'] -%}
    {%- for name in var('connector_settings').get(var('connector')) or {} if name not in known -%}
        {%- do problems.append(
            "connector_settings gives " ~ var('connector') ~ " the setting '" ~ name ~ "', and there is none of that name: see "
            ~ "default_settings in dbt_project.yml."
        ) -%}
    {%- endfor -%}
    {%- for names, kind, limits, must in setting_specs() -%}
        {%- for name in names if not is_as_specified(setting(name), kind, limits) -%}
            {%- do malformed.append(name) -%}
            {%- do problems.append(name ~ " is '" ~ setting(name) ~ "': " ~ must) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for name in ['REKINDLE_DATA', 'REKINDLE_FIXTURES', 'REKINDLE_INSTALLATION'] if modules.re.search('[*?[]', env_var(name, '')) -%}
        {%- do problems.append(
            name ~ " is '" ~ env_var(name) ~ "': readers take * ? [ for wildcards and would read other folders; name one without."
        ) -%}
    {%- endfor -%}
    {%- set shorter = namespace(months=0) -%}
    {%- for name in ['tier_dormant_months', 'tier_at_risk_months', 'tier_to_delete_months'] -%}
        {%- if is_as_specified(setting(name), 'whole', [shorter.months, none, true]) -%}
            {%- set shorter.months = setting(name) -%}
        {%- else -%}
            {%- do problems.append(
                name ~ " is '" ~ setting(name) ~ "': it must be a whole number, more than the " ~ shorter.months
                ~ " months before it."
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {#- dates are asked for in the business timezone -#}
    {%- if 'business_timezone' not in malformed -%}
        {%- do as_of_instant() -%}{# raises when as_of_time is no time of day, whether or not a chosen model reads it #}
        {%- if 'earliest_plausible_date' not in malformed and setting('earliest_plausible_date') | string > as_of_date_text() -%}
            {%- do problems.append(
                "earliest_plausible_date (" ~ setting('earliest_plausible_date') ~ ") is after the as-of date ("
                ~ as_of_date_text() ~ "): every event would be rejected."
            ) -%}
        {%- endif -%}
    {%- endif -%}
    {%- do problems.extend(acceptance_problems(var('accept_publication', none))) -%}
    {{ return(problems) }}
{% endmacro %}


{# A month that a person accepted is the one to publish. #}
{% macro acceptance_problems(accepted) %}
    {%- if accepted is none -%}
        {{ return([]) }}
    {%- elif not is_as_specified(accepted, 'text', '^\\d{4}-(0[1-9]|1[0-2])$') -%}
        {{ return(["accept_publication is '" ~ accepted ~ "': write the month as YYYY-MM."]) }}
    {%- endif -%}
    {%- set due = newest_closed_month_text()[:7] -%}
    {%- if accepted | string != due -%}
        {{ return([
            "accept_publication names " ~ accepted ~ " but the month to publish as of " ~ as_of_date_text() ~ " is " ~ due
            ~ ": accept that one, after looking at it."
        ]) }}
    {%- endif -%}
    {{ return([]) }}
{% endmacro %}


{# Whether a value is of a kind of setting_specs(). #}
{% macro is_as_specified(value, kind, limits) %}
    {%- if kind.endswith(' or null') -%}
        {{ return(value is none or is_as_specified(value, kind[:-8], limits)) }}
    {%- elif kind in ('number', 'whole') -%}
        {%- set least, most, is_above = (limits + [none, none])[:3] -%}
        {%- set is_kind = (value is integer) if kind == 'whole' else (value is number) -%}
        {{ return(
            is_kind and value is not boolean and (value > least if is_above else value >= least) and (most is none or value <= most)
        ) }}
    {%- elif kind == 'boolean' -%}
        {{ return(value is boolean) }}
    {%- elif kind == 'words' -%}
        {{ return(value in limits) }}
    {%- elif kind == 'country' -%}
        {{ return(are_country_codes([value])) }}
    {%- elif kind == 'text' -%}
        {{ return(modules.re.match(limits, value | string) is not none) }}
    {%- endif -%}
    {%- set is_list = value is sequence and value is not string -%}
    {%- if kind in ('list', 'names') -%}
        {{ return((is_list and value | length > 0) or (kind == 'names' and value == '*')) }}
    {%- elif kind == 'texts' -%}
        {{ return(is_list and not value | reject('string') | list) }}
    {%- elif kind == 'wholes' -%}
        {%- set wrong = value | reject('integer') | list + value | select('integer') | select('lt', limits[0]) | list if is_list -%}
        {{ return(is_list and not wrong) }}
    {%- endif -%}
    {{ return(value == '*' or (is_list and are_country_codes(value))) }}
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
            "select cast(max(as_of_date) as string) as as_of_date, max(connector) as connector, "
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
            {{ return(run_query("select cast(max(segment_month) as string) from " ~ published).rows[0][0]) }}
        {%- endif -%}
    {%- endif -%}
    {{ return(none) }}
{% endmacro %}


{# Codes that are: UK for GB, say, would read no phone and ask nobody for consent. XK is Kosovo, which ISO has not named. #}
{% macro are_country_codes(countries) %}
    {%- for country in countries if country != 'XK' and country not in modules.pytz.country_names -%}
        {{ return(false) }}
    {%- endfor -%}
    {{ return(true) }}
{% endmacro %}
