"""Lists as files: XLSX and CSV, row by row, in memory that does not grow with the list."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, Final, TypeAlias, TypeGuard

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from voucherweb.spreadsheets.limits import MAX_SHEET_ROW
from voucherweb.spreadsheets.texts import cell_text, csv_text

Value: TypeAlias = str | int | bool | Decimal | datetime | date | None
Target: TypeAlias = Path | IO[bytes]
_BOM: Final = b"\xef\xbb\xbf"
_BLOCKS_BEFORE_ROWS: Final = 2  # The BOM and the header.
# A cell holds a double: integers beyond 15 digits would come back changed.
_EXACT_INTEGER: Final = 10**15
_FIRST_DAY: Final = date(1900, 3, 1)
_LARGEST_SHEET_NAME: Final = 31
_WIDTHS: Final = (10, 60)


def write_xlsx(
    target: Target, header: Sequence[str], rows: Iterable[Sequence[Value]], sheet: str = "資料"
) -> int:
    """Write a worksheet with a frozen header and a filter; the number of rows written.

    Texts stay texts, whatever they start with. Money (`Decimal`) gets two places, datetimes are
    written as the wall-clock time that they carry: convert them to the reader's zone first.
    Raises `ValueError` when the list is longer than a worksheet.
    """
    workbook = open_workbook(target)
    try:
        worksheet = workbook.add_worksheet(sheet[:_LARGEST_SHEET_NAME])
        writer = _SheetWriter(workbook, worksheet)
        writer.header(header, [_width(name) for name in header])
        count = 0
        for count, row in enumerate(rows, start=1):
            if count >= MAX_SHEET_ROW:
                raise ValueError(f"a worksheet ends at row {MAX_SHEET_ROW}")
            writer.row(count, row)
        if header:
            worksheet.autofilter(0, 0, count, len(header) - 1)
    finally:
        workbook.close()
    return count


def write_csv(target: Target, header: Sequence[str], rows: Iterable[Sequence[Value]]) -> int:
    """Write `csv_blocks` to a file; the number of rows written."""
    if isinstance(target, Path):
        with target.open("wb") as file:
            return write_csv(file, header, rows)
    blocks = 0
    for block in csv_blocks(header, rows):
        target.write(block)
        blocks += 1
    return blocks - _BLOCKS_BEFORE_ROWS


def csv_blocks(header: Sequence[str], rows: Iterable[Sequence[Value]]) -> Iterator[bytes]:
    """Yield a CSV file line by line: UTF-8 with BOM (Excel needs it), CRLF, one header line.

    Texts that a spreadsheet would run as a formula are neutralised (see `texts.csv_text`).
    """
    yield _BOM
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    yield _csv_line(writer, buffer, header)
    for row in rows:
        yield _csv_line(writer, buffer, row)


def open_workbook(target: Target, *, small: bool = False) -> Workbook:
    """An XlsxWriter workbook that turns no text into anything else. It keeps one row in memory and
    the rest in temporary files; a small one all of it, which takes half the time."""
    return Workbook(
        str(target) if isinstance(target, Path) else target,
        {
            "constant_memory": not small,
            "in_memory": small,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "remove_timezone": True,
        },
    )


class _SheetWriter:
    def __init__(self, workbook: Workbook, worksheet: Worksheet) -> None:
        self._sheet = worksheet
        self._bold = workbook.add_format(
            {"bold": True, "bg_color": "#E8EEF4", "bottom": 1, "num_format": "@"}
        )
        self._money = workbook.add_format({"num_format": "#,##0.00"})
        self._whole = workbook.add_format({"num_format": "#,##0"})
        self._time = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._day = workbook.add_format({"num_format": "yyyy-mm-dd"})

    def header(self, names: Sequence[str], widths: Sequence[int]) -> None:
        for column, width in enumerate(widths):
            self._sheet.set_column(column, column, width)
        self._sheet.freeze_panes(1, 0)
        for column, name in enumerate(names):
            self._sheet.write_string(0, column, cell_text(name), self._bold)

    def row(self, number: int, values: Sequence[Value]) -> None:
        for column, value in enumerate(values):
            if value is not None and value != "":
                self._cell(number, column, value)

    def _cell(self, row: int, column: int, value: Value) -> None:
        sheet: Any = self._sheet
        if isinstance(value, bool):
            sheet.write_boolean(row, column, value)
        elif isinstance(value, int) and abs(value) < _EXACT_INTEGER:
            sheet.write_number(row, column, value, self._whole)
        elif isinstance(value, Decimal) and value.is_finite():
            sheet.write_number(row, column, value, self._money)
        elif isinstance(value, datetime) and value.date() >= _FIRST_DAY:
            sheet.write_datetime(row, column, value, self._time)
        elif _is_day(value) and value >= _FIRST_DAY:
            sheet.write_datetime(row, column, value, self._day)
        else:
            sheet.write_string(row, column, cell_text(_plain(value)))


def _is_day(value: Value) -> TypeGuard[date]:
    """A `datetime` is a `date` to Python, and must not be written as one."""
    return isinstance(value, date) and not isinstance(value, datetime)


def _plain(value: Value) -> str:
    """A value in words: what a CSV carries, and what a cell cannot hold as a number."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return value if isinstance(value, str) else str(value)


def _csv_line(writer: Any, buffer: io.StringIO, values: Sequence[Value]) -> bytes:
    writer.writerow(csv_text(v) if isinstance(v, str) else _plain(v) for v in values)
    line = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return line


def _width(name: str) -> int:
    """Columns wide enough for their header; a Chinese character takes two."""
    wide = sum(2 if ord(letter) > 0x2E7F else 1 for letter in name)
    least, most = _WIDTHS
    return max(least, min(most, wide + 4))
