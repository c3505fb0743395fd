"""Since when somebody is silent, what is to be done about it, and whether she may come back, in words."""

from collections.abc import Callable, Iterator
from typing import Any

Row = dict[str, Any]
Sentence = Callable[[str, str, Row], str]

CRITERIA = ("no_purchase", "no_response", "loyalty_unchanged", "no_contact")
# what the score looks at, as a person says it
ATTRIBUTES = {
    "opens": "what she opened",
    "silence": "how long she is silent",
    "orders": "orders",
    "value": "money spent",
}


def silence_in_words(row: Row, sentence: Sentence) -> Iterator[str]:
    """Lines about a row of silence_published."""
    tier = "has_returned" if row["has_returned"] else row["engagement_tier"]
    silent_from = row["last_contact_date"] or "she is known"
    yield sentence("silence", tier, {**row, "silent_from_date": silent_from})
    for criterion in CRITERIA:
        if row[f"{criterion}_date"] is not None:
            yield sentence("silence_criterion", criterion, {"date": row[f"{criterion}_date"]})
    if row["inactive_since_date"] is not None:
        yield sentence("silence_inactive", "*", row)
    if row["recommended_action"] is not None:
        told = {
            name: row[name].replace("|", ", ").replace("_", " ") for name in ("inactive_type", "recommended_action")
        }
        yield sentence("silence_action", "*", told)
    if row["purge_hold_reason"] is not None or row["purge_due_date"] is not None:
        yield sentence("silence_purge", row["purge_hold_reason"] or "*", row)
    if row["no_score_reason"] not in (None, "not_silent"):
        yield sentence("reactivation", row["no_score_reason"], row)
    elif row["reactivation_score"] is not None:
        yield sentence("reactivation", "*", {**row, **_score(row)})


def _score(row: Row) -> Row:
    contributions = {said: row[f"{attribute}_contribution"] for attribute, said in ATTRIBUTES.items()}
    speaks = [
        f"{said} speaks {'for' if weight > 0 else 'against'} it ({weight:+.1f})"
        for said, weight in contributions.items()
        if abs(weight) >= 0.05
    ]
    return {
        "percent": round(100 * row["reactivation_score"]),
        "contributions": ", ".join(speaks) or "nothing speaks for or against it",
    }
