"""Contract B call 6: campaigns."""

from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from tests.support import cards
from tests.support.cast import make_tenant
from tests.support.partners import PartnerCaller, make_partner
from voucherweb.config import Settings
from voucherweb.domain.campaign_rules import CampaignStatus
from voucherweb.domain.partner import Scope
from voucherweb.models import PLATFORM_PROGRAMME

LIST = "/v2/connect/campaigns"


def test_a_campaign_is_told_whole(partner: PartnerCaller, tenant_id: str) -> None:
    made = cards.make_campaign(
        tenant_id,
        "30.5",
        name="集點樂",
        status=CampaignStatus.INACTIVE,
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        end_date=datetime(2026, 12, 31, 15, 59, 59, 999000, tzinfo=UTC),
        image_url="https://a.test/a.png",
    )
    assert partner.get(LIST).get_json() == {
        "data": [
            {
                "uuid": made,
                "name": "集點樂",
                "type": "POINTS",
                "status": "INACTIVE",
                "value_per_point": 30.5,
                "start_date": "2026-01-01T00:00:00.000000Z",
                "end_date": "2026-12-31T15:59:59.999000Z",
                "image_url": "https://a.test/a.png",
            }
        ],
        "pagination": {"page": 1, "size": 100, "total": 1, "total_pages": 1},
    }


def test_what_is_not_there_is_null(partner: PartnerCaller, tenant_id: str) -> None:
    cards.make_campaign(tenant_id)
    told = partner.get(LIST).get_json()["data"][0]
    assert (told["start_date"], told["end_date"], told["image_url"]) == (None, None, None)


def test_campaigns_are_paged_in_order(partner: PartnerCaller, tenant_id: str) -> None:
    made = [cards.make_campaign(tenant_id) for _ in range(5)]
    pages = [partner.get(LIST, page=page, size=2).get_json() for page in (1, 2, 3, 4)]
    assert [one["uuid"] for page in pages for one in page["data"]] == made
    assert pages[3]["pagination"] == {"page": 4, "size": 2, "total": 5, "total_pages": 3}


@pytest.mark.parametrize("query", [{"size": 1001}, {"size": 0}, {"page": 0}, {"page": "x"}])
def test_a_page_out_of_range_is_refused(partner: PartnerCaller, query: dict[str, int]) -> None:
    answer = partner.get(LIST, **query)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "INVALID_PARAMETER")


def test_only_the_own_campaigns_are_told(
    client: FlaskClient, settings: Settings, partner: PartnerCaller
) -> None:
    cards.make_campaign(make_tenant("緯緯醫學"))
    assert partner.get(LIST).get_json()["data"] == []
    host = make_partner(client, settings, platform=True)
    told = [one["uuid"] for one in host.get(LIST).get_json()["data"]]
    assert told == [str(PLATFORM_PROGRAMME)]


def test_a_key_needs_the_scope(client: FlaskClient, settings: Settings, tenant_id: str) -> None:
    clerk = make_partner(client, settings, tenant_id, scopes=frozenset({Scope.COUPONS_READ}))
    assert clerk.get(LIST).status_code == 403
