"""The rail on the left: what each role finds where."""

from dataclasses import dataclass
from typing import Final

from flask import current_app, request, url_for
from flask_login import current_user

from voucherweb.domain.enums import Role
from voucherweb.web.language import Text


@dataclass(frozen=True, slots=True)
class Item:
    """One place. `section` is the first part of the addresses below it; `main` items stand in the
    bottom bar of a phone, the others in its menu."""

    text: Text
    icon: str
    endpoint: str
    section: str
    main: bool = False


_HOME: Final = Item(Text("總覽", "Overview"), "layout-dashboard", "home.home", "", main=True)
_DESK: Final = Item(Text("核銷台", "Write-off desk"), "scan", "desk.desk", "desk", main=True)

RAIL: Final[dict[Role, tuple[Item, ...]]] = {
    Role.PLATFORM_ADMIN: (
        _HOME,
        Item(Text("發行廠商", "Vendors"), "building-store", "vendors.index", "vendors", main=True),
        Item(Text("租戶", "Tenants"), "building", "tenants.index", "tenants"),
        Item(Text("管理員", "Admins"), "users", "admins.index", "admins"),
        Item(Text("會員", "Members"), "user", "members.index", "members", main=True),
        Item(Text("合作夥伴", "Partners"), "puzzle", "partners.index", "partners"),
        Item(
            Text("統計", "Statistics"), "chart-bar", "statistics.platform", "statistics", main=True
        ),
        Item(Text("作業", "Jobs"), "list-check", "jobs.index", "jobs"),
        Item(Text("稽核", "Audit log"), "history", "audit.index", "audit"),
        Item(Text("設定", "Settings"), "settings", "settings.platform", "settings"),
    ),
    Role.TENANT_ADMIN: (
        _HOME,
        Item(Text("票券", "Vouchers"), "ticket", "vouchers.index", "vouchers", main=True),
        Item(
            Text("發行票券", "Issue a voucher"), "plus", "vouchers.issue", "vouchers/new", main=True
        ),
        _DESK,
        Item(Text("額度", "Quota"), "coins", "quota.index", "quota"),
        Item(Text("統計", "Statistics"), "chart-bar", "statistics.tenant", "statistics"),
        Item(Text("匯入", "Imports"), "file-import", "imports.index", "imports"),
        Item(Text("合作夥伴", "Partners"), "puzzle", "partners.index", "partners"),
        Item(Text("管理員", "Admins"), "users", "admins.index", "admins"),
        Item(Text("稽核", "Audit log"), "history", "audit.index", "audit"),
        Item(Text("設定", "Settings"), "settings", "settings.tenant", "settings"),
    ),
    Role.CLERK: (
        _DESK,
        Item(Text("今日清單", "Today's list"), "list-check", "desk.day", "desk/day", main=True),
    ),
}


@dataclass(frozen=True, slots=True)
class Link:
    """An item as the reader sees it."""

    text: str
    icon: str
    url: str
    current: bool
    main: bool


def navigation() -> list[Link]:
    """The links of whoever is signed in."""
    if not current_user.is_authenticated:
        return []
    items = RAIL[current_user.actor.role]
    current = _current(items)
    return [
        Link(str(one.text), one.icon, url_for(one.endpoint), one is current, one.main)
        for one in items
        if _known(one.endpoint)
    ]


def _known(endpoint: str) -> bool:
    return endpoint in current_app.view_functions


def _current(items: tuple[Item, ...]) -> Item | None:
    """The item whose section is the longest beginning of the address."""
    below = request.path.removeprefix("/admin").strip("/")
    fitting = [
        one
        for one in items
        if below == one.section or (one.section and below.startswith(f"{one.section}/"))
    ]
    return max(fitting, key=lambda one: len(one.section), default=None)


def here(endpoint: str) -> bool:
    """Whether the page shown is this one."""
    return request.endpoint == endpoint
