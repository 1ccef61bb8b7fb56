"""Vouchers by the thousand, straight into the table, for tests about the shelf."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import text

from tests.support.cast import fund
from voucherweb.domain import clock
from voucherweb.services.vendors import vendor_of_tenant
from voucherweb.transaction import session, unit_of_work

_INSERT = text("""
    INSERT INTO vouchers (tenant_id, vendor_id, voucher_no, voucher_type, target_type, use_type,
        status, price, redeem_points, volume, redeem_limit, redeem_start, redeem_end, use_start,
        use_end, on_start, on_end, issue_date, title, first_on_at)
    SELECT :tenant, :vendor, :prefix || n, '01', 'ALL', 'SELF', 'ON', 1, 30, 10, 0, :start, :last,
        :start, :use_end, :start, :on_end, :start, '券', :start
    FROM generate_series(1, :count) n
""")


def shelve(tenant_id: str, count: int, on_end: datetime, use_end: datetime | None = None) -> None:
    """Put vouchers on the shelf until `on_end`, to be used until `use_end` (a day later)."""
    fund(tenant_id)
    use_end = use_end or on_end + timedelta(days=1)
    with unit_of_work():
        vendor = vendor_of_tenant(uuid.UUID(tenant_id))
        assert vendor is not None
        values = {
            "tenant": tenant_id,
            "vendor": vendor.id,
            "prefix": uuid.uuid4().hex[:8],
            "count": count,
            "start": clock.now() - timedelta(days=2),
            "last": min(on_end, use_end),
            "on_end": on_end,
            "use_end": use_end,
        }
        session.execute(_INSERT, values)


def still_on() -> int:
    """How many vouchers the table calls ON."""
    with unit_of_work():
        return session.scalar(text("SELECT count(*) FROM vouchers WHERE status = 'ON'")) or 0


def last_taken_down() -> datetime:
    """When the last voucher came down, by the audit log."""
    with unit_of_work():
        at = session.scalar(
            text("SELECT max(at) FROM audit_entries WHERE action = 'voucher.take_down'")
        )
    assert isinstance(at, datetime)
    return at
