"""The scenario catalogue: a card per scenario, from the seeds that define it."""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from rekindle.ground import rules
from rekindle.ground.screen import counted
from rekindle.site.dictionary import Dictionary
from rekindle.site.drawing import Box, drawing

Row = dict[str, str]
SEEDS = (
    *("scenarios", "scenario_moments", "scenario_steps", "scenario_step_variants", "scenario_offers"),
    *("content_blocks", "feeds"),
)
# what people call the value of a moment; of any other kind it is its value
VALUES = {
    "cart_left": "amount",
    "drive_use": "orders near a drive in 91 days",
    "fell_silent": "days silent",
    "form_submitted": "orders so far",
    "interest_shown": "how often",
    "lookalike_rank": "rank",
    "order_overdue": "promotion sensitivity",
    "recommended": "score",
    "service_event": "rating",
    "went_down": "steps down",
    "went_up": "steps up",
}
LANGUAGES = {"*": "for everybody", "de": "in German", "en": "in English", "fr": "in French", "nl": "in Dutch"}
CONDITIONS = {"has_offer": "it has an offer", "no_purchase": "nothing was bought"}
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
        " [the scenario guide](scenario-guide.md) says how to edit them, `make whatif` what an edit would do."
        " Days count to the date that is decided for, and what a night decides goes out the day after.", "",
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
    asked = f"{', else '.join(channels)}, with a yes to {row['purpose'].replace('_', ' ')}"
    yield f"| Channel | {asked if row['channels'] else 'none: a list'} |"
    steps = [row["step"] for row in found["scenario_steps"]]
    texts = "<br>".join(_texts(found["content_blocks"], steps, has_offers=bool(found["scenario_offers"])))
    yield f"| Content | {texts or 'none: a list'} |"
    if row["kind"] == "message":
        yield f"| Steps | {'<br>'.join(map(_step, found['scenario_steps']))} |"
    for variants in _variants(found["scenario_step_variants"]):
        yield f"| Variants | {variants} |"
    values = {VALUES.get(each["moment"], "value") for each in found["scenario_moments"]}
    offers = [_offer(each, " or ".join(sorted(values))) for each in found["scenario_offers"]]
    yield f"| Offer | {'<br>'.join(offers) or 'none'} |"
    limit = f"; after {counted(int(row['message_limit']), 'message')}" if row["message_limit"] else ""
    yield f"| Stops on | {', '.join(row['stops_on'].replace('_', ' ').split('>'))}{limit} |"
    held_out = float(row["holdout_share"])
    yield f"| Held out | {f'{held_out:.0%} of those who enter' if held_out else 'nobody'} |"
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
    value = VALUES.get(moment["moment"], "value")
    bounds = (("only", subjects), (f"{value} from", moment["at_least"]), (f"{value} up to", moment["at_most"]))
    told = [f"{word} {bound}" for word, bound in bounds if bound]
    if moment["days_before"]:
        told.append(f"{moment['days_before']} days before")
    if moment["period"]:
        told.append(f"once a {moment['period'].replace('_', '-')}")
    return "; ".join([said, *told]).replace("|", "\\|")


def _when(row: Row) -> str:
    recurrence = {"once": "once in a life", "per_entry_key": "each time anew"}
    enters, ends, rests = (
        counted(int(row[f"{which}_days"]), "day") for which in ("entry_window", "journey", "cooldown")
    )
    parts = [
        recurrence.get(row["recurrence"], row["recurrence"].replace("_", " ")),
        f"the first message within {enters}, the last within {row['journey_days']}"
        if row["kind"] == "message"
        else f"on the list for {ends} at most",
    ]
    if row["cooldown_days"] != "0":
        parts.append(f"not again within {rests}")
    if row["starts_date"] or row["ends_date"]:
        parts.append(f"from {row['starts_date'] or 'ever'} until {row['ends_date'] or 'further notice'}")
    return "; ".join(parts)


def _texts(blocks: list[Row], steps: list[str], *, has_offers: bool) -> Iterator[str]:
    """What is said, by step and language, and what it leads with and to."""
    said: dict[tuple[str, str], list[str]] = defaultdict(list)
    leads: dict[str, dict[str, str]] = defaultdict(dict)
    for block in blocks:
        step, text = block["step"], block["content_text"].replace("|", "/")
        if block["text_key"] in ("lever", "cta"):
            leads[step][block["text_key"]] = text.replace("_", " ")
            continue
        until = f" (until {block['valid_to_date']})" if block["valid_to_date"] else ""
        said[step, block["language_code"]].append(f"{block['text_key'].replace('_', ' ')} “{text}”{until}")
    variants = dict.fromkeys(block["step"] for block in blocks if ":" in block["step"])
    for step in ("*", *steps, *variants):
        name = "" if step == "*" else step.replace(":", ", ").replace("_", " ")
        for language in sorted(spoken for of, spoken in said if of == step):
            whom = ", ".join(part for part in (name, LANGUAGES.get(language, f"in {language}")) if part)
            yield f"{whom}: {', '.join(said[step, language])}"
        own = leads["*"] | leads[step.split(":")[0]] | leads[step]
        if (step == "*" or leads[step]) and own.get("lever", "none") != "none":
            offer = ", or with its offer" if has_offers else ""
            yield f"{name}{': ' if name else ''}leads with {own['lever']}{offer}, to {own.get('cta', 'nothing')}"


def _step(step: Row) -> str:
    """When a step goes out: how long after what, if what, and what is asked where that may not be known."""
    name, wait = step["step"].replace("_", " "), int(step["wait_days"])
    after = " or ".join(before.replace("_", " ") for before in step["after_steps"].split(">") if before)
    said = f"{name} {counted(wait, 'day') if wait else 'straight'} after {after or 'the trigger'}"
    if step["condition"] == "none":
        return said
    said += f", if {_condition(step['condition'])}"
    if step["condition"].removeprefix("not_").split(":")[0] in ("opened", "clicked"):
        asked = step["fallback_condition"] or "no_purchase"
        said += "; where that may not be known, " + ("never" if asked == "skip" else f"if {_condition(asked)}")
    return said


def _condition(condition: str) -> str:
    return CONDITIONS.get(condition, condition.replace("_", " ").replace(":", " "))


def _variants(rows: list[Row]) -> Iterator[str]:
    """How people are split on a step and channel."""
    split: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        share = (int(row["last_bucket"]) - int(row["first_bucket"]) + 1) / 10_000
        split[row["step"], row["channel"]].append(f"{share:.0%} {row['variant'].replace('_', ' ')}")
    for (step, channel), shares in split.items():
        yield f"{step.replace('_', ' ')} by {channel}: {', '.join(shares)}"


def _offer(offer: Row, measured: str) -> str:
    subject = "" if offer["subject"] == "*" else f" for {offer['subject'].replace('_', ' ')}"
    value = f", {measured} from {offer['from_value']}" if offer["from_value"] else ""
    rule = {
        "lowest_value": "of the lowest value",
        "highest_value": "of the highest value",
        "best_match": "that fits best",
    }
    said = rule.get(offer["offer_rule"], offer["offer_rule"].replace("_", " "))
    return f"{offer['offer_type'].replace('_', ' ')} {said}{subject}{value}"


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
