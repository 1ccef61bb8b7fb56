"""Someone who is signed in to the admin site, for tests over Flask's client."""

import re
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support import cast
from voucherweb.domain import clock
from voucherweb.models import Admin, AuthSession
from voucherweb.transaction import session, unit_of_work

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_ONCE = re.compile(r'name="once_key" value="([^"]+)"')


@dataclass(slots=True)
class Visitor:
    """A browser without JavaScript, with the cookie of one sign-in."""

    client: FlaskClient
    admin_id: str
    account: str
    tenant_id: str | None
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, headers=self.headers | _spelled(headers))

    def text(self, path: str, **headers: str) -> str:
        """The page at this address, which must be there."""
        answer = self.get(path, **headers)
        assert answer.status_code == 200, f"{path}: {answer.status_code}\n{answer.text[:2000]}"
        return answer.text

    def part(self, path: str, target: str) -> str:
        """The part of the page that htmx would ask for."""
        return self.text(
            path, HX_Request="true", HX_Request_Type="partial", HX_Target=f"section#{target}"
        )

    def post(
        self, path: str, data: Any = None, *, at: str | None = None, **headers: str
    ) -> TestResponse:
        """Fill in the form at `at` (default: the same address) and send it to `path`."""
        form = self.get(at or path).text
        return self.send(path, {**tokens(form), **(data or {})}, **headers)

    def send(self, path: str, data: Any, **headers: str) -> TestResponse:
        """Send a form as given; `post` is for those that need their page's tokens."""
        answer = self.client.post(path, data=data, headers=self.headers | _spelled(headers))
        # A large form lies in a temporary file that its maker leaves open.
        answer.request.environ["wsgi.input"].close()
        return answer


def _spelled(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def tokens(html: str) -> dict[str, str]:
    """The hidden fields of the last form on the page that guard and number it."""
    found = {}
    for name, pattern in (("csrf_token", _TOKEN), ("once_key", _ONCE)):
        matches = pattern.findall(html)
        if matches:
            found[name] = matches[-1]
    return found


def make_visitor(
    app: Flask, role: str = "PLATFORM_ADMIN", tenant_id: str | None = None, language: str = "zh-TW"
) -> Visitor:
    """Somebody of that role with a fresh sign-in; their browser speaks `language`."""
    account = f"{role.lower()}-{uuid.uuid4().hex[:10]}"
    with unit_of_work():
        admin = Admin(
            role=role,
            tenant_id=uuid.UUID(tenant_id) if tenant_id else None,
            account=account,
            password_hash="unusable",
        )
        session.add(admin)
        session.flush()
        now = clock.now()
        opened = AuthSession(
            admin_id=admin.id, expires_at=now + timedelta(days=1), last_seen_at=now
        )
        session.add(opened)
        session.flush()
        admin_id, session_id = str(admin.id), str(opened.id)
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = session_id
        cookie["_fresh"] = True
    return Visitor(client, admin_id, account, tenant_id, {"Accept-Language": language})


def tenant_visitor(app: Flask, *, funded: bool = True, role: str = "TENANT_ADMIN") -> Visitor:
    """An admin (or clerk) of a new tenant, with 100,000,000 points of quota unless not funded."""
    tenant_id = cast.make_tenant()
    if funded:
        cast.fund(tenant_id)
    return make_visitor(app, role, tenant_id)
