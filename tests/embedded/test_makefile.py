"""The Makefile's own decisions, without installing anything."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from voucherweb.embedded.first_start import ROOT


def run(*argv: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    environ = {"PATH": os.defpath, **environ}
    return subprocess.run(argv, env=environ, cwd=ROOT, capture_output=True, text=True, check=False)


def make_python(path: Path, version: str, *, new_enough: bool) -> str:
    path.write_text(
        f"#!/bin/sh\n[ $1 = -c ] && exit {int(not new_enough)}\necho Python {version}\n"
    )
    path.chmod(0o755)
    return str(path)


def test_make_alone_lists_the_commands() -> None:
    answer = run("make")
    for command in ("run", "test", "lint", "lock", "bench", "drill", "screenshots"):
        assert f"make {command} " in answer.stdout


def test_an_old_python_is_named_and_refused(tmp_path: Path) -> None:
    old = make_python(tmp_path / "python with spaces", "3.9.1", new_enough=False)
    answer = run("sh", "bin/find-python", PYTHON=old)
    assert answer.returncode == 1
    assert "Python 3.11 or newer is needed" in answer.stderr
    assert "Python 3.9.1" in answer.stderr


def test_the_first_new_enough_python_is_taken(tmp_path: Path) -> None:
    make_python(tmp_path / "python3", "3.9.1", new_enough=False)
    make_python(tmp_path / "python3.12", "3.12.0", new_enough=True)
    assert run("/bin/sh", "bin/find-python", PATH=str(tmp_path)).stdout == "python3.12\n"


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["--engines", "wheel"], "wheels"),
        (["--database-url", "postgresql://x", "--redis-url", "redis://y"], "none"),
    ],
)
def test_wheels_are_asked_for_by_path_before_the_package_can_be_imported(
    words: list[str], answer: str, tmp_path: Path
) -> None:
    script = "voucherweb/embedded/binaries.py"
    told = run(sys.executable, "-S", script, "--data-dir", str(tmp_path), *words)
    assert told.stdout.strip() == answer


def test_a_wrong_engines_setting_stops_make(tmp_path: Path) -> None:
    told = run(sys.executable, "voucherweb/embedded/binaries.py", "--engines", "docker")
    assert told.returncode == 2
    assert "expected auto, system or wheel" in told.stderr


@pytest.mark.parametrize("target", ["test", "screenshots"])
def test_a_browser_is_looked_for_before_it_is_needed(target: str) -> None:
    steps = run("make", "--dry-run", target, "BROWSER=/opt/my chrome").stdout
    looks = steps.index("BROWSER='/opt/my chrome' sh bin/find-browser --install")
    assert looks < steps.index("-m pytest" if target == "test" else "tests.browser.screenshots")


def test_one_page_can_be_pictured_by_name() -> None:
    steps = run("make", "--dry-run", "screenshots", "ONLY=home sign-in").stdout
    assert "tests.browser.screenshots --only home --only sign-in" in steps


def test_continuous_integration_runs_make_test() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "exec make test" in script.read_text()
