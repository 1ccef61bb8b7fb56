"""Reading a file of coupon codes: a workbook or CSV, one column of it."""

import csv
from collections.abc import Callable, Iterable, Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import Final, NamedTuple, cast

from python_calamine import CalamineError, load_workbook

from voucherweb.domain.coupon_codes import Words, code_problem
from voucherweb.errors import Refusal
from voucherweb.spreadsheets import limits
from voucherweb.spreadsheets.cells import ErrorText, sheet_rows
from voucherweb.spreadsheets.headers import named_twice, normal
from voucherweb.spreadsheets.limits import corrupt, too_many_rows, unreadable
from voucherweb.spreadsheets.package import Package
from voucherweb.spreadsheets.prescan import prescan

MAX_CSV_ROWS: Final = 1_000_000
COLUMN: Final = "代碼"
HEADERS: Final = frozenset(
    {"代碼", "票券碼", "券碼", "序號", "code", "couponcode", "coupon_code", "codes"}
)
_LONGEST_FIELD: Final = 128 * 1024
_STEP: Final = 1000
_AFTER_SCAN: Final = 20
_Given = tuple[int, str, bool]
"""The row's number, the code as it stands there, and whether the row holds anything at all."""


class CodeRow(NamedTuple):
    """One row that is not blank: the trimmed code, and why it is none; `number` counts from 1 and
    includes the header."""

    number: int
    code: str
    problem: Words | None


def iter_codes(
    path: Path, extension: str, on_progress: Callable[[int], None] | None = None
) -> Iterator[CodeRow]:
    """Yield the rows of the first visible worksheet (`xlsx`), or of a CSV file in UTF-8 (`csv`),
    blank ones left out. That a code comes once is not looked at.

    `on_progress` gets a percentage that never falls; what it raises ends the reading. Raises
    `Refusal` IMPORT_FILE_NOT_READABLE with a detail that names the reason, also after rows were
    yielded: nothing may be kept before the end.
    """
    report = on_progress or _ignore
    if extension == "csv":
        yield from _checked(_csv_rows(path, report), MAX_CSV_ROWS, _too_many_lines)
        return
    report(0)
    scan = prescan(path)
    report(_AFTER_SCAN)
    rows = _fast_rows(path, scan.package) if scan.plain else _exact_rows(scan.package)
    counted = _reporting(rows, max(scan.rows, 1), report)
    yield from _checked(counted, limits.MAX_DATA_ROWS, too_many_rows)


def _ignore(_percent: int) -> None:
    """Progress that nobody asked for."""


def _reporting(
    rows: Iterator[_Given], expected: int, report: Callable[[int], None]
) -> Iterator[_Given]:
    for at, row in enumerate(rows):
        if at % _STEP == 0:
            report(_AFTER_SCAN + (99 - _AFTER_SCAN) * min(at, expected) // expected)
        yield row


def _checked(
    rows: Iterator[_Given], most: int, too_many: Callable[[], Refusal]
) -> Iterator[CodeRow]:
    count = 0
    for number, given, filled in rows:
        if not filled:
            continue
        if count == most:
            raise too_many()
        count += 1
        code = given.strip()
        yield CodeRow(number, code, _formula_error(given) or code_problem(code))


def _formula_error(given: str) -> Words | None:
    """A formula that failed: its `#N/A` would pass as a code."""
    if isinstance(given, ErrorText):
        return f"the formula shows {given}", f"公式的結果是 {given}"
    return None


def _fast_rows(path: Path, package: Package) -> Iterator[_Given]:
    """Sheets of nothing but text; see `coupons.py`, which reads three columns so."""
    try:
        with load_workbook(str(path)) as workbook:
            sheet = workbook.get_sheet_by_index(package.sheet_index)
    except CalamineError as problem:
        raise corrupt(str(problem), "內容不一致，無法解析") from problem
    rows = cast("Iterator[list[str]]", sheet.iter_rows())
    at = _column(enumerate(next(rows, [])))
    for number, texts in enumerate(rows, start=2):
        yield number, texts[at], any(map(str.strip, texts))


def _exact_rows(package: Package) -> Iterator[_Given]:
    rows = sheet_rows(package)
    number, header = next(rows, (0, {}))
    at = _column(header.items() if number == 1 else ())
    for number, texts in rows:
        yield number, texts.get(at, ""), any(map(str.strip, texts.values()))


def _csv_rows(path: Path, report: Callable[[int], None]) -> Iterator[_Given]:
    size = max(path.stat().st_size, 1)
    csv.field_size_limit(_LONGEST_FIELD)
    try:
        with path.open("rb") as file, TextIOWrapper(file, "utf-8-sig", newline="") as lines:
            rows = csv.reader(lines)
            at = _column(enumerate(next(rows, [])))
            for number, texts in enumerate(rows, start=2):
                if number % _STEP == 0:
                    report(min(99, file.tell() * 99 // size))
                code = texts[at] if at < len(texts) else ""
                yield number, code, any(map(str.strip, texts))
    except UnicodeDecodeError as error:
        raise unreadable("The file is not UTF-8", "檔案不是 UTF-8 編碼") from error
    except csv.Error as error:
        raise unreadable(f"The file is no CSV: {error}", "檔案不是正確的 CSV 格式") from error


def _column(header: Iterable[tuple[int, str]]) -> int:
    found = [(at, text) for at, text in header if normal(text) in HEADERS]
    if not found:
        raise unreadable("Row 1 has no column named code", f"第 1 列沒有名為「{COLUMN}」的欄位")
    if len(found) > 1:
        raise named_twice(found[1][1])
    return found[0][0]


def _too_many_lines() -> Refusal:
    return unreadable(
        f"The file has more than {MAX_CSV_ROWS:,} rows of data", f"資料超過 {MAX_CSV_ROWS:,} 列"
    )
