"""The text that a spreadsheet shows for a stored number (behaviour §8, ECMA-376 part 1 §18.8.30).

Covers what people put on codes, amounts and dates: fixed digits, leading zeros, thousands,
percent, exponents, quoted text, sections by sign, dates and times. Fractions and formats with
conditions are shown as `General` instead.
"""

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from functools import lru_cache

from voucherweb.spreadsheets.date_formats import date_text, is_date, literal

# Identifiers that workbooks use without spelling the format out. 14 and 22 follow the reader's
# country; Taiwan's order is shown.
BUILT_IN = {
    0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00",
    9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??",
    14: "yyyy/m/d", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy",
    18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: "yyyy/m/d h:mm",
    27: "yyyy/m/d", 28: "m/d", 29: "m/d", 30: "m/d/yy", 31: "yyyy/m/d",
    37: "#,##0;-#,##0", 38: "#,##0;-#,##0", 39: "#,##0.00;-#,##0.00", 40: "#,##0.00;-#,##0.00",
    45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0", 49: "@",
}  # fmt: skip

Shown = Callable[[Decimal], str]
_TOKEN = re.compile(
    r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]|General|AM/PM|A/P|上午/下午|E[+-]|'
    r"y+|m+|d+|h+|s+(?:\.0+)?|[0#?]|.",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"\[[<>=]")
_LONGEST_CODE = 255
_PLAIN_DIGITS = 21
_DOUBLE_DIGITS = 15
_LARGEST_EXPONENT = 324
# A double's 308 digits and a format's 255 places, with room to round them exactly.
_EXACT = Context(prec=1000, rounding=ROUND_HALF_UP)


def shown(raw: str, code: str, *, date1904: bool = False) -> str:
    """The text of a stored number under a format code. Raises `ValueError`: it is no number."""
    if len(raw) <= _DOUBLE_DIGITS and raw.isdecimal() and raw.isascii():
        # Codes and serial numbers, by far the most of all: nothing to round, nothing to scale.
        if code in {"General", "@"}:
            return raw.lstrip("0") or "0"
        if not code.strip("0"):
            return (raw.lstrip("0") or "0").zfill(len(code))
    try:
        value = Decimal(raw.strip())
    except InvalidOperation as problem:
        raise ValueError(f"not a number: {raw[:40]!r}") from problem
    if not value.is_finite() or abs(value.adjusted()) > _LARGEST_EXPONENT:
        raise ValueError(f"not a number that a cell can hold: {raw[:40]!r}")
    if len(code) > _LONGEST_CODE or _CONDITION.search(code):
        return general(value)
    # A cell holds a double, of which a spreadsheet shows 15 digits: 0.1 + 0.2 is 0.3 here.
    return _compiled(code, date1904)(Decimal(f"{value:.15g}"))


def general(value: Decimal) -> str:
    """As in the formula bar: all 15 digits that a double holds, no exponent up to 20 digits.

    The grid itself would round to 11 digits, which loses codes and telephone numbers.
    """
    rounded = Decimal(f"{value:.15g}")
    if not rounded:
        return "0"
    if -10 < rounded.adjusted() < _PLAIN_DIGITS:
        text = f"{rounded:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return f"{float(rounded):.15g}".replace("e", "E")


@lru_cache(maxsize=512)
def _compiled(code: str, date1904: bool) -> Shown:
    sections = _sections(code)
    renderers = [_section(section, date1904) for section in sections[:3]]
    if len(renderers) == 1:
        return lambda value: _signed(renderers[0], value)
    return lambda value: _by_sign(renderers, value)


def _sections(code: str) -> list[list[str]]:
    sections: list[list[str]] = [[]]
    for piece in _TOKEN.findall(code):
        if piece == ";":
            sections.append([])
        else:
            sections[-1].append(piece)
    return sections


def _signed(renderer: Shown, value: Decimal) -> str:
    text = renderer(abs(value))
    return f"-{text}" if value < 0 and any(digit in text for digit in "123456789") else text


def _by_sign(renderers: list[Shown], value: Decimal) -> str:
    if value < 0:
        return renderers[1](-value)
    if value == 0 and len(renderers) > 2:
        return renderers[2](value)
    return renderers[0](value)


def _section(pieces: list[str], date1904: bool) -> Shown:
    if any(is_date(piece) for piece in pieces):
        return lambda value: _date(pieces, value, date1904)
    placeholders = [piece for piece in pieces if piece in "0#?"]
    if any(piece.lower() == "general" or piece == "@" for piece in pieces) or "/" in pieces:
        return lambda value: _literals_around(pieces, value)
    if not placeholders:
        text = "".join(literal(piece) for piece in pieces)
        return (lambda _value: text) if pieces else general
    if _exponent_at(pieces):
        return lambda value: _scientific(pieces, value)
    return lambda value: _digits_text(pieces, value)


