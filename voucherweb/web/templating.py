"""Templates are compiled once for each language: where one says `t(zh, en)`, the compiled template
holds only the text of its reader.

A list says hundreds of such texts, so choosing while it is rendered cost more than its query.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from jinja2 import Environment, TemplateSyntaxError
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

from voucherweb.web.language import EN, ZH

_OPENING: Final = frozenset({"lparen", "lbracket", "lbrace"})
_CLOSING: Final = frozenset({"rparen", "rbracket", "rbrace"})
_NOT_BEFORE: Final = frozenset({"dot", "pipe"})
MACROS: Final = ("ui", "fields", "lists", "charts", "tickets")


class OneLanguage(Extension):
    """Leaves of each `t(zh, en)` the expression of the environment's `language`.

    Raises TemplateSyntaxError where there are not two: a sentence may not be forgotten in one.
    """

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        english = getattr(self.environment, "language", ZH) == EN
        return _chosen(list(stream), 1 if english else 0, stream)


def _chosen(tokens: Sequence[Token], which: int, stream: TokenStream) -> Iterator[Token]:
    at = 0
    while at < len(tokens):
        if not _says(tokens, at):
            yield tokens[at]
            at += 1
            continue
        texts, after = _arguments(tokens, at + 2)
        if len(texts) != 2 or not all(texts):
            raise TemplateSyntaxError(
                "t() takes two texts", tokens[at].lineno, stream.name, stream.filename
            )
        # In brackets, because it may be part of a larger expression.
        yield tokens[at + 1]
        yield from _chosen(texts[which], which, stream)
        yield tokens[after]
        at = after + 1


def _says(tokens: Sequence[Token], at: int) -> bool:
    """Whether a call of the global `t` begins here."""
    return (
        tokens[at].type == "name"
        and tokens[at].value == "t"
        and at + 1 < len(tokens)
        and tokens[at + 1].type == "lparen"
        and (at == 0 or tokens[at - 1].type not in _NOT_BEFORE)
    )


def _arguments(tokens: Sequence[Token], start: int) -> tuple[list[Sequence[Token]], int]:
    """What stands between the commas, and where the closing bracket is."""
    depth, cuts = 0, [start - 1]
    for at in range(start, len(tokens)):
        kind = tokens[at].type
        if kind in _CLOSING:
            if depth == 0:
                cuts.append(at)
                return [tokens[one + 1 : other] for one, other in pairwise(cuts)], at
            depth -= 1
        elif kind in _OPENING:
            depth += 1
        elif kind == "comma" and depth == 0:
            cuts.append(at)
    raise TemplateSyntaxError("t() is not closed", tokens[start - 1].lineno)


KEPT: Final = frozenset({"phase", "job_state", "tag", "campaign_phase", "quota_line"})
"""Macros that show nothing but their arguments, few of them, and the same on every row."""


class Macros:
    """The macros of one template, loaded at first use; kept, unless templates may change."""

    def __init__(self, environment: Environment, template: str) -> None:
        self._environment, self._template = environment, template

    def __getattr__(self, name: str) -> Any:
        macro = getattr(self._environment.get_template(self._template).module, name)
        if not self._environment.auto_reload:
            if name in KEPT:  # By type too: a text that is safe equals one that is not.
                macro = lru_cache(maxsize=4096, typed=True)(macro)
            setattr(self, name, macro)
        return macro


def by_language(first: Environment) -> Mapping[str, Environment]:
    """The environment in 繁體中文, and one in English that shares all but what is compiled."""
    first.extend(language=ZH)
    first.add_extension(OneLanguage)
    second = first.overlay()
    vars(second)["language"] = EN  # `extend` leaves what is there already.
    second.globals = dict(first.globals)
    for environment in (first, second):
        for name in MACROS:
            environment.globals[name] = Macros(environment, f"macros/{name}.html")
    return {ZH: first, EN: second}
