"""Puts the admin site together: sign-in, forged-request guard, compression, templates, pages."""

import hashlib
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from flask import (
    Flask,
    Response,
    current_app,
    g,
    get_flashed_messages,
    redirect,
    request,
    url_for,
)
from flask_compress import Compress
from flask_login import LoginManager, current_user
from flask_wtf.csrf import CSRFProtect
from markupsafe import Markup

from voucherweb.domain import clock
from voucherweb.services import site_settings, web_sessions
from voucherweb.services.site_settings import SiteSettings
from voucherweb.web import problems
from voucherweb.web.addresses import address_of
from voucherweb.web.drawing import line_points, table_rows
from voucherweb.web.field_words import field_word
from voucherweb.web.labels import choices, label
from voucherweb.web.language import current_language, t
from voucherweb.web.modules import BLUEPRINTS
from voucherweb.web.navigation import here, navigation
from voucherweb.web.page import ours
from voucherweb.web.rendering import icon_body
from voucherweb.web.shown import FILTERS, settings, today, window_days
from voucherweb.web.templating import by_language
from voucherweb.web.visitor import Visitor

STATIC: Final = Path(__file__).resolve().parent.parent / "static"
ICONS: Final = STATIC / "vendor" / "tabler-icons-3.51.0"
YEAR: Final = 31_536_000
MAX_FORM: Final = 1_000_000
"""Bytes of a form without files; pages that take files say how much they take."""

login = LoginManager()
csrf = CSRFProtect()
compress = Compress()


def register_site(app: Flask) -> None:
    """Everything below `/admin`, and `/` that leads there."""
    app.config.update(
        WTF_CSRF_CHECK_DEFAULT=False,  # The JSON API carries bearer tokens, which no browser sends.
        WTF_CSRF_TIME_LIMIT=None,  # As long as the session: a form may stay open over lunch.
        WTF_CSRF_SSL_STRICT=False,  # The token decides; proxies may drop the referrer.
        # Browsers take a `__Host-` cookie from this very host alone, not from a neighbour's.
        SESSION_COOKIE_NAME="__Host-voucherweb"
        if app.config["SESSION_COOKIE_SECURE"]
        else "voucherweb",
        SESSION_REFRESH_EACH_REQUEST=False,  # The row of the session says how long it lasts.
        MAX_FORM_MEMORY_SIZE=2_000_000,
        COMPRESS_REGISTER=False,
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_BR_LEVEL=4,
        COMPRESS_MIMETYPES=["text/html", "text/css", "text/javascript", "image/svg+xml"],
    )
    login.init_app(app)
    login.session_protection = None  # People change networks; the session's row decides.
    login.user_loader(_visitor)
    csrf.init_app(app)
    compress.init_app(app)
    _teach_templates(app)
    app.before_request(_guard)
    app.after_request(_send)
    app.add_url_rule("/", "root", _root)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    problems.register_page_problems(app)


def _visitor(session_id: str) -> Visitor | None:
    if g.get("database_away", False):
        return None
    person = web_sessions.session_person(session_id)
    return Visitor(person) if person else None


def _guard() -> None:
    if ours(request.path) and request.method not in {"GET", "HEAD", "OPTIONS"}:
        if request.max_content_length is None:
            request.max_content_length = MAX_FORM
        csrf.protect()


def _root() -> Response:
    return redirect(url_for("home.home"), Response=Response)  # type: ignore[return-value]


def _send(response: Response) -> Response:
    """Pages and assets travel compressed; an asset whose address names its content stays a year."""
    if request.endpoint == "static":
        if "v" in request.args or request.path.startswith("/static/vendor/"):
            response.cache_control.no_cache = None
            response.cache_control.public = True
            response.cache_control.max_age = YEAR
            response.cache_control.immutable = True
        return compress.after_request(response)
    has_body = response.status_code != HTTPStatus.NO_CONTENT
    return compress.after_request(response) if has_body and ours(request.path) else response


@lru_cache(maxsize=256)
def _stamp(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def asset(name: str) -> str:
    """The address of a static file, which changes with its content."""
    return _asset(name, request.root_path)


@lru_cache(maxsize=256)
def _asset(name: str, _mounted_at: str) -> str:
    if name.startswith("vendor/"):
        return url_for("static", filename=name)
    return url_for("static", filename=name, v=_stamp(name))


@lru_cache(maxsize=256)
def _icon(name: str) -> Markup:
    return icon_body((ICONS / f"{name}.svg").read_text(encoding="utf-8"))


@lru_cache(maxsize=4096)
def icon(name: str, title: str | None = None, cls: str = "") -> Markup:
    """An outline icon; without a title it is decoration and hidden from screen readers."""
    said = (
        Markup('role="img" aria-label="{}"').format(title)
        if title
        else Markup('aria-hidden="true" focusable="false"')
    )
    return Markup(
        '<svg class="icon {}" width="20" height="20" viewBox="0 0 24 24" fill="none"'
        ' stroke="currentColor" stroke-width="1.75" stroke-linecap="round"'
        ' stroke-linejoin="round" {}>{}</svg>'
    ).format(cls, said, _icon(name))


def _teach_templates(app: Flask) -> None:
    environment = app.jinja_env
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.add_extension("jinja2.ext.do")
    environment.filters.update(FILTERS)
    environment.globals.update(
        t=t,
        label=label,
        choices=choices,
        field_word=field_word,
        asset=asset,
        icon=icon,
        today=today,
        now=clock.now,
        language=current_language,
        window_days=window_days,
        line_points=line_points,
        url_for=address_of,
        table_rows=table_rows,
        navigation=navigation,
        here=here,
        messages=lambda: get_flashed_messages(with_categories=True),
    )
    app.extensions["templates"] = by_language(environment)
    app.context_processor(_person)


def _person() -> dict[str, Any]:
    """`me` is who is signed in, or None, also while nobody can be asked; `pages` the addresses that
    there are."""
    away = g.get("database_away", False)
    known = current_user.is_authenticated if current_user and not away else False
    site = site_settings.read() if ours(request.path) and not away else SiteSettings()
    return {
        "me": current_user.person if known else None,
        "pages": current_app.view_functions,
        "zone": settings().timezone.key,
        "request_id": g.get("request_id", ""),
        "notice": t(site.notice_zh, site.notice_en),
        "support_contact": site.support_contact,
    }
