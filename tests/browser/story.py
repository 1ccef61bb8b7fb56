"""Somebody who works on the admin site, as a test tells of it: presses what he reads, in the
language that he reads it in, and looks around at each stop."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, expect

from tests.support.browser import Site, axe, no_sideways_scroll, sign_in

Place = Page | Locator
PICTURE_STORED = "() => document.querySelector('[name=thumbnailObjectKey]').value !== ''"
AT_REST = "() => !document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')"


@dataclass
class Person:
    """Somebody at a browser. Every text is given in both languages: Chinese, then English."""

    page: Page
    language: str

    def t(self, zh: str, en: str) -> str:
        return en if self.language == "en" else zh

    def look(self) -> None:
        """A stop: the page is at rest, accessible, and no wider than its window."""
        self.page.wait_for_load_state("load")
        self.page.wait_for_function(AT_REST)
        axe(self.page)
        no_sideways_scroll(self.page)

    def at(self, zh: str, en: str) -> None:
        """The page whose heading this is has come."""
        heading = self.page.locator("h1", has_text=self.t(zh, en))
        expect(heading).to_be_visible()

    def told(self, zh: str, en: str) -> None:
        """A message says so."""
        told = self.page.locator(".message", has_text=self.t(zh, en))
        expect(told.first).to_be_visible()

    def reads(self, zh: str, en: str, within: Place | None = None) -> None:
        """What one can see somewhere on the page, or in a part of it."""
        text = (within or self.page.locator("#main")).get_by_text(self.t(zh, en))
        expect(text.locator("visible=true").first).to_be_visible()

    def press(self, zh: str, en: str, within: Place | None = None) -> None:
        """Press the first button or link of exactly this name."""
        place, name = within or self.page, self.t(zh, en)
        link = place.get_by_role("link", name=name, exact=True)
        link.or_(place.get_by_role("button", name=name, exact=True)).first.click()

    def act(self, zh: str, en: str) -> None:
        """Press one of the page's actions; it may lie in the menu of further ones."""
        bar, name = self.page.locator(".page-actions"), self.t(zh, en)
        link = bar.get_by_role("link", name=name, exact=True)
        expect(link.or_(bar.locator(".menu a", has_text=name)).first).to_be_attached()
        if not link.count():
            bar.locator("summary").click()
        link.first.click()

    def rail(self, zh: str, en: str) -> None:
        """Go to a section by the menu; on a phone it may lie under "more"."""
        rail = self.page.locator("nav.rail .rail-links")
        link = rail.get_by_role("link", name=self.t(zh, en), exact=True)
        if not link.count():
            rail.locator("summary").click()
        link.first.click()

    def fill(self, **values: str) -> None:
        """Fill in fields by their names on the wire: text, select and radio alike."""
        form = self.page.locator("#main")
        for name, value in values.items():
            field = form.locator(f"[name={name}]:visible, [name={name}][type=radio]").first
            if field.get_attribute("type") == "radio":
                form.locator(f"[name={name}][value='{value}']").check(force=True)
            elif field.evaluate("(one) => one.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)

    def choose(self, name: str, label: str) -> None:
        """Choose in a select field what begins so."""
        field = self.page.locator(f"#main select[name={name}]")
        value = field.locator("option", has_text=label).get_attribute("value")
        field.select_option(value)

    def row(self, text: str) -> Locator:
        """The row of a list that has this text."""
        return self.page.locator("#list tbody tr", has_text=text)

    def confirm(self, zh: str, en: str) -> None:
        """Press the button of the question that has been put, in its dialog."""
        dialog = self.page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        axe(self.page)
        self.press(zh, en, dialog)

    def stats(self) -> dict[str, str]:
        """The figures above a page: name and value."""
        pairs = self.page.locator("#main dl.stats > .stat").evaluate_all(
            "(all) => all.map((one) => [one.querySelector('dt'), one.querySelector('dd')]"
            ".map((part) => part.innerText.trim()))"
        )
        return dict(pairs)

    def panel_tables(self) -> list[dict[str, list[str]]]:
        """The tables beside the charts, by the first cell of each row."""
        rows: list[list[list[str]]] = self.page.locator("details.chart-table table").evaluate_all(
            "(all) => all.map((table) => [...table.querySelectorAll('tbody tr, tfoot tr')]"
            ".map((row) => [...row.cells].map((cell) => cell.textContent.trim())))"
        )
        return [{name: values for name, *values in table} for table in rows]

    def here(self) -> str:
        """The path and query of the page."""
        parts = urlsplit(self.page.url)
        return f"{parts.path}?{parts.query}".rstrip("?")

    def last_id(self) -> str:
        """The id in the page's address."""
        found = re.findall("[0-9a-f-]{36}", self.page.url)
        assert found, self.page.url
        return str(found[-1])

    def download(self, press: Locator, directory: Path) -> Path:
        """The file that pressing this brings."""
        with self.page.expect_download() as coming:
            press.click()
        path = directory / coming.value.suggested_filename
        coming.value.save_as(path)
        return path


def arrive(site: Site, account: str, password: str, width: int, language: str) -> Person:
    """Somebody signs in on a browser of his own."""
    page = site.open(width=width, language=language)
    sign_in(page, account, password)
    return Person(page, language)


def attach(page: Page, field: str, name: str, data: bytes) -> None:
    """Choose a file."""
    file: Any = {"name": name, "mimeType": "", "buffer": data}
    page.set_input_files(field, file)
