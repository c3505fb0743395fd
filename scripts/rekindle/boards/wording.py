"""Figures as people read them. The name of a column says what it holds, as everywhere in the project."""

from datetime import date
from decimal import Decimal
from typing import Any


def shown(column: str, value: Any) -> str:
    """A value as text: shares in percent, months by name, whole numbers and money with thousands."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return f"{value:%b %Y}" if column.endswith("_month") else f"{value.day} {value:%b %Y}"
    if not isinstance(value, int | float | Decimal):
        return str(value)
    if column.endswith("_change"):
        text = _number(column.removesuffix("_change"), value)
        return ("+" if float(value) > 0 and _is_more_than_nothing(text) else "") + text
    return _number(column, value)


def _number(column: str, value: float | Decimal) -> str:
    if column.endswith("_points"):
        text = f"{100 * float(value):.1f} points"
    elif column.endswith(("_share", "_rate")):
        text = f"{100 * float(value):.1f} %"
    elif column.endswith("_permille"):
        text = f"{1000 * float(value):.2f} ‰"
    elif column.endswith("_amount"):
        text = f"{value:,.2f}" if abs(float(value)) < 100 else f"{value:,.0f}"
    elif isinstance(value, int) or column.endswith("_people"):
        text = f"{value:,.0f}"
    else:
        text = f"{value:,.2f}"
    return text.replace("-", "\N{MINUS SIGN}" if _is_more_than_nothing(text) else "")


def _is_more_than_nothing(text: str) -> bool:
    """What is rounded to nothing has no sign."""
    return any(digit in text for digit in "123456789")
