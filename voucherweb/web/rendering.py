"""Renders a page whole, or only the part of it that htmx asked for: one address, one template.

A part is a block `part_<id>`, with `_` for `-`, around the element with that id. Macros are there
for every block without an import: a block that is rendered alone has not run its template's.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from flask import Response, current_app, get_flashed_messages, request
from jinja2 import Environment
from markupsafe import Markup

from voucherweb.errors import ERRORS, Refusal
from voucherweb.web.forms import Form
from voucherweb.web.language import Text, current_language
from voucherweb.web.listing import Listing
from voucherweb.web.page import current_page, go

PART: Final = "part_"


def wanted_part() -> str | None:
    """The id of the element that htmx will replace, when it asks for a part of a page."""
    if request.headers.get("HX-Request-Type") != "partial":
        return None
    return request.headers.get("HX-Target", "").partition("#")[2] or None


def environments() -> Mapping[str, Environment]:
    """Where templates are compiled, by language."""
    found: Mapping[str, Environment] = current_app.extensions["templates"]
    return found


def render(template: str, status: int = 200, **context: Any) -> Response:
    """The page, or the part of it that was asked for, with the messages that wait to be said. Of a
    list that has become shorter than the page that was asked for, the last page."""
    listed = context.get("list")
    if isinstance(listed, Listing) and listed.asked.current > listed.pages:
        return go(listed.url(page=listed.pages))
    environment = environments()[current_language()]
    found = environment.get_template(template)
    current_app.update_template_context(context)
    part = wanted_part()
    block = found.blocks.get(PART + part.replace("-", "_")) if part else None
    if block is None:
        html = found.render(context)
    else:
        html = environment.concat(block(found.new_context(context)))
        html += _spoken(environment)
    response = Response(html, status=status, mimetype="text/html")
    if block is not None and "address" in context and request.method == "GET":
        response.headers["HX-Push-Url"] = context["address"]
    response.vary.update(("HX-Request-Type", "HX-Target", "Accept-Language", "Cookie"))
    response.headers["Cache-Control"] = "no-store, private"
    return response


def _spoken(environment: Environment) -> str:
    """Waiting messages beside a part: they go where messages are shown."""
    messages = get_flashed_messages(with_categories=True)
    if not messages:
        return ""
    return environment.get_template("layout/messages_beside.html").render(messages=messages)


def confirm(
    title: Text,
    says: Sequence[Text],
    button: Text,
    *,
    form: Form,
    back: str,
    danger: bool = False,
) -> Response:
    """Asks before an action: what will change for whom, and whether it can be undone. A page of
    its own, or the content of the dialog on the page that is open. The form posts to the same
    address; its fields, if any, are shown."""
    return render(
        "confirm.html",
        status=form.status,
        title=title,
        says=says,
        button=button,
        form=form,
        back=back,
        danger=danger,
    )


def refused(refusal: Refusal, *, stale: bool = False) -> Response:
    """A page, or a message beside the one that is open, that says why something was refused and
    what can be done. `stale`: the form's guard against forged requests no longer fits."""
    beside = request.headers.get("HX-Request") == "true"
    template = "errors/beside.html" if beside else "errors/refused.html"
    response = render(
        template, status=refusal.error.http, refusal=refusal, stale=stale, **_ways_on(refusal)
    )
    if beside:
        # What is on the screen stays; the refusal goes where messages are shown.
        response.headers["HX-Retarget"] = "#messages"
        response.headers["HX-Reswap"] = "beforeend"
        response.headers["HX-Push-Url"] = "false"
    if refusal.retry_after is not None:
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def _ways_on(refusal: Refusal) -> dict[str, str | None]:
    """Where to go from a page that was refused: to its list without the filters that cannot be, or
    to the page that one came from."""
    asked_for = request.method == "GET" and request.query_string
    if asked_for and refusal.error is ERRORS["INVALID_PARAMETER"]:
        return {"unfiltered": request.path}
    came_from = current_page()
    elsewhere = came_from and came_from.partition("?")[0] != request.path
    return {"back": came_from if elsewhere else None}


@lru_cache(maxsize=256)
def icon_body(source: str) -> Markup:
    """What stands between the `svg` tags of an icon file."""
    return Markup(source[source.index(">") + 1 : source.rindex("</svg>")])  # noqa: S704 - our own files
