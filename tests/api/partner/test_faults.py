"""Faults that a sandbox key asks for: made up, told as such, and without effect."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.add_ons import Opener, issue_key
from voucherweb.services.sandboxes import PHONES, POINTS

ADD, BURN = "/v2/connect/add/points", "/v2/connect/burn/points"
FAULT = "X-Sandbox-Fault"


class Till:
    """A partner's till, with a key of that kind."""

    def __init__(self, client: FlaskClient, tenant_id: str, *, sandbox: bool = True) -> None:
        self.client = client
        issue_key(tenant_id, sandbox=True)  # The twin and its members are there in any case.
        self.token = Opener(client).fetch(issue_key(tenant_id, sandbox=sandbox))

    def ask(self, method: str, path: str, fault: str | None = None, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        told = {**headers, FAULT: fault} if fault else headers
        return self.client.open(path, method=method, headers=told, **options)

    def card(self) -> dict[str, Any]:
        found = self.ask("GET", "/v2/connect/profiles", query_string={"phone_number": PHONES[0]})
        card: dict[str, Any] = found.get_json()["data"][0]["cards"][0]
        return card

    def burn(self, points: int, fault: str | None = None, **headers: str) -> Any:
        body = {"phone_number": PHONES[0], "card_no": self.card()["card_no"], "points": points,
                "ref_no": "S"}  # fmt: skip
        return self.ask("POST", BURN, fault, json=body, headers=headers)


@pytest.fixture
def till(client: FlaskClient, tenant_id: str) -> Till:
    return Till(client, tenant_id)


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "k"}], ids=["without", "with a key"])
@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("too-many-requests", 429, "TOO_MANY_REQUESTS"),
        ("unavailable", 503, "UNAVAILABLE"),
        ("unauthorized", 401, "UNAUTHORIZED"),
        ("insufficient-points", 422, "INSUFFICIENT_POINTS"),
    ],
)
def test_what_is_made_up_changes_nothing(
    till: Till, key: dict[str, str], fault: str, status: int, code: str
) -> None:
    answer = till.burn(5, fault, **key)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert answer.headers[FAULT] == fault
    assert till.card()["points"] == POINTS
    assert till.burn(5, **key).status_code == 201
    assert till.card()["points"] == POINTS - 5


@pytest.mark.parametrize("again", [None, "timeout-after-commit"])
def test_a_timeout_after_the_commit_has_done_the_work_once(till: Till, again: str | None) -> None:
    lost = till.burn(5, "timeout-after-commit", **{"Idempotency-Key": "k"})
    assert (lost.status_code, lost.get_json()["code"]) == (504, "TIMEOUT")
    found = till.burn(5, again, **{"Idempotency-Key": "k"})
    assert (found.status_code, found.headers["Idempotent-Replayed"]) == (201, "true")
    assert FAULT not in found.headers
    assert till.card()["points"] == POINTS - 5


@pytest.mark.parametrize("fault", ["timeout-after-commit", "insufficient-points"])
def test_a_call_that_is_refused_shows_its_own_refusal(till: Till, fault: str) -> None:
    refused = till.burn(0, fault)
    assert (refused.status_code, refused.get_json()["code"]) == (400, "INVALID_PARAMETER")
    assert FAULT not in refused.headers
    body = {"phone_number": PHONES[1], "card_no": "nobody", "points": 1, "ref_no": "S"}
    unknown = till.ask("POST", BURN, fault, json=body, headers={"Idempotency-Key": "k"})
    assert (unknown.status_code, FAULT in unknown.headers) == (404, False)


@pytest.mark.parametrize(
    ("method", "path", "fault"),
    [
        ("GET", "/v2/connect/campaigns", "earthquake"),
        ("GET", "/v2/connect/campaigns", "no-stock"),
        ("POST", BURN, "coupon-used"),
    ],
)
def test_a_fault_that_cannot_befall_a_call_is_refused_and_named(
    till: Till, method: str, path: str, fault: str
) -> None:
    answer = till.ask(method, path, fault)
    assert answer.status_code == 400
    (detail,) = answer.get_json()["details"]
    assert detail["field"] == FAULT
    assert "timeout-after-commit" in detail["reason"]


def test_a_live_keys_header_says_nothing(client: FlaskClient, tenant_id: str) -> None:
    live = Till(client, tenant_id, sandbox=False)
    answer = live.ask("GET", "/v2/connect/campaigns", "too-many-requests")
    assert (answer.status_code, FAULT in answer.headers) == (200, False)
