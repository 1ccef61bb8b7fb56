"""Admins and clerks: listed, invited, shown, renamed. What may be done to one of them is in
`admin_deeds`."""

import uuid
from collections.abc import Callable
from typing import Final

from flask import Blueprint, Response, request, url_for
from wtforms import SelectField, StringField

from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.domain.paging import PageRequest, SortSpec
from voucherweb.errors import invalid
from voucherweb.models import Admin
from voucherweb.services import admins, links, mail, tenants, web_sessions
from voucherweb.services.admins import AdminFilter
from voucherweb.services.ids import parse_id
from voucherweb.web import labels, listing
from voucherweb.web.forms import Done, Form, attempt
from voucherweb.web.language import Text, current_language
from voucherweb.web.listing import Listing
from voucherweb.web.page import ADMINS, page, say
from voucherweb.web.rendering import render
from voucherweb.web.shown import settings

admin_pages: Final = Blueprint("admins", __name__, url_prefix="/admin/admins")

SORT: Final = SortSpec(tuple(admins.SORT), "createTime", "desc")
STATES: Final = {
    "active": Text("使用中", "Active"),
    "invited": Text("已邀請", "Invited"),
    "disabled": Text("已停用", "Disabled"),
}
SHOWN_ONCE: Final = Text(
    "連結只顯示一次，已經顯示過了。需要時請產生新的連結。",
    "A link is shown once, and this one was. Make a new one if you need to.",
)
ROLE_HINTS: Final = {
    Role.PLATFORM_ADMIN: Text(
        "管理所有租戶、廠商、額度、會員與管理員。",
        "Manages all tenants, vendors, quota, members and admins.",
    ),
    Role.TENANT_ADMIN: Text(
        "發行與管理一個租戶的票券，看它的統計，邀請它的人員。",
        "Issues and manages one tenant's vouchers, sees its statistics, invites its people.",
    ),
    Role.CLERK: Text("只能在櫃台核銷票券。", "Only writes vouchers off at the desk."),
}


class InviteForm(Form):
    account = StringField(Text("帳號", "Account"))
    name = StringField(Text("姓名", "Name"))
    tenant = SelectField(Text("租戶", "Tenant"), validate_choice=False)
    desk = StringField(Text("核銷櫃台", "Desk"))


class InviteOwnForm(InviteForm):
    """A tenant's admin invites people of the own tenant."""

    tenant = None


class AdminForm(Form):
    name = StringField(Text("姓名", "Name"))
    desk = StringField(Text("核銷櫃台", "Desk"))


def grantable(actor: Actor) -> list[Role]:
    """The roles that the actor may give."""
    return [role for role in labels.ROLES if actor.is_platform or role in admins.TENANT_ROLES]


def tenant_choices() -> list[tuple[str, str]]:
    """All tenants by name, for a platform admin's select field."""
    rows, _ = tenants.list_tenants(None, PageRequest(1, -1, "name", descending=False))
    return [(str(one.id), one.name) for one, _ in rows]


def chosen_tenant(field: SelectField, role: Role) -> uuid.UUID | None:
    """The tenant that was chosen for somebody of a role; raises INVALID_PARAMETER when the role
    belongs to a tenant and none was."""
    if role in admins.TENANT_ROLES and not field.data:
        raise invalid("tenant", "choose the tenant", "請選擇租戶")
    return parse_id(field.data)


def _read_state(wanted: Listing) -> str | None:
    state = wanted.get("state")
    if state is not None and state not in STATES:
        raise invalid("state", "is not one of the choices", "不是可選的項目")
    return state


@page(admin_pages, "", roles=ADMINS)
def index(actor: Actor) -> Response:
    wanted = listing.read(SORT, ("keyword", "role", "tenant", "state"))
    narrowed = AdminFilter(
        wanted.get("keyword"),
        listing.choice_of(wanted, "role", Role),
        _tenant_of(wanted),
        _read_state(wanted),  # type: ignore[arg-type]
    )
    rows, wanted.total = admins.list_admins(actor, narrowed, wanted.asked)
    choices = tenant_choices() if actor.is_platform else []
    listing.chip(wanted, "keyword")
    listing.chip(wanted, "role", labels.LABELS["role"])
    listing.chip(wanted, "tenant", {value: Text(name, name) for value, name in choices})
    listing.chip(wanted, "state", STATES)
    return render(
        "admins/index.html",
        rows=rows,
        list=wanted,
        roles=[(role, labels.ROLES[role]) for role in grantable(actor)],
        states=STATES,
        tenants=choices,
        address=wanted.address,
    )


