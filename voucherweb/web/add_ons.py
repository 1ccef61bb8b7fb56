"""Add-ons of a tenant: registered, changed, enabled and disabled by its admins (contract B).
Opening one is in `add_on_frame`."""

import json
import uuid
from datetime import datetime
from typing import Any, Final

from flask import Blueprint, Response, url_for
from wtforms import StringField, TextAreaField

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.errors import invalid
from voucherweb.models import AddOn
from voucherweb.services import add_ons
from voucherweb.services.add_ons import AddOnTerms, Plan, PlanStatus
from voucherweb.web import local_times
from voucherweb.web.forms import Done, Form, attempt
from voucherweb.web.language import Text
from voucherweb.web.page import TENANT, page
from voucherweb.web.partner_words import (
    SCOPES,
    need_scopes,
    scope_field,
    scope_names,
)
from voucherweb.web.rendering import confirm, render

add_on_pages: Final = Blueprint("add_ons", __name__, url_prefix="/admin/partners/add-ons")

PLANS: Final = {
    PlanStatus.PENDING: Text("尚未開始", "Not begun"),
    PlanStatus.ACTIVE: Text("有效", "Running"),
    PlanStatus.EXPIRED: Text("已到期", "Expired"),
}


class AddOnForm(Form):
    """Named as the services name what they refuse."""

    name = StringField(Text("名稱", "Name"))
    url = StringField(Text("網址", "Address"))
    plan = StringField(Text("方案", "Plan"))
    plan_start = StringField(Text("方案開始", "Plan begins"))
    plan_end = StringField(Text("方案結束", "Plan ends"))
    config = TextAreaField(Text("設定（JSON）", "Configuration (JSON)"))
    scopes = scope_field()
    kept: AddOn | None = None

    def terms(self) -> AddOnTerms:
        """What was typed; raises INVALID_PARAMETER."""
        kept = self.kept
        plan = Plan(
            self.plan.data or "",
            self._moment("plan_start", kept.plan_start if kept else None),
            self._moment("plan_end", kept.plan_end if kept else None),
        )
        return AddOnTerms(
            name=self.name.data or "",
            url=self.url.data or "",
            plan=plan,
            config=_config(self.config.data or ""),
            scopes=need_scopes(self.scopes),
        )

    def _moment(self, name: str, kept: datetime | None) -> datetime | None:
        text = str(self[name].data or "").strip()
        return clock.from_millis(local_times.millis(name, text, kept)) if text else None


class NewAddOnForm(AddOnForm):
    code = StringField(Text("代碼", "Code"))


def _config(text: str) -> Any:
    try:
        return json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError):
        raise invalid("config", "is not JSON", "不是 JSON 格式") from None


def _fill(form: AddOnForm, add_on: AddOn) -> None:
    form.name.data, form.url.data, form.plan.data = add_on.name, add_on.url, add_on.plan_name
    for name, moment in (("plan_start", add_on.plan_start), ("plan_end", add_on.plan_end)):
        form[name].data = local_times.typed(moment) if moment else ""
    form.config.data = pretty(add_on.config)
    form.scopes.data = list(add_on.scopes)


def pretty(config: Any) -> str:
    return json.dumps(config, ensure_ascii=False, indent=2) if config else ""


def plan_of(add_on: AddOn) -> PlanStatus:
    return add_ons.plan_status(add_on.plan_start, add_on.plan_end, clock.now())


def _home(add_on_id: uuid.UUID) -> str:
    return url_for("add_ons.show", add_on_id=add_on_id)


@page(add_on_pages, "", roles=TENANT)
def index(actor: Actor) -> Response:
    rows = add_ons.list_add_ons(actor, actor.tenant_id)
    return render(
        "add_ons/index.html", rows=[(one, plan_of(one)) for one in rows], plan_words=PLANS
    )


