"""Lists on pages: filters, order and page live in the address, so that it can be shared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final, TypeVar
from urllib.parse import urlencode

from flask import request

from voucherweb.domain.paging import PageRequest, SortSpec
from voucherweb.errors import invalid
from voucherweb.web.language import Text

PAGE_SIZES: Final = (20, 50)
"""No more: a page is to be there at once, and whoever looks for a row narrows the list."""
_MOST_DIGITS: Final = 7
Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(slots=True)
class Listing:
    """The state of one list as the address gives it. `filters` are the texts as given, empty ones
    left out; `total` is set once the rows are known."""

    path: str
    sort: SortSpec
    asked: PageRequest
    filters: dict[str, str]
    total: int = 0
    chips: list[tuple[str, str]] = field(default_factory=list)
    """What is filtered by, as name of the parameter and text to show."""
    kept: dict[str, str] = field(default_factory=dict)
    """What else the address says and no clearing of filters takes away: a tab, a tenant."""
    _sorted: dict[str, str] = field(default_factory=dict, repr=False)
    """Addresses that were asked for: a heading says its own two or three times."""

    def get(self, name: str) -> str | None:
        return self.filters.get(name) or self.kept.get(name)

    @property
    def pages(self) -> int:
        return max(-(-self.total // self.asked.size), 1)

    @property
    def first(self) -> int:
        return self.asked.offset + 1 if self.total else 0

    @property
    def last(self) -> int:
        return min(self.asked.offset + self.asked.size, self.total)

    @property
    def address(self) -> str:
        return self.url()

    def url(self, **changes: str | int | None) -> str:
        """The address with some parameters changed; defaults are left out of it."""
        order = "desc" if self.asked.descending else "asc"
        state: dict[str, str | int | None] = {
            **self.kept,
            **self.filters,
            "sort": self.asked.field,
            "order": order,
            "size": self.asked.size,
            "page": self.asked.current,
            **changes,
        }
        if (state["sort"], state["order"]) == (self.sort.default_field, self.sort.default_order):
            state["sort"] = state["order"] = None
        if state["size"] == PAGE_SIZES[0]:
            state["size"] = None
        if state["page"] == 1:
            state["page"] = None
        given = {name: value for name, value in state.items() if value not in {None, ""}}
        return f"{self.path}?{urlencode(given)}" if given else self.path

    def sort_url(self, name: str) -> str:
        """Sorted by this column; a second time, the other way round."""
        known = self._sorted.get(name)
        if known is None:
            turn = self.asked.field == name and not self.asked.descending
            known = self.url(sort=name, order="desc" if turn else "asc", page=1)
            self._sorted[name] = known
        return known

    def direction(self, name: str) -> str | None:
        """For `aria-sort`."""
        if self.asked.field != name:
            return None
        return "descending" if self.asked.descending else "ascending"

    def without(self, name: str) -> str:
        return self.url(**{name: None, "page": 1})

    @property
    def cleared(self) -> str:
        return self.url(**dict.fromkeys(self.filters), page=1)

    def near_pages(self) -> Sequence[int | None]:
        """First, last and the pages around this one; None is a gap."""
        here = self.asked.current
        shown = sorted({1, self.pages, *range(max(here - 2, 1), min(here + 2, self.pages) + 1)})
        out: list[int | None] = []
        for number in shown:
            if out and out[-1] is not None and number - out[-1] > 1:
                out.append(None)
            out.append(number)
        return out


def read(sort: SortSpec, filters: Sequence[str] = (), kept: Sequence[str] = ()) -> Listing:
    """The list that the address asks for; raises INVALID_PARAMETER for an order or a page that
    cannot be."""
    name = request.args.get("sort") or sort.default_field
    if name not in sort.fields:
        raise invalid("sort", "is no column of this list", "不是此清單的欄位")
    order = request.args.get("order") or sort.default_order
    if order not in {"asc", "desc"}:
        raise invalid("order", "must be asc or desc", "必須是 asc 或 desc")
    size = _whole("size", PAGE_SIZES[0])
    if size not in PAGE_SIZES:
        raise invalid("size", "must be 20 or 50", "必須是 20 或 50")
    asked = PageRequest(_whole("page", 1), size, name, order == "desc")
    return Listing(request.path, sort, asked, _given(filters), kept=_given(kept))


def _given(names: Sequence[str]) -> dict[str, str]:
    # The database knows no NUL: nothing in it could be found by one.
    given = {name: request.args.get(name, "").replace("\0", "").strip() for name in names}
    return {name: one for name, one in given.items() if one}


def _whole(name: str, default: int) -> int:
    text = request.args.get(name) or str(default)
    # Thousands of digits are more than Python reads as a number.
    small = text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
    if not (small and 0 < int(text) <= 1_000_000):
        raise invalid(name, "must be a whole number above 0", "必須是大於 0 的整數")
    return int(text)


def day_of(listing: Listing, name: str) -> date | None:
    """A filter that is a local day; raises INVALID_PARAMETER."""
    text = listing.get(name)
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise invalid(name, "must be a date as YYYY-MM-DD", "須為 YYYY-MM-DD 格式的日期") from None


def choice_of(listing: Listing, name: str, kind: type[Choice]) -> Choice | None:
    """A filter that is one of a closed set; raises INVALID_PARAMETER."""
    text = listing.get(name)
    if text is None:
        return None
    try:
        return kind(text)
    except ValueError:
        raise invalid(name, "is not one of the choices", "不是可選的項目") from None


def chip(listing: Listing, name: str, texts: Mapping[str, Text] | None = None) -> None:
    """Show an active filter, by its label or as it is."""
    value = listing.get(name)
    if value:
        listing.chips.append((name, str(texts[value]) if texts and value in texts else value))
