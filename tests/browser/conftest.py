"""The running site and one Chromium for each test process; a context for each page of a test."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from tests.support import workers
from tests.support.browser import NO_BROWSER, TIMEOUT, Site, browser_is_wanted, launch
from tests.support.web import Web, serving
from voucherweb.config import Settings

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser; without one wanted, skip it and say so."""
    for item in items:
        if HERE in item.path.parents and "site" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
            if not browser_is_wanted():
                item.add_marker(pytest.mark.skip(reason=NO_BROWSER))


@pytest.fixture(scope="session")
def player() -> Iterator[Playwright]:
    """Playwright, of which a process can run one only."""
    expect.set_options(timeout=TIMEOUT)
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(player: Playwright) -> Iterator[Browser]:
    with launch(player) as running:
        yield running


@pytest.fixture(scope="session")
def server(migrated: Flask, settings: Settings) -> Iterator[Web]:
    """The site as production runs it, two processes, over the tables that tests empty.

    It logs errors, so that pytest shows why an answer was 500.
    """
    with serving(settings, workers=2, threads=8, log_level="ERROR") as web:
        yield web


@pytest.fixture
def site(app: Flask, server: Web, browser: Browser, settings: Settings) -> Iterator[Site]:
    """The site over empty tables, under a watch that must have nothing to tell at the end."""
    visited = Site(browser, f"http://127.0.0.1:{server.port}")
    yield visited
    visited.close()
    wait_until_idle(settings)
    assert not visited.watch.problems, "the watch saw:\n" + "\n".join(visited.watch.problems)


@pytest.fixture
def imports_worker(app: Flask, settings: Settings) -> Iterator[None]:
    """The worker that reads uploaded workbooks, for the length of a test."""
    with workers.running(settings, ("run", "imports")):
        yield


def wait_until_idle(settings: Settings) -> None:
    """A request that its page no longer waits for must not meet the next test's TRUNCATE."""
    with psycopg.connect(settings.libpq_url, autocommit=True) as connection:
        workers.until(lambda: _busy(connection) == 0)


def _busy(connection: psycopg.Connection) -> int:
    row = connection.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND backend_type = 'client backend' AND state <> 'idle' AND pid <> pg_backend_pid()"
    ).fetchone()
    return int(row[0]) if row else 0
