"""Production mode: what it refuses to start with, and what it does behind a proxy."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from voucherweb import config, create_app
from voucherweb.config import Settings, open_to_the_network, weak
from voucherweb.models import Admin
from voucherweb.transaction import session, unit_of_work

ROOT = Path(__file__).resolve().parents[2]
SECRET = "kV3xT9qLw2ZrB7nYpD5sHcJ8fGmE4aUo"
CALLS = """
import json, sys
from app import app

client, answers = app.test_client(), []
for headers in json.loads(sys.argv[1]):
    answer = client.post("/auth/login", json={"account": headers.pop("account")},
                         headers=headers, base_url="http://voucher.example")
    answers.append([answer.status_code, dict(answer.headers)])
print(json.dumps(answers))
"""


@pytest.fixture
def environment(settings: Settings, app: Flask, tmp_path: Path) -> dict[str, str]:
    """The settings of a good production system."""
    return {
        "APP_ENV": "production",
        "SECRET_KEY": SECRET,
        "PUBLIC_URL": "https://voucher.example",
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "DATA_DIR": str(tmp_path),
        "PATH": "/usr/bin:/bin",
    }


def start(environment: dict[str, str], calls: list[dict[str, Any]] | None = None) -> list[Any]:
    """Start the application in a process of its own; raises with its stderr when it refuses."""
    done = subprocess.run(
        [sys.executable, "-c", CALLS, json.dumps(calls or [])],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return list(json.loads(done.stdout))


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("SECRET_KEY", "", "SECRET_KEY"),
        ("SECRET_KEY", "short", "SECRET_KEY"),
        ("SECRET_KEY", "change-me-change-me-change-me-0123456789", "SECRET_KEY"),
        ("APP_DEBUG", "1", "APP_DEBUG"),
        ("FLASK_DEBUG", "1", "FLASK_DEBUG"),
        ("LOG_LEVEL", "DEBUG", "LOG_LEVEL"),
        ("PUBLIC_URL", "http://voucher.example", "PUBLIC_URL"),
        ("RATELIMIT_ENABLED", "0", "RATELIMIT_ENABLED"),
        ("METRICS_TOKEN", "metrics", "METRICS_TOKEN"),
        ("MEMBER_JWT_SECRET", "host-app", "MEMBER_JWT_SECRET"),
        ("DATABASE_URL", "postgresql://app@db.internal/app", "DATABASE_URL"),
        ("REDIS_URL", "redis://cache.internal/0", "REDIS_URL"),
    ],
)
def test_production_does_not_start_with(
    environment: dict[str, str], name: str, value: str, told: str
) -> None:
    with pytest.raises(config.SettingsError, match=told):
        config.load_settings(environment | {name: value})


def test_a_refused_start_says_why_in_one_sentence(environment: dict[str, str]) -> None:
    with pytest.raises(RuntimeError) as caught:
        start(environment | {"SECRET_KEY": "short"})
    said = [line for line in str(caught.value).splitlines() if line]
    assert len(said) == 1
    assert said[0].startswith("voucherweb: SECRET_KEY")


def test_production_does_not_start_over_demo_accounts(environment: dict[str, str]) -> None:
    with unit_of_work():
        session.add(Admin(role="PLATFORM_ADMIN", account="demo", password_hash="x", demo=True))
    with pytest.raises(RuntimeError, match=r"voucherweb: .*1 demo account"):
        start(environment)


def test_a_refusal_never_shows_the_secret(environment: dict[str, str]) -> None:
    weak_ones = {"SECRET_KEY": "hunter2-hunter2", "DATABASE_URL": "postgresql://u:u@db/x"}
    with pytest.raises(RuntimeError) as caught:
        start(environment | weak_ones)
    assert "hunter2" not in str(caught.value)


def test_sign_ins_are_throttled_by_the_address_behind_the_proxy(
    environment: dict[str, str],
) -> None:
    crowd = [{"X-Forwarded-For": "203.0.113.1", "account": f"a{n}"} for n in range(21)]
    other = [{"X-Forwarded-For": "203.0.113.2", "account": "b"}]
    forged = [{"X-Forwarded-For": "198.51.100.7, 203.0.113.1", "account": "c"}]
    answers = start(environment | {"TRUSTED_PROXIES": "1"}, crowd + other + forged)
    assert [status for status, _ in answers] == [400] * 20 + [429, 400, 429]


def test_without_trusted_proxies_the_header_counts_for_nothing(
    environment: dict[str, str],
) -> None:
    calls = [{"X-Forwarded-For": f"203.0.113.{n}", "account": f"a{n}"} for n in range(21)]
    answers = start(environment, calls)
    assert [status for status, _ in answers] == [400] * 20 + [429]
    assert answers[0][1]["Strict-Transport-Security"] == "max-age=31536000"


def test_cookies_of_production_are_for_https_alone(settings: Settings) -> None:
    secure = dataclasses.replace(settings, public_url="https://voucher.example")
    app = create_app(secure)
    assert app.config["SESSION_COOKIE_SECURE"] is True
    assert app.config["SESSION_COOKIE_HTTPONLY"] is True


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "a" * 64,
        "0123456789" * 4,
        "abc" * 11 + "ab",
        "development-only-secret-Never-in-1",
        "Replace-This-With-Random-Characters!",
    ],
)
def test_guessable_secrets_are_weak(secret: str) -> None:
    assert weak(secret)


@pytest.mark.parametrize("secret", [SECRET, "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c"])
def test_random_secrets_are_not(secret: str) -> None:
    assert not weak(secret)


@pytest.mark.parametrize(
    ("url", "is_open"),
    [
        ("postgresql://app@db.internal/app", True),
        ("postgresql://app:app@db.internal/app", True),
        ("postgresql://postgres:postgres@db/app", True),
        ("postgresql://app@/app?host=db.internal", True),
        ("redis://cache.internal:6379/0", True),
        ("postgresql://app:J8fGmE4aUo@db.internal/app", False),
        ("postgresql://app@db.internal/app?sslcert=/c.pem&sslkey=/k.pem", False),
        ("postgresql://app@db.internal/app?passfile=/etc/pass", False),
        ("postgresql://app@/app?host=/run/postgresql", False),
        ("postgresql://app@127.0.0.1/app", False),
        ("unix:///run/redis.sock?db=0", False),
        ("rediss://:J8fGmE4aUo@cache.internal/0", False),
    ],
)
def test_servers_over_the_network_need_a_password(url: str, is_open: bool) -> None:
    assert open_to_the_network(url) is is_open


def test_the_example_of_an_environment_file_starts_nothing_by_itself() -> None:
    lines = (ROOT / "deploy" / "voucherweb.env.example").read_text(encoding="utf-8").splitlines()
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    given = {name: value for name, _, value in pairs}
    with pytest.raises(config.SettingsError, match="SECRET_KEY"):
        config.load_settings(given)
    assert given["APP_ENV"] == "production"
