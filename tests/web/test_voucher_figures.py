"""The vouchers of a tenant side by side: each as its own statistics say, sorted by any figure."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.books import statements
from tests.support.cast import Caller, issue
from tests.support.site import make_visitor
from tests.support.statistics import crowd, text
from voucherweb.config import Settings

MINE = "/admin/statistics/mine/vouchers"
STATISTICS = "/voucher-mgmt/voucher/statistics"
_ROW = re.compile(r"<tr>\s*<td class=\"main-cell\">(.*?)</tr>", re.S)
_CELL = re.compile(r"<td[^>]*>(.*?)</td>", re.S)


@pytest.fixture
def offers(admin: Caller, client: FlaskClient, settings: Settings) -> dict[str, str]:
    """One that many met, one that few met, and one that nobody did."""
    many = issue(admin, title="多", volume=100, price=12.5)
    few = issue(admin, title="少", volume=10, price=30, voucherType="02")
    crowd(client, settings, many, 5, "F", 1990)
    crowd(client, settings, few, 3, "M", 1980)
    crowd(client, settings, few, 1, "U", None, redeem=False)
    return {"多": many, "少": few, "無": issue(admin, title="無", volume=7)}


def figures(html: str) -> dict[str, list[str]]:
    """By title, in the order of the page."""
    found = {}
    for row in _ROW.findall(html):
        name, cells = row.split("</td>", 1)
        title = re.search(r"<a [^>]*>(.*?)</a>", name)
        assert title
        found[title[1]] = [text(cell) for cell in _CELL.findall(cells)]
    return found


def said(data: dict[str, Any]) -> list[str]:
    """The same as the API tells of one voucher."""
    reach, click, redeemed, used = (
        data[f"{name}Info"] for name in ("reach", "click", "redeem", "used")
    )
    return [str(one["totalCount"]) for one in (reach, click, redeemed, used)]


def test_each_row_says_what_the_api_says_of_its_voucher(
    app: Flask, admin: Caller, offers: dict[str, str]
) -> None:
    shown = figures(make_visitor(app, "TENANT_ADMIN", admin.tenant_id).text(MINE))
    assert set(shown) == set(offers)
    for title, voucher_id in offers.items():
        _, seen, _, clicked, _, _, redeemed, _, used, _, _ = shown[title]
        assert [seen, clicked, redeemed, used] == said(
            admin.data(STATISTICS, {"voucherId": voucher_id})
        )
    assert shown["多"] == [
        *("100", "5", "10", "5", "5", "100.0%"),
        *("5", "5.0%", "2", "40.0%", "NT$25"),
    ]
    assert shown["無"] == ["7", *["0"] * 4, "0.0%", "0", "0.0%", "0", "0.0%", "NT$0"]


@pytest.mark.parametrize(
    ("sort", "titles"),
    [
        ("usedAmount", ["少", "多", "無"]),
        ("redeemCount", ["多", "少", "無"]),
        ("redeemRate", ["少", "多", "無"]),
        ("volume", ["多", "少", "無"]),
        ("clickTimes", ["多", "少", "無"]),
    ],
)
def test_every_figure_sorts(
    app: Flask, admin: Caller, offers: dict[str, str], sort: str, titles: list[str]
) -> None:
    page = make_visitor(app, "TENANT_ADMIN", admin.tenant_id)
    assert list(figures(page.text(f"{MINE}?sort={sort}&order=desc"))) == titles
    assert list(figures(page.text(f"{MINE}?sort={sort}&order=asc"))) == titles[::-1]


def test_the_numbers_of_a_tenant_lead_to_its_vouchers(
    app: Flask, admin: Caller, offers: dict[str, str]
) -> None:
    visits = {
        MINE: make_visitor(app, "TENANT_ADMIN", admin.tenant_id),
        f"/admin/statistics/tenants/{admin.tenant_id}/vouchers": make_visitor(app),
    }
    for place, visitor in visits.items():
        above = visitor.text(f"{place.removesuffix('/vouchers')}?voucherType=02")
        links = re.findall(rf'href="({place}[^"]*)"', above)
        named = {re.search(r"sort=(\w+)", one)[1] for one in links}  # type: ignore[index]
        assert named == {"reachCount", "clickCount", "redeemCount", "usedCount"}
        assert list(figures(visitor.text(links[0].replace("&amp;", "&")))) == ["少"]


def test_another_tenants_vouchers_and_deleted_ones_are_left_out(
    app: Flask, admin: Caller, stranger: Caller
) -> None:
    issue(stranger, title="別家")
    admin.data("/voucher-mgmt/voucher/delete", {"id": issue(admin, title="刪", on=False)})
    page = make_visitor(app, "TENANT_ADMIN", admin.tenant_id).text(MINE)
    assert figures(page) == {}
    assert "還沒有票券" in page


def test_the_number_of_queries_does_not_depend_on_the_vouchers(
    app: Flask, admin: Caller, offers: dict[str, str]
) -> None:
    page = make_visitor(app, "TENANT_ADMIN", admin.tenant_id)
    page.text(MINE)
    with statements() as before:
        page.text(MINE)
    issue(admin, title="再一張")
    with statements() as after:
        page.text(MINE)
    assert len(after) == len(before) <= 8