def _tenant_of(wanted: Listing) -> uuid.UUID | None:
    """The tenant that is filtered by; raises INVALID_PARAMETER."""
    typed = wanted.get("tenant")
    found = parse_id(typed)
    if typed and found is None:
        raise invalid("tenant", "there is no tenant of this id", "沒有此編號的租戶")
    return found


@page(admin_pages, "/new", roles=ADMINS, methods=("GET", "POST"))
def invite(actor: Actor) -> Response:
    form = InviteForm() if actor.is_platform else InviteOwnForm()
    role = _wanted_role(actor)
    if form.tenant is not None:
        form.tenant.choices = tenant_choices()
        if not form.sent:
            form.tenant.data = request.args.get("tenant")

    def make() -> tuple[Admin, str]:
        tenant = chosen_tenant(form.tenant, role) if form.tenant is not None else None
        return links.invite(
            actor,
            role,
            form.account.data or "",
            form.name.data or "",
            tenant if role in admins.TENANT_ROLES else None,
            form.desk.data,
        )

    answer = hand_over(form, actor, make, Text("已邀請 {}。", "{} was invited."))
    return answer or render(
        "admins/invite.html",
        status=form.status,
        form=form,
        role=role,
        hint=ROLE_HINTS[role],
        tabs=[
            (str(labels.ROLES[one]), url_for("admins.invite", role=one), one is role)
            for one in grantable(actor)
        ],
        of_tenant=role in admins.TENANT_ROLES,
    )


def _wanted_role(actor: Actor) -> Role:
    """The role is chosen by address, so that the form asks only for what it needs."""
    typed = request.args.get("role") or request.form.get("role") or Role.TENANT_ADMIN
    try:
        role = Role(typed)
        admins.need_grantable(actor, role)
    except ValueError:
        raise invalid("role", "is not one of the choices", "不是可選的項目") from None
    return role


def hand_over(
    form: Form, actor: Actor, make: Callable[[], tuple[Admin, str]], said: Text
) -> Response | None:
    """Make a link and show it in this very answer: its secret is kept nowhere. None when nothing
    was sent or it was refused."""
    made: list[tuple[str, links.Link, str | None, str]] = []

    def act() -> Done:
        admin, secret = make()
        back = url_for("admins.show", admin_id=admin.id)
        made.append((secret, links.read_link(secret), admin.language, back))
        return back, said.format(admin.account)

    answer = attempt(form, actor, act) if form.sent else None
    if answer is None:
        return None
    if not made:
        say(SHOWN_ONCE, "warning")
        return answer
    secret, link, language, back = made[0]
    public = settings().public_url
    url = links.address(public or request.host_url.rstrip("/"), secret)
    # The host of a request is what somebody says; no mail passes it on.
    mailed = bool(public) and mail.send_link(settings(), link, url, language or current_language())
    return render("admins/link.html", link=link, url=url, mailed=mailed, back=back)


@page(admin_pages, "/<uuid:admin_id>", roles=ADMINS, methods=("GET", "POST"))
def show(actor: Actor, admin_id: uuid.UUID) -> Response:
    admin = admins.get_admin(actor, admin_id)
    form = AdminForm(data={"name": admin.name, "desk": admin.desk})

    def act() -> Done:
        admins.rename(actor, admin_id, form.name.data or "")
        if admin.role in admins.TENANT_ROLES:
            admins.set_desk(actor, admin_id, form.desk.data)
        said = Text("已儲存 {} 的資料。", "The details of {} were saved.").format(admin.account)
        return url_for("admins.show", admin_id=admin_id), said

    answer = attempt(form, actor, act) if form.sent else None
    if answer is not None:
        return answer
    admin = admins.get_admin(actor, admin_id)
    return render("admins/show.html", status=form.status, form=form, **about(actor, admin))


def about(actor: Actor, admin: Admin) -> dict[str, object]:
    """What the page of one admin tells."""
    signed_in = web_sessions.list_sessions(Actor(Role(admin.role), admin.id, admin.tenant_id))
    seen = [one.last_seen_at for one in signed_in if one.last_seen_at]
    return {
        "admin": admin,
        "tenant": tenants.get_tenant(actor, admin.tenant_id) if admin.tenant_id else None,
        "waiting": admins.is_waiting(admin),
        "own": admin.id == actor.id,
        "sessions": len(signed_in),
        "last_seen": max(seen, default=None),
        "may_remove_factor": actor.is_platform and admin.id != actor.id,
        "of_tenant": admin.role in admins.TENANT_ROLES,
    }
