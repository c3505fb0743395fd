"""Texts that engines read otherwise by themselves: numbers, dates, words, names and e-mails, as files hold them.

Each engine answers what the macros of macros/portability/ make of them; check_spark.py compares the answers.
"""

from pathlib import Path
from typing import Any

from rekindle.ground.dbt import Dbt
from rekindle.ground.engine import connect
from rekindle.ground.quoting import text as text_of_sql

SCHEMA = "hard_texts"
NUMBERS = """
    3| -3 |+3|2.0|2.00|5.|2.5|.5|1e2|1e3|-0|12.3400|12.340000000000001|7.999999999|1.005|1.234|0.500|1234.500|1.234,50
    1,5|1.000
    1'234.50|1 000|1_000|0x1F|１２|NaN|Infinity|9007199254740993|99999999999|1e40
    12,50|12,50\\n|\\n12|1.234.567,89|123\\n
"""
MOMENTS = """
    2024-02-03|2024-2-3|2024/02/03|2024/2/3| 2024-02-03 |2024-02-03 |\\t2024-02-03\\n|2024-02-03T10:05|2024-02-03 9:5:3
    2024-02-03 10:05:30.5|2024-02-03 10:05:30.1234567|2024-02-03 10:05:30.
     2024-02-03 10:05:30 |2024-02-03 24:00:00|2024-02-03 23:59:60
    2024-02-30|2024-13-01|2024-02-03  10:05|2024-02-03t10:05|2024.02.03|2024-02/03|12024-01-01|-2024-01-01
    24-02-03|2024 02 03
    20240203|2024-02-03 10:05:30 AM|2024-02-03T|2024-02-03 10|2024-02-03 10:|9999-12-31 23:59:59.999999
    +2024-01-01|12:30
    2024-02-03 10:05:30,5|2024-02-03Z|2024-02-03 10:05:30Z|2024-02-03 10:05 UTC|2024|2024-06|epoch
    infinity|2024\\\\02\\\\03
    2024-02-03T10:05:30+02:00|2024-02-03 10:05:30 +0200|2024-02-03 10:05+02\\n|2024-02-03 010:05|2024-02-03 10:05\\n
"""
WORDS = "true|false|TRUE|t|F|y|n|yes|No|1|0|on|off| true |true |\\ttrue|2|1.0"
NAMES = """
    ΝΙΚΟΣ ΠΑΠΠΑΣ|Νικος Παππας|Νίκος Παππάς|ΝΊΚΟΣ|İpek|ıpek|STRASSE|Straße|Ørsted|O'Brien|O’Brien|Anne\u2028Marie
    Jean\u0085Luc|Jean\\x0BLuc|Ann\\n|Zoë|Zoe\u0308|Иван|ИВАН
"""
EMAILS = """
    ann@example.com|ANN@Example.com\\n|ann@example.com.|"Ann" <ann@example.com>|mailto:ann@example.com?subject=x
    ann@example.com\u0085
    ann@example.com\\x0B|ann@example.com\u2028|σας@example.com|ΣΑΣ@example.com|a b@example.com
    ann@example|"ann@example.com"
"""
TEXTS = (NUMBERS, MOMENTS, WORDS, NAMES, EMAILS)
ASKED = {
    **{
        f"as_{kind.partition('(')[0]}": f"cast({{{{ try_cast('hard', '{kind}') }}}} as string)"
        for kind in ("integer", "bigint", "decimal(18,2)", "date", "timestamp", "boolean")
    },
    "with_comma": "cast({{ decimal_comma('hard') }} as string)",
    "as_instant": "cast({{ instant('hard') }} as string)",
    "as_utc": "cast({{ utc_unless_zoned('hard') }} as string)",
    "without_white_space": "{{ without_white_space('hard') }}",
    "as_id": "{{ meant_id('hard') }}",
    "folded": "{{ folded_name('hard') }}",
    "is_plain": "{{ is_plain_email('hard') }}",
    # a plain one: every other is spelled before dbt
    "email": "case when {{ is_plain_email('hard') }} then {{ normalised_email('hard') }} end",
    "is_readable": "{{ is_readable_email('lower(hard)') }}",
    "bucket": "{{ hash_bucket('hard') }}",
}


SIGNS = {"\\n": "\n", "\\t": "\t", "\\x0B": "\x0b", "\\\\": "\\"}


def write_texts(file: Path) -> None:
    """All of them to a Parquet file."""
    lines = [line[4:] if line.startswith(" " * 4) else line for each in TEXTS for line in each.split("\n")]
    found = [text for line in lines for text in line.split("|") if text]
    for written, sign in SIGNS.items():
        found = [text.replace(written, sign) for text in found]
    with connect() as connection:
        connection.execute("create table texts (hard varchar)")
        connection.executemany("insert into texts values (?)", [[text] for text in found])
        connection.execute(f"copy texts to {text_of_sql(str(file))} (format parquet)")


def asked(dbt: Dbt) -> str:
    """The query for what the engine reads in each, as dbt compiles it."""
    columns = ", ".join(f"{sql} as {name}" for name, sql in ASKED.items())
    query = f"select hard, {columns} from {SCHEMA}.texts"
    result: Any = dbt.run("compile", "--inline", query, variables={}).result
    return str(result.results[0].node.compiled_code)
