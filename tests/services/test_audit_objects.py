"""What the audit log names is told by title and number, in one query, and to nobody else's eyes."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update

from tests.support import books, coupons
from tests.support.add_ons import issue_key, register
from tests.support.campaigns import admin_of, make_card
from tests.support.cast import Caller, issue, make_tenant, voucher_row
from tests.support.desks import actor_of, make_clerk, take_piece
from tests.support.errands import asked, lines, written
from tests.support.sheets import ended_import
from voucherweb.config import Settings
from voucherweb.domain.actor import OPERATOR, Actor
from voucherweb.domain.paging import PageRequest
from voucherweb.models import Job, Member, QuotaPurchase, Vendor
from voucherweb.services import audit, audit_log, vendors
from voucherweb.services.audit_labels import KIND_LABELS, object_name
from voucherweb.services.audit_log import AuditFilter, Entry
from voucherweb.services.audit_objects import NAMED, Thing, things
from voucherweb.services.issuing import delete_voucher
from voucherweb.transaction import session, unit_of_work

Made = tuple[uuid.UUID, str, str]
"""An object's id, title and number."""


def found(actor: Actor, kind: str, object_id: uuid.UUID | str) -> Thing | None:
    with unit_of_work():
        return things(actor, [(kind, str(object_id))]).get((kind, str(object_id)))


def only(model: Any) -> Any:
    with unit_of_work():
        row = session.query(model).one()
        session.expunge(row)
        return row


def a_voucher(admin: Caller, _member: Caller) -> Made:
    row = voucher_row(issue(admin, title="拿鐵"))
    return row.id, "拿鐵", row.voucher_no


def a_piece(admin: Caller, member: Caller) -> Made:
    piece, number = take_piece(member, issue(admin, title="拿鐵"))
    return piece, "拿鐵", number


def a_vendor(admin: Caller, _member: Caller) -> Made:
    vendor = only(Vendor)
    return vendor.id, "小港醫院", vendor.vendor_no


def a_purchase(admin: Caller, _member: Caller) -> Made:
    purchase = only(QuotaPurchase)
    return purchase.id, "小港醫院", f"{only(Vendor).vendor_no}-{purchase.serial}"


def a_clerk(admin: Caller, _member: Caller) -> Made:
    clerk = make_clerk(admin.tenant_id)
    return clerk.id, "林小姐", "clerk"


def a_key(admin: Caller, _member: Caller) -> Made:
    issued = issue_key(admin.tenant_id)
    return issued.id, "POS", issued.api_key


def an_add_on(admin: Caller, _member: Caller) -> Made:
    return uuid.UUID(register(admin.tenant_id)), "排班", "rota"


def a_campaign(admin: Caller, _member: Caller) -> Made:
    return make_card(admin.tenant_id or "").campaign_id, "集點活動", ""


def a_card(admin: Caller, _member: Caller) -> Made:
    card = make_card(admin.tenant_id or "")
    return card.id, "王○明", card.card_no


def a_set(admin: Caller, _member: Caller) -> Made:
    return coupons.auto_set(admin.tenant_id or ""), "夏季咖啡券", ""


def an_import(admin: Caller, _member: Caller) -> Made:
    return ended_import(admin.tenant_id)[1], "july.xlsx", ""


def a_job(admin: Caller, _member: Caller) -> Made:
    return ended_import(admin.tenant_id)[0], "july.xlsx", ""


def a_branch(admin: Caller, _member: Caller) -> Made:
    return coupons.branch(admin.tenant_id or "", "KH01"), "", "KH01"


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        ("add_on", an_add_on),
        ("admin", a_clerk),
        ("api_key", a_key),
        ("branch", a_branch),
        ("campaign", a_campaign),
        ("card", a_card),
        ("coupon_import", an_import),
        ("coupon_set", a_set),
        ("job", a_job),
        ("purchase", a_purchase),
        ("redemption", a_piece),
        ("vendor", a_vendor),
        ("voucher", a_voucher),
    ],
)
def test_an_object_is_named_to_its_tenant_and_not_to_another(
    admin: Caller, member: Caller, kind: str, make: Callable[[Caller, Caller], Made]
) -> None:
    object_id, title, number = make(admin, member)
    thing = found(actor_of(admin), kind, object_id)
    assert thing is not None
    assert thing.opens
    assert not title or thing.title == title
    assert thing.number.startswith(number)
    assert found(OPERATOR, kind, object_id) is not None
    foreign = found(admin_of(make_tenant("別家")), kind, object_id)
    assert foreign is None or (kind == "admin" and not foreign.opens)


def test_a_member_is_masked_even_for_the_platform(member: Caller) -> None:
    row = only(Member)
    thing = found(OPERATOR, "member", row.id)
    assert thing is not None
    assert (thing.title, thing.number) == ("王○明", row.household_member_id[:8])


