"""Which pages are pictured, as data. A test compares it with the pages that the site declares.

A rule with a variable needs a page that links to an example of it: `first_link("/admin/vouchers")`.
The same rule may stand here twice under two names, such as a list and the list with nothing in it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from playwright.sync_api import Page as Tab

import voucherweb.web.modules  # noqa: F401 - fills PAGES
from voucherweb.domain.enums import Role
from voucherweb.web.page import ADMINS, PAGES, TENANT, Page

Find = Callable[[Tab, "Shot"], str | None]
"""Finds the path of an example, in the tab of somebody who is signed in; None: there is none."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A page to picture: as `name`, of the declared `rule`, at `place` (the rule itself when left
    out), for `roles` (all that may see it when left out)."""

    name: str
    rule: str
    place: str | Find | None = None
    roles: frozenset[Role] | None = None

    def path(self, tab: Tab) -> str | None:
        """Where to go; None when the data has no example."""
        if callable(self.place):
            return self.place(tab, self)
        return self.place or self.rule


def first_link(listed: str) -> Find:
    """The first link on the page at `listed` that leads to the shot's rule."""

    def find(tab: Tab, shot: Shot) -> str | None:
        tab.goto(listed)
        rule = re.sub(r"<uuid:[^>]+>", "[0-9a-f-]{36}", shot.rule)
        wanted = re.compile(re.sub(r"<[^>]+>", "[^/]+", rule))
        links: list[str] = tab.eval_on_selector_all("a[href]", "all => all.map((one) => one.href)")
        paths = (urlsplit(link).path for link in links)
        return next((path for path in paths if wanted.fullmatch(path)), None)

    return find


def through(listed: str, *rules: str) -> Find:
    """The first link that leads to the shot's rule, on the first page of the last of `rules` to
    which one comes by first links, beginning with the page at `listed`."""

    def find(tab: Tab, shot: Shot) -> str | None:
        place: str | None = listed
        for rule in rules:
            place = first_link(place)(tab, Shot(shot.name, rule)) if place else None
        return first_link(place)(tab, shot) if place else None

    return find


def below(listed: str, rule: str, rest: str) -> Find:
    """What no link leads to: the address `rest` below the first page of `rule`."""

    def find(tab: Tab, shot: Shot) -> str | None:
        above = first_link(listed)(tab, Shot(shot.name, rule))
        return f"{above}{rest}" if above else None

    return find


VOUCHER: Final = "/admin/vouchers/<uuid:voucher_id>"
COUPON_VOUCHERS: Final = "/admin/vouchers?voucherType=06"
STATISTICS: Final = "/admin/statistics"
VENDOR: Final = "/admin/vendors/<uuid:vendor_id>"
PURCHASE: Final = f"{VENDOR}/purchases/<uuid:purchase_id>"

IMPORT: Final = "/admin/imports/<uuid:job_id>"


def refused_row(tab: Tab, shot: Shot) -> str | None:
    """The page of a refused row of an import, which only forms lead to."""
    path = first_link("/admin/imports")(tab, Shot("", IMPORT))
    if path is None:
        return None
    tab.goto(path)
    forms = tab.locator(".failed-row form")
    return forms.first.get_attribute("action") if forms.count() else None


KEYS: Final = "/admin/partners/keys"
KEY: Final = f"{KEYS}/<uuid:key_id>"
ADD_ONS: Final = "/admin/partners/add-ons"
ADD_ON: Final = f"{ADD_ONS}/<uuid:add_on_id>"
BRANCHES: Final = "/admin/partners/branches"
SETS: Final = "/admin/partners/coupon-sets"
SET: Final = f"{SETS}/<uuid:coupon_set_id>"
GIVING_SETS: Final = f"{SETS}?source=AUTO_GENERATE&state=giving"
CALLS: Final = "/admin/partners/calls"
CAMPAIGNS: Final = "/admin/partners/campaigns"
CAMPAIGN: Final = f"{CAMPAIGNS}/<uuid:campaign_id>"
CARDS: Final = "/admin/partners/cards"
CARD: Final = f"{CARDS}/<uuid:card_id>"
ADMIN: Final = "/admin/admins/<uuid:admin_id>"
CLERKS: Final = "/admin/admins?role=CLERK"
"""Admins that are nobody who looks at the pages of admins."""

