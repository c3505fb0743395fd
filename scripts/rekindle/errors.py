"""One clear sentence for whoever runs a command, and a non-zero exit."""

import click


class RekindleError(click.ClickException):
    """Something the user can mend: the message says what, where and how. It never contains a customer's data."""
