"""Campaigns, profiles, transactions and points on the wire of contract B.

Class names are the published names of the components.
"""

import uuid
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

from voucherweb.api.parsing import Amount, Integer, checked_by
from voucherweb.api.partner.shapes import Iso, PageQuery, PartnerBody, PartnerData, Utc
from voucherweb.domain.texts import address_problem, line_problem
from voucherweb.services.points import MAX_BALANCE

MAX_TEXT = 255


def _given(value: Any) -> Any:
    """What is sent empty counts as not sent."""
    return None if isinstance(value, str) and not value.strip() else value


Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
_MaybeEmpty = Annotated[str, Field(max_length=MAX_TEXT)]
Optional = Annotated[_MaybeEmpty | None, BeforeValidator(_given), Field(default=None)]
OptionalLine = Annotated[
    Annotated[_MaybeEmpty, AfterValidator(checked_by(line_problem))] | None,
    BeforeValidator(_given),
    Field(default=None),
]
Ref = Annotated[Text, AfterValidator(checked_by(address_problem))]
"""A partner's own name for a transaction, which the calls that take it back bear in their path."""
OptionalRef = Annotated[
    Annotated[_MaybeEmpty, AfterValidator(checked_by(address_problem))] | None,
    BeforeValidator(_given),
    Field(default=None),
]
Points = Annotated[Integer, Field(ge=1, le=MAX_BALANCE)]
Value = Annotated[Amount, Field(gt=0)]
Number = Annotated[
    Decimal,
    PlainSerializer(float, return_type=float),
    WithJsonSchema({"type": "number", "minimum": 0}),
]


class Campaign(PartnerData):
    """A points programme; `value_per_point` is how much of a currency earns one point."""

    uuid: uuid.UUID
    name: str
    type: str
    status: str
    value_per_point: Number
    start_date: Iso | None
    end_date: Iso | None
    image_url: str | None


class ProfileQuery(PageQuery):
    """All that is given must fit."""

    phone_number: Optional
    card_no: Optional
    member_id: Optional


class ProfileCard(PartnerData):
    card_no: str
    campaign_uuid: uuid.UUID
    campaign_name: str
    points: int
    tier: str | None
    expired_at: Iso | None


class ProfileOtherDataItem(PartnerData):
    """Something else that is known of a member; nothing is, at present."""

    name: str
    value: str | None


class Profile(PartnerData):
    """A member. People have one name here, as they write it: it is told as `first_name`."""

    member_id: str
    phone_number: str | None
    first_name: str | None
    last_name: str | None
    email: str | None
    gender: str
    birth_date: date | None
    cards: list[ProfileCard]
    other_data: list[ProfileOtherDataItem]
    created_at: Iso


class TransactionQuery(PageQuery):
    """A half-open window: `from` belongs to it, `to` does not."""

    since: Utc | None = Field(default=None, alias="from")
    until: Utc | None = Field(default=None, alias="to")


class Transaction(PartnerData):
    """One movement of points; `points` is never negative, `type` tells the direction. `is_void`
    is told as of the window's end."""

    uuid: uuid.UUID
    ref_id: str | None
    ref_no: str | None
    type: str
    method: int | None
    value: Number | None
    points: int
    card_no: str
    phone_number: str | None
    member_id: str
    is_void: bool
    created_at: Iso


class AddPointsRequest(PartnerBody):
    """`method` 1 adds what `value` is worth at the campaign's rate, 2 adds `points`."""

    phone_number: Text
    card_no: Text
    method: Annotated[Integer, Field(ge=1, le=2)]
    value: Value | None = None
    points: Points | None = None
    ref_no: OptionalRef
    ref_id: OptionalRef


class BurnPointsRequest(PartnerBody):
    phone_number: Text
    card_no: Text
    points: Points
    ref_no: Ref
    ref_id: OptionalRef


class _Moved(PartnerData):
    message: str
    transaction_id: uuid.UUID
    card_no: str
    points: int
    balance: int
    ref_no: str | None
    ref_id: str | None


class AddPointsResponse(_Moved):
    """What was added, and the card's balance after it."""


class BurnPointsResponse(_Moved):
    """What was burnt, and the card's balance after it."""


class VoidPointsResponse(_Moved):
    """The transaction that was taken back, by `void_transaction_id`, and the balance after it."""

    void_transaction_id: uuid.UUID
