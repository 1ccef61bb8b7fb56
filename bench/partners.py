"""(j) contract B: give, check, use, burn and add over HTTP against the authenticated no-op call,
and a million codes against a bare COPY of the same rows."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import psycopg

from bench import load
from bench.redeeming import CONNECTIONS, need_all
from bench.stage import MEMBERS, Stage, member_id
from bench.table import Row, median, rate, ratio
from voucherweb.domain import clock
from voucherweb.domain.coupon_terms import SetTerms
from voucherweb.domain.partner import ALL_SCOPES, CallerKind
from voucherweb.models import ApiKey, ApiKeySecret
from voucherweb.services import coupon_jobs, jobs, partner_tokens, tokens
from voucherweb.transaction import session, unit_of_work

CONNECT = "/v2/connect"
NOOP = f"{CONNECT}/noop"
MILLION = 1_000_000

_CARDS = """
WITH campaign AS (
    INSERT INTO programmes (tenant_id, name, value_per_point) VALUES (%s, 'bench', 10)
    RETURNING id, tenant_id
), people AS (
    UPDATE members m SET tenant_id = campaign.tenant_id,
        phone_number = '09' || right(m.id::text, 8)
    FROM campaign WHERE m.name = 'bench' RETURNING m.id
)
INSERT INTO cards (member_id, programme_id)
SELECT people.id, campaign.id FROM people, campaign RETURNING card_no, member_id::text
"""
_SET = """
INSERT INTO coupon_sets (tenant_id, source, name, start_date, end_date, total)
VALUES (%s, 'AUTO_GENERATE', 'bench', now() - interval '1 day', now() + interval '1 day', 0)
RETURNING id::text
"""


class Desk:
    """A partner of the bench's tenant with a card for each member, and its requests."""

    def __init__(self, here: Stage) -> None:
        self.here = here
        self.token = _make_key(here)
        rows = here.sql(_CARDS, here.tenant.tenant_id)
        self.cards = [(str(number), f"09{str(member)[-8:]}") for number, member in rows]
        self.set_id = str(here.sql(_SET, here.tenant.tenant_id)[0][0])

    def request(self, method: str, path: str, body: Any = None, *, key: bool = True) -> bytes:
        headers = {"Idempotency_Key": str(uuid.uuid4())} if key else {}
        raw = b"" if body is None else json.dumps(body).encode()
        return load.request(method, path, self.token, raw, **headers)

    def points(self, path: str, count: int, *, key: bool = True, **fields: Any) -> list[bytes]:
        return [
            self.request("POST", CONNECT + path, {**self._card(n), **fields}, key=key)
            for n in range(count)
        ]

    def _card(self, number: int) -> dict[str, str]:
        card_no, phone = self.cards[number * 997 % len(self.cards)]
        return {"card_no": card_no, "phone_number": phone, "ref_no": f"bench-{number}"}

    def gives(self, count: int) -> list[bytes]:
        body = {"coupon_set_uuid": self.set_id}
        members = [member_id(1 + n * 997 % MEMBERS) for n in range(count)]
        return [self.request("POST", f"{CONNECT}/coupon/give/{one}", body) for one in members]

    def codes(self, count: int) -> list[str]:
        rows = self.here.sql(
            "SELECT code FROM coupons WHERE set_id = %s AND status = 'ACTIVE' LIMIT %s",
            self.set_id,
            count,
        )
        return [str(row[0]) for row in rows]


def _make_key(here: Stage) -> str:
    with here.app.app_context(), unit_of_work():
        key = ApiKey(
            key=f"vk_live_{uuid.uuid4().hex}",
            tenant_id=here.tenant.tenant_id,
            name="bench",
            scopes=sorted(ALL_SCOPES),
            created_by="bench",
        )
        session.add(key)
        session.flush()
        secret = ApiKeySecret(api_key_id=key.id, secret_hash=tokens.digest(tokens.new_secret()))
        session.add(secret)
        session.flush()
        return partner_tokens.access_token(here.settings, CallerKind.KEY, key.id, secret.id)


