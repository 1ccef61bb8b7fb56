"""A random mix of both contracts by many workers at once, and what must be true afterwards.

Every worker asks until it has an answer, always with the same key, so that each operation has one
outcome that both sides know. What was acknowledged must then be exactly what the books say.
"""

import json
import random
import threading
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import psycopg
from flask.testing import FlaskClient

from tests.support import cast
from tests.support.load import Answer, Ask, Client
from tests.support.partners import PartnerCaller, make_partner
from voucherweb.config import Settings
from voucherweb.models import PLATFORM_PROGRAMME
from voucherweb.services import proof, tokens

PRICE = 5
CONNECT = "/v2/connect"
REFUSALS = {
    *("INSUFFICIENT_POINTS", "POINTS_ALREADY_SPENT", "ALREADY_VOIDED", "REF_AMBIGUOUS"),
    *("POOL_EMPTY", "SET_LIMIT_REACHED", "COUPON_ALREADY_USED", "NOT_FOUND", "NOT_EXIST"),
    *("VOUCHER_REDEEM_OVER_VOLUME", "VOUCHER_REDEEM_OVER_LIMIT"),
    *("VOUCHER_REDEEM_INSUFFICIENT_POINTS", "VOUCHER_USE_HAD_USED"),
}

_WORLD = """
WITH campaign AS (
    INSERT INTO programmes (tenant_id, name, value_per_point) VALUES (%(tenant)s, '集點', 10)
    RETURNING id
), people AS (
    INSERT INTO members (household_member_id, tenant_id, phone_number)
    SELECT 'mix-' || n, %(tenant)s, '09' || lpad(n::text, 8, '0')
    FROM generate_series(1, %(people)s) AS n RETURNING id
), purses AS (
    INSERT INTO cards (member_id, programme_id) SELECT id, %(platform)s FROM people
)
INSERT INTO cards (member_id, programme_id) SELECT people.id, campaign.id FROM people, campaign
"""
_POOL = """
WITH pool AS (
    INSERT INTO coupon_sets (tenant_id, source, name, start_date, end_date, total, quantity)
    VALUES (%(tenant)s, %(source)s, '票券組', now() - interval '1 day', now() + interval '1 day',
            %(total)s, %(limit)s)
    RETURNING id, owner_id
), codes AS (
    INSERT INTO coupons (set_id, ordinal, owner_id, code)
    SELECT pool.id, n, pool.owner_id, 'POOL-' || n FROM pool, generate_series(1, %(total)s) AS n
)
SELECT id FROM pool
"""
_CARDS = """
SELECT c.card_no, m.phone_number, m.household_member_id, p.tenant_id IS NULL
FROM cards c JOIN members m ON m.id = c.member_id JOIN programmes p ON p.id = c.programme_id
WHERE m.household_member_id LIKE 'mix-%'
ORDER BY c.card_no
"""


@dataclass(frozen=True, slots=True)
class Card:
    """A card as a partner names it, and the partner who may touch it."""

    number: str
    phone: str
    member: str
    partner: PartnerCaller


@dataclass
class World:
    """What the workers act on, and what they were told. Lists are only ever appended to."""

    settings: Settings
    cards: list[Card]
    tenant: PartnerCaller
    sets: list[str]
    vouchers: list[str]
    members: dict[str, str]
    transactions: list[tuple[Card, str]] = field(default_factory=list)
    refs: list[tuple[Card, str]] = field(default_factory=list)
    coupons: list[tuple[str, str]] = field(default_factory=list)
    pieces: list[tuple[str, str]] = field(default_factory=list)
    answers: list[tuple[str, Answer]] = field(default_factory=list)


