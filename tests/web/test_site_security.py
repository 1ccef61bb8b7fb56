"""What an attacker would try at the admin site, and what comes of it."""

import pytest
from flask import Flask

from tests.support.site import make_visitor, tenant_visitor, tokens

HOME = "/admin/"


@pytest.mark.parametrize(
    "url", ["//[", "http://[/admin", "//evil.test/admin", "/admin%0d%0aX-Evil:%20yes"]
)
def test_a_way_back_that_is_no_address_of_ours_leads_home(app: Flask, url: str) -> None:
    answer = make_visitor(app).get(f"/admin/sign-in?next={url}")
    assert (answer.status_code, answer.location) == (303, HOME)


@pytest.mark.parametrize("name", ["Referer", "HX-Current-URL"])
def test_a_page_one_comes_from_that_is_no_address_is_passed_over(app: Flask, name: str) -> None:
    answer = tenant_visitor(app).get("/admin/sign-in", HX_Request="true", **{name: "http://[v1"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, HOME)


def test_where_htmx_is_led_is_written_in_letters_that_a_header_can_hold(app: Flask) -> None:
    visitor = make_visitor(app)
    given = {**tokens(visitor.get("/admin/help").text), "back": "/admin/audit?object=票"}
    answer = visitor.send("/admin/language", given, HX_Request="true")
    assert answer.headers["HX-Redirect"] == "/admin/audit?object=%E7%A5%A8"


@pytest.mark.parametrize("key", ["a\0b", "鍵", "k" * 5000, ""])
def test_a_form_with_a_number_that_we_never_made_still_acts_once(app: Flask, key: str) -> None:
    visitor = tenant_visitor(app)
    given = {**tokens(visitor.get("/admin/help").text), "once_key": key, "hideSmallGroups": "1"}
    answer = visitor.send("/admin/settings/tenant", given)
    assert answer.status_code == 303
    assert "已隱藏小群組" in visitor.text("/admin/settings/tenant")


@pytest.mark.parametrize("number", ["9" * 5000, "0" * 5000, "00000001" + "9" * 5000, "٣", "-1"])
def test_a_page_of_a_list_that_cannot_be_is_refused(app: Flask, number: str) -> None:
    assert make_visitor(app).get(f"/admin/audit?page={number}").status_code == 400
