"""Tries real clients on a published file: `check_clients.py --work /tmp/clients`. Takes minutes; no part of the tests.

DuckDB's own shell, Superset on the file, and with --postgres psql, SQLAlchemy and Superset on the tables in PostgreSQL
each ask for the customers per segment and must say what Python reads. Clients are installed into the work folder.
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import click

from rekindle.ground import paths
from rekindle.ground.engine import connect
from rekindle.ground.errors import RekindleError
from rekindle.run import installation

# Superset 6.1.0 imports more than it asks for, and flask-caching 2.4 hands it an option that it does not know
PACKAGES = (
    *("apache-superset==6.1.0", "flask-caching==2.3.1", "rich", "cachetools"),
    *("duckdb-engine==0.17.0", "duckdb==1.5.5", "duckdb-cli==1.5.5", "psycopg2-binary"),
)
QUESTION = """
select cast(segment as varchar(40)) as segment, count(*) as customers
from {schema}.rfm_published
where segment_month = (select max(segment_month) from {schema}.rfm_published)
group by segment
order by segment
"""
PORT = 18088
PATIENCE_SECONDS = 180
Answer = dict[str, int]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--work", type=click.Path(path_type=Path), required=True, help="A folder for clients and their own files."
)
@click.option("--postgres", help="postgresql://user@host/database with what `make publish TO=…` copied there.")
@click.option("--schema", default="rekindle", show_default=True, help="Its schema.")
@installation.CONNECTOR
def main(work: Path, postgres: str | None, schema: str, connector: str | None) -> None:
    """Say of each client its version, and whether it answers as Python does."""
    installation.enter(connector)
    published = paths.public_file()
    with connect(published, read_only=True) as connection:
        expected: Answer = dict(connection.execute(QUESTION.format(schema="segments")).fetchall())
    programs = _install(work.resolve())
    _compare(
        f"DuckDB shell {_said(programs / 'duckdb', '--version').split()[0]}", _shell(programs, published), expected
    )
    if postgres is not None:
        question = QUESTION.format(schema=schema)
        _compare(_said("psql", "--version"), _psql(postgres, question), expected)
        version, answer = _sqlalchemy(programs, postgres, question)
        _compare(f"SQLAlchemy {version}", answer, expected)
    with _Superset(programs, work.resolve()) as superset:
        file = f"duckdb:///{published}?access_mode=read_only"
        _compare(f"Superset {superset.version} on the file", superset.ask("published file", file, "segments"), expected)
        if postgres is not None:
            answer = superset.ask("tables in PostgreSQL", _with_driver(postgres), schema)
            _compare(f"Superset {superset.version} on PostgreSQL", answer, expected)


def _compare(client: str, answer: Answer, expected: Answer) -> None:
    if answer != expected:
        raise RekindleError(f"{client} says {answer}, and Python {expected}.")
    click.echo(f"{client}: {len(answer)} segments, {sum(answer.values()):,} customers, as Python reads them")


def _install(work: Path) -> Path:
    """The folder of the clients' programs."""
    work.mkdir(parents=True, exist_ok=True)
    programs = work / "venv" / "bin"
    if not (programs / "superset").exists():
        click.echo("Installing clients, which takes minutes")
        subprocess.run([sys.executable, "-m", "venv", str(work / "venv")], check=True)
        subprocess.run([str(programs / "pip"), "install", "-q", *PACKAGES], check=True)
    return programs


def _said(*command: str | Path) -> str:
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True).stdout.strip()


def _shell(programs: Path, published: Path) -> Answer:
    said = _said(programs / "duckdb", "-readonly", "-json", published, "-c", QUESTION.format(schema="segments"))
    return {row["segment"]: row["customers"] for row in json.loads(said)}


def _psql(address: str, question: str) -> Answer:
    said = _said("psql", address, "--no-psqlrc", "-At", "-F", "\t", "-c", question)
    return {segment: int(customers) for segment, customers in (line.split("\t") for line in said.splitlines())}


def _with_driver(address: str) -> str:
    """The address as SQLAlchemy wants it, with the driver that is installed."""
    return address.replace("postgresql://", "postgresql+psycopg2://", 1)


def _sqlalchemy(programs: Path, address: str, question: str) -> tuple[str, Answer]:
    """Asked by a Python of its own: ours has no SQLAlchemy."""
    program = (
        "import json, sys, sqlalchemy\n"
        "rows = sqlalchemy.create_engine(sys.argv[1]).connect().execute(sqlalchemy.text(sys.argv[2])).fetchall()\n"
        "print(json.dumps([sqlalchemy.__version__, [list(row) for row in rows]]))"
    )
    version, rows = json.loads(_said(programs / "python", "-c", program, _with_driver(address), question))
    return str(version), {segment: int(customers) for segment, customers in rows}


