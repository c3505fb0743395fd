"""E-mails get one spelling: raw values of the input that are not plain ASCII go into `landing.email_addresses`."""

from dataclasses import dataclass
from pathlib import Path

from rekindle.addresses.spelling import UNPLAIN, spelled
from rekindle.ground import rules
from rekindle.ground.warehouse import open_warehouse

UNSEEN = f"""
    {UNPLAIN}
    and not {rules.is_blocked("written")}
    and raw_email not in (select raw_email from landing.email_addresses)
    order by raw_email
"""


@dataclass(frozen=True)
class EmailReport:
    """What one call did, in numbers of different raw e-mails."""

    read: int
    valid: int

    def __str__(self) -> str:
        return f"{self.read:,} new e-mails read: {self.valid:,} valid, {self.read - self.valid:,} not valid."


def spell_emails(warehouse: Path) -> EmailReport:
    """Add every raw e-mail that is not plain and that `landing.email_addresses` does not have yet, in one statement."""
    with open_warehouse(warehouse) as connection:
        raw_emails = [row[0] for row in connection.execute(UNSEEN).fetchall()]
        emails = [spelled(raw_email) for raw_email in raw_emails]
        if raw_emails:
            connection.execute(
                "insert into landing.email_addresses (raw_email, email, is_valid) "
                "select raw_email, email, email is not null "
                "from (select unnest($raw_emails) as raw_email, unnest($emails) as email)",
                {"raw_emails": raw_emails, "emails": emails},
            )
    return EmailReport(read=len(emails), valid=sum(email is not None for email in emails))
