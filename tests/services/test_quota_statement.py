"""A vendor's quota book reads line by line, and is proved alone."""

import uuid
from decimal import Decimal

import pytest

from tests.support import books, rows
from tests.support.cast import Caller, fund, issue
from tests.support.desks import actor_of, make_clerk, member_actor
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.actor import OPERATOR, Actor
from voucherweb.domain.paging import PageRequest
from voucherweb.errors import Refusal
from voucherweb.services import quota_statement, quotas
from voucherweb.services.proof import Proof
from voucherweb.services.quota_statement import QuotaLine
from voucherweb.transaction import unit_of_work

PAGE = PageRequest(1, 10, "seq", descending=False)
BOUGHT = 100_000_000


def tenant(caller: Caller) -> uuid.UUID:
    return uuid.UUID(caller.tenant_id or "")


def statement(actor: Actor, of: uuid.UUID, asked: PageRequest = PAGE) -> list[QuotaLine]:
    with unit_of_work():
        return quota_statement.statement(actor, of, asked)[0]


def prove(actor: Actor, of: uuid.UUID) -> Proof:
    with unit_of_work():
        return quota_statement.prove_vendor(actor, of)


def correct(purchase_id: uuid.UUID | None, points: int) -> None:
    with unit_of_work():
        terms = quotas.PurchaseTerms(clock.now(), points, Decimal(7), "更正")
        quotas.correct_purchase(OPERATOR, purchase_id, terms)


def test_a_statement_tells_every_movement(admin: Caller) -> None:
    dropped = issue(admin, on=False, title="茶")
    admin.data("/voucher-mgmt/voucher/delete", {"id": dropped})
    purchase = statement(actor_of(admin), tenant(admin))[0].purchase_id
    correct(purchase, BOUGHT - 1)
    bought, issued, refunded, corrected = statement(actor_of(admin), tenant(admin))
    assert [one.points for one in (bought, issued, refunded, corrected)] == [
        *(BOUGHT, -1500, 1500, -1)
    ]
    assert [one.quota_after for one in (issued, refunded)] == [BOUGHT - 1500, BOUGHT]
    assert (issued.voucher_title, refunded.voucher_id) == ("茶", uuid.UUID(dropped))
    assert (bought.actor_name, bought.purchase_serial) == ("主機操作員", 1)
    assert (corrected.kind, corrected.voucher_no) == ("CORRECTION", None)


def test_a_statement_is_paged_at_a_constant_cost(admin: Caller) -> None:
    for number in (2, 4):
        for _ in range(2):
            issue(admin)
        with books.statements() as seen:
            asked = PageRequest(1, 2, "seq", descending=True)
            lines = statement(actor_of(admin), tenant(admin), asked)
        assert [one.seq for one in lines] == [number + 1, number]
        assert len(seen) == 4


def test_a_purchases_history_has_every_version(admin: Caller, platform: Caller) -> None:
    purchase = statement(actor_of(admin), tenant(admin))[0].purchase_id
    correct(purchase, BOUGHT + 5)
    for who in (actor_of(admin), actor_of(platform)):
        with unit_of_work():
            first, second = quota_statement.purchase_history(who, purchase)
        assert [(one.number, one.points) for one in (first, second)] == [
            *((1, BOUGHT), (2, BOUGHT + 5))
        ]
        assert (second.amount, second.remark) == (Decimal(7), "更正")
        assert second.actor_name == "主機操作員"


def test_others_books_do_not_exist_and_clerks_and_members_read_none(
    admin: Caller, stranger: Caller, member: Caller
) -> None:
    purchase = statement(actor_of(admin), tenant(admin))[0].purchase_id
    for who, code in (
        (actor_of(stranger), "NOT_EXIST"),
        (make_clerk(admin.tenant_id), "FORBIDDEN"),
        (member_actor(member), "FORBIDDEN"),
    ):
        for act in (
            lambda who=who: statement(who, tenant(admin)),
            lambda who=who: prove(who, tenant(admin)),
            lambda who=who: quota_statement.purchase_history(who, purchase),
        ):
            with pytest.raises(Refusal) as refusal, unit_of_work():
                act()
            assert refusal.value.error.code == f"API_ERROR.{code}"


def test_right_books_are_proved(admin: Caller, platform: Caller) -> None:
    issue(admin)
    fund(admin.tenant_id or "", 5)
    for who in (actor_of(admin), actor_of(platform)):
        proof = prove(who, tenant(admin))
        assert (proof.ok, proof.first_bad) == (True, None)
        assert proof.checked > 9


@pytest.mark.parametrize(
    ("check", "statement_"),
    [
        ("quota.deposit", "UPDATE vendors SET deposit = deposit + 1 WHERE id = {own}"),
        ("quota.chain", "UPDATE quota_entries SET withdraw_after = 1 WHERE vendor_id = {own}"),
        ("quota.revisions", "UPDATE quota_purchases SET remark = '改' WHERE vendor_id = {own}"),
        ("quota.vouchers", "UPDATE vouchers SET volume = volume + 1 WHERE vendor_id = {own}"),
    ],
    ids=["deposit", "chain", "revisions", "vouchers"],
)
def test_a_wrong_row_is_found_in_its_own_book_alone(
    admin: Caller, stranger: Caller, settings: Settings, check: str, statement_: str
) -> None:
    issue(admin)
    issue(stranger)
    own = f"(SELECT id FROM vendors WHERE tenant_id = '{admin.tenant_id}')"
    rows.tamper(settings, statement_.format(own=own))
    proof = prove(actor_of(admin), tenant(admin))
    assert not proof.ok
    assert proof.first_bad
    assert proof.first_bad.startswith(check)
    assert prove(actor_of(stranger), tenant(stranger)).ok
