"""`/openapi.json` and the offline documentation at `/docs` (behaviour §10)."""

from functools import lru_cache

import orjson
from flask import Blueprint, Response, render_template, request, url_for

from voucherweb.api.envelope import JSON, wants_english
from voucherweb.api.openapi import document

docs = Blueprint("docs", __name__)

SWAGGER_UI = "vendor/swagger-ui-5.35.0"


def _english() -> bool:
    """`?lang=en|zh` wins over the caller's Accept-Language."""
    asked = request.args.get("lang")
    return asked == "en" if asked in {"en", "zh"} else wants_english()


@lru_cache(maxsize=2)
def _document(english: bool) -> bytes:
    return orjson.dumps(document(english=english))


@docs.get("/openapi.json")
def openapi() -> Response:
    response = Response(_document(_english()), mimetype=JSON)
    response.add_etag()
    response.cache_control.no_cache = True  # Kept, but asked for again: releases change it.
    response.vary.add("Accept-Language")
    response.make_conditional(request)
    return response


@docs.get("/docs")
def page() -> Response:
    english = _english()
    html = render_template(
        "docs/index.html",
        english=english,
        vendor=url_for("static", filename=SWAGGER_UI),
        source=url_for("docs.openapi", lang="en" if english else "zh"),
    )
    response = Response(html)
    response.vary.add("Accept-Language")
    return response
