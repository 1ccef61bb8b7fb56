"""Vendored browser code is exactly what was published, and nothing lies beside it unlisted."""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLACES = (ROOT / "voucherweb" / "static" / "vendor", ROOT / "tests" / "browser" / "vendor")
"""What the site serves, and what only its tests use."""


@dataclass(frozen=True, slots=True)
class Package:
    """One entry of a lock."""

    place: Path
    told: dict[str, Any]

    @property
    def directory(self) -> Path:
        return self.place / str(self.told["directory"])


def _packages(place: Path) -> list[Package]:
    lock = json.loads((place / "vendor.lock.json").read_text(encoding="utf-8"))
    return [Package(place, told) for told in lock["packages"]]


every_package = pytest.mark.parametrize(
    "package",
    [package for place in PLACES for package in _packages(place)],
    ids=lambda one: one.told["name"],
)


@every_package
def test_vendored_files_are_the_published_ones(package: Package) -> None:
    found = {
        path.relative_to(package.directory).as_posix(): _sha256(path)
        for path in package.directory.rglob("*")
        if path.is_file()
    }
    assert found == package.told["files"]


@every_package
def test_a_package_names_its_version_integrity_and_licence(package: Package) -> None:
    told = package.told
    assert told["directory"].endswith(f"-{told['version']}")
    assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", told["integrity"])
    assert told["licence"]
    assert any(name.upper().startswith("LICENSE") for name in told["files"])


@pytest.mark.parametrize("place", PLACES, ids=["site", "tests"])
def test_nothing_is_vendored_without_being_listed(place: Path) -> None:
    listed = {package.directory.name for package in _packages(place)} | {"vendor.lock.json"}
    assert {path.name for path in place.iterdir()} == listed


def _sha256(path: Path) -> str:
    return "sha256-" + hashlib.sha256(path.read_bytes()).hexdigest()
