"""The workbook of refused rows, and the template that a corrected one comes back in."""

import io
from pathlib import Path

import openpyxl
import pytest
from openpyxl.cell.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from voucherweb.domain.coupon_rules import check_coupon, repeated
from voucherweb.spreadsheets import failures, template
from voucherweb.spreadsheets.coupons import FailedRow, read_coupons
from voucherweb.spreadsheets.failures import write_failures

URL = "http://a.tw/1"


@pytest.fixture(autouse=True, params=[0, failures.SMALL], ids=["by rows", "in memory"])
def _ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of writing a workbook."""
    monkeypatch.setattr(failures, "SMALL", request.param)


def failed(title: str, description: str, url: str, number: int = 2) -> FailedRow:
    problems = check_coupon(title, description, url) or [repeated(2)]
    return FailedRow(number, title, description, url, tuple(problems))


def written(*rows: FailedRow, english: bool = False) -> Worksheet:
    out = io.BytesIO()
    assert write_failures(out, iter(rows), english=english) == len(rows)
    return openpyxl.load_workbook(out).worksheets[0]


def cells(sheet: Worksheet, row: int) -> list[object]:
    return [cell.value for cell in sheet[row]]


def test_the_file_has_the_name_of_the_contract() -> None:
    assert failures.FILE_NAME == "檢驗檢查錯誤資料檔.xlsx"


def test_each_failed_row_gets_one_line_with_row_columns_and_reasons() -> None:
    sheet = written(failed("", "說明", "ftp://x", 7), failed("a", "b", URL, 9))
    assert cells(sheet, 1) == ["標題", "描述", "網址", "列號", "錯誤欄位", "錯誤原因"]
    assert cells(sheet, 2)[1:5] == ["說明", "ftp://x", 7, "標題、網址"]
    assert cells(sheet, 2)[5] == "標題：必填；網址：必須是 http:// 或 https:// 開頭的網址"
    assert cells(sheet, 3)[3:] == [9, "網址", "網址：與第 2 列的網址重複"]


def test_the_same_in_english() -> None:
    sheet = written(failed("", "說明", "ftp://x", 7), failed("a", "b", URL, 9), english=True)
    assert cells(sheet, 1) == ["Title", "Description", "URL", "Row", "Columns", "Reasons"]
    assert cells(sheet, 2)[3:5] == [7, "Title, URL"]
    web = "URL must be a web address that starts with http:// or https://"
    assert cells(sheet, 2)[5] == f"Title is required; {web}"
    assert cells(sheet, 3)[5] == "URL is the same as in row 2"


@pytest.mark.parametrize("text", ["=1+1", "{=1}", "+1", "-1", "@SUM(1)", "http://a.tw", "007"])
def test_texts_stay_texts(text: str) -> None:
    cell = written(failed(text, "", text))["A2"]
    assert isinstance(cell, Cell)
    assert (cell.value, cell.data_type, cell.hyperlink) == (text, "s", None)


def test_texts_that_no_cell_can_hold_are_cut_or_replaced() -> None:
    sheet = written(failed("中" * 40_000, "😀" * 20_000, "a\ud800\x00b"))
    title, description, url = (str(value) for value in cells(sheet, 2)[:3])
    assert (len(title), title[-1]) == (32_767, "…")
    assert len(description.encode("utf-16-le")) // 2 <= 32_767
    assert url.startswith("a\ufffd")


@pytest.mark.parametrize("english", [False, True])
def test_a_corrected_failures_workbook_can_be_imported_again(tmp_path: Path, english: bool) -> None:
    path = tmp_path / failures.FILE_NAME
    write_failures(path, [failed("券", "說明", URL)], english=english)
    assert [row.url for row in read_coupons(path).good] == [URL]


def test_the_template_can_be_filled_in_and_imported(tmp_path: Path) -> None:
    workbook = openpyxl.load_workbook(io.BytesIO(template.template_bytes()))
    workbook.worksheets[0].append(["007", "219E01BE", URL])
    workbook.save(tmp_path / "filled.xlsx")
    (good,) = read_coupons(tmp_path / "filled.xlsx").good
    assert (good.title, good.description) == ("007", "219E01BE")


def test_the_empty_template_holds_no_coupon(tmp_path: Path) -> None:
    path = tmp_path / template.FILE_NAME
    path.write_bytes(template.template_bytes())
    assert read_coupons(path).total == 0


def test_the_templates_columns_are_text_and_know_their_limits() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(template.template_bytes())).worksheets[0]
    assert [sheet.column_dimensions[letter].number_format for letter in "ABC"] == ["@"] * 3
    rules = {
        str(rule.sqref): (rule.type, rule.formula2)
        for rule in sheet.data_validations.dataValidation
    }
    assert rules == {
        "A2:A100000": ("textLength", "500"),
        "B2:B100000": ("textLength", "1000"),
        "C2:C100000": ("textLength", "2000"),
    }


def test_the_template_explains_itself_in_both_languages() -> None:
    guide = openpyxl.load_workbook(io.BytesIO(template.template_bytes())).worksheets[1]
    text = "\n".join(str(cell.value) for row in guide.iter_rows() for cell in row if cell.value)
    assert "填寫說明" in text
    assert "How to fill this in" in text
    assert text.count("99,999") == 2