SHOTS: Final = (
    Shot("sign-in", "/admin/sign-in"),
    Shot("home", "/admin/", roles=ADMINS),
    Shot("sign-in-help", "/admin/sign-in/help"),
    Shot("link", "/admin/link/<secret>", "/admin/link/an-old-one"),
    Shot("profile", "/admin/profile"),
    Shot("second-factor", "/admin/profile/second-factor"),
    Shot("second-factor-renew", "/admin/profile/second-factor/renew"),
    Shot("second-factor-off", "/admin/profile/second-factor/off"),
    Shot("admins", "/admin/admins"),
    Shot("admin-new", "/admin/admins/new"),
    Shot("admin", ADMIN, first_link("/admin/admins")),
    Shot("admin-role", f"{ADMIN}/role", through("/admin/admins", ADMIN)),
    Shot("admin-link", f"{ADMIN}/link", through(CLERKS, ADMIN)),
    Shot("admin-disable", f"{ADMIN}/disable", through(CLERKS, ADMIN)),
    Shot("search", "/admin/search", "/admin/search?q=CITY"),
    Shot("search-empty", "/admin/search"),
    Shot("help", "/admin/help"),
    Shot("vendors", "/admin/vendors"),
    Shot("vendor-new", "/admin/vendors/new"),
    Shot("desk", "/admin/desk"),
    Shot("desk-day", "/admin/desk/day"),
    Shot("desk-receipt", "/admin/desk/receipts/<int:write_off_id>", first_link("/admin/desk/day")),
    Shot(
        "desk-undo",
        "/admin/desk/receipts/<int:write_off_id>/undo",
        first_link("/admin/desk/day"),
    ),
    Shot("vendor-delete", "/admin/vendors/<uuid:vendor_id>/delete", first_link("/admin/vendors")),
    Shot("vendor-move", f"{VENDOR}/move", first_link("/admin/vendors")),
    Shot("vendor", VENDOR, first_link("/admin/vendors")),
    Shot("vendor-book", f"{VENDOR}/book", through("/admin/vendors", VENDOR)),
    Shot("vendor-proof", f"{VENDOR}/proof", through("/admin/vendors", VENDOR)),
    Shot("vendor-log", f"{VENDOR}/log", through("/admin/vendors", VENDOR)),
    Shot("purchase-new", f"{VENDOR}/purchases/new", through("/admin/vendors", VENDOR)),
    Shot("purchase", PURCHASE, through("/admin/vendors", VENDOR)),
    Shot("purchase-correct", f"{PURCHASE}/correct", through("/admin/vendors", VENDOR)),
    Shot("quota", "/admin/quota"),
    Shot("quota-book", "/admin/quota/book"),
    Shot(
        "quota-purchase",
        "/admin/quota/purchases/<uuid:purchase_id>",
        first_link("/admin/quota"),
    ),
    Shot("tenants", "/admin/tenants"),
    Shot("tenant-new", "/admin/tenants/new"),
    Shot("tenant", "/admin/tenants/<uuid:tenant_id>", first_link("/admin/tenants")),
    Shot(
        "tenant-rename",
        "/admin/tenants/<uuid:tenant_id>/rename",
        through("/admin/tenants", "/admin/tenants/<uuid:tenant_id>"),
    ),
    Shot("members", "/admin/members"),
    Shot("member", "/admin/members/<uuid:member_id>", first_link("/admin/members")),
    Shot(
        "member-grant",
        "/admin/members/<uuid:member_id>/grant",
        through("/admin/members", "/admin/members/<uuid:member_id>"),
    ),
    Shot("partners", "/admin/partners"),
    Shot("campaigns", CAMPAIGNS, roles=TENANT),
    Shot("campaign-new", f"{CAMPAIGNS}/new"),
    Shot("campaign", CAMPAIGN, first_link(CAMPAIGNS)),
    Shot("campaign-movements", f"{CAMPAIGN}/movements", through(CAMPAIGNS, CAMPAIGN)),
    Shot("campaign-totals", f"{CAMPAIGN}/totals", below(CAMPAIGNS, CAMPAIGN, "/totals")),
    Shot("campaign-edit", f"{CAMPAIGN}/edit", through(CAMPAIGNS, CAMPAIGN)),
    Shot("card", CARD, through(CAMPAIGNS, CAMPAIGN)),
    Shot("card-new", f"{CARDS}/new/<uuid:campaign_id>", through(CAMPAIGNS, CAMPAIGN)),
    Shot("card-add", f"{CARD}/add", through(CAMPAIGNS, CAMPAIGN, CARD)),
    Shot("card-burn", f"{CARD}/burn", through(CAMPAIGNS, CAMPAIGN, CARD)),
    Shot("card-edit", f"{CARD}/edit", through(CAMPAIGNS, CAMPAIGN, CARD)),
    Shot("card-void", f"{CARD}/void/<uuid:transaction_id>", through(CAMPAIGNS, CAMPAIGN, CARD)),
    Shot("calls", CALLS),
    Shot("call", f"{CALLS}/<int:call_id>", first_link(CALLS)),
    Shot("keys", KEYS),
    Shot("key-new", f"{KEYS}/new"),
    Shot("key", KEY, first_link(KEYS)),
    Shot("key-rotate", f"{KEY}/rotate", through(KEYS, KEY)),
    Shot("key-revoke", f"{KEY}/revoke", through(KEYS, KEY)),
    Shot("key-certification", f"{KEY}/certification", through(f"{KEYS}?kind=SANDBOX", KEY), TENANT),
    Shot("add-ons", ADD_ONS),
    Shot("add-on-new", f"{ADD_ONS}/new"),
    Shot("add-on", ADD_ON, first_link(ADD_ONS)),
    Shot("add-on-edit", f"{ADD_ON}/edit", through(ADD_ONS, ADD_ON)),
    Shot("add-on-disable", f"{ADD_ON}/disable", through(ADD_ONS, ADD_ON)),
    Shot("add-on-open", f"{ADD_ON}/open", through(ADD_ONS, ADD_ON)),
    Shot("branches", BRANCHES),
    Shot("branch-new", f"{BRANCHES}/new"),
    Shot("branch", f"{BRANCHES}/<uuid:branch_id>", first_link(BRANCHES)),
    Shot("coupon-sets", SETS),
    Shot("coupon-set-new", f"{SETS}/new"),
    Shot("coupon-set-new-auto", f"{SETS}/new/auto"),
    Shot("coupon-set-new-generate", f"{SETS}/new/generate"),
    Shot("coupon-set-new-import", f"{SETS}/new/import"),
    Shot("coupon-set", SET, first_link(SETS), TENANT),
    Shot("coupon-set-rename", f"{SET}/rename", through(SETS, SET), TENANT),
    Shot("coupon-set-pause", f"{SET}/pause", through(SETS, SET), TENANT),
    Shot("coupon-set-resume", f"{SET}/resume", through(f"{SETS}?state=paused", SET), TENANT),
    Shot("coupon-set-give", f"{SET}/give", through(SETS, SET), TENANT),
    Shot("coupon-set-refused", f"{SET}/refused", through(f"{SETS}?source=IMPORT", SET), TENANT),
    Shot(
        "coupon-take-back",
        f"{SETS}/gifts/<uuid:gift_id>/take-back",
        through(GIVING_SETS, SET),
        TENANT,
    ),
    Shot("coupon-members", f"{SETS}/members"),
    Shot(
        "coupon-member",
        f"{SETS}/members/<uuid:member_id>",
        through(GIVING_SETS, SET),
        TENANT,
    ),
    Shot("jobs", "/admin/jobs"),
    Shot(
        "job",
        "/admin/jobs/<uuid:job_id>",
        first_link("/admin/notifications"),
        frozenset({Role.TENANT_ADMIN}),
    ),
    Shot("notifications", "/admin/notifications"),
    Shot("audit", "/admin/audit"),
    Shot("settings", "/admin/settings"),
    Shot("settings-tenant", "/admin/settings/tenant"),
    Shot("vouchers", "/admin/vouchers", roles=TENANT),
    Shot("voucher", VOUCHER, first_link("/admin/vouchers"), TENANT),
    Shot("voucher-pieces", f"{VOUCHER}/redemptions", through("/admin/vouchers", VOUCHER), TENANT),
    Shot(
        "voucher-audience",
        f"{VOUCHER}/audience",
        through(f"{STATISTICS}/mine/vouchers", f"{STATISTICS}/vouchers/<uuid:voucher_id>"),
        TENANT,
    ),
    Shot("voucher-coupons", f"{VOUCHER}/coupons", through(COUPON_VOUCHERS, VOUCHER), TENANT),
    Shot("voucher-history", f"{VOUCHER}/history", through("/admin/vouchers", VOUCHER), TENANT),
    Shot("voucher-on", f"{VOUCHER}/on", first_link("/admin/vouchers")),
    Shot("voucher-off", f"{VOUCHER}/off", first_link("/admin/vouchers")),
    Shot("voucher-delete", f"{VOUCHER}/delete", first_link("/admin/vouchers")),
    Shot("statistics", "/admin/statistics"),
    Shot("statistics-tenant", f"{STATISTICS}/tenants/<uuid:tenant_id>", first_link(STATISTICS)),
    Shot("statistics-mine", f"{STATISTICS}/mine"),
    Shot("statistics-mine-vouchers", f"{STATISTICS}/mine/vouchers"),
    Shot(
        "statistics-tenant-vouchers",
        f"{STATISTICS}/tenants/<uuid:tenant_id>/vouchers",
        through(STATISTICS, f"{STATISTICS}/tenants/<uuid:tenant_id>"),
    ),
    Shot(
        "statistics-voucher",
        f"{STATISTICS}/vouchers/<uuid:voucher_id>",
        through("/admin/vouchers", VOUCHER),
        TENANT,
    ),
    Shot("voucher-new", "/admin/vouchers/new"),
    Shot("voucher-edit", "/admin/vouchers/<uuid:voucher_id>/edit", first_link("/admin/vouchers")),
    Shot(
        "voucher-copy",
        "/admin/vouchers/<uuid:voucher_id>/duplicate",
        through("/admin/vouchers", "/admin/vouchers/<uuid:voucher_id>"),
    ),
    Shot("imports", "/admin/imports"),
    Shot("import", IMPORT, first_link("/admin/imports")),
    Shot("import-row", f"{IMPORT}/rows/<int:row>", refused_row),
    Shot("import-row-drop", f"{IMPORT}/rows/<int:row>/drop", through("/admin/imports", IMPORT)),
    Shot("import-drop-all", f"{IMPORT}/drop-all", through("/admin/imports", IMPORT)),
)

