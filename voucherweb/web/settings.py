"""Settings: what the platform may change while the site runs, and what a tenant chooses."""

from dataclasses import asdict
from typing import Any, Final

from flask import Blueprint, Response, url_for
from wtforms import BooleanField, StringField, TextAreaField

from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.domain.paging import PageRequest
from voucherweb.domain.small_groups import SMALL
from voucherweb.services import admins, site_settings, tenants
from voucherweb.services.admins import AdminFilter
from voucherweb.web.forms import Done, Form, attempt
from voucherweb.web.language import Text
from voucherweb.web.page import PLATFORM, TENANT, page
from voucherweb.web.rendering import render

setting_pages = Blueprint("settings", __name__, url_prefix="/admin/settings")

MOST_CLERKS: Final = 100


class SiteForm(Form):
    """Named as the settings are."""

    notice_zh = TextAreaField(Text("公告（繁體中文）", "Notice in Chinese"))
    notice_en = TextAreaField(Text("公告（英文）", "Notice in English"))
    support_contact = StringField(Text("聯絡方式", "Whom to ask"))
    session_idle_minutes = StringField(Text("閒置登出", "Sign out when idle"))
    invite_hours = StringField(Text("邀請連結效期", "Invitations last"))
    reset_hours = StringField(Text("重設密碼連結效期", "Password links last"))
    require_second_factor = BooleanField(
        Text("平台管理員必須使用兩步驟驗證", "Platform admins need two-step sign-in")
    )

    def values(self) -> dict[str, object]:
        """Every setting as typed: an emptied text is a setting too."""
        return {one.name: "" if one.data is None else one.data for one in self.typed()}


class TenantSettingsForm(Form):
    hideSmallGroups = BooleanField(Text("隱藏小群組", "Hide small groups"))  # noqa: N815 - as on the wire


@page(setting_pages, "", roles=PLATFORM, methods=("GET", "POST"))
def platform(actor: Actor) -> Response:
    form = SiteForm()
    if not form.sent:
        site_settings.forget()  # What another process has stored a moment ago counts here.
        _fill(form, asdict(site_settings.read()))

    def act() -> Done:
        site_settings.change(actor, form.values())
        return url_for("settings.platform"), Text(
            "已儲存設定，5 秒內對所有人生效。",
            "The settings are saved and hold for everybody within 5 seconds.",
        )

    answer = attempt(form, actor, act) if form.sent else None
    return answer or render("settings/platform.html", form=form, status=form.status)


def _fill(form: SiteForm, values: dict[str, Any]) -> None:
    for one in form.typed():
        value = values[one.name]
        one.data = value if isinstance(value, bool) else str(value)


@page(setting_pages, "/tenant", roles=TENANT, methods=("GET", "POST"))
def tenant(actor: Actor) -> Response:
    form = TenantSettingsForm()

    def act() -> Done:
        changed = tenants.set_hide_small_groups(actor, bool(form.hideSmallGroups.data))
        said = (
            Text("已隱藏小群組。", "Small groups are hidden now.")
            if changed.hide_small_groups
            else Text("已顯示所有群組。", "All groups are shown now.")
        )
        return url_for("settings.tenant"), said

    answer = attempt(form, actor, act) if form.sent else None
    if answer:
        return answer
    own = tenants.get_tenant(actor, actor.tenant_id)
    if not form.sent:
        form.hideSmallGroups.data = own.hide_small_groups
    asked = PageRequest(1, MOST_CLERKS, "account", descending=False)
    clerks, count = admins.list_admins(actor, AdminFilter(role=Role.CLERK, state="active"), asked)
    return render(
        "settings/tenant.html",
        form=form,
        status=form.status,
        tenant=own,
        small=SMALL,
        clerks=[one[0] for one in clerks],
        clerk_count=count,
    )
