"""Since when somebody is silent, what is to be done about it, and whether she may come or come back, in words."""

from collections.abc import Iterator

from rekindle.tell.asking import Row, Sentence

CRITERIA = ("no_purchase", "no_response", "loyalty_unchanged", "no_contact")
# what the scores look at, as a person says it
ATTRIBUTES = {
    "opens": "what she opened",
    "silence": "how long she is silent",
    "orders": "orders",
    "value": "money spent",
    "signs": "on how many days she was heard of",
}


def silence_in_words(row: Row, sentence: Sentence) -> Iterator[str]:
    """Lines about a row of silence_published, with when she became known and since when signs of life are recorded."""
    tier = "has_returned" if row["has_returned"] else row["engagement_tier"]
    if tier == "active" and row["last_contact_date"] is None:
        tier = "active_unseen"
    yield sentence("silence", tier, {**row, "silent_from_date": _silent_from(row)})
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
        yield sentence("reactivation", "*", {**row, **_score(row, row["reactivation_score"])})


def _silent_from(row: Row) -> str:
    """The day, or what happened on it: nobody is silent for a time in which nothing was recorded."""
    begun, recorded = row["last_contact_date"] or row["created_date"], row["recorded_from_date"]
    if begun is not None and recorded is not None and begun < recorded:
        return f"signs of life are recorded ({recorded})"
    return str(row["last_contact_date"] or "she is known")


def lookalike_in_words(row: Row, sentence: Sentence) -> str:
    """The line about a row of lookalike_scores."""
    if row["no_score_reason"] is not None:
        return sentence("lookalike", row["no_score_reason"], row)
    return sentence("lookalike", "*", _score(row, row["lookalike_score"]))


def _score(row: Row, likelihood: float) -> Row:
    contributions = {
        said: row[f"{attribute}_contribution"]
        for attribute, said in ATTRIBUTES.items()
        if f"{attribute}_contribution" in row
    }
    speaks = [
        f"{said} speaks {'for' if weight > 0 else 'against'} it ({weight:+.1f})"
        for said, weight in contributions.items()
        if abs(weight) >= 0.05
    ]
    return {
        "percent": round(100 * likelihood),
        "contributions": ", ".join(speaks) or "nothing speaks for or against it",
    }
