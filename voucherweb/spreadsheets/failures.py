"""The workbook of refused rows (behaviour §8, contract A §下載健檢錯誤資料檔)."""

from collections.abc import Iterable
from itertools import chain, islice
from typing import Final

from voucherweb.spreadsheets.coupons import COLUMN_NAMES, COLUMNS, ENGLISH_NAMES, FailedRow
from voucherweb.spreadsheets.tables import Target, open_workbook
from voucherweb.spreadsheets.texts import cell_text

FILE_NAME: Final = "檢驗檢查錯誤資料檔.xlsx"
FILE_NAME_EN: Final = "coupon-import-failures.xlsx"
_SHEET: Final = "錯誤資料"
_SHEET_EN: Final = "Failed rows"
# The three columns come first, under the names that an import expects: a corrected file can be
# imported again as it is.
_HEADER: Final = (*(COLUMN_NAMES[key] for key in COLUMNS), "列號", "錯誤欄位", "錯誤原因")
_HEADER_EN: Final = (*(ENGLISH_NAMES[key] for key in COLUMNS), "Row", "Columns", "Reasons")
_WIDTHS: Final = (30, 60, 50, 8, 18, 60)
SMALL: Final = 2000
"""So many rows are kept in memory while they are written."""


def write_failures(target: Target, failures: Iterable[FailedRow], *, english: bool = False) -> int:
    """Write one line for each failed row, its texts as given; the number of lines.

    Nothing becomes a formula, a link or a number, also not later in the editor: the columns are
    formatted as text.
    """
    rows = iter(failures)
    first = list(islice(rows, SMALL + 1))
    workbook = open_workbook(target, small=len(first) <= SMALL)
    try:
        text = workbook.add_format({"num_format": "@", "valign": "top"})
        wrapped = workbook.add_format({"num_format": "@", "valign": "top", "text_wrap": True})
        bold = workbook.add_format({"num_format": "@", "bold": True, "bg_color": "#F6E3E3"})
        sheet = workbook.add_worksheet(_SHEET_EN if english else _SHEET)
        for column, width in enumerate(_WIDTHS):
            sheet.set_column(column, column, width, text)
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, _HEADER_EN if english else _HEADER, bold)
        line = 0
        for line, row in enumerate(chain(first, rows), start=1):
            for column, value in enumerate((row.title, row.description, row.url)):
                sheet.write_string(line, column, cell_text(value), text)
            sheet.write_number(line, 3, row.row_number)
            names, reasons = _words(row, english)
            sheet.write_string(line, 4, names, text)
            sheet.write_string(line, 5, cell_text(reasons), wrapped)
    finally:
        workbook.close()
    return line


def _words(row: FailedRow, english: bool) -> tuple[str, str]:
    """The names of the wrong columns, and why."""
    if english:
        return ", ".join(ENGLISH_NAMES[key] for key in row.columns), "; ".join(row.reasons_en)
    return "、".join(COLUMN_NAMES[key] for key in row.columns), "；".join(row.reasons)
