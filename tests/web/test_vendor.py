"""Vendored browser code is exactly what was published, and nothing lies beside it unlisted."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

VENDOR = Path(__file__).resolve().parents[2] / "voucherweb" / "static" / "vendor"
LOCK: dict[str, Any] = json.loads((VENDOR / "vendor.lock.json").read_text(encoding="utf-8"))
PACKAGES = LOCK["packages"]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda one: one["name"])
def test_vendored_files_are_the_published_ones(package: dict[str, Any]) -> None:
    found = {
        str(path.relative_to(VENDOR / package["directory"])): _sha256(path)
        for path in (VENDOR / package["directory"]).rglob("*")
        if path.is_file()
    }
    assert found == package["files"]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda one: one["name"])
def test_a_package_names_its_version_integrity_and_licence(package: dict[str, Any]) -> None:
    assert package["directory"].endswith(f"-{package['version']}")
    assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", package["integrity"])
    assert package["licence"]
    assert any(name.upper().startswith("LICENSE") for name in package["files"])


def test_nothing_is_vendored_without_being_listed() -> None:
    listed = {package["directory"] for package in PACKAGES} | {"vendor.lock.json"}
    assert {path.name for path in VENDOR.iterdir()} == listed


def _sha256(path: Path) -> str:
    return "sha256-" + hashlib.sha256(path.read_bytes()).hexdigest()
