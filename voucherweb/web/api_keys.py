"""Keys of partners' servers: listed, shown, made, rotated and revoked (contract B). A tenant's
admin looks after the tenant's, a platform admin after the platform's own."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from flask import Blueprint, Response, url_for
from wtforms import RadioField, StringField

from voucherweb.domain.actor import Actor
from voucherweb.domain.paging import SortSpec
from voucherweb.errors import invalid, refuse
from voucherweb.models import ApiKey
from voucherweb.services import api_key_lists, api_keys, certification
from voucherweb.services.actor_names import actor_names
from voucherweb.services.api_key_lists import KeyFilter
from voucherweb.services.api_keys import IssuedKey
from voucherweb.web import listing, sandbox_words
from voucherweb.web.forms import Done, Form, attempt
from voucherweb.web.language import Text, is_english, with_aside
from voucherweb.web.listing import Listing
from voucherweb.web.page import ADMINS, page, say
from voucherweb.web.partner_words import SCOPES, read_scopes, scope_field, scope_names
from voucherweb.web.rendering import confirm, render

api_key_pages: Final = Blueprint("api_keys", __name__, url_prefix="/admin/partners/keys")

SORT: Final = SortSpec(tuple(api_key_lists.SORT), "createTime", "desc")
KINDS: Final = {
    api_keys.LIVE: Text("正式", "Live"),
    api_keys.SANDBOX: Text("沙盒", "Sandbox"),
}
KIND_HINTS: Final = {
    api_keys.LIVE: Text("操作真正的會員、點數與票券。", "Works on the real members and coupons."),
    api_keys.SANDBOX: Text(
        "操作一份獨立的測試資料，可以要求模擬錯誤，也能驗證串接是否正確；不影響任何真正的會員。",
        "Works on data of its own, may ask for made-up faults, and shows whether an integration is"
        " right. No real member is touched.",
    ),
}
STATES: Final = {
    "active": Text("有效", "In force"),
    "revoked": Text("已撤銷", "Revoked"),
}
SHOWN_ONCE: Final = Text(
    "密鑰只顯示一次，已經顯示過了。遺失時請更換密鑰。",
    "A secret is shown once, and this one was. If it is lost, rotate the key.",
)


class KeyForm(Form):
    name = StringField(Text("名稱", "Name"))
    scopes = scope_field()


class TenantKeyForm(KeyForm):
    kind = RadioField(Text("環境", "Environment"), validate_choice=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = list(KINDS.items())


class RotateForm(Form):
    overlap_hours = StringField(
        Text("舊密鑰再保留幾小時", "Hours that the present secret still holds")
    )

    def overlap(self) -> timedelta:
        typed = (self.overlap_hours.data or "").strip()
        if not (typed.isascii() and typed.isdecimal() and len(typed) <= 4):
            raise invalid("overlap_hours", "must be from 0 to 720", "須為 0 到 720")
        return timedelta(hours=int(typed))


def _home(key_id: uuid.UUID) -> str:
    return url_for("api_keys.show", key_id=key_id)


def _read(wanted: Listing) -> KeyFilter:
    kind, state = wanted.get("kind"), wanted.get("state")
    for name, value, known in (("kind", kind, KINDS), ("state", state, STATES)):
        if value is not None and value not in known:
            raise invalid(name, "is not one of the choices", "不是可選的項目")
    return KeyFilter(wanted.get("keyword"), kind, None if state is None else state == "revoked")


@page(api_key_pages, "", roles=ADMINS)
def index(actor: Actor) -> Response:
    wanted = listing.read(SORT, ("keyword", "kind", "state"))
    rows, wanted.total = api_key_lists.key_page(actor, _read(wanted), wanted.asked)
    listing.chip(wanted, "keyword")
    listing.chip(wanted, "kind", KINDS)
    listing.chip(wanted, "state", STATES)
    return render(
        "api_keys/index.html",
        rows=[(one, scope_names(one.scopes)) for one in rows],
        all_scopes=len(SCOPES),
        rotating=api_key_lists.rotating(rows),
        list=wanted,
        kinds=KINDS,
        states=STATES,
        address=wanted.address,
    )


@page(api_key_pages, "/new", roles=ADMINS, methods=("GET", "POST"))
def add(actor: Actor) -> Response:
    form = KeyForm() if actor.is_platform else TenantKeyForm()
    if not form.sent:
        form.scopes.data = [one.value for one in SCOPES]
        if not actor.is_platform:
            form.kind.data = api_keys.LIVE

    def make() -> IssuedKey:
        sandbox = False if actor.is_platform else _wants_sandbox(form.kind)
        scopes = read_scopes(form.scopes)
        return api_keys.create_key(
            actor, actor.tenant_id, form.name.data or "", scopes, sandbox=sandbox
        )

    said = Text("已建立金鑰「{}」。", "The key “{}” was made.").format(form.name.data or "")
    answer = _hand_over(form, actor, make, said, None)
    return answer or render(
        "api_keys/form.html",
        status=form.status,
        form=form,
        scopes=SCOPES,
        kind_hints=KIND_HINTS,
    )


def _wants_sandbox(field: RadioField) -> bool:
    if field.data not in KINDS:
        raise invalid("kind", "is not one of the choices", "不是可選的項目")
    return bool(field.data == api_keys.SANDBOX)


def _hand_over(
    form: Form,
    actor: Actor,
    make: Callable[[], IssuedKey],
    said: Text,
    overlap: Callable[[], timedelta] | None,
) -> Response | None:
    """Make a secret and show it in this very answer: it is kept nowhere. None when nothing was
    sent or it was refused. `overlap` is told of a key that had a secret before."""
    made: list[IssuedKey] = []

    def act() -> Done:
        made.append(make())
        return _home(made[0].id), said

    answer = attempt(form, actor, act) if form.sent else None
    if answer is None:
        return None
    if not made:
        say(SHOWN_ONCE, "warning")
        return answer
    return render(
        "api_keys/secret.html",
        issued=made[0],
        kept=overlap() if overlap else None,
        back=_home(made[0].id),
    )


@page(api_key_pages, "/<uuid:key_id>", roles=ADMINS)
def show(actor: Actor, key_id: uuid.UUID) -> Response:
    key = api_key_lists.own_key(actor, key_id)
    by = [one for one in (key.created_by, key.revoked_by) if one]
    return render(
        "api_keys/show.html",
        key=key,
        kinds=KINDS,
        kind_hints=KIND_HINTS,
        scopes=[(name, what) for one, (name, what) in SCOPES.items() if one in key.scopes],
        secrets=api_key_lists.secrets_of(key),
        names=actor_names(by, english=is_english()),
        faults=sandbox_words.FAULT_WORDS,
    )


@page(api_key_pages, "/<uuid:key_id>/certification", roles=ADMINS)
def certification_of(actor: Actor, key_id: uuid.UUID) -> Response:
    """What the calls of a sandbox key show about the integration that made them."""
    key = api_key_lists.own_key(actor, key_id)
    if key.kind != api_keys.SANDBOX:
        raise refuse("NOT_EXIST")
    return render(
        "api_keys/certification.html",
        key=key,
        report=certification.certify(key),
        most=certification.MOST_CALLS,
    )


def _called(key: ApiKey) -> Text:
    return with_aside(key.name, key.key)


@page(api_key_pages, "/<uuid:key_id>/rotate", roles=ADMINS, methods=("GET", "POST"))
def rotate(actor: Actor, key_id: uuid.UUID) -> Response:
    form = RotateForm()
    key = api_key_lists.own_key(actor, key_id)
    if not form.sent:
        hours = api_keys.DEFAULT_OVERLAP // timedelta(hours=1)
        form.overlap_hours.data = str(hours)
    called, public = key.name, key.key

    def make() -> IssuedKey:
        return api_keys.rotate_key(actor, public, form.overlap())

    said = Text("已更換「{}」的密鑰。", "The secret of “{}” was rotated.").format(called)
    answer = _hand_over(form, actor, make, said, form.overlap)
    return answer or render(
        "api_keys/rotate.html",
        status=form.status,
        form=form,
        key=api_key_lists.own_key(actor, key_id),
        most=api_keys.MAX_OVERLAP // timedelta(hours=1),
    )


@page(api_key_pages, "/<uuid:key_id>/revoke", roles=ADMINS, methods=("GET", "POST"))
def revoke(actor: Actor, key_id: uuid.UUID) -> Response:
    form = Form()
    key = api_key_lists.own_key(actor, key_id)
    # Read now: a refusal below ends the unit of work that the row belongs to.
    called, public, whole = key.name, key.key, _called(key)

    def act() -> Done:
        api_keys.revoke_key(actor, public)
        said = Text("已撤銷金鑰「{}」。", "The key “{}” was revoked.")
        return _home(key_id), said.format(called)

    answer = attempt(form, actor, act) if form.sent else None
    return answer or confirm(
        Text("撤銷金鑰「{}」？", "Revoke the key “{}”?").format(whole),
        [
            Text(
                "使用這把金鑰的系統會立即無法呼叫 Open API：它的所有密鑰與權杖同時失效。",
                "The system that uses this key can call the Open API no more, at once: all of its"
                " secrets and tokens end.",
            ),
            Text(
                "撤銷後不能復原；要恢復串接，需建立新的金鑰並換到對方系統。"
                "已完成的交易與票券不受影響。",
                "This cannot be undone: to connect again, make a new key and put it into that"
                " system. Transactions and coupons stay as they are.",
            ),
        ],
        Text("撤銷金鑰", "Revoke the key"),
        form=form,
        back=_home(key_id),
        danger=True,
    )
