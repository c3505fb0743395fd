{# Whether a row of a seed is of this sector; where the sector has none, of sector *, which sorts before every name. `where`: of which rows. #}
{% macro is_of_sector(seed, where='true') -%}
    sector = (
        select max(sector)
        from {{ ref(seed) }}
        where
            {{ where }}
            and sector in ('*', '{{ setting("rfm_sector") }}')
    )
{%- endmacro %}
