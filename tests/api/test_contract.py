"""The running application against the contract's facts (docs/contract/contract-a.json).

Answers are those of the examples' story; what a call takes is read from its body model and tried
through HTTP.
"""

import copy
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest
from flask import Flask
from pydantic import BaseModel

from tests.support.engines import empty_system
from tests.support.story import Story, play
from voucherweb.api.endpoint import ENDPOINTS, Endpoint
from voucherweb.api.examples import EXAMPLES
from voucherweb.config import Settings
from voucherweb.errors import ERRORS

CONTRACT = Path(__file__).resolve().parents[2] / "docs" / "contract" / "contract-a.json"
CALLS: list[dict[str, Any]] = json.loads(CONTRACT.read_text(encoding="utf-8"))["calls"]
PAGED = [call for call in CALLS if call["answer"] == "page"]
ACTORS = {"PLATFORM_ADMIN": "platform", "TENANT_ADMIN": "admin"}

UPLOAD = {"fileName": "a", "fileType": "mp4"}
PARTS = [{"chunkSize": 1, "md5": "0" * 32, "part": part} for part in (1, 2)]
CONDITIONAL = {
    "totalPart": (UPLOAD | {"isMultipart": True, "parts": PARTS}, 400),
    "parts": (UPLOAD | {"isMultipart": True, "totalPart": 2}, 400),
    "thumbnailTotalPart": ({"isThumbnailMultipart": True, "thumbnailUploadId": "x"}, 400),
    "thumbnailUploadId": ({"isThumbnailMultipart": True, "thumbnailTotalPart": 2}, 400),
    "couponList": ({"voucherType": "06"}, 422),
}
"""What makes a field required that is not always so, and how its absence is refused."""


def name(call: dict[str, Any]) -> str:
    return f"{call['path']}{' ' + call['role'] if 'role' in call else ''}"


def declared(call: dict[str, Any]) -> Endpoint:
    return next(
        one for one in ENDPOINTS if (one.method, one.path) == (call["method"], call["path"])
    )


def fields(call: dict[str, Any], **having: Any) -> list[dict[str, Any]]:
    return [one for one in call["request"] if having.items() <= one.items()]


@pytest.fixture(scope="module")
def story(migrated: Flask, settings: Settings) -> Iterator[Story]:
    empty_system(settings)
    with migrated.app_context():
        yield play(migrated.test_client(), settings)


def test_the_contract_has_31_paths_and_27_codes() -> None:
    assert len({call["path"] for call in CALLS}) == 31
    assert len({error["code"] for call in CALLS for error in call["errors"]}) == 27


def test_every_path_is_routed_with_its_method(migrated: Flask) -> None:
    routed = {(m, rule.rule) for rule in migrated.url_map.iter_rules() for m in rule.methods or ()}
    assert {(call["method"], call["path"]) for call in CALLS} <= routed


def test_every_code_is_in_the_table_with_its_status() -> None:
    table = {error.code: error.http for error in ERRORS.values()}
    wanted = {one["code"]: one["httpCode"] for call in CALLS for one in call["errors"]}
    assert {code: table.get(code) for code in wanted} == wanted


@pytest.mark.parametrize("call", CALLS, ids=name)
def test_a_call_declares_the_codes_that_the_contract_names(call: dict[str, Any]) -> None:
    told = {ERRORS[short].code for short in declared(call).errors}
    assert {one["code"] for one in call["errors"]} <= told


# --- what a call takes ------------------------------------------------------------------------


def field_of(model: type[BaseModel], path: str) -> Any:
    """The pydantic field at `parts[].md5`; None when the model has none there."""
    head, _, rest = path.partition(".")
    wanted = head.removesuffix("[]")
    found = next((one for one in model.model_fields.values() if one.alias == wanted), None)
    if found is None or not rest:
        return found
    inner = next(iter(models_in(found.annotation)), None)
    return field_of(inner, rest) if inner else None


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for one in get_args(annotation):
        yield from models_in(one)


@pytest.mark.parametrize("call", [one for one in CALLS if one["request"]], ids=name)
def test_every_request_field_is_known(call: dict[str, Any]) -> None:
    body = declared(call).body
    ignored = {"redeemLimitValue", "quota", "objectKey", "file"}
    missing = [
        one["path"]
        for one in call["request"]
        if one["path"] not in ignored and field_of(body, one["path"]) is None
    ]
    assert missing == []


@pytest.mark.parametrize("call", CALLS, ids=name)
def test_defaults_are_those_of_the_contract(call: dict[str, Any]) -> None:
    told = {
        one["path"]: one["default"]
        for one in call["request"]
        if "default" in one and not one["path"].startswith("sorter.")
    }
    body = declared(call).body
    assert {path: field_of(body, path).get_default() for path in told} == told


