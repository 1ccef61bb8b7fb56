"""One story through every management function of contract A, in a browser, by both roles: from an
empty database to charts. Only the first account is made elsewhere, as the command line makes it.
The stops lie in `journey`; each one goes on where the one before it stopped."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.browser.journey import platform, reading, vouchers
from tests.browser.journey.cast import Story
from tests.browser.story import arrive
from tests.support.browser import Site, make_account
from tests.support.cast import PASSWORD
from voucherweb.config import Settings
from voucherweb.domain.enums import Role


@pytest.mark.parametrize(("width", "language"), [(1280, "zh-TW"), (390, "en")])
def test_from_an_empty_database_to_charts(
    site: Site,
    client: FlaskClient,
    settings: Settings,
    imports_worker: None,
    tmp_path: Path,
    width: int,
    language: str,
) -> None:
    story = Story(site, client, settings, width, language, tmp_path)
    first = make_account(Role.PLATFORM_ADMIN)
    story.platform = arrive(site, first, PASSWORD, width, language)
    platform.tenants_come(story)
    platform.a_vendor_comes_and_goes(story)
    platform.quota_is_bought(story)
    platform.an_admin_is_invited(story)
    vouchers.a_voucher_is_issued(story)
    vouchers.it_goes_on_the_shelf(story)
    vouchers.members_take_part(story)
    vouchers.coupons_are_imported_and_put_right(story)
    vouchers.a_draft_is_edited_copied_and_deleted(story)
    vouchers.what_was_promised_stays_locked(story)
    reading.the_list_is_searched(story)
    reading.pages_and_api_tell_the_same(story, first)
    reading.a_list_leaves_as_a_file(story)
