"""The arrows of the architecture, held by reading the imports (docs/architecture.md)."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "voucherweb"

MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "domain": {"errors", "domain"},
    "models": {"domain", "models", "errors"},
    "storage": {"storage", "domain", "errors", "config"},
    "spreadsheets": {"spreadsheets", "domain", "errors"},
    "services": {
        *("services", "models", "storage", "spreadsheets", "queueing", "domain", "errors"),
        *("config", "transaction", "metrics"),
    },
    "api": {"api", "services", "models", "storage", "domain", "errors", "config", "transaction"},
}
"""Which rooms a room may name. `web`, `workers` and `cli` stand at the edge like `api`; the
composition in application.py and the embedded supervisor may see everything."""

EXTRA = {
    "api": {"extensions", "spreadsheets", "queueing"},
}


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            if node.module == "voucherweb":
                yield from (f"voucherweb.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def rooms_imported(path: Path) -> set[str]:
    return {name.split(".")[1] for name in imported(path) if name.startswith("voucherweb.")}


@pytest.mark.parametrize("name", sorted(MAY_IMPORT))
def test_rooms_import_only_along_the_arrows(name: str) -> None:
    allowed = MAY_IMPORT[name] | EXTRA.get(name, set())
    wrong = {
        str(path.relative_to(ROOT)): sorted(rooms_imported(path) - allowed)
        for path in sources()
        if room(path) == name and rooms_imported(path) - allowed
    }
    assert wrong == {}


def test_services_and_domain_know_no_web_framework() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for path in sources()
        if room(path) in {"domain", "models", "services", "storage", "spreadsheets"}
        and any(name.split(".")[0] in {"flask", "werkzeug", "rq"} for name in imported(path))
    ]
    assert wrong == []


def calls(path: Path, *names: str) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(names)
    ]


def test_there_is_one_place_that_commits() -> None:
    places = [place for path in sources() for place in calls(path, ".commit")]
    assert {place.partition(":")[0] for place in places} == {"voucherweb/transaction.py"}


def test_only_the_clock_asks_for_the_time() -> None:
    asking = ("datetime.now", "datetime.utcnow", "date.today", "time.time")
    places = [place for path in sources() for place in calls(path, *asking)]
    assert {place.partition(":")[0] for place in places} == {"voucherweb/domain/clock.py"}


def test_only_the_settings_read_the_environment() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for path in sources()
        if path.name != "config.py"
        and any(ast.unparse(node).startswith("os.environ") for node in ast.walk(tree(path)))
    ]
    assert wrong == []


ROOMS = (
    "bench",
    "bin",
    "clients",
    "deploy",
    "docs",
    "examples",
    "migrations",
    "tests",
    "voucherweb",
)
WRITTEN = {".py", ".html", ".css", ".js", ".sql", ".toml", ".sh"}
LONG_FILES = {
    "migrations/versions/20261121_2204_first_schema.py": "released: history is not edited",
    "migrations/versions/20261122_0424_partner_open_api.py": "released: history is not edited",
    "voucherweb/demo/offers.toml": "a table: one made-up offer after another",
}
"""Files that may be longer than 400 lines, and why."""


def written() -> Iterator[Path]:
    """Every file of the project that people write and run; `vendor` holds others' work."""
    inside = (path for name in ROOMS for path in (ROOT / name).rglob("*"))
    for path in (*ROOT.iterdir(), *inside):
        is_ours = path.suffix in WRITTEN and "vendor" not in path.relative_to(ROOT).parts
        if is_ours and path.is_file():
            yield path


def test_files_stay_short() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in written()
    }
    assert {name for name, length in lengths.items() if length > 400} == set(LONG_FILES)
    places = {name.partition("/")[0] for name in lengths}
    assert {"app.py", "bench", "tests", "voucherweb"} <= places


def test_functions_stay_short() -> None:
    long_functions = [
        f"{path.relative_to(ROOT)}:{node.name}"
        for path in written()
        if path.suffix == ".py" and "versions" not in path.parts
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno > 60
    ]
    assert long_functions == []
