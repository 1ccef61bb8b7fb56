"""The two languages of the pages: 繁體中文 first, English complete.

Both texts of a sentence stand side by side where it is said, so that neither can be forgotten.
"""

from dataclasses import dataclass
from typing import Final

from flask import g, has_request_context, request
from flask_login import current_user

ZH: Final = "zh-TW"
EN: Final = "en"
COOKIE: Final = "language"


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence in both languages; as a string it is the one of the reader."""

    zh: str
    en: str

    def __str__(self) -> str:
        return self.en if current_language() == EN else self.zh

    def format(self, *args: object, **names: object) -> "Text":
        """Both sentences with their gaps filled; a `Text` among the values follows the language."""
        return Text(self._in(ZH, args, names), self._in(EN, args, names))

    def _in(self, language: str, args: tuple[object, ...], names: dict[str, object]) -> str:
        def said(value: object) -> object:
            if not isinstance(value, Text):
                return value
            return value.en if language == EN else value.zh

        sentence = self.en if language == EN else self.zh
        return sentence.format(
            *(said(one) for one in args), **{name: said(one) for name, one in names.items()}
        )


def with_aside(name: str, aside: str) -> Text:
    """A name with what tells it from others behind it, in the brackets of either language."""
    return Text(f"{name}（{aside}）", f"{name} ({aside})")


def t(zh: str, en: str) -> str:
    """The text of the reader's language."""
    return en if current_language() == EN else zh


def is_english() -> bool:
    """Whether the reader reads English: services that name things ask."""
    return current_language() == EN


def current_language() -> str:
    """The reader's language: the one chosen in the profile, else in this browser, else the
    browser's own, else 繁體中文."""
    try:
        found: str = g.language  # A page asks hundreds of times, so the way there is short.
    except (AttributeError, RuntimeError):  # Nobody asked yet, or there is no application.
        found = ZH
        if has_request_context():
            found = g.language = _chosen()
    return found


def _chosen() -> str:
    chosen = getattr(current_user, "language", None) or request.cookies.get(COOKIE)
    if chosen in {ZH, EN}:
        return str(chosen)
    accepted = request.accept_languages.best_match(["zh-TW", "zh", "en"], "zh")
    return EN if accepted == "en" else ZH
