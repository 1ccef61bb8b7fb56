"""What partners may call their transactions, and that each is taken back by that name."""

from typing import Any
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from tests.support import cards
from tests.support.cards import Holder
from tests.support.partners import PartnerCaller
from voucherweb.domain.partner import CallerKind, Partner
from voucherweb.models import PLATFORM_OWNER, PLATFORM_PROGRAMME, PartnerCall
from voucherweb.services import partner_points
from voucherweb.services.autocommit import within_unit_of_work
from voucherweb.services.partner_points import CardKey, Refs
from voucherweb.transaction import unit_of_work
from voucherweb.web import call_words

ADD = "/v2/connect/add/points"
VOID = "/v2/connect/void/points"
WAYS = {"ref_no": "ref-no", "ref_id": "ref-id"}


@pytest.fixture
def mine(app: Any) -> Holder:
    """A card in the platform's programme."""
    return cards.give(str(PLATFORM_PROGRAMME), *cards.make_person())


def add(partner: PartnerCaller, holder: Holder, **refs: str) -> TestResponse:
    return partner.post(ADD, {**holder.named, "method": 2, "points": 5, **refs})


ODD = {
    "slash first": "/abc",
    "slashes first": "//abc",
    "slash alone": "/",
    "slash last": "abc/",
    "slashes within": "a/b//c",
    "an address": "https://shop.example/orders/7?x=1#top",
    "space": "a b",
    "spaces around": "  a  ",
    "space alone": " x",
    "percent": "100%",
    "encoded already": "a%2Fb",
    "encoded twice": "%252F",
    "question": "a?b=c",
    "hash": "#7",
    "plus": "a+b",
    "semicolon": "a;b=c",
    "backslash": "\\a\\b",
    "colon": "a:b@c",
    "quotes": "\"'`<>{}|^",
    "chinese": "單號／甲 1",
    "emoji": "👩‍👩‍👧",
    "rightwards": "שלום",
    "three dots": "...",
    "dots at ends": "..a..",
    "a dot and more": ".a/.b",
    "longest": "x" * 255,
    "longest of wide": "單" * 255,
    "longest of slashes": "/" * 255,
    "another call": "ref-id/x",
}


@pytest.mark.parametrize("field", WAYS)
@pytest.mark.parametrize("ref", ODD.values(), ids=ODD.keys())
def test_what_is_given_a_name_is_taken_back_by_it(
    host_app: PartnerCaller, mine: Holder, field: str, ref: str
) -> None:
    given = add(host_app, mine, **{field: ref})
    assert given.status_code == 201, given.get_json()
    voided = host_app.delete(f"{VOID}/{WAYS[field]}/{quote(ref, safe='')}")
    assert voided.status_code == 200, voided.get_json()
    assert voided.get_json()[field] == ref
    assert voided.get_json()["void_transaction_id"]
    assert cards.of_all_cards()[1] == 0


@pytest.mark.parametrize("field", WAYS)
@pytest.mark.parametrize(
    "ref",
    [".", "..", "../x", "a/..", "a/./b", "a\nb", "a\r\nX-Evil: 1", "a\tb", "a\x7f", "a\x85b",
     "a\u2028b", "a\u202eb", "\u2066x"],
)  # fmt: skip
def test_a_name_that_no_address_can_bear_is_refused(
    host_app: PartnerCaller, mine: Holder, field: str, ref: str
) -> None:
    answer = add(host_app, mine, **{field: ref})
    assert answer.status_code == 400
    assert answer.get_json()["code"] == "INVALID_PARAMETER"
    assert [one["field"] for one in answer.get_json()["details"]] == [field]
    assert cards.of_all_cards() == (0, 0, 0)


def test_a_burn_is_held_to_the_same(host_app: PartnerCaller, mine: Holder) -> None:
    add(host_app, mine)
    body = {**mine.named, "points": 1, "ref_no": ".."}
    assert host_app.post("/v2/connect/burn/points", body).status_code == 400


def test_a_name_kept_before_the_rule_is_still_taken_back(
    host_app: PartnerCaller, mine: Holder
) -> None:
    keep_entry(host_app, mine, "a\nb")
    voided = host_app.delete(f"{VOID}/ref-no/{quote('a' + chr(10) + 'b', safe='')}")
    assert voided.status_code == 200


def keep_entry(by: PartnerCaller, holder: Holder, ref_no: str) -> None:
    """As an earlier release wrote it, past the rule."""
    partner = Partner(CallerKind.KEY, by.key_id, None, PLATFORM_OWNER, by.key_id)
    card = CardKey(holder.card_no, holder.phone)
    with unit_of_work():
        partner_points.add_points(within_unit_of_work, partner, card, 5, Refs(ref_no))


def test_no_name_at_all_is_no_address(host_app: PartnerCaller) -> None:
    assert host_app.delete(f"{VOID}/ref-no/").status_code == 404


def test_the_log_names_the_call_whatever_its_name_is(app: Any) -> None:
    told = [
        str(call_words.call_name(PartnerCall(method="DELETE", path=f"{VOID}/ref-no/{ref}")))
        for ref in ("7", "/7", "a/b", "a\nb")
    ]
    assert told == ["依 ref_no 作廢"] * 4
