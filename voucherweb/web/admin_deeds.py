"""What is done to an admin after a question: another role, disabled, let in again, a new link,
the second factor removed. Each question says what will happen."""

import uuid
from collections.abc import Callable, Sequence
from typing import Final

from flask import Response, url_for
from wtforms import RadioField, SelectField

from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.errors import Detail, invalid, refuse
from voucherweb.models import Admin
from voucherweb.services import admins, links, second_factor
from voucherweb.web.admins import (
    ROLE_HINTS,
    about,
    admin_pages,
    chosen_tenant,
    grantable,
    hand_over,
    tenant_choices,
)
from voucherweb.web.forms import Done, Form, attempt
from voucherweb.web.labels import ROLES
from voucherweb.web.language import Text, with_aside
from voucherweb.web.page import ADMINS, PLATFORM, page
from voucherweb.web.rendering import confirm

WORDS: Final = {
    "is the last platform admin": Text(
        "這是最後一位能登入的平台管理員，不能停用或改變角色。請先邀請另一位平台管理員，等對方設定好密碼。",
        "This is the last platform admin who can sign in, so the role and the account stay. Invite"
        " another platform admin first and wait until the password is set.",
    ),
    "nobody disables himself": Text(
        "不能停用自己的帳號。請由另一位管理員處理。",
        "You cannot disable your own account. Ask another admin.",
    ),
    "is disabled": Text(
        "這個帳號已停用，不能產生連結。請先啟用。",
        "This account is disabled, so no link can be made. Enable it first.",
    ),
}


class DeedForm(Form):
    """Says in whole sentences what the services refuse about the admin."""

    def refuse_field(self, detail: Detail) -> None:
        if detail.field == "admin" and detail.en in WORDS:
            self.problems.append(WORDS[detail.en])
        else:
            super().refuse_field(detail)


class RoleForm(DeedForm):
    role = RadioField(Text("角色", "Role"), validate_choice=False)


class LeavePlatformForm(RoleForm):
    """Who leaves the platform goes to a tenant."""

    tenant = SelectField(Text("租戶", "Tenant"), validate_choice=False)


def _home(admin_id: uuid.UUID) -> str:
    return url_for("admins.show", admin_id=admin_id)


def _called(admin: Admin) -> str | Text:
    return with_aside(admin.name, admin.account) if admin.name else admin.account


def _ask(
    admin_id: uuid.UUID,
    form: Form,
    title: Text,
    says: Sequence[Text],
    button: Text,
    *,
    danger: bool = False,
) -> Response:
    return confirm(title, says, button, form=form, back=_home(admin_id), danger=danger)


def _done(
    form: Form, actor: Actor, admin_id: uuid.UUID, act: Callable[[], Text]
) -> Response | None:
    return attempt(form, actor, lambda: _then(admin_id, act())) if form.sent else None


def _then(admin_id: uuid.UUID, said: Text) -> Done:
    return _home(admin_id), said


@page(admin_pages, "/<uuid:admin_id>/role", roles=ADMINS, methods=("GET", "POST"))
def role(actor: Actor, admin_id: uuid.UUID) -> Response:
    admin = admins.get_admin(actor, admin_id)
    leaves = admin.role == Role.PLATFORM_ADMIN
    form = LeavePlatformForm() if leaves else RoleForm()
    form.role.choices = [(one, ROLES[one]) for one in grantable(actor)]
    if leaves:
        form.tenant.choices = [("", Text("（留在平台時不用選）", "(none while of the platform)"))]
        form.tenant.choices += tenant_choices()
    if not form.sent:
        form.role.data = admin.role
    called = _called(admin)

    def act() -> Text:
        wanted = _role_of(form)
        tenant = chosen_tenant(form.tenant, wanted) if leaves else None
        admins.change_role(actor, admin_id, wanted, tenant)
        return Text("{} 現在是{}。", "{} is now: {}.").format(called, ROLES[wanted])

    if form.sent:
        own = admin_id == actor.id
        answer = attempt(
            form, actor, lambda: (url_for("home.home") if own else _home(admin_id), act())
        )
        if answer is not None:
            return answer
    says = [Text(f"{ROLES[one].zh}：{hint.zh}", f"{ROLES[one].en}: {hint.en}")
            for one, hint in ROLE_HINTS.items() if one in grantable(actor)]  # fmt: skip
    says.append(
        Text(
            "新的角色在對方下一次點按時生效；加入或離開平台時，會在所有裝置登出。",
            "It holds from the next click. Who joins or leaves the platform is signed out of all"
            " devices.",
        )
    )
    if admin_id == actor.id:
        says.append(
            Text(
                "這是您自己的帳號：改變角色後，您可能無法再改回來。",
                "This is your own account: you may not be able to change it back.",
            )
        )
    title = Text("變更 {} 的角色", "Change the role of {}").format(called)
    return _ask(admin_id, form, title, says, Text("變更角色", "Change role"))


