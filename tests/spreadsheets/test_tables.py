"""Lists as XLSX and CSV: values keep their kind, texts never run."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voucherweb.spreadsheets import tables
from voucherweb.spreadsheets.tables import Value, csv_blocks, write_csv, write_xlsx

TAIPEI = ZoneInfo("Asia/Taipei")
NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC).astimezone(TAIPEI)
ROW: tuple[Value, ...] = (
    "=1+1", 5, True, Decimal("1234.50"), NOON, date(2026, 3, 1), None, 10**17, date(1899, 1, 1),
)  # fmt: skip


def test_values_keep_their_kind_in_a_worksheet(tmp_path: Path) -> None:
    assert write_xlsx(tmp_path / "t.xlsx", [f"欄{n}" for n in range(9)], [ROW]) == 1
    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx").worksheets[0]
    assert [cell.value for cell in sheet[2]] == [
        "=1+1", 5, True, 1234.5, datetime(2026, 3, 1, 12), datetime(2026, 3, 1), None,  # noqa: DTZ001
        "100000000000000000", "1899-01-01",
    ]  # fmt: skip
    assert sheet["A2"].data_type == "s"
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:I2")


def test_a_worksheet_that_would_be_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_SHEET_ROW", 3)
    assert write_xlsx(io.BytesIO(), ["a"], [["x"]] * 2) == 2
    with pytest.raises(ValueError, match="ends at row 3"):
        write_xlsx(io.BytesIO(), ["a"], [["x"]] * 3)


def test_a_csv_opens_in_excel_as_utf8(tmp_path: Path) -> None:
    assert write_csv(tmp_path / "t.csv", ["名稱", "點"], [["券,甲", 5], ["行\n二", None]]) == 2
    assert (tmp_path / "t.csv").read_bytes() == (
        b"\xef\xbb\xbf" + '名稱,點\r\n"券,甲",5\r\n"行\n二",\r\n'.encode()
    )


@pytest.mark.parametrize(
    "text", ["=1+1", "+886", "-1", "@x", "\t=1", "\r=1", " =1", "\u3000=1", "＝1", "\n@x"]
)
def test_texts_that_would_run_are_neutralised_in_csv(text: str) -> None:
    line = b"".join(csv_blocks(["=a"], [[text]])).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(line, newline=""))) == [["'=a"], [f"'{text}"]]


def test_numbers_are_no_texts_in_csv() -> None:
    line = b"".join(csv_blocks(["a"], [[-5, Decimal("-1.50"), True, NOON]]))
    assert line.endswith(b"-5,-1.50,TRUE,2026-03-01 12:00:00\r\n")


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=4))
def test_no_text_breaks_a_csv(rows: list[list[str]]) -> None:
    text = b"".join(csv_blocks(["a", "b"], rows)).decode("utf-8-sig")
    back = list(csv.reader(io.StringIO(text, newline="")))
    assert len(back) == len(rows) + 1
    assert all(not cell.startswith(("=", "+", "-", "@")) for row in back for cell in row)
