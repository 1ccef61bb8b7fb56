"""Workbooks for these tests, part by part, as hostile as they like to be."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from voucherweb.errors import Refusal

HEADER = ("標題", "描述", "網址")
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"

BookMaker = Callable[..., Path]


def parts(
    rows: str, *, strings: str = "", styles: str = "", root: str = "", after: str = ""
) -> dict[str, str]:
    """The parts of the smallest workbook whose one sheet holds these `<row>` elements."""
    relation = f'<Relationship Id="{{}}" Type="{_OFFICE}/{{}}" Target="{{}}"/>'
    relations = f'<Relationships xmlns="{_PACKAGE}/relationships">{{}}</Relationships>'
    return {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEET_TYPE}"/></Types>',
        "_rels/.rels": relations.format(relation.format("a", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="S" sheetId="1" r:id="a"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relations.format(
            relation.format("a", "worksheet", "worksheets/sheet1.xml")
            + relation.format("b", "sharedStrings", "sharedStrings.xml")
            + relation.format("c", "styles", "styles.xml")
        ),
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}">{styles}</styleSheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{_MAIN}">{strings}</sst>',
        "xl/worksheets/sheet1.xml": f'{root}<worksheet xmlns="{_MAIN}"><sheetData>{rows}'
        f"</sheetData>{after}</worksheet>",
    }


def inline(reference: str, text: str) -> str:
    """A text cell."""
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'


def header_row(names: Sequence[str] = HEADER) -> str:
    """Row 1 with these names in A1, B1, …"""
    cells = "".join(inline(f"{chr(65 + at)}1", name) for at, name in enumerate(names))
    return f'<row r="1">{cells}</row>'


def reason(refusal: pytest.ExceptionInfo[Refusal]) -> str:
    """The English reason of a refused workbook; the code and both languages must be there."""
    assert refusal.value.error.code == "SERVICE_ERROR.IMPORT_FILE_NOT_READABLE"
    (detail,) = refusal.value.details
    assert detail.field == "file"
    assert detail.zh
    return detail.en
