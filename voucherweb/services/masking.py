"""What a tenant may see of the people behind its numbers: hints, not identities."""

from typing import Final

_CIRCLE: Final = "○"
_ID_LENGTH: Final = 8


def mask_name(name: str | None) -> str:
    """王小明 → 王○明, 王明 → 王○, Amy Lin → A○○ ○○n; an unknown name is empty."""
    text = (name or "").strip()
    if len(text) < 2:
        return _CIRCLE if text else ""
    if len(text) == 2:
        return text[0] + _CIRCLE
    middle = "".join(" " if letter.isspace() else _CIRCLE for letter in text[1:-1])
    return text[0] + middle + text[-1]


def mask_phone(phone: str | None) -> str:
    """0912345678 → 09**-***-678; any other number keeps its first two and last three digits. An
    unknown number is empty."""
    text = phone or ""
    if not text:
        return ""
    digits = text.removeprefix("+")
    sign = "+" if digits != text else ""
    if len(digits) == 10:
        return f"{sign}{digits[:2]}**-***-{digits[-3:]}"
    if len(digits) < 8:
        return f"{sign}{'*' * (len(digits) - 2)}{digits[-2:]}"
    return f"{sign}{digits[:2]}{'*' * (len(digits) - 5)}{digits[-3:]}"


def short_id(member_id: str) -> str:
    """The first 8 characters of a member's id: enough to find the same person again."""
    return member_id[:_ID_LENGTH]
