"""The search of the whole site: groups with links, whole numbers, nobody else's things."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from tests.support import cast
from tests.support.cast import Caller
from tests.support.site import Visitor, make_visitor
from voucherweb.config import Settings
from voucherweb.domain.numbering import user_voucher_no
from voucherweb.models import Redemption
from voucherweb.transaction import session, unit_of_work

HERE = "/admin/search"


@pytest.fixture
def tenant(app: Flask, admin: Caller) -> Visitor:
    """A page visitor of the tenant that `admin` issues for."""
    return make_visitor(app, "TENANT_ADMIN", admin.tenant_id)


def piece_of(client: FlaskClient, settings: Settings, voucher_id: str) -> str:
    """The number of the piece that a member takes."""
    cast.make_member(client, settings).data("/voucher/redeem", {"voucherId": voucher_id})
    number = cast.voucher_row(voucher_id).voucher_no
    with unit_of_work():
        taken = select(func.max(Redemption.seq)).where(Redemption.voucher_id == voucher_id)
        return user_voucher_no(number, session.scalar(taken) or 0)


def test_a_voucher_is_found_by_a_word_of_its_title(admin: Caller, tenant: Visitor) -> None:
    voucher_id = cast.issue(admin)
    page = tenant.text(f"{HERE}?q=拿鐵")
    assert f'href="/admin/vouchers/{voucher_id}"' in page
    assert cast.voucher_row(voucher_id).voucher_no in page


def test_a_whole_number_leads_straight_to_its_voucher(admin: Caller, tenant: Visitor) -> None:
    voucher_id = cast.issue(admin)
    number = cast.voucher_row(voucher_id).voucher_no
    spaced = f" {number[:6].lower()}-{number[6:]} "
    answer = tenant.client.get(HERE, query_string={"q": spaced})
    assert answer.location == f"/admin/vouchers/{voucher_id}"


def test_a_piece_leads_to_its_line_of_the_redemptions(
    client: FlaskClient, settings: Settings, admin: Caller, tenant: Visitor
) -> None:
    voucher_id = cast.issue(admin, volume=30)
    numbers = [piece_of(client, settings, voucher_id) for _ in range(21)]
    for number, page in ((numbers[0], None), (numbers[20], "2")):
        answer = tenant.get(f"{HERE}?q={number}")
        assert answer.location.startswith(f"/admin/vouchers/{voucher_id}/redemptions?")
        assert (page is None) == ("page=2" not in answer.location)
        assert number in tenant.text(answer.location)


def test_live_results_are_a_part_and_lead_nowhere(admin: Caller, tenant: Visitor) -> None:
    number = cast.voucher_row(cast.issue(admin)).voucher_no
    part = tenant.text(
        f"{HERE}?q={number}",
        HX_Request="true",
        HX_Request_Type="partial",
        HX_Target="div#found",
    )
    assert part.lstrip().startswith('<div id="found"')
    assert number in part


def test_the_platform_finds_tenants_and_members_too(app: Flask, member: Caller) -> None:
    platform, tenant_id = make_visitor(app, language="en"), cast.make_tenant("緯緯醫學")
    assert f'href="/admin/tenants/{tenant_id}"' in platform.text(f"{HERE}?q=緯緯")
    assert 'href="/admin/members/' in platform.text(f"{HERE}?q={member.id}")


def test_nobody_finds_what_is_of_another_tenant(
    client: FlaskClient, settings: Settings, stranger: Caller, tenant: Visitor, member: Caller
) -> None:
    voucher_id = cast.issue(stranger)
    number = cast.voucher_row(voucher_id).voucher_no
    piece = piece_of(client, settings, voucher_id)
    for typed in ("拿鐵", number, piece, "緯緯", member.id):
        page = tenant.text(f"{HERE}?q={typed}")
        assert "找不到" in page, typed
        assert "people-hits" not in page, typed


def test_an_empty_search_says_what_can_be_looked_for(tenant: Visitor) -> None:
    for typed in ("", "%20%20", "%00"):
        page = tenant.text(f"{HERE}?q={typed}")
        assert "輸入要找的文字或號碼" in page
        assert "找不到" not in page


def test_what_was_typed_is_shown_as_text(tenant: Visitor) -> None:
    page = tenant.client.get(HERE, query_string={"q": '"><script>alert(1)</script>'}).text
    assert "<script>alert" not in page


def test_clerks_have_the_desk_instead(app: Flask, tenant_id: str) -> None:
    assert make_visitor(app, "CLERK", tenant_id).get(HERE).status_code == 403
