"""Bodies and answers of contract A §票券管理."""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError, field_validator
from pydantic.alias_generators import to_camel
from pydantic_core import InitErrorDetails, PydanticCustomError

from voucherweb.api.answers import Data, Number, Timestamp
from voucherweb.api.listing import ListBody, SorterBody
from voucherweb.api.parsing import MAX_DETAILS, Amount, Body, Integer, Millis
from voucherweb.domain.coupon_rules import DESCRIPTION_MAX, TITLE_MAX, URL_MAX, check_coupon
from voucherweb.domain.enums import TargetType, UseType, VoucherStatus, VoucherType
from voucherweb.domain.voucher_rules import VoucherTerms, dates_out_of_order
from voucherweb.errors import Detail, refuse
from voucherweb.models import Voucher
from voucherweb.services.ids import parse_id
from voucherweb.services.issuing import Draft
from voucherweb.services.uploads import MultipartClaim
from voucherweb.storage.protocol import MAX_PARTS

MAX_VOLUME = 99_999
MAX_LIMIT = 2_147_483_647
HTTP = "^[Hh][Tt][Tt][Pp][Ss]?://"
DATES = ("redeem_start", "redeem_end", "use_start", "use_end", "on_start", "on_end")
_millis: TypeAdapter[datetime] = TypeAdapter(Millis)


