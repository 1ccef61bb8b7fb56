"""The documentation page in a browser: it works, offline and under the site's policy."""

import pytest
from playwright.sync_api import expect

from tests.support.browser import Site, axe


@pytest.mark.parametrize(("width", "language"), [(1280, "zh-TW"), (390, "en")])
def test_the_page_draws_every_operation_and_complains_of_nothing(
    site: Site, width: int, language: str
) -> None:
    page = site.open(width=width, language=language)
    page.goto("/docs")
    expect(page.locator(".opblock").first).to_be_visible(timeout=60_000)
    assert page.title().startswith("Voucher API" if language == "en" else "票券平台 API")
    assert page.locator(".opblock").count() > 30
    axe(page, leave_out=["#docs"])  # What lies in there is Swagger UI's own.


def test_without_javascript_the_document_is_offered(site: Site) -> None:
    page = site.open(javascript=False)
    page.goto("/docs")
    note = page.locator(".docs-note")
    expect(note).to_be_visible()
    expect(note).to_contain_text("openapi.json")
