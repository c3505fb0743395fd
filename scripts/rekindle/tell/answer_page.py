"""An answer as one page that a person can read: no script, nothing loaded from elsewhere, every value escaped."""

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

Row = Mapping[str, Any]

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a }
h1, h2, h3 { line-height: 1.2 } h2 { margin-top: 2.5rem; border-bottom: 1px solid #ccc } h3 { margin: 1.5rem 0 .3rem }
div { overflow-x: auto } table { border-collapse: collapse; font-size: .85rem }
th, td { text-align: left; vertical-align: top; padding: .2rem .6rem .2rem 0; border-bottom: 1px solid #e5e5e5 }
"""
# What the entities of the input contract are, said to the person; in the order in which they are told.
ENTITIES = {
    "contacts": "Who you are, as each of our systems holds it",
    "contact_preferences": "What you told us you like",
    "consents": "What you agreed to, and what not",
    "erasure_requests": "Your requests to be forgotten",
    "orders": "What you bought: orders",
    "order_lines": "What you bought: lines of orders",
    "carts": "Carts",
    "offer_assignments": "Coupons and offers you were given",
    "offer_redemptions": "Coupons and offers you used",
    "loyalty_movements": "Points and benefits",
    "contracts": "Subscriptions",
    "messages": "Messages to you",
    "message_events": "What became of these messages",
    "web_events": "Visits",
    "service_events": "Service and surveys",
    "identity_links": "Records that are said to be yours, or not",
}


def page(answer: Mapping[str, Any]) -> str:
    """The whole page."""
    body = "\n".join(_body(answer))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width">\n<meta name="robots" content="noindex">\n'
        f"<title>What is held about you</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _body(answer: Mapping[str, Any]) -> Iterator[str]:
    about = answer["about"]
    yield "<h1>What is held about you</h1>"
    yield (
        f"<p>This is what our customer database held about you at the end of {escape(about['as_of_date'])}, in the "
        "words of its programs where it has some, and as it stands there. Times are UTC.</p>"
    )
    if about["records_left_out"]:
        yield "<p>Not everything is told here:</p>"
        yield _list(f"{_count(records, 'record')}: {reason}" for reason, records in about["records_left_out"].items())
        yield (
            "<p>These may be records of somebody near you. They are counted, and nothing of them is told. "
            f"{escape(about['conclusions_left_out'])} If they are yours, tell us.</p>"
        )
    delivered = answer["delivered"]
    yield "<h2>What we were told about you</h2>"
    entities = [*ENTITIES, *sorted({view.removeprefix("input_") for view in delivered} - set(ENTITIES))]
    for entity in entities:
        if rows := delivered.get(f"input_{entity}"):
            yield f"<h3>{escape(ENTITIES.get(entity, _words(entity)))}</h3>"
            yield _table(rows)
    yield from _section("Rows or values that could not be used", _table(answer["set_aside"]))
    yield from _section(
        "Why these records are taken for one person",
        _list(answer["why_one_person"]) or "<p>There is one record, or they are not compared.</p>",
    )
    yield from _section("What you said about being written to", _list(answer["consents"]))
    yield from _section("Whether you may be written to", _list(answer["may_be_written_to"]))
    yield from _section("Which kind of customer you were, month by month", _list(answer["segments"]))
    yield from _section("When that changed", _list(answer["moves"]))
    yield from _section(
        "What you spend, and how likely it seemed that you would stay away, month by month", _list(answer["value"])
    )
    yield from _section(
        "What was decided about messages to you",
        "".join(f"<h3>{escape(lines[0])}</h3>{_list(lines[1:])}" for lines in answer["decisions"]),
    )
    yield from _section("Who else received something about you", "".join(map(_platform, answer["platforms"])))
    yield "<h2>Everything that our programs made of it</h2>"
    for title, rows in answer["tables"].items():
        yield f"<h3>{escape(title)}</h3>"
        yield _table(rows)
    yield "<h2>Where that is kept</h2>"
    yield "<p>Rows about you, counted in every table that was searched; tables with none are left out here.</p>"
    yield _table(_counts(answer["held"]))


def _platform(platform: Row) -> str:
    removed = "" if platform["identifiers"] else "<p>No identifier is told here.</p>"
    left_out = platform["identifiers_left_out"]
    return (
        f"<h3>{escape(str(platform['platform']))} (list {escape(platform['feed'])})</h3>{removed}"
        + _list(f"{each['kind']} {each['value']}: {', '.join(each['in_the_list'])}" for each in platform["identifiers"])
        + (f"<p>{_count(left_out, 'entry', 'entries')} of records that are left out.</p>" if left_out else "")
        + _list(f"files of {each['as_of_date']} hold you (run {each['run_id']})" for each in platform["runs"])
    )


def _counts(held: Mapping[str, Mapping[str, Row]]) -> list[Row]:
    return [
        {"place": place, "table": table, "rows": counts["rows"], "told above": counts.get("told", "a copy")}
        for place, tables in held.items()
        for table, counts in tables.items()
        if counts["rows"]
    ]


def _section(title: str, content: str) -> Iterator[str]:
    yield f"<h2>{escape(title)}</h2>"
    yield content or "<p>Nothing.</p>"


def _list(lines: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""


def _table(rows: Iterable[Row]) -> str:
    """Rows with their columns; a column that is empty in all of them is left out."""
    rows = list(rows)
    known = dict.fromkeys(column for row in rows for column in row)
    columns = [column for column in known if any(row.get(column) is not None for row in rows)]
    if not columns:
        return ""
    head = "".join(f"<th>{escape(_words(column))}</th>" for column in columns)
    lines = "".join(f"<tr>{''.join(f'<td>{_cell(row.get(column))}</td>' for column in columns)}</tr>" for row in rows)
    return f"<div><table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>"


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else escape(str(value))


def _words(identifier: str) -> str:
    return identifier.replace("_", " ")


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