def _day(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise PydanticCustomError("date_parsing", "must be YYYY-MM-DD")
    return value


def _empty_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


Day = Annotated[date, BeforeValidator(_day)]
OptionalText = Annotated[str | None, BeforeValidator(_empty_is_none)]


class CouponBody(Body):
    """One coupon of `couponList`; the limits are those of the workbook import, which
    `check_coupon` holds."""

    title: str = Field(json_schema_extra={"minLength": 1, "maxLength": TITLE_MAX})
    description: str = Field(json_schema_extra={"minLength": 1, "maxLength": DESCRIPTION_MAX})
    url: str = Field(json_schema_extra={"pattern": HTTP, "maxLength": URL_MAX})

    def texts(self) -> tuple[str, str, str]:
        return (self.title, self.description, self.url)


class VoucherBody(Body):
    """Contract A §新增票券; `couponImportId` may stand for `couponList` (behaviour §5)."""

    title: str = Field(min_length=1, max_length=50)
    thumbnail_object_key: OptionalText = Field(default=None, max_length=1024)
    target_type: TargetType
    voucher_type: VoucherType
    price: Amount = Field(gt=0)
    volume: Integer = Field(ge=1, le=MAX_VOLUME)
    redeem_start_date: Millis
    redeem_end_date: Millis
    use_start_date: Millis
    use_end_date: Millis
    on_start_date: Millis
    on_end_date: Millis
    redeem_limit: Integer = Field(ge=0, le=MAX_LIMIT)
    description: str | None = Field(default=None, max_length=500)
    notice: str | None = Field(default=None, max_length=500)
    product_id: OptionalText = Field(default=None, max_length=64)
    is_thumbnail_multipart: bool = False
    thumbnail_total_part: Integer | None = Field(default=None, ge=2, le=MAX_PARTS)
    thumbnail_upload_id: OptionalText = Field(default=None, max_length=255)
    use_type: UseType
    coupon_list: list[CouponBody] | None = Field(default=None, max_length=MAX_VOLUME)
    coupon_import_id: OptionalText = Field(default=None, max_length=255)

    @field_validator("title")
    @classmethod
    def _not_blank(cls, value: str) -> str:
        if not value.strip():
            raise PydanticCustomError("blank", "must not be blank", {"zh": "不可空白"})
        return value

    @field_validator("coupon_list")
    @classmethod
    def _good_coupons(cls, given: list[CouponBody] | None) -> list[CouponBody] | None:
        problems = (
            (index, problem)
            for index, one in enumerate(given or ())
            for problem in check_coupon(*one.texts())
        )
        told = [
            InitErrorDetails(
                type=PydanticCustomError("coupon", problem.en, {"zh": problem.zh}),
                loc=(index, problem.column),
                input=None,
            )
            for index, problem in islice(problems, MAX_DETAILS)
        ]
        if told:
            raise ValidationError.from_exception_data("couponList", told)
        return given

    @classmethod
    def further_problems(cls, data: Mapping[str, Any]) -> list[Detail]:
        """Dates out of order; those of a body that is otherwise right are found by the service."""
        known: dict[str, datetime] = {}
        for name in DATES:
            with suppress(ValidationError):
                known[name] = _millis.validate_python(data.get(to_camel(f"{name}_date")))
        return dates_out_of_order(known)

    def draft(self) -> Draft:
        """The same as values for the services."""
        coupon = self.voucher_type is VoucherType.COUPON_CODE
        return Draft(
            terms=self._terms(),
            coupon_list=[one.texts() for one in self.coupon_list]
            if coupon and self.coupon_list is not None
            else None,
            import_id=parse_id(self.coupon_import_id),
            import_named=coupon and self.coupon_import_id is not None,
            multipart=self._multipart(),
        )

    def _multipart(self) -> MultipartClaim | None:
        """What is said of a multipart picture; raises INVALID_PARAMETER when a part is missing."""
        if not self.is_thumbnail_multipart:
            return None
        needed = {
            "thumbnailTotalPart": self.thumbnail_total_part,
            "thumbnailUploadId": self.thumbnail_upload_id,
        }
        missing = [name for name, value in needed.items() if value is None]
        if missing:
            raise refuse(
                "INVALID_PARAMETER", [Detail(name, "Field required", "必填") for name in missing]
            )
        return MultipartClaim(self.thumbnail_upload_id, self.thumbnail_total_part)

    def _terms(self) -> VoucherTerms:
        return VoucherTerms(
            title=self.title,
            target_type=self.target_type,
            voucher_type=self.voucher_type,
            use_type=self.use_type,
            price=self.price,
            volume=self.volume,
            redeem_start=self.redeem_start_date,
            redeem_end=self.redeem_end_date,
            use_start=self.use_start_date,
            use_end=self.use_end_date,
            on_start=self.on_start_date,
            on_end=self.on_end_date,
            redeem_limit=self.redeem_limit,
            description=self.description or None,
            notice=self.notice or None,
            thumbnail_key=self.thumbnail_object_key,
            product_id=self.product_id,
        )


class VoucherUpdateBody(VoucherBody):
    id: str


class StatusBody(Body):
    id: str
    status: VoucherStatus


class VoucherQuery(Body):
    tenant_id: str | None = None
    query_date_type: Literal["ID", "OD", "RS", "RE", "US", "UE"] = "ID"
    start_date: Day | None = None
    end_date: Day | None = None
    voucher_type: VoucherType | None = None
    status: VoucherStatus | None = None
    name: str | None = Field(default=None, max_length=255)


class VoucherListBody(ListBody):
    """Without a sorter the latest change comes first (behaviour §1)."""

    query: VoucherQuery = VoucherQuery()
    sorter: SorterBody = SorterBody(field="updateTime", order="desc")


class VoucherData(Data):
    """The fields that every answer about one voucher has."""

    id: str
    tenant_id: str | None = None
    voucher_no: str
    voucher_type: str
    use_type: str
    title: str
    target_type: str
    price: Number
    volume: int
    issue_date: Timestamp
    redeem_start_date: Timestamp
    redeem_end_date: Timestamp
    use_start_date: Timestamp
    use_end_date: Timestamp
    on_start_date: Timestamp
    on_end_date: Timestamp
    redeem_limit: int | None = None
    description: str | None = None
    notice: str | None = None
    status: str
    redeem_points: int
    update_time: Timestamp
    product_id: str | None = None
    thumbnail_object_key: str | None = None


class VoucherRow(VoucherData):
    """One row of the management list."""

    thumbnail_url: str | None = None
    redeem_count: int


class VoucherInfo(VoucherData):
    thumbnail_url: str | None = None
    coupon_count: int | None = None


class DraftData(Data):
    """The fields of a new draft, as `voucher/add` takes them (behaviour §5 duplicate)."""

    title: str
    thumbnail_object_key: str | None = None
    target_type: str
    voucher_type: str
    use_type: str
    price: Number
    volume: int
    redeem_start_date: Timestamp
    redeem_end_date: Timestamp
    use_start_date: Timestamp
    use_end_date: Timestamp
    on_start_date: Timestamp
    on_end_date: Timestamp
    redeem_limit: int
    description: str | None = None
    notice: str | None = None
    product_id: str | None = None


def dates(voucher: Voucher) -> dict[str, datetime]:
    return {
        "redeem_start_date": voucher.redeem_start,
        "redeem_end_date": voucher.redeem_end,
        "use_start_date": voucher.use_start,
        "use_end_date": voucher.use_end,
        "on_start_date": voucher.on_start,
        "on_end_date": voucher.on_end,
    }


def draft_of(voucher: Voucher) -> DraftData:
    return DraftData(
        title=voucher.title,
        thumbnail_object_key=voucher.thumbnail_key,
        target_type=voucher.target_type,
        voucher_type=voucher.voucher_type,
        use_type=voucher.use_type,
        price=Decimal(voucher.price),
        volume=voucher.volume,
        redeem_limit=voucher.redeem_limit,
        description=voucher.description,
        notice=voucher.notice,
        product_id=voucher.product_id,
        **dates(voucher),
    )
