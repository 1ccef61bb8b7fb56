"""Contract B call 7: profiles."""

import uuid
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support import books, cards
from tests.support.cards import Holder
from tests.support.partners import PartnerCaller, make_partner
from voucherweb.config import Settings
from voucherweb.domain.actor import OPERATOR
from voucherweb.domain.partner import Scope
from voucherweb.models import PLATFORM_PROGRAMME
from voucherweb.services.cards import CardTerms
from voucherweb.services.sandboxes import PHONES, need_twin
from voucherweb.transaction import unit_of_work

LIST = "/v2/connect/profiles"
END = datetime(2099, 12, 31, tzinfo=UTC)


def found(partner: PartnerCaller, **query: Any) -> list[str]:
    """The ids of the members that are told."""
    answer = partner.get(LIST, **query)
    assert answer.status_code == 200
    told = answer.get_json()
    assert told["pagination"]["total"] == len(told["data"])
    return [one["member_id"] for one in told["data"]]


def test_a_profile_is_told_whole(partner: PartnerCaller, campaign: str, tenant_id: str) -> None:
    member_id, phone = cards.make_person(tenant_id)
    books.change_person(member_id, gender="F", birthdate=date(1985, 5, 20))
    mine = cards.give(campaign, member_id, phone, CardTerms("金卡", END))
    told = partner.get(LIST, member_id=member_id).get_json()["data"][0]
    assert told.pop("created_at").endswith("Z")
    assert told == {
        "member_id": member_id,
        "phone_number": phone,
        "first_name": "陳怡君",
        "last_name": None,
        "email": None,
        "gender": "F",
        "birth_date": "1985-05-20",
        "cards": [
            {
                "card_no": mine.card_no,
                "campaign_uuid": campaign,
                "campaign_name": "集點樂",
                "points": 0,
                "tier": "金卡",
                "expired_at": "2099-12-31T00:00:00.000000Z",
            }
        ],
        "other_data": [],
    }


def test_members_are_found_by_each_of_three_ways(partner: PartnerCaller, holder: Holder) -> None:
    for query in (
        {"phone_number": holder.phone},
        {"phone_number": f"{holder.phone[:4]}-{holder.phone[4:]}"},
        {"card_no": holder.card_no},
        {"member_id": holder.member_id},
        {**holder.named, "member_id": holder.member_id},
        {"phone_number": holder.phone, "card_no": "", "member_id": ""},
    ):
        assert found(partner, **query) == [holder.member_id]


def test_all_that_is_given_must_fit(partner: PartnerCaller, holder: Holder, tenant_id: str) -> None:
    other_id, other_phone = cards.make_person(tenant_id)
    assert found(partner, phone_number=other_phone, card_no=holder.card_no) == []
    assert found(partner, member_id=other_id, card_no=holder.card_no) == []


@pytest.mark.parametrize(
    "query",
    [
        {"phone_number": "0999999999"},
        {"phone_number": "no phone"},
        {"phone_number": "12"},
        {"card_no": "1"},
        {"card_no": "\0"},
        {"member_id": "nobody"},
        {"member_id": "a\0b"},
    ],
)
def test_whom_nobody_knows_is_an_empty_list(
    partner: PartnerCaller, holder: Holder, query: dict[str, str]
) -> None:
    assert found(partner, **query) == []


def test_without_a_filter_all_of_the_tenants_members_are_told(
    partner: PartnerCaller, holder: Holder, tenant_id: str, campaign: str
) -> None:
    without_card = cards.make_person(tenant_id)[0]
    of_nobody = cards.make_holder(campaign).member_id
    cards.make_person()
    assert found(partner) == [holder.member_id, without_card, of_nobody]
    pages = [partner.get(LIST, page=page, size=2).get_json()["data"] for page in (1, 2)]
    assert [len(page) for page in pages] == [2, 1]


def test_two_members_may_share_a_telephone(partner: PartnerCaller, tenant_id: str) -> None:
    people = [cards.make_person(tenant_id, "0922000111")[0] for _ in range(2)]
    assert found(partner, phone_number="0922000111") == people


def test_a_strangers_member_is_as_unknown_as_nobody(
    client: FlaskClient, settings: Settings, holder: Holder
) -> None:
    stranger = make_partner(client, settings)
    assert found(stranger, member_id=holder.member_id) == []
    assert found(stranger, **holder.named) == []
    assert found(stranger) == []


def test_a_member_of_nobody_is_everybodys_whose_card_is_held(
    client: FlaskClient, settings: Settings, partner: PartnerCaller, campaign: str
) -> None:
    person = cards.make_person()
    assert found(partner, member_id=person[0]) == []
    here = cards.give(campaign, *person)
    other, their_campaign, _ = cards.tenant_with_holder()
    there = cards.give(their_campaign, *person)
    for key, own in ((partner, here), (make_partner(client, settings, other), there)):
        told = key.get(LIST, member_id=person[0]).get_json()["data"][0]
        assert [card["card_no"] for card in told["cards"]] == [own.card_no]
    assert found(partner, card_no=there.card_no) == []


def test_the_platforms_key_sees_everybody_with_the_platforms_card(
    client: FlaskClient, settings: Settings, holder: Holder
) -> None:
    host = make_partner(client, settings, platform=True)
    told = host.get(LIST, member_id=holder.member_id).get_json()["data"][0]
    assert [card["campaign_uuid"] for card in told["cards"]] == [str(PLATFORM_PROGRAMME)]
    assert found(host, card_no=holder.card_no) == []


def test_the_platforms_key_meets_nobody_of_a_sandbox(
    host_app: PartnerCaller, tenant_id: str
) -> None:
    with unit_of_work():
        twin = str(need_twin(OPERATOR, uuid.UUID(tenant_id)))
    person, _ = cards.make_person(twin)
    assert found(host_app, phone_number=PHONES[0]) == []
    assert found(host_app, member_id=person) == []
    assert person not in found(host_app, size=1000)
    given = host_app.get(f"/v2/connect/coupon/history/{person}")
    assert given.status_code == 404


def test_a_page_out_of_range_is_refused(partner: PartnerCaller) -> None:
    assert partner.get(LIST, size=1001).status_code == 400


def test_a_key_needs_the_scope(client: FlaskClient, settings: Settings, tenant_id: str) -> None:
    clerk = make_partner(client, settings, tenant_id, scopes=frozenset({Scope.POINTS_READ}))
    assert clerk.get(LIST).status_code == 403
