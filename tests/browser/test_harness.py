"""The watch and the measures see what they are for: each is shown the fault that it must find."""

import pytest
from playwright.sync_api import Page

from tests.support.browser import (
    Site,
    axe,
    bytes_transferred,
    layout_shift,
    make_account,
    no_sideways_scroll,
    sign_in,
)
from tests.support.cast import PASSWORD
from tests.support.looks import no_broken_words, nothing_over_the_foot
from voucherweb.domain.enums import Role

BLANK = """<!doctype html><html lang="en"><head><title>Blank</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><main><h1>Blank</h1></main></body></html>"""

ADD_SCRIPT = (
    "document.body.append(Object.assign(document.createElement('script'), {textContent: 'a = 1'}))"
)


def go_to_blank(page: Page) -> None:
    """To an empty page of the site, under the site's policy."""
    policy = page.request.get("/healthz").headers["content-security-policy"]
    headers = {"Content-Security-Policy": policy, "Content-Type": "text/html"}
    page.route("**/blank", lambda route: route.fulfill(body=BLANK, headers=headers))
    page.goto("/blank")


@pytest.fixture
def page(site: Site) -> Page:
    """A quiet page, to be spoilt."""
    page = site.open()
    go_to_blank(page)
    assert site.watch.forget() == []
    return page


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("console.error('lost')", "console error: lost"),
        ("console.warn('odd')", "console warning: odd"),
        ("setTimeout(() => { throw new Error('broken') })", "broken"),
        ("fetch('/no-such-page')", "answer 404: GET"),
        ("location.assign('http://example.test/')", "another host is asked: GET"),
        ("fetch('http://example.test/').catch(() => 0)", "policy violated: connect-src"),
        ("new Image().src = 'http://example.test/a.png'", "policy violated: img-src"),
        ("document.body.setAttribute('style', 'color: red')", "policy violated: style-src"),
        (ADD_SCRIPT, "policy violated: script-src"),
    ],
    ids=["error", "warning", "throw", "404", "host", "fetch", "image", "style", "script"],
)
def test_the_watch_tells_of(site: Site, page: Page, fault: str, told: str) -> None:
    page.evaluate(f"() => {{ {fault} }}")
    page.wait_for_timeout(300)
    problems = site.watch.forget()
    assert any(told in problem for problem in problems), problems


def test_an_expected_refusal_is_no_problem_at_its_own_path_only(site: Site, page: Page) -> None:
    site.watch.allow(404, "/voucher/[a-z]+")
    page.goto("/voucher/none?again=1")
    assert site.watch.problems == []
    page.goto("/vouchers/none")
    assert len(site.watch.forget()) == 1


def test_a_policy_is_watched_without_javascript_too(site: Site) -> None:
    page = site.open(javascript=False)
    go_to_blank(page)
    page.evaluate("() => document.body.setAttribute('style', 'color: red')")
    page.wait_for_timeout(300)
    assert any("Content Security Policy" in problem for problem in site.watch.forget())


def test_a_page_comes_with_the_window_language_and_scheme_that_were_asked_for(site: Site) -> None:
    page = site.open(width=390, language="en", scheme="dark", javascript=False)
    page.goto("/docs")
    told = page.evaluate(
        "() => [innerWidth, navigator.language, matchMedia('(prefers-color-scheme: dark)').matches]"
    )
    assert told == [390, "en", True]
    assert page.title() == "Voucher API · documentation"


def test_a_sign_in_that_fails_is_told_with_what_the_page_says(site: Site, tenant_id: str) -> None:
    account = make_account(Role.TENANT_ADMIN, tenant_id)
    site.watch.allow(401, "/admin/sign-in")
    page = site.open(language="en")
    page.context.set_default_timeout(2_000)
    with pytest.raises(AssertionError, match=r"(?s)was not let in.*is not right"):
        sign_in(page, account, "wrong")
    sign_in(page, account, PASSWORD)
    assert page.url.endswith("/admin/")


def test_axe_reads_out_what_is_wrong_and_where(page: Page) -> None:
    page.evaluate("() => { document.querySelector('main').innerHTML += '<img src=data:,>' }")
    with pytest.raises(AssertionError, match=r"image-alt \(critical\) at img"):
        axe(page)
    axe(page, without=["image-alt"])
    axe(page, leave_out=["img"])


@pytest.mark.parametrize("width", [1280, 390])
def test_what_sticks_out_sideways_is_named(site: Site, width: int) -> None:
    page = site.open(width=width)
    go_to_blank(page)
    page.evaluate(
        "() => { document.querySelector('main').innerHTML += '<pre id=long>narrow</pre>' }"
    )
    no_sideways_scroll(page)
    page.evaluate("() => { document.querySelector('#long').textContent = 'wide '.repeat(500) }")
    with pytest.raises(AssertionError, match="pre#long"):
        no_sideways_scroll(page)


@pytest.mark.parametrize("text", ["Redeemed", "NT$1,530,000"])
def test_a_word_or_figure_that_goes_on_in_the_next_line_is_named(page: Page, text: str) -> None:
    def show(width: str) -> None:
        page.evaluate(
            """([text, width]) => {
              const main = document.querySelector("main");
              main.textContent = text;
              main.style.overflowWrap = "anywhere";
              main.style.width = width;
            }""",
            [text, width],
        )

    show("30em")
    no_broken_words(page)
    show("3em")
    with pytest.raises(AssertionError, match="broken in the middle"):
        no_broken_words(page)


def test_what_runs_over_the_foot_is_named(site: Site, tenant_id: str) -> None:
    page = site.open()
    sign_in(page, make_account(Role.TENANT_ADMIN, tenant_id), PASSWORD)
    page.goto("/admin/notifications")
    nothing_over_the_foot(page)
    page.evaluate("() => { document.querySelector('.foot').style.translate = '0 -80vh'; }")
    with pytest.raises(AssertionError, match="runs over the foot: "):
        nothing_over_the_foot(page)


def test_a_shift_of_the_layout_is_measured(page: Page) -> None:
    page.evaluate("() => { document.body.innerHTML = '<p>one</p><p>two</p>' }")
    before = layout_shift(page)
    page.evaluate(
        "() => { const late = document.createElement('div');"
        " late.style.height = '300px'; document.body.prepend(late) }"
    )
    assert layout_shift(page) > before + 0.01


def test_bytes_are_counted_as_they_come_over_the_wire(site: Site) -> None:
    page = site.open()
    with bytes_transferred(page) as first:
        page.goto("/docs", wait_until="networkidle")
    bundle = next(size for path, size in first.by_path.items() if path.endswith("bundle.js"))
    raw = page.request.get("/static/vendor/swagger-ui-5.35.0/swagger-ui-bundle.js").body()
    assert 10_000 < bundle <= len(raw) + 2_000
    assert first.total > bundle
    with bytes_transferred(page) as second:
        page.reload(wait_until="networkidle")
    assert second.total < first.total