def example(call: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Who makes the call in the examples, and a whole body for it."""
    role = ACTORS.get(call.get("role", ""))
    step = next(
        one
        for one in EXAMPLES
        if one.call == (call["method"], call["path"]) and role in (None, one.actor)
    )
    return step.actor, copy.deepcopy(step.request or {})


def post(story: Story, actor: str, path: str, body: Any) -> tuple[int, list[str]]:
    """Status, and the fields named in `details`."""
    headers = {"Authorization": f"Bearer {story.tokens[actor]}"}
    answer = story.client.post(path, json=story.translate(body), headers=headers)
    assert answer.json is not None
    return answer.status_code, [one["field"] for one in answer.json.get("details", [])]


def put(body: dict[str, Any], path: str, value: Any) -> str:
    """Set (or, with None, remove) a field; answers its path as an error would name it."""
    *steps, last = re.sub(r"\[\]", ".0", path).split(".")
    place: Any = body
    for step in steps:
        place = place[int(step)] if step.isdigit() else place.setdefault(step, {})
    if value is None:
        place.pop(last, None)
    else:
        place[last] = value
    return re.sub(r"\.(\d+)", r"[\1]", ".".join([*steps, last]))


CASES = [
    (call, one)
    for call in CALLS
    for one in call["request"]
    if "exampleOnly" not in one and one["type"] != "file"
]


def case(value: Any) -> str:
    return name(value) if "request" in value else str(value["path"])


def always(one: dict[str, Any]) -> bool:
    """Required without a default, or of one role."""
    if isinstance(one["required"], dict):
        return "role" in one["required"]
    return one["required"] is True and "default" not in one


REQUIRED = [(call, one) for call, one in CASES if always(one)]


@pytest.mark.parametrize(("call", "one"), REQUIRED, ids=case)
def test_a_required_field_is_asked_for(
    story: Story, call: dict[str, Any], one: dict[str, Any]
) -> None:
    actor, body = example_with(call, one["path"])
    actor = "platform" if isinstance(one["required"], dict) else actor
    named = put(body, one["path"], None)
    status, wrong = post(story, actor, call["path"], body)
    assert status == 400
    assert wrong == [named] or (named.startswith("couponList") and wrong)


def example_with(call: dict[str, Any], path: str) -> tuple[str, dict[str, Any]]:
    """A body that has the list in which the field stands."""
    actor, body = example(call)
    if path.startswith("parts"):
        body |= {"isMultipart": True, "totalPart": 2, "parts": copy.deepcopy(PARTS)}
    if path.startswith("couponList"):
        coupon = {"title": "a", "description": "b", "url": "https://c.example"}
        body |= {"voucherType": "06", "volume": 1, "couponList": [coupon]}
    return actor, body


CONDITIONS = [
    (call, one)
    for call, one in CASES
    if isinstance(one["required"], dict)
    and "role" not in one["required"]
    and not (one["path"] == "couponList" and call["path"].endswith("update"))
]


@pytest.mark.parametrize(("call", "one"), CONDITIONS, ids=case)
def test_a_field_is_required_when_another_says_so(
    story: Story, call: dict[str, Any], one: dict[str, Any]
) -> None:
    actor, body = example(call)
    more, status = CONDITIONAL[one["path"]]
    body = {key: value for key, value in (body | more).items() if key != one["path"]}
    assert post(story, actor, call["path"], body)[0] == status


@cache
def limits() -> list[tuple[dict[str, Any], dict[str, Any], Any]]:
    """(call, field, the first value beyond a limit)."""
    beyond = {
        "maxLength": lambda most: "x" * (most + 1),
        "minimum": lambda least: least - 1,
        "exclusiveMinimum": lambda least: least,
        "maximum": lambda most: most + 1,
        "maxItems": lambda most: [f"id {n}" for n in range(most + 1)],
        "uniqueItems": lambda _: ["same", "same"],
        "enum": lambda _: "neither",
        "format": lambda _: "2026-13-01",
    }
    return [
        (call, one, make(one[limit]))
        for call, one in CASES
        for limit, make in beyond.items()
        if limit in one
    ]


@pytest.mark.parametrize(
    ("call", "one", "value"), limits(), ids=lambda one: case(one) if isinstance(one, dict) else ""
)
def test_a_limit_is_kept(
    story: Story, call: dict[str, Any], one: dict[str, Any], value: Any
) -> None:
    actor, body = example_with(call, one["path"])
    named = put(body, one["path"], value)
    status, wrong = post(story, actor, call["path"], body)
    assert status == 400
    assert wrong in ([named], [named.partition("[")[0]])


LENGTHS = [
    (call, one) for call, one in CASES if one.get("maxLength", 0) and "[]" not in one["path"]
]


@pytest.mark.parametrize(("call", "one"), LENGTHS, ids=case)
def test_a_text_may_be_as_long_as_its_limit(call: dict[str, Any], one: dict[str, Any]) -> None:
    """Characters count, not bytes."""
    field = field_of(declared(call).body, one["path"])
    assert [found.max_length for found in field.metadata if hasattr(found, "max_length")] == [
        one["maxLength"]
    ]


@pytest.mark.parametrize("call", PAGED, ids=name)
def test_a_list_sorts_by_the_fields_of_the_contract(story: Story, call: dict[str, Any]) -> None:
    actor, body = example(call)
    for field in call["sorter"]["fields"]:
        for order in ("asc", "desc"):
            body["sorter"] = {"field": field, "order": order}
            assert post(story, actor, call["path"], body)[0] == 200
    body["sorter"] = {"field": "id"}
    assert post(story, actor, call["path"], body) == (400, ["sorter.field"])


@pytest.mark.parametrize("call", PAGED, ids=name)
def test_a_list_is_sorted_by_default_as_told(story: Story, call: dict[str, Any]) -> None:
    actor, body = example(call)
    headers = {"Authorization": f"Bearer {story.tokens[actor]}"}
    sent = story.translate({"query": body["query"], "sorter": {"field": None, "order": None}})
    # Without any sorter voucher/list puts the latest change first; a sorter without field is A's.
    sent["sorter"] = {"order": call["sorter"]["order"]} if "mgmt/voucher" in call["path"] else {}
    answer = story.client.post(call["path"], json=sent, headers=headers)
    told = {"field": call["sorter"]["field"], "order": call["sorter"]["order"]}
    assert answer.json is not None
    assert answer.json["result"]["sorter"] == told
    assert answer.json["result"]["pagination"]["pageSize"] == 10


# --- what a call answers ------------------------------------------------------------------------

TYPES: dict[str, Any] = {
    "string": lambda one: isinstance(one, str),
    "boolean": lambda one: isinstance(one, bool),
    "int": lambda one: type(one) is int,
    "long": lambda one: type(one) is int,
    "double": lambda one: type(one) in (int, float),
    "timestamp": lambda one: type(one) is int and one > 10**12,
    "object": lambda one: isinstance(one, dict),
    "array<object>": lambda one: isinstance(one, list) and all(isinstance(x, dict) for x in one),
    "array<string>": lambda one: isinstance(one, list) and all(isinstance(x, str) for x in one),
}


def values(data: Any, path: str) -> Iterator[Any]:
    """Every value that stands at `redeemInfo.details[].label`."""
    head, _, rest = path.partition(".")
    key, many = head.removesuffix("[]"), head.endswith("[]")
    if not isinstance(data, dict) or key not in data:
        return
    for one in data[key] if many else [data[key]]:
        yield from values(one, rest) if rest else [one]


@pytest.mark.parametrize("call", [one for one in CALLS if one["answer"] != "file"], ids=name)
def test_every_response_field_is_answered_with_its_type(story: Story, call: dict[str, Any]) -> None:
    rows = list(answers(story, call))
    for one in call["response"]:
        found = [value for row in rows for value in values(row, one["path"])]
        kind = one.get("decided", one["type"])
        assert found, f"{one['path']} was never answered"
        assert all(TYPES[kind](value) for value in found), f"{one['path']} is no {kind}: {found}"


def answers(story: Story, call: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What the call answered in the story: `result.data`, or its rows."""
    role = ACTORS.get(call.get("role", ""))
    for step, answer in story.said:
        if step.call != (call["method"], call["path"]) or role not in (None, step.actor):
            continue
        if answer.status_code == 200 and answer.json is not None:
            data = answer.json["result"]["data"]
            yield from data if isinstance(data, list) else [data]


def test_a_tenants_statistics_have_no_summary(story: Story) -> None:
    [call] = [one for one in CALLS if one.get("role") == "TENANT_ADMIN"]
    assert all("summaryInfo" not in data for data in answers(story, call))


@pytest.mark.parametrize("call", PAGED, ids=name)
def test_a_page_tells_where_it_stands(story: Story, call: dict[str, Any]) -> None:
    results = [
        answer.json["result"]
        for step, answer in story.said
        if step.call[1] == call["path"] and answer.json is not None
    ]
    assert results
    for result in results:
        assert result.keys() == {"data", "pagination", "sorter", "total"}
        assert result["pagination"] == {"current": 1, "pageSize": 10, "total": result["total"]}
        assert result["total"] == len(result["data"])


def test_the_failures_workbook_is_a_download(story: Story) -> None:
    [call] = [one for one in CALLS if one["answer"] == "file"]
    answer = next(answer for step, answer in story.said if step.call[1] == call["path"])
    assert answer.data.startswith(b"PK")
    assert "filename*=UTF-8''%E6%AA%A2" in answer.headers["Content-Disposition"]
