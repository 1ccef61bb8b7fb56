"""`/openapi-partner.json`: valid, whole, with the published names, and true: its examples of every
success and every refusal are acted out against the application."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV31SpecValidator
from werkzeug.test import TestResponse

from tests.api.test_openapi import shape
from tests.support import conformity
from tests.support.engines import empty_system
from tests.support.partner_story import BY_CALL, Story, play
from voucherweb.api.partner.call import ALIAS, CALLS
from voucherweb.api.partner.examples import ANYWHERE, EXAMPLES, STAGE, Step
from voucherweb.api.partner.openapi import codes, document, status_of, template
from voucherweb.api.partner.openapi_names import PUBLISHED
from voucherweb.config import Settings
from voucherweb.errors import ERRORS

REFUSALS = [(call, code) for call in BY_CALL for code in codes(BY_CALL[call])]
OWN = {(step.call, step.code) for step in EXAMPLES if step.code}


@pytest.fixture(scope="module")
def story(migrated: Flask, settings: Settings) -> Iterator[Story]:
    """The examples, acted out once for all tests of this file."""
    empty_system(settings)
    with migrated.app_context():
        yield play(migrated.test_client(), settings)


@pytest.mark.parametrize("english", [False, True])
def test_the_document_is_valid_openapi_3_1(english: bool) -> None:
    OpenAPIV31SpecValidator(document(english=english)).validate()


def test_it_tells_all_20_calls_and_the_old_addresses() -> None:
    told = [
        (path, one["operationId"], one.get("deprecated", False))
        for path, methods in document(english=True)["paths"].items()
        for one in methods.values()
    ]
    assert len([one for one in told if not one[2]]) == len(CALLS) == 20
    old = {path for path, _, deprecated in told if deprecated}
    assert {f"{ALIAS}{name}" for name in ("transactions", "add/points", "burn/points")} < old
    assert all(path.startswith(ALIAS) for path in old)
    assert len({name for _, name, _ in told}) == len(told)


def test_components_bear_exactly_the_published_names() -> None:
    assert set(document(english=True)["components"]["schemas"]) == PUBLISHED
    assert len(PUBLISHED) == 38


def test_nothing_else_is_referred_to() -> None:
    def refs(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            yield from ([value["$ref"]] if isinstance(value.get("$ref"), str) else [])
            for one in value.values():
                yield from refs(one)
        elif isinstance(value, list):
            for one in value:
                yield from refs(one)

    whole = document(english=True)
    for ref in refs(whole):
        kind, name = ref.removeprefix("#/components/").split("/")
        assert name in whole["components"][kind]


def test_every_call_has_an_example_of_its_success_and_of_each_refusal_of_its_own() -> None:
    done = {step.call for step in EXAMPLES if step.code is None}
    assert done == set(BY_CALL)
    own = {(key, "NOT_FOUND" if name == "NOT_EXIST" else name)
           for key, call in BY_CALL.items() for name in call.errors}  # fmt: skip
    assert own - OWN - {(key, code) for key in BY_CALL for code in ANYWHERE} == set()


def test_every_refusal_of_the_document_has_an_example() -> None:
    whole = document(english=True)
    for path, methods in whole["paths"].items():
        for method, operation in methods.items():
            for status, answer in operation["responses"].items():
                if int(status) < 400:
                    continue
                content = answer["content"]["application/json"]
                wanted = set(content["schema"]["allOf"][1]["properties"]["code"]["enum"])
                shown = [_resolved(whole, one) for one in content["examples"].values()]
                assert {one["value"]["code"] for one in shown} == wanted, (method, path, status)


def _resolved(whole: dict[str, Any], example: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in example:
        return example
    found: dict[str, Any] = whole["components"]["examples"][example["$ref"].rpartition("/")[2]]
    return found


@pytest.mark.parametrize("step", EXAMPLES, ids=lambda step: step.name)
def test_an_example_is_answered_as_told(story: Story, step: Step) -> None:
    answer = story.said[step.name]
    assert answer.status_code == step.status, answer.text
    assert shape(answer.get_json()) == shape(step.answer)
    assert answer.get_json().get("code") == step.answer.get("code") or step.code is None


@pytest.mark.parametrize(
    ("call", "code"), REFUSALS, ids=lambda one: one[1] if one[0] == "/" else None
)
def test_every_call_is_refused_as_told(story: Story, call: tuple[str, str], code: str) -> None:
    answer = _refusal(story, call, code)
    found = answer.get_json()
    assert (answer.status_code, found["code"]) == (status_of(code), code), answer.text
    assert found["requestId"] == answer.headers["X-Request-Id"]
    if code in ANYWHERE and (call, code) not in OWN:
        told = {name: one for name, one in ANYWHERE[code]["zh"].items() if name != "details"}
        assert shape({name: found[name] for name in told}) == shape(told)
        assert found["message"] == told["message"]
    if code in {"TOO_MANY_REQUESTS", "UNAVAILABLE", "IDEMPOTENCY_IN_PROGRESS"}:
        assert int(answer.headers["Retry-After"]) >= 1


def _refusal(story: Story, call: tuple[str, str], code: str) -> TestResponse:
    own = next((one for one in EXAMPLES if (one.call, one.code) == (call, code)), None)
    return story.said[own.name] if own else story.refused[call, code]


def test_a_lost_answer_of_the_story_was_found_by_its_key(story: Story) -> None:
    for step in EXAMPLES:
        if step.code is None and BY_CALL[step.call].write:
            replayed = story.said[step.name].headers.get("Idempotent-Replayed")
            first = next(one for one in EXAMPLES if one.call == step.call and one.code is None)
            assert (replayed == "true") is (first is step), step.name


@pytest.mark.parametrize("step", EXAMPLES, ids=lambda step: step.name)
def test_an_example_agrees_with_its_schema(step: Step) -> None:
    path, method = template(step.call[1]), step.call[0].lower()
    validator = conformity.validator(path, method, str(step.status))
    validator.validate(step.answer)
    validator.validate(step.answer_en)
    body = conformity.partner_told()["paths"][path][method].get("requestBody")
    if body and step.code is None:
        schema = body["content"]["application/json"]["schema"]
        components = conformity.partner_told()["components"]
        jsonschema_rs.Draft202012Validator({**schema, "components": components}).validate(
            step.request
        )


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_any_call_may_answer_is_told_in_the_words_of_the_table(language: str) -> None:
    for code, told in ANYWHERE.items():
        assert told[language]["message"] == getattr(ERRORS[code], language)
        assert told[language]["statusCode"] == status_of(code)


def test_the_examples_hold_no_two_values_for_one_thing() -> None:
    assert len(set(STAGE.values())) == len(STAGE)


def test_the_headers_are_described(story: Story) -> None:
    headers = document(english=True)["components"]["headers"]
    assert set(headers) == {
        *("X-Request-Id", "RateLimit", "RateLimit-Policy", "Retry-After"),
        *("Idempotent-Replayed", "X-Sandbox-Fault", "WWW-Authenticate"),
    }
    made_up = story.refused[("GET", "/v2/connect/campaigns"), "TIMEOUT"]
    assert made_up.headers["X-Sandbox-Fault"] == "timeout-after-commit"


def test_it_is_served_in_the_callers_language(client: FlaskClient) -> None:
    chinese = client.get("/openapi-partner.json")
    english = client.get("/openapi-partner.json", headers={"Accept-Language": "en"})
    assert chinese.get_json() == document(english=False)
    assert english.get_json() == document(english=True)
    again = client.get("/openapi-partner.json", headers={"If-None-Match": chinese.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
