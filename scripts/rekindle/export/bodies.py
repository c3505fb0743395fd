"""Rows as the bodies of a platform's API requests, one body per line of a file. Nothing is sent from here.

A target's `api` says what a body and a member of it look like. In its texts {name} is what the feed's `destination`
says; alone in a text, these are other values:

    {members}           as many members as a request takes
    {destinations}      the audiences that the request is about
    {columns}, {row}    the headers of the file; their values in the same order, '' where there is none
    {<header>}          a value; an object without it is left out, and so is what holds only that
    {session}, {batch}, {is_last}, {total}    number of the upload and of the body in it, the last one?, members in all

Where all of it stands, `bodies_of` tells the gate.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rekindle.export.queries import query
from rekindle.export.targets import Api, Column, Request
from rekindle.gates.files import Bodies
from rekindle.ground.quoting import text

ALONE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Call:
    """Where the bodies of one file go."""

    api: Api
    request: Request
    url: str
    destinations: tuple[Any, ...]

    @property
    def told(self) -> dict[str, str]:
        """What the manifest says of it."""
        return {"method": self.request.method, "url": self.url}


def calls_of(api: Api, request: Request, feeds: Sequence[Mapping[str, str]]) -> list[Call]:
    """The calls that reach the destinations of some feeds, each destination once; one call when there are none."""
    by_url: dict[str, list[Any]] = {}
    for settings in feeds:
        destinations = by_url.setdefault(_filled(request.url, settings), [])
        destination = _filled(api.destination, settings)
        if destination not in destinations:
            destinations.append(destination)
    most = api.max_destinations
    return [
        Call(api, request, url, tuple(found[start : start + most]))
        for url, found in sorted((by_url or {request.url: [None]}).items())
        for start in range(0, len(found), most)
    ]


def session_of(run_id: str, role: str) -> int:
    """The number of an upload: the same for the same run, positive, and exact in every reader of JSON."""
    return int(hashlib.sha256(f"{run_id} {role}".encode()).hexdigest()[:13], 16) + 1


def bodies_query(call: Call, chosen: Sequence[tuple[int, Column]], rows: str, order: str) -> str:
    """Fills the temporary table `bodies`: batch, members, and a column per key of the body."""
    values = {column.header: _value(f"c{number}", column) for number, column in chosen}
    row = ", ".join(f"coalesce({each}, '\"\"')" for each in values.values())
    member = {**values, "row": f"'[' || concat_ws(',', {row}) || ']'"}
    body = {
        "members": "members_json",
        "destinations": text(json.dumps(call.destinations)),
        "columns": text(json.dumps([*values])),
        "session": "cast(getvariable('session') as varchar)",
        "batch": "cast(batch as varchar)",
        "is_last": "case when batch = max(batch) over () then 'true' else 'false' end",
        "total": "cast(sum(members) over () as varchar)",
    }
    return query(
        "bodies",
        member=_sql(call.request.member, member),
        body={key: _sql(value, body) for key, value in call.request.body.items()},
        rows=rows,
        order=order,
        most=call.api.max_members,
    )


def bodies_of(call: Call, headers: Sequence[str]) -> Bodies:
    """Where whoever reads the file back finds the members, and in a member the values of these headers."""
    members = dict(_places(call.request.body))["members"]
    found = dict(_places(call.request.member))
    if "row" in found:
        found = {header: f"{found['row']}[{place}]" for place, header in enumerate(headers)}
    return Bodies([*call.request.body], call.api.max_members, members, [found[header] for header in headers])


def _value(column: str, spelled: Column) -> str:
    """A value as JSON; null stays null."""
    value = f"cast({column} as double)" if spelled.kind == "number" else column
    return f"case when {column} is not null then cast(to_json({value}) as varchar) end"


def _sql(template: Any, values: Mapping[str, str]) -> str:
    """SQL for the JSON text of a template: null for an object that lacks a value, and a list passes over nulls."""
    if isinstance(template, dict):
        pairs = [f"{text(json.dumps(key) + ':')} || {_sql(value, values)}" for key, value in template.items()]
        return "('{' || " + " || ',' || ".join(pairs) + " || '}')"
    if isinstance(template, list):
        return f"('[' || concat_ws(',', {', '.join(_sql(each, values) for each in template)}) || ']')"
    alone = ALONE.fullmatch(template) if isinstance(template, str) else None
    if alone is None:
        return text(json.dumps(template))
    return f"({values[alone[1]]})" if alone[1] in values else "cast(null as varchar)"


def _filled(template: Any, settings: Mapping[str, str]) -> Any:
    """A template with what a feed's destination says."""
    if isinstance(template, dict):
        return {key: _filled(value, settings) for key, value in template.items()}
    if isinstance(template, list):
        return [_filled(each, settings) for each in template]
    if isinstance(template, str):
        return ALONE.sub(lambda found: settings.get(found[1], found[0]), template)
    return template


def _places(template: Any, at: str = "$") -> Iterator[tuple[str, str]]:
    """Each placeholder of a template and its JSON path."""
    if isinstance(template, dict):
        for key, value in template.items():
            yield from _places(value, f'{at}."{key}"')
    elif isinstance(template, list):
        for each in template:
            yield from _places(each, f"{at}[*]")
    elif isinstance(template, str) and (alone := ALONE.fullmatch(template)):
        yield alone[1], at
