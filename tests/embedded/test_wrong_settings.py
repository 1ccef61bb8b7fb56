"""A wrong setting is refused in one sentence, by name, before anything starts."""

import json
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.commands import run_command
from voucherweb.config import SettingsError, load_settings
from voucherweb.embedded.engines import EngineOptions, start_engines

GOOD = {"DATABASE_URL": "postgresql:///x", "REDIS_URL": "unix:///x"}
HIDDEN = "hunter2"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIMEZONE", "Nowhere/Here"),
        ("TIMEZONE", "Asia"),
        ("SAFETY_STOCK_RATE", "NaN"),
        ("SAFETY_STOCK_RATE", "a third"),
        ("UNIT_POINTS", "many"),
        ("PUBLIC_URL", "voucher.example.com"),
        ("PUBLIC_URL", "https://"),
        ("DATABASE_URL", f"voucherweb:{HIDDEN}@host"),
        ("DATABASE_URL", f"mysql://voucherweb:{HIDDEN}@host/voucherweb"),
        ("REDIS_URL", f"http://:{HIDDEN}@host"),
        ("SECRET_KEY_FILE", "/no/such/file"),
        ("SECRET_KEY_FILE", sys.executable),
        ("MEMBER_JWT_PUBLIC_KEY", "no key"),
        ("MEMBER_JWT_JWKS_FILE", "/no/such/file"),
        ("MEMBER_JWT_JWKS_FILE", os.devnull),
    ],
)
def test_a_wrong_value_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name.removesuffix("_FILE")) as caught:
        load_settings(GOOD | {name: value})
    assert len(str(caught.value).splitlines()) == 1
    assert HIDDEN not in str(caught.value)


def test_an_endpoint_without_a_scheme_is_refused() -> None:
    bucket = {"S3_BUCKET": "b", "S3_ACCESS_KEY_ID": "a", "S3_SECRET_ACCESS_KEY": "s"}
    with pytest.raises(SettingsError, match="S3_ENDPOINT_URL"):
        load_settings(GOOD | bucket | {"S3_ENDPOINT_URL": "minio:9000"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgresql://u:p@a:5432,b:5432/v?target_session_attrs=read-write"),
        ("DATABASE_URL", "postgresql+psycopg://u@/v?host=/run/postgresql"),
        ("REDIS_URL", "rediss://:p@cache:6380/1"),
        ("PUBLIC_URL", "http://[::1]:8000/"),
    ],
)
def test_addresses_of_every_documented_shape_are_taken(name: str, value: str) -> None:
    settings = load_settings(GOOD | {name: value})
    assert getattr(settings, name.lower()) == value.rstrip("/")


def test_host_app_keys_are_tried_out(tmp_path: Path) -> None:
    known = {
        "kty": "OKP",
        "crv": "Ed25519",
        "kid": "a",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    }
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": [known]}))
    tokens = load_settings(GOOD | {"MEMBER_JWT_JWKS_FILE": str(file)}).member_tokens
    assert tokens
    assert tokens.jwks_file == file


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIMEZONE", "Nowhere/Here"),
        ("APP_ENV", "production"),
        ("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/x"),
        ("REDIS_URL", "redis://127.0.0.1:1/0"),
    ],
)
def test_the_system_starts_nothing_with_a_wrong_setting(
    data_dir: Path, name: str, value: str
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    answer = run_command(data_dir, "app.py", **{name: value, "PORT": port})
    assert answer.returncode in {1, 2}
    told = {"APP_ENV": "SECRET_KEY"}.get(name, name)
    assert answer.stderr.startswith(f"voucherweb cannot start: {told}")
    assert len(answer.stderr.splitlines()) == 1, answer.stderr
    assert list(data_dir.iterdir()) == []


@pytest.mark.parametrize(
    "program", [("voucherweb.workers.run", "imports"), ("voucherweb.workers.scheduler",)]
)
def test_a_worker_tells_a_wrong_setting_in_a_sentence(
    data_dir: Path, program: tuple[str, ...]
) -> None:
    answer = run_command(data_dir, "-m", *program, UNIT_POINTS="many", **GOOD)
    assert answer.returncode == 1
    assert answer.stderr.startswith("voucherweb: UNIT_POINTS")
    assert len(answer.stderr.splitlines()) == 1


@pytest.fixture
def busy(data_dir: Path) -> Iterator[Path]:
    """A DATA_DIR over which an instance runs."""
    with start_engines(EngineOptions(data_dir, "wheel", durable=False, owner="instance")):
        yield data_dir


def test_a_second_start_over_the_same_data_is_told_of_the_first(busy: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        answer = run_command(busy, "app.py", PORT=str(taken.getsockname()[1]))
    assert answer.returncode == 1
    assert "already running over DATA_DIR" in answer.stderr
