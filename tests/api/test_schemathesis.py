"""schemathesis over `/openapi.json`: whatever it makes up, the answer is one that is documented.

The examples' ids are replaced by those of real things first, so that the made-up requests reach
the services and not just their doors.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
import schemathesis
from flask import Flask
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.support.engines import empty_system
from tests.support.story import Story, play
from voucherweb import create_app
from voucherweb.api.openapi import document
from voucherweb.config import Settings
from voucherweb.extensions import db

ROLES = {"platform": "platform admins", "admin": "tenant admins", "member": "members"}
REFUSALS = ["2xx", "400", "401", "403", "409", "413", "415", "422", "503"]
"""What a request that fits the schema may be answered: rules between fields and states of things
are not a schema's business."""


class Quiet(WSGIRequestHandler):
    """The application logs its requests itself."""

    def log_request(self, *_: Any) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Server:
    """Where the application answers, and the story whose things it holds."""

    url: str
    story: Story


@pytest.fixture(scope="module")
def server(migrated: Flask, settings: Settings) -> Iterator[Server]:
    """The application after the story; imports answer 202, since no worker runs any more."""
    empty_system(settings)
    with migrated.app_context():
        story = play(migrated.test_client(), settings)
    with listening_at(replace(settings, import_wait_seconds=0.01)) as url:
        yield Server(url, story)


@contextmanager
def listening_at(settings: Settings) -> Iterator[str]:
    """Where an application over these settings answers, in threads of this process."""
    app = create_app(settings)
    listening = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{listening.server_port}"
    listening.shutdown()
    thread.join()
    listening.server_close()
    with app.app_context():
        db.engine.dispose()


def told(story: Story, role: str) -> dict[str, Any]:
    """The document of one role's calls, with real ids in its examples."""
    found = document(english=True)
    mine = {
        path: {method: one for method, one in methods.items() if _is_for(one, role, path)}
        for path, methods in found["paths"].items()
    }
    text = json.dumps({**found, "paths": {path: one for path, one in mine.items() if one}})
    for example, real in story.ids.items():
        text = text.replace(json.dumps(example), json.dumps(real))
    changed: dict[str, Any] = json.loads(text)
    return changed


def _is_for(operation: dict[str, Any], role: str, path: str) -> bool:
    if role == "anonymous":
        return path.startswith("/auth/")
    return ROLES[role] in operation["description"] and not path.startswith("/auth/")


def explore(server: Server, role: str, examples: int) -> list[str]:
    """What one role's made-up requests bring to light."""
    document = told(server.story, role)
    return explored(server.url, document, server.story.tokens.get(role), examples, REFUSALS)


def explored(
    url: str, document: dict[str, Any], token: str | None, examples: int, refusals: list[str]
) -> list[str]:
    """Run every phase that needs no links; answers the failures as text."""
    config = SchemathesisConfig.from_dict(
        {
            "base-url": url,
            "headers": {"Authorization": f"Bearer {token}"} if token else {},
            "continue-on-failure": True,
            "generation": {"max-examples": examples, "no-shrink": True, "database": "none",
                           "deterministic": True},
            "phases": {"stateful": {"enabled": False}},
            "checks": {
                "positive_data_acceptance": {"expected-statuses": refusals},
            },
        }
    )  # fmt: skip
    schema = schemathesis.openapi.from_dict(document, config=config)
    found: list[str] = []
    ran = 0
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            ran += len(event.recorder.cases)
            found += failures(event)
        elif isinstance(event, events.NonFatalError | events.FatalError):
            found.append(f"{type(event).__name__}: {event}")
    assert ran > 20, "schemathesis made up next to nothing"
    return found


def failures(event: events.ScenarioFinished) -> list[str]:
    return [
        f"{event.recorder.label}: {check.name}: {check.failure_info and check.failure_info.failure}"
        for checks in event.recorder.checks.values()
        for check in checks
        if check.status == Status.FAILURE
    ]


@pytest.mark.parametrize("role", [*ROLES, "anonymous"])
def test_made_up_requests_are_answered_as_documented(server: Server, role: str) -> None:
    assert explore(server, role, examples=4) == []


@pytest.mark.drill
@pytest.mark.parametrize("role", [*ROLES, "anonymous"])
@pytest.mark.timeout(3600)
def test_many_made_up_requests_are_answered_as_documented(server: Server, role: str) -> None:
    assert explore(server, role, examples=100) == []
