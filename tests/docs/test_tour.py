"""The README's tour, run as a reader would paste it, against the served application."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from tests.support.web import serving
from voucherweb.config import Settings

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def tour() -> str:
    match = re.search(r"<!-- tour:begin -->\n```sh\n(.*?)```\n<!-- tour:end -->", README, re.S)
    assert match, "the README has no tour"
    return match[1]


@pytest.fixture
def told(app: Flask, settings: Settings) -> list[str]:
    """What the tour prints, line by line."""
    environ = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "DATA_DIR": str(settings.data_dir),
        "APP": f"{sys.executable} -m flask --app app",
    }
    with serving(settings, workers=1) as web:
        done = subprocess.run(  # noqa: PLW1510 - the test looks at the code itself.
            ["bash", "-eu", "-o", "pipefail", "-c", tour()],
            cwd=ROOT,
            env={**environ, "PORT": str(web.port)},
            capture_output=True,
            text=True,
            timeout=240,
        )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()


def test_the_tour_redeems_uses_and_balances(told: list[str]) -> None:
    text = "\n".join(told)
    assert re.search(r"health365://user-voucher\?userVoucherNo=[A-Z]\d{23}", text)
    assert "USED" in text
    assert '"ok": true' in text or '"ok":true' in text


def test_the_readme_names_every_setting() -> None:
    config = (ROOT / "voucherweb/config.py").read_text(encoding="utf-8")
    names = set(re.findall(r'read\.(?:text|need|integer|flag)\("([A-Z0-9_]+)"', config))
    assert {name for name in names if f"`{name}`" not in README} == set()


@pytest.mark.parametrize("command", ["make run", "make test"])
def test_the_readme_shows_both_commands(command: str) -> None:
    assert command in README
