"""Declares a page or an action of the admin site once: its address, its roles, its handler.

A GET runs in one read-only snapshot, rendering included, so that the numbers of one page agree.
A POST runs without: what it changes goes through `forms.attempt`, which commits once.
Every declaration is in `PAGES`, which navigation, tests and pictures read.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask_login import current_user
from werkzeug.urls import iri_to_uri

from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.errors import refuse
from voucherweb.transaction import unit_of_work
from voucherweb.web.language import Text
from voucherweb.web.visitor import Visitor

PLATFORM: Final = frozenset({Role.PLATFORM_ADMIN})
TENANT: Final = frozenset({Role.TENANT_ADMIN})
ADMINS: Final = PLATFORM | TENANT
DESK: Final = frozenset({Role.TENANT_ADMIN, Role.CLERK})
EVERYBODY: Final = PLATFORM | DESK
"""Everybody who is signed in."""
NOBODY: Final[frozenset[Role]] = frozenset()
"""Pages for those who are not signed in."""

ENROL: Final = "profile.second_factor"
"""Where somebody adds a second factor."""

Answer = Response | str
Handler = Callable[..., Answer]


@dataclass(frozen=True, slots=True)
class Page:
    """One address of the admin site. `rule` is Flask's, below `/admin`; `endpoint` is for
    `url_for`; `roles` empty means that one need not be signed in."""

    rule: str
    methods: tuple[str, ...]
    roles: frozenset[Role]
    endpoint: str
    handler: Handler
    snapshot: bool


PAGES: Final[list[Page]] = []


def page(
    blueprint: Blueprint,
    rule: str,
    *,
    roles: frozenset[Role],
    methods: tuple[str, ...] = ("GET",),
    snapshot: bool = True,
) -> Callable[[Handler], Handler]:
    """Register `handler(actor, **values of the address)`; without roles it gets no actor.

    `snapshot=False` is for a GET that streams or opens units of work of its own.
    """

    def register(handler: Handler) -> Handler:
        url = f"{blueprint.url_prefix or ''}{rule}"
        declared = Page(
            url, methods, roles, f"{blueprint.name}.{handler.__name__}", handler, snapshot
        )
        PAGES.append(declared)

        @functools.wraps(handler)
        def view(**values: Any) -> Answer:
            return _run(declared, values)

        blueprint.add_url_rule(rule, handler.__name__, view, methods=list(methods))
        return handler

    return register


def ours(path: str) -> bool:
    """Whether an address belongs to the admin site."""
    return path == "/admin" or path.startswith("/admin/")


def visitor() -> Visitor:
    """Who is signed in; raises UNAUTHORIZED."""
    if not current_user.is_authenticated:
        raise refuse("UNAUTHORIZED")
    found: Visitor = current_user._get_current_object()
    return found


def _run(declared: Page, values: dict[str, Any]) -> Answer:
    arguments: tuple[Actor, ...] = ()
    if declared.roles:
        if not current_user.is_authenticated:
            return to_sign_in()
        actor = visitor().actor
        if actor.role not in declared.roles:
            raise refuse("FORBIDDEN")
        if _must_enrol(declared):
            return go(url_for(ENROL))
        arguments = (actor,)
    if request.method in {"GET", "HEAD"} and declared.snapshot:
        with unit_of_work(snapshot=True):
            return declared.handler(*arguments, **values)
    return declared.handler(*arguments, **values)


def _must_enrol(declared: Page) -> bool:
    """Whether the site asks this platform admin for a second factor before anything else."""
    free = {ENROL, "sign_in.sign_out"}
    return visitor().person.must_enrol and declared.endpoint not in free


def to_sign_in() -> Response:
    """Off to the sign-in page, and back to where one was afterwards."""
    back = request.full_path.rstrip("?") if request.method == "GET" else current_page()
    return go(url_for("sign_in.sign_in", next=back if back != url_for("home.home") else None))


def current_page() -> str | None:
    """The page of ours that an htmx request or a form comes from."""
    parts = _split(request.headers.get("HX-Current-URL") or request.referrer or "")
    return local_path(f"{parts.path}?{parts.query}".rstrip("?")) if parts else None


def go(url: str) -> Response:
    """Go to another page, whoever asks: a browser follows 303, htmx its header. Where the address
    is the page that is open, htmx renews it in place."""
    if request.headers.get("HX-Request") == "true":
        url = iri_to_uri(url)  # A header holds no other letters.
        same = (current_page() or "").partition("?")[0] == url.partition("?")[0]
        return Response(status=204, headers={"HX-Location" if same else "HX-Redirect": url})
    return redirect(url, 303, Response)  # type: ignore[return-value]


def local_path(url: str | None) -> str | None:
    """The url if it leads to a page of ours: nobody is sent elsewhere by a link that he trusts."""
    if not url or "\\" in url or not url.isprintable():
        return None
    parts = _split(url)
    if parts is None or parts.scheme or parts.netloc or not ours(parts.path):
        return None
    return url


def _split(url: str) -> SplitResult | None:
    """The parts of what somebody gave as an address; None when it is none."""
    try:
        return urlsplit(url)
    except ValueError:
        return None


def say(text: Text, kind: str = "success") -> None:
    """Have the next page, or this one's next part, say something: `success`, `warning`, `danger`
    or `info`."""
    flash(str(text), kind)
