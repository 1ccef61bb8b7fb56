"""What the partner pages list and add up, against slow recounts of the bench's data, whose books
are right; and how often they ask for it."""

import uuid
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from flask import Flask
from sqlalchemy import text

from tests.support.books import statements
from tests.support.partner_lists import fill_some, page, paged, rows
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import CouponStatus
from voucherweb.errors import Refusal
from voucherweb.models import ApiKey
from voucherweb.services import (
    call_lists,
    campaign_book,
    cards,
    certification,
    coupon_set_lists,
    coupon_sets,
    partner_overview,
)
from voucherweb.services.proof import prove
from voucherweb.transaction import session, unit_of_work


@pytest.fixture
def tenant(app: Flask, settings: Settings) -> Actor:
    assert app.name
    return fill_some(settings)


def test_the_benchs_partner_data_are_proved_right(tenant: Actor) -> None:
    assert tenant.tenant_id
    campaign_book.close_points()
    assert prove().first_bad is None


def test_a_number_and_a_reference_find_the_movements_they_name(tenant: Actor) -> None:
    campaign, card_id, card_no = rows(
        "SELECT c.programme_id, c.id, c.card_no FROM cards c JOIN points_entries e"
        " ON e.card_id = c.id WHERE e.ref_no = 'N-0-7-4' AND e.kind = 'ADD'"
    )[0]
    of_card = rows("SELECT seq FROM points_entries WHERE card_id = :c ORDER BY 1 DESC", c=card_id)
    for typed, seqs in ((card_no, [row[0] for row in of_card]), ("N-0-7-4", [5, 4]), ("N", [])):
        with unit_of_work():
            found, total = campaign_book.movements(tenant, campaign, typed, None, page())
        assert [one.seq for one in found] == seqs
        assert total == len(seqs)
    other = rows(
        "SELECT id FROM programmes WHERE tenant_id = :t AND id <> :p",
        t=tenant.tenant_id,
        p=campaign,
    )[0][0]
    with unit_of_work():
        assert campaign_book.movements(tenant, other, card_no, None, page()) == ([], 0)


def test_the_overview_counts_holders_once_and_their_points(tenant: Actor) -> None:
    holders, points = rows(
        "SELECT count(DISTINCT member_id), sum(balance) FROM cards WHERE programme_id IN"
        " (SELECT id FROM programmes WHERE tenant_id = :t)",
        t=tenant.tenant_id,
    )[0]
    for _ in range(2):
        with unit_of_work():
            told = partner_overview.overview(tenant)
        assert (told.holders, told.points_out) == (holders, points)
        campaign_book.close_points()


@pytest.mark.parametrize(
    ("field", "order"),
    [
        ("createTime", "created_at DESC, id"),
        ("balance", "balance DESC, id"),
        ("cardNo", 'card_no COLLATE "C" DESC, id'),
    ],
)
def test_cards_are_listed_in_each_order(tenant: Actor, field: str, order: str) -> None:
    campaign = rows("SELECT programme_id FROM cards GROUP BY 1 ORDER BY count(*) DESC")[1][0]
    found = paged(lambda asked: cards.list_cards(tenant, campaign, "", asked), field, "id")
    naive = rows(f"SELECT id FROM cards WHERE programme_id = :p ORDER BY {order}", p=campaign)
    assert found == [row[0] for row in naive]


def test_a_phones_beginning_finds_the_cards_of_one_campaign(tenant: Actor) -> None:
    campaign = rows("SELECT programme_id FROM cards GROUP BY 1 ORDER BY count(*) DESC")[1][0]
    with unit_of_work():
        _, total = cards.list_cards(tenant, campaign, "0900", page(field="createTime"))
    naive = rows(
        "SELECT count(*) FROM cards c JOIN members m ON m.id = c.member_id"
        " WHERE c.programme_id = :p AND m.phone_number LIKE '0900%'",
        p=campaign,
    )
    assert 0 < total == naive[0][0]


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize(("field", "key"), [("balance", "balance"), ("cardNo", "card_no")])
def test_cards_that_are_looked_for_are_listed_in_each_order(
    tenant: Actor, field: str, key: str, *, down: bool
) -> None:
    campaign = rows("SELECT programme_id FROM cards GROUP BY 1 ORDER BY count(*) DESC")[1][0]
    found = paged(
        lambda asked: cards.list_cards(tenant, campaign, "0900", asked), field, "id", down=down
    )
    naive = rows(
        "SELECT c.id FROM cards c JOIN members m ON m.id = c.member_id WHERE c.programme_id = :p"
        f" AND m.phone_number LIKE '0900%' ORDER BY {key} {'DESC' if down else 'ASC'}, c.id",
        p=campaign,
    )
    assert found == [row[0] for row in naive]
    with unit_of_work():
        beyond = cards.list_cards(tenant, campaign, "0900", page(99, field=field))
    assert beyond == ([], len(found))


