"""A row that somebody holds for long: it stops the requests that need it, and no others.

The naive ways first: a batch that waits for its worst, and doing all again whatever went wrong.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest
from flask.testing import FlaskClient

from tests.concurrency.conftest import PATIENCE
from tests.support import books, coupons
from tests.support.cast import Caller, issue, make_member, voucher_row
from voucherweb.config import Settings
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.domain.partner import Partner
from voucherweb.errors import Refusal
from voucherweb.services import autocommit, partner_writes, redemptions
from voucherweb.services import coupon_gifts as gifts
from voucherweb.services.autocommit import Busy, Unavailable
from voucherweb.services.batching import Batcher
from voucherweb.services.partner_writes import Deed, Once, Wish, Work

pytestmark = pytest.mark.usefixtures("right_books")

CALLS = 24
BLANKS = "[\x01,\x01,\x01,\x01]"
CARD: LiteralString = "SELECT 1 FROM cards WHERE member_id = %s FOR NO KEY UPDATE"
SET: LiteralString = "SELECT 1 FROM coupon_sets WHERE id = %s FOR NO KEY UPDATE"
VOUCHER: LiteralString = "SELECT 1 FROM vouchers WHERE id = %s FOR NO KEY UPDATE"


@pytest.fixture
def by(tenant_id: str) -> Partner:
    return coupons.caller(tenant_id)


@pytest.fixture
def person(tenant_id: str) -> str:
    return coupons.member_of(tenant_id)


@contextmanager
def held(settings: Settings, query: LiteralString, row: UUID | str) -> Iterator[None]:
    """Somebody has the row locked while the block lasts."""
    with psycopg.connect(settings.database_url) as holder:
        assert holder.execute(query, [row]).fetchone() == (1,)
        yield
        holder.rollback()


def giving(by: Partner, person: str, set_id: UUID) -> Deed:
    return gifts.giving(by, person, set_id, 1, BLANKS)


def wish(by: Partner, deed: Deed) -> Wish:
    return (by.key, None, b"", deed.answer, *deed.values)


@contextmanager
def work_of(settings: Settings) -> Iterator[Work]:
    made = Work(settings, gifts.GIVE_ONE, gifts.GIVE_TOGETHER)
    yield made
    made.close()


def asked(act: Callable[[], Any]) -> tuple[str, float]:
    """OK or the refusal, and after how many seconds it was told."""
    began = time.monotonic()
    try:
        act()
    except Refusal as refusal:
        return refusal.error.code.rpartition(".")[2], time.monotonic() - began
    return "OK", time.monotonic() - began


def all_at_once(acts: dict[str, Callable[[], Any]]) -> dict[str, tuple[str, float]]:
    barrier = threading.Barrier(len(acts), timeout=PATIENCE)

    def one(act: Callable[[], Any]) -> tuple[str, float]:
        barrier.wait()
        return asked(act)

    with ThreadPoolExecutor(len(acts)) as threads:
        return dict(zip(acts, threads.map(one, acts.values()), strict=True))


def told(answers: dict[str, tuple[str, float]], kind: str) -> Counter[str]:
    return Counter(code for name, (code, _) in answers.items() if name.startswith(kind))


def longest(answers: dict[str, tuple[str, float]], kind: str) -> float:
    return max(seconds for name, (_, seconds) in answers.items() if name.startswith(kind))


# The naive ways.


def test_a_batch_that_waits_for_its_worst_loses_all(
    settings: Settings, by: Partner, person: str
) -> None:
    hers, his = coupons.auto_set(by.owner_id), coupons.auto_set(by.owner_id)
    both = [wish(by, giving(by, person, one)) for one in (hers, his)]
    with held(settings, SET, hers), work_of(settings) as work:
        with pytest.raises(Busy):
            work.many(both)
        assert coupons.counts(his) == (0, 0, 0), "nobody held his set, and he got nothing"
        assert work.free(both) == [False, True]


def lose_answers(monkeypatch: pytest.MonkeyPatch, set_id: UUID) -> None:
    """What is given of this set is given, and the answers get lost on the way."""
    run = autocommit.run

    def lose(connection: Any, statement: LiteralString, params: Any) -> Any:
        rows = run(connection, statement, params)
        if "coupon_give_answer" in statement and str(set_id) in str(params):
            connection.close()
            raise Unavailable
        return rows

    monkeypatch.setattr(autocommit, "run", lose)


def test_doing_all_again_whatever_went_wrong_gives_twice(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, by: Partner, person: str
) -> None:
    made = coupons.pool(by.tenant_id, 9)
    with work_of(settings) as work:
        wishes = [wish(by, giving(by, person, made)) for _ in range(3)]
        with monkeypatch.context() as patch:
            lose_answers(patch, made)
            with pytest.raises(Unavailable):
                work.many(wishes)
        for one in wishes:
            work.one(one)
    assert coupons.counts(made)[1] == 6, "three were asked for"


# The batcher.


def test_a_batch_whose_answer_got_lost_is_not_done_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, by: Partner, person: str
) -> None:
    """Even while another one is put off, and done again and again."""
    made, other = coupons.pool(by.tenant_id, 9), coupons.pool(by.tenant_id, 9)
    lose_answers(monkeypatch, made)
    with work_of(settings) as work, ThreadPoolExecutor(4) as threads:
        batcher = Batcher(work)

        def give(set_id: UUID) -> str:
            wanted = wish(by, giving(by, person, set_id))
            return asked(lambda: batcher.submit(wanted, lane=object()))[0]

        with held(settings, SET, other):
            first = threads.submit(give, other)
            time.sleep(0.1)  # Its row is held, and the others come while it waits for that.
            rest = [threads.submit(give, made) for _ in range(3)]
            assert [one.result(PATIENCE) for one in rest] == ["UNAVAILABLE"] * 3
        assert first.result(PATIENCE) == "OK"
        batcher.close()
    assert (coupons.counts(made)[1], coupons.counts(other)[1]) == (3, 1)


@pytest.mark.parametrize("freed", [True, False])
def test_a_held_set_stops_its_own_givings_only(
    settings: Settings, by: Partner, person: str, *, freed: bool
) -> None:
    hers, his = coupons.auto_set(by.owner_id), coupons.pool(by.tenant_id, CALLS)

    def give(set_id: UUID, key: str) -> Callable[[], Any]:
        once = Once(by.key, key, b"print")
        return lambda: partner_writes.do(settings, once, giving(by, person, set_id))

    acts = {f"held {n}": give(hers, f"held {n}") for n in range(CALLS)}
    acts |= {f"free {n}": give(his, f"free {n}") for n in range(CALLS)}
    done = threading.Event()

    def hold() -> None:
        with held(settings, SET, hers):
            started.set()
            done.wait(1.5 if freed else PATIENCE)

    started = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        holder = threads.submit(hold)
        assert started.wait(PATIENCE)
        answers = all_at_once(acts)
        done.set()
        holder.result(PATIENCE)
    assert told(answers, "free") == {"OK": CALLS}
    assert longest(answers, "free") < 2.5
    assert told(answers, "held") == {"OK" if freed else "UNAVAILABLE": CALLS}
    assert longest(answers, "held") < 7
    assert coupons.counts(hers)[1] == (CALLS if freed else 0), "what was refused was not done"
    again = all_at_once(acts)
    assert told(again, "") == {"OK": 2 * CALLS}
    assert (coupons.counts(hers)[1], coupons.counts(his)[1]) == (CALLS, CALLS)


def test_a_held_set_stops_its_own_uses_only(settings: Settings, by: Partner, person: str) -> None:
    hers, his = coupons.auto_set(by.owner_id), coupons.auto_set(by.owner_id)
    acts = {}
    for name, set_id in (("held", hers), ("free", his)):
        for n, one in enumerate(gifts.give(coupons.execute(), by, person, set_id, CALLS)):
            deed = gifts.using(by, one.code, None, None, "[\x01,\x01]")
            once = Once(by.key, f"{name} {n}", b"print")
            acts[once.key] = lambda once=once, deed=deed: partner_writes.do(settings, once, deed)
    with held(settings, SET, hers):
        answers = all_at_once(acts)
    assert told(answers, "free") == {"OK": CALLS}
    assert longest(answers, "free") < 2.5
    assert told(answers, "held") == {"UNAVAILABLE": CALLS}
    assert (coupons.counts(hers)[2], coupons.counts(his)[2]) == (0, CALLS)
    assert told(all_at_once(acts), "") == {"OK": 2 * CALLS}
    assert (coupons.counts(hers)[2], coupons.counts(his)[2]) == (CALLS, CALLS)


@pytest.mark.parametrize("row", ["voucher", "card"])
def test_a_held_voucher_or_card_stops_its_own_redemptions_only(
    settings: Settings, client: FlaskClient, admin: Caller, row: str
) -> None:
    hot, other = issue(admin, volume=50), issue(admin, volume=50)
    people = [books.member_id(make_member(client, settings).id) for _ in range(8)]
    acts = {}
    for n, person in enumerate(people):
        is_held = n % 2 == 0 if row == "voucher" else n == 0
        wanted = UUID(hot if is_held or row == "card" else other)
        actor = Actor(Role.MEMBER, person)
        acts[f"{'held' if is_held else 'free'} {n}"] = lambda actor=actor, wanted=wanted: (
            redemptions.redeem(settings, actor, wanted, "key", b"print")
        )
    with held(
        settings, VOUCHER if row == "voucher" else CARD, hot if row == "voucher" else people[0]
    ):
        answers = all_at_once(acts)
    assert told(answers, "free") == {"OK": 4 if row == "voucher" else 7}
    assert longest(answers, "free") < 2.5
    assert told(answers, "held") == {"UNAVAILABLE": 4 if row == "voucher" else 1}
    assert told(all_at_once(acts), "") == {"OK": 8}
    pieces = (voucher_row(hot).redeemed, voucher_row(other).redeemed)
    assert pieces == ((4, 4) if row == "voucher" else (8, 0))
