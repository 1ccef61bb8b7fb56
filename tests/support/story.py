"""Acts out `voucherweb/api/examples.json` against the application.

The examples' ids and instants are those of the story; on the way each is replaced by what the
application really answered, and by the present.
"""

import io
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from tests.support import cast
from tests.support.workers import running, until, workbook
from voucherweb.api.examples import EXAMPLES, NOW, Step
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.models import Admin
from voucherweb.services import credentials
from voucherweb.transaction import session, unit_of_work

TENANTS = {"緯緯醫學": "DEALER", "小港醫院": "HOSPITAL", "緯創醫學": "WMT"}
COUPONS = [
    ("咖啡兌換券", "開啟網址後出示條碼。", "https://coupon.example/APyG3ivQ43"),
    ("咖啡兌換券", "少了網址", ""),
]
IDS = {
    "id", "tenantId", "voucherId", "objectKey", "thumbnailObjectKey", "uploadId", "failuresId",
    "couponImportId", "jobId", "accessToken", "refreshToken", "householdMemberId", "voucherNo",
    "vendorNo", "userVoucherNo",
}  # fmt: skip


@dataclass
class Story:
    """The state of the play: who may speak, and what stands for the examples' ids."""

    client: FlaskClient
    tokens: dict[str, str]
    ids: dict[str, str] = field(default_factory=dict)
    said: list[tuple[Step, TestResponse]] = field(default_factory=list)
    job_id: str = ""

    def act(self, step: Step) -> TestResponse:
        answer = self._send(step)
        if "/jobs/<job_id>" in step.call[1]:
            until(lambda: self._send(step).json["result"]["data"]["state"] == "DONE")
            answer = self._send(step)
        self.said.append((step, answer))
        self._follow(step, answer)
        return answer

    def _send(self, step: Step) -> TestResponse:
        """Say what the step says; a path's `<job_id>` is the story's latest job."""
        method, path = step.call
        path = path.replace("<job_id>", self.job_id)
        token = self.tokens.get(step.actor)
        headers = {**step.headers, **({"Authorization": f"Bearer {token}"} if token else {})}
        if path.endswith("/parse-coupon-list"):
            form = {"file": (io.BytesIO(workbook(COUPONS)), "coupons.xlsx")}
            return self.client.post(path, data=form, headers=headers)
        if method == "GET":
            return self.client.get(path, headers=headers, buffered=True)
        return self.client.post(
            path, json=self.translate(step.request), headers=headers, buffered=True
        )

    def _follow(self, step: Step, answer: TestResponse) -> None:
        """Learn the ids of an answer; upload the picture; sign in."""
        if not answer.is_json or answer.json is None or answer.status_code >= 400:
            return
        data = answer.json["result"]["data"]
        self.learn(step.answer["result"]["data"], data)
        if step.call[1] == "/auth/login":
            self.tokens["signed-in"] = data["accessToken"]
        self.job_id = data.get("jobId", self.job_id) if isinstance(data, dict) else self.job_id
        if step.call[1].endswith("/get-upload-url") and "url" in data:
            sent = self.client.put(data["url"], data=picture())
            assert sent.status_code == 200, sent.get_data(as_text=True)

    def learn(self, told: Any, real: Any) -> None:
        """Pair the example's ids with the real ones, wherever both stand."""
        if isinstance(told, dict) and isinstance(real, dict):
            for key in told.keys() & real.keys():
                if key in IDS and isinstance(real[key], str):
                    self.ids.setdefault(told[key], real[key])
                else:
                    self.learn(told[key], real[key])
        elif isinstance(told, list) and isinstance(real, list):
            for one, other in zip(told, real, strict=False):
                self.learn(one, other)

    def translate(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self.translate(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.translate(one) for one in value]
        if isinstance(value, str):
            return self.ids.get(value, value)
        if isinstance(value, int) and value > 10**12:
            return value - NOW + clock.to_millis(clock.now())
        return value


def open_story(client: FlaskClient, settings: Settings) -> Story:
    """The stage: three tenants without vendors, their people, and an account that signs in."""
    tenants = {name: cast.make_tenant(name, kind) for name, kind in TENANTS.items()}
    login = next(step for step in EXAMPLES if step.call[1] == "/auth/login").request
    with unit_of_work():
        hashed = credentials.hash_password(login["password"])
        session.add(Admin(role="PLATFORM_ADMIN", account=login["account"], password_hash=hashed))
    people = {
        "platform": cast.make_admin(client, settings),
        "admin": cast.make_admin(client, settings, tenants["小港醫院"]),
        "member": cast.make_member(
            client, settings, tenant_id=tenants["小港醫院"], birthdate=date(1985, 5, 20)
        ),
    }
    return Story(client, {name: caller.token for name, caller in people.items()})


def play(client: FlaskClient, settings: Settings) -> Story:
    """The whole story, with a worker for its imports; every step's answer is in `said`."""
    with running(settings, ("run", "imports")):
        story = open_story(client, settings)
        for step in EXAMPLES:
            story.act(step)
    return story


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "PNG")
    return out.getvalue()
