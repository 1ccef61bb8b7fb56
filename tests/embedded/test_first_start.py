"""What the supervisor asks the database, and how a command finds its engines."""

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.support.commands import run_command
from voucherweb.embedded.attach import with_urls
from voucherweb.embedded.engines import EngineOptions, EngineUrls, start_engines
from voucherweb.embedded.first_start import accounts_text, is_behind, is_empty

PRINT_URL = (
    "from voucherweb.embedded.attach import attached_environment as found;"
    "print(found().get('DATABASE_URL', 'none'))"
)


@pytest.fixture
def database_url(data_dir: Path) -> Iterator[str]:
    with start_engines(EngineOptions(data_dir, "wheel", durable=False)) as engines:
        yield engines.database_url


def test_a_database_is_behind_until_the_last_migration_ran(
    database_url: str, data_dir: Path
) -> None:
    assert is_behind(database_url)
    answer = run_command(
        data_dir, "-m", "flask", "--app", "app", "db", "upgrade", **urls_of(database_url)
    )
    assert answer.returncode == 0, answer.stderr
    assert not is_behind(database_url)
    assert is_empty(database_url.replace("postgresql://", "postgresql+psycopg://"))


def urls_of(database_url: str) -> dict[str, str]:
    return {"DATABASE_URL": database_url, "REDIS_URL": "unix:///nowhere"}


def test_a_database_with_an_older_revision_is_behind(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num text)")
        connection.execute("INSERT INTO alembic_version VALUES ('older')")
    assert is_behind(database_url)


def test_a_database_with_a_tenant_is_not_empty(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE tenants AS SELECT 1 AS id")
        connection.execute("CREATE TABLE admins (id int)")
    assert not is_empty(database_url)


def test_accounts_are_told_a_line_each(tmp_path: Path) -> None:
    assert accounts_text(tmp_path) == ""
    accounts = [{"account": "a", "password": "p", "role": "PLATFORM_ADMIN"}]
    (tmp_path / "demo-accounts.json").write_text(json.dumps(accounts))
    assert "    a · p · PLATFORM_ADMIN" in accounts_text(tmp_path).splitlines()


def test_urls_that_are_given_stay_as_they_are() -> None:
    found = EngineUrls("postgresql://ours", "unix://ours")
    given = {"DATABASE_URL": "postgresql://theirs", "REDIS_URL_FILE": "/run/secrets/redis"}
    assert with_urls(given, found) == given
    assert with_urls({}, found)["REDIS_URL"] == "unix://ours"


def test_a_command_finds_the_engines_of_the_running_instance(data_dir: Path) -> None:
    options = EngineOptions(data_dir, "wheel", durable=False, owner="instance")
    with start_engines(options) as engines:
        answer = run_command(data_dir, "-c", PRINT_URL)
    assert answer.stdout.strip() == engines.database_url


def test_a_command_in_production_starts_no_engines(data_dir: Path) -> None:
    answer = run_command(data_dir, "-c", PRINT_URL, APP_ENV="production")
    assert answer.stdout.strip() == "none"
    assert not (data_dir / "engines").exists()


def test_a_command_without_an_instance_answers_on_stdout_alone(data_dir: Path) -> None:
    answer = run_command(data_dir, "-c", PRINT_URL)
    assert answer.stdout.startswith("postgresql://")
    assert len(answer.stdout.splitlines()) == 1
    assert "made a PostgreSQL" in answer.stderr
