"""Reading a workbook of coupons (behaviour §8, contract A §匯入折扣碼優惠劵excel)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, cast

from python_calamine import CalamineError, load_workbook

from voucherweb.domain.coupon_rules import Problem, check_coupon, repeated
from voucherweb.errors import Refusal
from voucherweb.spreadsheets import limits
from voucherweb.spreadsheets.cells import ErrorText, Row, sheet_rows
from voucherweb.spreadsheets.headers import named_twice, normal
from voucherweb.spreadsheets.limits import corrupt, too_many_rows, unreadable
from voucherweb.spreadsheets.package import Package
from voucherweb.spreadsheets.prescan import prescan

COLUMNS = ("title", "description", "url")
COLUMN_NAMES = {"title": "標題", "description": "描述", "url": "網址"}
ENGLISH_NAMES = {"title": "Title", "description": "Description", "url": "URL"}
_HEADERS = {name.casefold(): key for key, name in COLUMN_NAMES.items()} | {
    key: key for key in COLUMNS
}
_PROGRESS_AFTER_SCAN = 20
_PROGRESS_STEP_ROWS = 1000
_Given = tuple[int, str, str, str]  # The row number, then the three texts as they stand there.


class CouponRow(NamedTuple):
    """One good row, trimmed, ready to be issued."""

    title: str
    description: str
    url: str


@dataclass(frozen=True, slots=True)
class FailedRow:
    """One refused row as it was given; `row_number` is the sheet's, counted from 1."""

    row_number: int
    title: str
    description: str
    url: str
    problems: tuple[Problem, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are wrong (title, description, url), each once."""
        return tuple(dict.fromkeys(problem.column for problem in self.problems))

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why, in Traditional Chinese, each with the name of its column."""
        return tuple(f"{COLUMN_NAMES[problem.column]}：{problem.zh}" for problem in self.problems)

    @property
    def reasons_en(self) -> tuple[str, ...]:
        """The same in English."""
        return tuple(f"{ENGLISH_NAMES[problem.column]} {problem.en}" for problem in self.problems)


@dataclass(slots=True)
class CouponParse:
    """What a workbook held, blank rows left out; `total` = good + failures."""

    good: list[CouponRow] = field(default_factory=list)
    failures: list[FailedRow] = field(default_factory=list)

    @property
    def total(self) -> int:
        return len(self.good) + len(self.failures)


def read_coupons(path: Path, on_progress: Callable[[int], None] | None = None) -> CouponParse:
    """`iter_coupons` gathered into lists: about 50 MB for a full workbook of short texts."""
    parse = CouponParse()
    for row in iter_coupons(path, on_progress):
        if isinstance(row, CouponRow):
            parse.good.append(row)
        else:
            parse.failures.append(row)
    return parse


def iter_coupons(
    path: Path, on_progress: Callable[[int], None] | None = None
) -> Iterator[CouponRow | FailedRow]:
    """Yield the rows of the first visible worksheet, blank ones left out, in the sheet's order.

    `on_progress` gets a percentage that never falls, 100 at the end; what it raises (a cancelled
    job) ends the reading. Raises `Refusal` IMPORT_FILE_NOT_READABLE with a detail that names the
    reason when the file cannot be read, lacks a column or has more rows than one import takes;
    the last of these after rows were yielded, so that nothing may be kept before the end.
    """
    report = on_progress or _ignore
    report(0)
    scan = prescan(path)
    report(_PROGRESS_AFTER_SCAN)
    given = _plain_rows(path, scan.package) if scan.plain else _exact_rows(scan.package)
    yield from _check_rows(given, _row_progress(report, scan.rows), formulas=not scan.plain)
    report(100)


def _ignore(_percent: int) -> None:
    """Progress that nobody asked for."""


def _row_progress(report: Callable[[int], None], expected: int) -> Callable[[int], None]:
    room = 99 - _PROGRESS_AFTER_SCAN

    def after(done: int) -> None:
        report(_PROGRESS_AFTER_SCAN + room * min(done, expected) // max(expected, 1))

    return after


def _exact_rows(package: Package) -> Iterator[_Given]:
    """The exact reader's rows, for sheets with numbers, dates, formulas or an unusual layout."""
    rows = sheet_rows(package)
    columns = _columns(next(rows, (0, {})), package.sheet_name)
    at_title, at_description, at_url = columns
    for number, texts in rows:
        get = texts.get
        yield number, get(at_title, ""), get(at_description, ""), get(at_url, "")


def _plain_rows(path: Path, package: Package) -> Iterator[_Given]:
    """The fast reader's rows, for sheets of nothing but text: the same as the exact reader's."""
    try:
        with load_workbook(str(path)) as workbook:
            sheet = workbook.get_sheet_by_index(package.sheet_index)
    except CalamineError as problem:
        raise corrupt(str(problem), "內容不一致，無法解析") from problem
    # Plain cells are texts, and empty places are empty texts. The rows above the first used one
    # are given, the columns to its left are not; positions here count from the first given one.
    rows = cast("Iterator[list[str]]", sheet.iter_rows())
    header = {at: text for at, text in enumerate(next(rows, [])) if text}
    at_title, at_description, at_url = _columns((1, header), package.sheet_name)
    for number, texts in enumerate(rows, start=2):
        yield number, texts[at_title], texts[at_description], texts[at_url]


def _columns(header: Row, sheet_name: str) -> tuple[int, int, int]:
    number, texts = header
    found: dict[str, int] = {}
    for column, text in texts.items() if number == 1 else ():
        key = _HEADERS.get(normal(text))
        if key in found:
            raise named_twice(text)
        if key is not None:
            found[key] = column
    missing = [key for key in COLUMNS if key not in found]
    if missing:
        raise _lacking(missing, sheet_name)
    return found["title"], found["description"], found["url"]


def _lacking(missing: list[str], sheet: str) -> Refusal:
    names = "、".join(COLUMN_NAMES[key] for key in missing)
    return unreadable(
        f"Row 1 of the sheet {sheet} lacks the columns {', '.join(missing)}",
        f"工作表「{sheet}」第 1 列缺少欄位：{names}",
    )


def _check_rows(
    rows: Iterator[_Given], progress: Callable[[int], None], *, formulas: bool
) -> Iterator[CouponRow | FailedRow]:
    seen: dict[str, int] = {}
    count = 0
    for given in rows:
        number, title, description, url = given
        title, description, url = title.strip(), description.strip(), url.strip()
        if not (title or description or url):
            continue
        if count == limits.MAX_DATA_ROWS:
            raise too_many_rows()
        if count % _PROGRESS_STEP_ROWS == 0:
            progress(count)
        count += 1
        problems = (formulas and _errors(given)) or check_coupon(title, description, url)
        if not problems and seen.setdefault(url, number) != number:
            problems = [repeated(seen[url])]
        if problems:
            yield FailedRow(*given, tuple(problems))
        else:
            yield CouponRow(title, description, url)


def _errors(given: _Given) -> list[Problem]:
    """Formulas that failed: their `#N/A` would pass as a text."""
    return [
        Problem(column, f"the formula shows {text}", f"公式的結果是 {text}")
        for column, text in zip(COLUMNS, given[1:], strict=True)
        if isinstance(text, ErrorText)
    ]
