"""Signing in with a one-time code too: switched on, its recovery codes, switched off."""

from collections.abc import Callable
from typing import Final

import segno
from flask import Response, request, url_for
from markupsafe import Markup
from wtforms import HiddenField, PasswordField, StringField

from voucherweb.domain.actor import Actor
from voucherweb.errors import invalid
from voucherweb.services import second_factor as factor
from voucherweb.services import site_settings
from voucherweb.web.forms import Done, Form, attempt
from voucherweb.web.guessing import may_guess
from voucherweb.web.language import Text
from voucherweb.web.page import EVERYBODY, go, page, say
from voucherweb.web.profile import profile_pages
from voucherweb.web.rendering import confirm, render

FEW: Final = 3
"""As few recovery codes as call for new ones."""
SHOWN_ONCE: Final = Text(
    "復原碼只顯示一次，已經顯示過了。需要時請更新復原碼。",
    "Recovery codes are shown once, and these were. Renew them if you need to.",
)


class BeginForm(Form):
    deed = HiddenField(default="begin")


class CodeForm(Form):
    deed = HiddenField(default="confirm")
    code = StringField(Text("App 顯示的 6 位數驗證碼", "The app's 6-digit code"))


class NeedPasswordForm(Form):
    password = PasswordField(Text("您的密碼", "Your password"))


@page(profile_pages, "/second-factor", roles=EVERYBODY, methods=("GET", "POST"))
def second_factor(actor: Actor) -> Response:
    """Where the site sends those who must switch it on."""
    form = CodeForm(request.form if request.form.get("deed") == "confirm" else None)
    if request.method == "POST":
        answer = _act(actor, form)
        if answer is not None:
            return answer
    waiting = factor.pending(actor)
    return render(
        "profile/second_factor.html",
        status=form.status,
        form=form,
        begin=BeginForm(None),
        on=factor.is_on(actor),
        left=factor.codes_left(actor),
        few=FEW,
        waiting=waiting,
        picture=qr_code(waiting.uri) if waiting else None,
    )


def _act(actor: Actor, form: CodeForm) -> Response | None:
    deed = request.form.get("deed")
    if deed == "begin":
        return _begin(actor)
    if deed == "confirm":
        return _confirm(actor, form)
    raise invalid("deed", "is not one of the choices", "不是可選的項目")


def _begin(actor: Actor) -> Response:
    form = BeginForm()

    def act() -> Done:
        factor.begin(actor)
        said = Text("請掃描 QR 碼，再輸入驗證碼。", "Scan the code, then enter what the app shows.")
        return url_for("profile.second_factor"), said

    answer = attempt(form, actor, act)
    if answer is None and form.refusal:
        raise form.refusal
    return answer or go(url_for("profile.second_factor"))


def _confirm(actor: Actor, form: CodeForm) -> Response | None:
    said = Text("已啟用兩步驟驗證。", "Two-step sign-in is on.")
    return _hand_out(actor, form, lambda: factor.confirm(actor, form.code.data or ""), said)


def _hand_out(
    actor: Actor, form: Form, make: Callable[[], list[str]], said: Text
) -> Response | None:
    """Make recovery codes and show them in this very answer: they are kept nowhere."""
    if not may_guess(form):
        return None
    codes: list[str] = []

    def act() -> Done:
        codes.extend(make())
        return url_for("profile.second_factor"), said

    answer = attempt(form, actor, act)
    if answer is None or codes:
        return render("profile/codes.html", codes=codes) if codes else None
    say(SHOWN_ONCE, "warning")
    return answer


@page(profile_pages, "/second-factor/renew", roles=EVERYBODY, methods=("GET", "POST"))
def renew_codes(actor: Actor) -> Response:
    form = NeedPasswordForm()
    if form.sent:
        said = Text("已產生新的復原碼。", "There are new recovery codes.")
        password = form.password.data or ""
        answer = _hand_out(actor, form, lambda: factor.renew_recovery_codes(actor, password), said)
        if answer is not None:
            return answer
    return confirm(
        Text("更新復原碼？", "Make new recovery codes?"),
        [
            Text(
                "會產生 10 組新的復原碼，舊的立即失效。新的只會顯示一次。",
                "There will be 10 new recovery codes, shown once; the old ones stop working now.",
            )
        ],
        Text("更新復原碼", "Make new codes"),
        form=form,
        back=url_for("profile.second_factor"),
    )


@page(profile_pages, "/second-factor/off", roles=EVERYBODY, methods=("GET", "POST"))
def switch_off(actor: Actor) -> Response:
    form = NeedPasswordForm()

    def act() -> Done:
        factor.switch_off(actor, form.password.data or "")
        said = Text("已停用兩步驟驗證。", "Two-step sign-in is off.")
        return url_for("profile.second_factor"), said

    answer = attempt(form, actor, act) if form.sent and may_guess(form) else None
    return answer or confirm(
        Text("停用兩步驟驗證？", "Switch two-step sign-in off?"),
        _consequences(actor),
        Text("停用兩步驟驗證", "Switch off"),
        form=form,
        back=url_for("profile.second_factor"),
        danger=True,
    )


def _consequences(actor: Actor) -> list[Text]:
    says = [
        Text(
            "之後只憑密碼就能登入，所有復原碼失效。目前的登入不受影響；之後可以重新啟用。",
            "From then on your password alone opens your account, and all recovery codes are void."
            " Current sign-ins stay; you can switch it on again.",
        )
    ]
    if site_settings.demands_second_factor(actor.role):
        says.append(
            Text(
                "本站要求平台管理員使用兩步驟驗證：停用後，要重新啟用才能使用其他頁面。",
                "This site asks platform admins for it: without it you can use no other page.",
            )
        )
    return says


def qr_code(uri: str) -> Markup:
    """The address as a drawing inside the page, dark on white in either scheme."""
    drawn = segno.make(uri, error="m").svg_inline(
        omitsize=True, svgclass="qr", lineclass=None, dark="#000", light="#fff", border=4
    )
    return Markup(drawn)  # noqa: S704 - drawn by segno; holds numbers only.
