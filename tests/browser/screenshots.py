"""Pictures of every page × language × scheme × width × role: `make screenshots`.

Without --url the whole system is started for it, with demo data, in a directory of its own that is
removed afterwards; ENGINES is honoured. With --url a running system with demo data is visited.
"""

import argparse
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import Page as Tab

from tests.browser.pages import SHOTS, Shot, roles_of
from tests.support.browser import (
    ROOT,
    TIMEOUT,
    Watch,
    context_options,
    find_browser,
    launch,
    sign_in,
)
from tests.support.web import free_port
from voucherweb.demo.cast import ACCOUNTS, PASSWORD
from voucherweb.demo.partners import SAMPLE_ADD_ON
from voucherweb.domain.enums import Role
from voucherweb.embedded.processes import wait_until
from voucherweb.embedded.supervisor import ask_ready
from voucherweb.embedded.temporary import temporary_data_dir

LANGUAGES = ("zh-TW", "en")
SCHEMES = ("light", "dark")
WIDTHS = (1280, 390)
START_SECONDS = 180.0
SAMPLE = SAMPLE_ADD_ON.rstrip("/")
EAGER = "() => document.querySelectorAll('img').forEach((one) => { one.loading = 'eager'; })"
"""What lies below the window is pictured too."""
SETTLED = """() => document.fonts.status === 'loaded' && !document.querySelector('.htmx-request')
  && [...document.images].every((one) => one.complete)"""


@dataclass(slots=True)
class Album:
    """Takes the pictures, and keeps what it could not take or what went wrong meanwhile."""

    browser: Browser
    origin: str
    directory: Path
    problems: list[str] = field(default_factory=list)
    taken: int = 0
    _signed_in: dict[Role, Any] = field(default_factory=dict)
    _places: dict[tuple[str, Role | None], str | None] = field(default_factory=dict)

    def take(self, shots: Sequence[Shot], look: tuple[str, str, int]) -> None:
        """Every shot in one look: language, scheme and width."""
        wanted = [(role, shot) for shot in shots for role in roles_of(shot)]
        for role in dict.fromkeys(role for role, _ in wanted):
            mine = [shot for seer, shot in wanted if seer is role]
            self._take_as(role, mine, look)

    def _take_as(self, role: Role | None, shots: list[Shot], look: tuple[str, str, int]) -> None:
        state = self._state(role)
        if role and state is None:
            self.problems.append(f"the demo has no account of {role}: its pages are missing")
            return
        language, scheme, width = look
        options = context_options(width, language, scheme)
        context = self.browser.new_context(
            base_url=self.origin, storage_state=state or {}, **options
        )
        context.set_default_timeout(TIMEOUT)
        watch = Watch(self.origin, guests=[SAMPLE])
        watch.allow(404, "/admin/link/.*")
        watch.attend(context)
        tab = context.new_page()
        for shot in shots:
            name = f"{shot.name}.{_word(role)}.{language}.{scheme}.{width}"
            self._picture(tab, shot, role, name)
            self.problems += [f"{name}: {problem}" for problem in watch.forget()]
        context.close()

    def _picture(self, tab: Tab, shot: Shot, role: Role | None, name: str) -> None:
        known = (shot.name, role)
        if known not in self._places:
            self._places[known] = shot.path(tab)
        place = self._places[known]
        if place is None:
            self.problems.append(f"{name}: the demo has no example of {shot.rule}")
            return
        tab.goto(place)
        tab.evaluate(EAGER)
        tab.wait_for_function(SETTLED)
        if len(tab.frames) > 1:  # What is framed talks to us before it has something to show.
            tab.wait_for_load_state("networkidle")
        tab.screenshot(
            path=self.directory / f"{name}.png", full_page=True, animations="disabled", caret="hide"
        )
        self.taken += 1

    def _state(self, role: Role | None) -> Any:
        """The cookies of somebody who has signed in with this role, once for all pictures."""
        if role is None:
            return None
        if role not in self._signed_in:
            account = next((one.account for one in ACCOUNTS if one.role is role), None)
            self._signed_in[role] = self._sign_in(account) if account else None
        return self._signed_in[role]

    def _sign_in(self, account: str) -> Any:
        context = self.browser.new_context(base_url=self.origin)
        sign_in(context.new_page(), account, PASSWORD)
        state = context.storage_state()
        context.close()
        return state