NOT_PICTURED: Final[dict[str, str]] = {
    f"{CARDS}/<card_no>": "leads to a card",
    f"{ADMIN}/enable": "a question about a disabled account only",
    f"{ADMIN}/second-factor": "a question about an account with a second factor only",
    f"{ADD_ON}/enable": "a question about a disabled add-on only",
    f"{ADD_ON}/open/state/<int:since>": "a part of the page that shows an add-on",
    f"{SET}/progress": "a part of other pages",
    f"{SETS}/new/import/template": "a file",
    "/admin/jobs/<uuid:job_id>/cancel": "a question, asked while a job runs only",
    "/admin/jobs/<uuid:job_id>/download": "a file",
    "/admin/vouchers/take-down": "a question about vouchers that a list's form names",
    "/admin/desk/look-up": "leads to the desk",
    "/admin/desk/write-off": "leads to the desk",
    "/admin/vouchers/coupons/<uuid:job_id>": "a part of the voucher form",
    "/admin/vouchers/coupons/<uuid:job_id>/refused": "a dialog over the voucher form",
    "/admin/imports/template": "a file",
    "/admin/imports/<uuid:job_id>/failures": "a file",
    "/admin/imports/<uuid:job_id>/progress": "a part of other pages",
    "/admin/imports/<uuid:job_id>/cancel": "a question, asked while an import runs only",
}
"""Rules that answer GET with something that is no page, and what it is."""


def declared() -> dict[str, Page]:
    """The pages of the site by rule: what answers a GET."""
    return {page.rule: page for page in PAGES if "GET" in page.methods}


def roles_of(shot: Shot) -> list[Role | None]:
    """Who sees the page, in a fixed order; None is somebody who is not signed in."""
    roles = shot.roles if shot.roles is not None else declared()[shot.rule].roles
    return sorted(roles) if roles else [None]
