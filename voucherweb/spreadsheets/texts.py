"""Texts on their way into a file that a spreadsheet program will open."""

import re
from typing import Final

MAX_CELL: Final = 32_767
_NO_TEXT = re.compile("[\ud800-\udfff\ufffe\uffff]")
# The full-width twins are formulas, too, for programs that fold them first.
_FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def cell_text(text: str) -> str:
    """The text as a cell can hold it: at most 32,767 UTF-16 units, nothing that is no character."""
    text = _NO_TEXT.sub("\ufffd", text)
    # Only characters outside the basic plane take two units.
    if len(text) * 2 <= MAX_CELL:
        return text
    units = text.encode("utf-16-le")
    if len(units) <= 2 * MAX_CELL:
        return text
    return units[: 2 * (MAX_CELL - 1)].decode("utf-16-le", "ignore") + "…"


def csv_text(text: str) -> str:
    """The text as CSV may carry it: what would run as a formula gets an apostrophe before it."""
    clean = _NO_TEXT.sub("\ufffd", text).replace("\0", "")
    runs = clean.startswith(("\t", "\r", "\n")) or clean.lstrip().startswith(_FORMULA_STARTS)
    return f"'{clean}" if runs else clean
