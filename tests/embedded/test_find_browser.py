"""Which browser the browser tests get, and what is said when there is none."""

import os
import subprocess
from pathlib import Path

import pytest

from voucherweb.embedded.first_start import ROOT

CHROMIUM = "echo Chromium 156.0.8078.79"
NO_SNAP = 'echo "requires the chromium snap to be installed" >&2; exit 1'


class Machine:
    """A machine on which nothing is installed but what a test puts there."""

    def __init__(self, bin_dir: Path) -> None:
        self.bin = bin_dir
        self.has("uname", "echo Linux")
        self.has("id", "echo 1000")

    def has(self, program: str, script: str) -> str:
        path = self.bin / program
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return str(path)

    def find(self, *words: str, **environ: str) -> "subprocess.CompletedProcess[str]":
        """Run the script there; absolute paths of the real machine stay reachable."""
        return subprocess.run(
            ["/bin/sh", "bin/find-browser", *words],
            env={"PATH": str(self.bin), "HOME": str(self.bin), **environ},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def with_fonts(machine: Machine) -> None:
    machine.has("fc-list", "echo NotoSansCJK")


def test_the_first_chromium_that_runs_is_taken(machine: Machine, with_fonts: None) -> None:
    machine.has("chromium-browser", NO_SNAP)
    chrome = machine.has("google-chrome", "echo Google Chrome 156.0")
    assert machine.find().stdout == f"{chrome}\n"


def test_the_named_browser_wins(machine: Machine, with_fonts: None) -> None:
    machine.has("chromium", CHROMIUM)
    named = machine.has("my own chrome", CHROMIUM)
    assert machine.find(BROWSER=named).stdout == f"{named}\n"


def test_a_named_browser_of_another_kind_is_passed_over_aloud(
    machine: Machine, with_fonts: None
) -> None:
    chromium = machine.has("chromium", CHROMIUM)
    machine.has("firefox", "echo Mozilla Firefox 150")
    answer = machine.find(BROWSER="firefox")
    assert answer.stdout == f"{chromium}\n"
    assert "BROWSER=firefox is no Chromium that runs" in answer.stderr


def test_the_browser_that_playwright_brought_counts(machine: Machine, with_fonts: None) -> None:
    place = machine.bin / ".cache/ms-playwright/chromium-1200/chrome-linux64"
    place.mkdir(parents=True)
    brought = machine.has(str(place / "chrome"), CHROMIUM)
    assert machine.find().stdout == f"{brought}\n"


def test_no_browser_is_asked_for_loudly(machine: Machine) -> None:
    answer = machine.find("--install", BROWSER="none")
    assert answer.stdout == "none\n"
    assert answer.returncode == 0
    assert "THE BROWSER TESTS ARE SKIPPED" in answer.stderr


@pytest.mark.parametrize("words", [(), ("--install",)], ids=["asked", "told to install"])
def test_without_a_browser_a_person_is_told_what_to_do(
    machine: Machine, with_fonts: None, words: tuple[str, ...]
) -> None:
    machine.has("chromium-browser", NO_SNAP)
    apt = machine.bin / "apt.log"
    machine.has("apt-get", f'echo "$@" >> "{apt}"')
    answer = machine.find(*words)
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert "need Chromium or Google Chrome, and none here runs" in answer.stderr
    assert "apt-get install --no-install-recommends chromium" in answer.stderr
    assert "make test BROWSER=none" in answer.stderr
    assert "Traditional Chinese" not in answer.stderr
    assert not apt.exists()


def test_without_chinese_fonts_a_person_is_told_so(machine: Machine) -> None:
    machine.has("chromium", CHROMIUM)
    machine.has("fc-list", "true")
    answer = machine.find()
    assert answer.returncode == 1
    assert "need a font with Traditional Chinese, and none is here" in answer.stderr
    assert "none here runs" not in answer.stderr


def test_macos_brings_its_fonts(machine: Machine) -> None:
    machine.has("uname", "echo Darwin")
    chrome = machine.has("google-chrome", CHROMIUM)
    assert machine.find().stdout == f"{chrome}\n"


def _apt_that_installs(machine: Machine) -> Path:
    """An apt-get that writes down how it is called and brings a browser and a font."""
    log = machine.bin / "apt.log"
    lines = [f'echo "$@" >> "{log}"', '[ "$1" = install ] || exit 0']
    for program, script in (("chromium", CHROMIUM), ("fc-list", "echo NotoSansCJK")):
        made = machine.bin / program
        lines.append(f"printf '#!/bin/sh\\n{script}\\n' > '{made}'; {CHMOD} 755 '{made}'")
    machine.has("apt-get", "\n".join(lines))
    return log


CHMOD = "/bin/chmod" if os.access("/bin/chmod", os.X_OK) else "/usr/bin/chmod"


def test_root_gets_what_is_missing_and_is_told(machine: Machine) -> None:
    machine.has("id", "echo 0")
    log = _apt_that_installs(machine)
    answer = machine.find("--install")
    assert answer.stdout == f"{machine.bin / 'chromium'}\n"
    assert "Installing chromium fontconfig fonts-noto-cjk with apt-get" in answer.stderr
    wanted = "install -y -qq --no-install-recommends chromium fontconfig fonts-noto-cjk"
    assert log.read_text().splitlines() == ["update -qq", wanted]


def test_root_installs_nothing_without_being_told(machine: Machine) -> None:
    machine.has("id", "echo 0")
    log = _apt_that_installs(machine)
    assert machine.find().returncode == 1
    assert not log.exists()


def test_only_the_font_is_installed_where_only_the_font_is_missing(machine: Machine) -> None:
    machine.has("id", "echo 0")
    log = _apt_that_installs(machine)
    chromium = machine.has("chromium", CHROMIUM)
    assert machine.find("--install").stdout == f"{chromium}\n"
    assert log.read_text().endswith("--no-install-recommends fontconfig fonts-noto-cjk\n")


def test_an_apt_that_fails_ends_in_the_same_advice(machine: Machine, with_fonts: None) -> None:
    machine.has("id", "echo 0")
    machine.has("apt-get", "echo no network >&2; exit 100")
    answer = machine.find("--install")
    assert answer.returncode == 1
    assert "no network" in answer.stderr
    assert "apt-get failed, see above" in answer.stderr
    assert "make test BROWSER=none" in answer.stderr
