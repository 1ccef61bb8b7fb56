"""Every 401 says how to prove who one is (RFC 9110 §11.6.1, RFC 6750 §3)."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from voucherweb.api import openapi
from voucherweb.api.partner import openapi as partner_openapi

BARE = 'Bearer realm="voucherweb"'
NOT_GOOD = f'{BARE}, error="invalid_token"'
CALLS = [
    ("GET", "/voucher-mgmt/unit-points-rate"),
    ("POST", "/voucher/list"),
    ("POST", "/auth/logout"),
    ("GET", "/v2/connect/campaigns"),
    ("DELETE", "/api/v1/connect/coupon/void/7"),
    ("POST", "/v1/auth-connect/exchange-token"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (None, BARE),
        ("Basic YTpi", BARE),
        ("Bearer", BARE),
        ("Bearer ", BARE),
        ("Bearer x", NOT_GOOD),
        ("bearer a.b.c", NOT_GOOD),
    ],
)
def test_a_401_asks_for_a_bearer_token(
    client: FlaskClient, method: str, path: str, sent: str | None, told: str
) -> None:
    headers = {} if sent is None else {"Authorization": sent}
    answer = client.open(path, method=method, headers=headers)
    assert answer.status_code == 401
    assert answer.headers.getlist("WWW-Authenticate") == [told]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/auth/login", {"account": "nobody", "password": "x"}),
        ("/auth/refresh", {"refreshToken": "x"}),
        ("/v1/auth-connect/token", {"api_key": "x", "api_secret": "y"}),
        ("/v1/auth-connect/access-token", {"exchange_token": "x"}),
        ("/v1/auth-connect/refresh-token", {"refresh_token": "x"}),
    ],
)
def test_a_wrong_secret_is_answered_with_it_too(
    client: FlaskClient, path: str, body: dict[str, str]
) -> None:
    answer = client.post(path, json=body)
    assert answer.status_code == 401
    assert answer.headers.getlist("WWW-Authenticate") == [BARE]


def test_no_other_answer_asks(client: FlaskClient) -> None:
    for path in ("/nowhere", "/v2/connect/nowhere", "/healthz"):
        assert "WWW-Authenticate" not in client.get(path).headers


@pytest.mark.parametrize("english", [True, False])
@pytest.mark.parametrize("module", [openapi, partner_openapi])
def test_both_documents_tell_it(module: Any, english: bool) -> None:
    paths = module.document(english=english)["paths"]
    refusals = [
        one["responses"]["401"] for path in paths.values() for one in path.values()
        if "401" in one["responses"]
    ]  # fmt: skip
    assert len(refusals) > 20
    assert all("WWW-Authenticate" in one["headers"] for one in refusals)