class _Superset:
    """A Superset of its own with an empty home, asked through its API as a browser asks it."""

    def __init__(self, programs: Path, work: Path) -> None:
        self._programs = programs
        self._home = work / "superset"
        shutil.rmtree(self._home, ignore_errors=True)
        self._home.mkdir()
        config = self._home / "superset_config.py"
        # files that a server can read are no database for strangers; this server listens to this machine only
        config.write_text(
            f"SECRET_KEY = '{secrets.token_hex(32)}'\nPREVENT_UNSAFE_DB_CONNECTIONS = False\n"
            "WTF_CSRF_ENABLED = False\nTALISMAN_ENABLED = False\n",
            encoding="utf-8",
        )
        self._environment = {
            **os.environ,
            "SUPERSET_HOME": str(self._home),
            "SUPERSET_CONFIG_PATH": str(config),
            "FLASK_APP": "superset",
        }
        self._password = secrets.token_hex(16)
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self._token = ""
        self.version = ""

    def __enter__(self) -> "_Superset":
        who = ("--username", "admin", "--firstname", "a", "--lastname", "b", "--email", "a@example.com")
        for command in (
            ("db", "upgrade"),
            ("fab", "create-admin", *who, "--password", self._password),
            ("init",),
        ):
            self._call(*command)
        asked = "from importlib.metadata import version; print(version('apache-superset'))"
        self.version = _said(self._programs / "python", "-c", asked)
        log = (self._home / "log").open("w", encoding="utf-8")
        self._server = subprocess.Popen(
            [str(self._programs / "superset"), "run", "-p", str(PORT), "--with-threads"],
            env=self._environment, cwd=self._home, stdout=log, stderr=log,
        )  # fmt: skip
        until = time.monotonic() + PATIENCE_SECONDS
        while not self._answers():
            if time.monotonic() > until or self._server.poll() is not None:
                raise RekindleError(f"Superset does not start: see {self._home / 'log'}.")
            time.sleep(1)
        login = {"username": "admin", "password": self._password, "provider": "db"}
        self._token = self._post("security/login", login)["access_token"]
        return self

    def __exit__(self, *_: object) -> None:
        self._server.terminate()
        self._server.wait()

    def ask(self, title: str, address: str, schema: str) -> Answer:
        """A database, a dataset and a chart of it, made through the API, and the chart's figures."""
        database = self._post("database/", {"database_name": title, "sqlalchemy_uri": address})["id"]
        # a name of its own: with SQLite beneath, Superset knows one dataset of a name
        table = {"table_name": f"rfm_published, {title}", "sql": f"select * from {schema}.rfm_published"}
        of = {"database": database, "schema": schema, **table}
        dataset = self._post("dataset/", of)["id"]
        described = self._get(f"dataset/{dataset}")["result"]["columns"]
        if not all(column["column_name"] for column in described):
            raise RekindleError(f"Superset sees columns without a name in {title}.")
        chart = {
            "slice_name": f"Customers per segment, {title}",
            "viz_type": "table",
            "datasource_id": dataset,
            "datasource_type": "table",
            "params": json.dumps({"groupby": ["segment"], "metrics": ["count"], "viz_type": "table"}),
        }
        self._post("chart/", chart)
        month = {"expressionType": "SQL", "sqlExpression": "cast(max(segment_month) as varchar(10))", "label": "newest"}
        newest = self._figures(dataset, [], [month])[0]["newest"]
        count = {"expressionType": "SQL", "sqlExpression": "count(*)", "label": "customers"}
        rows = self._figures(dataset, ["segment"], [count], f"segment_month = '{newest}'")
        return {row["segment"]: int(row["customers"]) for row in rows}

    def _figures(self, dataset: int, columns: list[str], metrics: list[Any], where: str = "") -> list[dict[str, Any]]:
        query = {"columns": columns, "metrics": metrics, "extras": {"where": where}, "row_limit": 1000}
        asked = {"datasource": {"id": dataset, "type": "table"}, "queries": [query], "result_format": "json"}
        found: list[dict[str, Any]] = self._post("chart/data", {**asked, "result_type": "full"})["result"][0]["data"]
        return found

    def _call(self, *arguments: str) -> None:
        command = [str(self._programs / "superset"), *arguments]
        done = subprocess.run(
            command, env=self._environment, cwd=self._home, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RekindleError(f"superset {arguments[0]} failed: {done.stderr.strip().splitlines()[-1]}")

    def _answers(self) -> bool:
        try:
            with self._opener.open(f"http://127.0.0.1:{PORT}/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _get(self, place: str) -> Any:
        return self._request(place, None)

    def _post(self, place: str, content: dict[str, Any]) -> Any:
        return self._request(place, json.dumps(content).encode())

    def _request(self, place: str, content: bytes | None) -> Any:
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        request = urllib.request.Request(f"http://127.0.0.1:{PORT}/api/v1/{place}", content, headers)
        try:
            with self._opener.open(request, timeout=PATIENCE_SECONDS) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise RekindleError(f"Superset refuses {place}: {error.read().decode()[:300]}") from error


if __name__ == "__main__":
    main()
