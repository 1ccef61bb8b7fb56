"""A fixed cast for tests: two tenants, their admins, a platform admin, members with points."""

import itertools
import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.actor import OPERATOR
from voucherweb.models import Admin, AuthSession, Member, Tenant, Voucher
from voucherweb.services import members, points, quotas, tokens, vendors
from voucherweb.transaction import session, unit_of_work

PASSWORD = "correct horse battery staple"
_serial = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Caller:
    """Someone with a bearer token, who calls the API and gets the parsed answer."""

    client: FlaskClient
    token: str
    id: str
    tenant_id: str | None = None

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        sent = {"Authorization": f"Bearer {self.token}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(path, json={} if body is None else body, headers=sent)

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, headers={"Authorization": f"Bearer {self.token}", **headers})

    def data(self, path: str, body: Any = None) -> Any:
        """The `result.data` of a call that must succeed."""
        answer = self.post(path, body)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.json["result"]["data"]


def make_tenant(name: str = "小港醫院", kind: str = "HOSPITAL") -> str:
    with unit_of_work():
        tenant = Tenant(code=f"T{next(_serial)}", name=name, type=kind)
        session.add(tenant)
        session.flush()
        return str(tenant.id)


def make_admin(client: FlaskClient, settings: Settings, tenant_id: str | None = None) -> Caller:
    """An admin with a live session; a tenant makes it a tenant admin."""
    with unit_of_work():
        admin = Admin(
            role="TENANT_ADMIN" if tenant_id else "PLATFORM_ADMIN",
            tenant_id=uuid.UUID(tenant_id) if tenant_id else None,
            account=f"admin{next(_serial)}@example.test",
            password_hash="unusable",
        )
        session.add(admin)
        session.flush()
        auth = AuthSession(admin_id=admin.id, expires_at=clock.now() + timedelta(days=30))
        session.add(auth)
        session.flush()
        token = tokens.admin_access(settings, admin.id, auth.id)
        return Caller(client, token, str(admin.id), tenant_id)


def make_member(
    client: FlaskClient,
    settings: Settings,
    *,
    grant: int = 100_000,
    tenant_id: str | None = None,
    gender: str | None = "F",
    birthdate: date | None = date(1985, 5, 20),
) -> Caller:
    """A member with a token and points to spend."""
    person = members.Person(
        name="王小明",
        gender=gender,
        birthdate=birthdate,
        tenant_id=uuid.UUID(tenant_id) if tenant_id else None,
    )
    with unit_of_work():
        member: Member = members.create_member(person)
        if grant:
            points.grant(OPERATOR, member.id, grant, "test")
        token = tokens.member_token(settings, member.household_member_id)
        return Caller(client, token, member.household_member_id, tenant_id)


def fund(tenant_id: str, amount: int = 100_000_000) -> None:
    """Give a tenant a vendor, if it has none, and quota."""
    with unit_of_work():
        if vendors.vendor_of_tenant(uuid.UUID(tenant_id)) is None:
            vendors.add_vendor(OPERATOR, uuid.UUID(tenant_id))
        terms = quotas.PurchaseTerms(clock.now(), amount, Decimal(amount) / 100, None)
        quotas.add_purchase(OPERATOR, uuid.UUID(tenant_id), terms)


def voucher_body(**changes: Any) -> dict[str, Any]:
    """A valid body of voucher/add whose windows are all open now."""
    now = clock.to_millis(clock.now())
    hour, day = 3_600_000, 86_400_000
    body = {
        "title": "CITY CAFE 中杯拿鐵",
        "targetType": "ALL",
        "voucherType": "01",
        "useType": "SELF",
        "price": 5,
        "volume": 10,
        "redeemStartDate": now - hour,
        "redeemEndDate": now + day,
        "useStartDate": now - hour,
        "useEndDate": now + 2 * day,
        "onStartDate": now - hour,
        "onEndDate": now + day,
        "redeemLimit": 0,
    }
    return {**body, **changes}


def issue(admin: Caller, *, on: bool = True, **changes: Any) -> str:
    """Issue a voucher through the API (its tenant must be funded); answers its id."""
    voucher_id: str = admin.data("/voucher-mgmt/voucher/add", voucher_body(**changes))["id"]
    if on:
        admin.data("/voucher-mgmt/voucher/update-status", {"id": voucher_id, "status": "ON"})
    return voucher_id


def voucher_row(voucher_id: str) -> Voucher:
    """The voucher as the database has it now."""
    with unit_of_work():
        found = session.get_one(Voucher, uuid.UUID(voucher_id))
        session.expunge(found)
        return found
