"""Templates hold one language each: `t(zh, en)` is decided when they are compiled."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jinja2 import DictLoader, Environment, TemplateSyntaxError
from markupsafe import Markup

from voucherweb.web.language import EN, ZH
from voucherweb.web.templating import Macros, by_language

TEMPLATES = Path(__file__).resolve().parents[2] / "voucherweb" / "templates"


def environments(**templates: str) -> dict[str, Environment]:
    first = Environment(autoescape=True, loader=DictLoader(templates))
    first.globals["t"] = undecided
    return dict(by_language(first))


def undecided(*_texts: object) -> str:
    raise AssertionError("t() was called while the page was rendered")


def said(source: str, **values: Any) -> tuple[str, str]:
    both = environments(page=source)
    zh, en = (both[one].get_template("page").render(values) for one in (ZH, EN))
    return zh, en


def test_only_the_text_of_the_reader_is_compiled() -> None:
    assert said('<a>{{ t("票券", "Vouchers") }}</a>') == ("<a>票券</a>", "<a>Vouchers</a>")


def test_texts_may_be_expressions_with_commas_brackets_and_other_texts() -> None:
    source = '{{ t("第 " ~ f(1, [2, 3]) ~ " 頁", "Page " ~ f(1, [2, 3]) ~ t("。", ".")) }}'
    zh, en = said(source, f=lambda one, more: one + sum(more))
    assert (zh, en) == ("第 6 頁", "Page 6.")


def test_it_stays_one_value_of_a_larger_expression() -> None:
    source = '{{ t("甲" if no else "乙", "A" if no else "B") ~ "!" }}'
    assert said(source, no=False) == ("乙!", "B!")


def test_what_people_wrote_is_still_escaped() -> None:
    source = '{{ t(name ~ "的票券", "Vouchers of " ~ name) }}'
    zh, en = said(source, name="<b>")
    assert (zh, en) == ("&lt;b&gt;的票券", "Vouchers of &lt;b&gt;")


@pytest.mark.parametrize(
    "source", ['{{ t("一") }}', '{{ t("一", ) }}', '{{ t("一", "one", "eins") }}', "{{ t() }}"]
)
def test_a_sentence_in_one_language_is_no_template(source: str) -> None:
    both = environments(page=source)
    with pytest.raises(TemplateSyntaxError):
        both[EN].get_template("page")


def test_another_function_of_that_name_is_left_alone() -> None:
    class Words:
        def t(self, one: str, two: str) -> str:
            return one + two

    assert said('{{ words.t("a", "b") }}', words=Words()) == ("ab", "ab")


def test_a_kept_macro_tells_safe_text_from_what_people_wrote() -> None:
    source = "{% macro tag(kind, text, shape=None) %}<i>{{ text }}</i>{% endmacro %}"
    found = environments(tags=source)[ZH]
    macros = Macros(found, "tags")
    assert macros.tag("on", Markup("<b>")) == "<i><b></i>"
    assert macros.tag("on", "<b>") == "<i>&lt;b&gt;</i>"


def test_every_template_compiles_in_both_languages(app: Flask) -> None:
    names = sorted(str(one.relative_to(TEMPLATES)) for one in TEMPLATES.rglob("*.html"))
    assert len(names) > 100
    for environment in app.extensions["templates"].values():
        for name in names:
            environment.get_template(name)
