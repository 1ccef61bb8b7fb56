"""Acts out `voucherweb/api/partner/examples.json` against the application.

The examples' ids are those of the story; on the way each is replaced by what the application really
answered. Beside the story every call is also refused for each reason that any call may be refused
for.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, NoReturn
from unittest.mock import patch

import psycopg
from flask.testing import FlaskClient
from werkzeug.exceptions import TooManyRequests
from werkzeug.test import TestResponse

from tests.support.partner_stage import Stage, build, token_without
from voucherweb.api.partner import call as kernel
from voucherweb.api.partner import identity
from voucherweb.api.partner.call import CALLS, Call
from voucherweb.api.partner.examples import EXAMPLES, STAGE, Step
from voucherweb.api.partner.openapi import AUTH, EXCHANGE, codes
from voucherweb.config import Settings
from voucherweb.services import extension_config
from voucherweb.services.autocommit import Unavailable

LEARNT = {
    "uuid", "transaction_id", "void_transaction_id", "code", "exchange_token", "access_token",
    "refresh_token",
}  # fmt: skip
FAULTS = {
    "TOO_MANY_REQUESTS": "too-many-requests",
    "UNAVAILABLE": "unavailable",
    "TIMEOUT": "timeout-after-commit",
}
BY_CALL = {(call.method, call.path): call for call in CALLS}


@dataclass
class Story:
    """The state of the play: what stands for the examples' ids, what was said, and how each call
    was refused beside the story, by call and code."""

    client: FlaskClient
    settings: Settings
    stage: Stage
    ids: dict[str, str]
    tokens: dict[str, str]
    said: dict[str, TestResponse] = field(default_factory=dict)
    refused: dict[tuple[tuple[str, str], str], TestResponse] = field(default_factory=dict)

    def act(self, step: Step) -> TestResponse:
        """Say what the step says; before its first success, every refusal that any call meets."""
        call = BY_CALL[step.call]
        if step.code is None and (step.call, "UNAUTHORIZED") not in self.refused:
            self._refuse_anyhow(call, step)
        headers = {"Idempotency-Key": self._key(step)} if call.write and step.code is None else {}
        with GIVEN[step.given]() if step.given else nullcontext():
            answer = self.send(step, **headers)
        self.said[step.name] = answer
        if step.code is None and answer.status_code < 400:
            self._learn(step.answer, answer.get_json())
            if call.write:
                self._refuse_the_key(step)
        return answer

    def send(
        self,
        step: Step,
        *,
        token: str | None = "",
        changed: dict[str, Any] | None = None,
        raw: dict[str, Any] | None = None,
        **headers: str,
    ) -> TestResponse:
        """The step's request; `changed` replaces parts of it, `raw` its whole content."""
        method, path = step.call
        told = {
            "in_path": step.in_path,
            "query": step.query,
            "request": step.request,
            **(changed or {}),
        }
        for name, value in told["in_path"].items():
            for kind in ("", "rest:"):
                path = path.replace(f"<{kind}{name}>", self.translate(value))
        bearer = self.tokens.get(step.actor) if token == "" else token
        sent = {**headers, **({"Authorization": f"Bearer {bearer}"} if bearer else {})}
        options: dict[str, Any] = {"query_string": self.translate(told["query"]), "headers": sent}
        if raw is not None:
            options |= raw
        elif method == "POST":
            options["json"] = self.translate(told["request"])
        return self.client.open(path, method=method, **options)

    def translate(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self.translate(one) for key, one in value.items()}
        return self.ids.get(value, value) if isinstance(value, str) else value

    def _learn(self, told: Any, real: Any) -> None:
        """Pair the example's ids with the real ones, wherever both stand."""
        if isinstance(told, dict) and isinstance(real, dict):
            for name in told.keys() & real.keys():
                if name in LEARNT and isinstance(told[name], str) and isinstance(real[name], str):
                    self.ids.setdefault(told[name], real[name])
                else:
                    self._learn(told[name], real[name])
            if "refresh_token" in real:
                self.tokens["add-on"] = real["access_token"]
        elif isinstance(told, list) and isinstance(real, list):
            for one, other in zip(told, real, strict=False):
                self._learn(one, other)

    def _key(self, step: Step) -> str:
        return f"story-{step.name}"

    def _refuse_anyhow(self, call: Call, step: Step) -> None:
        for code in codes(call):
            provoke = PROVOKE.get(code)
            if provoke is not None:
                self.refused[step.call, code] = provoke(self, call, step)

    def _refuse_the_key(self, step: Step) -> None:
        """The key of a write that was done is refused for another request."""
        other = dict.fromkeys(step.in_path, STAGE["nobody"])
        changed = {"in_path": other} if other else {"request": {**step.request, "more": 1}}
        answer = self.send(step, changed=changed, **{"Idempotency-Key": self._key(step)})
        self.refused[step.call, "IDEMPOTENCY_MISMATCH"] = answer