def calls(here: Stage, address: tuple[str, int], rounds: int, count: int) -> list[Row]:
    """Each call in turn with the no-op in every round, so that moods of the machine hit both."""
    desk = Desk(here)
    kinds: dict[str, tuple[int, Callable[[], list[bytes]]]] = {
        "add points": (201, lambda: desk.points("/add/points", count, method=2, points=100)),
        "burn points": (201, lambda: desk.points("/burn/points", count, points=1)),
        "burn, without a key": (
            201,
            lambda: desk.points("/burn/points", count, key=False, points=1),
        ),
        "give from one set": (201, lambda: desk.gives(count)),
        "check": (
            200,
            lambda: [
                desk.request("GET", f"{CONNECT}/coupon/check?code={code}", key=False)
                for code in desk.codes(count)
            ],
        ),
        "use, one set": (
            201,
            lambda: [
                desk.request("POST", f"{CONNECT}/coupon/use", {"code": code})
                for code in desk.codes(count)
            ],
        ),
    }
    ours: dict[str, list[float]] = {kind: [] for kind in kinds}
    noop: list[float] = []
    for _ in range(rounds):
        for kind, (status, requests) in kinds.items():
            result = need_all(load.run(address, requests(), CONNECTIONS), status)
            ours[kind].append(result.rate)
        asks = [desk.request("POST", NOOP, {"code": "x"}, key=False) for _ in range(count)]
        noop.append(need_all(load.run(address, asks, CONNECTIONS), 201).rate)
    least = median(noop)
    rows = [Row("j", "contract B, authenticated no-op", rate(least))]
    for kind, rates in ours.items():
        value = median(rates)
        rows.append(Row("j", f"  {kind}; ÷ no-op", f"{rate(value)}; {ratio(value / least)}"))
    return rows


def generation(here: Stage, *, quick: bool) -> list[Row]:
    """The job that makes codes, then COPY of the very rows it made, into the same table."""
    count = MILLION // 10 if quick else MILLION
    began = time.perf_counter()
    set_id = _generate(here, count)
    made = count / (time.perf_counter() - began)
    with psycopg.connect(here.settings.database_url) as connection:
        rows = list(_rows(connection, set_id))
        connection.execute("DELETE FROM coupons WHERE set_id = %s", [set_id])
    here.sql("VACUUM coupons")
    with psycopg.connect(here.settings.database_url) as connection:
        began = time.perf_counter()
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            copy.write("".join(rows))
        connection.commit()
        bare = count / (time.perf_counter() - began)
    return [
        Row("j", f"{count:,} codes generated by the job", rate(made)),
        Row("j", "  ÷ bare COPY of the same rows", ratio(made / bare)),
    ]


_COPY = "COPY coupons (set_id, ordinal, owner_id, code) FROM STDIN"


def _rows(connection: "psycopg.Connection[Any]", set_id: uuid.UUID) -> Iterator[str]:
    query = "SELECT ordinal, owner_id, code FROM coupons WHERE set_id = %s ORDER BY ordinal"
    for ordinal, owner_id, code in connection.execute(query, [set_id]):
        yield f"{set_id}\t{ordinal}\t{owner_id}\t{code}\n"


def _generate(here: Stage, count: int) -> uuid.UUID:
    now = clock.now()
    terms = SetTerms(name="bench", start_date=now, end_date=now + timedelta(days=1), quantity=count)
    with here.app.app_context():
        with unit_of_work():
            set_id = coupon_jobs.start_generation(
                here.tenant, here.tenant.tenant_id, terms, carried=False
            )
        with unit_of_work():
            attempt = jobs.claim(set_id)
        if attempt is None:
            raise RuntimeError("the job of the codes does not wait")
        coupon_jobs.run_generation(attempt, lambda _percent: None)
    return set_id
