"""The documentation page in a browser: it works, offline and under the site's policy."""

import pytest
from playwright.sync_api import expect

from tests.support.browser import Site, axe


@pytest.mark.parametrize(("width", "language"), [(1280, "zh-TW"), (390, "en")])
@pytest.mark.parametrize(
    ("path", "titles", "calls"),
    [
        ("/docs", ("票券平台 API", "Voucher API"), 30),
        ("/docs?api=partner", ("夥伴 Open API", "Partner Open API"), 20),
    ],
    ids=["management", "partner"],
)
def test_the_page_draws_every_operation_and_complains_of_nothing(
    site: Site, width: int, language: str, path: str, titles: tuple[str, str], calls: int
) -> None:
    page = site.open(width=width, language=language)
    page.goto(path)
    expect(page.locator(".opblock").first).to_be_visible(timeout=60_000)
    assert page.title().startswith(titles[language == "en"])
    assert page.locator(".opblock").count() > calls
    axe(page, leave_out=["#docs"])  # What lies in there is Swagger UI's own.


@pytest.mark.parametrize(("width", "language"), [(1280, "en"), (390, "zh-TW")])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_error_catalogue_shows_the_code_that_was_asked_for(
    site: Site, width: int, language: str, scheme: str
) -> None:
    page = site.open(width=width, language=language, scheme=scheme)
    page.goto("/docs/errors#INSUFFICIENT_POINTS")
    expect(page.locator("#INSUFFICIENT_POINTS")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    axe(page)


def test_without_javascript_the_document_is_offered(site: Site) -> None:
    page = site.open(javascript=False)
    page.goto("/docs")
    note = page.locator(".docs-note")
    expect(note).to_be_visible()
    expect(note).to_contain_text("openapi.json")
