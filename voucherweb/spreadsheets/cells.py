"""The exact reader: any sheet, cell by cell, as the texts that a person sees (behaviour §8).

It streams, so neither the number of empty places nor the place of the last cell costs memory.
"""

import re
from collections.abc import Iterator
from xml.parsers import expat

from voucherweb.errors import Refusal
from voucherweb.spreadsheets import limits
from voucherweb.spreadsheets.limits import MAX_DESCRIPTION, corrupt, unreadable
from voucherweb.spreadsheets.number_formats import BUILT_IN, shown
from voucherweb.spreadsheets.package import Package
from voucherweb.spreadsheets.xml import Attributes, feed, new_parser, walk

_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_LETTERS = re.compile(r"[A-Za-z]{1,3}")
_WHITESPACE = " \t\r\n"
_SURROGATES = range(0xD800, 0xE000)
Row = tuple[int, dict[int, str]]


class ErrorText(str):
    """What a cell shows whose formula failed, as `#N/A`: there to be seen, not to be imported."""

    __slots__ = ()


def sheet_rows(package: Package) -> Iterator[Row]:
    """Yield `(row number from 1, {column from 0: text})` of each row that holds a value.

    Raises `Refusal` IMPORT_FILE_NOT_READABLE: damaged, or cells beyond the limits.
    """
    reader = _SheetReader(package, _shared_strings(package), _format_codes(package))
    parser = new_parser()
    reader.attach(parser)
    part = package.sheet_part
    for block in package.archive.inflate(part):
        feed(parser, block, part)
        yield from reader.take()
    feed(parser, b"", part, last=True)
    yield from reader.take()