def test_the_newest_cards_alone_are_sorted_by_balance(
    tenant: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cards, "MOST_LISTED", 60)
    campaign = rows("SELECT programme_id FROM cards GROUP BY 1 ORDER BY count(*) DESC")[1][0]
    sorts = {
        "balance": "SELECT id FROM (SELECT id, balance FROM cards WHERE programme_id = :p"
        " ORDER BY created_at DESC LIMIT 60) newest ORDER BY balance, id",
        "createTime": "SELECT id FROM cards WHERE programme_id = :p ORDER BY created_at, id"
        " LIMIT 60",
    }
    for field, query in sorts.items():
        found = []
        with unit_of_work():
            for number in (1, 2, 3):
                asked = page(number, field=field, down=False)
                lines, total = cards.list_cards(tenant, campaign, "", asked)
                found += [one.id for one in lines]
            assert total == 60
            with pytest.raises(Refusal, match="INVALID_PARAMETER"):
                cards.list_cards(tenant, campaign, "", page(4, field=field))
        assert found == [row[0] for row in rows(query, p=campaign)]


@pytest.mark.parametrize("status", [None, *CouponStatus])
@pytest.mark.parametrize("down", [False, True])
def test_every_page_of_every_sets_codes_is_what_a_filter_finds(
    tenant: Actor, status: CouponStatus | None, down: bool
) -> None:
    assert tenant.tenant_id
    sets = rows(
        "SELECT id FROM coupon_sets WHERE source <> 'VOUCHER' AND tenant_id = :t"
        " AND status <> 'PENDING'",
        t=tenant.tenant_id,
    )
    assert len(sets) > 3
    for (set_id,) in sets:
        with unit_of_work():
            pool = coupon_sets.get_set(tenant.tenant_id, set_id)
            session.expunge(pool)
        found = paged(
            lambda asked, one=pool: coupon_set_lists.codes_page(one, asked, status),
            "ordinal",
            "ordinal",
            down=down,
        )
        naive = rows(
            "SELECT ordinal FROM coupons WHERE set_id = :s"
            " AND (status = :k OR CAST(:k AS text) IS NULL) ORDER BY 1",
            s=set_id,
            k=status,
        )
        expected = [row[0] for row in naive]
        assert found == (expected[::-1] if down else expected)


def test_the_last_days_calls_are_counted_by_what_came_of_them(tenant: Actor) -> None:
    with unit_of_work():
        told = call_lists.recent(tenant)
        refused = [one.line.id for one in call_lists.last_refused(tenant, 5)]
    naive = rows(
        "SELECT count(*) FILTER (WHERE status < 400), count(*) FILTER (WHERE status < 500"
        " AND status >= 400), count(*) FILTER (WHERE status >= 500) FROM partner_calls"
        " WHERE tenant_id = :t AND at >= :since",
        t=tenant.tenant_id,
        since=datetime.now(UTC) - timedelta(days=1),
    )
    assert naive == [(told.done, told.refused, told.failed)]
    latest = rows(
        "SELECT id FROM partner_calls WHERE tenant_id = :t AND status >= 400"
        " ORDER BY at DESC, id LIMIT 5",
        t=tenant.tenant_id,
    )
    assert refused == [row[0] for row in latest]


def certified(key_id: uuid.UUID) -> int:
    """How often the database is asked about a key that has called."""
    with unit_of_work(), statements() as seen:
        key = session.get_one(ApiKey, key_id)
        assert certification.certify(key).calls > 0
    return len(seen)


def test_more_windows_ask_the_database_no_more_often(tenant: Actor) -> None:
    caller = rows("SELECT caller FROM partner_calls WHERE query <> '' LIMIT 1")[0][0]
    key_id = uuid.UUID(caller.removeprefix("key:"))
    many = certified(key_id)
    with unit_of_work():
        few = "DELETE FROM partner_calls WHERE caller = :c AND id % 10 > 0"
        session.execute(text(few), {"c": caller})
    assert certified(key_id) == many


def test_windows_are_counted_as_their_transactions_are(tenant: Actor) -> None:
    key = ApiKey(tenant_id=tenant.tenant_id, kind="SANDBOX")
    now = clock.now()
    ends = [now - timedelta(days=day) for day in (31, 20, 20, 3, 3, 0)]
    spans = [*pairwise(ends), (ends[0], ends[5]), (ends[3], ends[1])]
    with unit_of_work():
        told = certification._counter(key)(spans)
    naive = [
        rows(
            "SELECT count(*) FROM points_entries e JOIN tenants t ON t.id = e.owner_id"
            " WHERE t.sandbox_of = :t AND e.created_at >= :a AND e.created_at < :b",
            t=tenant.tenant_id,
            a=start,
            b=end,
        )[0][0]
        for start, end in spans
    ]
    assert told == naive
    assert sum(naive) > 40
