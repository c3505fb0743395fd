{#
  Whether a use that names no copy may have spent this one: given by the day of the use, and not over yet at its instant. By the
  day, because a till that writes dates only writes the first instant of it, which is before the copy was given that morning.
#}
{% macro was_open_that_day(use, copy) -%}
    (
        {{ copy }}.assigned_date <= {{ use }}.redeemed_date
        and ({{ copy }}.expires_at is null or {{ use }}.redeemed_at < {{ copy }}.expires_at)
    )
{%- endmacro %}
