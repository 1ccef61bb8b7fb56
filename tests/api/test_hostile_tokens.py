"""Tokens and addresses that were tampered with: 401 or 403, whoever seems to hold them."""

import base64
import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support.cast import Caller
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.services import tokens

UNAUTHORIZED = (401, "API_ERROR.UNAUTHORIZED")
RATE = "/voucher-mgmt/unit-points-rate"
SUMMARY = "/voucher/my-summary"
Forge = Callable[[Settings, Caller], str]


def told(answer: TestResponse) -> tuple[int, str]:
    assert answer.json is not None
    return answer.status_code, answer.json["errorMsg"]


def ask(client: FlaskClient, authorization: str, path: str = RATE) -> tuple[int, str]:
    return told(client.get(path, headers={"Authorization": authorization}))


def part(value: Any) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def claims(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def forged(header: Any, body: Any, signature: str = "") -> str:
    return f"{part(header)}.{part(body)}.{signature}"


def _resign(caller: Caller, key: bytes | str, **changes: Any) -> str:
    header = {"kid": "vw", **changes.pop("header", {})}
    return jwt.encode({**claims(caller.token), **changes}, key, "HS256", headers=header)


def _ours(settings: Settings, audience: str = tokens.ADMIN_AUDIENCE) -> bytes:
    return tokens.signing_key(settings.secret_key, audience)


OURS = {"alg": "HS256", "typ": "JWT", "kid": "vw"}
FORGERIES: dict[str, Forge] = {
    "another signature": lambda _, who: who.token[:-6] + "AAAAAA",
    "no signature": lambda _, who: who.token.rpartition(".")[0] + ".",
    "another body": lambda _, who: ".".join(
        [who.token.split(".")[0], part({**claims(who.token), "sub": str(uuid.uuid4())}),
         who.token.split(".")[2]]
    ),
    "alg none": lambda _, who: forged({"alg": "none", "kid": "vw"}, claims(who.token)),
    "alg None": lambda _, who: forged({"alg": "None", "kid": "vw"}, claims(who.token)),
    "alg none without kid": lambda _, who: forged({"alg": "none"}, claims(who.token)),
    "alg RS256": lambda _, who: forged({"alg": "RS256", "kid": "vw"}, claims(who.token), "AAAA"),
    "another key": lambda _, who: _resign(who, "k" * 32),
    "the bare secret": lambda settings, who: _resign(who, settings.secret_key),
    "the members' key": lambda settings, who: _resign(who, _ours(settings, tokens.MEMBER_AUDIENCE)),
    "expired": lambda settings, who: _resign(who, _ours(settings), exp=1),
    "not yet": lambda settings, who: _resign(who, _ours(settings), nbf=9_999_999_999),
    "no session": lambda settings, who: _resign(who, _ours(settings), sid=None),
    "another session": lambda settings, who: _resign(who, _ours(settings), sid=str(uuid.uuid4())),
    "session with NUL": lambda settings, who: _resign(who, _ours(settings), sid="a\0b"),
    "another subject": lambda settings, who: _resign(who, _ours(settings), sub=str(uuid.uuid4())),
    "several audiences": lambda settings, who: _resign(
        who, _ours(settings), aud=[tokens.ADMIN_AUDIENCE, "x"]
    ),
    "another audience": lambda settings, who: _resign(who, _ours(settings), aud="x"),
    "audience an object": lambda _, who: forged(OURS, {**claims(who.token), "aud": {"a": 1}}, "AA"),
    "body an array": lambda _, _who: forged(OURS, [1], "AA"),
    "header an array": lambda _, who: forged([1], claims(who.token), "AA"),
    "header deep": lambda _, who: forged(b"[" * 50_000, claims(who.token), "AA"),
    "body deep": lambda _, _who: forged(OURS, b'{"a":' * 50_000, "AA"),
    "kid a number": lambda _, who: forged({**OURS, "kid": 7}, claims(who.token), "AA"),
    "unknown kid": lambda _, who: _resign(who, "k" * 32, header={"kid": "other"}),
    "critical extension": lambda settings, who: _resign(
        who, _ours(settings), header={"crit": ["b64"], "b64": False}
    ),
    "not base64": lambda _, _who: "a.b.c",
    "two parts": lambda _, who: who.token.rpartition(".")[0],
    "nothing between dots": lambda _, _who: "..",
    "very long": lambda _, _who: "a" * 60_000,
    "not ascii": lambda _, _who: "ä.ö.ü",
}  # fmt: skip


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_token_is_refused(
    client: FlaskClient, settings: Settings, platform: Caller, forge: Forge
) -> None:
    assert ask(client, f"Bearer {forge(settings, platform)}") == UNAUTHORIZED
    assert platform.get(RATE).status_code == 200


@pytest.mark.parametrize(
    "scheme", ["", "Basic {}", "Bearer", "Bearer ", "{}", "bearer\t{}", "Token {}"]
)
def test_another_scheme_is_refused(client: FlaskClient, platform: Caller, scheme: str) -> None:
    assert ask(client, scheme.format(platform.token)) == UNAUTHORIZED


def test_a_token_of_another_kind_opens_nothing(
    client: FlaskClient, platform: Caller, admin: Caller, member: Caller
) -> None:
    forbidden = (403, "API_ERROR.FORBIDDEN")
    assert ask(client, f"Bearer {member.token}") == forbidden
    assert ask(client, f"Bearer {admin.token}", SUMMARY) == forbidden
    assert ask(client, f"Bearer {platform.token}", SUMMARY) == forbidden
    assert told(admin.post("/voucher-mgmt/vendor/list")) == forbidden


@pytest.mark.parametrize("subject", ["", "a\0b", "\ud800", "x" * 256, None, 7])
def test_a_strange_member_is_refused(client: FlaskClient, settings: Settings, subject: Any) -> None:
    body = {"sub": subject, "aud": tokens.MEMBER_AUDIENCE,
            "exp": clock.now() + timedelta(hours=1)}  # fmt: skip
    key = _ours(settings, tokens.MEMBER_AUDIENCE)
    token = jwt.api_jws.encode(
        json.dumps({**body, "exp": int(body["exp"].timestamp())}).encode(), key, "HS256",
        headers={"kid": "vw"},
    )  # fmt: skip
    assert ask(client, f"Bearer {token}", SUMMARY) == UNAUTHORIZED


def test_a_refresh_token_is_no_access_token(client: FlaskClient, platform: Caller) -> None:
    assert ask(client, f"Bearer {tokens.new_secret()}") == UNAUTHORIZED
    answer = client.post("/auth/refresh", json={"refreshToken": platform.token[:255]})
    assert told(answer) == UNAUTHORIZED