def make_world(
    client: FlaskClient, settings: Settings, *, people: int, pool: int, volume: int
) -> World:
    """One tenant with a campaign, two coupon sets and three vouchers (one of type 06)."""
    tenant = cast.make_tenant()
    cast.fund(tenant)
    admin = cast.make_admin(client, settings, tenant)
    texts = {"title": "折扣碼", "description": "7-ELEVEN"}
    listed = [{**texts, "url": f"http://t.txp.tw/v/{n}"} for n in range(volume)]
    common: dict[str, Any] = {"price": PRICE, "volume": volume, "redeemLimit": 0}
    vouchers = [
        cast.issue(admin, **common),
        cast.issue(admin, **common),
        cast.issue(admin, **common, voucherType="06", couponList=listed),
    ]
    ours = make_partner(client, settings, tenant)
    host = make_partner(client, settings, platform=True)
    with psycopg.connect(settings.database_url) as connection:
        values = {"tenant": tenant, "people": people, "platform": PLATFORM_PROGRAMME}
        connection.execute(_WORLD, values)
        made = [
            connection.execute(
                _POOL, {"tenant": tenant, "source": source, "total": total, "limit": limit}
            ).fetchone()
            for source, total, limit in (("GENERATE", pool, None), ("AUTO_GENERATE", 0, pool))
        ]
        rows = connection.execute(_CARDS).fetchall()
    cards = [Card(*row[:3], host if row[3] else ours) for row in rows]
    members = {card.member: tokens.member_token(settings, card.member) for card in cards}
    return World(settings, cards, ours, [str(one[0]) for one in made if one], vouchers, members)


class Worker(threading.Thread):
    """One client that does `steps` random things, one after the other."""

    def __init__(self, world: World, port: int, steps: int, seed: int) -> None:
        super().__init__(daemon=True)
        self.world, self.port, self.steps = world, port, steps
        self.pick = random.Random(seed)
        self.failed: Exception | None = None

    def run(self) -> None:
        deeds = (
            *(self._add, self._add, self._burn, self._void, self._void_ref),
            *(self._give, self._give, self._take_back, self._use_coupon),
            *(self._redeem, self._redeem, self._use_piece),
        )
        try:
            with closing(Client(self.port, patience=120)) as self.client:
                for _ in range(self.steps):
                    self.pick.choice(deeds)()
        except Exception as error:  # noqa: BLE001 - told to whoever waits for the workers.
            self.failed = error

    def _ask(
        self, kind: str, token: str, path: str, body: Any = None, method: str = "POST"
    ) -> Answer:
        ask = Ask(path, token, body or {}, str(uuid.uuid4()), method)
        answer = self.client.ask(ask)
        self.world.answers.append((kind, answer))
        return answer

    def _any(self, found: list[Any]) -> Any:
        """Something that somebody did, rather lately: then others are at it too."""
        return self.pick.choice(found[-40:]) if found else None

    def _points(self, kind: str, path: str, card: Card, **fields: Any) -> None:
        named = {"phone_number": card.phone, "card_no": card.number}
        answer = self._ask(kind, card.partner.token, CONNECT + path, {**named, **fields})
        if answer.code == "OK":
            self.world.transactions.append((card, json.loads(answer.body)["transaction_id"]))

    def _add(self) -> None:
        card, ref = self.pick.choice(self.world.cards), f"ref-{self.pick.randint(1, 10**9)}"
        worth = {"method": 2, "points": self.pick.randint(1, 400)}
        if card.partner is self.world.tenant and self.pick.random() < 0.5:
            worth = {"method": 1, "value": self.pick.randint(10, 4000)}
        self._points("add", "/add/points", card, **worth, ref_no=ref)
        self.world.refs.append((card, ref))

    def _burn(self) -> None:
        card = self.pick.choice(self.world.cards)
        fields = {"points": self.pick.randint(1, 300), "ref_no": "burn"}
        self._points("burn", "/burn/points", card, **fields)

    def _void(self) -> None:
        if known := self._any(self.world.transactions):
            path = f"{CONNECT}/void/points/{known[1]}"
            self._ask("void", known[0].partner.token, path, method="DELETE")

    def _void_ref(self) -> None:
        if known := self._any(self.world.refs):
            path = f"{CONNECT}/void/points/ref-no/{known[1]}"
            self._ask("void", known[0].partner.token, path, method="DELETE")

    def _give(self) -> None:
        member, pool = self.pick.choice(self.world.cards).member, self.pick.choice(self.world.sets)
        body = {"coupon_set_uuid": pool, "quantity": self.pick.randint(1, 2)}
        path = f"{CONNECT}/coupon/give/{member}"
        answer = self._ask("give", self.world.tenant.token, path, body)
        if answer.code == "OK":
            found = json.loads(answer.body)["data"]
            self.world.coupons.extend((one["uuid"], one["code"]) for one in found)

    def _take_back(self) -> None:
        if known := self._any(self.world.coupons):
            path = f"{CONNECT}/coupon/void/{known[0]}"
            self._ask("take back", self.world.tenant.token, path, method="DELETE")

    def _use_coupon(self) -> None:
        if known := self._any(self.world.coupons):
            path = f"{CONNECT}/coupon/use"
            self._ask("use coupon", self.world.tenant.token, path, {"code": known[1]})

    def _redeem(self) -> None:
        member = self.pick.choice(self.world.cards).member
        body = {"voucherId": self.pick.choice(self.world.vouchers)}
        answer = self._ask("redeem", self.world.members[member], "/voucher/redeem", body)
        if answer.code == "OK":
            self.world.pieces.append((member, answer.data["id"]))

    def _use_piece(self) -> None:
        if known := self._any(self.world.pieces):
            token = self.world.members[known[0]]
            self._ask("use piece", token, "/voucher/use", {"id": known[1]})


