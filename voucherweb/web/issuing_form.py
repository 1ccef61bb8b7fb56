"""The form of a voucher: fields as on the wire, dates as local days.

A day without a time begins at 00:00:00.000 and ends at 23:59:59.999 (behaviour §3); an end with a
time includes that whole minute or second.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from flask import request
from wtforms import FileField, HiddenField, RadioField, SelectField, StringField, TextAreaField

from voucherweb.api.management.voucher_shapes import draft_of
from voucherweb.domain import clock
from voucherweb.domain.voucher_rules import LOCKED_WHEN_OFF
from voucherweb.errors import Detail, Refusal
from voucherweb.models import Voucher
from voucherweb.web.forms import Form
from voucherweb.web.labels import choices
from voucherweb.web.language import Text
from voucherweb.web.shown import local, settings

WINDOWS: Final = ("on", "redeem", "use")
DATES: Final = tuple(f"{name}{edge}Date" for name in WINDOWS for edge in ("Start", "End"))
SPOKEN: Final = (
    *("title", "voucherType", "targetType", "useType", "productId"),
    *("price", "volume", "redeemLimit"),
    *DATES,
    *("thumbnailObjectKey", "description", "notice", "couponImportId"),
)
"""The fields that have a place for what is wrong with them."""
PRESETS: Final = {
    "week": Text("一週", "1 week"),
    "month": Text("一個月", "1 month"),
    "year": Text("今年底", "End of year"),
}
FILL_IN: Final = Text("請填寫", "fill this in")
CHOOSE_DAY: Final = Text("請填日期，例如 2026/11/21", "give a date such as 2026-11-21")
PLACES: Final = {
    "VOUCHER_USE_TYPE_NOT_ALLOWED": "useType",
    "VOUCHER_NEED_PRODUCT_ID": "productId",
    "VOUCHER_NEED_COUPON_LIST": "couponImportId",
    "VOUCHER_COUPON_REDEEM_NOT_MATCH": "volume",
    "VOUCHER_INSUFFICIENT_QUOTA": "volume",
    "VOUCHER_NO_EXHAUSTED": "voucherType",
    "UPLOAD_NOT_COMPLETE": "thumbnailObjectKey",
}
"""Where a refusal that names no field is shown."""
OVERTAKEN: Final = Text(
    "這張票券剛被其他人修改過，所以沒有儲存。畫面上是你填的內容；再送出一次就會取代對方的修改。",
    "Somebody else has changed this voucher meanwhile, so nothing was saved. What you see is what"
    " you typed; sending it once more replaces their change.",
)
LAST_DAY: Final = date(9999, 12, 30)
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?")
_SECOND, _MINUTE = timedelta(seconds=1), timedelta(minutes=1)
_MILLISECOND = timedelta(milliseconds=1)


class VoucherForm(Form):
    """Contract A §新增票券. `kept` holds the instants that the dates came from, so that one that
    is finer than a form can say is not changed by sending the form back."""

    title = StringField(Text("票券名稱", "Title"))
    voucherType = RadioField(  # noqa: N815
        Text("票券類別", "Type"), validate_choice=False
    )
    targetType = RadioField(  # noqa: N815
        Text("對象", "For"), default="ALL", validate_choice=False
    )
    useType = RadioField(  # noqa: N815
        Text("核銷方式", "Way of use"),
        default="SELF",
        validate_choice=False,
    )
    productId = StringField(Text("商品編號", "Product id"))  # noqa: N815
    volume = StringField(Text("發行數量", "Volume"))
    price = StringField(Text("面額", "Price"))
    redeemLimit = StringField(Text("每人限兌換", "Limit per person"), default="1")  # noqa: N815
    onStartDate = StringField(Text("上架起日", "On shelf from"))  # noqa: N815
    onEndDate = StringField(Text("下架日", "On shelf until"))  # noqa: N815
    redeemStartDate = StringField(Text("兌換起日", "Redeem from"))  # noqa: N815
    redeemEndDate = StringField(Text("兌換迄日", "Redeem until"))  # noqa: N815
    useStartDate = StringField(Text("使用起日", "Use from"))  # noqa: N815
    useEndDate = StringField(Text("使用迄日", "Use until"))  # noqa: N815
    onStartDate_time = StringField(Text("上架起始時間", "On shelf from, time"))  # noqa: N815
    onEndDate_time = StringField(Text("下架時間", "On shelf until, time"))  # noqa: N815
    redeemStartDate_time = StringField(Text("兌換起始時間", "Redeem from, time"))  # noqa: N815
    redeemEndDate_time = StringField(Text("兌換截止時間", "Redeem until, time"))  # noqa: N815
    useStartDate_time = StringField(Text("使用起始時間", "Use from, time"))  # noqa: N815
    useEndDate_time = StringField(Text("使用截止時間", "Use until, time"))  # noqa: N815
    thumbnailObjectKey = HiddenField(Text("票券圖片", "Picture"))  # noqa: N815
    picture = FileField(Text("票券圖片", "Picture"))
    description = TextAreaField(Text("使用說明", "Description"))
    notice = TextAreaField(Text("注意事項", "Notice"))
    couponImportId = SelectField(  # noqa: N815
        Text("折價券", "Coupons"), validate_choice=False
    )
    workbook = FileField(Text("折價券檔案", "Coupon workbook"))
    couponJob = HiddenField()  # noqa: N815
    kept = HiddenField()
    seen = HiddenField()
    touched = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.voucherType.choices = choices("voucher_type")
        self.targetType.choices = choices("target")
        self.useType.choices = choices("use_type")

    voucher: Voucher | None = None
    """The voucher that the form would change."""
    locked: frozenset[str] = frozenset()
    """Names of fields that cannot change any more."""

    def wire(self) -> dict[str, Any]:
        """The body of voucher/add; a locked field that was not sent stays as it is."""
        given: dict[str, Any] = {
            name: self._instant(name) if name in DATES else _clean(self[name].data)
            for name in SPOKEN
        }
        if self.voucher and self.locked:
            own = draft_of(self.voucher).wire()
            given |= {name: own.get(name) for name in self.locked if request.form.get(name) is None}
        return {name: value for name, value in given.items() if value not in (None, "")}

    def _instant(self, name: str) -> int | str | None:
        """Epoch millis of a typed day and time, or what was typed when that is none."""
        day_text = _clean(self[name].data) or ""
        time_text = _clean(self[f"{name}_time"].data) or ""
        kept = self._kept().get(name)
        if kept is not None and typed(kept, name) == (day_text, time_text):
            return clock.to_millis(kept)
        found = instant_of(day_text, time_text, name)
        return clock.to_millis(found) if found else day_text or None

    def _kept(self) -> dict[str, datetime]:
        parts = str(self.kept.data or "").split(",")
        if len(parts) != len(DATES) or not all(_is_millis(one) for one in parts):
            return {}
        return {name: clock.from_millis(int(one)) for name, one in zip(DATES, parts, strict=True)}

    def refuse(self, refusal: Refusal) -> None:
        place = PLACES.get(refusal.error.code.rpartition(".")[2])
        if place and not refusal.details:
            self.refusal = refusal
            self.refuse_field(Detail(place, refusal.error.en, refusal.error.zh))
        elif any(detail.field == "updateTime" for detail in refusal.details):
            self.refusal = refusal
            self.problems.append(OVERTAKEN)
        else:
            super().refuse(refusal)
            self.problems = list(dict.fromkeys(self.problems))

    def refuse_field(self, detail: Detail) -> None:
        if detail.en == "Field required":
            said = CHOOSE_DAY if detail.field in DATES else FILL_IN
            detail = Detail(detail.field, said.en, said.zh)
        elif detail.field in DATES and not detail.en.startswith("must not"):
            detail = Detail(detail.field, CHOOSE_DAY.en, CHOOSE_DAY.zh)
        if Text(detail.zh, detail.en) not in self.field_problems.get(detail.field, []):
            super().refuse_field(detail)

    def instants(self, window: str) -> tuple[datetime | None, datetime | None]:
        """The ends of a window as far as they can be read."""
        first, last = (self._instant(f"{window}{edge}Date") for edge in ("Start", "End"))
        return _known(first), _known(last)

    def hush(self) -> None:
        """Say nothing about what nobody has come to yet: empty fields that were not touched."""
        given, touched = self.wire(), set(str(self.touched.data or "").split(","))
        for name in [one for one in self.field_problems if one not in given]:
            if name not in touched:
                del self.field_problems[name]

    def preset(self, wanted: str) -> tuple[str, str] | None:
        """Fill in a window as a chip says, e.g. `use.month`; the names of what it filled in."""
        window, _, length = wanted.partition(".")
        if window not in WINDOWS or length not in PRESETS:
            return None
        first, last = f"{window}StartDate", f"{window}EndDate"
        start = _day(self[first].data) or self._first_day(window)
        try:
            end = max(_end_of(start, length), start)
        except (ValueError, OverflowError):  # Beyond the last day that there is.
            return None
        for name, day in ((first, start), (last, end)):
            if _day(self[name].data) != day:
                self[name].data, self[f"{name}_time"].data = day.isoformat(), ""
        return first, last

    def _first_day(self, window: str) -> date:
        """Where a window without a start begins: with the shelf, else today."""
        shelf = _day(self.onStartDate.data) if window != "on" else None
        return shelf or local(clock.now()).date()


def days_to_move(voucher: Voucher, at: datetime) -> int:
    """By how many days a copy has to be later so that its first window begins today, or tomorrow
    where one would be over by now: 0 unless one of the voucher's windows is over, or when that
    would lead beyond the last day that there is."""
    instants = _instants(voucher)
    if at <= min(instants[1::2]):
        return 0
    days = (local(at).date() - local(min(instants[::2])).date()).days
    days += at > _moved(min(instants[1::2]), days)
    return days if local(max(instants)).date() <= LAST_DAY - timedelta(days=days) else 0


def _moved(instant: datetime, days: int) -> datetime:
    """The same time of day so many days later."""
    there = local(instant)
    return datetime.combine(
        there.date() + timedelta(days=days), there.time(), tzinfo=settings().timezone
    ).astimezone(UTC)


def of_voucher(voucher: Voucher, days: int = 0) -> dict[str, Any]:
    """What the form of a voucher, or of a copy of it that is so many days later, is filled with."""
    draft = draft_of(voucher)
    data: dict[str, Any] = {
        name: str(value)
        for name, value in draft.wire().items()
        if name not in DATES and value is not None
    }
    moved = (_moved(one, days) if days else one for one in _instants(voucher))
    instants = dict(zip(DATES, moved, strict=True))
    for name, instant in instants.items():
        data[name], data[f"{name}_time"] = typed(instant, name)
    data["kept"] = ",".join(str(clock.to_millis(one)) for one in instants.values())
    data["price"] = f"{voucher.price.normalize():f}"
    return data


def locked_names() -> frozenset[str]:
    """Fields of the wire that a voucher keeps once it was on the shelf (behaviour §5)."""
    return frozenset(LOCKED_WHEN_OFF.values())


def typed(instant: datetime, name: str) -> tuple[str, str]:
    """A date of a voucher as the form shows it: local day, and time unless it is the default."""
    there = local(instant)
    ends = name.endswith("EndDate")
    shown = there.time().replace(tzinfo=None)
    if shown == (time(23, 59, 59, 999_000) if ends else time.min):
        return there.date().isoformat(), ""
    whole = (59, 999_000) if ends else (0, 0)
    minute = (shown.second, shown.microsecond) == whole
    return there.date().isoformat(), f"{shown:%H:%M}" if minute else f"{shown:%H:%M:%S}"


def instant_of(day_text: str, time_text: str, name: str) -> datetime | None:
    """The instant of a typed day and time; None when that cannot be read."""
    day, ends, zone = _day(day_text), name.endswith("EndDate"), settings().timezone
    if day is None or not date(1970, 1, 2) <= day <= LAST_DAY:
        return None
    if not time_text:
        return clock.end_of_day(day, zone) if ends else clock.start_of_day(day, zone)
    found = _TIME.fullmatch(time_text)
    if found is None:
        return None
    try:
        instant = datetime.combine(day, time.fromisoformat(time_text), tzinfo=zone).astimezone(UTC)
    except ValueError:
        return None
    if ends:
        instant += (_SECOND if found[1] else _MINUTE) - _MILLISECOND
    return instant


def _instants(voucher: Voucher) -> tuple[datetime, ...]:
    return (
        *(voucher.on_start, voucher.on_end),
        *(voucher.redeem_start, voucher.redeem_end),
        *(voucher.use_start, voucher.use_end),
    )


def _clean(value: object) -> str | None:
    """Without what no form can hold, and with the line ends that the wire has."""
    if not isinstance(value, str):
        return None
    return value.replace("\0", "").replace("\r\n", "\n").strip()


def _known(value: int | str | None) -> datetime | None:
    return clock.from_millis(value) if isinstance(value, int) else None


def _is_millis(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 15


def _day(text: object) -> date | None:
    if not isinstance(text, str) or not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text.strip()):
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _end_of(start: date, length: str) -> date:
    if length == "week":
        return start + timedelta(days=6)
    if length == "year":
        return date(start.year, 12, 31)
    year, month = divmod(start.year * 12 + start.month, 12)
    for day in range(start.day, 27, -1):
        try:
            return date(year, month + 1, day) - timedelta(days=1)
        except ValueError:
            continue
    return date(year, month + 1, min(start.day, 28)) - timedelta(days=1)
