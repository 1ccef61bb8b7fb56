"""Who saw and who clicked a voucher: the rows behind two numbers of its statistics."""

import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from tests.support import cast
from tests.support.books import statements
from tests.support.cast import Caller
from tests.support.site import Visitor
from tests.support.statistics import crowd
from voucherweb.config import Settings
from voucherweb.services import audience_lists

PLACE = "/admin/vouchers/{}/audience"
_ROW = re.compile(r'<td class="main-cell">(.*?)</tr>', re.S)
_TIMES = re.compile(r'<td class="num"[^>]*>(.*?)</td>')


@pytest.fixture
def offer(admin: Caller, client: FlaskClient, settings: Settings) -> str:
    """Five saw it twice each and clicked it once; of them two redeemed."""
    voucher_id = cast.issue(admin)
    crowd(client, settings, voucher_id, 2, "F", 1990)
    crowd(client, settings, voucher_id, 3, "M", None, redeem=False)
    return voucher_id


def listed(html: str) -> Iterator[tuple[str, str]]:
    """Each row's text, and how many times."""
    for row in _ROW.findall(html):
        times = _TIMES.search(row)
        assert times
        yield row, times[1]


def test_as_many_are_listed_as_the_statistics_say(site: Visitor, admin: Caller, offer: str) -> None:
    statistics = admin.data("/voucher-mgmt/voucher/statistics", {"voucherId": offer})
    for kind, name, times in (("R", "reach", "2"), ("C", "click", "1")):
        rows = list(listed(site.text(f"{PLACE.format(offer)}?kind={kind}")))
        assert len(rows) == statistics[f"{name}Info"]["totalCount"] == 5
        assert {told for _, told in rows} == {times}


def test_the_numbers_of_a_voucher_lead_to_its_members(site: Visitor, offer: str) -> None:
    page = site.text(f"/admin/statistics/vouchers/{offer}")
    links = set(re.findall(rf'href="({PLACE.format(offer)}[^"]*)"', page))
    assert links == {f"{PLACE.format(offer)}?kind={kind}" for kind in "RC"}


def test_nobody_is_told_by_name_gender_or_age(site: Visitor, offer: str) -> None:
    page = site.part(PLACE.format(offer), "list")
    assert "王○明" in page
    assert "王小明" not in page
    assert not re.search(r"[男女]|歲|09\d{8}", page)


def test_they_are_sorted_by_their_first_times(site: Visitor, offer: str) -> None:
    place = PLACE.format(offer)
    times = [
        re.findall(
            r'<td data-label="第一次"><time datetime="([^"]+)"', site.text(f"{place}?{sort}")
        )
        for sort in ("sort=firstTime&order=asc", "sort=firstTime&order=desc")
    ]
    assert times[0] == sorted(times[0])
    assert times[1] == sorted(times[0], reverse=True)
    assert len(times[0]) == 5


def test_nobody_having_met_it_is_said(site: Visitor, admin: Caller) -> None:
    place = PLACE.format(cast.issue(admin))
    assert "還沒有會員看到" in site.text(place)
    assert "還沒有會員點擊" in site.text(f"{place}?kind=C")


@pytest.mark.parametrize("query", ["kind=X", "page=501&size=20", "sort=name"])
def test_what_cannot_be_shown_is_refused(site: Visitor, offer: str, query: str) -> None:
    answer = site.get(f"{PLACE.format(offer)}?{query}")
    assert answer.status_code == 400
    assert "INVALID_PARAMETER" in answer.text


def test_a_long_list_ends_and_says_so(
    site: Visitor, offer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "只列出前" not in site.text(PLACE.format(offer))
    monkeypatch.setattr(audience_lists, "MOST_LISTED", 3)
    page = site.text(PLACE.format(offer))
    assert "只列出前 3 位" in page


def test_the_number_of_queries_does_not_depend_on_the_members(
    site: Visitor, offer: str, client: FlaskClient, settings: Settings
) -> None:
    site.text(PLACE.format(offer))
    with statements() as before:
        site.text(PLACE.format(offer))
    crowd(client, settings, offer, 3, "F", 1990, redeem=False)
    with statements() as after:
        site.text(PLACE.format(offer))
    assert len(after) == len(before)
