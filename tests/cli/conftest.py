"""Commands run in this process over empty tables, or as real programs over a loaded demo."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask_migrate import upgrade
from psycopg.conninfo import conninfo_to_dict

from tests.support.engines import TestEngines, make_settings
from voucherweb import create_app
from voucherweb.config import Settings
from voucherweb.extensions import db

ROOT = Path(__file__).resolve().parents[2]
DEMO_DATABASE = "voucherweb_demo_test"


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def answer(self) -> Any:
        """The one JSON object on stdout of a command that must have succeeded."""
        assert self.code == 0, self.err
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        """The one JSON object on stdout of a command that must have been refused."""
        assert self.code in {1, 2}, self.out
        return json.loads(self.out)["error"]

    @property
    def fields(self) -> dict[str, str]:
        return {one["field"]: one["reason"] for one in self.error["details"]}


Run = Callable[..., Ran]


def beside(engines: TestEngines, database: str) -> TestEngines:
    """The same engines with another database of that server."""
    parts = conninfo_to_dict(engines.database_url)
    query = "&".join(f"{name}={value}" for name, value in parts.items() if name != "dbname")
    return TestEngines(f"postgresql:///{database}?{query}", engines.redis_url)


@pytest.fixture
def run(app: Flask) -> Run:
    """Runs a command in this process over empty tables."""

    def run(*words: str, stdin: str = "") -> Ran:
        result = app.test_cli_runner().invoke(args=words, input=stdin)
        return Ran(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture(scope="session")
def demo_settings(
    engines: TestEngines, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Settings of a migrated database and a data directory of their own."""
    with psycopg.connect(engines.database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {DEMO_DATABASE}")
    yield make_settings(beside(engines, DEMO_DATABASE), tmp_path_factory.mktemp("demo"))
    with psycopg.connect(engines.database_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {DEMO_DATABASE} WITH (FORCE)")


@pytest.fixture(scope="session")
def environ(demo_settings: Settings) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": demo_settings.database_url,
        "REDIS_URL": demo_settings.redis_url,
        "DATA_DIR": str(demo_settings.data_dir),
    }


@pytest.fixture(scope="session")
def program(environ: dict[str, str]) -> Run:
    """Runs a command as a program of its own, as an operator does. Its start takes seconds."""

    def run(*words: str, stdin: str = "") -> Ran:
        argv = [sys.executable, "-m", "flask", "--app", "app", *words]
        done = subprocess.run(
            argv, input=stdin, capture_output=True, text=True, env=environ, cwd=ROOT, check=False
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="session")
def quick_program(
    environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Run]:
    """The same without the imports: processes of their own, forked off one that has done them."""
    folder = tmp_path_factory.mktemp("programs")
    files = {name: folder / name for name in ("stdin", "stdout", "stderr")}
    argv = [sys.executable, "-m", "tests.cli.nursery"]
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ, cwd=ROOT
    ) as nursery:
        assert nursery.stdin
        assert nursery.stdout

        def run(*words: str, stdin: str = "") -> Ran:
            for name, file in files.items():
                file.write_text(stdin if name == "stdin" else "", "utf-8")
            told = {name: str(file) for name, file in files.items()}
            order = {"argv": ["flask", "--app", "app", *words], **told}
            nursery.stdin.write(json.dumps(order) + "\n")
            nursery.stdin.flush()
            code = int(nursery.stdout.readline())
            return Ran(code, files["stdout"].read_text("utf-8"), files["stderr"].read_text("utf-8"))

        yield run


@pytest.fixture(scope="session")
def demo_app(demo_settings: Settings) -> Iterator[Flask]:
    app = create_app(demo_settings)
    with app.app_context():
        upgrade()
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session")
def demo_load(demo_app: Flask, program: Run) -> Ran:
    """`demo load`, run once as a program."""
    return program("demo", "load", "--json")


@pytest.fixture
def demo(demo_app: Flask, demo_load: Ran) -> Iterator[Flask]:
    """The application over the loaded demo; its context is open."""
    assert demo_load.code == 0, demo_load.err
    with demo_app.app_context():
        yield demo_app
