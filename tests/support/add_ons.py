"""Keys with their secrets, and add-ons as an admin opens them."""

import uuid
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support.cast import Caller
from voucherweb.domain.actor import OPERATOR
from voucherweb.services import api_keys
from voucherweb.services.add_ons import AddOnTerms, create_add_on
from voucherweb.services.api_keys import IssuedKey
from voucherweb.transaction import unit_of_work

URL = "https://addon.example.test/app"
AUTH = "/v1/auth-connect/"
CONFIG = "/v2/connect/extension-config"


def issue_key(tenant_id: str | None, *, sandbox: bool = False) -> IssuedKey:
    """A key of a tenant, or without one of the platform."""
    with unit_of_work():
        owner = uuid.UUID(tenant_id) if tenant_id else None
        return api_keys.create_key(OPERATOR, owner, "POS", sandbox=sandbox)


def register(tenant_id: str | None, code: str = "rota", **terms: Any) -> str:
    """The id of an add-on of a tenant."""
    with unit_of_work():
        named = AddOnTerms(**{"name": "排班", "url": URL, **terms})
        return str(create_add_on(OPERATOR, uuid.UUID(tenant_id or ""), code, named).id)


@dataclass(frozen=True, slots=True)
class Opener:
    """Asks for tokens, as the admin site, an add-on or a partner's server does."""

    client: FlaskClient

    def ask(self, call: str, **body: Any) -> TestResponse:
        return self.client.post(AUTH + call, json=body)

    def offer(self, admin: Caller, add_on_id: str) -> str:
        answer = admin.post(AUTH + "exchange-token", {"addon_id": add_on_id})
        assert answer.status_code == 201, answer.get_data(as_text=True)
        return str(answer.get_json()["exchange_token"])

    def open(self, admin: Caller, add_on_id: str) -> dict[str, Any]:
        """The first token pair of an add-on that an admin opens."""
        answer = self.ask("access-token", exchange_token=self.offer(admin, add_on_id))
        assert answer.status_code == 201, answer.get_data(as_text=True)
        pair: dict[str, Any] = answer.get_json()
        return pair

    def fetch(self, key: IssuedKey) -> str:
        """A key's token."""
        answer = self.ask("token", api_key=key.api_key, api_secret=key.api_secret)
        assert answer.status_code == 201, answer.get_data(as_text=True)
        return str(answer.get_json()["access_token"])

    def config(self, token: str) -> TestResponse:
        return self.client.get(CONFIG, headers={"Authorization": f"Bearer {token}"})

    def works(self, token: str) -> bool:
        status = self.config(token).status_code
        assert status in {200, 401}
        return status == 200
