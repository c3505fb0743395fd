{#
  The end of every run: a green one is marked finished in run_log, and a complete one says in plain words what came out
  (the model run_summary). print() writes under --quiet too.
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
    {%- do print_heading() -%}
    {%- if is_finished -%}
        {%- do print_run_summary() -%}
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


{% macro print_heading() %}
    {%- do print('') -%}
    {%- do print('Rekindle, ' ~ var('connector') ~ ', as of ' ~ as_of_date_text()) -%}
    {%- do print('=' * 78) -%}
{% endmacro %}


{# What the build said that nothing has changed since: scripts/run.py calls it in place of a build. #}
{% macro tell_last_build() %}
    {%- do print_heading() -%}
    {%- do print_run_summary() -%}
    {%- do print_contract_gaps() -%}
{% endmacro %}


{# The lines of the model run_summary, which a finished whole run has just built: what it says is decided there, how wide it is here. #}
{% macro print_run_summary() %}
    {%- set node = graph.nodes['model.rekindle.run_summary'] -%}
    {%- set said = {} -%}
    {%- for row in run_query('select * from ' ~ node.relation_name ~ ' order by line_number asc').rows -%}
        {%- do said.setdefault(row['section'], []).append(row) -%}
    {%- endfor -%}

    {%- for month in said.get('month', []) -%}
        {%- do print('Month       ' ~ month_name(month['subject']) ~ ': ' ~ thousands(month['row_count']) ~ ' customers\n') -%}
        {%- set largest = said['segment'] | map(attribute='row_count') | max -%}
        {%- for segment in said['segment'] -%}
            {%- set bar = '█' * ((segment['row_count'] * 34 / ([largest, 1] | max)) | round | int) -%}
            {%- do print('  %-22s %-34s %9s %6.1f %%' | format(
                segment['subject'], bar, thousands(segment['row_count']), segment['row_count'] * 100 / ([month['row_count'], 1] | max)
            )) -%}
        {%- endfor -%}
        {%- do print('') -%}
        {%- for direction, title in {'down': 'Went down', 'up': 'Went up'}.items() -%}
            {%- set because = said.get('signal', []) if direction == 'down' else [] -%}
            {%- do print('%-11s %s customers%s' | format(
                title, thousands(said['went_' ~ direction][0]['row_count']),
                ', ' ~ thousands(because[0]['row_count']) ~ ' of them because they stay away longer' if because else ''
            )) -%}
            {%- for way in said.get('way_' ~ direction, []) -%}
                {%- do print('  %-22s -> %-22s %9s' | format(way['subject'], way['detail'], thousands(way['row_count']))) -%}
            {%- endfor -%}
            {%- do print('') -%}
        {%- endfor -%}
    {%- else -%}
        {%- do print('Month       none published yet: no month with orders is closed as of this date') -%}
    {%- endfor -%}

    {%- do print('Decided     ' ~ ('steps of journeys due as of ' ~ as_of_date_text() if 'decided' in said else 'no step was due')) -%}
    {%- for scenario in said.get('starts_later', []) -%}
        {%- do print('  %-22s starts on %s (seeds/config/scenarios.csv)' | format(scenario['subject'], scenario['detail'])) -%}
    {%- endfor -%}
    {%- set decided = {} -%}
    {%- for row in said.get('decided', []) -%}
        {%- do decided.setdefault(row['subject'], []).append(row) -%}
    {%- endfor -%}
    {%- for scenario_name, counts in decided.items() -%}
        {%- set told = [] -%}
        {%- for row in counts -%}
            {%- do told.append(thousands(row['row_count']) ~ ' ' ~ row['detail']) -%}
        {%- endfor -%}
        {%- do print('  %-22s%s%s' | format(
            scenario_name,
            ' ' if scenario_name | length <= 22 else '\n' ~ ' ' * 25,
            told | join(', ') | wordwrap(53, break_long_words=false, wrapstring='\n' ~ ' ' * 25)
        )) -%}
    {%- endfor -%}
    {%- for sealed in said.get('sealed', []) -%}
        {%- do print(
            'Sealed      what was decided as of ' ~ as_of_date_text() ~ ' has left the house and stays. Today '
            ~ thousands(sealed['row_count']) ~ (' step' if sealed['row_count'] == 1 else ' steps')
            ~ '\n            would be decided otherwise (activation.decision_differences).'
        ) -%}
    {%- endfor -%}
    {%- do print('') -%}

    {%- for scenario_id, columns in said.get('not_ready', []) | groupby('subject') -%}
        {%- set lacks = scenario_id ~ ' lacks ' ~ columns | map(attribute='detail') | join(', ') -%}
        {%- do print('%-11s %s' | format(
            'Not ready' if loop.first else '',
            lacks | wordwrap(66, break_long_words=false, wrapstring='\n' ~ ' ' * 14)
        )) -%}
    {%- endfor -%}
    {%- set rejected = said.get('rejected', []) -%}
    {%- set total = rejected | map(attribute='row_count') | sum -%}
    {%- do print('Rejected    ' ~ (thousands(total) ~ ' rows and values, kept aside in schema intake:' if total else 'no rows')) -%}
    {%- for entity, reasons in rejected | groupby('subject') -%}
        {%- set told = [] -%}
        {%- for row in reasons -%}
            {%- do told.append(row['detail'] ~ ' ' ~ thousands(row['row_count'])) -%}
        {%- endfor -%}
        {%- set line = '  %-21s %7s  %s' | format(entity, thousands(reasons | map(attribute='row_count') | sum), told | join(', ')) -%}
        {%- do print(line if line | length <= 78 else line[:77] ~ '…') -%}
    {%- endfor -%}
    {%- for closed in said.get('closed', []) -%}
        {%- do print(
            'Closed      ' ~ thousands(closed['row_count'])
            ~ (' row that may be a no and cannot be read' if closed['row_count'] == 1 else ' rows that may be noes and cannot be read')
            ~ ':\n            whom they may mean is not written to (quality.unreadable_noes)'
        ) -%}
    {%- endfor -%}
    {%- for closed in said.get('closed_nobody', []) -%}
        {%- do print(
            '            but ' ~ thousands(closed['row_count'])
            ~ (' of them names' if closed['row_count'] == 1 else ' of them name')
            ~ ' no known record and no address: nobody is closed'
        ) -%}
    {%- endfor -%}
    {%- for unknown in said.get('suppressed_nobody', []) -%}
        {%- do print(
            'Note        ' ~ thousands(unknown['row_count'])
            ~ (' row of seeds/config/suppressions.csv names' if unknown['row_count'] == 1
                else ' rows of seeds/config/suppressions.csv name')
            ~ ' nobody:\n            mend the profile_id, or take the row out when the person is gone'
        ) -%}
    {%- endfor -%}
    {%- for unread in said.get('unread', []) -%}
        {%- do print('%-11s %s not read yet: python scripts/normalise_contacts.py' | format(unread['subject'], thousands(unread['row_count']))) -%}
    {%- endfor -%}
    {%- for window in said.get('short_window', []) -%}
        {%- do print(
            'Note        rfm_window_days (' ~ setting('rfm_window_days') ~ ') is not longer than the last recency band ('
            ~ (window['row_count'] | int) ~ '):\n            who is silent for longer has no frequency left, so R 1 goes with FM 1 only.'
        ) -%}
    {%- endfor -%}
    {%- for sector in said.get('no_clusters', []) -%}
        {%- do print(
            'Clusters    nobody has a spend cluster: seeds/config/clv_cuts.csv has no two cuts of\n            rfm_sector '
            ~ sector['subject'] ~ ' (docs/connector-guide.md, First cuts).'
        ) -%}
    {%- endfor -%}
    {%- for unfed in said.get('no_feed', []) -%}
        {%- do print(
            'Note        seeds/config/feeds.csv has no row of audience ' ~ unfed['subject'] ~ ' for ' ~ unfed['detail']
            ~ ':\n            messages that are chosen for it leave as no file; write one, or name it in\n            channels_read_as_tables.'
        ) -%}
    {%- endfor -%}
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
