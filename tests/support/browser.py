"""Pages of the running site in a real Chromium, under a watch that sees what a person would not.

A page is opened in a context of its own; what goes wrong in any of them, a line in the console, a
violated policy, a failed request, a call to another host, is a problem that fails the test.
"""

import itertools
import os
import re
import subprocess
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    Response,
    TimeoutError,  # noqa: A004 - Playwright's own, which is no OSError.
    WebError,
)

from tests.support.cast import PASSWORD
from voucherweb.domain.actor import OPERATOR
from voucherweb.domain.enums import Role
from voucherweb.services import admins
from voucherweb.transaction import unit_of_work

ROOT = Path(__file__).resolve().parents[2]
NO_BROWSER = "BROWSER=none: the browser tests were asked to be left out"
HEIGHTS = {390: 844, 1280: 800}
PHONE = 600
"""Up to this width, in CSS pixels, a context is a phone: touch, and the viewport of the page."""
TIMEOUT = 20_000
"""How long, in milliseconds, acts and expectations of a test wait, on a machine that is busy."""
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice")

_serial = itertools.count(1)
_AXE = ROOT / "tests/browser/vendor/axe-core-4.14.1/axe.min.js"
_SEAL = ("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--no-proxy-server")
_TELL_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (told) => {
  const place = `${told.sourceFile || "the page"}:${told.lineNumber}`;
  console.error(
    `policy violated: ${told.violatedDirective} by ${told.blockedURI} ${told.sample} at ${place}`,
  );
});
"""


@cache
def find_browser() -> str:
    """The Chromium of bin/find-browser, or "none"; what is missing is raised as an error."""
    argv = ["sh", "bin/find-browser"]
    found = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode:
        raise RuntimeError(found.stderr)
    return found.stdout.strip()


def launch(playwright: Playwright, *, sealed: bool = True, extra: Sequence[str] = ()) -> Browser:
    """A Chromium without a window; a sealed one reaches this machine only. `extra` arguments go
    to it, such as those of a camera that is none.

    Chromium's sandbox does not work for root and in most containers; only our own pages are shown.
    """
    return playwright.chromium.launch(
        executable_path=find_browser(),
        chromium_sandbox=False,
        args=[
            *(_SEAL if sealed else ()),
            "--disable-background-networking",
            "--disable-sync",
            *extra,
        ],
    )


def context_options(width: int, language: str, scheme: str) -> dict[str, Any]:
    """How a person with this window, language and taste comes to the site."""
    phone = width <= PHONE
    return {
        "viewport": {"width": width, "height": HEIGHTS.get(width, 800)},
        "locale": language,
        "color_scheme": scheme,
        "timezone_id": "Asia/Taipei",
        "reduced_motion": "reduce",  # What moves is neither measured nor pictured twice the same.
        "is_mobile": phone,
        "has_touch": phone,
    }


@dataclass
class Watch:
    """What went wrong in the contexts that it attends; answers of 4xx that a test expects are
    allowed by it beforehand."""

    origin: str
    problems: list[str] = field(default_factory=list)
    guests: list[str] = field(default_factory=list)
    """Further origins that pages may ask, such as an add-on's."""
    _allowed: list[tuple[int, str]] = field(default_factory=list)

    def attend(self, context: BrowserContext) -> None:
        context.add_init_script(_TELL_VIOLATIONS)
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)
        context.on("request", self._on_request)
        context.on("requestfailed", self._on_failure)
        context.on("response", self._on_response)

    def allow(self, status: int, path: str) -> None:
        """From now on, answers with this status at paths that match (a regular expression for the
        whole path, without the query) are no problem."""
        self._allowed.append((status, path))

    def forget(self) -> list[str]:
        """The problems so far, which are none any more."""
        seen, self.problems = self.problems, []
        return seen

    def _on_console(self, message: ConsoleMessage) -> None:
        # A request that failed is told better by `_on_response` and `_on_failure`.
        about_request = message.text.startswith("Failed to load resource")
        if message.type in {"error", "warning", "assert"} and not about_request:
            place = message.location
            self._note(f"console {message.type}: {message.text} ({place['url']})")

    def _on_error(self, raised: WebError) -> None:
        self._note(f"uncaught: {raised.error}")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and not self._ours(request.url):
            self._note(f"another host is asked: {request.method} {request.url}")

    def _on_failure(self, request: Request) -> None:
        # Aborted means that the page itself broke it off, by leaving or by asking for a download.
        if self._ours(request.url) and request.failure != "net::ERR_ABORTED":
            self._note(f"request failed: {request.method} {request.url}: {request.failure}")

    def _on_response(self, response: Response) -> None:
        path = urlsplit(response.url).path
        expected = any(
            response.status == status and re.fullmatch(wanted, path)
            for status, wanted in self._allowed
        )
        if response.status >= 400 and not expected:
            self._note(f"answer {response.status}: {response.request.method} {response.url}")

    def _ours(self, url: str) -> bool:
        return any(f"{url}/".startswith(f"{one}/") for one in (self.origin, *self.guests))

    def _note(self, problem: str) -> None:
        self.problems.append(problem)


