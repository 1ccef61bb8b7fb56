"""Contract A, app part: the member's own vouchers — redeem, use, summary, list, one."""

from typing import Any

from flask import Response, g
from sqlalchemy import Row

from voucherweb.api.answers import Data, Number, Timestamp
from voucherweb.api.endpoint import MEMBER, NoBody, endpoint, idempotency_key, settings
from voucherweb.api.envelope import JSON, Page, success
from voucherweb.api.listing import ListBody, page
from voucherweb.api.member.blueprint import blueprint
from voucherweb.api.member.statements import REPLAYED, answer, moment
from voucherweb.api.parsing import Amount, Body
from voucherweb.api.pictures import picture_url
from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import RedemptionStatus
from voucherweb.domain.paging import SortSpec
from voucherweb.services import redemptions, wallet
from voucherweb.services.autocommit import Execute
from voucherweb.services.ids import parse_id

SORT = SortSpec(("onEndDate", "updateTime"), "onEndDate", "asc")


class RedeemBody(Body):
    voucher_id: str


class PieceBody(Body):
    id: str


class PieceQuery(Body):
    status: RedemptionStatus | None = None
    is_expired: bool | None = None
    product_id: str | None = None
    product_price: Amount | None = None


class PieceListBody(ListBody):
    query: PieceQuery = PieceQuery()


class PieceData(Data):
    """The answer of redeem and of use."""

    id: str
    household_member_id: str
    voucher_id: str
    seq: int
    user_voucher_no: str
    redeem_time: Timestamp
    redeem_points: int
    used_time: Timestamp | None = None
    status: str
    create_time: Timestamp
    update_time: Timestamp


class SummaryData(Data):
    my_voucher_count: int


class PieceRow(Data):
    id: str
    voucher_id: str
    title: str
    price: Number
    status: str
    use_end_date: Timestamp
    redeem_time: Timestamp
    used_time: Timestamp | None = None
    is_expired: bool
    thumbnail_object_key: str | None = None
    thumbnail_url: str | None = None


class CouponData(Data):
    """The coupon code that belongs to this piece (type 06)."""

    title: str
    description: str
    url: str


class PieceInfo(Data):
    id: str
    voucher_id: str
    user_voucher_no: str
    title: str
    description: str | None = None
    notice: str | None = None
    use_start_date: Timestamp
    use_end_date: Timestamp
    status: str
    redeem_points: int
    redeem_time: Timestamp
    used_time: Timestamp | None = None
    update_time: Timestamp
    is_expired: bool
    qr_code_payload: str
    thumbnail_object_key: str | None = None
    thumbnail_url: str | None = None
    coupon: CouponData | None = None


def _piece(actor: Actor, piece: redemptions.Piece) -> dict[str, object]:
    return PieceData(
        id=str(piece.id),
        household_member_id=actor.household_id or "",
        voucher_id=str(piece.voucher_id),
        seq=piece.seq,
        user_voucher_no=piece.number,
        redeem_time=piece.redeemed_at,
        redeem_points=piece.points,
        used_time=piece.used_at,
        status=piece.status,
        create_time=piece.redeemed_at,
        update_time=piece.used_at or piece.redeemed_at,
    ).wire()


@endpoint(
    blueprint,
    "POST",
    "/redeem",
    roles=MEMBER,
    body=RedeemBody,
    data=PieceData,
    write=True,
    own_transaction=True,
    errors=(
        "NOT_EXIST",
        "VOUCHER_REDEEM_NOT_ON_STATUS",
        "VOUCHER_REDEEM_NOT_IN_REDEEM_DATE",
        "VOUCHER_REDEEM_OVER_VOLUME",
        "VOUCHER_REDEEM_OVER_LIMIT",
        "VOUCHER_REDEEM_INSUFFICIENT_POINTS",
        "UNAVAILABLE",
    ),
    summary=("兌換票券", "Redeem a voucher"),
)
def redeem(actor: Actor, body: RedeemBody) -> Response:
    voucher_id = parse_id(body.voucher_id)
    done = redemptions.redeem(settings(), actor, voucher_id, idempotency_key(), g.fingerprint)
    response = Response(success(_piece(actor, done.piece)), mimetype=JSON)
    if done.replayed:
        response.headers[REPLAYED] = "true"
    return response