Provoke = Callable[[Story, Call, Step], TestResponse]


def _is_open(call: Call) -> bool:
    return call.path.startswith(AUTH)


def _fault(code: str) -> Provoke:
    """A sandbox makes the refusal up; a call for a token has no sandbox."""

    def provoke(story: Story, call: Call, step: Step) -> TestResponse:
        if _is_open(call):
            raised = TooManyRequests() if code == "TOO_MANY_REQUESTS" else Unavailable()
            return _broken(raised)(story, call, step)
        headers = {"X-Sandbox-Fault": FAULTS[code]}
        if call.write:
            headers["Idempotency-Key"] = story._key(step)
        token = story.tokens["partner"]
        return story.send(step, token=token, **headers)

    return provoke


def _broken(error: Exception) -> Provoke:
    """Something breaks inside."""

    def provoke(story: Story, call: Call, step: Step) -> TestResponse:
        def fail(*_: Any) -> NoReturn:
            raise error

        with patch.object(identity, "parse", fail), patch.object(kernel, "parse", fail):
            return story.send(step)

    return provoke


def _nobody(story: Story, call: Call, step: Step) -> TestResponse:
    if _is_open(call) and call.path != EXCHANGE:
        wrong = {name: f"{value}-wrong" for name, value in step.request.items()}
        return story.send(step, changed={"request": wrong})
    return story.send(step, token=None)


def _forbidden(story: Story, call: Call, step: Step) -> TestResponse:
    if call.path == EXCHANGE:
        return story.send(step, token=story.stage.platform.token)
    assert call.scope
    return story.send(step, token=token_without(story.settings, story.stage, call.scope))


def _invalid(story: Story, call: Call, step: Step) -> TestResponse:
    if call.method == "POST":
        return story.send(step, changed={"request": {}})
    if call.write:
        return story.send(step, **{"Idempotency-Key": "k" * 256})
    return story.send(step, token=story.tokens["partner"], **{"X-Sandbox-Fault": "earthquake"})


def _in_progress(story: Story, _: Call, step: Step) -> TestResponse:
    caller, key = f"key:{story.stage.partner.key_id}", story._key(step)
    with psycopg.connect(story.settings.database_url) as rival:
        rival.execute("SELECT idempotency_lock(%s, %s)", (caller, key))
        return story.send(step, **{"Idempotency-Key": key})


def _large(story: Story, _: Call, step: Step) -> TestResponse:
    content = {"data": b"1" * 1_000_001, "content_type": "application/json"}
    return story.send(step, raw=content)


def _other_type(story: Story, _: Call, step: Step) -> TestResponse:
    return story.send(step, raw={"data": b"a=1", "content_type": "text/plain"})


PROVOKE: dict[str, Provoke] = {
    "INVALID_PARAMETER": _invalid,
    "UNAUTHORIZED": _nobody,
    "FORBIDDEN": _forbidden,
    "PAYLOAD_TOO_LARGE": _large,
    "UNSUPPORTED_MEDIA_TYPE": _other_type,
    "IDEMPOTENCY_IN_PROGRESS": _in_progress,
    "TOO_MANY_REQUESTS": _fault("TOO_MANY_REQUESTS"),
    "UNAVAILABLE": _fault("UNAVAILABLE"),
    "INTERNAL": _broken(RuntimeError("provoked")),
    "TIMEOUT": _fault("TIMEOUT"),
}
"""How a call that would succeed is refused. The timeout comes last: it does the work, and the
story's own call then finds the answer by its key."""


@contextmanager
def _add_on_gone() -> Iterator[None]:
    """The add-on is taken away after its token was looked at."""
    nothing = extension_config._ADD_ON + " AND false"
    with patch.object(extension_config, "_ADD_ON", nothing):
        yield


GIVEN: dict[str, Callable[[], AbstractContextManager[None]]] = {"add-on gone": _add_on_gone}


def open_story(client: FlaskClient, settings: Settings) -> Story:
    stage = build(client, settings)
    ids = {told: stage.ids[name] for name, told in STAGE.items()}
    tokens = {"partner": stage.partner.token, "admin": stage.admin.token}
    return Story(client, settings, stage, ids, tokens)


def play(client: FlaskClient, settings: Settings) -> Story:
    """The whole story."""
    story = open_story(client, settings)
    for step in EXAMPLES:
        story.act(step)
    return story
