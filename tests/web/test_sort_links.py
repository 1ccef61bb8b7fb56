"""A column that can be sorted leads to a list that is sorted by it."""

import re

import pytest
from flask import Flask

from tests.support import cast
from tests.support.calls import log_call, make_key
from tests.support.cast import Caller, issue
from tests.support.site import make_visitor

LISTS = (
    "/admin/vouchers",
    "/admin/audit",
    "/admin/admins",
    "/admin/quota/book",
    "/admin/partners/calls",
    "/admin/partners/keys",
)
_SORT = re.compile(r'<a href="([^"]+)"[^>]* id="sort-(\w+)"')


@pytest.mark.parametrize("place", LISTS)
def test_every_header_that_sorts_can_be_followed(app: Flask, admin: Caller, place: str) -> None:
    issue(admin)
    log_call(admin.tenant_id or "", make_key(admin.tenant_id or ""))
    cast.fund(admin.tenant_id or "")
    who = make_visitor(app, "TENANT_ADMIN", admin.tenant_id)
    links = _SORT.findall(who.text(place))
    assert links
    for address, name in links:
        page = who.text(address.replace("&amp;", "&"))
        assert f'id="sort-{name}"' in page
        assert 'aria-sort="' in page, f"{address} is not sorted by {name}"
