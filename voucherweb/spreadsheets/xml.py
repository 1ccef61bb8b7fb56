"""Streaming XML for workbook parts: expat, no DTD, no tree."""

import re
from collections.abc import Callable, Iterable
from typing import NoReturn
from xml.parsers import expat

from voucherweb.spreadsheets.limits import corrupt, unreadable

Attributes = dict[str, str]
_ENCODING = re.compile(rb"""encoding\s*=\s*["']([^"']*)""")
_LONGEST_DECLARATION = 200
StartHandler = Callable[[str, Attributes], None]


def new_parser() -> expat.XMLParserType:
    """A parser that refuses every DTD, and with it every entity that is not XML's own."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_dtd
    return parser


def feed(parser: expat.XMLParserType, block: bytes, part: str, *, last: bool = False) -> None:
    """Parse one more block. Raises the refusal of a damaged part when it is ill-formed."""
    try:
        parser.Parse(block, last)
    except expat.ExpatError as problem:
        raise corrupt(
            f"{part} line {problem.lineno}: {expat.ErrorString(problem.code)}",
            f"{part} 第 {problem.lineno} 行不是有效的 XML",
        ) from problem
    except (LookupError, ValueError) as problem:
        # What Python says of encodings that are unknown, or that expat cannot decode.
        raise corrupt(f"{part} has an unknown encoding", f"{part} 的編碼無法辨識") from problem


def walk(part: str, blocks: Iterable[bytes], start: StartHandler) -> None:
    """Call `start(local_name, attributes)` for each element of a small part, in order."""
    parser = new_parser()
    parser.StartElementHandler = lambda name, found: start(local(name), found)
    for block in blocks:
        feed(parser, block, part)
    feed(parser, b"", part, last=True)


def is_utf8(first_block: bytes) -> bool:
    """Whether a part is in UTF-8, the one encoding that every reader takes alike."""
    prolog = first_block[:_LONGEST_DECLARATION]
    if b"\0" in prolog:
        return False
    named = _ENCODING.search(prolog)
    return named is None or named[1].lower() == b"utf-8"


class _RootReached(Exception):
    """The prolog is over; a DTD can no longer follow."""


def refuse_dtd(part: str, first_block: bytes) -> None:
    """Raise the refusal when a document type comes before the root element, in any encoding."""
    parser = new_parser()

    def stop(_name: str, _attributes: Attributes) -> None:
        raise _RootReached

    parser.StartElementHandler = stop
    try:
        feed(parser, first_block, part)
    except _RootReached:
        return
    raise corrupt(f"{part} has no root element", f"{part} 缺少根元素")


def local(name: str) -> str:
    """The name without its namespace prefix."""
    return name.rpartition(":")[2]


def attribute(found: Attributes, wanted: str) -> str | None:
    """An attribute by its local name, whatever prefix the producer chose for its namespace."""
    if wanted in found:
        return found[wanted]
    return next((value for name, value in found.items() if local(name) == wanted), None)


def _refuse_dtd(*_declaration: object) -> NoReturn:
    raise unreadable(
        "The workbook contains a document type definition (DTD)",
        "檔案內含不允許的文件類型定義（DTD）",
    )
