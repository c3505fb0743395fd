"""Keeps values of rows out of what dbt says of a failed statement, whichever engine the profile names.

A database quotes the value that it could not take, which may be a customer's, and an adapter passes the message on to
dbt's log, to run_results.json and to the console. Nobody can take it out of there: it is taken out where it comes in.
"""

import contextlib
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from typing import Any

import dbt.adapters
import dbt.include
from dbt.adapters.sql.connections import SQLConnectionManager
from dbt_common.exceptions import DbtRuntimeError

from rekindle.ground.errors import without_values

# as Spark begins its messages: the condition is one of a list and quotes nothing
_CONDITION = re.compile(r"\s*(\[[A-Z0-9_.]+\])")


def keep_values_out() -> None:
    """Installs the handler on the connections of every adapter that is here."""
    for manager in connection_managers():
        install(manager, without_values if manager.TYPE == "duckdb" else None)


def connection_managers() -> Iterator[type[SQLConnectionManager]]:
    """Those of the installed adapters; an adapter is what has macros of its own in dbt.include."""
    for _, adapter, _ in pkgutil.iter_modules(dbt.include.__path__):
        try:
            module = importlib.import_module(f"dbt.adapters.{adapter}.connections")
        except ImportError:  # dbt's own macros, or an adapter whose driver is not here: dbt could not use it either
            continue
        for each in vars(module).values():
            if isinstance(each, type) and issubclass(each, SQLConnectionManager) and each.__module__ == module.__name__:
                yield each


def install(manager: type[SQLConnectionManager], tell: Callable[[str], str] | None = None) -> None:
    """Puts the handler in the place of the manager's own; `tell` knows what of a message may be said: else its kind."""

    @contextlib.contextmanager
    def errors_without_values(self: Any, sql: str, connection_name: str = "master") -> Iterator[None]:
        try:
            yield
        except DbtRuntimeError:
            raise
        except Exception as error:
            self.rollback_if_open()
            raise DbtRuntimeError(tell(str(error)) if tell else kind_of(error)) from None

    manager.exception_handler = errors_without_values  # type: ignore[method-assign]


def kind_of(error: Exception) -> str:
    """What can be said of an error of any engine: its class, and its condition where the message starts with one."""
    condition = _CONDITION.match(str(error))
    kind = type(error).__name__ + (f" {condition[1]}" if condition else "")
    return f"{kind} (values are not shown: they may be personal data)"
