"""A cell in a text column is read as the text that the user sees."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.spreadsheets.workbooks import BookMaker, header_row, inline, parts, reason
from voucherweb.errors import Refusal
from voucherweb.spreadsheets import prescan
from voucherweb.spreadsheets.coupons import read_coupons
from voucherweb.spreadsheets.number_formats import shown

URL = "http://a.tw/1"


@pytest.mark.parametrize(
    ("raw", "code", "text"),
    [
        ("12345", "General", "12345"),
        ("12345.0", "General", "12345"),
        ("123456789012345", "General", "123456789012345"),
        ("1.2345678901234E+18", "General", "1234567890123400000"),
        ("1E+30", "General", "1E+30"),
        ("1.5", "General", "1.5"),
        ("0.30000000000000004", "General", "0.3"),
        ("0.00001", "General", "0.00001"),
        ("1E-12", "General", "1E-12"),
        ("-0", "General", "0"),
        ("-7", "General", "-7"),
        ("7", "0", "7"),
        ("1.5", "0", "2"),
        ("2.5", "0", "3"),
        ("7", "00000", "00007"),
        ("-7", "00000", "-00007"),
        ("0", "#", ""),
        ("912345678", "0000000000", "0912345678"),
        ("1234567", "000-000-0000", "000-123-4567"),
        ("12345678", "00000000", "12345678"),
        ("1.005", "0.00", "1.01"),
        ("1.5", "0.0#", "1.5"),
        ("3", "0.0#", "3.0"),
        ("1234567.891", "#,##0.00", "1,234,567.89"),
        ("-1234", "#,##0;(#,##0)", "(1,234)"),
        ("0", '0;-0;"零"', "零"),
        ("0.256", "0%", "26%"),
        ("0.2565", "0.00%", "25.65%"),
        ("12345", "0.00E+00", "1.23E+04"),
        ("0.00012", "0.0E+0", "1.2E-4"),
        ("9.999", "0.0E+0", "1.0E+1"),
        ("25", '"NT$"#,##0', "NT$25"),
        ("25", "[$NT$-404]#,##0_);[Red]\\-0", "NT$25"),
        ("25", '0"元"', "25元"),
        ("1234567", "#,##0,", "1,235"),
        ("25", "General\\ 元", "25 元"),
        ("25", "@", "25"),
        ("0.5", "# ?/?", "0.5"),
        ("25", "[>100]0;00", "25"),
        ("45293", "yyyy-mm-dd", "2024-01-02"),
        ("45293", "yyyy/m/d", "2024/1/2"),
        ("45293.75", "yyyy-mm-dd hh:mm:ss", "2024-01-02 18:00:00"),
        ("45293.75", "h:mm AM/PM", "6:00 PM"),
        ("45293", 'yyyy"年"m"月"d"日"', "2024年1月2日"),
        ("45293", "[$-404]e/m/d", "2024-01-02"),
        ("45293", "d-mmm-yy", "2-Jan-24"),
        ("1", "yyyy-mm-dd", "1900-01-01"),
        ("59", "yyyy-mm-dd", "1900-02-28"),
        ("61", "yyyy-mm-dd", "1900-03-01"),
        ("1.5", "[h]:mm", "36:00"),
        ("0.5", "mm:ss", "00:00"),
        ("3000000", "yyyy-mm-dd", "3000000"),
    ],
)
def test_a_number_is_shown_as_its_format_shows_it(raw: str, code: str, text: str) -> None:
    assert shown(raw, code) == text


def test_workbooks_may_count_days_from_1904() -> None:
    assert shown("43831", "yyyy-mm-dd", date1904=True) == "2024-01-02"


@pytest.mark.parametrize("raw", ["", "x", "NaN", "Infinity", "1E+999", "1E-99999999"])
def test_what_is_no_number_is_refused(raw: str) -> None:
    with pytest.raises(ValueError, match="number"):
        shown(raw, "0")


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(alphabet='0#?.,%E+-;"\\[]_*@ymdhsAP/M$年 ', max_size=40),
)
def test_no_format_breaks_the_reading(value: float, code: str) -> None:
    assert isinstance(shown(repr(value), code), str)


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (12345, None, "12345"),
        (7, "00000", "00007"),
        (123456789012345, None, "123456789012345"),
        (1.5, None, "1.5"),
        (1.5, "0.00", "1.50"),
        (0.25, "0%", "25%"),
        (True, None, "TRUE"),
        (False, None, "FALSE"),
        (datetime(2024, 1, 2, tzinfo=UTC), "yyyy-mm-dd", "2024-01-02"),
        (datetime(2024, 1, 2, 18, 5, tzinfo=UTC), "yyyy/m/d hh:mm", "2024/1/2 18:05"),
    ],
)
def test_numeric_cells_of_a_real_workbook(
    book: BookMaker, value: object, code: str | None, text: str
) -> None:
    options = {"strings_to_urls": False, "remove_timezone": True}
    path = book([(value, "b", URL)], formats=(code, None, None), options=options)
    assert [row.title for row in read_coupons(path).good] == [text]


@pytest.mark.parametrize(
    ("cell", "title"),
    [
        ('<c r="A2" t="str"><f>X()</f><v>&lt;文&gt;</v></c>', "<文>"),
        ('<c r="A2"><f>1+1</f><v>2</v></c>', "2"),
        ('<c r="A2" t="d"><v>2024-01-02T00:00:00</v></c>', "2024-01-02"),
        ('<c r="A2" t="inlineStr"><is><r><t>粗</t></r><r><t>體</t></r></is></c>', "粗體"),
        ('<c r="A2" t="s"><v>0</v></c>', "東京"),
        ('<c t="s"><v>1</v></c>', "a&b\nc"),
    ],
)
def test_every_kind_of_cell_is_read(raw_book: BookMaker, cell: str, title: str) -> None:
    strings = (
        "<si><r><t>東</t></r><r><t>京</t></r><rPh><t>トウキョウ</t></rPh></si>"
        "<si><t><![CDATA[a&b]]>&#10;c</t></si>"
    )
    row = f'<row r="2">{cell}{inline("B2", "b")}{inline("C2", URL)}</row>'
    number = '<row r="9"><c r="Z9"><v>1</v></c></row>'
    for rows in (header_row() + row, header_row() + row + number):
        (good,) = read_coupons(raw_book(parts(rows, strings=strings))).good
        assert good.title == title


def test_a_formula_without_a_stored_value_is_empty(raw_book: BookMaker) -> None:
    cell = '<c r="A2"><f>1+1</f></c>'
    row = f'<row r="2">{cell}{inline("B2", "b")}{inline("C2", URL)}</row>'
    (failed,) = read_coupons(raw_book(parts(header_row() + row))).failures
    assert failed.reasons == ("標題：必填",)


@pytest.mark.parametrize("error", ["#N/A", "#REF!", "#SPILL!", "Err:502"])
def test_a_failed_formula_fails_its_row_and_says_so(raw_book: BookMaker, error: str) -> None:
    cell = f'<c r="A2" t="e"><v>{error}</v></c>'
    row = f'<row r="2">{cell}{inline("B2", "b")}{inline("C2", URL)}</row>'
    (failed,) = read_coupons(raw_book(parts(header_row() + row))).failures
    assert (failed.title, failed.reasons) == (error, (f"標題：公式的結果是 {error}",))


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="A2" t="s"><v>7</v></c>',
        '<c r="A2" t="s"><v>-1</v></c>',
        '<c r="A2" t="s"><v>x</v></c>',
        '<c r="A2" t="zzz"><v>7</v></c>',
        '<c r="A2"><v>seven</v></c>',
    ],
)
def test_a_cell_that_no_program_would_write_is_damage(raw_book: BookMaker, cell: str) -> None:
    with pytest.raises(Refusal) as refusal:
        read_coupons(raw_book(parts(f'{header_row()}<row r="2">{cell}</row>')))
    assert "damaged" in reason(refusal)


# Carriage returns are line feeds to XML; NUL is refused elsewhere; XlsxWriter cannot write halves
# of characters and reads `_x0041_` in a text as an escape already made.
TEXTS = st.text(
    alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\r\0\ufffe\uffff"),
    min_size=1,
    max_size=30,
).filter(lambda text: bool(text.strip()))


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_both_readers_give_back_what_was_written(
    book: BookMaker, texts: list[tuple[str, str]]
) -> None:
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    path = book([(a, b, f"http://a.tw/{n}") for n, (a, b) in enumerate(texts)], options=options)
    fast, exact = read_coupons(path), read_exactly(path)
    assert fast == exact
    rows = [(row.title, row.description) for row in fast.good]
    rows += [(row.title.strip(), row.description.strip()) for row in fast.failures]
    assert sorted(rows) == sorted((a.strip(), b.strip()) for a, b in texts)


def read_exactly(path: Path) -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prescan, "PLAIN_MAX_BYTES", 0)
        assert not prescan.prescan(path).plain
        return read_coupons(path)