@page(add_on_pages, "/new", roles=TENANT, methods=("GET", "POST"))
def add(actor: Actor) -> Response:
    form = NewAddOnForm()
    if not form.sent:
        form.plan.data = Plan().name
        form.scopes.data = [one.value for one in SCOPES]

    def act() -> Done:
        made = add_ons.create_add_on(
            actor, actor.tenant_id, (form.code.data or "").strip(), form.terms()
        )
        said = Text("已登記附加元件「{}」。", "The add-on “{}” was registered.")
        return _home(made.id), said.format(made.name)

    answer = attempt(form, actor, act) if form.sent else None
    return answer or _form(form, None)


def _form(form: AddOnForm, add_on: AddOn | None) -> Response:
    return render("add_ons/form.html", status=form.status, form=form, add_on=add_on, scopes=SCOPES)


@page(add_on_pages, "/<uuid:add_on_id>", roles=TENANT)
def show(actor: Actor, add_on_id: uuid.UUID) -> Response:
    add_on = add_ons.get_add_on(actor, add_on_id)
    return render(
        "add_ons/show.html",
        add_on=add_on,
        plan=plan_of(add_on),
        plan_words=PLANS,
        config=pretty(add_on.config),
        scopes=scope_names(add_on.scopes),
    )


@page(add_on_pages, "/<uuid:add_on_id>/edit", roles=TENANT, methods=("GET", "POST"))
def edit(actor: Actor, add_on_id: uuid.UUID) -> Response:
    form = AddOnForm()
    form.kept = add_ons.get_add_on(actor, add_on_id)
    if not form.sent:
        _fill(form, form.kept)

    def act() -> Done:
        changed = add_ons.change_add_on(actor, add_on_id, form.terms())
        said = Text("已儲存附加元件「{}」。", "The add-on “{}” was saved.")
        return _home(add_on_id), said.format(changed.name)

    answer = attempt(form, actor, act) if form.sent else None
    return answer or _form(form, add_ons.get_add_on(actor, add_on_id))


@page(add_on_pages, "/<uuid:add_on_id>/enable", roles=TENANT, methods=("GET", "POST"))
def enable(actor: Actor, add_on_id: uuid.UUID) -> Response:
    form = Form()
    called = add_ons.get_add_on(actor, add_on_id).name

    def act() -> Done:
        add_ons.set_enabled(actor, add_on_id, enabled=True)
        said = Text("已啟用附加元件「{}」。", "The add-on “{}” was enabled.")
        return _home(add_on_id), said.format(called)

    answer = attempt(form, actor, act) if form.sent else None
    return answer or confirm(
        Text("啟用「{}」？", "Enable “{}”?").format(called),
        [
            Text(
                "租戶的管理員可以再開啟它；它會取得新的權杖，範圍與停用前相同。",
                "Your admins can open it again; it gets new tokens with the scopes it had.",
            )
        ],
        Text("啟用附加元件", "Enable the add-on"),
        form=form,
        back=_home(add_on_id),
    )


@page(add_on_pages, "/<uuid:add_on_id>/disable", roles=TENANT, methods=("GET", "POST"))
def disable(actor: Actor, add_on_id: uuid.UUID) -> Response:
    form = Form()
    called = add_ons.get_add_on(actor, add_on_id).name

    def act() -> Done:
        add_ons.set_enabled(actor, add_on_id, enabled=False)
        said = Text("已停用附加元件「{}」。", "The add-on “{}” was disabled.")
        return _home(add_on_id), said.format(called)

    answer = attempt(form, actor, act) if form.sent else None
    return answer or confirm(
        Text("停用「{}」？", "Disable “{}”?").format(called),
        [
            Text(
                "正在使用它的人會立即中斷：它的權杖全部失效，也不能再開啟。",
                "Whoever works with it is cut off at once: all its tokens end, and nobody can open"
                " it.",
            ),
            Text(
                "它做過的交易與發出的票券碼都保留；之後可以重新啟用。",
                "Its transactions and the coupons it gave stay, and you can enable it again.",
            ),
        ],
        Text("停用附加元件", "Disable the add-on"),
        form=form,
        back=_home(add_on_id),
        danger=True,
    )
