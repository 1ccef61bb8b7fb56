"""Somebody who is signed in and asks the server, and what his answers took."""

import http.client
import re
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from flask import Flask

from bench.pace import percentile
from bench.table import Row
from voucherweb.domain import clock
from voucherweb.domain.enums import Role
from voucherweb.models import Admin, AuthSession
from voucherweb.transaction import session, unit_of_work

LIMIT: Final = 50
"""Milliseconds of the server."""
Address = tuple[str, int]


@dataclass(slots=True)
class Measured:
    """One address: milliseconds of the server, and bytes of the whole page and of its list."""

    role: str
    path: str
    status: int
    millis: list[float] = field(default_factory=list)
    loops: list[float] = field(default_factory=list)
    """What the loop of `pace` took beside each."""
    bytes: int = 0
    part: int = 0

    def percentile(self, percent: int) -> float:
        return percentile(self.millis, percent)

    def at_pace(self, own: float) -> float:
        """The 95th percentile, had the machine kept its own pace."""
        beside = zip(self.millis, self.loops, strict=True)
        return percentile([one * own / loop for one, loop in beside], 95)

    @property
    def name(self) -> str:
        return f"{self.role} {self.path}" + ("" if self.status == 200 else f" ({self.status})")

    def row(self, own: float) -> Row:
        sizes = f"{self.bytes / 1024:.1f} KB" + (f", part {self.part / 1024:.1f}" * (self.part > 0))
        times = f"p50 {self.percentile(50):.1f}, p95 {self.percentile(95):.1f} ms"
        value = f"{times}, at the machine's own pace {self.at_pace(own):.1f}, {sizes}"
        return Row("i", self.name, value, f"≤ {LIMIT} ms")


@dataclass(slots=True)
class Asker:
    """Somebody who is signed in, and the connection that he asks over."""

    role: Role
    admin_id: uuid.UUID
    cookie: str
    connection: http.client.HTTPConnection

    def get(self, path: str, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        return self._ask("GET", path, None, headers)

    def post(
        self, path: str, fields: dict[str, str], **headers: str
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """Send a form."""
        kind = {"Content_Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", path, urlencode(fields), headers | kind)

    def _ask(
        self, method: str, path: str, body: str | None, headers: dict[str, str]
    ) -> tuple[http.client.HTTPResponse, bytes]:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Cookie": self.cookie, "Accept-Language": "zh-TW", **given}
        self.connection.request(method, path, body, sent)
        answer = self.connection.getresponse()
        # What guards forms is in the cookie, which comes with the first form.
        self.cookie = (answer.getheader("Set-Cookie") or self.cookie).partition(";")[0]
        return answer, answer.read()


def asker(app: Flask, address: Address, role: Role, tenant_id: uuid.UUID) -> Asker:
    """A fresh sign-in; its cookie is signed as the server would."""
    with app.app_context(), unit_of_work():
        admin = Admin(
            role=role,
            tenant_id=None if role is Role.PLATFORM_ADMIN else tenant_id,
            account=f"{uuid.uuid4()}@bench.test",
            password_hash="unusable",  # noqa: S106 - nobody signs in with it.
        )
        session.add(admin)
        session.flush()
        now = clock.now()
        opened = AuthSession(
            admin_id=admin.id, expires_at=now + timedelta(days=1), last_seen_at=now
        )
        session.add(opened)
        session.flush()
        session_id, admin_id = str(opened.id), admin.id
    client = app.test_client()
    with client.session_transaction() as kept:
        kept["_user_id"], kept["_fresh"] = session_id, True
    found = client.get_cookie("voucherweb")
    if found is None:
        raise RuntimeError("no cookie was made")
    return Asker(role, admin_id, f"voucherweb={found.value}", http.client.HTTPConnection(*address))


def timed(page: Measured, answer: http.client.HTTPResponse, loop: float) -> None:
    """Keep what the server says it took, and what the loop took beside it."""
    timing = re.search(r"app;dur=([\d.]+)", answer.getheader("Server-Timing") or "")
    if timing:
        page.millis.append(float(timing[1]))
        page.loops.append(loop)
