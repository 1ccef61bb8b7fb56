"""The partner section: its tabs, and its overview."""

import pytest
from flask import Flask

from tests.support.site import make_visitor, tenant_visitor


def test_the_rail_leads_tenants_and_the_platform_there(app: Flask) -> None:
    for visitor in (make_visitor(app), tenant_visitor(app)):
        assert '<a href="/admin/partners"' in visitor.text("/admin/")


def test_a_clerk_is_not_led_there(app: Flask) -> None:
    clerk = tenant_visitor(app, role="CLERK")
    assert "/admin/partners" not in clerk.text("/admin/desk")
    assert clerk.get("/admin/partners").status_code == 403


@pytest.mark.parametrize(("language", "name"), [("zh-TW", "合作夥伴"), ("en", "Partners")])
def test_the_tabs_are_a_list_of_addresses(app: Flask, language: str, name: str) -> None:
    page = make_visitor(app, language=language).text("/admin/partners")
    assert f'aria-label="{name}"' in page
    assert '<a href="/admin/partners" aria-current="page">' in page
