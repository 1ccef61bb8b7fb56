"""OpenAPI 3.1 for contract B, made from the declared calls."""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

from voucherweb.api.openapi_schemas import (
    REF,
    Schema,
    Schemas,
    examples_of,
    object_of,
    query_parameters,
)
from voucherweb.api.partner import modules  # noqa: F401 - fills CALLS.
from voucherweb.api.partner import openapi_texts as texts
from voucherweb.api.partner.answers import PHRASES
from voucherweb.api.partner.blueprint import PREFIXES
from voucherweb.api.partner.call import ALIAS, CALLS, Call, NoFields
from voucherweb.api.partner.examples import ANYWHERE, EXAMPLES, Step
from voucherweb.api.partner.faults import HEADER as FAULT
from voucherweb.api.partner.faults import faults_of
from voucherweb.api.partner.openapi_names import PUBLISHED
from voucherweb.errors import ERRORS
from voucherweb.services.idempotency import MAX_KEY

JSON: Final = "application/json"
AUTH: Final = PREFIXES[0]
EXCHANGE: Final = f"{AUTH}exchange-token"


def document(*, english: bool) -> Schema:
    """The whole OpenAPI document in one language."""
    schemas = Schemas(_bodies(), _answers(), nulls=True)
    paths: dict[str, Schema] = {}
    for call in ordered_calls():
        told = _operation(call, schemas, english)
        paths.setdefault(template(call.path), {})[call.method.lower()] = told
        if call.alias:
            old = template(call.path.replace(PREFIXES[1], ALIAS))
            paths.setdefault(old, {})[call.method.lower()] = _old(told, call, english)
    tags = dict.fromkeys(_tag(call)[english] for call in ordered_calls())
    return {
        "openapi": "3.1.0",
        "info": {
            "title": texts.TITLE[english],
            "version": "1.0.0",
            "description": texts.INFO[english],
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "tags": [{"name": name} for name in tags],
        "paths": paths,
        "components": {
            "schemas": _components(schemas),
            "securitySchemes": {
                "user": _bearer(texts.USER_TOKEN[english]),
                "connect": _bearer(texts.CONNECT_TOKEN[english]),
            },
            "headers": _headers(english),
            "parameters": {"IdempotencyKey": _idempotency_key(english)},
            "examples": _anywhere(english),
        },
    }


def template(path: str) -> str:
    """The path as the document writes it: `/v2/connect/give/{memberId}`."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path)


def ordered_calls() -> list[Call]:
    """Every call, in the order in which the examples use them."""
    order = {call: index for index, call in reversed([*enumerate(one.call for one in EXAMPLES)])}
    return sorted(CALLS, key=lambda call: order.get((call.method, call.path), len(order)))


def codes(call: Call) -> list[str]:
    """The codes that the call can answer, as contract B spells them, its own first."""
    names = ["NOT_FOUND" if name == "NOT_EXIST" else name for name in call.errors]
    names += ["INVALID_PARAMETER", "UNAUTHORIZED"]
    if call.scope is not None or call.path == EXCHANGE:
        names.append("FORBIDDEN")
    if call.method == "POST":
        names += ["PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"]
    if call.write:
        names += ["IDEMPOTENCY_IN_PROGRESS", "IDEMPOTENCY_MISMATCH"]
    names += ["TOO_MANY_REQUESTS", "UNAVAILABLE", "INTERNAL"]
    if not call.path.startswith(AUTH):
        names.append("TIMEOUT")
    return list(dict.fromkeys(names))


def status_of(code: str) -> int:
    """404 is one word in contract B, whatever it is that is not there."""
    return ERRORS[code].http


def _bodies() -> list[Any]:
    return [call.body for call in CALLS if call.body is not NoFields]


def _answers() -> list[Any]:
    return [call.data for call in CALLS if call.data is not None]


def _components(schemas: Schemas) -> dict[str, Schema]:
    """The published components: lists are added, and parts without a published name are told
    where they stand."""
    lists = {
        f"{call.data.__name__}List": object_of(
            data={"type": "array", "items": schemas.ref(call.data)},
            pagination={"$ref": f"{REF}Pagination"},
        )
        for call in CALLS
        if call.listed and call.data is not None
    }
    inner = {name: one for name, one in schemas.components.items() if name not in PUBLISHED}
    known = {name: one for name, one in schemas.components.items() if name in PUBLISHED}
    whole = {name: _inlined(one, inner) for name, one in known.items()}
    return {**_common(), **whole, **lists}


def _inlined(schema: Any, inner: dict[str, Schema]) -> Any:
    if isinstance(schema, list):
        return [_inlined(one, inner) for one in schema]
    if not isinstance(schema, dict):
        return schema
    name = str(schema.get("$ref", "")).removeprefix(REF)
    if name in inner:
        return _inlined(inner[name], inner)
    return {key: _inlined(value, inner) for key, value in schema.items()}


def _common() -> dict[str, Schema]:
    text, whole = {"type": "string"}, {"type": "integer", "minimum": 0}
    refused = object_of(
        statusCode={"type": "integer"}, error=text, code=text, message=text, requestId=text
    )
    refused["properties"]["details"] = {
        "type": "array",
        "items": object_of(field=text, reason=text),
    }
    return {
        "ErrorResponse": refused,
        "Pagination": object_of(page=whole, size=whole, total=whole, total_pages=whole),
    }


def _operation(call: Call, schemas: Schemas, english: bool) -> Schema:
    steps = [step for step in EXAMPLES if step.call == (call.method, call.path)]
    operation: Schema = {
        "operationId": call.handler.__name__,
        "tags": [_tag(call)[english]],
        "summary": call.summary[english],
        "description": texts.SCOPE[english].format(call.scope) if call.scope else "",
        "security": _security(call),
        "parameters": _parameters(call, steps, english),
        "responses": {
            str(call.status): _success(call, schemas, steps),
            **_refusals(call, steps, english),
        },
    }
    if call.body is not NoFields:
        content: Schema = {"schema": schemas.ref(call.body)}
        done = [(step.name, step.request) for step in steps if step.code is None]
        content["examples"] = examples_of(done)
        required = any(one.is_required() for one in call.body.model_fields.values())
        operation["requestBody"] = {"required": required, "content": {JSON: content}}
    return operation


def _old(told: Schema, call: Call, english: bool) -> Schema:
    """The same call at the address of old clients."""
    said = texts.ALIAS[english].format(template(call.path))
    name = f"{told['operationId']}_v1"
    return {**told, "operationId": name, "deprecated": True, "description": said}


def _tag(call: Call) -> tuple[str, str]:
    return texts.TAGS[call.handler.__module__.rpartition(".")[2]]


def _security(call: Call) -> list[Schema]:
    if call.path == EXCHANGE:
        return [{"user": []}]
    return [] if call.path.startswith(AUTH) else [{"connect": []}]


def _parameters(call: Call, steps: Sequence[Step], english: bool) -> list[Schema]:
    shown = next((one.in_path | one.query for one in steps if one.code is None), {})
    named: list[Schema] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in re.findall(r"<(?:\w+:)?(\w+)>", call.path)
    ]
    named += query_parameters(call.query)
    named = [
        {**one, "example": shown[one["name"]]} if one["name"] in shown else one for one in named
    ]
    if call.write:
        named.append({"$ref": "#/components/parameters/IdempotencyKey"})
    if not call.path.startswith(AUTH):
        named.append(
            {
                "name": FAULT,
                "in": "header",
                "required": False,
                "schema": {"enum": [one.name for one in faults_of(call.errors)]},
                "description": texts.SANDBOX_FAULT[english],
            }
        )
    return named


def _idempotency_key(english: bool) -> Schema:
    return {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY},
        "description": texts.IDEMPOTENCY_KEY[english],
    }


def _headers(english: bool) -> Schema:
    return {
        name: {"description": told[english], "schema": {"type": "string"}}
        for name, told in texts.HEADERS.items()
    }


def _header_refs(*names: str) -> Schema:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _success(call: Call, schemas: Schemas, steps: Sequence[Step]) -> Schema:
    names = ["X-Request-Id"]
    if not call.path.startswith(AUTH):
        names += ["RateLimit", "RateLimit-Policy"]
    if call.write:
        names.append("Idempotent-Replayed")
    schema = {"type": "object"} if call.data is None else schemas.ref(call.data)
    if call.listed and call.data is not None:
        schema = {"$ref": f"{REF}{call.data.__name__}List"}
    told = [(step.name, step.answer) for step in steps if step.code is None]
    return {
        "description": PHRASE_OF_SUCCESS[call.status],
        "headers": _header_refs(*names),
        "content": {JSON: {"schema": schema, "examples": examples_of(told)}},
    }


PHRASE_OF_SUCCESS: Final = {200: "OK", 201: "Created"}


def _refusals(call: Call, steps: Sequence[Step], english: bool) -> Schema:
    found: Schema = {}
    for status, group in groupby(sorted(codes(call), key=status_of), key=status_of):
        several = list(group)
        told = object_of(statusCode={"const": status}, code={"enum": several})
        found[str(status)] = {
            "description": "\n".join(f"- `{one}` {_sentence(one, english)}" for one in several),
            "headers": _header_refs(*_refusal_headers(call, status)),
            "content": {
                JSON: {
                    "schema": {"allOf": [{"$ref": f"{REF}ErrorResponse"}, told]},
                    "examples": _refusal_examples(several, steps, english),
                }
            },
        }
    return found


def _refusal_headers(call: Call, status: int) -> list[str]:
    names = ["X-Request-Id"]
    if status in {409, 429, 503}:
        names.append("Retry-After")
    if status == 401:
        names.append("WWW-Authenticate")
    if not call.path.startswith(AUTH):
        names += ["RateLimit", "RateLimit-Policy", FAULT]
    return names


def _refusal_examples(several: Sequence[str], steps: Sequence[Step], english: bool) -> Schema:
    own = {
        step.name: {"value": step.answer_en if english else step.answer}
        for step in steps
        if step.code in several
    }
    shown = {step.code for step in steps}
    common = {
        code: {"$ref": f"#/components/examples/{code}"} for code in several if code not in shown
    }
    return {**own, **common}


def _anywhere(english: bool) -> Schema:
    return {
        code: {
            "summary": f"{code} {PHRASES[status_of(code)]}",
            "value": told["en" if english else "zh"],
        }
        for code, told in ANYWHERE.items()
    }


def _sentence(code: str, english: bool) -> str:
    return ERRORS[code].en if english else ERRORS[code].zh


def _bearer(description: str) -> Schema:
    return {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": description,
    }
