"""Admins and clerks on the pages: listed, invited, changed, disabled; each sees only their own."""

import re
import uuid
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from tests.support import cast
from tests.support.admins import deeds, row
from tests.support.mailbox import mailbox
from tests.support.site import Visitor, make_visitor, tenant_visitor, tokens
from voucherweb.config import Settings, SmtpSettings
from voucherweb.models import Admin, AdminLink, AuthSession
from voucherweb.transaction import session, unit_of_work

HERE = "/admin/admins"
LINK = re.compile(r"<code>(http://localhost/admin/link/[\w-]+)</code>")
MEI = {"role": "CLERK", "account": "mei@example.test", "name": "王小美", "desk": "一樓"}


def admin_called(account: str) -> Admin | None:
    with unit_of_work():
        found = session.scalar(select(Admin).where(Admin.account == account))
        if found:
            session.expunge(found)
        return found


def admin_row(visitor: Visitor) -> Admin:
    found: Admin = row(Admin, uuid.UUID(visitor.admin_id))
    return found


def invite(visitor: Visitor, **changes: str) -> str:
    """The page that answers an invitation."""
    typed = {**MEI, **changes}
    answer = visitor.post(f"{HERE}/new", typed, at=f"{HERE}/new?role={typed['role']}")
    assert answer.status_code == 200, answer.status_code
    return str(answer.text)


def colleague(app: Flask, visitor: Visitor, role: str = "CLERK") -> Visitor:
    return make_visitor(app, role, visitor.tenant_id)


def test_the_list_shows_a_tenants_admin_the_own_people_only(app: Flask) -> None:
    tenant, platform = tenant_visitor(app, funded=False), make_visitor(app)
    page = tenant.text(HERE)
    assert tenant.account in page
    assert platform.account not in page
    assert platform.account in platform.text(HERE)
    assert tenant.account in platform.text(HERE)


def test_the_list_is_narrowed_by_word_role_tenant_and_state(app: Flask) -> None:
    platform, tenant = make_visitor(app), tenant_visitor(app, funded=False)
    clerk = colleague(app, tenant)
    for query, found in (
        (f"keyword={clerk.account[-8:]}", [clerk]),
        ("role=CLERK", [clerk]),
        (f"tenant={tenant.tenant_id}", [clerk, tenant]),
        ("state=invited", []),
    ):
        part = platform.part(f"{HERE}?{query}", "list")
        shown = {one.account for one in (platform, tenant, clerk) if f"/{one.admin_id}" in part}
        assert shown == {one.account for one in found}, query


@pytest.mark.parametrize("query", ["role=KING", "state=asleep", "tenant=x", "sort=password"])
def test_a_filter_that_cannot_be_is_refused(app: Flask, query: str) -> None:
    assert make_visitor(app).get(f"{HERE}?{query}").status_code == 400


def test_clerks_and_strangers_are_kept_out(app: Flask) -> None:
    tenant, other = tenant_visitor(app, funded=False), tenant_visitor(app, funded=False)
    assert colleague(app, tenant).get(HERE).status_code == 403
    for place in ("", "/role", "/disable", "/enable", "/link"):
        answer = other.get(f"{HERE}/{tenant.admin_id}{place}")
        assert "API_ERROR.NOT_EXIST" in answer.text, place


def test_an_invitation_shows_its_link_once_and_says_until_when(app: Flask) -> None:
    tenant = tenant_visitor(app, funded=False)
    page = invite(tenant)
    (link,) = LINK.findall(page)
    assert f'data-copy="{link}"' in page
    assert "期限" in page
    assert "沒有寄出電子郵件" in page
    mei = admin_called("mei@example.test")
    assert mei
    assert (str(mei.tenant_id), mei.role, mei.desk) == (tenant.tenant_id, "CLERK", "一樓")
    later = tenant.text(f"{HERE}/{mei.id}")
    assert link not in later
    assert "還沒有設定密碼" in later


