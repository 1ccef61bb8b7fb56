"""Coupons given, taken back, looked up and used, by the services (contract B calls 16 to 20)."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.support import coupons
from tests.support.cast import make_tenant
from tests.support.coupons import DAY, execute
from voucherweb.domain import clock
from voucherweb.domain.partner import Partner
from voucherweb.errors import Refusal
from voucherweb.models import PLATFORM_OWNER
from voucherweb.services import coupon_gifts as gifts
from voucherweb.services.autocommit import within_unit_of_work
from voucherweb.transaction import unit_of_work

pytestmark = pytest.mark.usefixtures("right_books")

MOMENT = timedelta(milliseconds=1)


@pytest.fixture
def by(tenant_id: str) -> Partner:
    return coupons.caller(tenant_id)


@pytest.fixture
def person(tenant_id: str) -> str:
    return coupons.member_of(tenant_id)


def refused(act: Callable[[], object]) -> str:
    """The code of a refusal that changed nothing."""
    before = coupons.of_everything()
    with pytest.raises(Refusal) as caught:
        act()
    assert coupons.of_everything() == before
    return caught.value.error.code.rpartition(".")[2]


def test_a_pool_gives_its_codes_in_order_and_each_once(by: Partner, person: str) -> None:
    pool = coupons.pool(by.tenant_id, 5)
    first = gifts.give(execute(), by, person, pool, 2)
    second = gifts.give(execute(), by, person, pool, 3)
    assert [one.code for one in (*first, *second)] == coupons.codes_of(pool)
    assert coupons.statuses(pool) == ["ACTIVE"] * 5
    assert coupons.counts(pool) == (5, 5, 0)
    row = coupons.gift_row(first[0].id)
    assert (row.given_by, row.status, row.ordinal) == (by.key, "ACTIVE", 1)


def test_all_or_nothing(by: Partner, person: str) -> None:
    pool = coupons.pool(by.tenant_id, 3)
    gifts.give(execute(), by, person, pool)
    assert refused(lambda: gifts.give(execute(), by, person, pool, 3)) == "POOL_EMPTY"
    assert len(gifts.give(execute(), by, person, pool, 2)) == 2
    assert refused(lambda: gifts.give(execute(), by, person, pool)) == "POOL_EMPTY"


def test_a_set_that_makes_codes_makes_them_now_with_its_prefix(by: Partner, person: str) -> None:
    made = coupons.auto_set(by.owner_id, prefix="VIP-", static_code="SUMMER")
    assert coupons.codes_of(made) == []
    given = gifts.give(execute(), by, person, made, 3)
    assert [one.code for one in given] == coupons.codes_of(made)
    assert all(one.code.startswith("VIP-") and len(one.code) == 17 for one in given)
    assert {one.static_code for one in given} == {"SUMMER"}
    assert {one.expired_at for one in given} == {coupons.set_row(made).end_date}
    assert coupons.counts(made) == (3, 3, 0)


def test_a_limit_is_kept_and_what_is_taken_back_makes_room(by: Partner, person: str) -> None:
    made = coupons.auto_set(by.owner_id, quantity=3)
    given = gifts.give(execute(), by, person, made, 2)
    assert refused(lambda: gifts.give(execute(), by, person, made, 2)) == "SET_LIMIT_REACHED"
    assert gifts.void(execute(), by, given[0].id) == "VOIDED"
    gifts.give(execute(), by, person, made, 2)
    assert refused(lambda: gifts.give(execute(), by, person, made)) == "SET_LIMIT_REACHED"
    assert coupons.statuses(made) == ["VOIDED", "ACTIVE", "ACTIVE", "ACTIVE"]
    assert coupons.counts(made) == (3, 3, 0)


@pytest.mark.parametrize("quantity", [0, -1, 101])
def test_how_many_at_once(by: Partner, person: str, quantity: int) -> None:
    made = coupons.auto_set(by.owner_id)
    act = lambda: gifts.give(execute(), by, person, made, quantity)  # noqa: E731
    assert refused(act) == "INVALID_PARAMETER"


def test_a_hundred_at_once(by: Partner, person: str) -> None:
    made = coupons.auto_set(by.owner_id)
    assert len({one.code for one in gifts.give(execute(), by, person, made, 100)}) == 100


def test_foreign_is_unknown(by: Partner, person: str) -> None:
    stranger = coupons.caller(make_tenant("緯緯醫學", "DEALER"))
    outsider = coupons.member_of(stranger.tenant_id)
    pool = coupons.pool(by.tenant_id, 3)
    (given,) = gifts.give(execute(), by, person, pool)
    for act in (
        lambda: gifts.give(execute(), stranger, outsider, pool),
        lambda: gifts.give(execute(), by, outsider, pool),
        lambda: gifts.give(execute(), by, person, uuid.uuid4()),
        lambda: gifts.give(execute(), by, person, None),
        lambda: gifts.give(execute(), by, "nobody", pool),
        lambda: gifts.void(execute(), stranger, given.id),
        lambda: gifts.void(execute(), by, uuid.uuid4()),
        lambda: gifts.void(execute(), by, None),
        lambda: gifts.check(execute(), stranger.owner_id, given.code),
        lambda: gifts.use(execute(), stranger, given.code),
        lambda: gifts.use(execute(), by, "A\0B"),
        lambda: gifts.check(execute(), by.owner_id, "A\0B"),
        lambda: gifts.history(execute(), stranger.owner_id, person, 10),
    ):
        assert refused(act) == "NOT_EXIST"


def test_the_pool_of_a_voucher_is_no_set(by: Partner, person: str) -> None:
    pool = coupons.pool(by.tenant_id, 3)
    coupons.change_set(pool, source="VOUCHER")
    assert refused(lambda: gifts.give(execute(), by, person, pool)) == "NOT_EXIST"
    coupons.change_set(pool, source="GENERATE")


def test_a_paused_set_gives_nothing_and_what_was_given_stays_good(by: Partner, person: str) -> None:
    pool = coupons.pool(by.tenant_id, 3)
    (given,) = gifts.give(execute(), by, person, pool)
    coupons.change_set(pool, status="INACTIVE")
    assert refused(lambda: gifts.give(execute(), by, person, pool)) == "FORBIDDEN"
    assert gifts.use(execute(), by, given.code).id == given.id


def test_a_pool_without_its_codes_gives_nothing(by: Partner, person: str) -> None:
    waiting = coupons.asked_pool(by.tenant_id, 3)
    assert refused(lambda: gifts.give(execute(), by, person, waiting)) == "FORBIDDEN"


def test_nothing_is_given_after_the_last_instant(by: Partner, person: str) -> None:
    made = coupons.auto_set(by.owner_id)
    end = coupons.set_row(made).end_date
    assert end
    with clock.frozen(end):
        gifts.give(execute(), by, person, made)
    with clock.frozen(end + MOMENT):
        assert refused(lambda: gifts.give(execute(), by, person, made)) == "COUPON_NOT_IN_DATE"


def test_both_dates_are_good_days(by: Partner, person: str) -> None:
    start, end = clock.now() + DAY, clock.now() + 2 * DAY
    made = coupons.auto_set(by.owner_id, start_date=start, end_date=end)
    given = gifts.give(execute(), by, person, made, 4)
    for instant, code in ((start, given[0].code), (end, given[1].code)):
        with clock.frozen(instant):
            gifts.use(execute(), by, code)
    for instant in (start - MOMENT, end + MOMENT):
        with clock.frozen(instant):
            act = lambda: gifts.use(execute(), by, given[2].code)  # noqa: E731
            assert refused(act) == "COUPON_NOT_IN_DATE"


def test_a_coupon_is_used_once(by: Partner, person: str) -> None:
    place = coupons.branch(by.owner_id)
    pool = coupons.pool(by.tenant_id, 2)
    (given,) = gifts.give(execute(), by, person, pool)
    used = gifts.use(execute(), by, given.code, "R-1", "B1")
    assert (used.id, used.code) == (given.id, given.code)
    row = coupons.gift_row(given.id)
    assert (row.status, row.used_at, row.ref_no) == ("USED", used.used_at, "R-1")
    assert (row.branch_id, row.used_by) == (place, by.key)
    assert coupons.counts(pool) == (2, 1, 1)
    assert refused(lambda: gifts.use(execute(), by, given.code)) == "COUPON_ALREADY_USED"
    assert refused(lambda: gifts.void(execute(), by, given.id)) == "COUPON_ALREADY_USED"


def test_what_nobody_holds_cannot_be_used(by: Partner, person: str) -> None:
    pool = coupons.pool(by.tenant_id, 1)
    made = coupons.auto_set(by.owner_id)
    (gone,) = gifts.give(execute(), by, person, made)
    gifts.void(execute(), by, gone.id)
    for code in (coupons.codes_of(pool)[0], gone.code, "unknown"):
        assert refused(lambda code=code: gifts.use(execute(), by, code)) == "NOT_EXIST"


def test_an_unknown_branch_uses_nothing(by: Partner, person: str) -> None:
    made = coupons.auto_set(by.owner_id)
    coupons.branch(make_tenant("緯緯醫學", "DEALER"), "THEIRS")
    (given,) = gifts.give(execute(), by, person, made)
    act = lambda: gifts.use(execute(), by, given.code, branch_code="THEIRS")  # noqa: E731
    with pytest.raises(Refusal) as caught:
        act()
    assert [one.field for one in caught.value.details] == ["branch_code"]
    assert refused(act) == "NOT_EXIST"


def test_a_pools_coupon_goes_back_and_is_given_again_last(by: Partner, person: str) -> None:
    pool = coupons.pool(by.tenant_id, 3)
    (first,) = gifts.give(execute(), by, person, pool)
    assert gifts.void(execute(), by, first.id) == "PENDING"
    assert refused(lambda: gifts.void(execute(), by, first.id)) == "ALREADY_VOIDED"
    assert coupons.counts(pool) == (3, 0, 0)
    assert coupons.statuses(pool) == ["PENDING"] * 3
    other = coupons.member_of(by.tenant_id)
    again = gifts.give(execute(), by, other, pool, 3)
    codes = coupons.codes_of(pool)
    assert [one.code for one in again] == [*codes[1:], codes[0]]
    assert again[2].id != first.id
    # What is void stays void, whoever holds the coupon now.
    assert refused(lambda: gifts.void(execute(), by, first.id)) == "ALREADY_VOIDED"
    assert gifts.use(execute(), by, codes[0]).id == again[2].id
    assert coupons.gift_row(first.id).status == "VOIDED"


def test_the_same_coupon_goes_round_and_round(by: Partner, person: str) -> None:
    pool = coupons.pool(by.tenant_id, 2)
    for _ in range(5):
        given = gifts.give(execute(), by, person, pool, 2)
        assert {gifts.void(execute(), by, one.id) for one in given} == {"PENDING"}
    assert coupons.counts(pool) == (2, 0, 0)


def test_checking_tells_coupon_branch_and_holder(by: Partner, person: str) -> None:
    coupons.branch(by.owner_id)
    made = coupons.auto_set(by.owner_id, static_code="SUMMER", description="限內用")
    (given,) = gifts.give(execute(), by, person, made)
    before = gifts.check(execute(), by.owner_id, given.code)
    assert (before.id, before.status, before.used_at, before.branch) == (
        given.id,
        "ACTIVE",
        None,
        None,
    )
    assert (before.name, before.description, before.static_code) == (
        "夏季咖啡券",
        "限內用",
        "SUMMER",
    )
    assert before.holder == gifts.Holder(person, "0912345678", "王小明")
    used = gifts.use(execute(), by, given.code, branch_code="B1")
    after = gifts.check(execute(), by.owner_id, given.code)
    assert (after.status, after.used_at) == ("USED", used.used_at)
    assert after.branch
    assert (after.branch.code, after.branch.name) == ("B1", "信義店")


def test_a_static_code_finds_nothing(by: Partner, person: str) -> None:
    made = coupons.auto_set(by.owner_id, static_code="SUMMER")
    gifts.give(execute(), by, person, made)
    assert refused(lambda: gifts.check(execute(), by.owner_id, "SUMMER")) == "NOT_EXIST"
    assert refused(lambda: gifts.use(execute(), by, "SUMMER")) == "NOT_EXIST"


def test_checking_a_free_coupon_tells_of_nobody(by: Partner, person: str) -> None:
    pool = coupons.pool(by.tenant_id, 1)
    (given,) = gifts.give(execute(), by, person, pool)
    gifts.void(execute(), by, given.id)
    found = gifts.check(execute(), by.owner_id, given.code)
    assert (found.id, found.status, found.holder) == (None, "PENDING", None)


def test_a_coupon_that_was_made_and_taken_back_is_gone(by: Partner, person: str) -> None:
    made = coupons.auto_set(by.owner_id)
    (given,) = gifts.give(execute(), by, person, made)
    gifts.void(execute(), by, given.id)
    assert refused(lambda: gifts.check(execute(), by.owner_id, given.code)) == "NOT_EXIST"
    assert coupons.statuses(made) == ["VOIDED"]
    assert coupons.counts(made) == (0, 0, 0)


def test_history_tells_everything_in_order(by: Partner, person: str) -> None:
    pool = coupons.pool(by.tenant_id, 3)
    begin = clock.now()
    given = []
    for n in range(3):
        with clock.frozen(begin + n * MOMENT):
            given += gifts.give(execute(), by, person, pool)
    gifts.use(execute(), by, given[0].code)
    gifts.void(execute(), by, given[1].id)
    listed, total = gifts.history(execute(), by.owner_id, person, 2)
    rest, _ = gifts.history(execute(), by.owner_id, person, 2, 2)
    assert total == 3
    assert [(one.id, one.status) for one in (*listed, *rest)] == [
        (given[0].id, "USED"),
        (given[1].id, "VOIDED"),
        (given[2].id, "ACTIVE"),
    ]
    assert gifts.history(execute(), by.owner_id, coupons.member_of(by.tenant_id), 9) == ([], 0)


def test_a_code_that_was_made_before_is_asked_for_again(
    by: Partner, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = coupons.auto_set(by.owner_id)
    monkeypatch.setattr(gifts, "bodies", lambda count: ["AAAA222222222"] * count)
    gifts.give(execute(), by, person, made)
    assert refused(lambda: gifts.give(execute(), by, person, made)) == "UNAVAILABLE"

    def within() -> None:
        with unit_of_work():
            gifts.give(within_unit_of_work, by, person, made)

    assert refused(within) == "UNAVAILABLE"


def test_the_platforms_server_works_for_everybody_on_its_own_sets(by: Partner, person: str) -> None:
    host = coupons.caller(PLATFORM_OWNER)
    made = coupons.auto_set(PLATFORM_OWNER)
    (given,) = gifts.give(execute(), host, person, made)
    assert refused(lambda: gifts.use(execute(), by, given.code)) == "NOT_EXIST"
    assert gifts.history(execute(), by.owner_id, person, 9) == ([], 0)
    assert gifts.use(execute(), host, given.code).id == given.id


def test_two_tenants_may_have_the_same_code(by: Partner, person: str) -> None:
    other = coupons.caller(make_tenant("緯緯醫學", "DEALER"))
    pools = [coupons.imported(one.owner_id, ["SAME"]) for one in (by, other)]
    (given,) = gifts.give(execute(), by, person, pools[0])
    assert gifts.check(execute(), other.owner_id, "SAME").status == "PENDING"
    gifts.use(execute(), by, given.code)
    assert coupons.counts(pools[1]) == (1, 0, 0)
