"""The files of `deploy/` and the guide speak of what is really there."""

import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.cast import Caller, issue
from voucherweb.metrics import observe_batch

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
GUIDE = (ROOT / "docs" / "production.md").read_text(encoding="utf-8")
SETTING = re.compile(r"\b(?:read\.\w+\(\s*|_environment\(read\.text\()\"([A-Z][A-Z0-9_]+)\"")


def settings_read() -> set[str]:
    source = (ROOT / "voucherweb" / "config.py").read_text(encoding="utf-8")
    return set(SETTING.findall(source))


def names(path: Path, pattern: str) -> set[str]:
    return set(re.findall(pattern, path.read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize(
    ("file", "pattern"),
    [
        ("voucherweb.env.example", r"^(?:# )?([A-Z][A-Z0-9_]+)="),
        ("compose.yaml", r"^    ([A-Z][A-Z0-9_]+):"),
    ],
)
def test_every_setting_of_the_examples_is_read(file: str, pattern: str) -> None:
    found = {name.removesuffix("_FILE") for name in names(DEPLOY / file, pattern)}
    found = {name.replace("JWKS", "JWKS_FILE") for name in found}
    assert len(found) > 5
    assert found <= settings_read()


def test_links_of_the_guide_lead_somewhere() -> None:
    links = set(re.findall(r"\]\(([^)#]+)\)", GUIDE))
    assert len(links) >= 4
    assert [link for link in links if not (ROOT / "docs" / link).resolve().exists()] == []


def test_commands_of_the_guide_and_the_units_exist(app: Flask) -> None:
    units = "".join(path.read_text(encoding="utf-8") for path in DEPLOY.glob("systemd/*"))
    told = re.findall(r"(?:voucherweb-flask|--app app|\$flask\" --app app) ([a-z]+)", GUIDE + units)
    assert {"backup", "restore", "db", "admins", "books"} <= set(told)
    assert set(told) <= {*app.cli.commands, "db"}
    modules = set(re.findall(r"-m (voucherweb[\w.]+)", units))
    assert modules == {"voucherweb.workers.run", "voucherweb.workers.scheduler"}
    assert all(find_spec(module) for module in modules)


@pytest.mark.parametrize("file", ["systemd/voucherweb-web.service", "Dockerfile"])
def test_the_web_server_knows_the_options_it_is_given(file: str) -> None:
    from granian.cli import cli  # noqa: PLC0415

    text = (DEPLOY / file).read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if "granian --" in line)
    given = {
        word for word in shlex.split(line.split("granian", 1)[1].rstrip('"]')) if word[0] == "-"
    }
    known = {option for one in cli.params for option in (*one.opts, *one.secondary_opts)}
    assert len(given) > 8
    assert given <= known


def test_alerts_and_guide_name_metrics_that_are_there(
    client: FlaskClient, admin: Caller, member: Caller
) -> None:
    member.post("/voucher/redeem", {"voucherId": issue(admin)})
    observe_batch(2)
    told = client.get("/metrics").get_data(as_text=True)
    pattern = r"\b(voucherweb_[a-z_]+[a-z])\b"
    wanted = names(DEPLOY / "monitoring" / "alerts.yml", pattern) | set(re.findall(pattern, GUIDE))
    assert len(wanted) > 8
    assert sorted(name for name in wanted if name not in told) == []
