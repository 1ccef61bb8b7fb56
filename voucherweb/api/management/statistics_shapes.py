"""Bodies and answers of the statistics calls (contract A §票券統計, §取得票券統計列表)."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, PlainSerializer, WithJsonSchema

from voucherweb.api.answers import Data, Number
from voucherweb.api.listing import ListBody
from voucherweb.api.management.voucher_shapes import Day
from voucherweb.api.parsing import Body
from voucherweb.domain.demographics import AGE_LABELS
from voucherweb.domain.enums import AgeLevel, Gender, VoucherType
from voucherweb.services.statistics import Audience, Statistics, Tally
from voucherweb.services.statistics_list import TenantRow
from voucherweb.services.summary import Summary


def _whole_if_whole(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


Money = Annotated[
    Decimal,
    PlainSerializer(_whole_if_whole, return_type=int | float),
    WithJsonSchema({"type": "number"}),
]
"""An amount whose type the contract prints as int, although it may have cents (behaviour §1)."""


class StatisticsQuery(Body):
    start_date: Day | None = None
    end_date: Day | None = None
    voucher_type: VoucherType | None = None
    name: str | None = Field(default=None, max_length=255)


class StatisticsListBody(ListBody):
    query: StatisticsQuery = StatisticsQuery()


class StatisticsBody(Body):
    """A platform admin names `tenantId` (and a type), a tenant admin `voucherId`."""

    tenant_id: str | None = None
    voucher_type: VoucherType | None = None
    voucher_id: str | None = None


class SummaryBody(Body):
    """A platform admin names the tenant; a tenant admin's own comes from the token."""

    tenant_id: str | None = None


class TenantFigures(Data):
    """One row of the list; everything but the name is left out while nothing is issued."""

    tenant_id: str
    tenant_name: str
    volume: int | None = None
    redeem_count: int | None = None
    redeem_rate: Number | None = None
    used_count: int | None = None
    used_amount: Number | None = None
    used_rate: Number | None = None
    reach_count: int | None = None
    reach_times: int | None = None
    click_count: int | None = None
    click_times: int | None = None
    click_rate: Number | None = None


class SummaryData(Data):
    """The books are left out until quota was bought, the rest until a voucher exists."""

    deposit: int | None = None
    withdraw: int | None = None
    quota: int | None = None
    total_volume: int | None = None
    total_points: int | None = None
    total_amount: Number | None = None
    total_un_redeem_count: int | None = None
    total_un_redeem_points: int | None = None
    total_redeem_count: int | None = None
    total_redeem_points: int | None = None
    total_redeem_amount: Number | None = None
    total_used_count: int | None = None
    total_used_amount: Number | None = None
    quota_avail_rate: Number | None = None
    redeem_rate: Number | None = None
    used_rate: Number | None = None


class TenantName(Data):
    tenant_id: str
    tenant_name: str


class SummaryInfo(SummaryData, TenantName):
    click_rate: Number | None = None


class PiecesBar(Data):
    age_level: str
    label: str
    male_count: int
    female_count: int


class AudienceBar(PiecesBar):
    male_times: int
    female_times: int


class PiecesInfo(Data):
    """Pieces by gender and age level; unknown ones count in totals, in no bar."""

    total_count: int
    total_amount: Money
    total_male_count: int
    total_female_count: int
    total_male_rate: Number
    total_female_rate: Number
    details: list[PiecesBar]


class RedeemInfo(PiecesInfo):
    total_redeem_count: int
    total_redeem_amount: Number
    total_redeem_rate: Number


class UsedInfo(PiecesInfo):
    total_used_rate: Number


class ReachInfo(Data):
    """Persons and times by gender and age level; unknown ones count in totals, in no bar."""

    total_count: int
    total_times: int
    total_male_count: int
    total_female_count: int
    total_male_times: int
    total_female_times: int
    total_male_count_rate: Number
    total_female_count_rate: Number
    total_male_times_rate: Number
    total_female_times_rate: Number
    details: list[AudienceBar]


class ClickInfo(ReachInfo):
    click_rate: Number


class StatisticsData(Data):
    """The tenant's form leaves `summaryInfo` out."""

    summary_info: SummaryInfo | None = None
    redeem_info: RedeemInfo
    used_info: UsedInfo
    reach_info: ReachInfo
    click_info: ClickInfo


