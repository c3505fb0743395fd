{#
  The end of every run: a green one is marked finished in run_log, and a complete one says in plain words what came out.
  print() writes under --quiet too. ref() cannot be used here, so relations come from the graph.
#}
{% macro finish_run(results) %}
    {%- if execute -%}
        {%- do print_reasons(results) -%}
    {%- endif -%}
    {%- if execute and flags.WHICH in ('build', 'run', 'seed', 'snapshot') -%}
        {%- set is_finished = finish_run_log(results) -%}
        {#- the last step of a replay is told by the replay -#}
        {%- if command_scope() == 'full' and not invocation_args_dict.get('selector') -%}
            {%- do print_summary(results, is_finished) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{#
  Why a test failed, in the words of its own rows: tests with `meta: {reason_column: …}` return a sentence there.
  Such a column never holds a customer's data.
#}
{% macro print_reasons(results) %}
    {%- for result in results if result.status == 'fail' and result.node.config.meta.get('reason_column') -%}
        {%- set reasons = run_query(
            'select distinct ' ~ result.node.config.meta['reason_column'] ~ ' as reason from ('
            ~ result.node.compiled_code ~ ') as failures order by 1 limit 5'
        ) -%}
        {%- for row in reasons.rows -%}
            {%- do print('Stopped     ' ~ row['reason']) -%}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}


{% macro print_summary(results, is_finished) %}
    {%- set counts = {'pass': 0, 'fail': 0, 'error': 0, 'skipped': 0, 'warn': 0} -%}
    {%- for result in results -%}
        {%- set kind = 'error' if result.status == 'runtime error' else result.status | string -%}
        {%- if kind in ('error', 'skipped') or result.node.resource_type in ('test', 'unit_test') -%}
            {%- do counts.update({kind: counts.get(kind, 0) + 1}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do print('') -%}
    {%- do print('Rekindle, ' ~ var('connector') ~ ', as of ' ~ as_of_date_text()) -%}
    {%- do print('=' * 78) -%}
    {%- if is_finished -%}
        {%- set relations = {} -%}
        {%- for node in graph.nodes.values() if node.resource_type in ('model', 'seed') -%}
            {%- do relations.update({node.name: node.relation_name}) -%}
        {%- endfor -%}
        {%- set month = print_segments(relations) -%}
        {%- if month is not none -%}
            {%- do print_moves(relations, month) -%}
        {%- endif -%}
        {%- do print_waterfalls(relations) -%}
        {%- do print_readiness(relations) -%}
        {%- do print_rejected(relations) -%}
        {%- do print_notes(relations) -%}
        {%- do print_contract_gaps() -%}
    {%- endif -%}
    {%- set tests = [counts['pass'] ~ ' passed'] -%}
    {%- for kind, word in {'warn': 'with a warning', 'fail': 'failed', 'error': 'could not be built', 'skipped': 'skipped'}.items()
        if counts[kind] -%}
        {%- do tests.append(counts[kind] ~ ' ' ~ word) -%}
    {%- endfor -%}
    {%- do print('Checks      ' ~ tests | join(', ')) -%}
    {%- if not is_finished -%}
        {%- do print('Not finished: tables may be of different dates, so this run cannot be published.') -%}
    {%- endif -%}
{% endmacro %}


{# Customers per segment of the newest published month. Returns the month, none when nothing was ever published. #}
{% macro print_segments(relations) %}
    {%- set rows = run_query(
        'select segments.segment_name, count(published.profile_id) as profiles, '
        ~ "cast(newest.segment_month as varchar) as segment_month from " ~ relations['dim_segments'] ~ ' as segments '
        ~ 'cross join (select max(segment_month) as segment_month from ' ~ relations['rfm_published'] ~ ') as newest '
        ~ 'left join ' ~ relations['rfm_published'] ~ ' as published on segments.segment = published.segment '
        ~ 'and newest.segment_month = published.segment_month where segments.rung is not null '
        ~ 'group by segments.segment_name, segments.rung, newest.segment_month order by segments.rung desc'
    ).rows -%}
    {%- set month = (rows | first)['segment_month'] if rows else none -%}
    {%- if month is none -%}
        {%- do print('Month       none published yet: no month with orders is closed as of this date') -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set counts = rows | map(attribute='profiles') | list -%}
    {%- set total = counts | sum -%}
    {%- do print('Month       ' ~ month_name(month) ~ ': ' ~ thousands(total) ~ ' customers') -%}
    {%- do print('') -%}
    {%- for row in rows -%}
        {%- set bar = '█' * ((row['profiles'] * 34 / ([counts | max, 1] | max)) | round | int) -%}
        {%- do print(
            '  %-22s %-34s %9s %6.1f %%' | format(row['segment_name'], bar, thousands(row['profiles']), row['profiles'] * 100 / ([total, 1] | max))
        ) -%}
    {%- endfor -%}
    {%- do print('') -%}
    {{ return(month) }}
{% endmacro %}


{# Who went down and up in that month, with the commonest ways. #}
{% macro print_moves(relations, month) %}
    {%- for direction, title in {'down': 'Went down', 'up': 'Went up'}.items() -%}
        {%- set rows = run_query(
            'select origins.segment_name as from_name, targets.segment_name as to_name, count(*) as profiles, '
            ~ 'sum(case when moves.is_attrition_signal then 1 else 0 end) as signals from ' ~ relations['segment_moves'] ~ ' as moves '
            ~ 'inner join ' ~ relations['dim_segments'] ~ ' as origins on moves.from_segment = origins.segment '
            ~ 'inner join ' ~ relations['dim_segments'] ~ ' as targets on moves.to_segment = targets.segment '
            ~ "where moves.segment_month = cast('" ~ month ~ "' as date) and " ~ ('moves.is_down' if direction == 'down' else "moves.to_rung > moves.from_rung")
            ~ ' group by origins.segment_name, targets.segment_name order by 3 desc, 1, 2'
        ).rows -%}
        {%- set total = rows | map(attribute='profiles') | sum -%}
        {%- set signals = rows | map(attribute='signals') | sum -%}
        {%- do print(
            '%-11s %s' | format(title, thousands(total) ~ ' customers'
            ~ (', ' ~ thousands(signals) ~ ' of them because they stay away longer' if direction == 'down' and signals else ''))
        ) -%}
        {%- for row in (rows | list)[:5] -%}
            {%- do print('  %-22s -> %-22s %9s' | format(row['from_name'], row['to_name'], thousands(row['profiles']))) -%}
        {%- endfor -%}
        {%- do print('') -%}
    {%- endfor -%}
{% endmacro %}


{# Per scenario how many steps were due, how many each gate stopped, how many go out; `make explain` says more. #}
{% macro print_waterfalls(relations) %}
    {%- if 'decisions' in relations -%}
        {%- set rows = run_query(
            "select scenarios.scenario_id, scenarios.scenario_name, sentences.counted, counts.steps from ("
            ~ "select scenario_id, coalesce(closed_gate, 'selected') as subject, count(*) as steps from "
            ~ relations['decisions'] ~ " where as_of_date = " ~ as_of_date() ~ " group by scenario_id, closed_gate) as counts "
            ~ "inner join " ~ relations['scenarios'] ~ " as scenarios on counts.scenario_id = scenarios.scenario_id "
            ~ "inner join " ~ relations['sentences'] ~ " as sentences on counts.subject = sentences.subject "
            ~ "and sentences.code = '*' left join " ~ relations['gate_applicability'] ~ " as gates "
            ~ "on counts.subject = gates.gate and scenarios.kind = gates.kind "
            ~ "order by scenarios.priority, scenarios.scenario_id, coalesce(gates.gate_order, 99)"
        ).rows | list -%}
        {%- do print('Decided     ' ~ ('steps of journeys due as of ' ~ as_of_date_text() if rows else 'no step was due')) -%}
        {%- for waiting in run_query(
            "select scenario_name, cast(starts_date as varchar) as starts_date from " ~ relations['dim_scenarios']
            ~ " where is_enabled and starts_date > " ~ as_of_date() ~ " order by priority, scenario_id"
        ).rows -%}
            {%- do print('  %-22s starts on %s (seeds/config/scenarios.csv)' | format(waiting['scenario_name'], waiting['starts_date'])) -%}
        {%- endfor -%}
        {%- for scenario_id, counts in rows | groupby('scenario_id') -%}
            {%- set told = [thousands(counts | map(attribute='steps') | sum) ~ ' due'] -%}
            {%- for row in counts -%}
                {%- do told.append(thousands(row['steps']) ~ ' ' ~ row['counted']) -%}
            {%- endfor -%}
            {%- do print('  %-22s %s' | format(
                (counts | first)['scenario_name'],
                told | join(', ') | wordwrap(53, break_long_words=false, wrapstring='\n' ~ ' ' * 25)
            )) -%}
        {%- endfor -%}
        {%- set differences = run_query('select count(*) as steps from ' ~ relations['decision_differences']).rows[0]['steps'] -%}
        {%- if differences -%}
            {%- do print(
                'Sealed      what was decided as of ' ~ as_of_date_text() ~ ' has left the house and stays. Today '
                ~ thousands(differences) ~ (' step' if differences == 1 else ' steps')
                ~ '\n            would be decided otherwise (activation.decision_differences).'
            ) -%}
        {%- endif -%}
        {%- do print('') -%}
    {%- endif -%}
{% endmacro %}


{# Scenarios that lack data, and which; nothing when all have what they need. #}
{% macro print_readiness(relations) %}
    {%- set rows = run_query(
        "select scenario_id, contract_column from " ~ relations['scenario_readiness']
        ~ " where not is_ready group by scenario_id, contract_column order by 1, 2"
    ).rows -%}
    {%- for scenario_id, columns in rows | groupby('scenario_id') -%}
        {%- do print('%-11s %s' | format(
            'Not ready' if loop.first else '',
            scenario_id ~ ' lacks ' ~ columns | map(attribute='contract_column') | join(', ')
        )) -%}
    {%- endfor -%}
{% endmacro %}


{# Rows that intake set aside, per entity and reason, and phones that nobody has read yet. #}
{% macro print_rejected(relations) %}
    {%- set rows = run_query(
        'select entity, reason, sum(rejected_rows) as rejects from ' ~ relations['rejected_row_summary']
        ~ ' group by entity, reason order by 1, 3 desc, 2'
    ).rows | list -%}
    {%- set total = rows | map(attribute='rejects') | sum -%}
    {%- do print('Rejected    ' ~ (thousands(total) ~ ' rows and values, kept aside in schema intake:' if total else 'no rows')) -%}
    {%- for entity, rejects in rows | groupby('entity') -%}
        {%- set reasons = [] -%}
        {%- for row in rejects -%}
            {%- do reasons.append(row['reason'] ~ ' ' ~ thousands(row['rejects'])) -%}
        {%- endfor -%}
        {%- set line = '  %-21s %7s  %s' | format(entity, thousands(rejects | map(attribute='rejects') | sum), reasons | join(', ')) -%}
        {%- do print(line if line | length <= 78 else line[:77] ~ '…') -%}
    {%- endfor -%}
    {%- if 'unreadable_noes' in relations -%}
        {%- set noes = run_query('select count(*) as noes from ' ~ relations['unreadable_noes']).rows[0]['noes'] -%}
        {%- if noes -%}
            {%- do print(
                'Closed      ' ~ thousands(noes) ~ (' row that may be a no and cannot be read' if noes == 1 else ' rows that may be noes and cannot be read')
                ~ ':\n            whom they may mean is not written to (quality.unreadable_noes)'
            ) -%}
        {%- endif -%}
    {%- endif -%}
    {%- for model, word, column in [('unread_phones', 'Phones', 'phone_count'), ('unread_emails', 'E-mails', 'email_count')]
        if model in relations -%}
        {%- set unread = run_query(
            'select coalesce(sum(' ~ column ~ '), 0) as unread from ' ~ relations[model] ~ ' where command_to_run is not null'
        ).rows[0]['unread'] -%}
        {%- if unread -%}
            {%- do print('%-11s %s' | format(word, thousands(unread) ~ ' not read yet: python scripts/normalise_contacts.py')) -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}


{# What is true of these settings and no error; see run_rfm_window_reaches_the_last_recency_band. #}
{% macro print_notes(relations) %}
    {%- set last_band = run_query(
        'select max(max_recency_days) from ' ~ relations['rfm_recency_bands'] ~ " where sector = '" ~ setting('rfm_sector') ~ "'"
    ).rows[0][0] -%}
    {%- if last_band is not none and last_band >= setting('rfm_window_days') -%}
        {%- do print(
            'Note        rfm_window_days (' ~ setting('rfm_window_days') ~ ') is not longer than the last recency band ('
            ~ (last_band | int) ~ '):\n            who is silent for longer has no frequency left, so R 1 goes with FM 1 only.'
        ) -%}
    {%- endif -%}
{% endmacro %}


{# Files that are read although they have the shape of version 1 of the input contract (connector `parquet`). #}
{% macro print_contract_gaps() %}
    {%- set gaps = [] -%}
    {%- for node in graph.nodes.values() if node.original_file_path.startswith('models/input/parquet/') -%}
        {%- do gaps.extend(contract_gaps(node)) -%}
    {%- endfor -%}
    {%- if gaps -%}
        {%- do print('Note        Files of version 1 of the input contract are read in this release only.') -%}
        {%- do print('            docs/contract-version-2.md says what to do. What they lack is empty:') -%}
        {%- do print(' ' * 12 ~ gaps | sort | join(', ') | wordwrap(66, break_long_words=false, wrapstring='\n' ~ ' ' * 12)) -%}
    {%- endif -%}
{% endmacro %}


{% macro thousands(number) %}
    {{ return('{:,}'.format(number | int)) }}
{% endmacro %}


{# 2017-12-01 → December 2017, whatever the locale of the machine. #}
{% macro month_name(first_day) %}
    {%- set names = [
        'January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November',
        'December',
    ] -%}
    {{ return(names[first_day[5:7] | int - 1] ~ ' ' ~ first_day[:4]) }}
{% endmacro %}
