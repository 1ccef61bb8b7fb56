"""What a browser says of itself, in the words that people use for their devices."""

from typing import Final

from voucherweb.web.language import Text

# The first that is found counts: later ones claim to be the earlier ones too.
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Line/", "LINE"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)
_HANDHELD: Final = frozenset({"iPhone", "iPad", "Android"})


def device_name(user_agent: str | None) -> Text:
    """`Chrome（Windows）` / `Chrome on Windows`; something honest when it is not known."""
    browser, system = _first(user_agent, _BROWSERS), _first(user_agent, _SYSTEMS)
    if browser and system:
        return Text(f"{browser}（{system}）", f"{browser} on {system}")
    if browser or system:
        return Text(f"{browser or system}", f"{browser or system}")
    return Text("未知的裝置", "Unknown device")


def handheld(user_agent: str | None) -> bool:
    """Whether it is a phone or a tablet."""
    return _first(user_agent, _SYSTEMS) in _HANDHELD


def _first(user_agent: str | None, known: tuple[tuple[str, str], ...]) -> str | None:
    return next((name for sign, name in known if sign in (user_agent or "")), None)
