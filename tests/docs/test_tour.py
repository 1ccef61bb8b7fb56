"""The tours of the README and of the partner's guide, run as a reader would paste them, against the
served application."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from flask.cli import AppGroup

from tests.support.web import serving
from voucherweb.api.partner.faults import FAULTS
from voucherweb.cli.command import OperatorCommand
from voucherweb.config import Settings
from voucherweb.services.certification import TITLES

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PARTNERS = (ROOT / "docs/partner-api.md").read_text(encoding="utf-8")


def tour(text: str) -> str:
    match = re.search(r"<!-- tour:begin -->\n```sh\n(.*?)```\n<!-- tour:end -->", text, re.S)
    assert match, "there is no tour"
    return match[1]


@pytest.fixture
def told(app: Flask, settings: Settings, request: pytest.FixtureRequest) -> list[str]:
    """What the tour prints, line by line: the README's, or that of the text of the parameter."""
    environ = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "DATA_DIR": str(settings.data_dir),
        "APP": f"{sys.executable} -m flask --app app",
    }
    with serving(settings, workers=1) as web:
        done = subprocess.run(  # noqa: PLW1510 - the test looks at the code itself.
            ["bash", "-eu", "-o", "pipefail", "-c", tour(getattr(request, "param", README))],
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


@pytest.mark.parametrize("told", [PARTNERS], indirect=True)
def test_the_partners_tour_ends_with_a_certificate(told: list[str]) -> None:
    steps = ["12", "10012", "ACTIVE", "USED", "TIMEOUT", "5", "UNAUTHORIZED", "ACTIVE"]
    found = iter(told)
    assert all(any(line == step for line in found) for step in steps), told
    assert told[-1].endswith("6 of 6 items passed"), told[-30:]


def test_the_partners_guide_names_every_fault_and_item() -> None:
    for name in (*(one.name for one in FAULTS), *TITLES):
        assert PARTNERS.count(f"`{name}`") >= 2, name  # In both languages.


def test_the_readme_names_every_setting() -> None:
    config = (ROOT / "voucherweb/config.py").read_text(encoding="utf-8")
    names = set(re.findall(r'read\.(?:text|need|integer|flag|url)\("([A-Z0-9_]+)"', config))
    assert {name for name in names if f"`{name}`" not in README} == set()


def test_the_readme_names_every_command_of_ours(app: Flask) -> None:
    groups = [one for one in app.cli.commands.values() if isinstance(one, AppGroup)]
    ours = {
        f"{group.name} {name}"
        for group in groups
        for name, command in group.commands.items()
        if isinstance(command, OperatorCommand)
    }
    assert "apikeys rotate" in ours
    rows = [row for row in README.splitlines() if row.startswith("| `")]
    assert {name for name in ours if not any(_names(row, *name.split()) for row in rows)} == set()


def _names(row: str, group: str, name: str) -> bool:
    """Whether a row of the table tells a command; the group stands once for those after it."""
    return f"`{group} " in row and bool(re.search(rf"`(?:{group} )?{name}\b", row))


@pytest.mark.parametrize("command", ["make run", "make test"])
def test_the_readme_shows_both_commands(command: str) -> None:
    assert command in README
