"""Makers of workbooks: ordinary ones through XlsxWriter, hostile ones part by part."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
import xlsxwriter

from tests.spreadsheets.workbooks import HEADER, BookMaker


@pytest.fixture
def book(tmp_path: Path) -> BookMaker:
    """`book(rows, header=…)`: a workbook as XlsxWriter makes it; `formats` per column."""

    def make(
        rows: Sequence[Sequence[object]],
        header: Sequence[str] = HEADER,
        formats: Sequence[str | None] = (None, None, None),
        options: dict[str, object] | None = None,
    ) -> Path:
        path = tmp_path / "book.xlsx"
        with xlsxwriter.Workbook(str(path), options or {"strings_to_urls": False}) as workbook:
            sheet = workbook.add_worksheet()
            sheet.write_row(0, 0, header)
            styles = [workbook.add_format({"num_format": f}) if f else None for f in formats]
            for number, row in enumerate(rows, start=1):
                for column, value in enumerate(row):
                    sheet.write(number, column, value, styles[column])
        return path

    return make


@pytest.fixture
def raw_book(tmp_path: Path) -> BookMaker:
    """`raw_book(parts)`: a zip of exactly these parts."""

    def make(contents: dict[str, str | bytes]) -> Path:
        path = tmp_path / "raw.xlsx"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in contents.items():
                archive.writestr(name, content)
        return path

    return make
