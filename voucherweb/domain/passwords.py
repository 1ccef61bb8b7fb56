"""Which passwords an admin may have: long, not the account, not what everybody tries first."""

import re
from typing import Final

MIN_LENGTH: Final = 10
MAX_LENGTH: Final = 1024
MIN_DISTINCT: Final = 5
MIN_PERIOD: Final = 8
"""A shorter word does not become a password by being repeated."""
DIGITS_ENOUGH: Final = 16
"""As many characters are needed when none of them is a letter."""

_LEET: Final = str.maketrans("013457@$!", "oleastasi")
_ROWS: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "01234567890",
    "1q2w3e4r5t6y7u8i9o0p",
)
_COMMON: Final = frozenset(
    {
        *("password", "passw", "passwd", "admin", "administrator", "changeme", "default"),
        *("iloveyou", "letmein", "login", "qwerty", "root", "secret", "superuser", "test"),
        *("user", "voucher", "voucherweb", "welcome"),
    }
)


def password_problem(account: str, password: str) -> tuple[str, str] | None:
    """Why the password is refused, in English and zh-TW; None when it is good.

    Instead of a list of a million words: its letters with digits and signs taken away, and the
    rows of the keyboard, which is what such lists are made of.
    """
    if len(password) < MIN_LENGTH:
        return (f"must have at least {MIN_LENGTH} characters", f"至少需要 {MIN_LENGTH} 個字元")
    if len(password) > MAX_LENGTH:
        return (f"is longer than {MAX_LENGTH} characters", f"超過 {MAX_LENGTH} 個字元")
    if not password.isprintable():
        return ("contains characters that cannot be typed", "含有無法輸入的字元")
    if _names_account(account, password):
        return ("must not be the account's name", "不可與帳號相同")
    if _is_common(password):
        return ("is too easy to guess", "太容易被猜到")
    return None


def _names_account(account: str, password: str) -> bool:
    plain = password.casefold()
    names = {account.casefold(), account.casefold().partition("@")[0]}
    return any(name and (plain in (name, name[::-1]) or _core(plain) == name) for name in names)


def _core(text: str) -> str:
    """The text without the digits and signs that people hang at its ends."""
    return re.sub(r"^[\W\d_]+|[\W\d_]+$", "", text)


def _is_common(password: str) -> bool:
    plain = password.casefold()
    if len(set(plain)) < MIN_DISTINCT:
        return True
    period = next(n for n in range(1, len(plain) + 1) if plain.startswith(plain[n:]))
    if period < MIN_PERIOD and 2 * period <= len(plain):
        return True
    if any(plain in row * 2 or plain in row[::-1] * 2 for row in _ROWS):
        return True
    letters = re.sub(r"[\W\d_]", "", plain)
    if not letters:
        return len(plain) < DIGITS_ENOUGH
    return not _COMMON.isdisjoint({letters, _core(plain), _core(plain).translate(_LEET)})
