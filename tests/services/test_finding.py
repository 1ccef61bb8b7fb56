"""One box finds what its user may see, and nothing else."""

import pytest

from tests.support import books
from tests.support.cast import Caller, issue, voucher_row
from tests.support.desks import actor_of, make_clerk, member_actor, take_piece
from voucherweb.domain.actor import Actor
from voucherweb.domain.voucher_rules import Phase
from voucherweb.errors import Refusal
from voucherweb.services import finding
from voucherweb.services.finding import Findings
from voucherweb.transaction import unit_of_work


def find(actor: Actor, typed: str, limit: int = 8) -> Findings:
    with unit_of_work():
        return finding.find(actor, typed, limit)


def test_vouchers_are_found_by_title_and_by_the_beginning_of_the_number(admin: Caller) -> None:
    voucher = voucher_row(issue(admin, title="100% 好茶"))
    issue(admin, title="別的")
    for typed in ("好茶", "100%", voucher.voucher_no, f" {voucher.voucher_no.lower()} "):
        (hit,) = find(actor_of(admin), typed).vouchers
        assert (hit.id, hit.phase, hit.tenant_name) == (voucher.id, Phase.ON, "小港醫院")
    assert len(find(actor_of(admin), voucher.voucher_no[:6]).vouchers) == 2
    assert find(actor_of(admin), voucher.voucher_no[1:]).nothing


def test_a_pieces_number_leads_to_the_piece_and_its_voucher(admin: Caller, member: Caller) -> None:
    voucher = issue(admin)
    piece, number = take_piece(member, voucher)
    for who in (actor_of(admin), make_clerk(admin.tenant_id)):
        (hit,) = find(who, f"health365://user-voucher?userVoucherNo={number}").pieces
        assert (hit.id, str(hit.voucher_id), hit.number) == (piece, voucher, number)
        assert (hit.member_name, hit.used_at) == ("王○明", None)


def test_another_tenants_vouchers_and_pieces_are_never_found(
    admin: Caller, stranger: Caller, member: Caller
) -> None:
    voucher = voucher_row(issue(admin))
    number = take_piece(member, str(voucher.id))[1]
    for who in (actor_of(stranger), make_clerk(stranger.tenant_id)):
        for typed in (voucher.title, voucher.voucher_no, number, "小港", member.id):
            assert find(who, typed).nothing


def test_a_clerk_finds_pieces_alone(admin: Caller, member: Caller) -> None:
    voucher = voucher_row(issue(admin))
    clerk = make_clerk(admin.tenant_id)
    for typed in (voucher.title, voucher.voucher_no, "小港", member.id):
        assert find(clerk, typed).nothing


def test_the_platform_finds_tenants_vendors_and_members_too(
    admin: Caller, stranger: Caller, platform: Caller, member: Caller
) -> None:
    who = actor_of(platform)
    books.change_person(member.id, phone_number="+886912345678")
    (hit,) = find(who, "小港").tenants
    assert str(hit.id) == admin.tenant_id
    assert hit.vendor_no
    for typed in (hit.vendor_no.lower(), hit.code):
        assert [one.id for one in find(who, typed).tenants] == [hit.id]
    for typed in (member.id, "+886 912", str(books.member_id(member.id))):
        assert [one.household_member_id for one in find(who, typed).members] == [member.id]
    assert find(who, "王小明").members == []


def test_a_tenants_admin_finds_no_tenants_and_no_members(admin: Caller, member: Caller) -> None:
    assert find(actor_of(admin), "小港").nothing
    assert find(actor_of(admin), member.id).nothing


def test_members_have_no_box(member: Caller) -> None:
    with pytest.raises(Refusal) as refusal:
        find(member_actor(member), "茶")
    assert refusal.value.error.code == "API_ERROR.FORBIDDEN"


@pytest.mark.parametrize("typed", ["", "  ", "\0", "%", "_", "\ud800", "'", "x" * 999])
def test_odd_texts_find_nothing(admin: Caller, platform: Caller, typed: str) -> None:
    issue(admin, title="茶")
    for who in (actor_of(admin), actor_of(platform), make_clerk(admin.tenant_id)):
        assert find(who, typed).nothing


def test_no_more_than_asked_and_at_a_constant_cost(admin: Caller, platform: Caller) -> None:
    for _ in range(3):
        issue(admin, title="茶")
    with books.statements() as seen:
        assert len(find(actor_of(platform), "茶", limit=2).vouchers) == 2
    assert len(seen) == 3
    with books.statements() as seen:
        assert len(find(actor_of(admin), "茶", limit=10**9).vouchers) == 3
    assert len(seen) == 1
