"""Personal data as people see it who need to recognise somebody, not to know them."""

from typing import Final

_HIDDEN: Final = "○"


def mask_name(name: str | None) -> str | None:
    """王小明 → 王○明, 王明 → 王○, Ann Lee → A*** L***; None stays None."""
    words = (name or "").split()
    if not words:
        return None
    whole = " ".join(words)
    if whole.isascii():
        return " ".join(f"{word[0]}***" for word in words)
    last = whole[-1] if len(whole) > 2 else ""
    return whole[0] + _HIDDEN * max(1, len(whole) - 2) + last


def mask_phone(phone: str | None) -> str | None:
    """0912345678 → 0912***678; of a short number only the last two digits are told."""
    if not phone:
        return None
    return f"{phone[:4]}***{phone[-3:]}" if len(phone) >= 10 else f"***{phone[-2:]}"
