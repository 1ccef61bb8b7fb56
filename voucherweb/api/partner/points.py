"""Contract B calls 9 to 13: points added, burnt and taken back."""

from typing import Any
from uuid import UUID

from voucherweb.api.envelope import wants_english
from voucherweb.api.partner.at_once import blanked, template
from voucherweb.api.partner.call import Asked, call
from voucherweb.api.partner.points_shapes import (
    AddPointsRequest,
    AddPointsResponse,
    BurnPointsRequest,
    BurnPointsResponse,
    VoidPointsResponse,
)
from voucherweb.domain.partner import Scope
from voucherweb.errors import invalid
from voucherweb.services import partner_points as service
from voucherweb.services.ids import parse_id
from voucherweb.services.partner_writes import Deed

BY_VALUE = 1
VOID_ERRORS = ("NOT_FOUND", "ALREADY_VOIDED", "POINTS_ALREADY_SPENT")


@call(
    "POST",
    "/v2/connect/add/points",
    scope=Scope.POINTS_WRITE,
    body=AddPointsRequest,
    data=AddPointsResponse,
    write=True,
    at_once=True,
    alias=True,
    errors=("FORBIDDEN", "NOT_FOUND", "REF_ID_EXISTS"),
    summary=("加點", "Add points"),
)
def add_points(asked: Asked) -> Deed:
    """Add points to a card by a value (`method` 1, rounded down) or directly (`method` 2)."""
    body = asked.body
    if body.method == BY_VALUE:
        change = service.worth(_needed(body.value, "value", BY_VALUE))
    else:
        change = service.more(_needed(body.points, "points", body.method))
    return _changing(asked, change, AddPointsResponse, ("已加點", "Points added"))


@call(
    "POST",
    "/v2/connect/burn/points",
    scope=Scope.POINTS_WRITE,
    body=BurnPointsRequest,
    data=BurnPointsResponse,
    write=True,
    at_once=True,
    alias=True,
    errors=("FORBIDDEN", "NOT_FOUND", "REF_ID_EXISTS", "INSUFFICIENT_POINTS"),
    summary=("扣點", "Burn points"),
)
def burn_points(asked: Asked) -> Deed:
    """Take points off a card, never below zero."""
    change = service.fewer(asked.body.points)
    return _changing(asked, change, BurnPointsResponse, ("已扣點", "Points burnt"))


@call(
    "DELETE",
    "/v2/connect/void/points/<transactionId>",
    scope=Scope.POINTS_WRITE,
    data=VoidPointsResponse,
    write=True,
    errors=VOID_ERRORS,
    summary=("依交易編號作廢", "Void a transaction by id"),
)
def void_by_id(asked: Asked) -> VoidPointsResponse:
    """Take one transaction back, once."""
    wanted = parse_id(asked.path["transactionId"])
    return _voided(service.void_by_id(asked.execute, asked.partner, wanted))


@call(
    "DELETE",
    "/v2/connect/void/points/ref-no/<rest:refNo>",
    scope=Scope.POINTS_WRITE,
    data=VoidPointsResponse,
    write=True,
    errors=(*VOID_ERRORS, "REF_AMBIGUOUS"),
    summary=("依 ref_no 作廢", "Void a transaction by ref_no"),
)
def void_by_ref_no(asked: Asked) -> VoidPointsResponse:
    """Take back the only live transaction of this `ref_no`; of several, `details` tells the ids."""
    return _voided(service.void_by_ref_no(asked.execute, asked.partner, asked.path["refNo"]))


@call(
    "DELETE",
    "/v2/connect/void/points/ref-id/<rest:refId>",
    scope=Scope.POINTS_WRITE,
    data=VoidPointsResponse,
    write=True,
    errors=VOID_ERRORS,
    summary=("依 ref_id 作廢", "Void a transaction by ref_id"),
)
def void_by_ref_id(asked: Asked) -> VoidPointsResponse:
    """Take back the transaction of this `ref_id`."""
    return _voided(service.void_by_ref_id(asked.execute, asked.partner, asked.path["refId"]))


def _changing(
    asked: Asked,
    change: service.Change,
    shape: type[AddPointsResponse | BurnPointsResponse],
    said: tuple[str, str],
) -> Deed:
    body, refs = asked.body, service.Refs(asked.body.ref_no, asked.body.ref_id)
    unknown = service.Moved(UUID(int=0), body.card_no, 0, 0, refs.ref_no, refs.ref_id)
    answer = blanked(shape(**_told(unknown, *said)), "transaction_id", "points", "balance")
    card = service.CardKey(body.card_no, body.phone_number)
    return service.deed(asked.partner, card, change, refs, template(answer))


def _needed(value: Any, field: str, method: int) -> Any:
    if value is None:
        raise invalid(field, f"is required by method {method}", f"method {method} 必填")
    return value


def _voided(moved: service.Moved) -> VoidPointsResponse:
    told = _told(moved, "已作廢", "Transaction voided")
    return VoidPointsResponse(**told, void_transaction_id=moved.void_id)


def _told(moved: service.Moved, zh: str, en: str) -> dict[str, Any]:
    return {
        "message": en if wants_english() else zh,
        "transaction_id": moved.transaction_id,
        "card_no": moved.card_no,
        "points": moved.points,
        "balance": moved.balance,
        "ref_no": moved.ref_no,
        "ref_id": moved.ref_id,
    }
