"""Contract A, app part: vouchers on offer — list, one, reach and click."""

from typing import Annotated, Any

from flask import Response
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from voucherweb.api.answers import Data, Number, Timestamp
from voucherweb.api.endpoint import MEMBER, endpoint, settings
from voucherweb.api.envelope import Page
from voucherweb.api.listing import ListBody, page
from voucherweb.api.member.blueprint import blueprint
from voucherweb.api.member.statements import answer, moment
from voucherweb.api.parsing import Body
from voucherweb.api.pictures import picture_url
from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import VoucherType
from voucherweb.domain.money import safety_stock
from voucherweb.domain.paging import SortSpec
from voucherweb.domain.voucher_rules import shown_status
from voucherweb.services import autocommit, engagement, wallet
from voucherweb.services.autocommit import Execute
from voucherweb.services.ids import parse_id

SORT = SortSpec(("onStartDate",), "onStartDate", "desc")


def _distinct(ids: list[str]) -> list[str]:
    if len({parse_id(one) or one for one in ids}) < len(ids):
        raise PydanticCustomError("repeated", "must not repeat an id", {"zh": "票券id不可重覆"})
    return ids


class OfferQuery(Body):
    voucher_type: VoucherType | None = None


class OfferListBody(ListBody):
    query: OfferQuery = OfferQuery()


class OfferBody(Body):
    id: str


class ReachBody(Body):
    voucher_list: Annotated[
        list[str], Field(max_length=engagement.MAX_REACHED), AfterValidator(_distinct)
    ]


class OfferRow(Data):
    id: str
    tenant_id: str
    voucher_no: str
    title: str
    redeem_points: int
    thumbnail_object_key: str | None = None
    thumbnail_url: str | None = None
    volume: int
    stocks: int
    safety_stock: int


class OfferInfo(OfferRow):
    vendor_name: str
    voucher_type: str
    price: Number
    redeem_start_date: Timestamp
    redeem_end_date: Timestamp
    use_start_date: Timestamp
    use_end_date: Timestamp
    description: str | None = None
    notice: str | None = None
    status: str


class CountData(Data):
    count: int


def _common(voucher: wallet.Offer | wallet.OfferLine) -> dict[str, Any]:
    return {
        "id": str(voucher.id),
        "tenant_id": str(voucher.tenant_id),
        "voucher_no": voucher.voucher_no,
        "title": voucher.title,
        "redeem_points": voucher.redeem_points,
        "thumbnail_object_key": voucher.thumbnail_key,
        "thumbnail_url": picture_url(voucher.thumbnail_key),
        "volume": voucher.volume,
        "stocks": voucher.volume - voucher.redeemed,
        "safety_stock": safety_stock(voucher.volume, settings().safety_stock_rate),
    }


@endpoint(
    blueprint,
    "POST",
    "/list",
    roles=MEMBER,
    body=OfferListBody,
    data=OfferRow,
    paged=True,
    own_transaction=True,
    errors=("UNAVAILABLE",),
    summary=("取得票券列表", "List the vouchers on offer"),
)
def offer_list(actor: Actor, body: OfferListBody) -> Page:
    asked = body.page_request(SORT)
    execute = autocommit.alone(settings())
    offers, total = wallet.list_offers(execute, actor, body.query.voucher_type, asked, clock.now())
    return page([OfferRow(**_common(one)).wire() for one in offers], total, asked)


@endpoint(
    blueprint,
    "POST",
    "/info",
    roles=MEMBER,
    body=OfferBody,
    data=OfferInfo,
    write=True,
    own_transaction=True,
    errors=("NOT_EXIST", "UNAVAILABLE"),
    summary=("取得票券明細", "Read a voucher and count a click"),
)
def offer_info(actor: Actor, body: OfferBody) -> Response:
    def work(execute: Execute) -> dict[str, object]:
        return _info(wallet.open_offer(execute, actor, parse_id(body.id), *moment()))

    return answer(actor, work)


def _info(offer: wallet.Offer) -> dict[str, object]:
    return OfferInfo(
        **_common(offer),
        vendor_name=offer.tenant_name,
        voucher_type=offer.voucher_type,
        price=offer.price,
        redeem_start_date=offer.redeem_start,
        redeem_end_date=offer.redeem_end,
        use_start_date=offer.use_start,
        use_end_date=offer.use_end,
        description=offer.description,
        notice=offer.notice,
        status=shown_status(offer, clock.now()),
    ).wire()


@endpoint(
    blueprint,
    "POST",
    "/reach",
    roles=MEMBER,
    body=ReachBody,
    data=CountData,
    write=True,
    own_transaction=True,
    errors=("UNAVAILABLE",),
    summary=("票券觸及(曝光)", "Count that vouchers were seen"),
)
def reach(actor: Actor, body: ReachBody) -> Response:
    known = [one for one in map(parse_id, body.voucher_list) if one]

    def work(execute: Execute) -> dict[str, object]:
        count = engagement.reach(execute, actor, known, *moment())
        return CountData(count=count).wire()

    return answer(actor, work)


@endpoint(
    blueprint,
    "POST",
    "/click",
    roles=MEMBER,
    body=OfferBody,
    data=CountData,
    write=True,
    own_transaction=True,
    errors=("UNAVAILABLE",),
    summary=("票券點擊", "Count a click"),
)
def click(actor: Actor, body: OfferBody) -> Response:
    def work(execute: Execute) -> dict[str, object]:
        count = engagement.click(execute, actor, parse_id(body.id), *moment())
        return CountData(count=count).wire()

    return answer(actor, work)