def _date(pieces: list[str], value: Decimal, date1904: bool) -> str:
    text = date_text(pieces, value, date1904=date1904)
    return general(value) if text is None else text


def _literals_around(pieces: list[str], value: Decimal) -> str:
    """`General` with text beside it; of a fraction format the number alone."""
    if "/" in pieces:
        return general(value)
    parts = [
        general(value) if piece.lower() == "general" or piece == "@" else literal(piece)
        for piece in pieces
    ]
    return "".join(parts)


def _digits_text(pieces: list[str], value: Decimal) -> str:
    """Digits into their places, texts kept where they stand between them (`000-000`)."""
    first, last = _span(pieces)
    scaled, grouped, whole_places, decimal_places = _layout(pieces, first, last, value)
    places = sum(piece in "0#?" for piece in decimal_places)
    rounded = f"{scaled.quantize(Decimal(1).scaleb(-places), context=_EXACT):f}"
    whole, _, decimals = rounded.partition(".")
    head = "".join(literal(piece) for piece in pieces[:first])
    tail = "".join(literal(piece) for piece in pieces[last + 1 :] if piece != ",")
    body = _whole_text(whole_places, whole, grouped=grouped)
    return head + body + _decimal_text(decimal_places, decimals) + tail


def _span(pieces: list[str]) -> tuple[int, int]:
    at = [index for index, piece in enumerate(pieces) if piece in "0#?."]
    return at[0], at[-1]


def _layout(
    pieces: list[str], first: int, last: int, value: Decimal
) -> tuple[Decimal, bool, list[str], list[str]]:
    body = pieces[first : last + 1]
    point = body.index(".") if "." in body else len(body)
    after = pieces[last + 1 :]
    thousands = next((n for n, piece in enumerate(after) if piece != ","), len(after))
    scaled = value.scaleb(2 * pieces.count("%") - 3 * thousands, _EXACT)
    whole = body[:point]
    return scaled, "," in whole, [piece for piece in whole if piece != ","], body[point:]


def _whole_text(places: list[str], digits: str, *, grouped: bool) -> str:
    digits = digits.lstrip("0")
    out: list[str] = []
    count = 0
    left_placeholders = sum(piece in "0#?" for piece in places)
    for piece in reversed(places):
        if piece not in "0#?":
            out.append(literal(piece))
            continue
        left_placeholders -= 1
        take = len(digits) if left_placeholders == 0 else 1
        chunk = digits[len(digits) - take :] if digits else ""
        digits = digits[: len(digits) - take] if digits else ""
        for digit in reversed(chunk or {"0": "0", "?": " "}.get(piece, "")):
            if grouped and count and count % 3 == 0:
                out.append(",")
            out.append(digit)
            count += 1
    return "".join(reversed(out))


def _decimal_text(places: list[str], digits: str) -> str:
    if not places:
        return ""
    needed = len(digits.rstrip("0"))
    out: list[str] = []
    index = 0
    for piece in places[1:]:
        if piece not in "0#?":
            out.append(literal(piece))
            continue
        if index < needed or piece == "0":
            out.append(digits[index])
        elif piece == "?":
            out.append(" ")
        index += 1
    return "." + "".join(out)


def _scientific(pieces: list[str], value: Decimal) -> str:
    at = _exponent_at(pieces)
    mantissa = pieces[:at]
    point = mantissa.index(".") if "." in mantissa else at
    step = max(1, sum(piece in "0#?" for piece in mantissa[:point]))
    places = sum(piece in "0#?" for piece in mantissa[point:])
    exponent = (value.adjusted() // step) * step if value else 0
    rounded = value.scaleb(-exponent, _EXACT).quantize(Decimal(1).scaleb(-places), context=_EXACT)
    if rounded >= Decimal(10) ** step:
        exponent += step
        rounded = rounded.scaleb(-step, _EXACT)
    sign = "-" if exponent < 0 else "+" if pieces[at].endswith("+") else ""
    width = sum(piece in "0#?" for piece in pieces[at + 1 :])
    return f"{_digits_text(mantissa, rounded)}E{sign}{abs(exponent):0{width}d}"


def _exponent_at(pieces: list[str]) -> int:
    """Where the exponent begins; 0 when nothing before it could hold a digit."""
    at = next((n for n, piece in enumerate(pieces) if piece.upper() in {"E+", "E-"}), 0)
    return at if any(piece in "0#?" for piece in pieces[:at]) else 0
