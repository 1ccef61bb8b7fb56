"""Addresses that are kept say what `flask.url_for` says, for every page, wherever the site is."""

import uuid

import pytest
from flask import Flask, url_for

from voucherweb.web.addresses import address_of
from voucherweb.web.page import PAGES

IDS = [uuid.uuid4() for _ in range(3)]


@pytest.mark.parametrize("mounted_at", ["", "/shop", "/another/{0}"])
def test_each_page_has_the_address_that_flask_gives(app: Flask, mounted_at: str) -> None:
    rules = {rule.endpoint: rule for rule in app.url_map.iter_rules()}
    with app.test_request_context("/", environ_overrides={"SCRIPT_NAME": mounted_at}):
        for page in PAGES:
            names = sorted(rules[page.endpoint].arguments)
            for start in range(2):
                values = dict(zip(names, IDS[start:], strict=False))
                if len(names) <= len(IDS) - start and "uuid:" in page.rule:
                    assert address_of(page.endpoint, **values) == url_for(page.endpoint, **values)


@pytest.mark.parametrize(
    "values",
    [
        {"tenant": IDS[0]},
        {"tenant": IDS[0], "keyword": "咖啡 {0} %7B"},
        {"tenant": IDS[1], "keyword": None},
        {"tenant": str(IDS[0])},
        {"page": 2},
        {},
    ],
)
def test_what_an_address_asks_for_is_kept_too(app: Flask, values: dict[str, object]) -> None:
    with app.test_request_context("/"):
        for _ in range(2):
            found = address_of("vouchers.index", **values)
            assert found == url_for("vouchers.index", **values)
