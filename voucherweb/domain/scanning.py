"""What a camera, a scanner or a person's fingers give: numbers of pieces, words to look for."""

import re
import unicodedata
from typing import Final

from voucherweb.domain.numbering import split_user_voucher_no

MAX_SCANNED: Final = 500
MAX_TYPED: Final = 200
_NUMBER: Final = re.compile(r"(?<![A-Z0-9])[A-Z0-9]{19}[0-9]{5}$")
_LEFT_OUT: Final = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp", "Pd"})


def plain(text: str) -> str:
    """Upper case, half width, without spaces, dashes and characters that nobody sees."""
    narrow = unicodedata.normalize("NFKC", text[:MAX_SCANNED])
    return "".join(c for c in narrow if unicodedata.category(c) not in _LEFT_OUT).upper()


def read_user_voucher_no(text: str) -> tuple[str, int] | None:
    """The voucher's number and the piece's sequence that the text is or ends with (a QR code holds
    an address that ends with it); None when there is no such number."""
    if len(text) > MAX_SCANNED:
        return None
    found = _NUMBER.search(plain(text))
    return split_user_voucher_no(found.group()) if found else None


def typed_words(text: str) -> str:
    """What to look for: trimmed, and without characters that cannot be shown, some of which the
    database could not hold either."""
    return "".join(c for c in text[:MAX_TYPED] if c.isprintable()).strip()
