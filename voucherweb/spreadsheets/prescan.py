"""Everything that is refused before a parser may see the workbook (behaviour §8).

The fast reader builds the whole rectangle of a sheet in memory and aborts the process when a few
hostile bytes claim a cell at XFD1048576. So it only ever gets sheets that this scan has read to
the end and found *plain*: nothing but text cells, in order, within columns A–Z.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from voucherweb.spreadsheets.archive import Archive
from voucherweb.spreadsheets.package import Package, open_package
from voucherweb.spreadsheets.xml import is_utf8, refuse_dtd

PLAIN_MAX_ROW = 150_000
# Above this the fast reader, which keeps each text twice, would need more than a worker has.
PLAIN_MAX_BYTES = 64 * 1024 * 1024
_TRANSITIONAL = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_HEAD = re.compile(rb"\s*(?:<\?xml[^<>]*\?>\s*)?<worksheet [^<>]*>.*?<sheetData(?:/>|>)\s*", re.S)
_LONGEST_HEAD = 1 << 16
_PLAIN_ROW = re.compile(
    rb"<row(?: [\w:]+=\"[^\"<>]*\")*? r=\"([1-9]\d{0,5})\"(?: [\w:]+=\"[^\"<>]*\")*"
    rb"(?:/>|>(?:<c r=\"[A-Z]\1\""
    rb"(?:"
    rb"(?: s=\"\d+\")? t=\"s\"><v>\d++</v></c>"
    rb"|(?: s=\"\d+\")?/>"
    rb"|(?: s=\"\d+\")? t=\"inlineStr\">"
    rb"<is><t(?: xml:space=\"preserve\")?>[^<]*+</t></is></c>"
    rb"|(?: t=\"s\") s=\"\d+\"><v>\d++</v></c>"
    rb"))*+</row>)\s*+"
)


@dataclass(frozen=True, slots=True)
class Scan:
    """A workbook that is safe to parse. `rows` is a guess for progress, not a count to rely on."""

    package: Package
    plain: bool
    rows: int


def prescan(path: Path) -> Scan:
    """Read every part that an import parses once, to the end, within the limits.

    Raises `Refusal` IMPORT_FILE_NOT_READABLE with a detail that names the reason: not .xlsx,
    encrypted, damaged, zip bomb, DTD, no worksheet. Row and column limits of sheets that are not
    plain are kept by `cells.sheet_rows`, which needs no memory for empty places.
    """
    package = open_package(path)
    archive = package.archive
    described = [part for part in (package.strings_part, package.styles_part) if part is not None]
    in_utf8 = [_read_through(archive, part) for part in described]
    plain, rows = _scan_sheet(package)
    return Scan(package, plain and all(in_utf8) and _usual_layout(package), rows)


def _read_through(archive: Archive, part: str) -> bool:
    """Inflate a part to its end within the limits; whether it is in UTF-8."""
    blocks = archive.inflate(part)
    first = next(blocks, b"")
    refuse_dtd(part, first)
    for _block in blocks:
        pass
    return is_utf8(first)


def _usual_layout(package: Package) -> bool:
    """Whether the fast reader, which assumes Excel's part names, will find the same parts."""
    parsed = sum(package.archive.inflated.values())
    return (
        package.workbook_part == "xl/workbook.xml"
        and package.strings_part in {None, "xl/sharedStrings.xml"}
        and package.sheet_part.startswith("xl/worksheets/")
        and parsed <= PLAIN_MAX_BYTES
    )


def _scan_sheet(package: Package) -> tuple[bool, int]:
    rows = 0
    plain: _PlainRows | None = None
    for block in package.archive.inflate(package.sheet_part):
        if plain is None:
            refuse_dtd(package.sheet_part, block)
            plain = _PlainRows(is_utf8(block))
        rows += block.count(b"<row")
        plain.feed(block)
    return plain is not None and plain.finish(), rows


class _PlainRows:
    """Decides, block by block, whether a sheet is plain; costs a tenth of an XML parser."""

    def __init__(self, plain: bool) -> None:
        self._rest = b""
        self._in_rows = False
        self._plain = plain
        self._row = 0

    def feed(self, block: bytes) -> None:
        if not self._plain or self._over():
            return
        data = self._rest + block
        start = 0 if self._in_rows else self._head(data)
        self._rest = data[self._rows(data, start) :] if self._in_rows else data
        # A row of 26 cells is short unless it carries inline texts; one that never ends is odd.
        self._plain = self._plain and len(self._rest) < 32 * _LONGEST_HEAD

    def finish(self) -> bool:
        return self._plain and self._over()

    def _over(self) -> bool:
        """Hyperlinks and validations may follow for megabytes; no reader here parses those."""
        return self._in_rows and self._rest.startswith(b"</sheetData>")

    def _head(self, data: bytes) -> int:
        match = _HEAD.match(data)
        if match is None:
            self._plain = len(data) < _LONGEST_HEAD
            return 0
        head = match.group()
        self._in_rows = True
        self._plain = _TRANSITIONAL in head and b"<!--" not in head and b"CDATA" not in head
        return match.end()

    def _rows(self, data: bytes, start: int) -> int:
        """Consume whole rows; the end of the last one."""
        end = start
        for match in _PLAIN_ROW.finditer(data, start):
            row = int(match[1])
            if match.start() != end or row <= self._row or row > PLAIN_MAX_ROW:
                self._plain = False
                break
            self._row = row
            end = match.end()
        return end
