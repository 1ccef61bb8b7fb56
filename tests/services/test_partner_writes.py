"""Givings and uses in one batch: each judged as if it were alone, in the order of their sets."""

import uuid
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.support import coupons
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.coupon_codes import bodies
from voucherweb.domain.partner import Partner
from voucherweb.services import coupon_gifts as gifts
from voucherweb.services import partner_writes
from voucherweb.services.partner_writes import Deed, Once, Outcome, Work

pytestmark = pytest.mark.usefixtures("right_books")

BLANKS = "[\x01,\x01,\x01,\x01]"


@pytest.fixture
def by(tenant_id: str) -> Partner:
    return coupons.caller(tenant_id)


@pytest.fixture
def person(tenant_id: str) -> str:
    return coupons.member_of(tenant_id)


def batch(settings: Settings, work: str, wishes: list[tuple[Any, ...]]) -> list[Outcome]:
    """What each of these calls is told when all come in one batch."""
    made = Work(settings, *STATEMENTS[work])
    try:
        return list(made.many(wishes))
    finally:
        made.close()


STATEMENTS = {
    "give": (gifts.GIVE_ONE, gifts.GIVE_TOGETHER),
    "use": (gifts.USE_ONE, gifts.USE_TOGETHER),
}


def test_a_batch_of_givings_judges_each_in_its_order(
    settings: Settings, by: Partner, person: str
) -> None:
    pool, made = coupons.pool(by.tenant_id, 3), coupons.auto_set(by.owner_id, quantity=3)

    def give(key: str | None, wanted: uuid.UUID | None, count: int = 1, **more: Any) -> Any:
        caller = (by.key, key, more.get("print_", b"print"), f"[{','.join([BLANKS] * count)}]")
        values = (by.owner_id, wanted, more.get("to", person), count, ",".join(bodies(count)))
        return *caller, *values

    told = batch(
        settings,
        "give",
        [
            give("a", pool, 2),
            give("a", pool, 2),
            give("a", pool, 2, print_=b"other"),
            give(None, made, to="nobody"),
            give(None, uuid.uuid4()),
            give(None, None),
            give("b", pool, 2),
            give("c", made, 3),
            give(None, made),
            give("d", pool),
        ],
    )
    assert [outcome for outcome, *_ in told] == [
        *("GIVEN", "REPLAYED", "IDEMPOTENCY_MISMATCH", "NOT_FOUND", "NOT_FOUND", "NOT_FOUND"),
        *("POOL_EMPTY", "GIVEN", "SET_LIMIT_REACHED", "GIVEN"),
    ]
    assert told[0][1:] == told[1][1:]
    assert all((status, body) == (None, None) for _, status, body in told[2:7])
    assert coupons.counts(pool) == (3, 3, 0)
    assert coupons.counts(made) == (3, 3, 0)


def test_a_batch_of_uses_judges_each_in_its_order(
    settings: Settings, by: Partner, person: str
) -> None:
    made, over = coupons.auto_set(by.owner_id), coupons.auto_set(by.owner_id)
    given = gifts.give(coupons.execute(), by, person, made, 2)
    (late,) = gifts.give(coupons.execute(), by, person, over)
    coupons.shift(over, clock.now() - timedelta(days=2), clock.now() - timedelta(days=1))

    def use(key: str | None, code: str, branch: str | None = None, print_: bytes = b"p") -> Any:
        return by.key, key, print_, "[\x01,\x01]", by.owner_id, code, branch, None

    told = batch(
        settings,
        "use",
        [
            use("a", given[0].code),
            use("a", given[0].code),
            use("b", given[0].code),
            use(None, "nothing"),
            use(None, given[1].code, "nowhere"),
            use(None, late.code),
            use("a", given[1].code, None, b"other"),
            use(None, given[1].code),
        ],
    )
    assert [outcome for outcome, *_ in told] == [
        *("USED", "REPLAYED", "COUPON_ALREADY_USED", "NOT_FOUND", "BRANCH_NOT_FOUND"),
        *("COUPON_NOT_IN_DATE", "IDEMPOTENCY_MISMATCH", "USED"),
    ]
    assert told[0][1:] == told[1][1:]
    assert coupons.counts(made) == (2, 2, 2)
    assert coupons.counts(over) == (1, 1, 0)


def test_an_answer_with_the_wrong_number_of_blanks_changes_nothing(
    settings: Settings, by: Partner, person: str
) -> None:
    made = coupons.auto_set(by.owner_id)
    for answer in ("[]", "[\x01,\x01,\x01]", "[\x01,\x01,\x01,\x01,\x01]"):
        deed = gifts.giving(by, person, made, 1, answer)
        with pytest.raises(psycopg.DataError):
            partner_writes.do(settings, Once(by.key, "k"), deed)
    assert coupons.counts(made) == (0, 0, 0)
    told = partner_writes.do(settings, Once(by.key, "k"), gifts.giving(by, person, made, 1, BLANKS))
    assert (told.status, told.replayed) == (201, False)


def test_an_answer_is_forgotten_after_a_day(settings: Settings, by: Partner, person: str) -> None:
    made = coupons.auto_set(by.owner_id)

    def give() -> bool:
        deed: Deed = gifts.giving(by, person, made, 1, BLANKS)
        return partner_writes.do(settings, Once(by.key, "k"), deed).replayed

    now = clock.now()
    with clock.frozen(now):
        assert [give(), give()] == [False, True]
    with clock.frozen(now + timedelta(hours=23, minutes=59)):
        assert give()
    with clock.frozen(now + timedelta(hours=24, seconds=1)):
        coupons.shift(made, now, now + timedelta(days=3))
        assert [give(), give()] == [False, True]
    assert coupons.counts(made) == (2, 2, 0)