class Site:
    """The running site as a test visits it: opens pages and holds the watch over all of them."""

    def __init__(self, browser: Browser, origin: str) -> None:
        self.origin = origin
        self.watch = Watch(origin)
        self._browser = browser
        self._contexts: list[BrowserContext] = []

    def open(
        self,
        *,
        width: int = 1280,
        language: str = "zh-TW",
        scheme: str = "light",
        javascript: bool = True,
    ) -> Page:
        """An empty page of somebody who has never been here; `page.goto("/docs")` leads on.

        Width in CSS pixels; language as in Accept-Language; scheme light or dark.
        """
        context = self._browser.new_context(
            base_url=self.origin,
            java_script_enabled=javascript,
            **context_options(width, language, scheme),
        )
        context.set_default_timeout(TIMEOUT)
        self._contexts.append(context)
        self.watch.attend(context)
        return context.new_page()

    def close(self) -> None:
        """Close every page; what they still had to tell reaches the watch."""
        while self._contexts:
            self._contexts.pop().close()


def sign_in(page: Page, account: str, password: str) -> None:
    """Sign in through the form as a person does, and wait for the page behind it."""
    page.goto("/admin/sign-in")
    form = page.locator("form", has=page.locator("input[name=password]"))
    form.locator("[name=account]").fill(account)
    form.locator("[name=password]").fill(password)
    form.locator("[type=submit]").first.click()
    try:
        page.wait_for_url(lambda url: urlsplit(url).path != "/admin/sign-in")
    except TimeoutError as error:
        said = page.inner_text("body")
        raise AssertionError(f"{account} was not let in; the page says: {said}") from error


def axe(
    page: Page,
    *,
    leave_out: Sequence[str] = (),
    without: Sequence[str] = (),
    only: Sequence[str] = (),
) -> None:
    """Fail with a list of what axe-core finds against WCAG 2.2 AA and good practice.

    `leave_out` are CSS selectors of parts that are not ours, `without` rules that do not hold here;
    `only` names the rules to be looked at instead of all.
    """
    found = _run_axe(page, leave_out, without, only)
    told = [_sentence(rule, node) for rule in found for node in rule["nodes"]]
    assert not told, f"{len(told)} findings at {page.url}:\n" + "\n".join(told)


def _run_axe(
    page: Page, leave_out: Sequence[str], without: Sequence[str], only: Sequence[str]
) -> list[dict[str, Any]]:
    # Through the debugger's door, since the site's policy lets no foreign script in.
    debugger = page.context.new_cdp_session(page)
    debugger.send("Runtime.evaluate", {"expression": _AXE.read_text(encoding="utf-8")})
    debugger.detach()
    rules = {"target-size": {"enabled": True}} | {name: {"enabled": False} for name in without}
    options = {
        "runOnly": {"type": "rule", "values": only} if only else {"type": "tag", "values": TAGS},
        "rules": {} if only else rules,
        "resultTypes": ["violations"],
    }
    found: list[dict[str, Any]] = page.evaluate(
        "async ([exclude, options]) =>"
        " (await axe.run({include: [['html']], exclude}, options)).violations",
        [[[selector] for selector in leave_out], options],
    )
    return found


