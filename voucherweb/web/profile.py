"""One's own account: name, password, language, appearance, and where one is signed in."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response, g, request, url_for
from wtforms import HiddenField, PasswordField, RadioField, StringField

from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.errors import invalid, refuse
from voucherweb.services import admins, profile, second_factor, web_sessions
from voucherweb.web.devices import device_name, handheld
from voucherweb.web.forms import Done, Form, attempt, press
from voucherweb.web.guessing import may_guess
from voucherweb.web.language import Text
from voucherweb.web.page import EVERYBODY, page, visitor
from voucherweb.web.rendering import render

profile_pages: Final = Blueprint("profile", __name__, url_prefix="/admin/profile")

HAS_DESK: Final = frozenset({Role.CLERK, Role.TENANT_ADMIN})
NOT_EQUAL: Final = (
    "is not the same as the new password",
    "與新密碼不同",
)


LANGUAGES: Final = (
    ("", Text("依瀏覽器", "As the browser asks")),
    ("zh-TW", Text("繁體中文", "繁體中文")),
    ("en", Text("English", "English")),
)
APPEARANCES: Final = (
    ("", Text("依裝置", "As the device asks")),
    ("light", Text("淺色", "Light")),
    ("dark", Text("深色", "Dark")),
)


class PersonForm(Form):
    """`deed` names the form on a page that has several."""

    deed = HiddenField(default="person")
    name = StringField(Text("姓名", "Name"))
    desk = StringField(Text("核銷櫃台", "Desk"))


class PasswordForm(Form):
    deed = HiddenField(default="password")
    old = PasswordField(Text("目前的密碼", "Current password"))
    password = PasswordField(Text("新密碼", "New password"))
    repeat = PasswordField(Text("再輸入一次新密碼", "New password again"))


class LooksForm(Form):
    deed = HiddenField(default="looks")
    language = RadioField(Text("語言", "Language"), validate_choice=False)
    appearance = RadioField(Text("外觀", "Appearance"), validate_choice=False)


@dataclass(slots=True)
class Forms:
    """The forms of the page; the one that was sent has what was typed."""

    person: PersonForm
    password: PasswordForm
    looks: LooksForm

    @property
    def status(self) -> int:
        return max(self.person.status, self.password.status, self.looks.status)


@page(profile_pages, "", roles=EVERYBODY, methods=("GET", "POST"))
def index(actor: Actor) -> Response:
    forms = _forms()
    deeds: dict[str, Callable[[Actor, Forms], Response | None]] = {
        "person": _keep_person,
        "password": _change_password,
        "looks": _keep_looks,
    }
    if request.method == "POST":
        deed = deeds.get(request.form.get("deed", ""))
        if deed is None:
            raise invalid("deed", "is not one of the choices", "不是可選的項目")
        answer = deed(actor, forms)
        if answer is not None:
            return answer
    return render(
        "profile/index.html",
        status=forms.status,
        forms=forms,
        has_desk=actor.role in HAS_DESK,
        sessions=_sessions(actor),
        press=Form(None),
        second_factor=second_factor.is_on(actor),
        codes_left=second_factor.codes_left(actor),
    )


def _forms() -> Forms:
    """What was sent belongs to one form; the others show what is stored."""
    person, sent = visitor().person, request.form.get("deed")

    def form_data(deed: str) -> object:
        return request.form if sent == deed else None

    looks = LooksForm(
        form_data("looks"),
        data={"language": person.language or "", "appearance": person.appearance or ""},
    )
    looks.language.choices, looks.appearance.choices = LANGUAGES, APPEARANCES
    return Forms(
        PersonForm(form_data("person"), data={"name": person.name, "desk": person.desk}),
        PasswordForm(form_data("password")),
        looks,
    )


def _home() -> str:
    return url_for("profile.index")


def _keep_person(actor: Actor, forms: Forms) -> Response | None:
    def act() -> Done:
        admins.rename(actor, actor.id, forms.person.name.data or "")
        if actor.role in HAS_DESK:
            admins.set_desk(actor, actor.id, forms.person.desk.data)
        return _home(), Text("已儲存個人資料。", "Your details were saved.")

    return attempt(forms.person, actor, act)


def _change_password(actor: Actor, forms: Forms) -> Response | None:
    form = forms.password

    def act() -> Done:
        others = sum(not one.current for one in web_sessions.list_sessions(actor))
        need_repeated(form)
        profile.change_password(actor, form.old.data or "", form.password.data or "")
        return _home(), Text(
            "密碼已變更，並已登出其他 {0} 個裝置。",
            "The password was changed; sign-ins elsewhere were ended: {0}.",
        ).format(others)

    return attempt(form, actor, act) if may_guess(form) else None


def need_repeated(form: Form) -> None:
    """Raises INVALID_PARAMETER when the password was not typed twice alike."""
    if form["password"].data != form["repeat"].data:
        raise invalid("repeat", *NOT_EQUAL)


def _keep_looks(actor: Actor, forms: Forms) -> Response | None:
    form = forms.looks

    def act() -> Done:
        profile.set_language(actor, form.language.data or None)
        profile.set_appearance(actor, form.appearance.data or None)
        if form.language.data:
            g.language = form.language.data  # What is said next is said in the new language.
        return _home(), Text("已儲存語言與外觀。", "Language and appearance were saved.")

    return attempt(form, actor, act)


@dataclass(frozen=True, slots=True)
class Device:
    """One sign-in as the page shows it."""

    session: web_sessions.SessionRow
    name: Text
    handheld: bool
    press: Form


def _sessions(actor: Actor) -> list[Device]:
    """The one in use first."""
    found = sorted(web_sessions.list_sessions(actor), key=lambda one: not one.current)
    return [Device(one, _name(one), handheld(one.user_agent), Form(None)) for one in found]


def _name(one: web_sessions.SessionRow) -> Text:
    if one.last_seen_at is None:
        return Text("程式介面（API）", "JSON API")
    return device_name(one.user_agent)


@page(profile_pages, "/sessions/<uuid:session_id>/end", roles=EVERYBODY, methods=("POST",))
def end_session(actor: Actor, session_id: uuid.UUID) -> Response:
    def act() -> Done:
        if session_id == actor.session_id:
            # Ending the one in use is signing out, which also empties the cookie.
            raise refuse("FORBIDDEN")
        web_sessions.end_session_of(actor, session_id)
        return _home(), Text("已登出該裝置。", "That device was signed out.")

    return press(actor, act)


@page(profile_pages, "/sessions/end-others", roles=EVERYBODY, methods=("POST",))
def end_others(actor: Actor) -> Response:
    def act() -> Done:
        count = web_sessions.end_other_sessions(actor)
        said = Text("已登出其他 {} 個裝置。", "Sign-ins elsewhere were ended: {}.")
        return _home(), said.format(count)

    return press(actor, act)
