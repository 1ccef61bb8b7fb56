"""The Python client's types and methods against the OpenAPI document: nothing lacks, nothing is
made up."""

import inspect
import types
import typing
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from voucherweb_partner import Answer, Client, models

from voucherweb.api.openapi_schemas import REF
from voucherweb.api.partner.call import CALLS
from voucherweb.api.partner.openapi import document, template

DOCUMENT = document(english=True)
COMPONENTS = DOCUMENT["components"]["schemas"]
OWN_NAMES = {"AddPointsResponse": "PointsChange", "BurnPointsResponse": "PointsChange",
             "VoidPointsResponse": "PointsVoid"}  # fmt: skip
ANSWERS = sorted(
    name
    for name in COMPONENTS
    if not name.endswith("Request")
    and name not in {"ErrorResponse", "ExchangeTokenResponse", "TokenPairResponse",
                     "AccessTokenResponse"}
)  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_a_model_has_the_fields_of_its_component(name: str) -> None:
    agree(getattr(models, OWN_NAMES.get(name, name)), COMPONENTS[name])


def agree(told: Any, schema: dict[str, Any]) -> None:
    """The type takes what the schema gives, through and through."""
    if "$ref" in schema:
        schema = COMPONENTS[schema["$ref"].removeprefix(REF)]
    options = [one for one in schema.get("anyOf", []) if one != {"type": "null"}]
    args = typing.get_args(told)
    may_be_none = types.NoneType in args
    assert may_be_none is (len(options) < len(schema.get("anyOf", []))), (told, schema)
    if may_be_none:
        rest = [one for one in args if one is not types.NoneType]
        told, schema = rest[0], options[0]
        agree(told, schema)
    elif typing.is_typeddict(told):
        hints = typing.get_type_hints(told)
        assert set(hints) == set(schema["properties"]), told
        for field, hint in hints.items():
            agree(hint, schema["properties"][field])
    elif typing.get_origin(told) is list:
        agree(typing.get_args(told)[0], schema["items"])
    else:
        kinds = {str: "string", int: "integer", float: "number", bool: "boolean", dict: "object"}
        kind = typing.get_origin(told) or told
        assert schema["type"] == ("string" if kind is typing.Literal else kinds[kind]), (
            told,
            schema,
        )


class Ear:
    """A server that hears every call and answers with an empty list."""

    def __init__(self) -> None:
        self.heard: set[tuple[str, str]] = set()

    def send(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        del headers, body
        self.heard.add((method, target.partition("?")[0]))
        if target.startswith("/v1/"):
            return Answer(201, {}, b'{"access_token":"t","refresh_token":"r","expires_in":3600}')
        return Answer(200, {}, b'{"data":[],"pagination":{"total_pages":0}}')

    def close(self) -> None:
        """There is nothing to close."""


VALUES = {
    "start": datetime(2026, 11, 22, tzinfo=UTC),
    "end": datetime(2026, 11, 23, tzinfo=UTC),
    "start_date": datetime(2026, 11, 22, tzinfo=UTC),
    "end_date": datetime(2026, 11, 23, tzinfo=UTC),
    "since": datetime(2026, 11, 22, tzinfo=UTC),
    "points": 1,
}


def test_the_client_makes_every_call_but_the_admins_own() -> None:
    ear = Ear()
    client = Client("http://127.0.0.1", "k", "s", transport=ear)
    for name, method in inspect.getmembers(client, inspect.ismethod):
        if name.startswith("_") or name in {"from_exchange_token", "close"}:
            continue
        parameters = inspect.signature(method).parameters.values()
        wanted = {one.name for one in parameters if one.default is one.empty}
        wanted |= {"points"} if name == "add_points" else set()
        made = method(**{one: VALUES.get(one, f"the-{one}") for one in wanted})
        if inspect.isgenerator(made):
            list(made)
    add_on = Client.from_exchange_token("http://127.0.0.1", "e", transport=ear)
    add_on.campaigns()
    add_on._session._tokens.refused("t")
    add_on.campaigns()
    heard = {(method, path) for method, path in ear.heard}
    for call in CALLS:
        if call.path == "/v1/auth-connect/exchange-token":
            continue
        parts = [] if "{" not in template(call.path) else [call.path.split("<")[0]]
        found = [
            path
            for method, path in heard
            if method == call.method
            and (path == call.path or any(path.startswith(f"{one}the-") for one in parts))
        ]
        assert found, call.path