def test_an_invitation_that_is_sent_twice_invites_once_and_shows_no_link_again(app: Flask) -> None:
    tenant = tenant_visitor(app, funded=False)
    sent = {**tokens(tenant.text(f"{HERE}/new?role=CLERK")), **MEI}
    first, second = tenant.send(f"{HERE}/new", sent), tenant.send(f"{HERE}/new", sent)
    assert (first.status_code, second.status_code) == (200, 303)
    assert not LINK.search(tenant.text(second.location))
    assert deeds().count("admin.invite_link") == 1


@pytest.mark.parametrize(
    ("typed", "field"),
    [({"account": "x"}, "account"), ({"name": ""}, "name"), ({"desk": "d" * 61}, "desk")],
)
def test_an_invitation_that_cannot_be_keeps_what_was_typed(
    app: Flask, typed: dict[str, str], field: str
) -> None:
    tenant = tenant_visitor(app, funded=False)
    answer = tenant.post(f"{HERE}/new", {**MEI, **typed}, at=f"{HERE}/new?role=CLERK")
    assert answer.status_code == 400
    assert f'href="#{field}"' in answer.text
    assert field == "account" or 'value="mei@example.test"' in answer.text
    assert deeds() == []


def test_the_platform_says_for_which_tenant(app: Flask) -> None:
    platform = make_visitor(app)
    missing = platform.post(f"{HERE}/new", MEI, at=f"{HERE}/new?role=CLERK")
    assert 'href="#tenant"' in missing.text
    assert "請選擇租戶" in missing.text
    tenant_id = cast.make_tenant("緯緯醫學")
    invite(platform, tenant=tenant_id)
    mei = admin_called("mei@example.test")
    assert mei
    assert str(mei.tenant_id) == tenant_id


def test_a_tenants_admin_invites_nobody_to_the_platform_or_elsewhere(app: Flask) -> None:
    tenant, elsewhere = tenant_visitor(app, funded=False), cast.make_tenant("緯緯醫學")
    assert tenant.get(f"{HERE}/new?role=PLATFORM_ADMIN").status_code == 403
    typed = {**MEI, "role": "PLATFORM_ADMIN"}
    assert tenant.post(f"{HERE}/new", typed, at=f"{HERE}/new?role=CLERK").status_code == 403
    invite(tenant, tenant=elsewhere)
    mei = admin_called("mei@example.test")
    assert mei
    assert str(mei.tenant_id) == tenant.tenant_id


def test_a_link_is_mailed_where_there_is_a_mail_server(app: Flask, settings: Settings) -> None:
    tenant = tenant_visitor(app, funded=False)
    with mailbox() as box:
        smtp = SmtpSettings("127.0.0.1", box.port, tls=False, sender="voucher@example.test")
        app.extensions["settings"] = replace(settings, smtp=smtp, public_url="http://localhost")
        try:
            page = invite(tenant)
        finally:
            app.extensions["settings"] = settings
        assert "已寄到 mei@example.test" in page
        assert LINK.findall(page)[0] in box.mail.get_content()


def test_details_of_somebody_are_changed(app: Flask) -> None:
    tenant = tenant_visitor(app, funded=False)
    clerk = colleague(app, tenant)
    place = f"{HERE}/{clerk.admin_id}"
    assert tenant.post(place, {"name": "陳大文", "desk": "二樓"}).location == place
    assert (admin_row(clerk).name, admin_row(clerk).desk) == ("陳大文", "二樓")
    refused = tenant.post(place, {"name": "", "desk": "三樓"})
    assert refused.status_code == 400
    assert 'value="三樓"' in refused.text
    assert admin_row(clerk).desk == "二樓"


def test_another_role_is_given_after_a_question(app: Flask) -> None:
    tenant = tenant_visitor(app, funded=False)
    clerk = colleague(app, tenant)
    place = f"{HERE}/{clerk.admin_id}/role"
    assert "PLATFORM_ADMIN" not in tenant.text(place)
    tenant.post(place, {"role": "TENANT_ADMIN"})
    assert admin_row(clerk).role == "TENANT_ADMIN"
    assert tenant.post(place, {"role": "PLATFORM_ADMIN"}).status_code == 403
    assert tenant.post(place, {"role": "KING"}).status_code == 400
    assert admin_row(clerk).role == "TENANT_ADMIN"


