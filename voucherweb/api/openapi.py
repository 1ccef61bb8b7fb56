"""OpenAPI 3.1, made from the declared calls (behaviour §10 `/openapi.json`)."""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from voucherweb.api.endpoint import ENDPOINTS, Endpoint, NoBody
from voucherweb.api.examples import EXAMPLES, Step
from voucherweb.api.openapi_schemas import REF, Schema, Schemas, examples_of, object_of
from voucherweb.api.openapi_texts import (
    AUTH_CALLS,
    CHALLENGE,
    IDEMPOTENCY_KEY,
    INFO,
    ROLE_NAMES,
    TAGS,
)
from voucherweb.errors import ERRORS, ErrorCode
from voucherweb.services.idempotency import MAX_KEY

JSON = "application/json"
FAILURE = {"$ref": f"{REF}Failure"}


def calls() -> list[Endpoint]:
    """Every call of the JSON API, in the order in which the examples use them."""
    order = {call: index for index, call in reversed([*enumerate(step.call for step in EXAMPLES)])}
    known = [*AUTH_CALLS, *ENDPOINTS]
    return sorted(known, key=lambda call: order.get((call.method, call.path), len(order)))


def document(*, english: bool) -> Schema:
    """The whole OpenAPI document in one language."""
    schemas = Schemas(_bodies(), _answers())
    paths: dict[str, Schema] = {}
    for call in calls():
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", call.path)
        paths.setdefault(path, {})[call.method.lower()] = _operation(call, schemas, english)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Voucher API" if english else "票券平台 API",
            "version": "1.0.0",
            "description": INFO[english],
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "tags": [{"name": told[english]} for told in TAGS.values()],
        "paths": paths,
        "components": {
            "schemas": {**schemas.components, **_envelope()},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
            "parameters": {"IdempotencyKey": _idempotency_key(english)},
        },
    }


def _bodies() -> list[Any]:
    return [call.body for call in calls() if not call.raw and call.body is not NoBody]


def _answers() -> list[Any]:
    plain = [call.data for call in calls() if call.data is not None]
    return plain + [call.extra["accepted"] for call in calls() if "accepted" in call.extra]


def _operation(call: Endpoint, schemas: Schemas, english: bool) -> Schema:
    steps = [step for step in EXAMPLES if step.call == (call.method, call.path)]
    roles = [ROLE_NAMES[role][english] for role in sorted(call.roles)]
    who = ", ".join(roles) if english else "、".join(roles)
    operation: Schema = {
        "operationId": _operation_id(call.path),
        "tags": [_tag(call)[english]],
        "summary": call.summary[english],
        "description": (f"For {who}." if english else f"限{who}。") if roles else "",
        "security": [{"bearer": []}] if call.roles else [],
        "parameters": _parameters(call),
        "responses": {**_success(call, schemas, steps), **_failures(call, english)},
    }
    if call.method == "POST":
        body = _request(call, schemas, steps)
        if body is not None:
            operation["requestBody"] = body
    return operation


def _tag(call: Endpoint) -> tuple[str, str]:
    module = call.handler.__module__.rpartition(".")[2]
    return TAGS[module] if module in TAGS else TAGS[call.tag]


def _operation_id(path: str) -> str:
    """`/voucher/my-list` is `voucherMyList`."""
    words = re.sub(r"<(?:\w+:)?(\w+)>", r"by-\1", path).strip("/")
    return re.sub(r"\W+(\w)", lambda found: found[1].upper(), words)


def _parameters(call: Endpoint) -> list[Schema]:
    named: list[Schema] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"<(?:\w+:)?(\w+)>", call.path)
    ]
    if call.write:
        named.append({"$ref": "#/components/parameters/IdempotencyKey"})
    return named + list(call.extra.get("parameters", ()))


def _idempotency_key(english: bool) -> Schema:
    return {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY},
        "description": IDEMPOTENCY_KEY[english],
    }


