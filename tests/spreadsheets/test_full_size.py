"""The largest import there is, at its real size."""

import itertools
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.spreadsheets.workbooks import header_row, parts, reason
from voucherweb.errors import Refusal
from voucherweb.spreadsheets.coupons import read_coupons
from voucherweb.spreadsheets.prescan import prescan


def full_book(path: Path, rows: int) -> Path:
    """A workbook of so many coupons, its texts in the shared table as spreadsheets keep them."""
    strings = "".join(
        f"<si><t>折扣碼優惠券{n}</t></si><si><t>感謝您參加平台舉辦的活動，序號 SET{n:06d}</t></si>"
        f"<si><t>https://t.txp.tw/v/{n:x}</t></si>"
        for n in range(rows)
    )
    contents = parts(header_row() + "".join(_rows(rows)), strings=strings)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path


def _rows(count: int) -> Iterator[str]:
    texts = itertools.count()
    for row in range(2, count + 2):
        cells = "".join(f'<c r="{c}{row}" t="s"><v>{next(texts)}</v></c>' for c in "ABC")
        yield f'<row r="{row}" spans="1:3">{cells}</row>'


def test_a_full_workbook_is_read_whole(tmp_path: Path) -> None:
    path = full_book(tmp_path / "full.xlsx", 99_999)
    assert prescan(path).plain
    parse = read_coupons(path)
    assert (len(parse.good), parse.failures) == (99_999, [])
    assert parse.good[-1].url == f"https://t.txp.tw/v/{99_998:x}"


def test_one_row_more_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as refusal:
        read_coupons(full_book(tmp_path / "over.xlsx", 100_000))
    assert "more than 99,999 rows" in reason(refusal)
