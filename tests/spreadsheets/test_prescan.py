"""Every trap is refused before a parser may see it, with a detail that says which."""

import struct
import zipfile
from pathlib import Path

import openpyxl
import pytest

from tests.spreadsheets.workbooks import BookMaker, header_row, inline, parts, reason
from voucherweb.errors import Refusal
from voucherweb.spreadsheets import limits
from voucherweb.spreadsheets.coupons import read_coupons
from voucherweb.spreadsheets.prescan import prescan

OLE = bytes.fromhex("D0CF11E0A1B11AE1")
GOOD = header_row() + '<row r="2">' + inline("A2", "a") + "</row>"


def refused(path: Path) -> str:
    with pytest.raises(Refusal) as refusal:
        read_coupons(path)
    return reason(refusal)


def test_the_smallest_workbook_passes(raw_book: BookMaker) -> None:
    assert prescan(raw_book(parts(GOOD))).plain


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"title,description,url\r\n", "not an .xlsx"),
        (b"<html><table></table></html>", "not an .xlsx"),
        (OLE + b"Workbook", "old .xls"),
        (OLE + b"\0" * 9 + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (b"PK\x03\x04" + b"\0" * 100, "damaged"),
    ],
)
def test_what_is_no_xlsx_container_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "file.xlsx"
    path.write_bytes(content)
    assert words in refused(path)


def test_a_zip_of_something_else_is_no_workbook(raw_book: BookMaker) -> None:
    assert "not an .xlsx" in refused(raw_book({"readme.txt": "hello"}))


@pytest.mark.parametrize(
    "content_type",
    [
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
        "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
        "application/vnd.ms-excel.sheet.binary.macroEnabled.main",
    ],
)
def test_word_macro_and_binary_files_are_no_xlsx(raw_book: BookMaker, content_type: str) -> None:
    contents = parts(GOOD)
    plain = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    types = contents["[Content_Types].xml"].replace(plain, content_type)
    assert "not an .xlsx" in refused(raw_book(contents | {"[Content_Types].xml": types}))


def test_a_zip_with_the_encrypted_flag_is_refused(raw_book: BookMaker) -> None:
    path = raw_book(parts(GOOD))
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(bytes(data))
    assert "encrypted" in refused(path)


def test_a_file_cut_off_in_transit_is_damaged(book: BookMaker) -> None:
    path = book([("a", "b", "http://a.tw")])
    path.write_bytes(path.read_bytes()[:-300])
    assert "damaged" in refused(path)


def test_a_flipped_byte_fails_the_checksum(raw_book: BookMaker) -> None:
    path = raw_book(parts(GOOD))
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo("xl/worksheets/sheet1.xml")
    data = bytearray(path.read_bytes())
    data[entry.header_offset + 30 + len(entry.filename) + 40] ^= 0xFF
    path.write_bytes(bytes(data))
    assert "damaged" in refused(path)


def test_ill_formed_xml_is_damaged_and_names_the_part(raw_book: BookMaker) -> None:
    assert "sheet1.xml" in refused(raw_book(parts(GOOD + "<row>")))


def test_a_missing_part_is_named(raw_book: BookMaker) -> None:
    contents = parts(GOOD)
    del contents["xl/worksheets/sheet1.xml"]
    assert "xl/worksheets/sheet1.xml is missing" in refused(raw_book(contents))


@pytest.mark.parametrize("hidden", ["hidden", "veryHidden"])
def test_a_workbook_without_a_visible_sheet_is_refused(raw_book: BookMaker, hidden: str) -> None:
    contents = parts(GOOD)
    workbook = contents["xl/workbook.xml"].replace('sheetId="1"', f'sheetId="1" state="{hidden}"')
    assert "no visible worksheet" in refused(raw_book(contents | {"xl/workbook.xml": workbook}))


def test_a_workbook_with_two_parts_of_one_name_is_refused(raw_book: BookMaker) -> None:
    contents = parts(GOOD)
    twin = {"xl/worksheets/SHEET1.xml": contents["xl/worksheets/sheet1.xml"]}
    assert "same name" in refused(raw_book(contents | twin))


def test_the_cell_that_aborts_the_fast_reader_is_refused(raw_book: BookMaker) -> None:
    rows = f'{GOOD}<row r="1048576">{inline("XFD1048576", "x")}</row>'
    assert "too far" in refused(raw_book(parts(rows)))


def test_a_cell_far_to_the_right_in_row_one_never_reaches_the_fast_reader(
    raw_book: BookMaker,
) -> None:
    far = header_row().replace("</row>", inline("XFD1", "x") + "</row>")
    assert not prescan(raw_book(parts(far))).plain


@pytest.mark.parametrize("reference", ["A99999999999", "AAAA2", "A0", "2", "A&#49;x", "_2"])
def test_a_reference_outside_of_any_sheet_is_refused(raw_book: BookMaker, reference: str) -> None:
    rows = f'{header_row()}<row r="2">{inline(reference, "x")}</row>'
    assert "damaged" in refused(raw_book(parts(rows)))


@pytest.mark.parametrize("number", ["1048577", "99999999999", "999999999999999"])
def test_a_row_beyond_the_last_one_is_refused(raw_book: BookMaker, number: str) -> None:
    rows = f'{header_row()}<row r="{number}"><c t="str"><v>x</v></c></row>'
    assert refused(raw_book(parts(rows)))