def play(
    world: World,
    port: int,
    *,
    workers: int,
    steps: int,
    seed: int,
    meanwhile: Callable[[World], object] = lambda _world: None,
) -> None:
    """Have so many workers do `steps` things each; raises the first error of any of them."""
    threads = [Worker(world, port, steps, seed * 1000 + n) for n in range(workers)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        meanwhile(world)
        threads[0].join(0.05)
        threads.append(threads.pop(0))
    for thread in threads:
        if thread.failed:
            raise thread.failed


def check(world: World) -> Counter[tuple[str, str]]:
    """All that must hold, whoever died meanwhile; how often each kind ended how."""
    outcomes = Counter((kind, answer.code) for kind, answer in world.answers)
    strange = {code for _, code in outcomes} - REFUSALS - {"OK"}
    assert not strange, outcomes
    _check_balances(world)
    _check_counts(world, outcomes)
    proved = proof.prove()
    assert proved.ok, proved.first_bad
    return outcomes


def _check_balances(world: World) -> None:
    """Every card holds what its acknowledged changes leave."""
    should: dict[str, int] = defaultdict(int)
    purse = {card.member: card.number for card in world.cards if card.partner is not world.tenant}
    bearers = {token: member for member, token in world.members.items()}
    signs: dict[str, int] = {}
    good = [(kind, answer) for kind, answer in world.answers if answer.code == "OK"]
    for kind, answer in good:
        if kind in {"add", "burn"}:
            told = json.loads(answer.body)
            sign = 1 if kind == "add" else -1
            signs[told["transaction_id"]] = signs[told["ref_no"]] = sign
            should[told["card_no"]] += sign * told["points"]
        elif kind == "redeem":
            should[purse[bearers[answer.ask.token]]] -= answer.data["redeemPoints"]
    for kind, answer in good:
        if kind == "void":
            told = json.loads(answer.body)
            named = answer.ask.path.rpartition("/")[2]
            should[told["card_no"]] -= signs[named] * told["points"]
    with psycopg.connect(world.settings.database_url) as connection:
        rows = connection.execute("SELECT card_no, balance FROM cards").fetchall()
    assert {number: balance for number, balance in rows if balance or number in should} == should


def _check_counts(world: World, outcomes: Counter[tuple[str, str]]) -> None:
    """As many coupons were used and taken back, and pieces given and used, as were acknowledged;
    no code was used twice."""
    with psycopg.connect(world.settings.database_url) as connection:
        found = connection.execute(
            "SELECT count(*) FILTER (WHERE status = 'USED'),"
            " count(*) FILTER (WHERE status = 'VOIDED'), count(*),"
            " (SELECT count(*) FROM redemptions),"
            " (SELECT count(*) FROM redemptions WHERE used_at IS NOT NULL) FROM coupon_gifts"
        ).fetchone()
    told = [outcomes[kind, "OK"] for kind in ("use coupon", "take back")]
    told += [len(world.coupons), outcomes["redeem", "OK"], outcomes["use piece", "OK"]]
    assert list(found or ()) == told
    used = [
        answer.ask.body["code"]
        for kind, answer in world.answers
        if kind == "use coupon" and answer.code == "OK"
    ]
    assert len(used) == len(set(used))