def test_who_leaves_the_platform_goes_to_a_tenant(app: Flask) -> None:
    platform, other, tenant_id = make_visitor(app), make_visitor(app), cast.make_tenant()
    place = f"{HERE}/{other.admin_id}/role"
    missing = platform.post(place, {"role": "TENANT_ADMIN"})
    assert 'href="#tenant"' in missing.text
    assert "請選擇租戶" in missing.text
    assert admin_row(other).role == "PLATFORM_ADMIN"
    platform.post(place, {"role": "TENANT_ADMIN", "tenant": tenant_id})
    assert str(admin_row(other).tenant_id) == tenant_id
    assert other.get("/admin/").location.startswith("/admin/sign-in")


def test_the_last_platform_admin_stays_and_is_told_why(app: Flask) -> None:
    platform, tenant_id = make_visitor(app, language="en"), cast.make_tenant()
    place = f"{HERE}/{platform.admin_id}"
    moved = platform.post(f"{place}/role", {"role": "TENANT_ADMIN", "tenant": tenant_id})
    assert "This is the last platform admin who can sign in" in moved.text
    disabled = platform.post(f"{place}/disable")
    assert "You cannot disable your own account" in disabled.text
    assert (admin_row(platform).role, admin_row(platform).disabled_at) == ("PLATFORM_ADMIN", None)


def test_disabling_asks_first_and_ends_every_session(app: Flask) -> None:
    tenant = tenant_visitor(app, funded=False)
    clerk = colleague(app, tenant)
    place = f"{HERE}/{clerk.admin_id}"
    assert "登入中的裝置（1）" in tenant.part(f"{place}/disable", "dialog-body")
    assert admin_row(clerk).disabled_at is None
    tenant.post(f"{place}/disable")
    assert clerk.get("/admin/profile").location.startswith("/admin/sign-in")
    assert "已停用" in tenant.text(place)
    refused = tenant.post(f"{place}/link")
    assert "請先啟用" in refused.text
    tenant.post(f"{place}/enable")
    assert admin_row(clerk).disabled_at is None


def test_a_new_link_is_shown_in_the_dialog_and_voids_the_earlier_one(app: Flask) -> None:
    tenant = tenant_visitor(app, funded=False)
    (first,) = LINK.findall(invite(tenant))
    mei = admin_called("mei@example.test")
    assert mei
    answer = tenant.post(
        f"{HERE}/{mei.id}/link",
        HX_Request="true",
        HX_Request_Type="partial",
        HX_Target="div#dialog-body",
    )
    assert "<html" not in answer.text
    (second,) = LINK.findall(answer.text)
    assert app.test_client().get(first).status_code == 404
    assert app.test_client().get(second).status_code == 200
    with unit_of_work():
        assert session.query(AdminLink).count() == 1


def test_a_second_factor_is_removed_by_the_platform_only(app: Flask) -> None:
    tenant, platform = tenant_visitor(app, funded=False), make_visitor(app)
    clerk = colleague(app, tenant)
    with unit_of_work():
        session.get_one(Admin, uuid.UUID(clerk.admin_id)).otp_secret = "JBSWY3DPEHPK3PXP"
    place = f"{HERE}/{clerk.admin_id}/second-factor"
    assert "要請平台管理員移除" in tenant.text(f"{HERE}/{clerk.admin_id}")
    assert tenant.get(place).status_code == 403
    assert platform.get(f"{HERE}/{platform.admin_id}/second-factor").status_code == 403
    assert admin_row(clerk).otp_secret
    platform.post(place)
    assert admin_row(clerk).otp_secret is None
    with unit_of_work():
        live = session.query(AuthSession).filter_by(admin_id=uuid.UUID(clerk.admin_id))
        assert all(one.revoked_at for one in live)
