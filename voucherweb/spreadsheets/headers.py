"""The names of columns as people write them."""

import unicodedata

from voucherweb.errors import Refusal
from voucherweb.spreadsheets.limits import unreadable

_IGNORED = str.maketrans("", "", "\ufeff\u200b*:")


def normal(header: str) -> str:
    """A name without what does not matter: case, width, blanks, stars and colons."""
    folded = unicodedata.normalize("NFKC", header).translate(_IGNORED)
    return "".join(folded.split()).casefold()


def named_twice(header: str) -> Refusal:
    """The refusal of a file of which two columns have this name."""
    name = header.strip()
    return unreadable(f"Row 1 names the column {name} twice", f"第 1 列的欄名「{name}」重複")
