"""A voucher, a crowd of members who want it, and what must be true after the rush."""

import json
import random
import uuid
from collections import Counter
from dataclasses import dataclass

import psycopg

from tests.support.load import Answer, Ask
from voucherweb.config import Settings
from voucherweb.models import PLATFORM_PROGRAMME
from voucherweb.services import proof, tokens

PRICE_POINTS = 150
REFUSALS = {
    "VOUCHER_REDEEM_OVER_VOLUME",
    "VOUCHER_REDEEM_OVER_LIMIT",
    "VOUCHER_REDEEM_INSUFFICIENT_POINTS",
}

# Every tenth member can pay for one piece only, so that balances are fought for too.
_MEMBERS = """
    WITH people AS (
        INSERT INTO members (household_member_id, gender, birthdate)
        SELECT 'crowd-' || n, (ARRAY['F', 'M', 'U'])[n %% 3 + 1], date '1950-01-01' + n * 7
        FROM generate_series(1, %(count)s) AS n RETURNING id, household_member_id
    ), purses AS (
        INSERT INTO cards (member_id, programme_id, balance, entry_count)
        SELECT id, %(programme)s, CASE WHEN right(household_member_id, 1) = '7'
                                  THEN %(price)s ELSE 10 * %(price)s END, 1
        FROM people RETURNING id, balance
    )
    INSERT INTO points_entries (card_id, seq, kind, debit, credit, points, balance_after,
                                actor, created_at)
    SELECT id, 1, 'GRANT', 'PROGRAMME', 'CARD', balance, balance, 'test', now() FROM purses
"""


@dataclass(frozen=True, slots=True)
class Crowd:
    """`count` members who may have `limit` pieces each, and one voucher of `volume` pieces."""

    settings: Settings
    voucher_id: str
    volume: int
    count: int
    limit: int

    def enter(self) -> None:
        """Create the members, with the entries of their points."""
        values = {"count": self.count, "programme": PLATFORM_PROGRAMME, "price": PRICE_POINTS}
        with psycopg.connect(self.settings.database_url) as connection:
            connection.execute(_MEMBERS, values)

    def asks(self, each: int, seed: int = 1) -> list[Ask]:
        """What they ask for: `each` pieces a member, in a random order, each with its own key."""
        signed = [tokens.member_token(self.settings, f"crowd-{n + 1}") for n in range(self.count)]
        body = {"voucherId": self.voucher_id}
        wishes = [
            Ask("/voucher/redeem", token, body, str(uuid.uuid4()))
            for token in signed
            for _ in range(each)
        ]
        random.Random(seed).shuffle(wishes)
        return wishes

    def check(self, answers: list[Answer]) -> None:
        """All that must hold, whoever died meanwhile; needs an application context."""
        outcomes = Counter(answer.code for answer in answers)
        assert set(outcomes) <= {"OK"} | REFUSALS, outcomes
        assert outcomes["OK"] == self.volume, outcomes
        self._check_acknowledged([answer for answer in answers if answer.code == "OK"])
        self._check_rows()
        proved = proof.prove()
        assert proved.ok, proved.first_bad

    def _check_acknowledged(self, taken: list[Answer]) -> None:
        """Every acknowledged piece is there, under the number and for the member it was told."""
        with psycopg.connect(self.settings.database_url) as connection:
            rows = connection.execute(
                "SELECT r.id::text, r.seq, m.household_member_id FROM redemptions r"
                " JOIN members m ON m.id = r.member_id WHERE r.voucher_id = %s",
                [self.voucher_id],
            ).fetchall()
        told = [(one["id"], one["seq"], one["householdMemberId"]) for one in map(_data, taken)]
        assert sorted(told) == sorted(rows)
        assert sorted(seq for _, seq, _ in rows) == list(range(1, self.volume + 1))

    def _check_rows(self) -> None:
        with psycopg.connect(self.settings.database_url) as connection:
            for name, query in WRONG.items():
                found = connection.execute(query).fetchall()
                assert found == [], f"{name}: {found[:3]}"
            counted = connection.execute(
                "SELECT redeemed FROM vouchers WHERE id = %s", [self.voucher_id]
            ).fetchone()
            assert counted == (self.volume,)


WRONG = {
    "over the limit": "SELECT r.member_id FROM redemptions r JOIN vouchers v ON v.id = r.voucher_id"
    " GROUP BY r.member_id, v.id HAVING count(*) > v.redeem_limit",
    "negative": "SELECT id FROM cards WHERE balance < 0",
    "a balance that is not the sum of its entries": "SELECT c.id FROM cards c"
    " JOIN points_entries e ON e.card_id = c.id GROUP BY c.id HAVING c.balance <>"
    " sum(CASE e.credit WHEN 'CARD' THEN e.points ELSE -e.points END)"
    " OR c.entry_count <> count(*)",
    "a piece without its entry": "SELECT r.id FROM redemptions r LEFT JOIN points_entries e"
    " ON e.redemption_id = r.id AND e.points = r.points WHERE e.id IS NULL",
    "a piece without its answer": "SELECT r.id FROM redemptions r LEFT JOIN idempotency_keys k"
    " ON k.redemption_id = r.id WHERE k.key IS NULL",
}
"""Each answers the rows that break a promise."""


def _data(answer: Answer) -> dict[str, object]:
    found: dict[str, object] = json.loads(answer.body)["result"]["data"]
    return found
