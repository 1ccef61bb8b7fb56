"""No secret and nothing about a person reaches the logs (behaviour §10)."""

import io
import json
import logging
from collections.abc import Iterator

import psycopg
import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.support.cast import Caller
from voucherweb.config import Settings
from voucherweb.logs import configure_logs
from voucherweb.redaction import BLOT, blot
from voucherweb.transaction import session, unit_of_work

PHONE, NAME, PASSWORD = "+886912345678", "陳美麗", "Tr0ub4dor&3-horse"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhYmMifQ.s5cK3tS1gn4tur3"
REFRESH = "qG3v9XbTzL1mPpWc7sKdYh0uRj5oNaEi2fVgAtQxB48"
KEY = "order-4711-of-0912345678"
SECRETS = [PHONE, "912345678", "0912345678", NAME, PASSWORD, JWT, REFRESH, KEY]


@pytest.fixture(params=["json", "console"])
def lines(request: pytest.FixtureRequest, app: Flask) -> Iterator[io.StringIO]:
    """Everything that is logged, in the form of production and of development."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    structlog.reset_defaults()
    configure_logs("DEBUG", json_lines=request.param == "json")
    out = io.StringIO()
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(out)
    yield out
    root.handlers[:] = before
    root.setLevel(level)


def leaks(lines: io.StringIO) -> list[str]:
    told = lines.getvalue()
    assert told
    return [secret for secret in SECRETS if secret in told]


def test_a_request_full_of_secrets_leaves_none_behind(
    client: FlaskClient, lines: io.StringIO
) -> None:
    headers = {"Authorization": f"Bearer {JWT}", "Idempotency-Key": KEY, "Cookie": f"s={REFRESH}"}
    body = {"name": NAME, "phoneNumber": PHONE, "password": PASSWORD, "account": KEY}
    for path in ("/auth/login", "/voucher/redeem", "/voucher-mgmt/voucher/add"):
        client.post(path, json=body, headers=headers)
    client.post("/auth/refresh", json={"refreshToken": REFRESH})
    assert leaks(lines) == []


def test_addresses_show_neither_their_query_nor_an_unknown_path(
    client: FlaskClient, lines: io.StringIO
) -> None:
    client.get(f"/files/voucher/a.png?expires=1&signature={REFRESH}")
    client.get(f"/reset/{REFRESH}/{NAME}/0912345678")
    client.get("/healthz", headers={"X-Request-Id": JWT, "User-Agent": NAME})
    assert leaks(lines) == []
    assert "unmatched" in lines.getvalue()


def test_an_unhandled_error_is_logged_without_the_data_that_caused_it(
    app: Flask, lines: io.StringIO
) -> None:
    statement = text("INSERT INTO tenants (code, name, type) VALUES (:a, :b, 'HOSPITAL')")
    rows = [{"a": PHONE, "b": NAME}, {"a": PHONE, "b": PASSWORD}]
    with pytest.raises(IntegrityError) as caught, unit_of_work():
        session.execute(statement, rows)
    structlog.get_logger("test").error("unhandled", exc_info=caught.value)
    assert "uq_tenants_code" in lines.getvalue()
    assert leaks(lines) == []


def test_a_plain_library_logger_is_behind_the_same_wall(lines: io.StringIO) -> None:
    log = logging.getLogger("some.library")
    log.warning("calling https://u:%s@host/?X-Amz-Signature=%s with Bearer %s", KEY, REFRESH, JWT)
    log.warning("member %s", {"name": "x", "phone": PHONE, "password": PASSWORD})
    structlog.get_logger("t").info("e", password=PASSWORD, deep={"phone": [PHONE], "n": [REFRESH]})
    assert leaks(lines) == []


def test_what_operators_need_stays_readable(client: FlaskClient, lines: io.StringIO) -> None:
    client.get("/healthz", headers={"X-Request-Id": "trace-1"})
    told = lines.getvalue()
    assert "trace-1" in told
    assert "/healthz" in told
    assert BLOT not in told


@pytest.mark.parametrize("lines", ["json"], indirect=True)
def test_a_call_is_logged_with_request_actor_and_tenant(admin: Caller, lines: io.StringIO) -> None:
    admin.data("/voucher-mgmt/vendor/info")
    entry = json.loads(lines.getvalue().splitlines()[-1])
    assert entry["actor"] == f"admin:{admin.id}"
    assert (entry["tenant"], entry["status"]) == (admin.tenant_id, 200)
    assert len(entry["request_id"]) == 32


@pytest.mark.parametrize(
    "harmless",
    [
        "2026-11-21T22:20:00+08:00",
        "b0912345-6789-4abc-8def-0123456789ab",
        "ck_quota_entries_kind_accounts_and_then_some_more",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "GET /voucher/list 200 in 1645488000000 ms",
    ],
)
def test_ids_times_and_names_are_not_blotted_out(harmless: str) -> None:
    assert blot(harmless) == harmless


def test_what_the_database_tells_of_a_row_is_blotted_out(app: Flask, settings: Settings) -> None:
    insert = "INSERT INTO tenants (code, name, type) VALUES (%s, 'x', 'WMT')"
    with psycopg.connect(settings.libpq_url) as connection:
        connection.execute(insert, [NAME])
        with pytest.raises(psycopg.errors.UniqueViolation) as caught:
            connection.execute(insert, [NAME])
    assert NAME in str(caught.value)
    assert NAME not in blot(str(caught.value))
