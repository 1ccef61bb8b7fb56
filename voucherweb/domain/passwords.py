"""Which passwords an admin may have: long enough, not the account, not what everybody tries."""

from typing import Final

MIN_LENGTH: Final = 8
MAX_LENGTH: Final = 1024
MIN_DISTINCT: Final = 4

_COMMON: Final = frozenset(
    {
        *("12345678", "123456789", "1234567890", "87654321", "0123456789", "1q2w3e4r", "1qaz2wsx"),
        *("password", "password1", "passw0rd", "iloveyou", "sunshine", "princess", "football"),
        *("qwertyui", "qwertyuiop", "qwerty123", "asdfghjk", "abcd1234", "letmein1", "welcome1"),
        *("changeme", "changeit", "administrator", "admin123", "admin1234", "voucherweb"),
    }
)


def password_problem(account: str, password: str) -> tuple[str, str] | None:
    """Why the password is refused, in English and zh-TW; None when it is good.

    Length is what counts, and that it is none of the first guesses; sign-in is throttled.
    """
    if len(password) < MIN_LENGTH:
        return (f"must have at least {MIN_LENGTH} characters", f"至少需要 {MIN_LENGTH} 個字元")
    if len(password) > MAX_LENGTH:
        return (f"is longer than {MAX_LENGTH} characters", f"超過 {MAX_LENGTH} 個字元")
    if not password.isprintable():
        return ("contains characters that cannot be typed", "含有無法輸入的字元")
    plain = password.casefold()
    if plain in {account.casefold(), account.casefold().partition("@")[0]}:
        return ("must not be the account's name", "不可與帳號相同")
    if plain in _COMMON or len(set(plain)) < MIN_DISTINCT:
        return ("is too easy to guess", "太容易被猜到")
    return None
