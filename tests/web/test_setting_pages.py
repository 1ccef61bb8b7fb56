"""Settings of the site and of a tenant."""

import pytest
from flask import Flask

from tests.support import cast
from tests.support.admins import deeds, row
from tests.support.site import Visitor, make_visitor, tenant_visitor
from voucherweb.domain.actor import OPERATOR
from voucherweb.models import Tenant
from voucherweb.services import site_settings
from voucherweb.services.site_settings import SiteSettings
from voucherweb.transaction import unit_of_work

SITE = "/admin/settings"
OWN = "/admin/settings/tenant"
TYPED = {
    "notice_zh": "今晚維護",
    "notice_en": "Maintenance tonight",
    "support_contact": "07-1234567",
    "session_idle_minutes": "60",
    "invite_hours": "24",
    "reset_hours": "2",
}


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return make_visitor(app)


def stored() -> SiteSettings:
    site_settings.forget()
    with unit_of_work():
        return site_settings.read()


def test_every_setting_is_shown_with_its_value(visitor: Visitor) -> None:
    page = visitor.text(SITE)
    for name in (*TYPED, "require_second_factor"):
        assert f'name="{name}"' in page
    assert 'value="720"' in page


def test_settings_are_stored_and_can_be_emptied_again(visitor: Visitor) -> None:
    assert visitor.post(SITE, TYPED).location == SITE
    assert stored() == SiteSettings("今晚維護", "Maintenance tonight", "07-1234567", 60, 24, 2)
    assert "今晚維護" in visitor.text("/admin/vendors")
    visitor.post(SITE, {**TYPED, "notice_zh": "", "notice_en": "", "support_contact": ""})
    assert stored() == SiteSettings("", "", "", 60, 24, 2)


def test_what_another_process_stored_is_shown_at_once(visitor: Visitor) -> None:
    visitor.text(SITE)
    with unit_of_work():
        # As another process does it: this one's copy is not forgotten.
        site_settings._store(OPERATOR, "reset_hours", 3)
    assert 'value="3"' in visitor.text(SITE)


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("session_idle_minutes", "5"),
        ("session_idle_minutes", ""),
        ("invite_hours", "很久"),
        ("reset_hours", "73"),
        ("notice_zh", "字" * 301),
        ("support_contact", "x" * 201),
    ],
)
def test_a_setting_that_cannot_be_changes_none(visitor: Visitor, field: str, typed: str) -> None:
    answer = visitor.post(SITE, {**TYPED, field: typed})
    assert answer.status_code == 400
    assert f'href="#{field}"' in answer.text
    assert "Maintenance tonight" in answer.text
    assert stored() == SiteSettings()
    assert "settings.change" not in deeds()


def test_a_tenant_hides_its_small_groups_and_shows_them_again(app: Flask) -> None:
    visitor = tenant_visitor(app)
    assert visitor.post(OWN, {"hideSmallGroups": "1"}).location == OWN
    assert row(Tenant, visitor.tenant_id).hide_small_groups
    assert "checked" in visitor.text(OWN)
    visitor.post(OWN)
    assert not row(Tenant, visitor.tenant_id).hide_small_groups
    assert deeds().count("tenant.hide_small_groups") == 2


def test_a_tenants_desks_are_told_to_its_own_admin(app: Flask) -> None:
    visitor = tenant_visitor(app)
    own = make_visitor(app, "CLERK", visitor.tenant_id)
    other = make_visitor(app, "CLERK", cast.make_tenant("緯緯醫學"))
    page = visitor.text(OWN)
    assert own.account in page
    assert other.account not in page


def test_each_has_settings_of_its_own_only(app: Flask, visitor: Visitor) -> None:
    admin = tenant_visitor(app)
    clerk = make_visitor(app, "CLERK", admin.tenant_id)
    assert visitor.get(OWN).status_code == 403
    assert admin.get(SITE).status_code == 403
    assert [clerk.get(path).status_code for path in (SITE, OWN)] == [403, 403]


def test_settings_are_explained_in_english_too(app: Flask) -> None:
    assert "Sign out when idle" in make_visitor(app, language="en").text(SITE)
