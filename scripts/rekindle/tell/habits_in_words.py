"""How somebody buys, where she is in her life as a customer, and what she is inclined to, in words."""

import datetime
from collections.abc import Iterator

from rekindle.tell.asking import Row, Sentence

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SOURCES = {
    "own": "the middle of her own {gaps} gaps",
    "shrunk": "her own {gaps} gaps, and those of customers who buy like her",
    "cell": "customers who buy like her, because she has only {gaps} gaps",
}


def traits_in_words(row: Row, sentence: Sentence) -> str:
    """A row of traits_current."""
    told = {name: str(row[name]).replace("_", " ") for name in ("lifecycle_stage", "engagement_level")}
    return sentence("traits", "*", {**row, **told, "month": f"{row['segment_month']:%Y-%m}"})


def habit_in_words(row: Row, sentence: Sentence, as_of: datetime.date) -> Iterator[str]:
    """Lines about a row of profile_habits and the hub's date; `as_of` says whether she is overdue by now."""
    if row["no_habit_reason"] is not None:
        yield sentence("habit", row["no_habit_reason"], row)
        return
    source = SOURCES[row["habit_source"]].format(**row)
    told = {"rf_habit": row["rf_habit"].replace("_", "-"), "days": round(row["rf_habit_days"]), "source": source}
    yield sentence("habit", "*", told)
    if (date := row["overdue_from_date"]) is not None:
        yield sentence("overdue", "overdue" if date <= as_of else "not_yet", {**row, "overdue_date": date})


def appetencies_in_words(row: Row, channels: list[Row], sentence: Sentence) -> Iterator[str]:
    """Lines about a row of profile_appetencies and those of channel_appetencies."""
    if row["no_appetency_reason"] is not None:
        yield sentence("appetency", row["no_appetency_reason"], row)
        return
    if row["promotion_sensitivity"] is not None:
        yield sentence("appetency", "promotion", {**row, "percent": round(100 * row["promotion_sensitivity"])})
    if row["drive_appetency"] is not None:
        yield sentence("appetency", "drive", {**row, "percent": round(100 * row["drive_appetency"])})
    if row["usual_store_id"] is not None:
        yield sentence("appetency", "store", row)
    if row.get("preferred_category") is not None:
        yield sentence("appetency", "category", row)
    if row["best_send_hour"] is not None:
        yield sentence("appetency", "hour", {**row, "weekday": WEEKDAYS[row["best_send_weekday"] - 1]})
    for channel in channels:
        if channel["click_appetency"] is not None:
            yield sentence("appetency", "click", {**channel, "percent": round(100 * channel["click_appetency"], 1)})
