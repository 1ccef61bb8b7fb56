"""schemathesis over `/openapi-partner.json`: whatever it makes up, the answer is documented.

The examples' ids are replaced by those of real things first, so that the made-up requests reach
the services and not just their doors.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask

from tests.api.test_schemathesis import explored, listening_at
from tests.support.engines import empty_system
from tests.support.partner_story import Story, play
from voucherweb.api.partner.call import ALIAS
from voucherweb.api.partner.faults import HEADER as FAULT
from voucherweb.api.partner.openapi import AUTH, EXCHANGE, document
from voucherweb.config import Settings

REFUSALS = ["2xx", "400", "401", "403", "404", "409", "413", "415", "422"]
"""What a request that fits the schema may be answered: states of things are not a schema's
business."""
ROLES = ["partner", "add-on", "admin", "guest"]


@dataclass(frozen=True)
class Server:
    """Where the application answers, and the story whose things it holds."""

    url: str
    story: Story


@pytest.fixture(scope="module")
def server(migrated: Flask, settings: Settings) -> Iterator[Server]:
    empty_system(settings)
    with migrated.app_context():
        story = play(migrated.test_client(), settings)
    with listening_at(settings) as url:
        yield Server(url, story)


def told(story: Story, role: str) -> dict[str, Any]:
    """The document of one role's calls, with real ids in its examples. Faults are left out: they
    are failures that were asked for."""
    found = document(english=True)
    mine = {path: one for path, one in found["paths"].items() if _is_for(path, role)}
    for operation in (one for methods in mine.values() for one in methods.values()):
        named = operation["parameters"]
        operation["parameters"] = [one for one in named if one.get("name") != FAULT]
    text = json.dumps({**found, "paths": mine})
    for example, real in story.ids.items():
        text = text.replace(json.dumps(example), json.dumps(real))
    changed: dict[str, Any] = json.loads(text)
    return changed


def _is_for(path: str, role: str) -> bool:
    """The old addresses answer as the new ones do, and are explored by the add-on alone."""
    if role == "admin":
        return path == EXCHANGE
    if role == "guest":
        return path.startswith(AUTH) and path != EXCHANGE
    return not path.startswith(AUTH) and path.startswith(ALIAS) is (role == "add-on")


def explore(server: Server, role: str, examples: int) -> list[str]:
    token = server.story.tokens.get(role)
    return explored(server.url, told(server.story, role), token, examples, REFUSALS)


@pytest.mark.parametrize("role", ROLES)
def test_made_up_requests_are_answered_as_documented(server: Server, role: str) -> None:
    assert explore(server, role, examples=4) == []


@pytest.mark.drill
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.timeout(3600)
def test_many_made_up_requests_are_answered_as_documented(server: Server, role: str) -> None:
    assert explore(server, role, examples=100) == []
