"""Dates and months as the commands take them: YYYY-MM-DD and YYYY-MM."""

import datetime
import re
from zoneinfo import ZoneInfo

from rekindle.ground import rules, settings
from rekindle.ground.errors import RekindleError

# What can be computed with: dates before and after them must exist, too (macro as_of_date_text).
FIRST_YEAR, LAST_YEAR = 1900, 2999


def as_date(text: str, option: str) -> datetime.date:
    """A day of the calendar, or one sentence."""
    try:
        found = datetime.date.fromisoformat(text if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else "")
    except ValueError:
        raise RekindleError(f"{option} '{text}' is not a day of the calendar: write it as YYYY-MM-DD.") from None
    return _in_time(found, text, option)


def _in_time(found: datetime.date, text: str, option: str) -> datetime.date:
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise RekindleError(f"{option} '{text}' is out of time: name a year from {FIRST_YEAR} to {LAST_YEAR}.")
    return found


def as_month(text: str, option: str) -> datetime.date:
    """The first day of a month, or one sentence."""
    try:
        found = datetime.date.fromisoformat(f"{text}-01" if re.fullmatch(r"[0-9]{4}-[0-9]{2}", text) else "")
    except ValueError:
        raise RekindleError(f"{option} '{text}' is not a month: write it as YYYY-MM.") from None
    return _in_time(found, text, option)


def as_time(text: str, option: str) -> datetime.time:
    """A time of day, or one sentence."""
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
        raise RekindleError(f"{option} '{text}' is not a time of day: write it as HH:MM.")
    return datetime.time.fromisoformat(text)


def next_month(month: datetime.date) -> datetime.date:
    """The first day of the month after: the first as-of date at which `month` is closed."""
    return (month.replace(day=1) + datetime.timedelta(days=31)).replace(day=1)


def newest_closed_month(as_of: datetime.date) -> datetime.date:
    """The first day of the month that a build as of that date publishes."""
    return datetime.date.fromisoformat(rules.apply("month_closed_by", as_of.isoformat()))


def months_between(first: datetime.date, last: datetime.date) -> list[datetime.date]:
    """First days of all months from `first` to `last`, both included."""
    months = [first]
    while months[-1] < last:
        months.append(next_month(months[-1]))
    return months


def default_as_of(connector: str) -> datetime.date:
    """The as-of date when none is given (macro as_of_date_text): the connector's, else today in business_timezone."""
    given = settings.project()["vars"].get("as_of_date") or settings.setting("default_as_of", connector)
    if given:
        return as_date(str(given), "as_of_date")
    return datetime.datetime.now(ZoneInfo(settings.setting("business_timezone", connector))).date()
