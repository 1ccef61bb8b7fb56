"""Partners for tests: keys of a tenant or of the platform, and calls of contract B with them."""

import uuid
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support.cast import make_tenant
from voucherweb.config import Settings
from voucherweb.domain.partner import ALL_SCOPES, CallerKind
from voucherweb.models import PLATFORM_OWNER, ApiKey, ApiKeySecret, Tenant
from voucherweb.services import partner_tokens, tokens
from voucherweb.transaction import session, unit_of_work


@dataclass(frozen=True, slots=True)
class PartnerCaller:
    """A partner with a connect token, who calls contract B. `owner_id` is whose data it sees."""

    client: FlaskClient
    token: str
    key_id: uuid.UUID
    owner_id: uuid.UUID

    @property
    def name(self) -> str:
        """How the books name the key."""
        return f"key:{self.key_id}"

    def get(self, path: str, **query: Any) -> TestResponse:
        """A GET; `from_` is the query parameter `from`."""
        asked = {name.rstrip("_"): value for name, value in query.items()}
        return self.client.get(path, query_string=asked, headers=self._headers({}))

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        """A POST; `Idempotency_Key="k"` is a header."""
        sent = {} if body is None else body
        return self.client.post(path, json=sent, headers=self._headers(headers))

    def delete(self, path: str, **headers: str) -> TestResponse:
        return self.client.delete(path, headers=self._headers(headers))

    def _headers(self, further: dict[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in further.items()}
        return {"Authorization": f"Bearer {self.token}", **named}


def make_partner(
    client: FlaskClient,
    settings: Settings,
    tenant_id: str | None = None,
    *,
    platform: bool = False,
    sandbox: bool = False,
    scopes: frozenset[str] = ALL_SCOPES,
) -> PartnerCaller:
    """A partner of that tenant (default: a new one), or of the platform, with a fresh token."""
    with unit_of_work():
        owner = None if platform else uuid.UUID(tenant_id or make_tenant("夥伴診所"))
    with unit_of_work():
        key = ApiKey(
            key=f"vk_test_{uuid.uuid4().hex}",
            tenant_id=owner,
            kind="SANDBOX" if sandbox else "LIVE",
            name="測試",
            scopes=sorted(scopes),
            created_by="test",
        )
        session.add(key)
        session.flush()
        secret = ApiKeySecret(api_key_id=key.id, secret_hash=tokens.digest(tokens.new_secret()))
        session.add(secret)
        session.flush()
        token = partner_tokens.access_token(settings, CallerKind.KEY, key.id, secret.id)
        works_on = _twin(owner) if sandbox else owner
        return PartnerCaller(client, token, key.id, works_on or PLATFORM_OWNER)


def _twin(tenant_id: uuid.UUID | None) -> uuid.UUID:
    twin = Tenant(code=f"{tenant_id}-sandbox", name="沙盒", type="DEALER", sandbox_of=tenant_id)
    session.add(twin)
    session.flush()
    return twin.id
