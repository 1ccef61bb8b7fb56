"""(f) statistics and lists over 10⁴, 10⁵ and 10⁶ redemptions: one database each, in turns."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import psycopg
from flask import Flask
from flask_migrate import upgrade
from psycopg import sql
from sqlalchemy import event

from bench.bulk import Size, fill
from bench.stage import Stage
from bench.table import Row, median, millis, ratio
from voucherweb import create_app
from voucherweb.domain import clock
from voucherweb.extensions import db
from voucherweb.models import Admin, AuthSession
from voucherweb.services import tokens
from voucherweb.transaction import session, unit_of_work

SIZES = {"10⁴": 10_000, "10⁵": 100_000, "10⁶": 1_000_000}
QUICK = {"10³": 1_000, "10⁴": 10_000}
ROUNDS = 30


@dataclass(frozen=True, slots=True)
class House:
    """One filled database with an application over it and somebody of each role."""

    app: Flask
    tenant_id: str
    voucher_id: str
    platform: str
    tenant: str
    member: str

    def call(self, path: str, token: str, body: dict[str, Any]) -> float:
        """Seconds of one call that must succeed."""
        client = self.app.test_client()
        began = time.perf_counter()
        answer = client.post(path, json=body, headers={"Authorization": f"Bearer {token}"})
        seconds = time.perf_counter() - began
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.get_data(as_text=True)}")
        return seconds

    def queries(self, path: str, token: str, body: dict[str, Any]) -> int:
        """How many statements the call sends."""
        seen: list[str] = []

        def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            seen.append(statement)

        with self.app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", note)
        self.call(path, token, body)
        event.remove(engine, "before_cursor_execute", note)
        return len(seen)


def half_ago() -> str:
    """A day that cuts the bulk's vouchers, issued over 90 days, in half: the slow way to count."""
    return (clock.now() - timedelta(days=45)).date().isoformat()


Call = tuple[str, str, Callable[[House], tuple[str, dict[str, Any]]], str]
CALLS: list[Call] = [
    ("statistics/list", "/voucher-mgmt/statistics/list", lambda h: (h.platform, {}), "≤ 1.5"),
    (
        "statistics/list with dates",
        "/voucher-mgmt/statistics/list",
        lambda h: (h.platform, {"query": {"startDate": half_ago()}}),
        "≤ 1 s",
    ),
    (
        "voucher/statistics, platform",
        "/voucher-mgmt/voucher/statistics",
        lambda h: (h.platform, {"tenantId": h.tenant_id}),
        "≤ 1.5",
    ),
    (
        "voucher/statistics, tenant",
        "/voucher-mgmt/voucher/statistics",
        lambda h: (h.tenant, {"voucherId": h.voucher_id}),
        "≤ 1.5",
    ),
    ("voucher/summary", "/voucher-mgmt/voucher/summary", lambda h: (h.tenant, {}), "≤ 1.5"),
    ("voucher-mgmt/voucher/list", "/voucher-mgmt/voucher/list", lambda h: (h.tenant, {}), "≤ 1.5"),
    ("app voucher/list", "/voucher/list", lambda h: (h.member, {}), "≤ 1.5"),
    ("app my-list", "/voucher/my-list", lambda h: (h.member, {}), "≤ 1.5"),
]


@contextmanager
def houses(here: Stage, sizes: dict[str, int]) -> Iterator[dict[str, House]]:
    base, _, query = here.settings.database_url.partition("?")
    head = base.rpartition("/")[0]
    built = {}
    for number, (name, size) in enumerate(sizes.items()):
        database = f"bench_{number}"
        url = f"{head}/{database}" + (f"?{query}" if query else "")
        with psycopg.connect(here.settings.database_url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        built[name] = _build(here, url, size)
    try:
        yield built
    finally:
        for house in built.values():
            with house.app.app_context():
                db.engine.dispose()


def _build(here: Stage, url: str, size: int) -> House:
    app = create_app(replace(here.settings, database_url=url))
    with app.app_context():
        upgrade()
    with psycopg.connect(url, autocommit=True) as connection:
        fill(connection, Size(redemptions=size), clock.now())
        row = connection.execute(
            "SELECT v.tenant_id::text, v.id::text, m.household_member_id FROM vouchers v"
            " CROSS JOIN LATERAL (SELECT household_member_id FROM members LIMIT 1) m LIMIT 1"
        ).fetchone()
    if row is None:
        raise RuntimeError("the bulk wrote nothing")
    with app.app_context(), unit_of_work():
        return House(
            app,
            row[0],
            row[1],
            _admin(here, None),
            _admin(here, uuid.UUID(row[0])),
            tokens.member_token(here.settings, row[2]),
        )


def _admin(here: Stage, tenant_id: uuid.UUID | None) -> str:
    admin = Admin(
        role="TENANT_ADMIN" if tenant_id else "PLATFORM_ADMIN",
        tenant_id=tenant_id,
        account=f"{uuid.uuid4()}@bench.test",
        password_hash="unusable",  # noqa: S106 - nobody signs in with it.
    )
    session.add(admin)
    session.flush()
    auth = AuthSession(admin_id=admin.id, expires_at=clock.now() + timedelta(days=1))
    session.add(auth)
    session.flush()
    return tokens.admin_access(here.settings, admin.id, auth.id)


def measure(here: Stage, *, quick: bool) -> list[Row]:
    rows: list[Row] = []
    with houses(here, QUICK if quick else SIZES) as built:
        for name, path, who, aim in CALLS:
            times: dict[str, list[float]] = {size: [] for size in built}
            for turn in range(ROUNDS + 3):
                for size, house in built.items():
                    token, body = who(house)
                    seconds = house.call(path, token, body)
                    if turn >= 3:
                        times[size].append(seconds)
            medians = {size: median(values) for size, values in times.items()}
            counts = {house.queries(path, *who(house)) for house in built.values()}
            rows.append(_row(name, medians, counts, aim))
    return rows


def _row(name: str, medians: dict[str, float], counts: set[int], aim: str) -> Row:
    values = list(medians.values())
    times = ", ".join(f"{size} {millis(value)}" for size, value in medians.items())
    growth = ratio(values[-1] / values[0])
    asked = "/".join(str(count) for count in sorted(counts))
    return Row("f", f"{name} ({asked} queries): {times}", growth, aim)
