"""What all commands share: `--json`, exit codes, where failures are told."""

import json
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text

from tests.cli.conftest import Ran, Run, beside
from tests.support.engines import TestEngines, make_settings
from voucherweb import create_app
from voucherweb.extensions import db
from voucherweb.services import tenants
from voucherweb.transaction import session, unit_of_work

CREATE = ("tenants", "create", "--name", "小港醫院", "--type", "HOSPITAL")
NOBODY = "00000000-0000-4000-8000-000000000000"


def test_without_json_an_answer_is_lines_for_people(run: Run) -> None:
    ran = run(*CREATE, "--code", "XG")
    assert ran.code == 0
    assert ran.out.splitlines()[1] == "code: XG"


def test_a_refusal_is_told_on_stderr_alone(run: Run) -> None:
    ran = run("members", "token", NOBODY)
    assert (ran.code, ran.out, ran.err) == (1, "", "There is no such record\n")


def test_with_json_a_refusal_is_one_object_on_stdout_too(run: Run) -> None:
    ran = run("members", "token", NOBODY, "--json")
    assert ran.code == 1
    assert ran.error == {
        "code": "API_ERROR.NOT_EXIST",
        "message": "There is no such record",
        "details": [],
    }


@pytest.mark.parametrize(
    "words",
    [
        ("tenants", "create", "--name", "A"),
        (*CREATE[:4], "--type", "SHOP"),
        ("points", "grant", "--member", NOBODY, "--points", "many"),
        ("members", "import", "no-such-file.csv"),
        ("demo", "load", "--again"),
    ],
)
def test_wrong_usage_is_exit_code_2(run: Run, words: tuple[str, ...]) -> None:
    ran = run(*words, "--json")
    assert (ran.code, ran.error["code"]) == (2, "API_ERROR.INVALID_PARAMETER")
    assert ran.error["details"]
    assert "Usage:" in ran.err


def test_failures_are_told_in_the_language_of_the_locale(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voucherweb.cli.command.locale.getlocale", lambda: ("zh_TW", "UTF-8"))
    assert run("members", "token", NOBODY).err == "資料不存在\n"


def test_a_database_that_does_not_answer_is_said_so(engines: TestEngines, tmp_path: Path) -> None:
    nowhere = TestEngines("postgresql://nobody@127.0.0.1:1/none", engines.redis_url)
    app = create_app(make_settings(nowhere, tmp_path))
    result = app.test_cli_runner().invoke(args=[*CREATE, "--json"])
    assert Ran(result.exit_code, result.stdout, "").error["code"] == "API_ERROR.UNAVAILABLE"
    assert "The service is busy" in result.stderr


def test_a_database_without_tables_is_said_so(engines: TestEngines, tmp_path: Path) -> None:
    bare_app = create_app(make_settings(beside(engines, "postgres"), tmp_path))
    result = bare_app.test_cli_runner().invoke(args=CREATE)
    with bare_app.app_context():
        db.engine.dispose()
    assert (result.exit_code, result.stdout) == (1, "")
    assert "db upgrade" in result.stderr


def test_a_database_of_an_older_release_is_said_so(engines: TestEngines, tmp_path: Path) -> None:
    with psycopg.connect(engines.database_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE voucherweb_behind_test")
    older = beside(engines, "voucherweb_behind_test")
    with psycopg.connect(older.database_url) as connection:
        connection.execute("CREATE TABLE tenants (id uuid)")
        connection.execute("CREATE TABLE alembic_version AS SELECT '0001' AS version_num")
    app = create_app(make_settings(older, tmp_path))
    result = app.test_cli_runner().invoke(args=[*CREATE, "--json"])
    with app.app_context():
        db.engine.dispose()
    with psycopg.connect(engines.database_url, autocommit=True) as connection:
        connection.execute("DROP DATABASE voucherweb_behind_test WITH (FORCE)")
    assert json.loads(result.stdout)["error"]["code"] == "API_ERROR.UNAVAILABLE"
    assert result.stderr.startswith("The database is not that of this release: run `flask")


def test_a_surprise_is_one_object_and_a_traceback(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenants, "_insert", lambda *_: None)  # Every random code is taken.
    result = app.test_cli_runner().invoke(args=[*CREATE, "--json"])
    assert json.loads(result.stdout)["error"]["code"] == "API_ERROR.INTERNAL"
    assert isinstance(result.exception, RuntimeError)


def test_wrong_books_are_exit_code_1_and_name_the_first_bad_row(run: Run) -> None:
    member = run("members", "create", "--name", "王小明", "--phone", "0912345678", "--json").answer
    run("points", "grant", "--member", member["id"], "--points", "5")
    with unit_of_work():
        session.execute(text("UPDATE cards SET balance = balance + 1"))
    ran = run("books", "prove", "--json")
    assert ran.code == 1
    assert json.loads(ran.out)["firstBad"].startswith("points.balance: cards ")


def test_tenants_get_a_code_of_their_own(run: Run) -> None:
    codes = {run(*CREATE, "--json").answer["code"] for _ in range(2)}
    assert len(codes) == 2
    assert all(len(code) == 8 for code in codes)


@pytest.mark.parametrize(
    ("name", "code"), [("小港", "XG"), ("小港", "X G"), (" ", "A"), ("a\nb", "B")]
)
def test_a_tenant_that_cannot_be_is_refused(run: Run, name: str, code: str) -> None:
    run(*CREATE, "--code", "XG")
    ran = run("tenants", "create", "--name", name, "--type", "WMT", "--code", code, "--json")
    assert set(ran.fields) <= {"name", "code"}
    with unit_of_work():
        assert session.scalar(text("SELECT count(*) FROM tenants")) == 1
