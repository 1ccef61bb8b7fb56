"""The tabs of the partner section: addresses of their own, to each role what it may open."""

from dataclasses import dataclass
from typing import Final

from flask import request, url_for

from voucherweb.web.language import Text
from voucherweb.web.page import PAGES, visitor


@dataclass(frozen=True, slots=True)
class Tab:
    """One place of the section. It stands for all pages of its blueprint, and of those named in
    `also`. Whoever may open its first page sees it; a page that there is not has no tab."""

    text: Text
    endpoint: str
    also: tuple[str, ...] = ()

    @property
    def blueprints(self) -> tuple[str, ...]:
        return (self.endpoint.partition(".")[0], *self.also)


TABS: Final = (
    Tab(Text("總覽", "Overview"), "partners.index"),
    Tab(Text("活動", "Campaigns"), "campaigns.index", also=("cards",)),
    Tab(Text("票券組", "Coupon sets"), "coupon_sets.index"),
    Tab(Text("金鑰", "Keys"), "api_keys.index"),
    Tab(Text("附加元件", "Add-ons"), "add_ons.index"),
    Tab(Text("分店", "Branches"), "branches.index"),
    Tab(Text("呼叫紀錄", "Calls"), "calls.index"),
)


@dataclass(frozen=True, slots=True)
class TabLink:
    """A tab as the reader sees it; `current` is a value of `aria-current`."""

    text: str
    url: str
    current: str | None


def partner_tabs() -> list[TabLink]:
    """The tabs of whoever is signed in."""
    role = visitor().actor.role
    open_to_role = {one.endpoint for one in PAGES if role in one.roles}
    return [
        TabLink(str(tab.text), url_for(tab.endpoint), _current(tab))
        for tab in TABS
        if tab.endpoint in open_to_role
    ]


def _current(tab: Tab) -> str | None:
    if request.endpoint == tab.endpoint:
        return "page"
    return "true" if request.blueprint in tab.blueprints else None