class _Runs:
    """Gathers one rich or plain string: its `t` runs without its pronunciation (`rPh`)."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self._text = ""
        self._keep_spaces = False
        self._phonetic = False

    def start(self, name: str, found: Attributes) -> None:
        if name == "t":
            self._keep_spaces = found.get("xml:space") == "preserve"
            self.pieces.clear()
        elif name == "rPh":
            self._phonetic = True

    def end(self, name: str) -> None:
        if name == "t":
            if not self._phonetic:
                text = "".join(self.pieces)
                self._text += text if self._keep_spaces else text.strip(_WHITESPACE)
        elif name == "rPh":
            self._phonetic = False

    def take(self) -> str:
        text, self._text = self._text, ""
        return text


def _unescape(text: str) -> str:
    """Characters that XML cannot carry are stored as `_xHHHH_`."""
    return _ESCAPE.sub(_unescaped, text) if "_x" in text else text


def _unescaped(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return match[0] if code in _SURROGATES else chr(code)


def _shared_strings(package: Package) -> list[str]:
    strings: list[str] = []
    part = package.strings_part
    if part is None:
        return strings
    parser = new_parser()
    runs = _Runs()

    def end(name: str) -> None:
        name = name.rpartition(":")[2] if ":" in name else name
        if name == "si":
            strings.append(_unescape(runs.take()))
        else:
            runs.end(name)

    def start(name: str, found: Attributes) -> None:
        runs.start(name.rpartition(":")[2] if ":" in name else name, found)

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = runs.pieces.append
    for block in package.archive.inflate(part):
        feed(parser, block, part)
    feed(parser, b"", part, last=True)
    return strings


def _format_codes(package: Package) -> list[str]:
    """The number format of each cell style, in the order in which cells refer to them."""
    part = package.styles_part
    custom: dict[str, str] = {}
    styles: list[str] = []
    inside = ""

    def start(name: str, found: Attributes) -> None:
        nonlocal inside
        if name in {"cellXfs", "cellStyleXfs", "dxfs"}:
            inside = name
        elif name == "numFmt" and inside != "dxfs":
            custom[found.get("numFmtId", "")] = found.get("formatCode", "General")
        elif name == "xf" and inside == "cellXfs":
            styles.append(found.get("numFmtId", "0"))

    if part is not None:
        walk(part, package.archive.inflate(part, MAX_DESCRIPTION), start)
    return [custom.get(key) or _built_in(key) for key in styles]


def _built_in(key: str) -> str:
    return BUILT_IN.get(int(key), "General") if key.isdecimal() else "General"


class _SheetReader:
    """Expat's handlers for one sheet; finished rows wait until `take`.

    Called two million times for a full sheet, so these methods spare calls, not lines.
    """

    def __init__(self, package: Package, strings: list[str], codes: list[str]) -> None:
        self._date1904 = package.date1904
        self._strings = strings
        self._codes = codes
        self._runs = _Runs()
        self._ready: list[Row] = []
        self._values: dict[int, str] = {}
        self._columns: dict[str, int] = {}
        self._row = 0
        self._digits = "0"
        self._column = -1
        self._furthest = 0
        self._kind = "n"
        self._style = ""
        self._trim = True

    def attach(self, parser: expat.XMLParserType) -> None:
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._runs.pieces.append

    def take(self) -> list[Row]:
        ready, self._ready = self._ready, []
        return ready

    def _start(self, name: str, found: Attributes) -> None:
        if ":" in name:
            name = name.rpartition(":")[2]
        if name == "c":
            self._kind = found.get("t", "n")
            self._style = found.get("s", "")
            reference = found.get("r")
            self._column = self._column + 1 if reference is None else self._column_of(reference)
        elif name == "v":
            self._trim = found.get("xml:space") != "preserve"
            self._runs.pieces.clear()
        elif name == "row":
            self._start_row(found)
        else:
            self._runs.start(name, found)

    def _end(self, name: str) -> None:
        if ":" in name:
            name = name.rpartition(":")[2]
        if name == "v":
            if self._kind != "inlineStr":
                text = "".join(self._runs.pieces)
                self._keep(text.strip(_WHITESPACE) if self._trim else text)
        elif name == "row":
            if self._values:
                self._ready.append((self._row, self._values))
                self._values = {}
        elif name == "is":
            text = self._runs.take()
            if self._kind == "inlineStr":
                self._keep(text)
        elif name != "c":
            self._runs.end(name)

    def _start_row(self, found: Attributes) -> None:
        number = found.get("r", str(self._row + 1))
        if not (number.isascii() and number.isdecimal() and len(number) < 12):
            raise self._damaged(f"row number {number[:20]!r}")
        if int(number) <= self._row:
            raise self._damaged(f"row {number} follows")
        self._row = int(number)
        self._digits = str(self._row)
        self._column = -1
        if self._row > limits.MAX_SHEET_ROW:
            raise _spread(self._row, self._furthest)

    def _column_of(self, reference: str) -> int:
        letters = reference.removesuffix(self._digits)
        column = self._columns.get(letters)
        if column is None:
            if letters == reference or _LETTERS.fullmatch(letters) is None:
                raise self._damaged(f"cell reference {reference[:20]!r}")
            column = self._columns[letters] = _column_index(letters)
        return column

    def _keep(self, raw: str) -> None:
        if not raw:
            return
        column = self._column
        if column > self._furthest:  # noqa: PLR1730 - `max` would cost a call for each cell.
            self._furthest = column
        width = self._furthest + 1
        if width > limits.MAX_SHEET_COLUMN or self._row * width > limits.MAX_RECTANGLE:
            raise _spread(self._row, self._furthest)
        text = self._shared(raw) if self._kind == "s" else self._shown(raw)
        if text:
            self._values[column] = text

    def _shown(self, raw: str) -> str:
        kind = self._kind
        if kind == "n":
            return self._number(raw)
        if kind in {"str", "inlineStr"}:
            return _unescape(raw)
        if kind == "b":
            return "TRUE" if raw in {"1", "true"} else "FALSE"
        if kind == "e":
            return ErrorText(raw)
        if kind == "d":
            return raw.removesuffix("Z").removesuffix("T00:00:00").replace("T", " ")
        raise self._damaged(f"cell type {kind[:20]!r}")

    def _shared(self, raw: str) -> str:
        if not (raw.isascii() and raw.isdecimal() and len(raw) < 12):
            raise self._damaged(f"shared text number {raw[:20]!r}")
        if int(raw) >= len(self._strings):
            raise self._damaged(f"shared text {raw} does not exist")
        return self._strings[int(raw)]

    def _number(self, raw: str) -> str:
        style = int(self._style) if self._style.isdecimal() and len(self._style) < 9 else 0
        code = self._codes[style] if style < len(self._codes) else "General"
        try:
            return shown(raw, code, date1904=self._date1904)
        except ValueError as problem:
            raise self._damaged(str(problem)) from problem

    def _damaged(self, what: str) -> Refusal:
        return corrupt(f"row {self._row}: {what}", f"第 {self._row} 列：{what}")


def _column_index(letters: str) -> int:
    index = 0
    for letter in letters.upper():
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1


def _spread(row: int, column: int) -> Refusal:
    where = f"({row:,}, {column + 1:,})"
    return unreadable(
        f"A cell stands too far from the data, at (row, column) {where}",
        f"有儲存格離資料太遠，位於（列, 欄）{where}",
    )
