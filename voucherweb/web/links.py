"""The page of a link that sets a password once. Its address is a secret: it is passed on in no
referrer, kept by no cache, and no log shows it (web/requests.py)."""

from typing import Final

from flask import Blueprint, Response, url_for
from wtforms import PasswordField

from voucherweb.errors import ERRORS, Refusal
from voucherweb.extensions import limiter
from voucherweb.services import links
from voucherweb.transaction import unit_of_work
from voucherweb.web.forms import Form
from voucherweb.web.guessing import slowed
from voucherweb.web.language import Text
from voucherweb.web.page import NOBODY, go, page, say
from voucherweb.web.profile import need_repeated
from voucherweb.web.rendering import render

link_pages: Final = Blueprint("links", __name__, url_prefix=links.PAGE.rstrip("/"))


class NewPasswordForm(Form):
    password = PasswordField(Text("新密碼", "New password"))
    repeat = PasswordField(Text("再輸入一次新密碼", "New password again"))


@page(link_pages, "/<secret>", roles=NOBODY, methods=("GET", "POST"), snapshot=False)
def use(secret: str) -> Response:
    form = NewPasswordForm()
    response = (_set(secret, form) if form.sent else None) or _show(secret, form)
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store, private"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _show(secret: str, form: NewPasswordForm) -> Response:
    """The form, or what to do about a link that opens nothing."""
    try:
        with unit_of_work():
            link = links.read_link(secret)
    except Refusal as refusal:
        if refusal.error is not ERRORS["NOT_EXIST"]:
            raise
        return render("links/gone.html", status=404)
    return render("links/use.html", status=form.status, form=form, link=link)


@limiter.limit("20/minute;200/hour")
def _count() -> None:
    """One try, so that nobody has the server digest passwords without end."""


def _set(secret: str, form: NewPasswordForm) -> Response | None:
    """Set the password and lead to sign-in; None when it was refused."""
    if not slowed(form, _count):
        return None
    try:
        with unit_of_work():
            links.read_link(secret)
            need_repeated(form)
            links.use_link(secret, form.password.data or "")
    except Refusal as refusal:
        form.refuse(refusal)
        return None
    said = Text("密碼已設定，請用它登入。", "Your password is set. Sign in with it.")
    say(said)
    return go(url_for("sign_in.sign_in"))
