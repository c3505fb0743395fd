"""The scenario catalogue: a card per scenario, from the seeds that define it."""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from rekindle.ground import rules
from rekindle.site.dictionary import Dictionary
from rekindle.site.drawing import Box, drawing

Row = dict[str, str]
SEEDS = ("scenarios", "scenario_moments", "scenario_steps", "scenario_offers", "content_blocks", "feeds")
# decided last month, as published: scenario → (due, stopped by each gate, gone out)
Counts = Mapping[str, Mapping[str, int]]


def seeds(folder: Path, in_use: str | list[str]) -> dict[str, list[Row]]:
    """The rows of the seeds that make scenarios, those that a connector does not use switched off."""
    found = {}
    for name in SEEDS:
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            found[name] = list(csv.DictReader(file))
    unused = rules.not_in_use([row["scenario_id"] for row in found["scenarios"]], in_use)
    for row in found["scenarios"]:
        if row["scenario_id"] in unused:
            row["is_enabled"] = "false"
    return found


def catalogue(rows: Mapping[str, list[Row]], dictionary: Dictionary, counts: Counts) -> str:
    """The page, in markdown."""
    of: dict[str, dict[str, list[Row]]] = {name: defaultdict(list) for name in SEEDS}
    for name in SEEDS:
        for row in rows[name]:
            of[name][row["audience" if name == "feeds" else "scenario_id"]].append(row)
    scenarios = sorted(rows["scenarios"], key=lambda row: (int(row["priority"]), row["scenario_id"]))
    lines = [
        "# Scenarios", "",
        "What each customer gets, when and why, in the order in which scenarios win a person. Generated from the seeds:"
        " [the scenario guide](scenario-guide.md) says how to edit them, `make whatif` what an edit would do.", "",
        "| Scenario | Plan | Listens to | On |", "|---|---|---|---|",
    ]  # fmt: skip
    for row in scenarios:
        heard = dict.fromkeys(each["moment"] for each in of["scenario_moments"][row["scenario_id"]])
        moments = ", ".join(f"`{moment}`" for moment in heard)
        named = f"[{row['scenario_name']}](#{row['scenario_id']})"
        lines.append(f"| {named} | {row['plan']} | {moments} | {'yes' if row['is_enabled'] == 'true' else 'no'} |")
    for row in scenarios:
        found = {name: of[name][row["scenario_id"]] for name in SEEDS}
        lines += ["", *_card(row, found, dictionary, counts.get(row["scenario_id"], {}))]
    return "\n".join(lines) + "\n"


def _card(row: Row, found: Mapping[str, list[Row]], dictionary: Dictionary, counts: Mapping[str, int]) -> Iterator[str]:
    yield from (f"## {row['scenario_name']} {{ #{row['scenario_id']} }}", "")
    state = "switched on" if row["is_enabled"] == "true" else "switched off"
    yield from (f"`{row['scenario_id']}`: {row['plan']}, to {row['objective']}; {state}.", "")
    yield from ("| | |", "|---|---|")
    for moment in found["scenario_moments"]:
        yield f"| Who | {_who(moment, dictionary)} |"
    yield f"| When | {_when(row)} |"
    channels = row["channels"].split(">")
    yield f"| Channel | {', else '.join(channels)} ({row['purpose']}) |"
    yield f"| Content | {'<br>'.join(map(_text, found['content_blocks']))} |"
    yield f"| Offer | {'<br>'.join(map(_offer, found['scenario_offers'])) or 'none'} |"
    limit = f"; {row['message_limit']} messages at most" if row["message_limit"] else ""
    yield f"| Stops on | {', '.join(row['stops_on'].replace('_', ' ').split('>'))}{limit} |"
    yield f"| Held out | {float(row['holdout_share']):.0%} of those who enter |"
    kinds = ("targeting", "trigger", "personalisation", "interruption")
    needed = sorted({word for kind in kinds for word in row[f"{kind}_data"].split()})
    yield f"| Needs | {' '.join(f'`{each}`' for each in needed)} |"
    feeds = ", ".join(f"`{each['feed']}` ({each['target']}, {each['channel']})" for each in found["feeds"])
    yield f"| Files | {feeds or '`audiences` for tools that pull it'} |"
    if counts:
        told = ", ".join(f"{count:,} {said}" for said, count in counts.items())
        yield f"| Last month | {sum(counts.values()):,} steps due: {told} |"
    yield from ("", _journey(row, found["scenario_steps"]))


def _who(moment: Row, dictionary: Dictionary) -> str:
    kinds = [f"{kind}_{moment['moment']}" for kind in ("moment", "state")]
    table = next((dictionary.by_name[kind] for kind in kinds if kind in dictionary.by_name), None)
    grain = table.grain.removeprefix("One row per ") if table else ""
    said = f"[{grain[:1].upper()}{grain[1:]}](dictionary/{table.link})" if table else moment["moment"]
    subjects = moment["subjects"].replace(">", ", ").replace("_", " ")
    bounds = (("only", subjects), ("from", moment["at_least"]), ("up to", moment["at_most"]))
    told = [f"{word} {value}" for word, value in bounds if value]
    if moment["days_before"]:
        told.append(f"{moment['days_before']} days before")
    return "; ".join([said, *told]).replace("|", "\\|")


def _when(row: Row) -> str:
    recurrence = {"once": "once in a life", "per_entry_key": "each time anew"}
    parts = [
        recurrence.get(row["recurrence"], row["recurrence"].replace("_", " ")),
        f"{row['entry_window_days']} days to enter, {row['journey_days']} days at most",
        f"not again within {row['cooldown_days']} days",
    ]
    if row["starts_date"] or row["ends_date"]:
        parts.append(f"from {row['starts_date'] or 'ever'} until {row['ends_date'] or 'further notice'}")
    return "; ".join(parts)


def _text(block: Row) -> str:
    # what is for everybody needs no word about whom it is for
    language = "" if block["language_code"] == "*" else f" ({block['language_code']})"
    return f"{block['text_key'].replace('_', ' ')}{language}: {block['content_text'].replace('|', '/')}"


def _offer(offer: Row) -> str:
    subject = "" if offer["subject"] == "*" else f" for {offer['subject'].replace('_', ' ')}"
    value = f" from {offer['from_value']} on" if offer["from_value"] else ""
    return f"{offer['offer_type'].replace('_', ' ')}, the {offer['offer_rule'].replace('_', ' ')}{subject}{value}"


def _journey(scenario: Row, steps: list[Row]) -> str:
    """The steps from left to right; what is written on an arrow is the wait and the condition."""
    arrows = {}
    for step in steps:
        condition = "" if step["condition"] == "none" else step["condition"].replace("_", " ")
        said = ", ".join(part for part in (f"{step['wait_days']} days", condition) if part)
        for before in filter(None, step["after_steps"].split(">")):
            arrows[before, step["step"]] = said
    boxes = [Box(step["step"], title=step["template"]) for step in steps]
    return drawing(boxes, arrows, f"The journey of {scenario['scenario_name']}")
