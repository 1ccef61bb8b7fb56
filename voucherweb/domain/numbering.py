"""Numbers that people read: vouchers and members' pieces (contract A §新增票券)."""

from datetime import date

MAX_DAILY_SERIAL = 999


def voucher_no(vendor_no: str, voucher_type: str, day: date, serial: int) -> str:
    """19 characters: vendor number, type, local issue date, serial of that vendor, type, day."""
    return f"{vendor_no}{voucher_type}{day:%Y%m%d}{serial:03d}"


def user_voucher_no(number: str, seq: int) -> str:
    """A member's piece: the voucher's number and the piece's 5-digit sequence."""
    return f"{number}{seq:05d}"


def split_user_voucher_no(number: str) -> tuple[str, int] | None:
    """The voucher's number and the piece's sequence, or None for what is no such number."""
    head, tail = number[:-5], number[-5:]
    if len(head) != 19 or not (tail.isascii() and tail.isdecimal()):
        return None
    return head, int(tail)
