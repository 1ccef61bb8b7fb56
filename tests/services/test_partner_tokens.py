"""Connect tokens: whose they are, what ends them, and that no other token passes as one."""

import uuid
from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from typing import Any, LiteralString

import pytest
from flask.testing import FlaskClient

from tests.support.cast import Caller, make_admin, make_member, make_tenant
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.partner import ALL_SCOPES, CallerKind, Partner, Scope
from voucherweb.errors import Refusal
from voucherweb.models import (
    PLATFORM_OWNER,
    AddOn,
    Admin,
    ApiKey,
    ApiKeySecret,
    AuthSession,
    ConnectFamily,
    Tenant,
)
from voucherweb.services import partner_tokens, tokens
from voucherweb.services.autocommit import Rows, alone
from voucherweb.transaction import session, unit_of_work

Change = Callable[[uuid.UUID, uuid.UUID], None]


def make_key(
    settings: Settings,
    tenant_id: str | None,
    kind: str = "LIVE",
    scopes: Collection[str] = ALL_SCOPES,
) -> tuple[str, uuid.UUID, uuid.UUID]:
    """A token, its key's id and its secret's id."""
    with unit_of_work():
        key = ApiKey(
            key=f"vk_{uuid.uuid4().hex}",
            tenant_id=uuid.UUID(tenant_id) if tenant_id else None,
            kind=kind,
            name="POS",
            scopes=list(scopes),
            created_by="test",
        )
        session.add(key)
        session.flush()
        secret = ApiKeySecret(api_key_id=key.id, secret_hash=uuid.uuid4().hex)
        session.add(secret)
        session.flush()
        ids = key.id, secret.id
    return partner_tokens.access_token(settings, CallerKind.KEY, *ids), *ids


def make_add_on(settings: Settings, admin: Caller) -> tuple[str, uuid.UUID, uuid.UUID]:
    """A token, its add-on's id and its family's id."""
    with unit_of_work():
        signed_in = session.query(AuthSession).filter_by(admin_id=uuid.UUID(admin.id)).one()
        add_on = AddOn(
            tenant_id=uuid.UUID(admin.tenant_id or ""),
            code=uuid.uuid4().hex,
            name="排班",
            url="https://addon.example/app",
            origin="https://addon.example",
            scopes=list(ALL_SCOPES),
            plan_name="basic",
        )
        session.add(add_on)
        session.flush()
        now = clock.now()
        family = ConnectFamily(
            add_on_id=add_on.id,
            session_id=signed_in.id,
            created_at=now,
            expires_at=now + timedelta(hours=1),
        )
        session.add(family)
        session.flush()
        ids = add_on.id, family.id
    return partner_tokens.access_token(settings, CallerKind.ADD_ON, *ids), *ids


def who(settings: Settings, token: str) -> Partner | None:
    try:
        return partner_tokens.authenticate(settings, alone(settings), token)
    except Refusal as refusal:
        if refusal.error.code != "API_ERROR.UNAUTHORIZED":
            raise
        return None


def test_a_tenants_key_works_on_the_tenant(settings: Settings, tenant_id: str) -> None:
    token, key_id, secret_id = make_key(settings, tenant_id)
    tenant = uuid.UUID(tenant_id)
    assert who(settings, token) == Partner(CallerKind.KEY, key_id, tenant, tenant, secret_id)


def test_a_platform_key_works_on_the_platform(app: Any, settings: Settings) -> None:
    token, key_id, secret_id = make_key(settings, None)
    assert who(settings, token) == Partner(CallerKind.KEY, key_id, None, PLATFORM_OWNER, secret_id)


def test_a_sandbox_key_works_in_the_twin(settings: Settings, tenant_id: str) -> None:
    token, _, _ = make_key(settings, tenant_id, "SANDBOX")
    assert who(settings, token) is None
    twin = uuid.UUID(make_tenant())
    with unit_of_work():
        session.get_one(Tenant, twin).sandbox_of = uuid.UUID(tenant_id)
    found = who(settings, token)
    assert found
    assert (found.tenant_id, found.owner_id, found.sandbox) == (uuid.UUID(tenant_id), twin, True)


def test_an_add_on_works_on_its_tenant(settings: Settings, admin: Caller) -> None:
    token, add_on_id, family_id = make_add_on(settings, admin)
    tenant = uuid.UUID(admin.tenant_id)
    assert who(settings, token) == Partner(CallerKind.ADD_ON, add_on_id, tenant, tenant, family_id)


def test_only_known_scopes_count(settings: Settings, tenant_id: str) -> None:
    token, _, _ = make_key(settings, tenant_id, scopes=["points:read", "points:mint"])
    found = who(settings, token)
    assert found
    assert found.scopes == {Scope.POINTS_READ}


def test_a_call_costs_one_statement(settings: Settings, tenant_id: str, admin: Caller) -> None:
    for token in (make_key(settings, tenant_id)[0], make_add_on(settings, admin)[0]):
        asked: list[str] = []

        def counted(
            statement: LiteralString, params: Sequence[Any], asked: list[str] = asked
        ) -> Rows:
            asked.append(statement)
            return alone(settings)(statement, params)

        partner_tokens.authenticate(settings, counted, token)
        assert len(asked) == 1


def _revoke_key(key_id: uuid.UUID, _: uuid.UUID) -> None:
    key = session.get_one(ApiKey, key_id)
    key.revoked_at, key.revoked_by = clock.now(), "test"


