"""API keys: who may make them, how their secrets follow one another, and a tenant's sandbox."""

import hashlib
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.support.add_ons import issue_key
from tests.support.cast import Caller, make_tenant
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.actor import OPERATOR, Actor
from voucherweb.domain.enums import Role
from voucherweb.domain.paging import PageRequest
from voucherweb.domain.partner import Scope
from voucherweb.errors import Refusal
from voucherweb.models import (
    ApiKey,
    ApiKeySecret,
    AuditEntry,
    Branch,
    Card,
    Coupon,
    CouponSet,
    Member,
    Programme,
    Tenant,
)
from voucherweb.services import (
    admins,
    api_keys,
    finding,
    member_search,
    members,
    partner_tokens,
    sandboxes,
    statistics_list,
    summary,
    tenants,
    vendors,
)
from voucherweb.services.autocommit import alone
from voucherweb.services.proof import prove
from voucherweb.transaction import session, unit_of_work

HOUR = timedelta(hours=1)
ALL = PageRequest(1, 100, "name", descending=False)


def actor_of(admin: Caller, role: Role = Role.TENANT_ADMIN) -> Actor:
    return Actor(role, uuid.UUID(admin.id), uuid.UUID(admin.tenant_id))


def refused(act: Any, *args: Any, **named: Any) -> str:
    """The code, and the fields that it names."""
    with pytest.raises(Refusal) as caught, unit_of_work():
        act(*args, **named)
    fields = [one.field for one in caught.value.details]
    return ":".join([caught.value.error.code.rpartition(".")[2], *fields])


def works(settings: Settings, key: str, secret: str) -> bool:
    try:
        token = api_keys.issue_token(settings, key, secret).access_token
        partner_tokens.authenticate(settings, alone(settings), token)
    except Refusal:
        return False
    return True


def audited(action: str) -> list[dict[str, Any]]:
    with unit_of_work():
        found = select(AuditEntry.data).where(AuditEntry.action == action)
        return list(session.scalars(found.order_by(AuditEntry.id)))


def test_a_key_is_named_and_its_secret_kept_as_a_digest(tenant_id: str) -> None:
    key = issue_key(tenant_id)
    assert re.fullmatch(r"vk_live_[0-9a-f]{24}", key.api_key)
    assert re.fullmatch(r"vs_live_[A-Za-z0-9_-]{43}", key.api_secret)
    with unit_of_work():
        kept = session.scalars(select(ApiKeySecret.secret_hash)).one()
    assert kept == hashlib.sha256(key.api_secret.encode()).hexdigest()
    assert key.api_secret not in str(audited("api_key.add"))


def test_a_tenants_admin_makes_keys_of_the_own_tenant_alone(
    admin: Caller, stranger: Caller
) -> None:
    actor = actor_of(admin)
    with unit_of_work():
        api_keys.create_key(actor, actor.tenant_id, "POS")
    theirs = uuid.UUID(stranger.tenant_id)
    assert refused(api_keys.create_key, actor, theirs, "POS") == "NOT_EXIST"
    assert refused(api_keys.create_key, actor, uuid.uuid4(), "POS") == "NOT_EXIST"
    assert refused(api_keys.create_key, actor, None, "POS") == "FORBIDDEN"


@pytest.mark.parametrize("role", [Role.CLERK, Role.MEMBER])
def test_clerks_and_members_have_nothing_to_do_with_keys(admin: Caller, role: Role) -> None:
    actor, key = actor_of(admin, role), issue_key(admin.tenant_id).api_key
    told = [
        refused(api_keys.create_key, actor, actor.tenant_id, "POS"),
        refused(api_keys.rotate_key, actor, key),
        refused(api_keys.revoke_key, actor, key),
        refused(api_keys.get_key, actor, key),
        refused(api_keys.list_keys, actor),
    ]
    assert told == ["FORBIDDEN"] * 5


