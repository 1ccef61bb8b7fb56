"""Connect tokens that were tampered with, and secrets that are none: refused, nothing breaks."""

import base64
import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jwt
import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support.add_ons import AUTH, CONFIG, Opener, issue_key
from voucherweb.config import MemberTokens, Settings
from voucherweb.domain import clock
from voucherweb.services import partner_tokens, tokens

Forge = Callable[[Settings, str], str]
OURS = {"alg": "HS256", "typ": "JWT", "kid": "vw"}
HOST_SECRET = "a host app's secret that is long enough"


@pytest.fixture
def token(client: FlaskClient, tenant_id: str) -> str:
    """A good token of a key."""
    return Opener(client).fetch(issue_key(tenant_id))


def part(value: Any) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def claims(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def _ours(settings: Settings, audience: str = partner_tokens.AUDIENCE) -> bytes:
    return tokens.signing_key(settings.secret_key, audience)


def _resign(token: str, key: bytes | str, **changes: Any) -> str:
    header = {"kid": "vw", **changes.pop("header", {})}
    body = {**claims(token), **changes}
    raw = json.dumps(body).encode()
    return jwt.api_jws.encode(raw, key, "HS256", headers=header)


def _without(token: str, settings: Settings, name: str) -> str:
    body = {key: value for key, value in claims(token).items() if key != name}
    return jwt.encode(body, _ours(settings), "HS256", headers={"kid": "vw"})


def _forged(header: Any, body: Any, signature: str = "") -> str:
    return f"{part(header)}.{part(body)}.{signature}"


FORGERIES: dict[str, Forge] = {
    "another signature": lambda _, good: good[:-6] + "AAAAAA",
    "no signature": lambda _, good: good.rpartition(".")[0] + ".",
    "another body": lambda _, good: ".".join(
        [good.split(".")[0], part({**claims(good), "sub": str(uuid.uuid4())}), good.split(".")[2]]
    ),
    "alg none": lambda _, good: _forged({"alg": "none", "kid": "vw"}, claims(good)),
    "alg nOnE": lambda _, good: _forged({"alg": "nOnE", "kid": "vw"}, claims(good)),
    "alg RS256": lambda _, good: _forged({"alg": "RS256", "kid": "vw"}, claims(good), "AAAA"),
    "alg HS512": lambda settings, good: jwt.encode(
        claims(good), _ours(settings) * 2, "HS512", headers={"kid": "vw"}
    ),
    "another key": lambda _, good: _resign(good, "k" * 32),
    "the bare secret": lambda settings, good: _resign(good, settings.secret_key),
    "the admins' key": lambda settings, good: _resign(good, _ours(settings, tokens.ADMIN_AUDIENCE)),
    "the members' key": lambda settings, good: _resign(
        good, _ours(settings, tokens.MEMBER_AUDIENCE)
    ),
    "an admin's audience": lambda settings, good: _resign(
        good, _ours(settings), aud=tokens.ADMIN_AUDIENCE
    ),
    "several audiences": lambda settings, good: _resign(
        good, _ours(settings), aud=[partner_tokens.AUDIENCE, tokens.ADMIN_AUDIENCE]
    ),
    "an audience that begins alike": lambda settings, good: _resign(
        good, _ours(settings), aud=partner_tokens.AUDIENCE + "2"
    ),
    "audience an object": lambda settings, good: _resign(good, _ours(settings), aud={"a": 1}),
    "no audience": lambda settings, good: _without(good, settings, "aud"),
    "no end": lambda settings, good: _without(good, settings, "exp"),
    "no subject": lambda settings, good: _without(good, settings, "sub"),
    "no kind": lambda settings, good: _without(good, settings, "knd"),
    "no proof": lambda settings, good: _without(good, settings, "prf"),
    "expired": lambda settings, good: _resign(good, _ours(settings), exp=1),
    "end as text": lambda settings, good: _resign(good, _ours(settings), exp="never"),
    "end without end": lambda settings, good: _resign(good, _ours(settings), exp=1e400),
    "not yet": lambda settings, good: _resign(good, _ours(settings), nbf=9_999_999_999),
    "the other kind": lambda settings, good: _resign(good, _ours(settings), knd="addon"),
    "no such kind": lambda settings, good: _resign(good, _ours(settings), knd="admin"),
    "kind a list": lambda settings, good: _resign(good, _ours(settings), knd=["key"]),
    "another subject": lambda settings, good: _resign(
        good, _ours(settings), sub=str(uuid.uuid4())
    ),
    "subject with NUL": lambda settings, good: _resign(good, _ours(settings), sub="a\0b"),
    "subject a number": lambda settings, good: _resign(good, _ours(settings), sub=7),
    "another proof": lambda settings, good: _resign(good, _ours(settings), prf=str(uuid.uuid4())),
    "proof with a surrogate": lambda settings, good: _resign(good, _ours(settings), prf="\ud800"),
    "proof in braces": lambda settings, good: _resign(
        good, _ours(settings), prf="{" + claims(good)["prf"] + "}"
    ),
    "critical extension": lambda settings, good: _resign(
        good, _ours(settings), header={"crit": ["b64"], "b64": False}
    ),
    "no kid": lambda settings, good: jwt.encode(claims(good), _ours(settings), "HS256"),
    "another kid": lambda settings, good: _resign(good, _ours(settings), header={"kid": "x"}),
    "kid a number": lambda _, good: _forged({**OURS, "kid": 7}, claims(good), "AA"),
    "body an array": lambda _, _good: _forged(OURS, [1], "AA"),
    "header an array": lambda _, good: _forged([1], claims(good), "AA"),
    "header deep": lambda _, good: _forged(b"[" * 2_000, claims(good), "AA"),
    "header very deep": lambda _, good: _forged(b"[" * 50_000, claims(good), "AA"),
    "body deep": lambda _, _good: _forged(OURS, b'{"a":' * 500, "AA"),
    "very long": lambda _, _good: "a" * 60_000,
    "long and right": lambda settings, good: _resign(good, _ours(settings), pad="x" * 20_000),
    "not base64": lambda _, _good: "a.b.c",
    "two parts": lambda _, good: good.rpartition(".")[0],
    "nothing between dots": lambda _, _good: "..",
    "not ascii": lambda _, _good: "ä.ö.ü",
    "wide digits": lambda _, good: good[:-1] + "１",
    "an exchange token's form": lambda _, _good: tokens.new_secret(),
}  # fmt: skip


def ask(client: FlaskClient, token: str) -> tuple[int, str]:
    answer = client.get(CONFIG, headers={"Authorization": f"Bearer {token}"})
    return answer.status_code, answer.get_json().get("code", "")


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_connect_token_is_refused(
    client: FlaskClient, settings: Settings, token: str, forge: Forge
) -> None:
    assert ask(client, forge(settings, token)) == (401, "UNAUTHORIZED")
    assert ask(client, token) == (200, "")


@pytest.mark.parametrize("scheme", ["", "Basic {}", "Bearer", "Bearer ", "{}", "Token {}"])
def test_another_scheme_is_refused(client: FlaskClient, token: str, scheme: str) -> None:
    answer = client.get(CONFIG, headers={"Authorization": scheme.format(token)})
    assert answer.status_code == 401


@pytest.mark.parametrize("place", ["query", "cookie", "header"])
def test_a_token_in_another_place_is_no_proof(client: FlaskClient, token: str, place: str) -> None:
    client.set_cookie("access_token", token if place == "cookie" else "")
    query = {"access_token": token} if place == "query" else {}
    headers = {"X-Access-Token": token} if place == "header" else {}
    assert client.get(CONFIG, query_string=query, headers=headers).status_code == 401


def test_the_host_apps_key_makes_no_partner(app: Flask, settings: Settings, token: str) -> None:
    """Whoever may sign members' tokens may sign nothing else, whatever the token says."""
    trusted = MemberTokens(algorithms=("HS256",), key=HOST_SECRET)
    app.extensions["settings"] = replace(settings, member_tokens=trusted)
    try:
        tried = [
            ask(app.test_client(), jwt.encode(claims(token), HOST_SECRET, "HS256", headers=header))
            for header in ({}, {"kid": "vw"}, {"kid": "other"})
        ]
    finally:
        app.extensions["settings"] = settings
    assert tried == [(401, "UNAUTHORIZED")] * 3


def test_a_connect_token_is_no_host_apps_token(app: Flask, settings: Settings, token: str) -> None:
    trusted = MemberTokens(algorithms=("HS256",), key=HOST_SECRET)
    app.extensions["settings"] = replace(settings, member_tokens=trusted)
    try:
        sent = {"Authorization": f"Bearer {token}"}
        statuses = [
            app.test_client().get(path, headers=sent).status_code
            for path in ("/voucher/my-summary", "/voucher-mgmt/unit-points-rate")
        ]
    finally:
        app.extensions["settings"] = settings
    assert statuses == [401, 401]


def test_another_installation_makes_no_partner(
    client: FlaskClient, settings: Settings, token: str
) -> None:
    other = replace(settings, secret_key="another secret key of another installation 0123456789")
    said = claims(token)
    body = {name: said[name] for name in ("sub", "knd", "prf")}
    forged = tokens.sign(other, partner_tokens.AUDIENCE, body, clock.now() + timedelta(hours=1))
    assert ask(client, forged) == (401, "UNAUTHORIZED")


BODIES: dict[str, tuple[bytes, set[int]]] = {
    "NUL": (b'{"%s": "a\\u0000b"}', {400}),
    "lone surrogate": (b'{"%s": "\\ud800"}', {400}),
    "surrogate in bytes": (b'{"%s": "\xed\xa0\x80"}', {400}),
    "not UTF-8": (b'{"%s": "\xff"}', {400}),
    "number": (b'{"%s": 5}', {400}),
    "list": (b'{"%s": ["x"]}', {400}),
    "object": (b'{"%s": {"$ne": ""}}', {400}),
    "true": (b'{"%s": true}', {400}),
    "null": (b'{"%s": null}', {400}),
    "255 characters": (b'{"%s": "' + b"x" * 255 + b'"}', {401}),
    "256 characters": (b'{"%s": "' + b"x" * 256 + b'"}', {400}),
    "2 MB": (b'{"%s": "' + b"x" * 2_000_000 + b'"}', {413}),
    "deep": (b'{"%s": ' + b"[" * 400 + b"]" * 400 + b"}", {400}),
    "SQL": (b'{"%s": "\' OR 1=1 --"}', {401}),
    "percent": (b'{"%s": "%%s %%(x)s %%"}', {401}),
    "wide": (b'{"%s": "\xe7\xa7\x98\xe5\xaf\x86"}', {401}),
    "control characters": (b'{"%s": "\\r\\nX-Evil: 1"}', {401}),
    "an array": (b'["%s"]', {400}),
    "no JSON": (b"%s=x", {400}),
}
FIELDS = {
    "access-token": "exchange_token",
    "refresh-token": "refresh_token",
    "token": "api_secret",
}


def post(client: FlaskClient, call: str, raw: bytes) -> TestResponse:
    return client.post(AUTH + call, data=raw, content_type="application/json")


@pytest.mark.parametrize("call", FIELDS)
@pytest.mark.parametrize("case", BODIES)
def test_a_hostile_secret_is_refused_and_nothing_breaks(
    client: FlaskClient, app: Flask, call: str, case: str
) -> None:
    raw, wanted = BODIES[case]
    raw = raw.replace(b"%s", FIELDS[call].encode(), 1).replace(b"%%", b"%")
    if call == "token":
        raw = raw.replace(b"{", b'{"api_key": "vk_live_0123456789abcdef01234567", ', 1)
    answer = post(client, call, raw)
    assert answer.status_code in wanted
    assert answer.get_json()["statusCode"] == answer.status_code
    assert answer.headers["Cache-Control"] == "no-store"
    assert "x" * 255 not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "api_key", ["", "\ud7ff", "' OR 1=1 --", "vk_live_%", "x" * 255, "vk_live_" + "１" * 24]
)
def test_a_hostile_key_is_an_unknown_key(client: FlaskClient, app: Flask, api_key: str) -> None:
    raw = orjson.dumps({"api_key": api_key, "api_secret": "x"})
    assert post(client, "token", raw).status_code == 401


@pytest.mark.parametrize("call", [*FIELDS, "exchange-token"])
def test_tokens_are_asked_for_by_post_alone(client: FlaskClient, app: Flask, call: str) -> None:
    assert client.get(AUTH + call).status_code == 405
    assert client.put(AUTH + call, json={}).status_code == 405


@pytest.mark.parametrize("call", FIELDS)
def test_a_form_is_no_body(client: FlaskClient, app: Flask, call: str) -> None:
    answer = client.post(AUTH + call, data={FIELDS[call]: "x"})
    assert answer.status_code == 415
