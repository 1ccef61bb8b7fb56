"""What the side panel of the voucher form says: all that would come of the form, and every rule
that it breaks, found by the very checks that issuing runs (behaviour §5)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from flask import url_for

from voucherweb.api.management.voucher_shapes import VoucherBody
from voucherweb.api.parsing import parse
from voucherweb.api.pictures import picture_url, storage
from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.errors import Refusal, refuse
from voucherweb.services import issuing, uploads
from voucherweb.services.issuing import Forecast, Shop
from voucherweb.web.issuing_form import DATES, SPOKEN, WINDOWS, VoucherForm
from voucherweb.web.language import Text
from voucherweb.web.shown import settings
from voucherweb.web.tickets import Ticket, Timeline, timeline

_STAND_INS: Final[Mapping[str, Any]] = {
    "title": "-",
    "voucherType": "02",
    "targetType": "ALL",
    "useType": "SELF",
    "price": 1,
    "volume": 1,
    "redeemLimit": 0,
    **dict.fromkeys(DATES, 0),
}
"""What stands for a field that cannot be read, so that the other rules can be looked at. No rule
between type, use and coupons speaks of these."""
_LIMIT: Final = re.compile("[0-9]{1,20}")
_DEPENDS: Final[Mapping[str, frozenset[str]]] = {
    "VOUCHER_USE_TYPE_NOT_ALLOWED": frozenset({"voucherType", "useType"}),
    "VOUCHER_NEED_PRODUCT_ID": frozenset({"voucherType", "useType", "productId"}),
    "VOUCHER_NEED_COUPON_LIST": frozenset({"voucherType", "couponImportId"}),
    "VOUCHER_COUPON_REDEEM_NOT_MATCH": frozenset({"voucherType", "volume", "couponImportId"}),
    "VOUCHER_INSUFFICIENT_QUOTA": frozenset({"price", "volume"}),
}
"""The fields that a refusal is about: while one of them cannot be read, it means nothing."""


@dataclass(frozen=True, slots=True)
class Panel:
    """The side panel. Numbers in points; None is not known yet. `missing` names what is still to
    be filled in, `wrong` counts other problems, `code` is what the API would answer."""

    ticket: Ticket
    line: Timeline
    price: Decimal | None
    points: int | None
    total: int | None
    takes: int | None
    deposit: int | None
    withdraw: int | None
    fits: int | None
    coupons: int | None
    missing: tuple[str, ...]
    wrong: int
    code: str | None
    warnings: tuple[Text, ...]

    @property
    def ready(self) -> bool:
        return not self.missing and not self.wrong

    @property
    def short(self) -> int:
        """Points that the quota lacks."""
        if self.takes is None or self.deposit is None or self.withdraw is None:
            return 0
        return max(self.takes - (self.deposit - self.withdraw), 0)


def shop() -> Shop:
    return Shop(settings(), storage())


def examine(form: VoucherForm, actor: Actor) -> Panel:
    """Look at the form as it is, telling it every problem; writes and locks nothing.

    Raises NOT_EXIST when the voucher to change is gone.
    """
    wire = form.wire()
    unreadable: Refusal | None = None
    try:
        draft = parse(VoucherBody, wire).draft()
    except Refusal as why:
        unreadable = why
        draft = parse(VoucherBody, _readable(wire, why)).draft()
    voucher_id = form.voucher.id if form.voucher else None
    forecast = issuing.foresee(shop(), actor, draft, voucher_id)
    found = _that_hold(forecast, unreadable)
    refused_before = form.refusal
    for refusal in found:
        form.refuse(refusal)
    form.refusal = refused_before or (found[0] if found else None)
    return _panel(form, actor, forecast, draft.terms.price, found)


def _bad(refusal: Refusal) -> frozenset[str]:
    return frozenset(detail.field for detail in refusal.details)


def _readable(wire: dict[str, Any], refusal: Refusal) -> dict[str, Any]:
    bad = _bad(refusal)
    return {**_STAND_INS, **{name: value for name, value in wire.items() if name not in bad}}


def _that_hold(forecast: Forecast, unreadable: Refusal | None) -> list[Refusal]:
    """What was found of the fields that could be read, behind what could not."""
    if unreadable is None:
        return forecast.refusals
    bad, found = _bad(unreadable), [unreadable]
    for refusal in forecast.refusals:
        name = refusal.error.code.rpartition(".")[2]
        if name == "INVALID_PARAMETER":
            # Dates in the wrong order are told together with the fields that cannot be read.
            rest = [one for one in refusal.details if one.field not in bad | set(DATES)]
            found += [refuse(name, rest)] if rest else []
        elif not _DEPENDS.get(name, frozenset()) & bad:
            found.append(refusal)
    return found


def _panel(
    form: VoucherForm,
    actor: Actor,
    forecast: Forecast,
    price: Decimal,
    found: list[Refusal],
) -> Panel:
    wire = form.wire()
    bad = frozenset(one.field for refusal in found for one in refusal.details)
    missing = [name for name in SPOKEN if name in form.field_problems and name not in wire]
    line = timeline({name: form.instants(name) for name in WINDOWS})
    priced, counted = not bad & {"price"}, not bad & {"price", "volume"}
    left = (forecast.deposit or 0) - (forecast.withdraw or 0)
    spent = forecast.total - forecast.takes
    wrong = len(form.problems) + sum(map(len, form.field_problems.values())) - len(missing)
    return Panel(
        ticket=_ticket(form, actor, forecast if priced else None, counted=counted),
        line=line,
        price=price if priced else None,
        points=forecast.points if priced else None,
        total=forecast.total if counted else None,
        takes=forecast.takes if counted else None,
        deposit=forecast.deposit,
        withdraw=forecast.withdraw,
        fits=max(left + spent, 0) // forecast.points if priced and forecast.points else None,
        coupons=forecast.coupons,
        missing=tuple(missing),
        wrong=wrong,
        code=found[0].error.code if found else None,
        warnings=() if any(bar.problems for bar in line.bars) else tuple(_warnings(form)),
    )


def _ticket(form: VoucherForm, actor: Actor, forecast: Forecast | None, *, counted: bool) -> Ticket:
    volume = forecast.total // forecast.points if counted and forecast and forecast.points else None
    limit = str(form.wire().get("redeemLimit", ""))
    gone = form.voucher.redeemed if form.voucher else 0
    return Ticket(
        title=form.wire().get("title"),
        points=forecast.points if forecast else None,
        picture=picture_of(form, actor),
        redeem=form.instants("redeem"),
        use=form.instants("use"),
        volume=volume,
        left=volume - gone if volume else volume,
        voucher_type=form.voucherType.data or None,
        target_type=form.targetType.data or None,
        redeem_limit=int(limit) if _LIMIT.fullmatch(limit) else None,
    )


def picture_of(form: VoucherForm, actor: Actor) -> str | None:
    """Where the form's picture can be seen, if it is a whole one of the actor's tenant."""
    key = form.wire().get("thumbnailObjectKey")
    if key is None:
        return None
    try:
        uploads.need_picture(storage(), actor, key, None, keep=False)
    except Refusal:
        return None  # The form's check has said why.
    return picture_url(key)


def _warnings(form: VoucherForm) -> list[Text]:
    """What no rule forbids, and nobody wants by accident."""
    now, said = clock.now(), []
    on_end, redeem_end, use_end = (form.instants(name)[1] for name in WINDOWS)
    if (on_end and on_end < now) or (use_end and use_end < now):
        said.append(
            Text(
                "下架日或使用迄日已經過去：可以發行，但不能上架。",
                "The last day on the shelf or of use has passed: it can be issued, but not put on"
                " the shelf.",
            )
        )
    elif redeem_end and redeem_end < now:
        said.append(
            Text(
                "兌換迄日已經過去：上架後沒有人能兌換。",
                "The last day to redeem has passed: on the shelf, nobody could redeem it.",
            )
        )
    elif on_end and redeem_end and redeem_end > on_end:
        said.append(
            Text(
                "兌換迄日晚於下架日：下架後就不能兌換。",
                "It comes off the shelf before the last day to redeem; after that nobody can"
                " redeem it.",
            )
        )
    return said


def check_url(form: VoucherForm) -> str:
    return url_for("vouchers.check", voucher=form.voucher.id if form.voucher else None)
