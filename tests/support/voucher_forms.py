"""The voucher form as somebody fills it in, and the same as a body of the API."""

import html
import re
import uuid
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.support.site import Visitor, tokens
from voucherweb.domain import clock
from voucherweb.domain.enums import JobState
from voucherweb.models import CouponImport, Job, Voucher
from voucherweb.services import coupons, jobs
from voucherweb.transaction import session, unit_of_work

ZONE = ZoneInfo("Asia/Taipei")
NEW = "/admin/vouchers/new"
CHECK = "/admin/vouchers/check"
_PROBLEM = re.compile(
    r'<p class="problem" id="(\w+)-problem"[^>]*?(hidden)?>.*?<span>(.*?)</span>', re.DOTALL
)
_CODE = re.compile(r'id="answer-code" hidden>([\w.]+)<')


def day(ahead: int) -> str:
    """A local day so many days from today, as a date input gives it."""
    return (clock.local_date(clock.now(), ZONE) + timedelta(days=ahead)).isoformat()


def typed(**changes: Any) -> dict[str, Any]:
    """A voucher form, well filled in; a field that becomes None is not sent."""
    form = {
        "title": "CITY CAFE 中杯拿鐵",
        "voucherType": "01",
        "targetType": "ALL",
        "useType": "SELF",
        "price": "5",
        "volume": "10",
        "redeemLimit": "1",
        "onStartDate": day(0),
        "onEndDate": day(10),
        "redeemStartDate": day(0),
        "redeemEndDate": day(10),
        "useStartDate": day(0),
        "useEndDate": day(30),
        **changes,
    }
    return {name: value for name, value in form.items() if value is not None}


def body(form: dict[str, Any]) -> dict[str, Any]:
    """What a client of the API would send for the same voucher."""
    return {name: _wire(name, value) for name, value in form.items() if value != ""}


def _wire(name: str, value: str) -> Any:
    if not name.endswith("Date"):
        return value
    try:
        typed_day = date.fromisoformat(value)
    except ValueError:
        return value
    moment = time.max.replace(microsecond=999_000) if "End" in name else time.min
    return clock.to_millis(datetime.combine(typed_day, moment, tzinfo=ZONE).astimezone(UTC))


def problems(page: str) -> dict[str, str]:
    """What each field is told, by name."""
    found = {}
    for name, hidden, text in _PROBLEM.findall(page):
        if not hidden:
            found[name] = html.unescape(text)
    return found


def values(page: str) -> dict[str, str]:
    """The inputs of the form as the browser would send them, but for texts and choices."""
    found = re.findall(r'<input[^>]*?name="(\w+)"[^>]*?value="([^"]*)"', page)
    return {name: value for name, value in found if "Type" not in name}


def live_vouchers() -> int:
    """How many vouchers there are that nobody deleted."""
    with unit_of_work():
        return session.query(Voucher).filter(Voucher.deleted_at.is_(None)).count()


def one_voucher() -> str:
    """The id of the only voucher there is."""
    with unit_of_work():
        return str(session.query(Voucher).one().id)


def code(page: str) -> str | None:
    """What the API would answer, as the side panel knows it."""
    found = _CODE.search(page)
    return found[1] if found else None


def check(site: Visitor, form: dict[str, Any], query: str = "", **sent: str) -> str:
    """The answer to a live check of the form."""
    guard = {"csrf_token": tokens(site.text(NEW))["csrf_token"]}
    answer = site.send(CHECK + query, {**guard, **form, **sent})
    assert answer.status_code == 200, answer.text[:2000]
    return answer.text


def make_import(tenant_id: str | None, good: int = 2, failed: int = 0) -> str:
    """An import of a tenant with so many good and refused rows, as if a job had made it."""
    tenant = uuid.UUID(tenant_id)
    texts = [("券", "說明", f"https://example.test/c/{n}") for n in range(good)]
    with unit_of_work():
        kept = CouponImport(
            tenant_id=tenant,
            coupon_set_id=coupons.create_set(tenant, texts).id,
            total=good + failed,
            success=good,
            failed=failed,
            expires_at=clock.now() + timedelta(days=7),
        )
        session.add(kept)
        session.flush()
        result = {"importId": str(kept.id), "setId": str(kept.coupon_set_id)}
        counts = {"total": good + failed, "success": good, "failed": failed}
        session.add(
            Job(
                kind=jobs.IMPORT,
                tenant_id=tenant,
                actor="test",
                state=JobState.DONE,
                params={"fileName": "咖啡券.xlsx"},
                result=result | counts,
                finished_at=clock.now(),
            )
        )
        return str(kept.id)
