"""The page of help: for each role, in both languages, with every code of the voucher rules."""

import pytest
from flask import Flask

from tests.support import cast
from tests.support.site import make_visitor, tenant_visitor
from voucherweb.errors import ERRORS
from voucherweb.web.help_words import ADVICE

HERE = "/admin/help"
RULES = [name for name, error in ERRORS.items() if error.code.startswith("SERVICE_ERROR.")]


def test_there_is_advice_for_every_rule_and_for_nothing_else() -> None:
    assert sorted(ADVICE) == sorted(RULES)
    assert all(one.zh and one.en for one in ADVICE.values())


@pytest.mark.parametrize(
    ("role", "zh", "en"),
    [
        ("PLATFORM_ADMIN", "新增租戶", "Add a tenant"),
        ("TENANT_ADMIN", "檢查無誤後上架", "put it on the shelf"),
        ("CLERK", "核對票券內容後核銷", "write it off"),
    ],
)
def test_first_steps_are_those_of_the_role(app: Flask, role: str, zh: str, en: str) -> None:
    tenant_id = None if role == "PLATFORM_ADMIN" else cast.make_tenant()
    visitor = make_visitor(app, role, tenant_id)
    page = visitor.text(HERE)
    assert zh in page
    visitor.headers = {"Accept-Language": "en"}
    english = visitor.text(HERE)
    assert en in english
    whole = english.replace("_<wbr>", "_")  # Where a code may go on in the next line.
    assert whole != english
    for name in RULES:
        assert ERRORS[name].zh in page, name
        assert f"<code>{ERRORS[name].code}</code>" in whole, name


def test_the_keys_that_a_role_does_not_have_are_not_told(app: Flask) -> None:
    clerk, tenant = tenant_visitor(app, role="CLERK"), tenant_visitor(app)
    assert "<kbd>/</kbd>" not in clerk.text(HERE)
    assert "<kbd>/</kbd>" in tenant.text(HERE)


def test_help_is_for_those_who_are_signed_in(app: Flask) -> None:
    assert app.test_client().get(HERE).location == f"/admin/sign-in?next={HERE}"
