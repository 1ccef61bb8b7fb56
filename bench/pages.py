"""(i) the pages of the admin site as a browser asks for them: what the server spends on each, and
how much travels.

One tenant has 500 vouchers, 10⁵ members and 10⁶ redemptions; beside it stand ten more, and one with
a voucher that sold nearly 100,000 pieces. A platform
admin, a tenant's admin and a clerk ask for every page that is declared, for every order and the
last page that a list links to, for searches, and for the widest days. The figures are those of
the `Server-Timing` header, which begins when the request is taken up and ends after compression.
"""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any, Final

import psycopg
from flask import Flask
from flask_migrate import upgrade
from psycopg import sql

import voucherweb.web.modules  # noqa: F401 - every page is declared by its import.
from bench.askers import LIMIT, Address, Asker, Measured, asker, timed
from bench.bulk import Size, fill
from bench.pace import Pace
from bench.pages_deeds import act
from bench.pages_ids import address_of, ids_for
from bench.pages_more import fill_more
from bench.pages_partner_ids import partner_paths
from bench.pages_partners import PartnerAmounts, fill_partners
from bench.stage import Stage, served
from bench.table import Row
from voucherweb import create_app
from voucherweb.domain import clock
from voucherweb.domain.enums import Role
from voucherweb.services import audience, campaign_book, trends
from voucherweb.web.page import ADMINS, EVERYBODY, PAGES

ROUNDS: Final = 20
DATABASE: Final = "bench_pages"
_LINK: Final = re.compile(r'href="([^"#]+)"')
_ASSET: Final = re.compile(r'(?:href|src)="(/static/[^"]+)"')
_IMPORT: Final = re.compile(r'(?:from|import)\s*"(\.?/[^"]+)"')


def measure(here: Stage, *, quick: bool) -> list[Row]:
    size = Size(10_000 if quick else 1_000_000, tenants=1, vouchers=500, members=100_000)
    partners = PartnerAmounts()
    with (
        filled(here, size, partners.quick() if quick else partners) as (place, app, tenant_id),
        served(place, 1, 4) as (address, _pid),
    ):
        rounds = 3 if quick else ROUNDS
        found, missed, pace = walk(app, address, place.settings.database_url, tenant_id, rounds)
        # Worst first: whoever reads the table sees at once whether every page keeps its promise.
        rows = [one.row(pace.own) for one in sorted(found, key=lambda one: -one.percentile(95))]
        rows += [Row("i", f"not walked: {one}", "nothing to show", "none") for one in missed]
        return [*_summary(found, pace), *rows, *first_loads(app, address, tenant_id)]


def _summary(found: list[Measured], pace: Pace) -> list[Row]:
    """How many of all addresses keep the limit, and how much of that is the machine's doing."""
    kept = {
        "p95": sum(one.percentile(95) <= LIMIT for one in found),
        "p95 at the machine's own pace": sum(one.at_pace(pace.own) <= LIMIT for one in found),
        "p50": sum(one.percentile(50) <= LIMIT for one in found),
    }
    name = f"addresses with at most {LIMIT} ms, of {len(found)}"
    return [
        *(Row("i", f"{name}: {one}", f"{count}", f"{len(found)}") for one, count in kept.items()),
        Row("i", "one loop, all the while", pace.told, "p95 as its own pace"),
    ]


