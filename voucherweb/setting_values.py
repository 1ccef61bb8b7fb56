"""One value of the environment at a time: read, converted, or refused in one sentence by name."""

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class SettingsError(ValueError):
    """A setting is missing or wrong; the message names it and says what it should be."""


class Reader:
    """Reads and converts one variable at a time; raises `SettingsError` at the first wrong one."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ

    def text(self, name: str, default: str | None = None) -> str | None:
        value = self.environ.get(name, "").strip()
        file = self.environ.get(f"{name}_FILE", "").strip()
        if value and file:
            raise SettingsError(f"{name} and {name}_FILE are both set; give one of them")
        if file:
            try:
                return Path(file).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise SettingsError(f"{name}_FILE: cannot read {file}: {error.strerror}") from error
            except UnicodeDecodeError as error:
                raise SettingsError(f"{name}_FILE: {file} is no text in UTF-8") from error
        return value or default

    def need(self, name: str) -> str:
        value = self.text(name)
        if value is None:
            raise SettingsError(f"{name} is not set")
        return value

    def integer(self, name: str, default: int, low: int = 1, high: int = 10**6) -> int:
        value = self.text(name, str(default)) or ""
        if not value.isdecimal() or not low <= int(value) <= high:
            raise SettingsError(f"{name}={value!r}: expected a whole number from {low} to {high}")
        return int(value)

    def flag(self, name: str, default: bool) -> bool:
        value = (self.text(name) or str(int(default))).lower()
        if value not in {"0", "1", "true", "false", "yes", "no"}:
            raise SettingsError(f"{name}={value!r}: expected 1 or 0")
        return value in {"1", "true", "yes"}

    def url(self, name: str, *schemes: str, example: str) -> str | None:
        """An address of one of these schemes; it may hold a password, so no message repeats it."""
        value = self.text(name)
        if value is None:
            return None
        scheme, found, _ = value.partition("://")
        if not found or scheme.partition("+")[0] not in schemes or _lacks_host(value):
            raise SettingsError(f"{name}: expected an address such as {example}")
        return value


def _lacks_host(url: str) -> bool:
    """Whether a web address names no host. Those of engines may be without: they have sockets."""
    try:
        return url.startswith("http") and not urlsplit(url).hostname
    except ValueError:  # Half of an IPv6 address.
        return True


def zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # `Asia` is a directory.
        raise SettingsError(f"TIMEZONE={name!r}: no such time zone") from error


def ratio(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise SettingsError(f"SAFETY_STOCK_RATE={text!r}: expected a number") from error
    if not value.is_finite() or not 0 <= value <= 1:
        raise SettingsError("SAFETY_STOCK_RATE: expected a number from 0 to 1")
    return value


def log_level(text: str) -> str:
    level = text.upper()
    if level not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
        raise SettingsError(f"LOG_LEVEL={text!r}: expected DEBUG, INFO, WARNING, ERROR, CRITICAL")
    return level


def public_key(text: str) -> str:
    """MEMBER_JWT_PUBLIC_KEY, tried out: with a wrong one every member would be turned away."""
    import jwt  # noqa: PLC0415 - the supervisor reads settings, and needs no cryptography else.

    for name in ("RS256", "EdDSA"):
        try:
            jwt.get_algorithm_by_name(name).prepare_key(text)
        except (jwt.PyJWTError, ValueError, TypeError):
            continue
        return text
    raise SettingsError("MEMBER_JWT_PUBLIC_KEY: expected an RSA or Ed25519 public key in PEM")


def key_set(name: str) -> Path:
    """MEMBER_JWT_JWKS_FILE, read once to see that it is one."""
    import jwt  # noqa: PLC0415 - as above.

    try:
        found = json.loads(Path(name).read_text(encoding="utf-8"))
        jwt.PyJWKSet.from_dict(found if isinstance(found, dict) else {})
    except OSError as error:
        raise SettingsError(
            f"MEMBER_JWT_JWKS_FILE: cannot read {name}: {error.strerror}"
        ) from error
    except (jwt.PyJWTError, ValueError) as error:
        raise SettingsError(f"MEMBER_JWT_JWKS_FILE: {name} holds no usable key set") from error
    return Path(name)