@pytest.mark.parametrize("number", ["1", "0", "-2", "x"])
def test_rows_that_do_not_rise_are_damaged(raw_book: BookMaker, number: str) -> None:
    rows = f'{header_row()}<row r="{number}"><c t="str"><v>x</v></c></row>'
    assert "damaged" in refused(raw_book(parts(rows)))


ENTITIES = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "part",
    [
        "[Content_Types].xml",
        "_rels/.rels",
        "xl/workbook.xml",
        "xl/sharedStrings.xml",
        "xl/styles.xml",
        "xl/worksheets/sheet1.xml",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused_in_every_part(
    raw_book: BookMaker, part: str, encoding: str
) -> None:
    contents: dict[str, str | bytes] = dict(parts(GOOD))
    contents[part] = (ENTITIES + parts(GOOD)[part]).encode(encoding)
    assert "DTD" in refused(raw_book(contents))


def test_a_bomb_is_stopped_while_it_inflates(raw_book: BookMaker) -> None:
    bomb = "<si><t>" + "A" * (40 * 1024 * 1024) + "</t></si>"
    assert "bomb" in refused(raw_book(parts(GOOD, strings=bomb)))


def test_parts_share_one_budget(raw_book: BookMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    path = raw_book(parts(GOOD, strings="<si><t>" + "x" * 5000 + "</t></si>"))
    monkeypatch.setattr(limits, "MAX_INFLATED", 6000)
    assert "bomb" in refused(path)


def test_a_size_that_the_archive_lies_about_is_not_believed(raw_book: BookMaker) -> None:
    path = raw_book(parts(GOOD, strings="<si><t>" + "x" * 5000 + "</t></si>"))
    with zipfile.ZipFile(path) as archive:
        true_size = archive.getinfo("xl/sharedStrings.xml").file_size
    lie = path.read_bytes().replace(struct.pack("<L", true_size), struct.pack("<L", 60))
    path.write_bytes(lie)
    assert "checksum" in refused(path)


def test_too_many_entries_are_a_bomb(raw_book: BookMaker) -> None:
    extra = {f"xl/media/{number}.png": b"" for number in range(limits.MAX_ENTRIES)}
    assert "bomb" in refused(raw_book(parts(GOOD) | extra))


def test_an_archive_that_declares_gigabytes_is_a_bomb(
    raw_book: BookMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = raw_book(parts(GOOD) | {"xl/media/a.png": b"\0" * 60_000})
    monkeypatch.setattr(limits, "MAX_DECLARED", 50_000)
    assert "bomb" in refused(path)


@pytest.mark.parametrize(
    "odd",
    [
        '<row r="3"><c r="A3"><v>1</v></c></row>',
        '<row r="3"><c r="A3" t="b"><v>1</v></c></row>',
        '<row r="3"><c r="A4" t="s"><v>0</v></c></row>',
        '<row r="3"><c r="AA3" t="s"><v>0</v></c></row>',
        '<row r="3"><!-- --></row>',
        '<row r="150001"><c r="A150001" t="s"><v>0</v></c></row>',
        '<x:row xmlns:x="y" r="3"/>',
        '<row><c t="s"><v>0</v></c></row>',
    ],
)
def test_only_rows_of_plain_text_reach_the_fast_reader(raw_book: BookMaker, odd: str) -> None:
    strings = "<si><t>x</t></si>"
    assert prescan(raw_book(parts(GOOD, strings=strings))).plain
    assert not prescan(raw_book(parts(GOOD + odd, strings=strings))).plain


def test_what_excel_writes_beside_the_cells_keeps_a_sheet_plain(raw_book: BookMaker) -> None:
    row = '<row r="2" spans="1:3" x14ac:dyDescent="0.25"><c r="A2" s="1" t="s"><v>0</v></c></row>'
    links = '<hyperlinks><hyperlink ref="C2" r:id="rId1"/></hyperlinks>' * 60_000
    path = raw_book(parts(header_row() + row, strings="<si><t>x</t></si>", after=links))
    assert prescan(path).plain


def test_a_workbook_that_openpyxl_writes_is_plain(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    for row in [("標題", "描述", "網址"), *[("a", "b", f"http://a.tw/{n}") for n in range(9)]]:
        workbook.worksheets[0].append(row)
    workbook.save(tmp_path / "o.xlsx")
    assert prescan(tmp_path / "o.xlsx").plain


@pytest.mark.parametrize("part", ["xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"])
def test_another_encoding_is_left_to_the_exact_reader(raw_book: BookMaker, part: str) -> None:
    contents: dict[str, str | bytes] = dict(parts(GOOD))
    latin = '<?xml version="1.0" encoding="ISO-8859-1"?>'
    contents[part] = (latin + parts(GOOD.replace("標題", "x"))[part]).encode("latin-1", "replace")
    assert not prescan(raw_book(contents)).plain


@pytest.mark.parametrize("encoding", ["no-such", "big5", "utf-7"])
def test_an_encoding_that_cannot_be_read_is_damage(raw_book: BookMaker, encoding: str) -> None:
    declared = f'<?xml version="1.0" encoding="{encoding}"?>'
    assert "encoding" in refused(raw_book(parts(GOOD, root=declared)))