def _role_of(form: RoleForm) -> Role:
    try:
        return Role(form.role.data or "")
    except ValueError:
        raise invalid("role", "is not one of the choices", "不是可選的項目") from None


@page(admin_pages, "/<uuid:admin_id>/disable", roles=ADMINS, methods=("GET", "POST"))
def disable(actor: Actor, admin_id: uuid.UUID) -> Response:
    admin = admins.get_admin(actor, admin_id)
    form, called = DeedForm(), _called(admin)
    sessions = about(actor, admin)["sessions"]

    def act() -> Text:
        admins.disable(actor, admin_id)
        return Text("已停用 {}。", "{} was disabled.").format(called)

    return _done(form, actor, admin_id, act) or _ask(
        admin_id,
        form,
        Text("停用 {}？", "Disable {}?").format(called),
        [
            Text(
                "對方之後無法登入；登入中的裝置（{}）會立即登出，還沒用過的邀請或重設連結也會失效。",
                "They cannot sign in any more; signed-in devices ({}) are signed out at once, and"
                " links not used yet are void.",
            ).format(sessions),
            Text(
                "做過的事與紀錄都會保留；之後可以重新啟用。",
                "What they did stays on record, and you can enable the account again.",
            ),
        ],
        Text("停用帳號", "Disable account"),
        danger=True,
    )


@page(admin_pages, "/<uuid:admin_id>/enable", roles=ADMINS, methods=("GET", "POST"))
def enable(actor: Actor, admin_id: uuid.UUID) -> Response:
    form, called = DeedForm(), _called(admins.get_admin(actor, admin_id))

    def act() -> Text:
        admins.enable(actor, admin_id)
        return Text("已啟用 {}。", "{} was enabled.").format(called)

    return _done(form, actor, admin_id, act) or _ask(
        admin_id,
        form,
        Text("啟用 {}？", "Enable {}?").format(called),
        [
            Text(
                "對方可以用原本的密碼再次登入，角色與租戶不變。還沒設定過密碼或忘記密碼時，請接著產生新的連結。",
                "They can sign in with their password again; role and tenant are as before. If they"
                " never set one or forgot it, make a new link afterwards.",
            )
        ],
        Text("啟用帳號", "Enable account"),
    )


@page(admin_pages, "/<uuid:admin_id>/link", roles=ADMINS, methods=("GET", "POST"))
def link(actor: Actor, admin_id: uuid.UUID) -> Response:
    admin = admins.get_admin(actor, admin_id)
    if admin_id == actor.id:
        raise refuse("FORBIDDEN")
    form, called, waiting = DeedForm(), _called(admin), admins.is_waiting(admin)

    def make() -> tuple[Admin, str]:
        secret = links.reset_link(actor, admin_id)
        return admins.get_admin(actor, admin_id), secret

    says = [
        Text(
            "連結只會顯示一次，對方用它設定新的密碼；之前的邀請連結會失效。"
            if waiting
            else "連結只會顯示一次。對方用它設定新的密碼之前，舊密碼照常可用；"
            "設定後，會在所有裝置登出。",
            "The link is shown once; it lets them set their password. Earlier invitations are void."
            if waiting
            else "The link is shown once. Until they use it the old password works; then all of"
            " their devices are signed out.",
        ),
        Text("兩步驟驗證的設定不變。", "Two-step sign-in stays as it is."),
    ]
    title = (
        Text("重新邀請 {}？", "Invite {} again?")
        if waiting
        else Text("產生 {} 的重設密碼連結？", "Make a password reset link for {}?")
    ).format(called)
    answer = hand_over(form, actor, make, Text("已產生 {} 的連結。", "A link for {} was made."))
    return answer or _ask(admin_id, form, title, says, Text("產生連結", "Make link"))


@page(admin_pages, "/<uuid:admin_id>/second-factor", roles=PLATFORM, methods=("GET", "POST"))
def remove_factor(actor: Actor, admin_id: uuid.UUID) -> Response:
    admin = admins.get_admin(actor, admin_id)
    if admin_id == actor.id:
        raise refuse("FORBIDDEN")
    form, called = DeedForm(), _called(admin)

    def act() -> Text:
        second_factor.remove(actor, admin_id)
        return Text("已移除 {} 的兩步驟驗證。", "Two-step sign-in of {} was removed.").format(
            called
        )

    return _done(form, actor, admin_id, act) or _ask(
        admin_id,
        form,
        Text("移除 {} 的兩步驟驗證？", "Remove two-step sign-in of {}?").format(called),
        [
            Text(
                "請先確認真的是本人（例如打電話）：之後只憑密碼就能登入這個帳號。",
                "Make sure it is really them (call them, for instance): from then on the password"
                " alone opens the account.",
            ),
            Text(
                "復原碼全部失效，並在所有裝置登出。對方可以重新設定；您無法復原。",
                "All recovery codes are void and all devices are signed out. They can set it up"
                " again; you cannot undo this.",
            ),
        ],
        Text("移除兩步驟驗證", "Remove it"),
        danger=True,
    )
