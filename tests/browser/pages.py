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
from voucherweb.web.page import ADMINS, PAGES, Page

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
        wanted = re.compile(re.sub(r"<[^>]+>", "[^/]+", shot.rule))
        links: list[str] = tab.eval_on_selector_all("a[href]", "all => all.map((one) => one.href)")
        paths = (urlsplit(link).path for link in links)
        return next((path for path in paths if wanted.fullmatch(path)), None)

    return find


SHOTS: Final = (
    Shot("sign-in", "/admin/sign-in"),
    Shot("home", "/admin/", roles=ADMINS),
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
)

NOT_PICTURED: Final[dict[str, str]] = {
    "/admin/desk/look-up": "leads to the desk",
    "/admin/desk/write-off": "leads to the desk",
}
"""Rules that answer GET with something that is no page, and what it is."""


def declared() -> dict[str, Page]:
    """The pages of the site by rule: what answers a GET."""
    return {page.rule: page for page in PAGES if "GET" in page.methods}


def roles_of(shot: Shot) -> list[Role | None]:
    """Who sees the page, in a fixed order; None is somebody who is not signed in."""
    roles = shot.roles if shot.roles is not None else declared()[shot.rule].roles
    return sorted(roles) if roles else [None]