def tenant_figures(row: TenantRow) -> TenantFigures:
    named = {"tenant_id": str(row.tenant_id), "tenant_name": row.tenant_name}
    sums = row.figures
    if sums is None:
        return TenantFigures(**named)
    return TenantFigures(
        **named,
        volume=sums.volume,
        redeem_count=sums.redeemed,
        redeem_rate=sums.redeem_rate,
        used_count=sums.used,
        used_amount=sums.used_amount,
        used_rate=sums.used_rate,
        reach_count=sums.reach_persons,
        reach_times=sums.reach_times,
        click_count=sums.click_persons,
        click_times=sums.click_times,
        click_rate=sums.click_rate,
    )


def summary_figures(found: Summary) -> dict[str, Any]:
    """The fields of `SummaryData` that exist for this tenant."""
    figures: dict[str, Any] = {}
    if found.books:
        figures |= {
            "deposit": found.books.deposit,
            "withdraw": found.books.withdraw,
            "quota": found.books.quota,
            "quota_avail_rate": found.books.available_rate,
        }
    issued = found.issued
    if issued:
        figures |= {
            "total_volume": issued.volume,
            "total_points": issued.points,
            "total_amount": issued.amount,
            "total_un_redeem_count": issued.unredeemed,
            "total_un_redeem_points": issued.unredeemed_points,
            "total_redeem_count": issued.redeemed,
            "total_redeem_points": issued.redeemed_points,
            "total_redeem_amount": issued.redeemed_amount,
            "total_used_count": issued.used,
            "total_used_amount": issued.used_amount,
            "redeem_rate": issued.redeem_rate,
            "used_rate": issued.used_rate,
        }
    return figures


def summary_info(found: Summary, figures: Statistics) -> SummaryInfo:
    return SummaryInfo(
        tenant_id=str(found.tenant_id),
        tenant_name=found.tenant_name,
        click_rate=figures.click_rate if found.issued else None,
        **summary_figures(found),
    )


def analyses(found: Statistics) -> dict[str, Any]:
    """The four analyses, always whole: all five age levels, zeros where nothing happened."""
    redeemed, used = _pieces(found.redeemed), _pieces(found.used)
    return {
        "redeem_info": RedeemInfo(
            **redeemed,
            total_amount=found.redeemed_amount,
            total_redeem_count=found.redeemed.total,
            total_redeem_amount=found.redeemed_amount,
            total_redeem_rate=found.redeem_rate,
        ),
        "used_info": UsedInfo(
            **used, total_amount=found.used_amount, total_used_rate=found.used_rate
        ),
        "reach_info": ReachInfo(**_audience(found.reach)),
        "click_info": ClickInfo(**_audience(found.click), click_rate=found.click_rate),
    }


def _pieces(tally: Tally) -> dict[str, Any]:
    return {
        "total_count": tally.total,
        "total_male_count": tally.of(Gender.MALE),
        "total_female_count": tally.of(Gender.FEMALE),
        "total_male_rate": tally.share(Gender.MALE),
        "total_female_rate": tally.share(Gender.FEMALE),
        "details": [PiecesBar(**_bar(tally, level)) for level in AGE_LABELS],
    }


def _audience(audience: Audience) -> dict[str, Any]:
    persons, times = audience.persons, audience.times
    return {
        "total_count": persons.total,
        "total_times": times.total,
        "total_male_count": persons.of(Gender.MALE),
        "total_female_count": persons.of(Gender.FEMALE),
        "total_male_times": times.of(Gender.MALE),
        "total_female_times": times.of(Gender.FEMALE),
        "total_male_count_rate": persons.share(Gender.MALE),
        "total_female_count_rate": persons.share(Gender.FEMALE),
        "total_male_times_rate": times.share(Gender.MALE),
        "total_female_times_rate": times.share(Gender.FEMALE),
        "details": [
            AudienceBar(
                **_bar(persons, level),
                male_times=times.bar(Gender.MALE, level),
                female_times=times.bar(Gender.FEMALE, level),
            )
            for level in AGE_LABELS
        ],
    }


def _bar(tally: Tally, level: AgeLevel) -> dict[str, Any]:
    return {
        "age_level": level.value,
        "label": AGE_LABELS[level][0],
        "male_count": tally.bar(Gender.MALE, level),
        "female_count": tally.bar(Gender.FEMALE, level),
    }