@contextmanager
def filled(
    here: Stage, size: Size, partners: PartnerAmounts
) -> Iterator[tuple[Stage, Flask, uuid.UUID]]:
    """A database of its own with all that pages show, an application over it, and the tenant."""
    base, _, query = here.settings.database_url.partition("?")
    url = f"{base.rpartition('/')[0]}/{DATABASE}" + (f"?{query}" if query else "")
    with psycopg.connect(here.settings.database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    settings = replace(here.settings, database_url=url)
    app = create_app(settings)
    with app.app_context():
        upgrade()
    with psycopg.connect(url, autocommit=True) as connection:
        now = clock.now()
        tenant_id = fill(connection, size, now)[0]
        fill(connection, Size(5_000, tenants=10, vouchers=50, members=1_000), now)
        # One voucher that sold all it can have.
        fill(connection, Size(size.redemptions // 10 - 1, 1, 1, 50_000, 40_000), now)
        fill_more(connection, tenant_id, now)
        fill_partners(connection, tenant_id, now, partners)
    with app.app_context():
        audience.fold()
        trends.close_days()
        campaign_book.close_points()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")  # As autovacuum does within minutes.
    yield (
        replace(here, settings=settings, environ={**here.environ, "DATABASE_URL": url}),
        app,
        tenant_id,
    )


def walk(
    app: Flask, address: Address, database_url: str, tenant_id: uuid.UUID, rounds: int
) -> tuple[list[Measured], list[str], Pace]:
    """Every page and heavy variant, by everybody who may see it; the pages that were not walked,
    because the bench makes nothing of what their addresses name; and the machine's pace.

    A round asks for all of them once: pages follow each other as people open them, and what
    disturbs the machine for a second disturbs one answer of many pages rather than all of one.
    """
    found: list[Measured] = []
    pace = Pace()
    missed = {page.endpoint for page in PAGES if "GET" in page.methods and page.roles}
    for role in sorted(EVERYBODY):
        who = asker(app, address, role, tenant_id)
        ids = ids_for(app, database_url, tenant_id, role, who.admin_id)
        seen: set[str] = set()
        paths = addresses(app, role, ids)
        missed -= paths.keys()
        every = [*paths.values(), *heavy(role, ids)]
        walked = [one for path in every for one in _with_orders(who, path, seen)]
        for _ in range(rounds):
            for one in walked:
                loop = pace.take()
                timed(one, who.get(one.path, Accept_Encoding="br")[0], loop)
        found += [*walked, *act(who, ids, database_url, rounds, pace)]
    return found, sorted(missed), pace


def addresses(app: Flask, role: Role, ids: dict[str, Any]) -> dict[str, str]:
    """The pages that somebody may see and has something to show on, by their endpoints."""
    with app.test_request_context():
        seen = [page for page in PAGES if "GET" in page.methods and role in page.roles]
        found = {page.endpoint: address_of(app, page, ids) for page in seen}
    return {endpoint: path for endpoint, path in found.items() if path is not None}


def heavy(role: Role, ids: dict[str, Any]) -> list[str]:
    """The variants that cost most, of the pages that somebody may see."""
    today = clock.now().date()
    days = {"today": today, "month": today - timedelta(days=29)}
    paths = [path for roles, path in _heavy(ids) if role in roles]
    if role in ADMINS:
        paths += partner_paths(ids | days, platform=role is Role.PLATFORM_ADMIN)
    return paths


def _heavy(ids: dict[str, Any]) -> list[tuple[frozenset[Role], str]]:
    platform, tenant = frozenset({Role.PLATFORM_ADMIN}), frozenset({Role.TENANT_ADMIN})
    today = clock.now().date()
    year, month = today - timedelta(days=364), today - timedelta(days=29)
    days = f"startDate={month}&endDate={today}"
    of_tenant = f"/admin/statistics/tenants/{ids['tenant_id']}"
    long = f"/admin/vouchers/{ids['long_id']}/redemptions"
    return [
        (platform | tenant, "/admin/search?q=%E5%A4%A7%E9%87%8F"),
        (platform | tenant, f"/admin/search?q={ids['voucher_no'][:6]}"),
        (platform, "/admin/search?q=091234"),
        (platform, "/admin/members?q=%E6%9C%83%E5%93%A1"),
        (platform, "/admin/members?q=%E6%9C%83%E5%93%A1+7777"),
        (platform, "/admin/members?q=0912"),
        (platform, f"/admin/members?q={ids['member_id']}"),
        (platform, f"/admin/vouchers?tenant={ids['tenant_id']}&size=50"),
        (tenant, "/admin/vouchers?size=50"),
        (tenant, "/admin/vouchers?name=%E7%A5%A8%E5%88%B8+7&status=ON"),
        (platform, f"/admin/statistics?startDate={month}"),
        (platform, f"/admin/?startDate={month}&voucherType=01"),
        (platform, f"{of_tenant}?startDate={year}"),
        (tenant, f"/admin/statistics/mine?startDate={year}"),
        (tenant, f"/admin/statistics/mine?startDate={year}&voucherType=01"),
        (platform, f"{of_tenant}?startDate={year}&voucherType=01"),
        (platform, f"/admin/statistics?endDate={month}"),
        (platform, f"/admin/statistics?startDate={year}"),
        (platform, f"{long}"),
        (platform, f"{long}?status=USED"),
        (platform, f"{long}?status=VALID&page=1500"),
        (platform | tenant, f"/admin/audit?{days}"),
        (platform | tenant, f"/admin/audit?startDate={today}"),
        (platform | tenant, f"/admin/audit?endDate={year}"),
        (platform | tenant, "/admin/audit?action=voucher.update&size=50"),
        (platform | tenant, "/admin/audit?kind=session"),
        (platform, "/admin/jobs?state=DONE&size=50"),
        (platform, "/admin/jobs?kind=IMPORT"),
        (tenant, f"/admin/desk/look-up?number={ids['voucher_no']}1"),
    ]


def _with_orders(who: Asker, path: str, seen: set[str]) -> Iterator[Measured]:
    """The page, and its own links that sort it or turn to its last page."""
    if path in seen:
        return
    seen.add(path)
    answer, html = who.get(path)
    yield _weighed(who, path)
    if answer.status != 200 or "text/html" not in (answer.getheader("Content-Type") or ""):
        return
    links = [unescape(one) for one in _LINK.findall(html.decode())]
    base = path.partition("?")[0]
    own = [one for one in links if one.partition("?")[0] == base and one not in seen]
    turned = [one for one in own if "page=" in one]
    for one in {*(one for one in own if "sort=" in one), *turned[-1:]}:
        seen.add(one)
        yield _weighed(who, one)


def _weighed(who: Asker, path: str) -> Measured:
    """How much travels, of the whole page and of its list alone."""
    answer, html = who.get(path)
    found = Measured(who.role, path, answer.status)
    found.bytes = len(who.get(path, Accept_Encoding="br")[1])
    if b'id="list"' in html:
        partial = {"HX_Request": "true", "HX_Request_Type": "partial", "HX_Target": "section#list"}
        found.part = len(who.get(path, Accept_Encoding="br", **partial)[1])
    return found


def first_loads(app: Flask, address: Address, tenant_id: uuid.UUID) -> list[Row]:
    """What a browser with an empty cache fetches: the page, its styles, scripts and fonts."""
    who = asker(app, address, Role.TENANT_ADMIN, tenant_id)
    rows = []
    for path in ("/admin/", "/admin/vouchers", "/admin/vouchers/new", "/admin/desk"):
        html = who.get(path)[1].decode()
        size = len(who.get(path, Accept_Encoding="br")[1])
        assets = {unescape(one) for one in _ASSET.findall(html)}
        size += sum(_weight(who, one) for one in assets)
        rows.append(Row("i", f"first load of {path}", f"{size / 1024:.0f} KB", "≤ 180 KB"))
    return rows


def _weight(who: Asker, path: str) -> int:
    """Bytes of one asset as it travels, and of the modules that it imports."""
    packed = len(who.get(path, Accept_Encoding="br")[1])
    if not path.partition("?")[0].endswith(".js"):
        return packed
    folder = path.partition("?")[0].rpartition("/")[0]
    imported = _IMPORT.findall(who.get(path)[1].decode())
    return packed + sum(_weight(who, f"{folder}/{one.removeprefix('./')}") for one in imported)