def _request(call: Endpoint, schemas: Schemas, steps: Sequence[Step]) -> Schema | None:
    if "multipart" in call.extra:
        form = call.extra["multipart"]
        return {"required": True, "content": {"multipart/form-data": {"schema": form}}}
    if call.raw or call.body is NoBody:
        return None
    content: Schema = {"schema": schemas.ref(call.body)}
    if steps:
        content["examples"] = examples_of((step.name, step.request) for step in steps)
    required = any(one.is_required() for one in call.body.model_fields.values())
    return {"required": required, "content": {JSON: content}}


def _success(call: Endpoint, schemas: Schemas, steps: Sequence[Step]) -> Schema:
    headers: Schema = {"X-Request-Id": {"schema": {"type": "string"}}}
    if call.write:
        replayed = {"schema": {"const": "true"}, "description": "only on a repeated answer"}
        headers["Idempotent-Replayed"] = replayed
    if "binary" in call.extra:
        content: Schema = {call.extra["binary"]: {}}
    else:
        content = {JSON: {"schema": _answer(call, schemas)}}
        content[JSON] |= _told(steps, 200)
    found: Schema = {"200": {"description": "OK", "headers": headers, "content": content}}
    if "accepted" in call.extra:
        result = object_of(data=schemas.ref(call.extra["accepted"]))
        later = {"schema": object_of(httpCode={"const": 202}, result=result)}
        later |= _told(steps, 202)
        found["202"] = {"description": "Accepted", "content": {JSON: later}}
    return found


def _told(steps: Sequence[Step], status: int) -> Schema:
    told = [(step.name, step.answer) for step in steps if step.answer["httpCode"] == status]
    return {"examples": examples_of(told)} if told else {}


def _answer(call: Endpoint, schemas: Schemas) -> Schema:
    data: Schema = {"type": "object"} if call.data is None else schemas.ref(call.data)
    if call.listed or call.paged:
        data = {"type": "array", "items": data}
    result = {"data": data}
    if call.paged:
        result |= {
            "pagination": {"$ref": f"{REF}Pagination"},
            "sorter": {"$ref": f"{REF}Sorter"},
            "total": {"type": "integer", "minimum": 0},
        }
    return object_of(httpCode={"const": 200}, result=object_of(**result))


def _envelope() -> Schema:
    text = {"type": "string"}
    whole = {"type": "integer"}
    detail = object_of(field=text, reason=text)
    failure = object_of(httpCode=whole, errorMsg=text, message=text, requestId=text)
    failure["properties"]["details"] = {"type": "array", "items": detail}
    return {
        "Failure": failure,
        "Pagination": object_of(current=whole, pageSize=whole, total=whole),
        "Sorter": object_of(field=text, order={"enum": ["asc", "desc"]}),
    }


def codes(call: Endpoint) -> list[ErrorCode]:
    """Every code that the call can answer, its own first."""
    names = list(call.errors)
    if call.roles:
        names += ["UNAUTHORIZED", "FORBIDDEN"]
    if call.method == "POST" and call.path != "/auth/logout":
        names += ["INVALID_PARAMETER", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"]
    if call.write:
        names += ["IDEMPOTENCY_IN_PROGRESS", "IDEMPOTENCY_MISMATCH"]
    names += ["UNAVAILABLE", "INTERNAL"]
    return [ERRORS[name] for name in dict.fromkeys(names)]


def _failures(call: Endpoint, english: bool) -> Schema:
    found: Schema = {}
    ordered = sorted(codes(call), key=lambda one: one.http)
    for status, group in groupby(ordered, key=lambda one: one.http):
        several = list(group)
        described = [f"- `{one.code}` {one.en if english else one.zh}" for one in several]
        told = object_of(
            httpCode={"const": status}, errorMsg={"enum": [one.code for one in several]}
        )
        schema = {"allOf": [FAILURE, told]}
        answer: Schema = {
            "description": "\n".join(described),
            "content": {JSON: {"schema": schema}},
        }
        if status in {429, 503}:
            answer["headers"] = {"Retry-After": {"schema": {"type": "string"}}}
        if status == 401:
            told_how = {"schema": {"type": "string"}, "description": CHALLENGE[english]}
            answer["headers"] = {"WWW-Authenticate": told_how}
        found[str(status)] = answer
    return found