def _word(role: Role | None) -> str:
    return role.lower().removesuffix("_admin") if role else "visitor"


@contextmanager
def demonstration() -> Iterator[str]:
    """The whole system with demo data in a scratch directory; its address."""
    with temporary_data_dir() as data_dir:
        port = free_port()
        ours = {"DATA_DIR": str(data_dir), "PORT": str(port), "RATELIMIT_ENABLED": "0"}
        foreign = ("DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "APP_ENV", "S3_BUCKET")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        log = data_dir / "system.log"
        with log.open("wb") as out:
            system = subprocess.Popen(
                [sys.executable, "app.py"], cwd=ROOT, env=kept | ours, stdout=out, stderr=out
            )
        try:
            if not wait_until(lambda: _ready_or_dead(system, port), START_SECONDS) or system.poll():
                raise SystemExit(f"The system did not start:\n{log.read_text(errors='replace')}")
            yield f"http://127.0.0.1:{port}"
        finally:
            system.send_signal(signal.SIGTERM)
            system.wait(timeout=60)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is called.
        """Requests are nobody's business here."""


@contextmanager
def sample_add_on() -> Iterator[None]:
    """The sample add-on of the demo data, served where its README says, unless somebody does."""
    place = urlsplit(SAMPLE)
    serve = partial(_Quiet, directory=str(ROOT / "examples" / "add-on"))
    try:
        server = ThreadingHTTPServer((str(place.hostname), int(place.port or 80)), serve)
    except OSError:
        yield
        return
    with server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def _ready_or_dead(system: "subprocess.Popen[bytes]", port: int) -> bool:
    return system.poll() is not None or ask_ready(port)[0] == 200


@contextmanager
def _running_at(url: str) -> Iterator[str]:
    yield url.rstrip("/")


def _words(argv: Sequence[str] | None) -> argparse.Namespace:
    names = [shot.name for shot in SHOTS]
    parser = argparse.ArgumentParser(prog="make screenshots", description=__doc__)
    parser.add_argument("--url", help="a running system with demo data")
    parser.add_argument("--only", nargs="+", action="extend", choices=names, metavar="NAME")
    parser.add_argument("--languages", nargs="+", choices=LANGUAGES, default=LANGUAGES)
    parser.add_argument("--schemes", nargs="+", choices=SCHEMES, default=SCHEMES)
    parser.add_argument("--widths", nargs="+", type=int, default=WIDTHS)
    parser.add_argument("--out", type=Path, help="default: DATA_DIR/screenshots")
    return parser.parse_args(argv)


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(argv: Sequence[str] | None = None) -> int:
    """Take the pictures; 1 when something went wrong on a page or a picture is missing."""
    words = _words(argv)
    if find_browser() == "none":
        _tell("make screenshots needs a browser, and BROWSER=none says to use none.")
        return 2
    directory = words.out or Path(os.environ.get("DATA_DIR") or ROOT / "var") / "screenshots"
    directory.mkdir(parents=True, exist_ok=True)
    shots = [shot for shot in SHOTS if not words.only or shot.name in words.only]
    looks = list(itertools.product(words.languages, words.schemes, words.widths))
    system = _running_at(words.url) if words.url else demonstration()
    began = time.monotonic()
    with (
        system as origin,
        sample_add_on(),
        sync_playwright() as playwright,
        launch(playwright, sealed=not words.url) as browser,
    ):
        _tell(f"{origin} answers after {time.monotonic() - began:.0f} s")
        album = Album(browser, origin, directory)
        for look in looks:
            album.take(shots, look)
            _tell(f"{' · '.join(str(part) for part in look)}: {album.taken} pictures so far")
    for problem in dict.fromkeys(album.problems):
        _tell(f"PROBLEM {problem}")
    _tell(f"{album.taken} pictures in {time.monotonic() - began:.0f} s: {directory}")
    return 1 if album.problems else 0


if __name__ == "__main__":
    sys.exit(main())
