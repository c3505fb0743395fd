"""What a database says of a failed statement, through dbt, whichever adapter: never a value."""

from typing import Any

import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.sql.connections import SQLConnectionManager
from dbt_common.exceptions import DbtRuntimeError

from rekindle.ground import adapters
from rekindle.ground.errors import without_values


class DataException(Exception):
    """As a driver raises it."""


class Manager(SQLConnectionManager):
    """An adapter that has nothing but its connections."""

    TYPE = "anything"

    def __init__(self) -> None:
        self.rolled_back = 0

    def rollback_if_open(self) -> None:
        self.rolled_back += 1

    @classmethod
    def open(cls, connection: Any) -> Any:
        raise AssertionError

    def cancel(self, connection: Any) -> None:
        raise AssertionError

    @classmethod
    def get_response(cls, cursor: Any) -> Any:
        raise AssertionError

    def exception_handler(self, sql: str) -> Any:
        raise AssertionError("the adapter's own, which tells all")


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ('invalid input syntax for type integer: "ann@example.com"', "DataException"),
        ("[CAST_INVALID_INPUT] The value 'ann@example.com' of", "DataException [CAST_INVALID_INPUT]"),
        ("[ann@example.com] is no number", "DataException"),
    ],
)
def test_of_an_engine_that_nobody_knows_only_the_kind_of_an_error_is_told(message: str, said: str) -> None:
    adapters.install(Manager)
    manager = Manager()
    with pytest.raises(DbtRuntimeError) as told, manager.exception_handler("select 1"):
        raise DataException(message)
    assert told.value.msg == f"{said} (values are not shown: they may be personal data)"
    assert told.value.__cause__ is None
    assert told.value.__suppress_context__, "a traceback would show the message"
    assert manager.rolled_back == 1


def test_of_an_engine_whose_messages_are_known_more_is_told() -> None:
    adapters.install(Manager, without_values)
    for message, said in [
        ("Catalog Error: Table t does not exist", "Catalog Error: Table t does not exist"),
        (
            "Conversion Error: Could not convert 'ann' to INT",
            "Conversion Error (values are not shown: they may be personal data)",
        ),
    ]:
        with pytest.raises(DbtRuntimeError) as told, Manager().exception_handler("select 1"):
            raise DataException(message)
        assert told.value.msg == said


def test_what_dbt_itself_says_is_passed_on() -> None:
    adapters.install(Manager)
    manager, sentence = Manager(), DbtRuntimeError("the brake holds the month back")
    with pytest.raises(DbtRuntimeError) as told, manager.exception_handler("select 1"):
        raise sentence
    assert told.value is sentence
    assert manager.rolled_back == 0


def test_the_handler_is_on_the_connections_of_every_adapter_that_is_installed() -> None:
    assert DuckDBConnectionManager in list(adapters.connection_managers())
    adapters.keep_values_out()
    for manager in adapters.connection_managers():
        assert manager.exception_handler.__module__ == adapters.__name__, manager
