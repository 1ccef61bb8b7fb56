"""`/openapi.json`: valid, whole, and true to what the application does."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.support import conformity
from tests.support.engines import empty_system
from tests.support.story import Story, play
from voucherweb.api.examples import EXAMPLES, Step
from voucherweb.api.openapi import calls, document
from voucherweb.config import Settings
from voucherweb.errors import ERRORS


@pytest.fixture(scope="module")
def story(migrated: Flask, settings: Settings) -> Iterator[Story]:
    """The examples, acted out once for all tests of this file."""
    empty_system(settings)
    with migrated.app_context():
        yield play(migrated.test_client(), settings)


def _fetch(client: FlaskClient, **headers: str) -> Any:
    return client.get("/openapi.json", headers=headers)


@pytest.mark.parametrize("english", [False, True])
def test_the_document_is_valid_openapi_3_1(english: bool) -> None:
    OpenAPIV31SpecValidator(document(english=english)).validate()


def test_every_call_has_an_example() -> None:
    told = {step.call for step in EXAMPLES}
    assert {(call.method, call.path) for call in calls()} == told


@pytest.mark.parametrize("step", EXAMPLES, ids=lambda step: step.name)
def test_an_example_request_is_answered_as_told(story: Story, step: Step) -> None:
    answer = next(answer for known, answer in story.said if known is step)
    assert answer.status_code == step.answer["httpCode"], answer.get_data(as_text=True)
    if answer.is_json:
        assert shape(answer.json) == shape(step.answer)


@pytest.mark.parametrize("step", EXAMPLES, ids=lambda step: step.name)
def test_an_example_agrees_with_its_schema(step: Step) -> None:
    method, path = step.call[0].lower(), step.call[1].replace("<", "{").replace(">", "}")
    status = str(step.answer["httpCode"])
    content = conformity.told()["paths"][path][method]["responses"][status]["content"]
    if "application/json" in content:
        conformity.validator(path, method, status).validate(step.answer)
    body = conformity.told()["paths"][path][method].get("requestBody")
    if body and "application/json" in body["content"]:
        schema = {**body["content"]["application/json"]["schema"]}
        components = {"components": conformity.told()["components"]}
        jsonschema_rs.Draft202012Validator({**schema, **components}).validate(step.request)


def shape(value: Any) -> Any:
    """An answer without its values: the names and types that a reader relies on."""
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items()}
    if isinstance(value, list):
        return [shape(one) for one in value]
    return (
        "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value)
    )


def test_it_is_served_with_a_tag_and_not_sent_twice(client: FlaskClient) -> None:
    first = _fetch(client)
    again = _fetch(client, **{"If-None-Match": first.headers["ETag"]})
    assert first.json == document(english=False)
    assert (again.status_code, again.data) == (304, b"")


def test_it_speaks_the_callers_language(client: FlaskClient) -> None:
    chinese, english = _fetch(client), _fetch(client, **{"Accept-Language": "en"})
    assert chinese.json["info"]["title"] == "票券平台 API"
    assert english.json["info"]["title"] == "Voucher API"
    assert chinese.headers["ETag"] != english.headers["ETag"]
    assert client.get("/openapi.json?lang=en").json == english.json


def test_every_code_that_a_call_names_is_in_the_table() -> None:
    named = {name for call in calls() for name in call.errors}
    assert named <= ERRORS.keys()


def test_a_truth_value_may_be_a_word_and_a_number_a_text() -> None:
    properties = document(english=True)["components"]["schemas"]["UploadBody"]["properties"]
    accepted = jsonschema_rs.Draft202012Validator(properties["isMultipart"])
    assert accepted.is_valid("true")
    assert accepted.is_valid(None)
    assert jsonschema_rs.Draft202012Validator(properties["totalPart"]).is_valid("2")
    assert not jsonschema_rs.Draft202012Validator(properties["totalPart"]).is_valid(1)