def test_a_foreign_key_is_as_unknown_as_one_that_is_none(admin: Caller, stranger: Caller) -> None:
    key, actor = issue_key(admin.tenant_id).api_key, actor_of(stranger)
    for name in (key, "vk_live_" + "0" * 24, "a\0b", "\ud800", ""):
        for act in (api_keys.get_key, api_keys.rotate_key, api_keys.revoke_key):
            assert refused(act, actor, name) == "NOT_EXIST"
    with unit_of_work():
        assert api_keys.list_keys(actor) == []
        assert api_keys.get_key(actor_of(admin), key).revoked_at is None
    assert refused(api_keys.list_keys, actor, uuid.UUID(admin.tenant_id)) == "NOT_EXIST"


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ({"name": " "}, "INVALID_PARAMETER:name"),
        ({"name": "x" * 101}, "INVALID_PARAMETER:name"),
        ({"name": "a\0b"}, "INVALID_PARAMETER:name"),
        ({"name": "x", "scopes": []}, "INVALID_PARAMETER:scopes"),
        ({"name": "x", "sandbox": True}, "INVALID_PARAMETER:sandbox"),
    ],
)
def test_a_key_that_cannot_be_is_refused(app: Flask, named: dict[str, Any], told: str) -> None:
    assert refused(api_keys.create_key, OPERATOR, None, **named) == told
    with unit_of_work():
        assert session.scalar(select(func.count()).select_from(ApiKey)) == 0


def test_a_key_has_the_scopes_that_it_was_given(settings: Settings, tenant_id: str) -> None:
    with unit_of_work():
        scopes = [Scope.POINTS_READ, Scope.MEMBERS_READ, Scope.POINTS_READ]
        key = api_keys.create_key(OPERATOR, uuid.UUID(tenant_id), "POS", scopes)
    token = api_keys.issue_token(settings, key.api_key, key.api_secret).access_token
    partner = partner_tokens.authenticate(settings, alone(settings), token)
    assert partner.scopes == {Scope.POINTS_READ, Scope.MEMBERS_READ}


def test_old_secrets_end_after_the_overlap_and_never_later_than_before(
    settings: Settings, tenant_id: str
) -> None:
    first = issue_key(tenant_id)
    key, now = first.api_key, clock.now()
    with unit_of_work():
        second = api_keys.rotate_key(OPERATOR, key, HOUR)
        third = api_keys.rotate_key(OPERATOR, key)
    secrets = [first.api_secret, second.api_secret, third.api_secret]
    lasting = {}
    for hours in (0, 2, 25):
        with clock.frozen(now + hours * HOUR):
            lasting[hours] = [works(settings, key, one) for one in secrets]
    assert lasting == {0: [True] * 3, 2: [False, True, True], 25: [False, False, True]}


def test_rotating_without_overlap_leaves_one_secret(settings: Settings, tenant_id: str) -> None:
    first = issue_key(tenant_id)
    with unit_of_work():
        second = api_keys.rotate_key(OPERATOR, first.api_key, timedelta())
        found = api_keys.get_key(OPERATOR, first.api_key)
        assert list(api_keys.ends_of_secrets(found)) == [None]
    assert not works(settings, first.api_key, first.api_secret)
    assert works(settings, first.api_key, second.api_secret)


def test_no_more_secrets_hold_at_once_than_are_compared(settings: Settings, tenant_id: str) -> None:
    made = [issue_key(tenant_id)]
    for _ in range(api_keys.MOST_SECRETS - 1):
        with unit_of_work():
            made.append(api_keys.rotate_key(OPERATOR, made[0].api_key))
    assert all(works(settings, one.api_key, one.api_secret) for one in made)
    assert refused(api_keys.rotate_key, OPERATOR, made[0].api_key) == "INVALID_PARAMETER:key"
    with unit_of_work():
        last = api_keys.rotate_key(OPERATOR, made[0].api_key, timedelta())
    assert works(settings, last.api_key, last.api_secret)
    assert not works(settings, made[-1].api_key, made[-1].api_secret)


@pytest.mark.parametrize("overlap", [timedelta(hours=-1), timedelta(days=30, seconds=1)])
def test_an_overlap_has_bounds(tenant_id: str, overlap: timedelta) -> None:
    key = issue_key(tenant_id).api_key
    told = refused(api_keys.rotate_key, OPERATOR, key, overlap)
    assert told == "INVALID_PARAMETER:overlap_hours"


def test_a_revoked_key_stays_revoked(settings: Settings, tenant_id: str) -> None:
    key = issue_key(tenant_id)
    with unit_of_work():
        first = api_keys.revoke_key(OPERATOR, key.api_key).revoked_at
    with unit_of_work():
        assert api_keys.revoke_key(OPERATOR, key.api_key).revoked_at == first
    assert len(audited("api_key.revoke")) == 1
    assert not works(settings, key.api_key, key.api_secret)
    assert refused(api_keys.rotate_key, OPERATOR, key.api_key) == "INVALID_PARAMETER:key"


