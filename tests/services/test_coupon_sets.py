"""Sets of coupons as admins see and change them, and their codes as a file."""

import uuid
from collections.abc import Callable

import pytest

from tests.support import coupons
from tests.support.cast import Caller
from tests.support.coupons import execute
from tests.support.errands import as_actor, asked, count, lines, written
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.domain.paging import PageRequest
from voucherweb.errors import Refusal
from voucherweb.models import PLATFORM_OWNER, AuditEntry, Job
from voucherweb.services import coupon_gifts as gifts
from voucherweb.services import coupon_sets as sets
from voucherweb.services import exports
from voucherweb.services.export_kinds import kind as kinds
from voucherweb.transaction import session, unit_of_work


@pytest.fixture
def owner(admin: Caller) -> uuid.UUID:
    return uuid.UUID(admin.tenant_id)


def refused(act: Callable[[], object]) -> str:
    """The code of a refusal; nothing was put on record."""
    before = coupons.of_everything(), count(AuditEntry)
    with pytest.raises(Refusal) as caught, unit_of_work():
        act()
    assert (coupons.of_everything(), count(AuditEntry)) == before
    return caught.value.error.code.rpartition(".")[2]


def test_pausing_and_resuming_is_put_on_record_once(admin: Caller, owner: uuid.UUID) -> None:
    actor, made = as_actor(admin), coupons.auto_set(owner)
    before = count(AuditEntry)
    for act in (sets.pause, sets.pause, sets.resume):
        with unit_of_work():
            act(actor, owner, made)
    assert coupons.set_row(made).status == "ACTIVE"
    with unit_of_work():
        entries = session.query(AuditEntry).order_by(AuditEntry.id.desc()).limit(2).all()
        assert [entry.action for entry in entries] == ["coupon_set.resume", "coupon_set.pause"]
        assert {entry.tenant_id for entry in entries} == {owner}
    assert count(AuditEntry) == before + 2


def test_a_set_is_renamed(admin: Caller, owner: uuid.UUID) -> None:
    made = coupons.auto_set(owner, description="舊")
    with unit_of_work():
        sets.rename(as_actor(admin), owner, made, " 冬季券 ", "新")
    row = coupons.set_row(made)
    assert (row.name, row.description) == ("冬季券", "新")
    blank = lambda: sets.rename(as_actor(admin), owner, made, "  ")  # noqa: E731
    assert refused(blank) == "INVALID_PARAMETER"


def test_foreign_and_unfilled_sets_are_unknown(
    admin: Caller, stranger: Caller, owner: uuid.UUID
) -> None:
    theirs = coupons.auto_set(stranger.tenant_id or "")
    waiting = coupons.asked_pool(owner, 3)
    actor = as_actor(admin)
    for act in (
        lambda: sets.pause(actor, owner, theirs),
        lambda: sets.resume(actor, owner, waiting),
        lambda: sets.pause(actor, owner, None),
        lambda: sets.rename(actor, owner, theirs, "x"),
        lambda: sets.get_set(owner, theirs),
    ):
        assert refused(act) == "NOT_EXIST"


def test_whose_sets_an_admin_works_on(admin: Caller, platform: Caller, owner: uuid.UUID) -> None:
    with unit_of_work():
        assert sets.owner_of(as_actor(admin), uuid.uuid4()) == owner
        assert sets.owner_of(as_actor(platform), owner) == owner
        assert sets.owner_of(as_actor(platform), None) == PLATFORM_OWNER
    clerk = Actor(Role.CLERK, uuid.uuid4(), owner)
    assert refused(lambda: sets.owner_of(clerk, owner)) == "FORBIDDEN"
    assert refused(lambda: sets.owner_of(as_actor(platform), uuid.uuid4())) == "NOT_EXIST"


def test_the_pages_list_is_sorted_and_paged(owner: uuid.UUID) -> None:
    made = {name: coupons.auto_set(owner, name=name) for name in ("乙", "甲", "丙")}
    with unit_of_work():
        found, total = sets.page_of_sets(owner, PageRequest(1, 2, "createdAt", True))
        assert ([one.id for one in found], total) == ([made["丙"], made["甲"]], 3)
        for field in sets.SORT:
            assert sets.page_of_sets(owner, PageRequest(1, 10, field, False))[1] == 3


def test_a_sets_codes_as_a_file(admin: Caller, owner: uuid.UUID) -> None:
    by, person = coupons.caller(owner), coupons.member_of(owner)
    coupons.branch(owner)
    pool = coupons.imported(owner, ["=1+1", "A-2", "A-3"])
    given = gifts.give(execute(), by, person, pool, 2)
    gifts.use(execute(), by, given[0].code, "R-1", "B1")
    head, first, second, third = lines(admin, written(asked(admin, "COUPONS", setId=str(pool))))
    assert (head[0], head[1], len(head)) == ("代碼", "狀態", 9)
    assert (first[:2], second[:2]) == (["'=1+1", "已核銷"], ["A-2", "已發放"])
    assert (first[3], first[7:]) == ("王○明", ["信義店", "R-1"])
    assert "0912345678" not in first[4]
    assert third == ["A-3", "未發放", "", "", "", "", "", "", ""]
    free = lines(admin, written(asked(admin, "COUPONS", setId=str(pool), status="PENDING")))
    assert [line[0] for line in free] == ["代碼", "A-3"]


def test_another_tenants_codes_are_no_file(
    admin: Caller, stranger: Caller, platform: Caller, owner: uuid.UUID
) -> None:
    pool = str(coupons.pool(owner, 1))

    def start(caller: Caller, **filters: str) -> Callable[[], object]:
        return lambda: exports.start_export(as_actor(caller), "COUPONS", "csv", filters)

    before = count(Job)
    assert refused(start(stranger, setId=pool)) == "NOT_EXIST"
    assert refused(start(platform, setId=pool)) == "NOT_EXIST"
    assert refused(start(admin)) == "NOT_EXIST"
    assert refused(start(admin, setId=pool, status="GONE")) == "INVALID_PARAMETER"
    assert count(Job) == before
    with unit_of_work():
        start(platform, setId=pool, tenantId=str(owner))()


def test_a_long_set_is_a_csv_and_no_workbook(
    admin: Caller, owner: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "MAX_ROWS", 2)
    assert kinds.MAX_ROWS == 100_000
    pool = str(coupons.pool(owner, 3))
    assert len(lines(admin, written(asked(admin, "COUPONS", setId=pool)))) == 4
    with pytest.raises(Refusal, match="INVALID_PARAMETER"):
        written(asked(admin, "COUPONS", "xlsx", setId=pool))
