"""Sets of coupons for tests: made, filled, given, and looked at as rows."""

import io
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import psycopg
from flask import current_app
from sqlalchemy import select, text, update
from xlsxwriter import Workbook

from tests.support.errands import claimed, silent, store
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.actor import OPERATOR
from voucherweb.domain.coupon_terms import SetTerms
from voucherweb.domain.partner import CallerKind, Partner
from voucherweb.models import PLATFORM_OWNER, Branch, Coupon, CouponGift, CouponSet, Member
from voucherweb.services import coupon_gifts, coupon_imports, coupon_jobs, coupon_sets
from voucherweb.services.autocommit import Execute, alone
from voucherweb.transaction import session, unit_of_work

DAY = timedelta(days=1)


def terms(name: str = "夏季咖啡券", **changes: Any) -> SetTerms:
    """A set that is good from an hour ago until tomorrow."""
    now = clock.now()
    return SetTerms(name, **{"start_date": now - DAY / 24, "end_date": now + DAY, **changes})


def caller(owner_id: uuid.UUID | str) -> Partner:
    """A partner's server, as services know it."""
    owner = uuid.UUID(str(owner_id))
    tenant = None if owner == PLATFORM_OWNER else owner
    key = uuid.uuid4()
    return Partner(CallerKind.KEY, key, tenant, owner, key)


def execute() -> Execute:
    """Each statement as a transaction of its own."""
    return alone(current_app.extensions["settings"])


def auto_set(owner_id: uuid.UUID | str, **changes: Any) -> uuid.UUID:
    """A set that makes codes; its id."""
    with unit_of_work():
        owner = uuid.UUID(str(owner_id))
        return coupon_sets.create_auto_set(owner, OPERATOR, terms(**changes)).id


def pool(tenant_id: uuid.UUID | str | None, count: int, **changes: Any) -> uuid.UUID:
    """A generated pool of so many codes, filled in this process; its id."""
    job_id = asked_pool(tenant_id, count, **changes)
    coupon_jobs.run_generation(claimed(job_id), silent)
    return job_id


def asked_pool(tenant_id: uuid.UUID | str | None, count: int, **changes: Any) -> uuid.UUID:
    """The same, but still waiting for its job."""
    tenant = uuid.UUID(str(tenant_id)) if tenant_id else None
    with unit_of_work():
        wanted = terms(quantity=count, **changes)
        return coupon_jobs.start_generation(OPERATOR, tenant, wanted)


def asked_import(tenant_id: uuid.UUID | str, file: tuple[str, bytes], **changes: Any) -> uuid.UUID:
    """An import that waits for its job."""
    tenant = uuid.UUID(str(tenant_id))
    return coupon_imports.start_import(OPERATOR, store(), tenant, terms(**changes), file)


def imported(tenant_id: uuid.UUID | str, codes: Sequence[str], **changes: Any) -> uuid.UUID:
    """A pool of a tenant's own codes, filled in this process; its id."""
    job_id = asked_import(tenant_id, csv_file(codes), **changes)
    coupon_imports.run_import(claimed(job_id), store(), silent)
    return job_id


def csv_file(codes: Sequence[str], header: str = "代碼") -> tuple[str, bytes]:
    lines = [header, *codes]
    return "codes.csv", "".join(f"{line}\r\n" for line in lines).encode()


def xlsx_file(rows: Sequence[Sequence[Any]]) -> tuple[str, bytes]:
    """A workbook as an honest tenant makes it: texts as texts, numbers as numbers."""
    out = io.BytesIO()
    with Workbook(out, {"strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
    return "codes.xlsx", out.getvalue()


def member_of(tenant_id: uuid.UUID | str | None) -> str:
    """A new member of the tenant; the householdMemberId."""
    with unit_of_work():
        member = Member(
            tenant_id=uuid.UUID(str(tenant_id)) if tenant_id else None,
            name="王小明",
            phone_number="0912345678",
        )
        session.add(member)
        session.flush()
        session.refresh(member)
        return member.household_member_id


def branch(tenant_id: uuid.UUID | str, code: str = "B1") -> uuid.UUID:
    with unit_of_work():
        place = Branch(tenant_id=uuid.UUID(str(tenant_id)), code=code, name="信義店")
        session.add(place)
        session.flush()
        return place.id


def set_row(set_id: uuid.UUID | str) -> CouponSet:
    """A set as the table has it now."""
    with unit_of_work():
        found = session.get_one(CouponSet, uuid.UUID(str(set_id)))
        session.expunge(found)
        return found


def counts(set_id: uuid.UUID | str) -> tuple[int, int, int]:
    """(total, given, used) of a set."""
    row = set_row(set_id)
    return row.total, row.given, row.used


def statuses(set_id: uuid.UUID | str) -> list[str]:
    """The states of a set's coupons in their order."""
    with unit_of_work():
        query = select(Coupon.status).where(Coupon.set_id == uuid.UUID(str(set_id)))
        return list(session.scalars(query.order_by(Coupon.ordinal)))


def codes_of(set_id: uuid.UUID | str) -> list[str]:
    """A set's codes in their order."""
    with unit_of_work():
        query = select(Coupon.code).where(Coupon.set_id == uuid.UUID(str(set_id)))
        return [code or "" for code in session.scalars(query.order_by(Coupon.ordinal))]


def gift_row(gift_id: uuid.UUID | str) -> CouponGift:
    with unit_of_work():
        found = session.get_one(CouponGift, uuid.UUID(str(gift_id)))
        session.expunge(found)
        return found


def change_set(set_id: uuid.UUID | str, **values: Any) -> None:
    """Change a set in a way that no service offers."""
    with unit_of_work():
        statement = update(CouponSet).where(CouponSet.id == uuid.UUID(str(set_id)))
        session.execute(statement.values(**values))


def shift(set_id: uuid.UUID | str, start: datetime, end: datetime) -> None:
    change_set(set_id, start_date=start, end_date=end)


@contextmanager
def held(settings: Settings) -> Iterator[None]:
    """Nobody can fill a pool while the block lasts: running jobs wait before their first code."""
    with psycopg.connect(settings.database_url) as connection:
        connection.execute("LOCK TABLE coupons IN SHARE MODE")
        yield
        connection.rollback()


def some_given(tenant_id: uuid.UUID | str | None) -> None:
    """A pool of which all were given and two taken back, one of these given again; and a set that
    made two codes, of which one was used."""
    by, person = caller(str(tenant_id)), member_of(tenant_id)
    full, made = pool(tenant_id, 3), auto_set(by.owner_id)
    given = coupon_gifts.give(execute(), by, person, full, 3)
    for one in given[:2]:
        coupon_gifts.void(execute(), by, one.id)
    coupon_gifts.give(execute(), by, person, full)
    fresh = coupon_gifts.give(execute(), by, person, made, 2)
    coupon_gifts.use(execute(), by, fresh[1].code)


def of_everything() -> list[Any]:
    """Every row that giving, taking back and using may change."""
    queries = (
        "SELECT s.* FROM coupon_sets s ORDER BY id",
        "SELECT c.* FROM coupons c ORDER BY set_id, ordinal",
        "SELECT g.* FROM coupon_gifts g ORDER BY id",
    )
    with unit_of_work():
        return [session.execute(text(query)).all() for query in queries]
