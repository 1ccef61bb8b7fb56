"""Holds every answer of every test against the OpenAPI documents of the application.

The client refuses what the document does not tell: an unknown status, a field that is missing, of
another type, or not described at all.
"""

import copy
from functools import cache
from typing import Any

import jsonschema_rs
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from voucherweb.api import openapi
from voucherweb.api.partner import openapi as partner_openapi
from voucherweb.api.partner.blueprint import PREFIXES

EVERYWHERE = {404, 405, 413, 500}
"""Statuses that the envelope promises for any address, told or not."""


class CheckedClient(FlaskClient):
    """A test client that fails the test when an answer breaks the documented shape."""

    def open(self, *args: Any, **options: Any) -> TestResponse:
        # Each request gets an application context of its own, as on a server: what one request
        # knows of its caller must not be known to the next.
        with self.application.app_context():
            answer = super().open(*args, **options)
        check(self.application, answer)
        return answer


def check(app: Flask, answer: TestResponse) -> None:
    """Compare one answer with the document; addresses it does not tell are left alone."""
    request = answer.request
    path = _template(app, request.method, request.path)
    operation = told()["paths"].get(path, {}).get(request.method.lower())
    if operation is None:
        return
    status = str(answer.status_code)
    if answer.status_code in EVERYWHERE and not _is_partners(path, status):
        return
    assert status in operation["responses"], f"{request.method} {path} does not tell {status}"
    if answer.mimetype in operation["responses"][status]["content"] and answer.is_json:
        validator(path, request.method.lower(), status).validate(answer.json)
        return
    assert answer.mimetype in operation["responses"][status]["content"], answer.mimetype


def _template(app: Flask, method: str, path: str) -> str:
    """The path as the document writes it: `/jobs/{id}`."""
    try:
        rule, _ = app.url_map.bind("localhost").match(path, method=method, return_rule=True)
    except HTTPException:
        return path
    return partner_openapi.template(str(rule.rule))


def _is_partners(path: str, status: str) -> bool:
    """Whether contract B tells that status for the path."""
    methods = partner_told()["paths"].get(path, {}).values()
    return any(status in one["responses"] for one in methods)


@cache
def told() -> dict[str, Any]:
    """Both contracts, closed: nothing may be answered that they do not describe. The components
    are contract A's; what the two call alike is told apart by the path, see `validator`."""
    answers = ("Data", "Row", "Info", "Pagination", "Sorter")
    found = copy.deepcopy(openapi.document(english=True))
    for name, schema in found["components"]["schemas"].items():
        if name.endswith(answers) and "properties" in schema:
            schema["additionalProperties"] = False
    return {**found, "paths": {**found["paths"], **partner_told()["paths"]}}


@cache
def partner_told() -> dict[str, Any]:
    """Contract B, closed."""
    found = copy.deepcopy(partner_openapi.document(english=True))
    for name, schema in found["components"]["schemas"].items():
        if not name.endswith("Request"):
            _close(schema)
    return found


def _close(schema: Any) -> None:
    """What says which properties it has has no others."""
    if isinstance(schema, list):
        for one in schema:
            _close(one)
    elif isinstance(schema, dict):
        if "properties" in schema:
            schema["additionalProperties"] = False
        for one in schema.values():
            _close(one)


@cache
def validator(path: str, method: str, status: str) -> jsonschema_rs.Draft202012Validator:
    document = partner_told() if path.startswith(PREFIXES) else told()
    answer = document["paths"][path][method]["responses"][status]
    schema = answer["content"]["application/json"]["schema"]
    return jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]})