def _end_secret(_: uuid.UUID, secret_id: uuid.UUID) -> None:
    session.get_one(ApiKeySecret, secret_id).expires_at = clock.now()


def _remove_secret(_: uuid.UUID, secret_id: uuid.UUID) -> None:
    session.delete(session.get_one(ApiKeySecret, secret_id))


@pytest.mark.parametrize("end", [_revoke_key, _end_secret, _remove_secret])
def test_a_keys_end_holds_at_once(settings: Settings, tenant_id: str, end: Change) -> None:
    token, *ids = make_key(settings, tenant_id)
    assert who(settings, token)
    with unit_of_work():
        end(*ids)
    assert who(settings, token) is None


def _disable_add_on(add_on_id: uuid.UUID, _: uuid.UUID) -> None:
    session.get_one(AddOn, add_on_id).status = "DISABLED"


def _revoke_family(_: uuid.UUID, family_id: uuid.UUID) -> None:
    session.get_one(ConnectFamily, family_id).revoked_at = clock.now()


def _expire_family(_: uuid.UUID, family_id: uuid.UUID) -> None:
    session.get_one(ConnectFamily, family_id).expires_at = clock.now()


def _sign_out(*_: uuid.UUID) -> None:
    session.query(AuthSession).update({"revoked_at": clock.now()})


def _expire_session(*_: uuid.UUID) -> None:
    session.query(AuthSession).update({"expires_at": clock.now()})


def _disable_admin(*_: uuid.UUID) -> None:
    session.query(Admin).update({"disabled_at": clock.now()})


def _move_admin(*_: uuid.UUID) -> None:
    other = Tenant(code="other", name="緯緯醫學", type="DEALER")
    session.add(other)
    session.flush()
    session.query(Admin).update({"tenant_id": other.id})


def _make_a_clerk(*_: uuid.UUID) -> None:
    session.query(Admin).update({"role": "CLERK"})


@pytest.mark.parametrize(
    "end",
    [
        _disable_add_on,
        _revoke_family,
        _expire_family,
        _sign_out,
        _expire_session,
        _disable_admin,
        _move_admin,
        _make_a_clerk,
    ],
)
def test_an_add_ons_end_holds_at_once(settings: Settings, admin: Caller, end: Change) -> None:
    token, *ids = make_add_on(settings, admin)
    assert who(settings, token)
    with unit_of_work():
        end(*ids)
    assert who(settings, token) is None


def test_a_token_of_one_kind_is_none_of_the_other(
    settings: Settings, admin: Caller, tenant_id: str
) -> None:
    _, *key = make_key(settings, tenant_id)
    _, *add_on = make_add_on(settings, admin)
    for kind, ids in ((CallerKind.ADD_ON, key), (CallerKind.KEY, add_on)):
        assert who(settings, partner_tokens.access_token(settings, kind, *ids)) is None


def test_a_secret_of_another_key_proves_nothing(settings: Settings, tenant_id: str) -> None:
    _, first, _ = make_key(settings, tenant_id)
    _, _, secret_of_another = make_key(settings, tenant_id)
    mixed = partner_tokens.access_token(settings, CallerKind.KEY, first, secret_of_another)
    assert who(settings, mixed) is None


def expired(settings: Settings, *ids: uuid.UUID, kind: str = "key") -> str:
    claims = {"sub": str(ids[0]), "knd": kind, "prf": str(ids[1])}
    past = clock.now() - timedelta(seconds=5)
    return tokens.sign(settings, partner_tokens.AUDIENCE, claims, past)


def test_an_ended_token_opens_nothing_but_is_recognised(settings: Settings, tenant_id: str) -> None:
    token, *ids = make_key(settings, tenant_id)
    old = expired(settings, *ids)
    known = who(settings, token)
    assert known
    assert who(settings, old) is None
    assert partner_tokens.partner_of_ended(settings, old) == known
    with unit_of_work():
        _revoke_key(*ids)
    assert who(settings, token) is None
    assert partner_tokens.partner_of_ended(settings, token) == known


def test_only_a_keys_rightly_signed_token_is_recognised(
    settings: Settings, admin: Caller, tenant_id: str
) -> None:
    _, *ids = make_key(settings, tenant_id)
    _, *add_on = make_add_on(settings, admin)
    strangers = [
        "nonsense",
        expired(settings, *ids)[:-4] + "AAAA",
        expired(settings, *add_on, kind="addon"),
        expired(settings, uuid.uuid4(), uuid.uuid4()),
    ]
    assert [partner_tokens.partner_of_ended(settings, one) for one in strangers] == [None] * 4


def test_user_tokens_and_connect_tokens_are_never_interchangeable(
    client: FlaskClient, settings: Settings, admin: Caller, tenant_id: str
) -> None:
    platform, member = make_admin(client, settings), make_member(client, settings)
    key, add_on = make_key(settings, tenant_id)[0], make_add_on(settings, admin)[0]
    for token in (admin.token, platform.token, member.token):
        assert tokens.verify(settings, token)
        assert who(settings, token) is None
        assert partner_tokens.partner_of_ended(settings, token) is None
    for token in (key, add_on):
        assert who(settings, token)
        with pytest.raises(Refusal, match="UNAUTHORIZED"):
            tokens.verify(settings, token)