def _sentence(rule: dict[str, Any], node: dict[str, Any]) -> str:
    place = " ".join(str(part) for part in node["target"])
    why = "; ".join(line.strip() for line in node["failureSummary"].splitlines()[1:])
    return f"- {rule['id']} ({node['impact']}) at {place}: {why}\n    {node['html'][:200]}"


_SIDEWAYS = """
() => {
  const room = document.documentElement.clientWidth;
  const sticksOut = (one) => one.getBoundingClientRect().right + window.scrollX > room + 1;
  const shows = (one) => getComputedStyle(one).overflowX === "visible";
  const spills = (one) => one.scrollWidth > room + 1 && shows(one);
  const wide = [...document.querySelectorAll("body *")].filter(
    (one) => sticksOut(one) || spills(one));
  const name = (one) => one.tagName.toLowerCase() + (one.id ? "#" + one.id : "") +
    [...one.classList].map((word) => "." + word).join("");
  return [document.documentElement.scrollWidth, room, wide.slice(0, 8).map(name)];
}
"""


def no_sideways_scroll(page: Page) -> None:
    """Fail, with the elements that stick out, where the page is wider than its window."""
    wide, room, culprits = page.evaluate(_SIDEWAYS)
    assert page.viewport_size is not None
    room = min(room, page.viewport_size["width"])
    assert wide <= room, f"{page.url} is {wide} px wide in {room} px: {', '.join(culprits)}"


def layout_shift(page: Page) -> float:
    """The cumulative layout shift so far, without what follows a person's own act within 500 ms."""
    shift: float = page.evaluate(
        """() => new Promise((done) => {
          let sum = 0;
          const add = (list) => {
            for (const one of list.getEntries()) if (!one.hadRecentInput) sum += one.value;
          };
          const observer = new PerformanceObserver(add);
          observer.observe({ type: "layout-shift", buffered: true });
          requestAnimationFrame(() => requestAnimationFrame(() => {
            add({ getEntries: () => observer.takeRecords() });
            observer.disconnect();
            done(sum);
          }));
        })"""
    )
    return shift


@dataclass(slots=True)
class Transfer:
    """Bytes that came over the wire, heads included and as they were compressed."""

    by_path: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.by_path.values())


@contextmanager
def bytes_transferred(page: Page) -> Iterator[Transfer]:
    """What the page receives inside the block; nothing counts that its cache answered.

    The block should end when the page is at rest, as after `wait_until="networkidle"`.
    """
    transfer = Transfer()
    paths: dict[str, str] = {}
    debugger = page.context.new_cdp_session(page)

    def asked(event: dict[str, Any]) -> None:
        paths[event["requestId"]] = urlsplit(event["request"]["url"]).path

    def came(event: dict[str, Any]) -> None:
        path = paths.get(event["requestId"], "?")
        size = int(event["encodedDataLength"])
        transfer.by_path[path] = transfer.by_path.get(path, 0) + size

    debugger.on("Network.requestWillBeSent", asked)
    debugger.on("Network.loadingFinished", came)
    debugger.send("Network.enable")
    try:
        yield transfer
    finally:
        debugger.detach()


def browser_is_wanted() -> bool:
    """Whether BROWSER=none has not told to leave browsers alone."""
    return os.environ.get("BROWSER") != "none"


def make_account(role: Role, tenant_id: str | None = None) -> str:
    """Make an admin or a clerk who signs in with `cast.PASSWORD`; answers the account."""
    account = f"{role.lower()}{next(_serial)}@example.test"
    with unit_of_work():
        tenant = uuid.UUID(tenant_id) if tenant_id else None
        admins.create_admin(OPERATOR, role, account, PASSWORD, tenant)
    return account