def test_a_presented_text_that_cannot_be_encoded_is_merely_wrong(
    settings: Settings, tenant_id: str
) -> None:
    key = issue_key(tenant_id)
    for wrong in ("\ud800", "a\0b", "x" * 1_000_000):
        assert not works(settings, key.api_key, wrong)
        assert not works(settings, wrong, key.api_secret)
    assert len(audited("api_key.refused")) == 6


# The sandbox


def twin_of(tenant_id: str) -> uuid.UUID:
    with unit_of_work():
        found = select(Tenant.id).where(Tenant.sandbox_of == uuid.UUID(tenant_id))
        return session.scalars(found).one()


def test_the_first_sandbox_key_makes_a_twin_to_try_things_in(tenant_id: str) -> None:
    first, second = (issue_key(tenant_id, sandbox=True) for _ in range(2))
    assert first.api_key.startswith("vk_test_")
    assert second.api_secret.startswith("vs_test_")
    twin = twin_of(tenant_id)
    with unit_of_work():
        phones = session.scalars(
            select(Member.phone_number)
            .where(Member.tenant_id == twin)
            .order_by(Member.phone_number)
        ).all()
        cards = session.scalars(
            select(Card.balance).join(Programme).where(Programme.tenant_id == twin)
        ).all()
        pools = session.execute(
            select(CouponSet.source, CouponSet.total, CouponSet.given)
            .where(CouponSet.tenant_id == twin)
            .order_by(CouponSet.source.desc())
        ).all()
        codes = session.scalars(select(Coupon.code).where(Coupon.owner_id == twin)).all()
        branches = session.scalars(select(Branch.code).where(Branch.tenant_id == twin)).all()
    assert list(phones) == list(sandboxes.PHONES)
    assert phones[0] == "0900000001"
    assert list(cards) == [sandboxes.POINTS] * 5
    assert [tuple(one) for one in pools] == [("IMPORT", 100, 0), ("AUTO_GENERATE", 0, 0)]
    assert len(set(codes)) == 100
    assert list(branches) == ["B001"]
    assert len(audited("sandbox.add")) == 1
    with unit_of_work():
        assert prove(lambda _: None).ok


def test_a_twin_is_listed_nowhere(tenant_id: str, platform: Caller) -> None:
    issue_key(tenant_id, sandbox=True)
    boss = Actor(Role.PLATFORM_ADMIN, uuid.UUID(platform.id))
    newest = PageRequest(1, 100, "createTime", descending=True)
    with unit_of_work():
        listed, total = tenants.list_tenants(None, ALL)
        assert ([str(row[0].id) for row in listed], total) == ([tenant_id], 1)
        assert [str(one.id) for one in vendors.tenants_without_vendor()] == [tenant_id]
        every = PageRequest(1, 100, "tenantName", descending=False)
        listed = statistics_list.list_tenants(statistics_list.Filter(), every)
        assert (listed.rows, listed.total, listed.totals) == ([], 0, None)
        found = finding.find(boss, "小港")
        assert [str(one.id) for one in found.tenants] == [tenant_id]
        assert finding.find(boss, "0900000001").members == []
        assert member_search.search(boss, "", newest) == ([], 0)
        assert member_search.search(boss, "測試", newest) == ([], 0)


def test_a_twin_is_no_tenant_to_anybody(tenant_id: str) -> None:
    issue_key(tenant_id, sandbox=True)
    twin = twin_of(tenant_id)
    with unit_of_work():
        someone = session.scalars(select(Member.id)).first()
    password = "correct horse battery"
    admin = (admins.create_admin, OPERATOR, Role.TENANT_ADMIN, "a@example.test", password, twin)
    told = [
        refused(*admin),
        refused(vendors.add_vendor, OPERATOR, twin),
        refused(tenants.get_tenant, OPERATOR, twin),
        refused(tenants.rename_tenant, OPERATOR, twin, "x"),
        refused(summary.of_tenant, twin),
        refused(api_keys.create_key, OPERATOR, twin, "POS"),
        refused(member_search.get_member, OPERATOR, someone),
    ]
    assert told == ["INVALID_PARAMETER:tenant", *["NOT_EXIST"] * 6]
    with unit_of_work():
        member = members.find_or_create_member("h1", members.Person(tenant_id=twin))
        assert member.tenant_id is None


def test_each_tenant_has_a_twin_of_its_own(tenant_id: str) -> None:
    other = make_tenant("緯緯醫學", "DEALER")
    for one in (tenant_id, other):
        issue_key(one, sandbox=True)
    assert twin_of(tenant_id) != twin_of(other)