@endpoint(
    blueprint,
    "POST",
    "/use",
    roles=MEMBER,
    body=PieceBody,
    data=PieceData,
    write=True,
    own_transaction=True,
    errors=(
        "NOT_EXIST",
        "VOUCHER_USE_HAD_USED",
        "VOUCHER_USE_EXPIRED",
        "VOUCHER_USE_NOT_STARTED",
        "UNAVAILABLE",
    ),
    summary=("使用(核銷)票券", "Use a piece"),
)
def use(actor: Actor, body: PieceBody) -> Response:
    def work(execute: Execute) -> dict[str, object]:
        return _piece(actor, redemptions.use(execute, actor, parse_id(body.id), *moment()))

    return answer(actor, work)


@endpoint(
    blueprint,
    "GET",
    "/my-summary",
    roles=MEMBER,
    data=SummaryData,
    summary=("我的票券摘要", "Count my usable vouchers"),
)
def my_summary(actor: Actor, _body: NoBody) -> dict[str, object]:
    return SummaryData(my_voucher_count=wallet.count_usable(actor)).wire()


@endpoint(
    blueprint,
    "POST",
    "/my-list",
    roles=MEMBER,
    body=PieceListBody,
    data=PieceRow,
    paged=True,
    summary=("我的票券列表", "List my vouchers"),
)
def my_list(actor: Actor, body: PieceListBody) -> Page:
    asked = body.page_request(SORT)
    query = body.query
    wanted = wallet.PieceFilter(
        query.status, query.is_expired, query.product_id, query.product_price
    )
    rows, total = wallet.list_pieces(actor, wanted, asked)
    return page([_row(row) for row in rows], total, asked)


def _status(used_at: object) -> RedemptionStatus:
    return RedemptionStatus.USED if used_at else RedemptionStatus.VALID


def _row(row: Row[*tuple[Any, ...]]) -> dict[str, object]:
    return PieceRow(
        id=str(row.id),
        voucher_id=str(row.voucher_id),
        title=row.title,
        price=row.price,
        status=_status(row.used_at),
        use_end_date=row.use_end,
        redeem_time=row.redeemed_at,
        used_time=row.used_at,
        is_expired=clock.now() > row.use_end,
        thumbnail_object_key=row.thumbnail_key,
        thumbnail_url=picture_url(row.thumbnail_key),
    ).wire()


@endpoint(
    blueprint,
    "POST",
    "/my-voucher-info",
    roles=MEMBER,
    body=PieceBody,
    data=PieceInfo,
    errors=("NOT_EXIST",),
    summary=("取得我的票券明細", "Read one of my vouchers"),
)
def my_voucher_info(actor: Actor, body: PieceBody) -> dict[str, object]:
    piece, voucher, coupon = wallet.get_piece(actor, parse_id(body.id))
    number = redemptions.user_voucher_no(voucher.voucher_no, piece.seq)
    return PieceInfo(
        id=str(piece.id),
        voucher_id=str(voucher.id),
        user_voucher_no=number,
        title=voucher.title,
        description=voucher.description,
        notice=voucher.notice,
        use_start_date=voucher.use_start,
        use_end_date=voucher.use_end,
        status=_status(piece.used_at),
        redeem_points=piece.points,
        redeem_time=piece.redeemed_at,
        used_time=piece.used_at,
        update_time=piece.used_at or piece.redeemed_at,
        is_expired=clock.now() > voucher.use_end,
        qr_code_payload=wallet.qr_payload(number),
        thumbnail_object_key=voucher.thumbnail_key,
        thumbnail_url=picture_url(voucher.thumbnail_key),
        coupon=CouponData(title=coupon.title, description=coupon.description, url=coupon.url)
        if coupon
        else None,
    ).wire()