def test_a_deleted_voucher_keeps_its_name_and_loses_its_page(admin: Caller) -> None:
    voucher = voucher_row(issue(admin, on=False, title="拿鐵"))
    with unit_of_work():
        delete_voucher(actor_of(admin), voucher.id)
    thing = found(actor_of(admin), "voucher", voucher.id)
    assert thing is not None
    assert (thing.title, thing.opens) == ("拿鐵", False)


def test_what_is_gone_is_named_by_what_was_recorded() -> None:
    assert object_name(None, {"vendor_no": "L00001"}) == ("L00001", "")
    assert object_name(None, {"count": 3, "name": None}) == ("", "")


def test_nothing_is_asked_for_kinds_without_names(admin: Caller) -> None:
    with books.statements() as seen, unit_of_work():
        assert things(actor_of(admin), [("demo", "demo"), ("voucher", "no id"), ("x", "y")]) == {}
    assert seen == []


def test_every_kind_of_object_is_a_kind_of_the_log() -> None:
    assert KIND_LABELS.keys() > NAMED


def test_an_old_job_is_named_but_has_no_page_any_more(admin: Caller) -> None:
    job_id, _ = ended_import(admin.tenant_id)
    with unit_of_work():
        session.execute(update(Job).values(finished_at="2020-01-01T00:00:00Z"))
    thing = found(actor_of(admin), "job", job_id)
    assert thing is not None
    assert (thing.title, thing.opens) == ("july.xlsx", False)
    assert found(actor_of(admin), "coupon_import", only(Job).result["importId"]) is not None


def listed(actor: Actor, settings: Settings) -> list[Entry]:
    with unit_of_work():
        asked_for = PageRequest(1, 100, "id", descending=True)
        return audit_log.list_entries(actor, AuditFilter(), asked_for, settings.timezone)[0]


def test_the_named_are_told_with_the_entry_that_mentions_them(
    admin: Caller, settings: Settings
) -> None:
    card = make_card(admin.tenant_id or "")
    given = next(one for one in listed(actor_of(admin), settings) if one.action == "card.add")
    assert given.thing is not None
    assert given.thing.number == card.card_no
    assert given.thing.title == "王○明"
    assert {name: one.title for name, one in given.mentioned.items()} == {"campaign": "集點活動"}


def test_a_page_of_many_kinds_asks_as_often_as_one_of_few(
    admin: Caller, member: Caller, settings: Settings
) -> None:
    a_voucher(admin, member)
    with books.statements() as few:
        listed(actor_of(admin), settings)
    for make in (a_piece, a_key, an_add_on, a_card, a_set, an_import, a_branch):
        make(admin, member)
    with books.statements() as many:
        listed(actor_of(admin), settings)
    assert len(few) == len(many) == 4


def test_the_log_as_a_file_names_what_the_page_names(admin: Caller, member: Caller) -> None:
    voucher = voucher_row(issue(admin, title="拿鐵"))
    head, *rows = lines(admin, written(asked(admin, "AUDIT", kind="voucher")))
    assert head[2:6] == ["動作", "對象種類", "對象名稱", "對象編號"]
    told = ["票券", "拿鐵", voucher.voucher_no]
    assert [row[2:6] for row in rows] == [["變更票券狀態", *told], ["發行票券", *told]]


def test_a_tenants_file_holds_nothing_of_another(admin: Caller, stranger: Caller) -> None:
    issue(admin)
    issue(stranger, title="別家的")
    text = "\n".join(map(",".join, lines(admin, written(asked(admin, "AUDIT")))))
    assert "別家的" not in text


def test_a_file_asks_for_names_a_block_at_a_time(
    admin: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voucherweb.services.export_kinds.audit.AT_ONCE", 10)
    voucher = issue(admin)
    with unit_of_work():
        for _ in range(28):
            audit.record(actor_of(admin), "voucher.update", "voucher", voucher)
    job_id = asked(admin, "AUDIT", kind="voucher")
    with books.statements() as seen:
        written(job_id)
    assert len(lines(admin, job_id)) == 31
    assert sum("FROM vouchers" in one for one in seen) == 3


def test_a_vendor_that_is_gone_left_its_number(tenant_id: str, settings: Settings) -> None:
    with unit_of_work():
        vendor = vendors.add_vendor(OPERATOR, uuid.UUID(tenant_id))
        number, vendor_id = vendor.vendor_no, vendor.id
    with unit_of_work():
        vendors.delete_vendor(OPERATOR, vendor_id)
    gone = listed(OPERATOR, settings)[0]
    assert (gone.action, gone.thing) == ("vendor.delete", None)
    assert object_name(gone.thing, gone.data) == (number, "")
