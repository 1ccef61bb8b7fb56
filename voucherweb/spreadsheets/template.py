"""The workbook to fill in for a coupon import (behaviour §8)."""

import io
from typing import Final

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from voucherweb.domain.coupon_rules import DESCRIPTION_MAX, TITLE_MAX, URL_MAX
from voucherweb.spreadsheets.coupons import COLUMN_NAMES, COLUMNS
from voucherweb.spreadsheets.limits import MAX_DATA_ROWS

FILE_NAME: Final = "折扣碼優惠券匯入範本.xlsx"
_SHEET: Final = "折扣碼優惠券"
_TEXT_FORMAT: Final = "@"
_LIMITS: Final = {"title": TITLE_MAX, "description": DESCRIPTION_MAX, "url": URL_MAX}
_WIDTHS: Final = {"title": 32, "description": 60, "url": 48}
_FILL: Final = PatternFill("solid", start_color="FFE8EEF4")
_GUIDE_ZH: Final = f"""
請在「{_SHEET}」工作表從第 2 列開始填寫，一列一張；第 1 列的欄名請保留，欄位順序可調整。
標題：必填，最多 {TITLE_MAX} 字。
描述：必填，最多 {DESCRIPTION_MAX:,} 字。
網址：必填，最多 {URL_MAX:,} 字，以 http:// 或 https:// 開頭。
網址不可重複；重複時以最前面的一列為準。
一次最多 {MAX_DATA_ROWS:,} 列，檔案不可超過 20 MB；空白列會略過。
三個欄位都已設為文字格式，開頭的 0 與 219E01BE 這類代碼不會被改成數字。
貼上資料時請選「只貼上值」。
張數必須與票券的兌換數量相同。
"""
_GUIDE_EN: Final = f"""
Fill in the sheet {_SHEET} from row 2, one coupon a row. Keep row 1.
The columns may change places, and may be named Title, Description, URL.
標題 (title): required, at most {TITLE_MAX} characters.
描述 (description): required, at most {DESCRIPTION_MAX:,} characters.
網址 (URL): required, at most {URL_MAX:,} characters, starts with http:// or https://.
Each URL only once; of equal ones the first counts.
At most {MAX_DATA_ROWS:,} rows and 20 MB; blank rows are skipped.
The columns are formatted as text: leading zeros and codes such as 219E01BE stay as they are.
When you paste, paste values only.
There must be as many coupons as the voucher's volume.
"""
_GUIDE: Final = (("填寫說明", _GUIDE_ZH), ("How to fill this in", _GUIDE_EN))


def template_bytes() -> bytes:
    """The template as an .xlsx file: one sheet to fill in, one with instructions."""
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = _SHEET
    _fill_in_sheet(sheet)
    _guide_sheet(workbook.create_sheet("填寫說明 Guide"))
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def _fill_in_sheet(sheet: Worksheet) -> None:
    for at, key in enumerate(COLUMNS, start=1):
        cell = sheet.cell(row=1, column=at, value=COLUMN_NAMES[key])
        letter = cell.column_letter
        # The format of the whole column, so that every cell to come is a text cell.
        column = sheet.column_dimensions[letter]
        column.width = _WIDTHS[key]
        column.number_format = _TEXT_FORMAT
        _style_header(cell)
        sheet.add_data_validation(_length_rule(letter, key))
    sheet.freeze_panes = "A2"


def _style_header(cell: Cell) -> None:
    cell.number_format = _TEXT_FORMAT
    cell.font = Font(bold=True)
    cell.fill = _FILL
    cell.alignment = Alignment(horizontal="center", vertical="center")


def _length_rule(letter: str, key: str) -> DataValidation:
    most = _LIMITS[key]
    rule = DataValidation(
        type="textLength",
        operator="between",
        formula1="1",
        formula2=str(most),
        allow_blank=True,
        showErrorMessage=True,
        showInputMessage=True,
        errorTitle=f"{COLUMN_NAMES[key]}過長",
        error=f"最多 {most:,} 字 / at most {most:,} characters",
        promptTitle=COLUMN_NAMES[key],
        prompt=f"必填，最多 {most:,} 字",
    )
    rule.add(f"{letter}2:{letter}{MAX_DATA_ROWS + 1}")
    return rule


def _guide_sheet(sheet: Worksheet) -> None:
    sheet.column_dimensions["A"].width = 110
    row = 1
    for title, text in _GUIDE:
        sheet.cell(row=row, column=1, value=title).font = Font(bold=True, size=14)
        for line in text.strip().splitlines():
            row += 1
            cell = sheet.cell(row=row, column=1, value=line)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        row += 2
