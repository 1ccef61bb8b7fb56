"""Reading coupons: headers, rules over rows, failures as given, progress."""

from pathlib import Path

import openpyxl
import pytest

from tests.spreadsheets.workbooks import BookMaker, header_row, inline, parts, reason
from voucherweb.errors import Refusal
from voucherweb.spreadsheets import limits
from voucherweb.spreadsheets.coupons import CouponRow, FailedRow, iter_coupons, read_coupons

GOOD = ("券", "說明", "http://a.tw/1")


def test_good_rows_come_back_trimmed_in_order(book: BookMaker) -> None:
    parse = read_coupons(
        book([(" 券一\u3000", "說\n明", "http://a.tw/1 "), ("b", "c", "http://a.tw/2")])
    )
    assert parse.good == [
        CouponRow("券一", "說\n明", "http://a.tw/1"),
        CouponRow("b", "c", "http://a.tw/2"),
    ]
    assert (parse.total, parse.failures) == (2, [])


@pytest.mark.parametrize(
    "header",
    [
        ("Title", "Description", "URL"),
        ("title", "DESCRIPTION", "Url"),
        (" 標題 ", "描\u3000述", "\u3000網址"),
        ("Ｔｉｔｌｅ", "描述", "ＵＲＬ"),
        ("標題*", "描述：", "\ufeff網址"),
    ],
)
def test_headers_may_be_written_in_many_ways(book: BookMaker, header: tuple[str, ...]) -> None:
    assert read_coupons(book([GOOD], header=header)).good == [CouponRow(*GOOD)]


def test_columns_may_stand_in_any_order_among_others(raw_book: BookMaker) -> None:
    head = inline("B1", "網址") + inline("D1", "標題") + inline("F1", "描述")
    row = inline("B2", GOOD[2]) + inline("D2", GOOD[0]) + inline("F2", GOOD[1])
    rows = f'<row r="1">{head}</row><row r="2">{row}</row>'
    assert read_coupons(raw_book(parts(rows))).good == [CouponRow(*GOOD)]


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (("標題", "描述", "連結"), "lacks the columns url"),
        (("a", "b", "c"), "title, description, url"),
        (("標題", "title", "網址"), "twice"),
    ],
)
def test_a_wrong_header_is_refused_by_name(
    book: BookMaker, header: tuple[str, ...], words: str
) -> None:
    with pytest.raises(Refusal) as refusal:
        read_coupons(book([GOOD], header=header))
    assert words in reason(refusal)


@pytest.mark.parametrize("rows", ["", header_row().replace('1"', '2"'), '<row r="1"/>'])
def test_a_header_that_is_not_in_row_one_is_missing(raw_book: BookMaker, rows: str) -> None:
    with pytest.raises(Refusal) as refusal:
        read_coupons(raw_book(parts(rows)))
    assert "lacks the columns" in reason(refusal)


def test_blank_rows_are_skipped_and_rows_keep_their_sheet_numbers(book: BookMaker) -> None:
    parse = read_coupons(book([GOOD, (), (" ", "\u3000", ""), ("", "x", "y")]))
    assert parse.total == 2
    assert [failed.row_number for failed in parse.failures] == [5]


def test_a_failed_row_is_kept_as_given_with_every_reason(book: BookMaker) -> None:
    (failed,) = read_coupons(
        book(
            [(" ", "=1+1" * 300, "ftp://x")],
            options={
                "strings_to_formulas": False,
                "strings_to_urls": False,
            },
        )
    ).failures
    assert (failed.title, failed.description, failed.url) == (" ", "=1+1" * 300, "ftp://x")
    assert failed.columns == ("title", "description", "url")
    assert failed.reasons == (
        "標題：必填",
        "描述：超過 1000 個字",
        "網址：必須是 http:// 或 https:// 開頭的網址",
    )


def test_of_equal_urls_the_first_good_one_is_good(book: BookMaker) -> None:
    parse = read_coupons(book([("", "b", GOOD[2]), GOOD, GOOD, ("x", "y", GOOD[2] + " ")]))
    assert parse.good == [CouponRow(*GOOD)]
    assert [failed.row_number for failed in parse.failures] == [2, 4, 5]
    assert parse.failures[1].problems[0].en == "is the same as in row 3"


def test_control_characters_fail_their_row_only(raw_book: BookMaker) -> None:
    bad = inline("A2", "_x0000_a") + inline("B2", "b") + inline("C2", "http://a.tw/1")
    good = inline("A3", "_x005F_x0000_") + inline("B3", "b") + inline("C3", "http://a.tw/1")
    rows = f'{header_row()}<row r="2">{bad}</row><row r="3">{good}</row>'
    parse = read_coupons(raw_book(parts(rows)))
    assert parse.good == [CouponRow("_x0000_", "b", "http://a.tw/1")]
    assert parse.failures[0].columns == ("title",)


def test_the_limit_of_rows_counts_rows_that_hold_something(
    book: BookMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_DATA_ROWS", 2)
    assert read_coupons(book([GOOD, (), ("", "", "x")])).total == 2
    with pytest.raises(Refusal) as refusal:
        read_coupons(book([GOOD, GOOD, GOOD]))
    assert "more than 2 rows" in reason(refusal)


def test_progress_rises_to_a_hundred(book: BookMaker) -> None:
    seen: list[int] = []
    read_coupons(book([("a", "b", f"http://a.tw/{n}") for n in range(2500)]), seen.append)
    assert seen == sorted(seen)
    assert (seen[0], seen[-1], len(seen)) == (0, 100, 6)


class _CancelledError(Exception):
    pass


def test_a_cancelled_job_ends_the_reading(book: BookMaker) -> None:
    def cancel(percent: int) -> None:
        if percent >= 20:
            raise _CancelledError

    with pytest.raises(_CancelledError):
        read_coupons(book([GOOD]), cancel)


def test_rows_can_be_streamed(book: BookMaker) -> None:
    rows = list(iter_coupons(book([GOOD, ("", "", "x")])))
    assert [type(row) for row in rows] == [CouponRow, FailedRow]


def test_the_first_visible_sheet_is_read(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.worksheets[0].sheet_state = "hidden"
    sheet = workbook.create_sheet("券")
    workbook.create_sheet("說明")
    for row in [("標題", "描述", "網址"), GOOD]:
        sheet.append(row)
    workbook.save(tmp_path / "o.xlsx")
    assert read_coupons(tmp_path / "o.xlsx").good == [CouponRow(*GOOD)]
