"""The pictures: no page is forgotten, and what is taken is what was asked for."""

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser

from tests.browser.pages import NOT_PICTURED, SHOTS, Shot, declared, first_link, roles_of
from tests.browser.screenshots import Album, main
from tests.support.browser import Site
from voucherweb.domain.enums import Role


def test_every_page_of_the_site_is_pictured() -> None:
    pictured = {shot.rule for shot in SHOTS} | set(NOT_PICTURED)
    missing = sorted(set(declared()) - pictured)
    assert not missing, "tests/browser/pages.py does not say how to picture: " + ", ".join(missing)


def test_only_pages_that_are_there_are_pictured_and_only_for_those_who_may_see_them() -> None:
    pages = declared()
    assert {shot.rule for shot in SHOTS} | set(NOT_PICTURED) <= set(pages)
    for shot in SHOTS:
        assert (shot.roles or frozenset()) <= pages[shot.rule].roles, shot.name


def test_pictures_have_names_of_their_own_and_addresses_without_gaps() -> None:
    names = [shot.name for shot in SHOTS]
    assert len(names) == len(set(names))
    assert all(shot.place for shot in SHOTS if "<" in shot.rule)


def test_roles_are_those_of_the_page_unless_the_shot_tells() -> None:
    assert roles_of(Shot("a", "/admin/sign-in")) == [None]
    only = frozenset({Role.TENANT_ADMIN})
    assert roles_of(Shot("b", "/admin/", roles=only)) == [Role.TENANT_ADMIN]


def test_an_unknown_name_is_refused_with_the_names_that_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["--only", "no-such-page"])
    assert "sign-in" in capsys.readouterr().err


def test_a_picture_shows_the_whole_page_in_the_width_asked_for(
    site: Site, browser: Browser, tmp_path: Path
) -> None:
    album = Album(browser, site.origin, tmp_path)
    album.take([Shot("sign-in", "/admin/sign-in")], ("en", "dark", 390))
    assert album.problems == []
    (picture,) = tmp_path.iterdir()
    assert picture.name == "sign-in.visitor.en.dark.390.png"
    with Image.open(picture) as image:
        assert image.width == 390


def test_a_page_that_fails_and_an_example_that_is_missing_are_problems(
    site: Site, browser: Browser, tmp_path: Path
) -> None:
    album = Album(browser, site.origin, tmp_path)
    nothing = Shot("gone", "/admin/sign-in", "/admin/no-such-page")
    unlinked = Shot("unlinked", "/admin/sign-in", first_link("/docs"))
    album.take([nothing, unlinked], ("en", "light", 1280))
    assert any("answer 404" in problem for problem in album.problems)
    assert any("no example" in problem for problem in album.problems)
