"""`/openapi.json`, `/openapi-partner.json`, the offline documentation of both at `/docs`, and the
error catalogue at `/docs/errors` (behaviour §10)."""

from functools import lru_cache
from typing import Final

import orjson
from flask import Blueprint, Response, render_template, request, url_for

from voucherweb.api import openapi
from voucherweb.api.envelope import JSON, wants_english
from voucherweb.api.partner import openapi as partner_openapi
from voucherweb.web.error_catalogue import catalogue

docs = Blueprint("docs", __name__)

SWAGGER_UI: Final = "vendor/swagger-ui-5.35.0"
MAKERS: Final = {"management": openapi.document, "partner": partner_openapi.document}
"""What makes each document."""


def _english() -> bool:
    """`?lang=en|zh` wins over the caller's Accept-Language."""
    asked = request.args.get("lang")
    return asked == "en" if asked in {"en", "zh"} else wants_english()


@lru_cache(maxsize=4)
def _document(name: str, english: bool) -> bytes:
    return orjson.dumps(MAKERS[name](english=english))


@docs.get("/openapi.json")
def management() -> Response:
    return _sent("management")


@docs.get("/openapi-partner.json")
def partner() -> Response:
    return _sent("partner")


def _sent(name: str) -> Response:
    response = Response(_document(name, _english()), mimetype=JSON)
    response.add_etag()
    response.cache_control.no_cache = True  # Kept, but asked for again: releases change it.
    response.vary.add("Accept-Language")
    response.make_conditional(request)
    return response


@docs.get("/docs")
def page() -> Response:
    """One of the documents: contract A, or with `?api=partner` contract B."""
    name = "partner" if request.args.get("api") == "partner" else "management"
    return _page(
        "docs/index.html",
        shown=name,
        vendor=url_for("static", filename=SWAGGER_UI),
        source=url_for(f"docs.{name}", lang=_lang()),
    )


@docs.get("/docs/errors")
def errors() -> Response:
    """Every code of both contracts; `/docs/errors#CODE` shows one."""
    return _page("docs/errors.html", shown="errors", contracts=catalogue(_english()))


def _lang() -> str:
    return "en" if _english() else "zh"


def _page(template: str, **values: object) -> Response:
    html = render_template(template, english=_english(), lang=_lang(), **values)
    response = Response(html)
    response.vary.add("Accept-Language")
    return response
