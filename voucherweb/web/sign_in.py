"""Signing in and out of the pages (behaviour §2)."""

from flask import Blueprint, Response, make_response, request, session, url_for
from flask_limiter import RateLimitExceeded
from flask_login import current_user, login_user, logout_user
from wtforms import HiddenField, PasswordField, StringField

from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.errors import ERRORS, Refusal
from voucherweb.extensions import limiter
from voucherweb.services import profile, web_sessions
from voucherweb.transaction import unit_of_work
from voucherweb.web.forms import Form
from voucherweb.web.guessing import too_often
from voucherweb.web.language import COOKIE, EN, ZH, Text
from voucherweb.web.page import EVERYBODY, NOBODY, go, local_path, page, say
from voucherweb.web.rendering import render
from voucherweb.web.shown import settings
from voucherweb.web.visitor import Visitor

sign_in_pages = Blueprint("sign_in", __name__, url_prefix="/admin")

WRONG = Text("帳號、密碼或驗證碼不正確。", "The account, password or code is not right.")
CODE_NEEDED = Text(
    "請輸入驗證器 App 上的 6 位數驗證碼，或一組復原碼。",
    "Enter the 6-digit code of your authenticator app, or a recovery code.",
)


class SignInForm(Form):
    account = StringField(Text("帳號", "Account"))
    password = PasswordField(Text("密碼", "Password"))
    otp = StringField(Text("動態驗證碼", "One-time code"))
    next = HiddenField()


@page(sign_in_pages, "/sign-in", roles=NOBODY, methods=("GET", "POST"), snapshot=False)
def sign_in() -> Response:
    if current_user.is_authenticated and request.method == "GET":
        return go(local_path(request.args.get("next")) or url_for("home.home"))
    form = SignInForm()
    if form.sent:
        answer = _try(form)
        if answer is not None:
            return answer
    elif request.args.get("next"):
        form.next.data = request.args["next"]
    return render("sign_in/index.html", form=form, status=form.status)


def _account() -> str:
    """The account that a sign-in names, so that guessing is throttled per account too."""
    return "account:" + request.form.get("account", "")[:255].strip().lower()


@limiter.limit("20/minute;200/hour")
@limiter.limit("10/minute;100/hour", key_func=_account)
def _open(form: SignInForm) -> web_sessions.OpenedSession:
    with unit_of_work():
        return web_sessions.open_session(
            settings(),
            (form.account.data or "")[:255],
            (form.password.data or "")[:1024],
            (form.otp.data or "").strip()[:64] or None,
            request.headers.get("User-Agent", ""),
            request.remote_addr or "",
        )


def _try(form: SignInForm) -> Response | None:
    try:
        opened = _open(form)
    except RateLimitExceeded:
        too_often(form)
        return None
    except Refusal as refusal:
        if refusal.error.http != 401:
            raise
        form.refusal = refusal
        needs_code = refusal.error is ERRORS["OTP_REQUIRED"]
        form.problems.append(CODE_NEEDED if needs_code else WRONG)
        return None
    # Nothing that was in the cookie before survives: a planted cookie fixes no session.
    session.clear()
    person = web_sessions.session_person(opened.session_id)
    if person is None:
        form.problems.append(WRONG)
        return None
    login_user(Visitor(person))
    session.permanent = True
    start = url_for("desk.desk") if opened.role is Role.CLERK else url_for("home.home")
    return go(local_path(form.next.data) or start)


@page(sign_in_pages, "/sign-in/help", roles=NOBODY)
def help() -> Response:  # noqa: A001 - names the endpoint.
    """What to do without the password, the phone or an account that works."""
    return render("sign_in/help.html")


@page(sign_in_pages, "/sign-out", roles=EVERYBODY, methods=("POST",))
def sign_out(actor: Actor) -> Response:
    with unit_of_work():
        web_sessions.end_session(actor)
    logout_user()
    session.clear()
    say(Text("您已登出。", "You are signed out."))
    return go(url_for("sign_in.sign_in"))


@page(sign_in_pages, "/language", roles=NOBODY, methods=("POST",))
def language() -> Response:
    """Choose a language for this browser; for whoever chose one in the profile, there too, because
    that one goes before the browser's."""
    chosen = EN if request.form.get("language") == EN else ZH
    if current_user.is_authenticated and current_user.language not in {None, chosen}:
        with unit_of_work():
            profile.set_language(current_user.actor, chosen)
    response = make_response(go(local_path(request.form.get("back")) or url_for("home.home")))
    response.set_cookie(
        COOKIE,
        chosen,
        max_age=31_536_000,
        httponly=True,
        samesite="Lax",
        secure=(settings().public_url or "").startswith("https://"),
    )
    return response
