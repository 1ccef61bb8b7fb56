"""What an add-on may be registered with: its address, and the configuration it is told."""

import json
import re
import unicodedata
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from voucherweb.domain.people import Unreadable

MAX_URL: Final = 2000
MAX_CONFIG: Final = 16_000
"""Bytes of the configuration as JSON."""
MAX_DEPTH: Final = 8

_PORTS: Final = {"http": 80, "https": 443}
_HOST = re.compile(r"(?!-)[a-z0-9.-]{1,253}|\[[0-9a-f:.]+\]")
_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_SECRET = re.compile(r"secret|passw|token|credential|keys?\b", re.IGNORECASE)


def read_url(text: str) -> tuple[str, str]:
    """The address and its origin, as a browser names it in `Origin`; raises `Unreadable`."""
    url = text.strip()
    if len(url) > MAX_URL:
        raise Unreadable(f"is longer than {MAX_URL} characters", f"超過 {MAX_URL} 個字")
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise Unreadable(
            "must be written in ASCII, without spaces", "須以 ASCII 字元書寫，且不含空白"
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _no_url() from None
    scheme, host = parts.scheme.lower(), _host(parts)
    if scheme not in _PORTS or not _HOST.fullmatch(host):
        raise _no_url()
    if parts.username is not None or parts.password is not None:
        raise Unreadable("must not name a user or password", "不可包含帳號或密碼")
    shown = "" if port is None or port == _PORTS[scheme] else f":{port}"
    return url, f"{scheme}://{host}{shown}"


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    return f"[{host}]" if ":" in host else host


def _no_url() -> Unreadable:
    return Unreadable(
        "must be an address that begins with http:// or https://",
        "須為以 http:// 或 https:// 開頭的網址",
    )


def read_config(value: Any) -> dict[str, Any]:
    """The configuration of an add-on, which everybody who may use the add-on can read.

    Raises `Unreadable` for what is no JSON object, and for a field whose name says that it holds
    a secret: there is no place for one here.
    """
    if not isinstance(value, dict):
        raise Unreadable("must be a JSON object", "必須是 JSON 物件")
    _look(value, 0)
    try:
        size = len(json.dumps(value, ensure_ascii=False, allow_nan=False).encode())
    except (TypeError, ValueError):
        raise Unreadable("holds what JSON cannot say", "含有 JSON 無法表示的內容") from None
    if size > MAX_CONFIG:
        raise Unreadable(f"is longer than {MAX_CONFIG} bytes", f"超過 {MAX_CONFIG} 位元組")
    return value


def _look(value: Any, depth: int) -> None:
    """Raise for a secret's name, a NUL, and nesting beyond reason, anywhere in the value."""
    if depth > MAX_DEPTH:
        raise Unreadable("is nested too deeply", "巢狀過深")
    if isinstance(value, str) and "\0" in value:
        raise Unreadable("must not contain NUL", "不可包含 NUL 字元")
    if isinstance(value, dict):
        for name, item in value.items():
            if not isinstance(name, str):
                raise Unreadable("holds what JSON cannot say", "含有 JSON 無法表示的內容")
            if looks_secret(name):
                raise Unreadable(
                    f"must not hold secrets: rename or drop “{name[:50]}”",
                    f"不可存放機密：請移除或改名「{name[:50]}」",
                )
            _look(name, depth + 1)
            _look(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _look(item, depth + 1)


def looks_secret(name: str) -> bool:
    """Whether a field of this name holds a secret, as far as its name tells: `apiKey`,
    `client_secret`, `PASSWORD`; not `keyword`."""
    plain = unicodedata.normalize("NFKC", name)
    spaced = " ".join(_WORDS.findall(plain))
    return bool(_SECRET.search(plain) or _SECRET.search(spaced))
